"""Laboratory investigations as they are kept, and what their retests may show: no testing into compliance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext as _

from batches.models import Batch, SampleResult
from deviations.dockets.desk import Desk, Said, keep
from deviations.dockets.facts import LabInvestigationMoved
from deviations.dockets.laboratory.states import (
    LAB_TRANSITIONS,
    PHASE_CLOCK,
    Averaging,
    LabOutcome,
    LabState,
)
from deviations.models import LabInvestigation, Retest
from portal.actor import Actor
from portal.errors import InvalidTransition, refuse_field


def is_outside(basis: Mapping[str, Any], value: Decimal) -> bool:
    """Say whether a value lies outside what the first result was judged by; an end is inside."""
    low, high = (_end(basis.get(name)) for name in ("low", "high"))
    return (low is not None and value < low) or (high is not None and value > high)


def _end(given: Any) -> Decimal | None:
    try:
        return Decimal(str(given)) if given not in (None, "") else None
    except InvalidOperation:
        return None


def reportable(values: Sequence[Decimal], outside: Sequence[bool], averaging: str) -> tuple[Decimal, ...]:
    """Return what is reported of retests: each value, or the mean where method and values allow one.

    A mean is reported by the method alone, and never where it would hide a value that is outside.
    """
    if averaging == Averaging.BY_METHOD and values and not any(outside):
        return (sum(values, Decimal(0)) / len(values),)
    return tuple(values)


def retests_of(actor: Actor, investigation: Any) -> list[Retest]:
    """Return the retests of an investigation in order."""
    rows = Retest.objects.visible_to(actor).filter(investigation=investigation.pk)
    return list(rows.order_by("ordinal"))


def require_conclusion(investigation: Any, retests: Sequence[Retest], outcome: str, cause: str) -> None:
    """Raise unless an investigation may come to this outcome.

    Invalid is a result by an assignable cause alone, however many retests pass; a retest that is outside
    confirms it; all retests of the plan are done first; without a cause phase I does not end the matter.
    """
    state = str(investigation.state)
    if outcome not in LabOutcome.values:
        refuse_field("outcome", f"Choose one of: {', '.join(LabOutcome.values)}.")
    if investigation.retests is not None and len(retests) < investigation.retests:
        words = f"{investigation.retests} retests were fixed in advance; {len(retests)} are entered."
        raise InvalidTransition(words, state=state)
    if (outcome == LabOutcome.INVALIDATED) != bool(cause.strip()):
        words = (
            "Only an assignable cause makes a result invalid; name it, with the evidence, or no cause at all."
        )
        refuse_field("cause", words)
    if outcome == LabOutcome.INCONCLUSIVE and any(each.is_outside for each in retests):
        refuse_field("outcome", "A retest is outside as well: the result is confirmed.")
    if outcome != LabOutcome.INVALIDATED and state == LabState.PHASE_ONE:
        words = "Phase I found no assignable cause: the investigation goes on as phase II."
        raise InvalidTransition(words, state=state)


def said_of_investigation(actor: Actor, found: Any, _zone: str) -> list[Said]:
    """Return the result, the plan with its approval, each retest, and what it came to."""
    said = [Said("kind", _("Kind"), str(found.kind), str(found.get_kind_display()))]
    result = SampleResult.objects.visible_to(actor).with_id(found.result_id)
    if result is not None:
        batch = Batch.objects.visible_to(actor).with_id(result.batch_id)
        words = f"{result.title}: {result.qualifier}{result.value.normalize():f} {result.unit}".strip()
        said.append(Said("result", _("Result"), str(result.pk), words))
        if batch is not None:
            said.append(Said("batch", _("Batch"), str(batch.pk), batch.number, f"/batches/{batch.pk}/"))
    said.append(
        Said("clause", _("Clause of phase I"), str(found.clause), str(found.clause) or _("none by clause"))
    )
    if found.retests is not None:
        kind, mean = found.get_retest_kind_display(), found.get_averaging_display()
        plan = f"{found.retests} x {kind}, {mean}: {found.method}"
        approved = _("approved") if found.plan_approved_at is not None else _("not approved yet")
        said.append(Said("plan", _("Retest plan"), plan, f"{plan} ({approved})"))
    said += _retests(actor, found)
    for name, label in (("cause", _("Assignable cause")), ("outcome", _("It came to"))):
        value = str(getattr(found, name))
        shown = str(found.get_outcome_display()) if name == "outcome" else value
        said += [Said(name, label, value, shown)] if value else []
    return said


def _retests(actor: Actor, found: Any) -> list[Said]:
    retests = retests_of(actor, found)
    said = []
    for each in retests:
        word = _("outside") if each.is_outside else _("within")
        words = f"{each.value.normalize():f} {each.unit}, {word}, {each.read_code}"
        said.append(Said(f"retest {each.ordinal}", _("Retest %s") % each.ordinal, str(each.value), words))
    if retests and len(retests) == found.retests:
        outside = [each.is_outside for each in retests]
        values = reportable([each.value for each in retests], outside, str(found.averaging))
        words = ", ".join(f"{each.normalize():f}" for each in values)
        said.append(Said("reportable", _("Reported of the retests"), [str(each) for each in values], words))
    return said


INVESTIGATIONS: Final = keep(
    Desk(
        name="lab_investigation",
        path="laboratory-investigations",
        prefix="LI",
        model=LabInvestigation,
        states=LabState,
        steps=lambda _found: LAB_TRANSITIONS,
        moved=lambda step, outcome, code: LabInvestigationMoved(step=step, outcome=outcome, code=code),
        said=said_of_investigation,
        kinds=("lab_investigation.opened", "lab_investigation.moved"),
        ended=(LabState.CONCLUDED,),
        wanted=("retest", "plan_retest", "conclude"),
        clocks=(PHASE_CLOCK,),
        outcomes=LabOutcome,
    )
)
