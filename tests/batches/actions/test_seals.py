from dataclasses import replace
from datetime import timedelta

import pytest

from batches.actions.seals import seal_readings
from batches.models import Frame, FrameAnswer
from batches.tasks import make_partitions, seal_all_readings
from portal.action import reading
from portal.actor import system_actor
from portal.errors import NotFound, Refused
from portal.merkle import tree_head
from tests.conftest import entries_of, head_of
from tests.factories import batches as make
from tests.factories import cast

TEN = timedelta(seconds=10)


@pytest.fixture
def sealer():
    return system_actor("sealer", cast.PROGRAM)


@pytest.fixture
def fed(database, gateway):
    batch, start = make.batch(), make.now() - timedelta(minutes=5)
    for place in range(3):
        rows = [("TEMP", start + place * TEN, 36.5), ("LOAD", start + place * TEN, 50.0)]
        make.send(gateway, batch, rows)
    return batch


def frames(who, batch, audience="shared"):
    with reading(who):
        return list(Frame.objects.filter(batch=batch, audience=audience).order_by("received_at", "id"))


def test_one_entry_per_audience_holds_the_root_of_the_digests(fed, sealer, gateway):
    seal_readings(sealer, fed.pk)
    shared = frames(gateway, fed)
    fact = {
        "root": tree_head([bytes(frame.digest) for frame in shared]).hex(),
        "frames": "3",
        "readings": "3",
        "first_received_at": shared[0].received_at.isoformat(),
        "last_received_at": shared[-1].received_at.isoformat(),
    }
    assert make.facts(fed)[-1] == ("readings.sealed", fact)
    assert [name for name, _ in make.facts(fed, "manufacturer")] == ["readings.sealed"]
    assert {frame.sealed_seq for frame in shared} == {head_of(cast.PROGRAM)}
    private = frames(gateway, fed, "manufacturer")
    assert {frame.sealed_seq for frame in private} == {head_of(cast.PROGRAM, "manufacturer")}


def test_a_seal_is_no_news(fed, sealer):
    seal_readings(sealer, fed.pk)
    _, kind, _, is_news = entries_of(cast.PROGRAM)[-1]
    assert (kind, is_news) == ("readings.sealed", False)


def test_what_is_sealed_is_not_sealed_again(fed, sealer, gateway):
    seal_readings(sealer, fed.pk)
    head = head_of(cast.PROGRAM)
    seal_readings(sealer, fed.pk)
    assert head_of(cast.PROGRAM) == head
    make.send(gateway, fed, [("TEMP", make.now(), 36.5)])
    seal_readings(sealer, fed.pk)
    assert [frame.sealed_seq for frame in frames(gateway, fed)] == [head, head, head, head + 1]


def test_only_the_system_seals(fed, cdmo_qa, rival_sponsor_qa):
    with pytest.raises(Refused):
        seal_readings(cdmo_qa, fed.pk)
    with pytest.raises(NotFound):
        seal_readings(rival_sponsor_qa, fed.pk)


@pytest.fixture
def swept(database):
    """What a committing neighbour left in this clone is sealed before the test begins."""
    seal_all_readings()


def test_the_task_finds_what_waits_in_every_space(swept, fed, gateway):
    other = make.batch(cast.RIVAL_PROGRAM, number="CANARY-1")
    setup = make.setup(cast.RIVAL_PROGRAM)
    make.send(setup, other, [("TEMP", make.now(), 36.5)])
    assert seal_all_readings() == 2
    assert seal_all_readings() == 0
    assert entries_of(cast.RIVAL_PROGRAM)[-1][1] == "readings.sealed"
    assert "CANARY" not in str(entries_of(cast.PROGRAM))


@pytest.mark.parametrize("code", ["58030", "55P03", "P0001"])
def test_a_batch_that_cannot_be_sealed_stops_no_other_one(own_database, as_owner, gateway, code):
    first, second = make.batch(number="B-1"), make.batch(number="B-2")
    for batch in (first, second):
        make.send(gateway, batch, [("TEMP", make.now(), 36.5)])
    as_owner.execute(
        "create function fail() returns trigger language plpgsql as"
        f" $$ begin raise exception 'a fault' using errcode = '{code}'; end $$;"
        " create trigger fault before update on batches_frame for each row"
        f" when (old.batch_id = '{first.pk}') execute function fail()"
    )
    assert seal_all_readings() == 1
    assert [frame.sealed_seq for frame in frames(gateway, first)] == [None]
    assert [frame.sealed_seq for frame in frames(gateway, second)] == [head_of(cast.PROGRAM)]
    as_owner.execute("drop trigger fault on batches_frame")
    assert seal_all_readings() == 1
    assert [frame.sealed_seq for frame in frames(gateway, first)] == [head_of(cast.PROGRAM)]


def test_what_frames_were_answered_is_swept_when_no_key_can_ask_for_it(fed, sealer, gateway, clock):
    keyed = replace(gateway, origin=replace(gateway.origin, idempotency_key="k1", body_hash="x"))
    make.send(keyed, fed, [("TEMP", make.now(), 36.5)])

    def kept():
        with reading(gateway):
            return FrameAnswer.objects.visible_to(gateway).count()

    clock.move(timedelta(hours=73))
    seal_readings(sealer, fed.pk)
    assert kept() == 1
    clock.move(timedelta(hours=97))
    seal_readings(sealer, fed.pk)
    assert kept() == 0


def test_partitions_are_made_ahead_and_only_once(database, as_owner):
    make_partitions()
    assert make_partitions() == 0
