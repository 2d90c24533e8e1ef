import pytest

from deviations.queries.inbox import deviations_waiting
from deviations.states import NOTICE_CLOCK
from portal.action import reading
from portal.models import Clock
from portal.slots import inbox
from tests.deviations.conftest import only
from tests.factories import cast
from tests.factories import deviations as make


def waiting(actor):
    with reading(actor):
        return deviations_waiting(actor)


def kinds(actor):
    return [each.kind for each in waiting(actor)]


def test_each_stand_waits_for_its_next_step(
    database, cdmo_qa, cdmo_quality_head, sponsor_qa, sponsor_quality_head
):
    found = make.report(cdmo_qa)
    assert kinds(cdmo_qa) == ["triage"]
    found = make.triage(cdmo_qa, found)
    assert kinds(cdmo_qa) == ["release_notice"]
    found = make.release(cdmo_qa, found)
    assert kinds(cdmo_qa) == ["investigate"]
    found = make.investigate(cdmo_qa, found)
    assert kinds(cdmo_qa) == ["submit_report"]
    found = make.submit(cdmo_qa, found)
    assert (kinds(cdmo_qa), kinds(cdmo_quality_head), kinds(sponsor_qa)) == (["approve"], ["approve"], [])
    found = make.approve(cdmo_qa, found)
    assert (kinds(cdmo_qa), kinds(sponsor_qa)) == ([], ["object_report"])
    found = make.object_report(sponsor_qa, found)
    assert (kinds(cdmo_quality_head), kinds(sponsor_quality_head)) == (["settle"], ["settle"])
    for head in (cdmo_quality_head, sponsor_quality_head):
        found = make.settle(head, found)
    assert (kinds(cdmo_qa), kinds(sponsor_qa), kinds(cdmo_quality_head)) == (["close"], [], [])
    make.close(cdmo_qa, found)
    assert kinds(cdmo_qa) == []


def test_a_notice_that_waits_shows_its_clause_and_deadline(triaged, cdmo_qa):
    (item,) = waiting(cdmo_qa)
    clock = only(cdmo_qa, Clock, kind=NOTICE_CLOCK)
    assert (item.clause, item.due_at, item.side) == ("5.2", clock.due_at, "manufacturer")
    assert (item.number, item.title, item.classification) == (triaged.number, make.TITLE, "major")
    assert (item.url, item.space_id) == (f"/deviations/{triaged.pk}/", cast.PROGRAM)


def test_a_minor_one_does_not_wait_for_a_notice(reported, cdmo_qa):
    make.triage(cdmo_qa, reported, "minor")
    assert kinds(cdmo_qa) == ["investigate"]


@pytest.mark.parametrize(
    "key", ["cdmo_operator", "cdmo_quality_head", "sponsor_qa", "rival_sponsor_qa", "inspector"]
)
def test_nobody_is_shown_what_they_may_not_move(triaged, request, key):
    assert waiting(request.getfixturevalue(key)) == []


def test_the_portal_asks_for_it(triaged, cdmo_qa):
    with reading(cdmo_qa):
        items = [item for provided in inbox(cdmo_qa) for item in provided]
    assert triaged.pk in [item.subject_id for item in items]


def test_the_queries_do_not_grow(database, cdmo_qa, django_assert_num_queries):
    for count in (1, 2):
        for _ in range(count):
            make.triage(cdmo_qa, make.report(cdmo_qa))
        with reading(cdmo_qa), django_assert_num_queries(3):
            deviations_waiting(cdmo_qa)
