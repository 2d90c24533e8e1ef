from datetime import timedelta

import pytest

from batches.errors import NothingToMatch
from deviations.actions.mirroring import mirror_deviation, settle_conflict
from deviations.mirroring.states import SettledBy
from deviations.mirroring.table import mirror_table
from deviations.models import Deviation, Elsewhere, Judgement, MirrorClass, MirrorConflict
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import batches as plant
from tests.factories import cast
from tests.factories import deviations as make

REASON = "It was shortened there on purpose."


def mirror(actor, external_id="DV-26-0457", **given):
    return mirror_deviation(actor, cast.PROGRAM, external_id=external_id, **given)


def stated():
    at = make.now()
    return {
        "title": make.TITLE,
        "description": make.WORDS,
        "occurred_at": at - timedelta(hours=2),
        "detected_at": at - timedelta(hours=1),
    }


def test_a_new_external_record_is_logged_here(database, cdmo_system):
    as_of = make.now() - timedelta(minutes=3)
    mirror(cdmo_system, external_status="open", external_as_of=as_of, **stated())
    row = only(cdmo_system, Deviation)
    assert (row.external_id, row.external_status, row.external_as_of) == ("DV-26-0457", "open", as_of)
    assert (row.state, row.audience, row.reporter_code) == ("reported", "manufacturer", "QA system 01")
    assert [name for name, _ in facts()] == ["deviation.reported"]


def test_a_known_one_takes_state_and_copy_time_and_nothing_else(database, cdmo_system):
    first = mirror(cdmo_system, external_status="open", **stated())
    as_of = make.now()
    other = stated() | {"title": "Another title", "description": "Another description of it."}
    mirror(cdmo_system, external_status="closed there", external_as_of=as_of, **other)
    row = only(cdmo_system, Deviation)
    assert (row.external_status, row.external_as_of, row.version) == ("closed there", as_of, 2)
    assert (row.title, row.description, row.state) == (make.TITLE, make.WORDS, "reported")
    assert (row.pk, row.number, row.occurred_at) == (first.pk, first.number, first.occurred_at)
    assert facts()[-1] == ("deviation.mirrored", {"as_of": as_of.isoformat()})


def test_a_state_that_is_not_sent_stays(database, cdmo_system):
    mirror(cdmo_system, external_status="open", **stated())
    mirror(cdmo_system)
    assert only(cdmo_system, Deviation).external_status == "open"


def test_the_times_its_own_system_states_are_kept_apart_from_those_here(database, cdmo_system):
    at = stated()["detected_at"]
    there = Elsewhere(opened_at=at + timedelta(minutes=5), told_at=at + timedelta(minutes=30))
    first = mirror(cdmo_system, elsewhere=there, **(stated() | {"detected_at": at}))
    assert (first.external_opened_at, first.external_told_at, first.external_closed_at) == (
        there.opened_at,
        there.told_at,
        None,
    )
    closed = at + timedelta(minutes=50)
    row = mirror(cdmo_system, elsewhere=Elsewhere(closed_at=closed))
    assert (row.external_told_at, row.external_closed_at) == (there.told_at, closed)
    # Here it is as open, untold and private as before.
    assert (row.state, row.audience, row.recorded_at) == ("reported", "manufacturer", first.recorded_at)


@pytest.mark.parametrize("by", [timedelta(hours=-3), timedelta(hours=2)])
def test_what_the_other_system_states_lies_between_awareness_and_now(database, cdmo_system, by):
    at = make.now()
    with pytest.raises(Invalid) as refused:
        mirror(cdmo_system, elsewhere=Elsewhere(told_at=at + by), **stated())
    assert list(refused.value.errors) == ["external_told_at"]
    mirror(cdmo_system, **stated())
    with pytest.raises(Invalid):
        mirror(cdmo_system, elsewhere=Elsewhere(told_at=at + by))


def test_an_older_copy_never_replaces_a_newer_one(database, cdmo_system):
    now = make.now()
    mirror(cdmo_system, external_status="OPEN", external_as_of=now - timedelta(hours=6), **stated())
    mirror(cdmo_system, external_status="CLOSED", external_as_of=now)
    told = facts()
    with pytest.raises(Conflict) as refused:
        mirror(cdmo_system, external_status="OPEN", external_as_of=now - timedelta(hours=5))
    assert refused.value.problem_code == "older_copy"
    row = only(cdmo_system, Deviation)
    assert (row.external_status, row.external_as_of, row.version) == ("CLOSED", now, 2)
    assert facts() == told


def test_the_same_copy_may_come_twice(database, cdmo_system):
    now = make.now()
    mirror(cdmo_system, external_status="OPEN", external_as_of=now, **stated())
    assert mirror(cdmo_system, external_status="OPEN", external_as_of=now).external_as_of == now


def test_a_copy_that_does_not_say_when_is_the_newest_even_beside_a_clock_ahead(database, cdmo_system):
    ahead = make.now() + timedelta(minutes=4)
    mirror(cdmo_system, external_status="OPEN", external_as_of=ahead, **stated())
    row = mirror(cdmo_system, external_status="CLOSED")
    assert (row.external_status, row.external_as_of) == ("CLOSED", ahead)


def test_a_version_of_a_record_that_is_not_here_logs_nothing(database, cdmo_system):
    with pytest.raises(NothingToMatch):
        mirror(cdmo_system, version=77, **stated())
    assert seen_by(cdmo_system, Deviation) == []
    assert facts() == []


def test_a_new_one_without_its_facts_is_refused(database, cdmo_system):
    with pytest.raises(Invalid) as refused:
        mirror(cdmo_system, external_status="open")
    assert sorted(refused.value.errors) == ["detected_at", "occurred_at"]
    assert seen_by(cdmo_system, Deviation) == []


def test_a_stale_version_is_refused_when_one_is_sent(database, cdmo_system):
    mirror(cdmo_system, **stated())
    with pytest.raises(StaleVersion):
        mirror(cdmo_system, version=7)


@pytest.mark.parametrize(("key", "error"), [("cdmo_operator", Refused), ("sponsor_qa", Refused)])
def test_only_qa_copies(database, request, key, error):
    with pytest.raises(error):
        mirror(request.getfixturevalue(key), **stated())


def test_a_rival_finds_nothing(database, rival_sponsor_qa):
    with pytest.raises(NotFound):
        mirror(rival_sponsor_qa, **stated())


def test_a_copy_of_the_future_is_refused(database, cdmo_system):
    with pytest.raises(Invalid) as refused:
        mirror(cdmo_system, external_as_of=make.now() + timedelta(hours=1), **stated())
    assert list(refused.value.errors) == ["external_as_of"]


def conflicts(actor):
    rows = seen_by(actor, MirrorConflict)
    return sorted((each.field, each.here, each.there, each.state) for each in rows)


def test_what_is_mastered_here_is_compared_and_never_overwritten(database, cdmo_system):
    said = stated()
    mirror(cdmo_system, **said)
    mirror(cdmo_system, **(said | {"title": "Another title there"}))
    assert conflicts(cdmo_system) == [("title", make.TITLE, "Another title there", "open")]
    assert only(cdmo_system, Deviation).title == make.TITLE
    assert [name for name, _ in facts()] == [
        "deviation.reported",
        "mirror.conflict_found",
        "deviation.mirrored",
    ]


def test_a_conflict_stands_once_however_often_it_is_sent_and_ends_when_a_copy_agrees(database, cdmo_system):
    said = stated()
    mirror(cdmo_system, **said)
    for _turn in range(2):
        mirror(cdmo_system, **(said | {"title": "Another title there"}))
    mirror(cdmo_system, **(said | {"title": "A third title there"}))
    assert conflicts(cdmo_system) == [("title", make.TITLE, "A third title there", "open")]
    mirror(cdmo_system, **said)
    assert conflicts(cdmo_system) == [("title", make.TITLE, "A third title there", "agreed")]


def test_a_settled_difference_is_not_asked_about_again_another_one_is(database, cdmo_system, cdmo_qa):
    said = stated()
    mirror(cdmo_system, **said)
    mirror(cdmo_system, **(said | {"title": "Another title there"}))
    (found,) = seen_by(cdmo_qa, MirrorConflict)
    settle_conflict(
        cdmo_qa, found.pk, outcome=SettledBy.NOTED, reason="Shortened there on purpose.", version=1
    )
    mirror(cdmo_system, **(said | {"title": "Another title there"}))
    assert [each[3] for each in conflicts(cdmo_qa)] == ["settled"]
    mirror(cdmo_system, **(said | {"title": "A third title there"}))
    assert sorted(each[3] for each in conflicts(cdmo_qa)) == ["open", "settled"]


def test_a_class_there_is_a_copy_without_effect_and_a_conflict_once_another_stands_here(
    database, cdmo_system, cdmo_qa
):
    made = mirror(cdmo_system, external_class="Critical", **stated())
    row = only(cdmo_qa, MirrorClass)
    assert (row.classification, row.audience) == ("Critical", "manufacturer")
    assert seen_by(cdmo_qa, Judgement) == []
    assert conflicts(cdmo_qa) == []
    make.triage(cdmo_qa, made)
    mirror(cdmo_system, external_class="Critical")
    assert conflicts(cdmo_qa) == [("classification", "major", "critical", "open")]


def test_nobody_across_the_border_learns_of_a_conflict(database, cdmo_system, cdmo_qa, request):
    said = stated()
    made = mirror(cdmo_system, external_class="Critical", **said)
    make.release(cdmo_qa, make.triage(cdmo_qa, made))
    mirror(cdmo_system, external_class="Critical", **(said | {"title": "CANARY title there"}))
    found, _other = seen_by(cdmo_qa, MirrorConflict)
    for outsider in map(request.getfixturevalue, ("sponsor_qa", "rival_sponsor_qa")):
        assert seen_by(outsider, MirrorConflict) == []
        assert seen_by(outsider, MirrorClass) == []
        with pytest.raises(NotFound):
            settle_conflict(outsider, found.pk, outcome=SettledBy.NOTED, reason=REASON, version=1)
    with pytest.raises(Refused):
        settle_conflict(
            request.getfixturevalue("cdmo_operator"),
            found.pk,
            outcome=SettledBy.NOTED,
            reason=REASON,
            version=1,
        )
    with pytest.raises(StaleVersion):
        settle_conflict(cdmo_qa, found.pk, outcome=SettledBy.NOTED, reason=REASON, version=7)
    settle_conflict(cdmo_qa, found.pk, outcome=SettledBy.NOTED, reason=REASON, version=1)
    with pytest.raises(InvalidTransition):
        settle_conflict(cdmo_qa, found.pk, outcome=SettledBy.NOTED, reason=REASON, version=2)


def test_a_table_takes_each_row_by_itself(database, cdmo_system):
    batch = plant.batch(number="B-2417")
    at = (make.now() - timedelta(hours=1)).isoformat()
    head = "external_id;title;description;occurred_at;detected_at;batch;external_status;external_class"
    lines = [
        f"DV-1;Agitator stopped;The agitator stopped for 40 s.;{at};{at};B-2417;In work;Major",
        f"DV-2;Agitator stopped;The agitator stopped for 40 s.;{at};{at};B-9999;In work;",
        "DV-3;;;;;;In work;",
        "DV-1;;;;;;Closed;",
        f"DV-4;X;The agitator stopped for 40 s.;{at};yesterday;;In work;",
    ]
    told = mirror_table(cdmo_system, cast.PROGRAM, "\r\n".join([head, *lines]).encode("utf-8-sig"))
    row = only(cdmo_system, Deviation)
    assert (told.accepted, told.made) == (2, 1)
    assert [(each["row"], each["code"]) for each in told.refused] == [
        (3, "invalid"),
        (4, "invalid"),
        (6, "invalid"),
    ]
    assert (row.external_id, row.external_status, row.batch_id) == ("DV-1", "Closed", batch.pk)


@pytest.mark.parametrize(
    "data", [b"", b"number\r\n1\r\n", b"external_id,secret\r\n1,2\r\n", b"external_id\r\n\xff\xfe"]
)
def test_a_table_that_cannot_be_read_is_refused_whole(database, cdmo_system, data):
    with pytest.raises(Invalid):
        mirror_table(cdmo_system, cast.PROGRAM, data)


def test_a_rival_and_the_sponsor_send_no_table(database, rival_sponsor_qa, sponsor_qa):
    for outsider in (rival_sponsor_qa, sponsor_qa):
        with pytest.raises((NotFound, Refused)):
            mirror_table(outsider, cast.PROGRAM, b"external_id\r\nDV-1\r\n")
