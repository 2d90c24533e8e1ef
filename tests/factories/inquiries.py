"""Investigations, dull on purpose; what matters to a test stands in the test."""

from __future__ import annotations

TEXT = "Positioner seal of TV-203 worn at 410,000 strokes."
EVIDENCE = "The seal was taken out and measured; photographs are attached."
EXCLUDED = {
    "of": "other",
    "what": "Sensor error",
    "reason": "The second sensor agrees within 0.1 degrees.",
}


def begin(actor, deviation, **given):
    """A picture that is begun."""
    from deviations.actions.inquiry.working import begin_inquiry

    stated = {"tool": "five_whys", "question": "Why did the temperature leave its range?"}
    return begin_inquiry(actor, deviation.pk, **stated | {"audience": "shared"} | given)


def node(actor, inquiry, **given):
    """The picture with one more node."""
    from deviations.actions.inquiry.working import add_node

    return add_node(actor, inquiry.pk, **{"text": TEXT, "version": inquiry.version} | given)


def judge(actor, inquiry, **given):
    """The picture with a node of which somebody says how it stands."""
    from deviations.actions.inquiry.working import judge_node

    stated = {"node": 1, "standing": "excluded", "reason": EXCLUDED["reason"], "version": inquiry.version}
    return judge_node(actor, inquiry.pk, **stated | given)


def evidence(actor, inquiry, **given):
    """The picture with something its first node rests on: a file."""
    from deviations.actions.inquiry.working import add_evidence

    return add_evidence(actor, inquiry.pk, **{"node": 1, "kind": "file", "version": inquiry.version} | given)


def share(actor, inquiry, **given):
    """The picture that both sides read."""
    from deviations.actions.inquiry.working import share_inquiry

    return share_inquiry(actor, inquiry.pk, **{"version": inquiry.version} | given)


def cause(actor, deviation, *, excluded=(), **given):
    """A root cause."""
    from deviations.actions.inquiry.concluding import Excluded, state_cause

    stated = {"kind": "root", "of": "equipment", "method": "five_whys", "text": TEXT, "evidence": EVIDENCE}
    lines = [Excluded(**EXCLUDED | each) for each in excluded]
    return state_cause(actor, deviation.pk, **stated | {"audience": "shared", "excluded": lines} | given)
