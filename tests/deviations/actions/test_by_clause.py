"""The agreement in force decides who is told until when; a record keeps the version it began under."""

from datetime import timedelta

import pytest

from deviations.errors import NoticeOutstanding
from deviations.states import NOTICE_CLOCK
from portal.action import reading
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Notification
from portal.models import Alert, Clock
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.agreements import agree

pytestmark = pytest.mark.django_db
FOUR_HOURS = Duration(4, "hours")


def notice_clause(classification, within, *, in_list="", chase_at=0.5):
    rule = Notification(
        of=("deviation",),
        classification=(classification,),
        within=within,
        in_list=in_list,
        to=("sponsor.qa",),
        chase_at=chase_at,
    )
    return Clause("5.1", "quality_unit", "First notice", "Soon.", (rule,))


def clocks_of(actor, deviation):
    with reading(actor):
        rows = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind=NOTICE_CLOCK)
        return [(each.clause, each.terms, each.due_at - deviation.aware_at) for each in rows]


def test_a_new_version_gives_new_records_its_time_and_leaves_older_ones_theirs(cdmo_qa):
    older = make.report(cdmo_qa)
    agree(
        notice_clause("critical", FOUR_HOURS),
        number=5,
        effective_from=older.recorded_at + timedelta(microseconds=1),
    )
    newer = make.report(cdmo_qa)
    for each in (older, newer):
        make.triage(cdmo_qa, each, classification="critical")
    assert clocks_of(cdmo_qa, older) == [("5.1", None, timedelta(hours=24))]
    assert clocks_of(cdmo_qa, newer) == [("5.1", 5, timedelta(hours=4))]


def test_the_clause_says_when_the_own_heads_are_asked(cdmo_qa):
    agree(notice_clause("critical", FOUR_HOURS, chase_at=0.25))
    found = make.triage(cdmo_qa, make.report(cdmo_qa), classification="critical")
    with reading(cdmo_qa):
        clock = Clock.objects.visible_to(cdmo_qa).get(subject_id=found.pk, kind=NOTICE_CLOCK)
    assert clock.next_at - found.aware_at == timedelta(hours=1)


def test_a_notice_and_its_ladder_name_clause_and_version(cdmo_qa, sponsor_qa):
    agree(notice_clause("critical", FOUR_HOURS), number=7)
    found = make.triage(cdmo_qa, make.report(cdmo_qa), classification="critical")
    make.release(cdmo_qa, found)
    with reading(sponsor_qa):
        alert = Alert.objects.visible_to(sponsor_qa).get(subject_id=found.pk)
        ladder = Clock.objects.visible_to(sponsor_qa).get(alert=alert)
    assert [(each.clause, each.terms) for each in (alert, ladder)] == [("5.1", 7), ("5.1", 7)]


@pytest.mark.parametrize(
    ("within", "in_list", "is_due"),
    [(None, "both", False), (FOUR_HOURS, "both", True), (FOUR_HOURS, "", True)],
)
def test_what_a_clause_puts_in_a_list_alone_needs_no_notice_to_be_closed(cdmo_qa, within, in_list, is_due):
    agree(notice_clause("major", within, in_list=in_list))
    found = make.investigate(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa), classification="major"))
    assert found.is_notice_due is is_due
    if is_due:
        with pytest.raises(NoticeOutstanding):
            make.close(cdmo_qa, found)
    else:
        assert make.finish(cdmo_qa, found).state == "closed"


def test_another_clients_agreement_changes_nothing_here(cdmo_qa):
    agree(notice_clause("critical", FOUR_HOURS), program=cast.RIVAL_PROGRAM)
    found = make.triage(cdmo_qa, make.report(cdmo_qa), classification="critical")
    assert clocks_of(cdmo_qa, found) == [("5.1", None, timedelta(hours=24))]
