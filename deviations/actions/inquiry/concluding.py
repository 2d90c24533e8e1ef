"""Say what brought a deviation about: by which method, on what evidence, and what is not the cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from deviations.inquiry.access import exclusions_of, lock_cause, lock_for_cause
from deviations.inquiry.facts import CauseStated, CauseWithdrawn
from deviations.inquiry.states import BEFORE_PEOPLE, CauseKind, CauseOf, ExclusionOf, Tool
from deviations.models import Cause, CauseExclusion
from deviations.texts import check_texts, fault_of
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Invalid, InvalidTransition
from portal.states import Audience

EXCLUDED_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Excluded:
    """What was looked at and is not the cause, in what it lies, and why not."""

    of: str
    what: str
    reason: str


@action("inquiry.state_cause")
def state_cause(
    actor: Actor,
    deviation_id: UUID,
    *,
    kind: CauseKind,
    of: CauseOf,
    method: Tool,
    text: str,
    evidence: str,
    excluded: Sequence[Excluded],
    audience: Audience,
) -> Cause:
    """State a root cause, a most probable one with what was excluded, or a contributing factor.

    `text` and `evidence` have 10..4000 characters. Human error stands as a cause only after process,
    procedure and system were excluded, each with a reason. Raises: NotFound, Refused, InvalidTransition,
    Invalid. Records: inquiry.cause_stated v1. Source: EU GMP ch. 1, 1.4 (xiv).
    """
    deviation = lock_for_cause(actor, deviation_id, to="state a cause")
    check_texts({"reason": text, "because": evidence})
    if audience == Audience.SHARED and deviation.audience != Audience.SHARED:
        detail = f"The sponsor does not know of {deviation.number}; release its notice first."
        raise InvalidTransition(detail, state=str(deviation.state))
    if audience == Audience.SPONSOR:
        raise Invalid("The CDMO states causes.", errors={"audience": ["shared or manufacturer."]})
    _require_excluded(kind, of, excluded)
    made = Cause.objects.create(
        space_id=deviation.space_id,
        audience=audience,
        deviation=deviation,
        kind=kind,
        of=of,
        method=method,
        text=text.strip(),
        evidence=evidence.strip(),
        code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    for each in excluded:
        CauseExclusion.objects.create(
            space_id=deviation.space_id,
            audience=audience,
            cause=made,
            of=ExclusionOf(each.of),
            what=each.what.strip(),
            reason=each.reason.strip(),
        )
    fact = CauseStated(cause_id=made.pk, kind=kind, of=of, method=method, excluded=len(excluded))
    ledger.record(deviation, fact, audience=str(audience))
    return made


@action("inquiry.share_cause")
def share_cause(actor: Actor, cause_id: UUID, *, version: int | None) -> Cause:
    """Let the sponsor read a cause with what was excluded; there is no way back.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records: inquiry.cause_stated
    v1, shared.
    """
    found = lock_cause(actor, cause_id, to="share a cause", version=version)
    if found.audience == Audience.SHARED or found.deviation.audience != Audience.SHARED:
        detail = "Both sides read it already, or the sponsor does not know of the deviation."
        raise InvalidTransition(detail, state=str(found.deviation.state))
    excluded = list(exclusions_of(actor, found))
    found.disclose()
    # Sealed words are written again, now in clear; their columns go along with the audience.
    found.save(update_fields=["audience", "version", "text", "evidence", "withdrawn_why"])
    for each in excluded:
        each.disclose()
        each.save(update_fields=["audience", "version", "what", "reason"])
    fact = CauseStated(
        cause_id=found.pk, kind=found.kind, of=found.of, method=found.method, excluded=len(excluded)
    )
    ledger.record(found.deviation, fact)
    return found


@action("inquiry.withdraw_cause")
def withdraw_cause(actor: Actor, cause_id: UUID, *, reason: str, version: int | None) -> Cause:
    """Take a cause back, with a reason of 10..4000 characters; it stays to be read.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    inquiry.cause_withdrawn v1.
    """
    found = lock_cause(actor, cause_id, to="take a cause back", version=version)
    check_texts({"reason": reason})
    ledger.give_reason(found, reason.strip())
    found.withdraw(reason.strip(), actor.code(found.space_id), instant())
    found.save(update_fields=["withdrawn_at", "withdrawn_code", "withdrawn_why", "version"])
    ledger.record(found.deviation, CauseWithdrawn(cause_id=found.pk), audience=str(found.audience))
    return found


def _require_excluded(kind: str, of: str, excluded: Sequence[Excluded]) -> None:
    faults = [
        f"{number}: {fault}"
        for number, each in enumerate(excluded, 1)
        for fault in (fault_of("text", each.what), fault_of("reason", each.reason))
        if fault is not None
    ]
    faults += [f"{each.of} is not known." for each in excluded if each.of not in ExclusionOf.values]
    given = {each.of for each in excluded}
    missing = [each for each in BEFORE_PEOPLE if each not in given]
    if len(excluded) > EXCLUDED_MOST:
        faults.append(f"At most {EXCLUDED_MOST}.")
    if of == CauseOf.HUMAN and kind != CauseKind.CONTRIBUTING and missing:
        names = ", ".join(missing)
        faults.append(f"Human error stands only after these are excluded, each with a reason: {names}.")
    if kind == CauseKind.MOST_PROBABLE and not excluded:
        faults.append("A most probable cause needs what was excluded, each with a reason.")
    if faults:
        raise Invalid(faults[-1], errors={"excluded": faults})
