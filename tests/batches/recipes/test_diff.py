"""What changed between two versions of a recipe, in words."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from batches.recipes.diff import compare
from batches.specs import LimitSpec, StepSpec
from batches.states import LimitKind
from tests.factories import recipes as make

WHOLE = make.whole()
TEMP = WHOLE.parameters[0]


def told(old, new):
    return [(each.part, each.code, each.kind, each.lines) for each in compare(old, new)]


def test_the_same_says_nothing():
    assert compare(WHOLE, make.whole()) == []


def test_a_limit_that_changed_is_told_with_both_of_its_values():
    limits = (
        replace(TEMP.limits[0], high=Decimal("36.8"), delay_s=300),
        *TEMP.limits[1:2],
        LimitSpec(LimitKind.ACTION, high=Decimal(38), rationale="As in the plant."),
    )
    new = replace(WHOLE, parameters=(replace(TEMP, limits=limits), *WHOLE.parameters[1:]))
    assert told(WHOLE, new) == [
        (
            "parameter",
            "TEMP",
            "changed",
            (
                "NOR: high end: 37, now 36.8",
                "NOR: alert after: 10 min, now 5 min",
                "new limit: action limit at most 38 °C, because: As in the plant.",
                "limit taken out: PAR in SHIFT 33 to 37.5 °C",
            ),
        )
    ]


def test_a_step_that_came_one_that_went_and_one_that_says_more():
    top = WHOLE.steps[0]
    unit = top.children[0]
    growth = unit.children[0]
    later = (replace(growth, planned_s=345_600, needs_second_check=True), StepSpec("FEED", "Feed"))
    new = replace(WHOLE, steps=(replace(top, children=(replace(unit, children=later), *top.children[1:])),))
    changes = {code: (kind, lines) for _, code, kind, lines in told(WHOLE, new)}
    assert changes["GROWTH"] == ("changed", ("planned time: 5 days, now 4 days", "second check: no, now yes"))
    assert (changes["FEED"][0], changes["SHIFT"][0]) == ("added", "removed")


def test_a_step_that_changed_its_place_is_told_once():
    top = WHOLE.steps[0]
    unit = top.children[0]
    turned = replace(unit, children=tuple(reversed(unit.children)))
    new = replace(WHOLE, steps=(replace(top, children=(turned, *top.children[1:])),))
    (change,) = compare(WHOLE, new)
    assert (change.kind, change.code in ("GROWTH", "SHIFT")) == ("moved", True)


def test_one_of_the_many_steps_that_moved_is_told_and_not_all_behind_it():
    phases = tuple(StepSpec(f"P{place}", f"Step {place}") for place in range(100))
    top = WHOLE.steps[0]
    old = replace(WHOLE, steps=(replace(top, children=phases),), parameters=(), materials=(), hold_times=())
    moved = (phases[70], *phases[:70], *phases[71:])
    new = replace(old, steps=(replace(top, children=moved),))
    assert told(old, new) == [("step", "P70", "moved", ("now stands first in DS",))]


@settings(max_examples=20, deadline=None)
@given(make.recipes(), make.recipes())
def test_two_recipes_differ_if_and_only_if_something_is_told(one, other):
    assert compare(one, one) == []
    named = replace(other, number=one.number, not_understood=one.not_understood)
    assert (compare(one, named) == []) == (one == named)
