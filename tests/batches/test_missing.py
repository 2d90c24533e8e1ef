"""Missing data: an excursion that no frame tells of, opened by the sweep and ended by the next reading."""

from datetime import timedelta

import pytest

from batches.actions.readings import judge_missing
from batches.tasks import find_missing
from portal.action import reading
from portal.queries import list_alerts
from tests.factories import batches as make

MINUTE = timedelta(minutes=1)


@pytest.fixture
def silent(database, gateway, clock):
    limit = make.limit("par", measure="silence", window_s=300)
    batch = make.batch(of=make.recipe(measured=[make.temperature(limit)]))
    since = batch.started_at + 1440 * MINUTE
    make.send(gateway, batch, [("TEMP", since - place * MINUTE, 36.5) for place in range(0, 1441, 4)])
    clock.move(20 * MINUTE)
    return batch, since


def test_a_batch_to_which_nothing_came_is_found_once_and_both_sides_are_told(database, gateway, silent):
    batch, since = silent
    assert (find_missing(), find_missing()) == (1, 0)
    ((_, kind, direction, started, _, ended, extreme, *_),) = make.excursions(gateway, batch)
    assert (kind, direction, started, ended) == ("par", "high", since + 5 * MINUTE, None)
    assert extreme >= 20 * 60


def test_the_next_reading_ends_it_and_a_late_one_takes_part_of_it_back(database, gateway, silent):
    batch, since = silent
    judge_missing(gateway, batch.pk)
    make.send(gateway, batch, [("TEMP", since + 19 * MINUTE, 36.5)])
    make.send(gateway, batch, [("TEMP", since + 10 * MINUTE, 36.5)])
    spans = [(row[3], row[5]) for row in make.excursions(gateway, batch)]
    assert spans == [
        (since + 5 * MINUTE, since + 10 * MINUTE),
        (since + 15 * MINUTE, since + 19 * MINUTE),
    ]


def test_the_alert_of_missing_data_names_the_limit(database, gateway, cdmo_qa, silent):
    batch, _ = silent
    judge_missing(gateway, batch.pk)
    with reading(cdmo_qa):
        titles = [str(each.title) for each in list_alerts(cdmo_qa)]
    wanted = f"{batch.number}: Temperature: no value for longer than the PAR allows (5 min)"
    assert wanted in titles
