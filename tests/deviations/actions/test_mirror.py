from datetime import timedelta

import pytest

from batches.errors import NothingToMatch
from deviations.actions.report import mirror_deviation
from deviations.models import Deviation, Elsewhere
from portal.errors import Conflict, Invalid, NotFound, Refused, StaleVersion
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make


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
