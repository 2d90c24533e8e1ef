"""CAPA in each state, dull on purpose; what matters to a test stands in the test."""

from __future__ import annotations

from datetime import timedelta

from portal.action import action
from tests.factories import cast, signing
from tests.factories import deviations as make

TITLE = "Jacket valve TV-203 maintained by stroke count"
SCOPE = "Bioreactors BR-201 to BR-204, in which this product is made."
RATIONALE = "The positioner seal was worn; maintenance went by calendar, not by use."
BECAUSE = "The measures answer the root cause; nothing of the plan is left open."
EVIDENCE = "Work order WO-5531 closed, seals of BR-201 to BR-204 changed."


def plan(actor, program=cast.PROGRAM, *, deviations=(), **given):
    """A planned CAPA of the actor's side."""
    from deviations.actions.capa.planning import plan_capa

    stated = {"title": TITLE, "scope": SCOPE, "rationale": RATIONALE}
    ids = [each.pk for each in deviations]
    return plan_capa(actor, program, deviation_ids=ids, **stated | given)


def again(capa):
    """The CAPA as it stands."""
    return _again(capa)


def _again(row):
    from portal.action import reading
    from portal.actor import system_actor

    watcher = system_actor("watchdog", row.space_id)
    with reading(watcher):
        return type(row).objects.visible_to(watcher).get(pk=row.pk)


def measure(actor, capa, kind="corrective", *, days=30, **given):
    """One more measure of the plan."""
    from deviations.actions.capa.planning import add_measure

    stated = {
        "kind": kind,
        "title": f"A {kind} measure",
        "owner_code": "MSAT",
        "due_at": make.now() + timedelta(days=days),
        "version": again(capa).version,
    }
    return add_measure(actor, capa.pk, **stated | given)


def check(actor, capa, **given):
    """Its effectiveness check: no such deviation in 90 days."""
    from deviations.actions.capa.planning import set_check

    stated = {
        "criteria": "No deviation of the jacket temperature in the window.",
        "source": "deviations",
        "matching": "temperature",
        "allowed": 0,
        "window_days": 90,
        "owner_code": "Quality head",
        "version": again(capa).version,
    }
    return set_check(actor, capa.pk, **stated | given)


def risk(actor, capa, **given):
    """Its short risk form."""
    from deviations.actions.capa.planning import assess_risk

    stated = {
        "hazard": "The vessel leaves its range again unseen.",
        "severity": 4,
        "likelihood": 2,
        "detectability": 2,
        "decision_maker": "Quality head",
        "formality": "medium",
        "formality_why": "One unit, cause known.",
        "version": again(capa).version,
    }
    return assess_risk(actor, capa.pk, **stated | given)


def whole(actor, *, deviations=(), kinds=("corrective",)):
    """A plan that may be approved."""
    capa = plan(actor, deviations=deviations)
    for each in kinds:
        measure(actor, capa, each)
    if set(kinds) != {"correction"}:
        check(actor, capa)
        risk(actor, capa)
    return again(capa)


def decide(actor, capa, kind="approve", **given):
    """A decision that waits for its signature."""
    from deviations.actions.capa.deciding import decide_capa

    stated = {"kind": kind, "because": BECAUSE, "version": again(capa).version}
    return decide_capa(actor, capa.pk, **stated | given)


def settle(actor, decision):
    """The CAPA moved as by a signature on the decision; the ceremony itself has tests of its own."""
    return _settle(actor, decision.pk)


@action("test.settle_capa")
def _settle(actor, decision_id):
    from deviations.actions.capa.deciding import follow_decision
    from deviations.capa.signing import find_decision

    follow_decision(actor, find_decision(actor, decision_id))


def sign(actor, decision):
    """The decision signed by the one ceremony."""
    from portal.states import Meaning

    return signing.sign(actor, decision, Meaning.APPROVED, kind="capa_decision")


def approved(planner, approver, **given):
    """An approved CAPA."""
    capa = whole(planner, **given)
    settle(approver, decide(approver, capa))
    return again(capa)


def measures(capa):
    """Its measures in order."""
    from deviations.models import Measure
    from portal.action import reading
    from portal.actor import system_actor

    watcher = system_actor("watchdog", capa.space_id)
    with reading(watcher):
        return list(Measure.objects.visible_to(watcher).filter(capa_id=capa.pk).order_by("ordinal"))


def do(actor, one, **given):
    """The measure done."""
    from deviations.actions.capa.working import do_measure

    return do_measure(actor, one.pk, **{"evidence": EVIDENCE, "version": one.version} | given)


def verify(actor, one, **given):
    """The measure verified."""
    from deviations.actions.capa.working import verify_measure

    return verify_measure(actor, one.pk, **{"version": one.version} | given)


def monitored(planner, approver, **given):
    """A CAPA whose measures are verified; its window runs."""
    capa = approved(planner, approver, **given)
    for each in measures(capa):
        verify(approver, do(planner, each))
    return again(capa)
