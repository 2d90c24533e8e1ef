"""A master record edited by forms: what a form does not show stays, and nothing names what is gone."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from batches.forms_recipe import (
    HeadForm,
    HoldTimeForm,
    LimitRows,
    MaterialForm,
    ParameterForm,
    StepForm,
    seconds,
    shown,
)
from batches.recipes import editing
from batches.recipes.checks import require_sound
from batches.specs import (
    HoldTimeSpec,
    KnotSpec,
    LimitSpec,
    MaterialSpec,
    ParameterSpec,
    RecipeSpec,
    StepSpec,
    Unread,
)
from batches.states import Level, LimitKind, LimitMeasure, MaterialUse
from portal.errors import Conflict

COURSE = LimitSpec(
    LimitKind.ACTION, phase="growth", knots=(KnotSpec(0, Decimal(1)), KnotSpec(60, Decimal(2)))
)
RATE = LimitSpec(LimitKind.ALERT, high=Decimal(2), measure=LimitMeasure.RATE, window_s=600)
PLAIN = LimitSpec(LimitKind.NOR, Decimal("36.5"), Decimal(38), "growth", 90, 61, "Cells.", settle_s=300)
SPEC = RecipeSpec(
    "MBR-1",
    "Drug substance",
    "AV-101",
    (
        StepSpec(
            "MAKE",
            "Make",
            Level.PROCEDURE,
            children=(
                StepSpec("growth", "Growth", planned_s=3601, instruction="Feed.", needs_second_check=True),
                StepSpec("harvest", "Harvest"),
            ),
        ),
    ),
    (ParameterSpec("TEMP", "Temperature", "°C", expected_interval_s=7, limits=(PLAIN, RATE, COURSE)),),
    (MaterialSpec("MED", "Medium", MaterialUse.INPUT, Decimal("10.5"), "L", "growth"),),
    (HoldTimeSpec("H1", "Harvest hold", "growth", "harvest", 7201),),
    (Unread("x", "y"),),
)


def sent(form, rows=None):
    """What a browser sends of a form that nobody touched."""
    data = QueryDict(mutable=True)
    for each in [form, *(rows.forms if rows is not None else [])]:
        for field in each:
            value = field.value()
            if value is True:
                data[field.html_name] = "on"
            elif value is not None and value is not False:
                data[field.html_name] = str(value)
    if rows is not None:
        data["rows"] = str(len(rows.forms))
    return data


def parameter_after(**changed):
    own = SPEC.parameters[0]
    data = sent(ParameterForm(own), LimitRows(SPEC, own))
    for name, value in changed.items():
        data[name] = value
    form, rows = ParameterForm(own, data), LimitRows(SPEC, own, data)
    assert form.is_valid() & rows.is_valid(), (form.errors, [each.errors for each in rows.forms])
    return form.parameter(rows.limits())


def test_a_form_that_nobody_touched_changes_nothing():
    parts = [
        HeadForm(SPEC, sent(HeadForm(SPEC))),
        *(StepForm(SPEC, step, sent(StepForm(SPEC, step))) for step in SPEC.walk()),
        MaterialForm(SPEC, SPEC.materials[0], sent(MaterialForm(SPEC, SPEC.materials[0]))),
        HoldTimeForm(SPEC, SPEC.hold_times[0], sent(HoldTimeForm(SPEC, SPEC.hold_times[0]))),
    ]
    assert all(each.is_valid() for each in parts), [each.errors for each in parts]
    head, *steps, material, hold = parts
    assert head.spec(SPEC) == SPEC
    for form in steps:
        assert editing.put_step(SPEC, form.own.code, form.step()) == SPEC
    assert editing.put_material(SPEC, 0, material.material()) == SPEC
    assert editing.put_hold_time(SPEC, 0, hold.hold_time()) == SPEC
    assert editing.put_parameter(SPEC, 0, parameter_after()) == SPEC


def test_a_limit_is_changed_added_and_taken_away_and_those_without_a_form_stay():
    moved = parameter_after(**{"limit0-high": "37.5"})
    assert moved.limits == (replace(PLAIN, high=Decimal("37.5")), RATE, COURSE)
    more = parameter_after(
        **{
            "limit1-kind": "par",
            "limit1-low": "30",
            "limit1-delay_min": "2.5",
            "limit1-rationale": "Why.",
        }
    )
    assert more.limits[1] == LimitSpec(LimitKind.PAR, Decimal(30), delay_s=150, rationale="Why.")
    gone = parameter_after(**{"limit0-kind": "", "limit0-low": "", "limit0-high": "", "limit0-rationale": ""})
    assert gone.limits == (RATE, COURSE)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"limit1-low": "3", "limit1-rationale": "Why."}, "kind"),
        ({"limit1-kind": "par", "limit1-rationale": "Why."}, "low"),
        ({"limit1-kind": "par", "limit1-low": "3"}, "rationale"),
        ({"limit1-kind": "par", "limit1-low": "many", "limit1-rationale": "Why."}, "low"),
    ],
)
def test_half_a_limit_is_refused_with_what_it_lacks(row, field):
    own = SPEC.parameters[0]
    data = sent(ParameterForm(own), LimitRows(SPEC, own))
    data.update(row)
    rows = LimitRows(SPEC, own, data)
    assert not rows.is_valid()
    assert [list(each.errors) for each in rows.forms if each.errors] == [[field]]


def test_whoever_names_a_step_follows_its_new_code():
    changed = editing.put_step(SPEC, "growth", replace(list(SPEC.walk())[1], code="GROW"))
    require_sound(changed)
    assert changed.parameters[0].limits[0].phase == "GROW"
    assert (changed.materials[0].step, changed.hold_times[0].after) == ("GROW", "GROW")
    assert [each.code for each in changed.walk()] == ["MAKE", "GROW", "harvest"]


def test_a_step_is_added_in_its_place_and_one_that_is_named_is_not_taken_out():
    new = StepSpec("WASH", "Wash")
    assert [each.code for each in editing.add_step(SPEC, "growth", new).walk()] == [
        *("MAKE", "growth", "WASH", "harvest")
    ]
    assert editing.add_step(SPEC, "", new).steps[-1] == new
    for code in ("growth", "harvest", "MAKE"):
        with pytest.raises(Conflict):
            editing.remove_step(SPEC, code)
    bare = editing.remove(editing.remove(editing.remove(SPEC, "hold_time", 0), "material", 0), "parameter", 0)
    assert [each.code for each in editing.remove_step(bare, "growth").walk()] == ["MAKE", "harvest"]


@given(st.integers(0, 360_000_000))
def test_a_time_in_hours_or_minutes_comes_back_to_the_second(given):
    for unit in (60, 3600):
        assert seconds(shown(given, unit), unit) == given
