"""Frames of one batch at once, on real connections that commit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections

from batches.actions.cycle import complete_batch
from batches.actions.seals import seal_readings
from batches.errors import BatchNotRunning
from batches.models import Excursion, Frame, Latest, Reading
from portal.action import reading
from portal.actor import system_actor
from portal.models import Alert
from tests.conftest import actor, entries_of
from tests.factories import batches as make
from tests.factories import cast

TEN = timedelta(seconds=10)


def at_once(*calls):
    """Run the calls on a connection each, starting together; return results or errors in order."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(10)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def gateway_now(own_database):
    return actor("gateway")


def count(model, **given):
    who = system_actor("sealer", cast.PROGRAM)
    with reading(who):
        return model.objects.filter(**given).count()


def test_frames_of_one_batch_at_once_open_one_excursion_and_alert_once(gateway_now):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    rows = make.course([38.0] * 60, start=start)
    results = at_once(*(lambda part=part: make.send(gateway_now, batch, rows[part::6]) for part in range(6)))
    assert [outcome.accepted for outcome in results] == [10] * 6
    assert count(Reading, batch=batch) == 60
    assert sorted(row[1] for row in make.excursions(gateway_now, batch)) == ["action", "nor", "par"]
    assert {row[-1] for row in make.excursions(gateway_now, batch)} == {60}
    assert count(Alert) == 2


def test_the_same_frame_at_once_is_stored_once(gateway_now):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    rows = make.course([36.5] * 50, start=start)
    results = at_once(*(lambda: make.send(gateway_now, batch, rows) for _ in range(4)))
    assert sorted(outcome.accepted for outcome in results) == [0, 0, 0, 50]
    assert (count(Reading, batch=batch), count(Frame), count(Latest)) == (50, 1, 1)


def test_batches_do_not_wait_for_each_other_and_nothing_deadlocks(gateway_now):
    recipe, start = make.recipe(), make.now() - timedelta(minutes=10)
    batches = [make.batch(of=recipe, number=f"B-{number}") for number in range(3)]
    values = [36.5, 38.0, 36.5, 35.0]

    def feed(batch):
        for place in range(5):
            make.send(gateway_now, batch, make.course(values, start=start + 4 * place * TEN))
        return batch.number

    numbers = at_once(*(lambda batch=batch: feed(batch) for batch in batches for _ in range(2)))
    assert numbers == ["B-0", "B-0", "B-1", "B-1", "B-2", "B-2"]
    for batch in batches:
        assert count(Reading, batch=batch) == 20
        assert count(Excursion, batch=batch, limit_kind="par") == 10
    assert count(Alert) == 60


def test_a_batch_that_ends_meanwhile_takes_a_frame_whole_or_not_at_all(gateway_now):
    batch, qa = make.batch(), actor("cdmo_qa")
    start = make.now() - timedelta(minutes=10)
    frames = [make.course([38.0] * 9, start=start + place * 9 * TEN) for place in range(4)]
    calls = [lambda frame=frame: make.send(gateway_now, batch, frame) for frame in frames]
    *sent, done = at_once(*calls, lambda: complete_batch(qa, batch.pk, version=1))
    refused = [outcome for outcome in sent if isinstance(outcome, BatchNotRunning)]
    taken = [outcome for outcome in sent if not isinstance(outcome, BatchNotRunning)]
    assert len(refused) + len(taken) == 4
    assert count(Reading, batch=batch) == 9 * len(taken)
    assert count(Frame, sealed_seq=None) == 0
    assert {row[5] for row in make.excursions(gateway_now, batch)} <= {done.ended_at}


def test_two_sealers_at_once_seal_each_frame_once(gateway_now):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    for place in range(5):
        make.send(gateway_now, batch, make.course([36.5], start=start + place * TEN))
    sealer = system_actor("sealer", cast.PROGRAM)
    at_once(*(lambda: seal_readings(sealer, batch.pk) for _ in range(3)))
    kinds = [entry[1] for entry in entries_of(cast.PROGRAM)]
    assert kinds.count("readings.sealed") == 1
    assert count(Frame, sealed_seq=None) == 0


def test_a_connection_whose_first_frame_failed_takes_the_next_one(gateway_now):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    connections["default"].close()
    with pytest.raises(BatchNotRunning):
        make.send(gateway_now, make.batch(number="B-2", running=None), [("TEMP", start, 36.5)])
    for place in range(3):
        assert make.send(gateway_now, batch, [("TEMP", start + place * TEN, 36.5)]).accepted == 1
