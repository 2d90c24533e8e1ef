"""What was changed in the record of a batch after it was entered (EU GMP Annex 11 8.2; 21 CFR 11.10(e))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from batches.models import LotUse, PaperScan, SampleResult, StepEntry
from batches.recipes.document import exact
from batches.states import ResultState
from portal.actor import Actor


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of what, from what to what, by whom, when and why."""

    at: datetime
    what: str
    before: str
    after: str
    code: str = ""
    reason: str = ""


def changes_after_entry(actor: Actor, batch_id: UUID) -> list[Change]:
    """Return every change after entry that the reader may see, the latest last; four queries.

    Corrected entries, invalid and replaced results, uses of lots taken back, replaced scans.
    """
    found = [
        *_entries(actor, batch_id),
        *_results(actor, batch_id),
        *_uses(actor, batch_id),
        *_scans(actor, batch_id),
    ]
    return sorted(found, key=lambda each: each.at)


def _entries(actor: Actor, batch_id: UUID) -> Iterator[Change]:
    rows = StepEntry.objects.visible_to(actor).filter(batch=batch_id).exclude(replaces=None)
    for each in rows.select_related("replaces"):
        before, after = _said(each.replaces), _said(each)
        yield Change(each.recorded_at, each.title, before, after, each.code, each.reason)


def _results(actor: Actor, batch_id: UUID) -> Iterator[Change]:
    rows = SampleResult.objects.visible_to(actor).filter(batch=batch_id)
    instead = {each.replaces_id: each for each in rows.exclude(replaces=None)}
    for each in rows.filter(state=ResultState.INVALIDATED):
        new = instead.get(each.pk)
        after = _("invalid; now %s") % _measured(new) if new is not None else _("invalid")
        code, reason = each.invalidated_code, each.invalid_reason
        yield Change(
            each.invalidated_at or each.recorded_at, each.title, _measured(each), after, code, reason
        )


def _uses(actor: Actor, batch_id: UUID) -> Iterator[Change]:
    rows = LotUse.objects.visible_to(actor).filter(batch=batch_id).exclude(withdrawn_at=None)
    for each in rows.select_related("lot"):
        amount = f"{exact(each.quantity)} {each.lot.unit}"
        what = _("Use of %s") % each.lot.number
        at, code = each.withdrawn_at or each.used_at, each.withdrawn_code
        yield Change(at, what, amount, _("taken back"), code, each.withdrawn_why)


def _scans(actor: Actor, batch_id: UUID) -> Iterator[Change]:
    rows = PaperScan.objects.visible_to(actor).filter(batch=batch_id).exclude(replaces=None)
    for each in rows.select_related("replaces"):
        yield Change(each.recorded_at, each.title, each.replaces.number, each.number, each.code, each.reason)


def _said(entry: StepEntry) -> str:
    return entry.text or f"{exact(entry.given_value)} {entry.given_unit}".strip()


def _measured(result: SampleResult) -> str:
    return f"{result.qualifier}{exact(result.given_value)} {result.given_unit}".strip()
