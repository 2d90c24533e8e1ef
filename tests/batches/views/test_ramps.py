"""Limits that move: what the chart, the series and the pages of an excursion draw and say of them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from batches.actions.cycle import move_phase
from batches.queries import batch_detail, get_excursion, series
from batches.saying import bound_words, crossing, extreme_words
from batches.specs import KnotSpec
from batches.views.batch import parameter_row
from batches.views.charts import chart_of
from batches.views.excursion import excursion_facts
from deviations.queries.proposal import propose_from_excursion
from portal.action import reading
from tests.factories import batches as make

HOUR = timedelta(hours=1)
FALL = (KnotSpec(0, Decimal(36), Decimal(37)), KnotSpec(14_400, Decimal(33), Decimal(34)))


@pytest.fixture
def batch(database, cdmo_qa):
    limits = (
        make.limit("nor", knots=FALL, phase="production"),
        make.limit("par", 30, 38, settle_s=7200, phase="production"),
        make.limit("action", high=20, measure="rate", window_s=3600),
        make.limit("alert", measure="silence", window_s=3600),
    )
    made = make.batch(of=make.recipe(measured=[make.temperature(*limits)]))
    begun = made.started_at + 2 * HOUR
    move_phase(cdmo_qa, made.pk, phase="production", version=1, at=begun)
    return make.fresh(cdmo_qa, made), begun


def ms(at):
    return int(at.timestamp() * 1000)


def test_the_chart_gets_a_ramp_from_knot_to_knot_and_none_while_a_phase_settles(batch, cdmo_qa):
    made, begun = batch
    with reading(cdmo_qa):
        *_, phase = chart_of(batch_detail(cdmo_qa, made.pk), "UTC", make.now())["phases"]
    ramps = phase["ramps"]["TEMP"]
    assert ramps["nor"][:2] == [[ms(begun), 36.0, 37.0], [ms(begun + 4 * HOUR), 33.0, 34.0]]
    assert ramps["par"][0] == [ms(begun + 2 * HOUR), 30.0, 38.0]
    assert phase["limits"]["TEMP"] == {}


def test_a_series_tells_the_course_of_its_window(batch, cdmo_qa):
    made, begun = batch
    with reading(cdmo_qa):
        found = series(cdmo_qa, made.pk, "TEMP", begun + HOUR, begun + 5 * HOUR)
    (nor,) = (each for each in found.limits if each["kind"] == "nor")
    assert [at for at, *_ in nor["course"]] == [ms(begun + each * HOUR) for each in (1, 4, 5)]
    assert [end for _, *ends in nor["course"] for end in ends] == pytest.approx(
        [35.25, 36.25, 33, 34, 33, 34]
    )
    assert {(each["kind"], each["measure"]) for each in found.limits} >= {("action", "rate")}


def outside(gateway, batch, *rows):
    make.send(gateway, batch, [("TEMP", at, value) for at, value in rows])
    return {row[1]: row for row in make.excursions(gateway, batch)}


def words_of(actor, batch, kind):
    with reading(actor):
        row = next(each for each in batch_detail(actor, batch.pk).excursions if each.limit_kind == kind)
        found = get_excursion(actor, row.pk)
        facts = {str(each["name"]): each.get("value") for each in excursion_facts(found, "UTC", make.now())}
        return crossing(found), bound_words(found), extreme_words(found), facts


def test_what_left_its_course_says_the_end_of_that_moment(batch, gateway, cdmo_qa):
    made, begun = batch
    outside(gateway, made, (begun + HOUR, 36.0), (begun + 2 * HOUR, 36.0))
    what, bound, extreme, facts = words_of(cdmo_qa, made, "nor")
    assert (what, bound, extreme) == ("Temperature outside NOR", "35.5 °C", "36.0 °C")
    assert facts["NOR"] == "NOR 36 to 37 °C at the start, 33 to 34 °C after 4 h"


def test_what_changed_too_fast_is_told_in_its_own_unit(batch, gateway, cdmo_qa):
    made, begun = batch
    rows = [(begun + timedelta(minutes=each), 35.8 + (each > 5) * 3) for each in range(12)]
    outside(gateway, made, *rows)
    what, bound, _, _ = words_of(cdmo_qa, made, "action")
    assert what == "Temperature, change over 1 h above action limit"
    assert bound == "20 °C an hour"


def test_missing_data_is_proposed_as_a_deviation_in_words(batch, gateway, cdmo_qa):
    made, begun = batch
    outside(gateway, made, (begun + HOUR, 35.6), (begun + 4 * HOUR, 33.5))
    what, *_ = words_of(cdmo_qa, made, "alert")
    assert what == "Temperature: data missing"
    with reading(cdmo_qa):
        rows = batch_detail(cdmo_qa, made.pk).excursions
        row = next(each for each in rows if each.limit_kind == "alert" and each.ended_at == begun + 4 * HOUR)
        said = propose_from_excursion(cdmo_qa, row.pk)
    assert said.title == f"{made.number}: no value of temperature for 120 min"
    assert "no value of the temperature came for longer than the 1 h" in said.description


def test_a_course_is_told_as_it_is_now_in_the_table_of_parameters(batch, cdmo_qa):
    made, begun = batch
    with reading(cdmo_qa):
        detail = batch_detail(cdmo_qa, made.pk)
    said = [
        parameter_row(detail.parameters[0], detail, "UTC", begun + each * HOUR)["nor"] for each in (0, 2, 9)
    ]
    assert said == ["36.0 to 37.0 now", "34.5 to 35.5 now", "33.0 to 34.0 now"]
