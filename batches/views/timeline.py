"""What happened to a batch, as the sealed entries tell it to this reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from batches.models import Excursion
from batches.queries import BatchDetail
from batches.saying import crossing
from batches.slots import BatchDeviation
from portal.actor import Actor
from portal.decisions.words import WORDS
from portal.ledger_entries import Happening, list_happenings
from portal.queries import list_alerts
from portal.states import Audience

MOST: Final = 40
Words = tuple[str, str | SafeString]
Entry = dict[str, Any]
_TITLES: Final[Mapping[str, Callable[[], str]]] = {
    "batch.planned": lambda: _("Planned"),
    "batch.started": lambda: _("Started"),
    "batch.phase_entered": lambda: _("Phase entered"),
    "batch.completed": lambda: _("Completed"),
    "batch.discontinued": lambda: _("Discontinued"),
    "alarm.shelved": lambda: _("Alarm shelved"),
    "alarm.unshelved": lambda: _("Alarm in service"),
    "batch.held": lambda: _("Held"),
    "batch.hold_lifted": lambda: _("Hold lifted"),
    "excursion.opened": lambda: _("Limit left"),
    "excursion.closed": lambda: _("Back inside"),
    "excursion.withdrawn": lambda: _("Excursion withdrawn"),
    "deviation.reported": lambda: _("Deviation opened"),
    "deviation.triaged": lambda: _("Triaged"),
    "alert.acknowledged": lambda: _("Receipt given"),
    "notice.released": lambda: _("Notice released"),
    "deviation.investigation_started": lambda: _("Under investigation"),
    "deviation.closed": lambda: _("Deviation closed"),
    "deviation.cancelled": lambda: _("Deviation cancelled"),
    "decision.asked": lambda: _("Decision asked"),
    "decision.answered": lambda: _("Decision answered"),
    "decision.lost": lambda: _("No reply, the choice is lost"),
    "decision.withdrawn": lambda: _("Decision request withdrawn"),
}


def timeline(
    actor: Actor,
    detail: BatchDetail,
    deviations: list[BatchDeviation],
    zone: str,
    *,
    decisions: Sequence[Mapping[str, Any]] = (),
) -> list[Entry]:
    """Return the newest facts of a batch, its excursions, deviations and decisions, for `history.html`."""
    excursions = {each.pk: each for each in detail.excursions}
    numbered = {each.id: each for each in deviations}
    asked = {each["decision"].pk: each for each in decisions}
    subjects = [detail.batch.pk, *excursions, *numbered]
    # An entry that raised an alert is known by the alert, also where it opened the excursion.
    subjects += list_alerts(actor).filter(subject_id__in=subjects).values_list("pk", flat=True)
    subjects += asked
    found = list_happenings(actor, detail.batch.space_id, subjects, kinds=list(_TITLES), most=MOST)
    titles = {phase.code: str(phase.title) for phase in detail.phases}
    entries: list[Entry] = []
    day = None
    for each in found:
        local = each.sealed_at.astimezone(ZoneInfo(zone)).date()
        about = numbered.get(each.subject_id) or asked.get(each.subject_id)
        words = _words(each, titles, excursions.get(each.subject_id), about)
        entries.append(
            {
                "at": each.sealed_at,
                "zone": zone,
                "title": _TITLES[each.kind](),
                "words": words,
                "day": formats.date_format(local, "j M Y") if local != day else "",
            }
        )
        day = local
    return entries


def _words(
    each: Happening,
    titles: Mapping[str, str],
    excursion: Excursion | None,
    about_record: BatchDeviation | Mapping[str, Any] | None,
) -> SafeString:
    about: str | SafeString = ""
    if excursion is not None:
        about = format_html('<a href="/excursions/{}/">{}</a>', excursion.pk, crossing(excursion))
    elif isinstance(about_record, BatchDeviation):
        given = each.payload.get("classification") or ""
        about = format_html('<a href="{}">{}</a> {}', about_record.url, about_record.number, given)
    elif about_record is not None:
        decision, said = about_record["decision"], WORDS[each.kind](each.payload)
        about = format_html('<a href="{}">{}</a> {}', about_record["url"], decision.number, said)
    elif "phase" in each.payload:
        phase = str(each.payload["phase"])
        about = titles.get(phase, phase)
    private = "" if each.audience == Audience.SHARED else Audience(each.audience).label
    by = each.seat if each.seat and not each.seat.startswith("system ") else ""
    parts = [about, _("by %s") % by if by else "", private]
    return format_html_join(" · ", "{}", ((part,) for part in parts if part))
