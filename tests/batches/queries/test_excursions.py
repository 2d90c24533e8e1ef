from datetime import timedelta
from uuid import uuid4

import pytest

from batches.queries import (
    batch_detail,
    get_excursion,
    list_batches,
    list_excursions,
    list_recipes,
    up_to_date,
)
from portal.action import reading
from portal.errors import NotFound
from tests.factories import batches as make
from tests.factories import cast

TEN = timedelta(seconds=10)


@pytest.fixture
def start():
    return make.now() - timedelta(minutes=5)


@pytest.fixture
def low_and_high(database, gateway, start):
    batch = make.batch()
    for place, (warm, sour) in enumerate([(37.1, 6.7), (37.2, 6.5), (37.15, 6.6)]):
        make.send(gateway, batch, [("TEMP", start + place * TEN, warm), ("PH", start + place * TEN, sour)])
    return batch


def test_open_ones_are_brought_up_to_the_last_reading_on_either_side(low_and_high, start, gateway):
    assert [(row[0], *row[4:]) for row in make.excursions(gateway, low_and_high)] == [
        ("TEMP", start + 2 * TEN, None, 37.2, start + TEN, 3),
        ("PH", start + 2 * TEN, None, 6.5, start + TEN, 3),
    ]


def test_one_is_brought_up_to_date_as_the_list_is(low_and_high, start, gateway, rival_sponsor_qa):
    with reading(gateway):
        listed = list_excursions(gateway).get(parameter__code="PH")
        shown = get_excursion(gateway, listed.pk)
    assert (listed.readings, shown.readings, shown.extreme) == (1, 3, 6.5)
    with reading(rival_sponsor_qa), pytest.raises(NotFound):
        get_excursion(rival_sponsor_qa, listed.pk)


def test_nothing_is_asked_when_all_are_over(database, gateway, start, counted):
    batch = make.batch()
    make.send(gateway, batch, make.course([37.2, 36.5], start=start))
    with reading(gateway):
        rows = list(list_excursions(gateway, batch_id=batch.pk, state="closed"))
        assert counted(lambda: up_to_date(rows)) == 0
    assert len(rows) == 1


def test_a_batch_is_shown_with_all_its_parts(low_and_high, sponsor_viewer):
    with reading(sponsor_viewer):
        detail = batch_detail(sponsor_viewer, low_and_high.pk)
    assert [state.parameter.code for state in detail.parameters] == ["TEMP", "PH", "VALVE", "VCD"]
    assert [state.latest and state.latest.value for state in detail.parameters] == [37.15, 6.6, None, None]
    assert [phase.code for phase in detail.phases] == ["growth", "production", "harvest"]
    assert [run.phase.code for run in detail.runs] == ["growth"]
    assert {row.readings for row in detail.excursions} == {3}


def test_lists_keep_to_program_and_state(low_and_high, cdmo_qa, rival_sponsor_qa):
    make.batch(cast.SECOND_PROGRAM, number="P-1", running=None)
    with reading(cdmo_qa):
        assert list_batches(cdmo_qa).count() == 2
        assert list_batches(cdmo_qa, program_id=cast.SECOND_PROGRAM).get().number == "P-1"
        assert list_batches(cdmo_qa, state="in_process").get().number == "B-1"
        assert list_recipes(cdmo_qa, program_id=cast.PROGRAM).get().number == "MBR-B-1"
        assert list_recipes(cdmo_qa).count() == 2
    with reading(rival_sponsor_qa):
        assert list_batches(rival_sponsor_qa).count() == 0
        assert list_recipes(rival_sponsor_qa).count() == 0
        with pytest.raises(NotFound):
            batch_detail(rival_sponsor_qa, low_and_high.pk)
        with pytest.raises(NotFound):
            batch_detail(rival_sponsor_qa, uuid4())
