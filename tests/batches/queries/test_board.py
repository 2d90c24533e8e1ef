from datetime import timedelta

import pytest

from batches.actions.cycle import complete_batch
from batches.queries import board
from batches.slots import BatchFacts, batch_facts, facts_of
from portal.action import reading
from tests.factories import batches as make
from tests.factories import cast

TEN = timedelta(seconds=10)


def tiles(actor, program=None):
    with reading(actor):
        return board(actor, program)


@pytest.fixture
def running(database, gateway):
    return make.batch()


@pytest.fixture
def provider():
    """A higher app's knowledge instead of what is registered, taken back afterwards."""
    before = list(batch_facts._providers)
    batch_facts._providers.clear()
    yield batch_facts.register
    batch_facts._providers[:] = before


def test_a_tile_shows_up_to_three_parameters_the_critical_first(running, sponsor_viewer):
    (tile,) = tiles(sponsor_viewer)
    assert [row.code for row in tile.rows] == ["TEMP", "PH", "VALVE"]
    assert [(row.value, row.is_stale, row.points) for row in tile.rows] == [(None, True, [])] * 3
    assert tile.batch.number == "B-1"


def test_values_age_and_trace_come_from_the_readings(running, gateway, sponsor_viewer):
    now = make.now()
    make.send(gateway, running, [("TEMP", now - timedelta(hours=2), 36.4), ("TEMP", now, 36.6)])
    make.send(gateway, running, [("PH", now - timedelta(minutes=5), 7.0)])
    temperature, acidity, _ = tiles(sponsor_viewer)[0].rows
    assert (temperature.value, temperature.at, temperature.is_stale) == (36.6, now, False)
    assert (acidity.is_stale, acidity.stale_after) == (True, 20)
    assert [value for _, value in acidity.points] == [7.0]
    # Two hours lie between the two: they are not in one trace.
    assert [value for _, value in temperature.points] == [36.6]
    assert tiles(sponsor_viewer)[0].at == now


def test_the_limits_are_those_of_the_present_phase(database, sponsor_viewer):
    cold = make.limit("par", 33, 35, phase="production")
    start = make.now() - timedelta(days=2)
    phases = [("growth", start), ("production", start + timedelta(days=1))]
    measured = [make.temperature(make.limit("nor", 36, 37), make.limit("par", high=37.5), cold)]
    make.batch(of=make.recipe(measured=measured), phases=phases, running=None)
    make.batch(of=make.recipe(number="M2", measured=measured), number="B-2")
    first, second = tiles(sponsor_viewer)
    by_number = {tile.batch.number: tile.rows[0].ranges for tile in (first, second)}
    assert by_number == {
        "B-1": {"par": (33.0, 35.0), "nor": (36.0, 37.0)},
        "B-2": {"nor": (36.0, 37.0), "par": (None, 37.5)},
    }


def test_the_phase_line_shows_what_is_done_now_and_ahead(database, sponsor_viewer):
    start = make.now() - timedelta(minutes=90)
    phases = [("growth", start), ("production", start + timedelta(minutes=60))]
    make.batch(phases=phases, running=None)
    line = tiles(sponsor_viewer)[0].phases
    assert [(part.code, part.state) for part in line] == [
        ("growth", "done"),
        ("production", "now"),
        ("harvest", "ahead"),
    ]
    assert line[0].part == 1.0
    assert line[1].part == pytest.approx(0.5, abs=0.02)


def test_open_excursions_and_the_ladder_that_runs_are_on_the_tile(running, gateway, sponsor_viewer):
    make.send(gateway, running, make.course([38.0, 38.1], start=make.now() - TEN))
    (tile,) = tiles(sponsor_viewer)
    assert [excursion.limit_kind for excursion in tile.excursions] == ["par", "action", "nor"]
    assert {excursion.readings for excursion in tile.excursions} == {2}
    assert [row.is_outside for row in tile.rows] == [True, False, False]
    assert tile.next_clock.clause == "5.7"


def test_what_a_higher_app_knows_is_added_up(running, sponsor_viewer, provider):
    soon, later = make.now() + timedelta(hours=1), make.now() + timedelta(hours=2)
    provider(lambda actor, ids: {each: BatchFacts(open_major=1, next_due_at=later) for each in ids})
    provider(lambda actor, ids: {each: BatchFacts(blocks=("hold",), next_due_at=soon) for each in ids})
    (tile,) = tiles(sponsor_viewer)
    assert (tile.facts.open_major, tile.facts.blocks) == (1, ("hold",))
    assert tile.next_clock.due_at == soon
    with reading(sponsor_viewer):
        assert facts_of(sponsor_viewer, []) == {}


def test_only_running_batches_of_the_asked_program_are_there(running, cdmo_qa):
    make.batch(number="B-2", running=None)
    make.batch(cast.SECOND_PROGRAM, number="P-1")
    complete_batch(cdmo_qa, make.batch(number="B-3").pk, version=1)
    assert [tile.batch.number for tile in tiles(cdmo_qa)] == ["B-1", "P-1"]
    assert [tile.batch.number for tile in tiles(cdmo_qa, cast.SECOND_PROGRAM)] == ["P-1"]


def test_a_rival_sees_its_own_tiles_alone(running, gateway, rival_sponsor_qa):
    make.send(gateway, running, [("TEMP", make.now(), 38.0)])
    assert tiles(rival_sponsor_qa) == []
    assert tiles(rival_sponsor_qa, cast.PROGRAM) == []


def test_the_sponsors_tile_shows_nothing_of_an_internal_parameter(database, gateway, sponsor_viewer, cdmo_qa):
    private = make.temperature(make.limit("par", high=90), code="LOAD", audience="manufacturer")
    batch = make.batch(of=make.recipe(measured=[private]))
    make.send(gateway, batch, [("LOAD", make.now(), 95.0)])
    (theirs,), (ours,) = tiles(sponsor_viewer), tiles(cdmo_qa)
    assert (theirs.rows, theirs.excursions, theirs.next_clock, theirs.at) == ([], [], None, None)
    assert ([row.code for row in ours.rows], len(ours.excursions)) == (["LOAD"], 1)


def test_one_tile_and_three_cost_the_same_queries(database, gateway, sponsor_viewer, counted, provider):
    def cost():
        return counted(lambda: tiles(sponsor_viewer))

    for number in range(3):
        batch = make.batch(number=f"B-{number}")
        make.send(gateway, batch, [("TEMP", make.now(), 38.0)])
        if number == 0:
            one = cost()
    # Nine of the board, its instant, the context, and the savepoints of a rolled back test.
    assert (one, cost()) == (14, 14)
