"""The agreement runs: a new version changes what begins after it, and nothing that began before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deviations.models import Notice
from portal.action import reading
from portal.agreements.durations import Duration
from portal.models import Alert, Clock
from portal.terms import terms_of
from tests.factories import agreements as make
from tests.factories import cast
from tests.factories import deviations as report

FOUR_HOURS = [("within 24 hours", "within 4 hours"), ("hours: 24", "hours: 4")]


@pytest.fixture
def both(database, cdmo_quality_head, sponsor_quality_head):
    return make.heads(cdmo_quality_head, sponsor_quality_head)


def critical(operator, qa):
    return report.triage(qa, report.report(operator), "critical")


def clock_of(reader, deviation):
    with reading(reader):
        return Clock.objects.visible_to(reader).get(subject_id=deviation.pk, alert=None, clause="5.1")


def test_a_new_version_stands_on_clock_notice_and_ladder_and_an_old_record_keeps_its_own(
    both, cdmo_operator, cdmo_qa, sponsor_qa, signed_in
):
    make.both_sign(*both, make.in_review(both[0], number=4))
    old = critical(cdmo_operator, cdmo_qa)
    make.both_sign(*both, make.in_review(both[0], edits=FOUR_HOURS))
    new = critical(cdmo_operator, cdmo_qa)

    for deviation, number, hours in ((old, 4, 24), (new, 5, 4)):
        clock = clock_of(cdmo_qa, deviation)
        assert clock.terms == number
        assert clock.due_at == deviation.aware_at + timedelta(hours=hours)

    # Released after the change, each by the version under which it began.
    for deviation, number in ((old, 4), (new, 5)):
        report.release(cdmo_qa, deviation)
        with reading(sponsor_qa):
            notice = Notice.objects.visible_to(sponsor_qa).get(deviation_id=deviation.pk)
            alert = Alert.objects.visible_to(sponsor_qa).get(pk=notice.alert_id)
            ladder = Clock.objects.visible_to(sponsor_qa).get(alert_id=alert.pk)
            rule = terms_of(sponsor_qa, cast.PROGRAM, alert.terms).notice("critical").rule
        assert (notice.clause, alert.clause, alert.terms) == ("5.1", "5.1", number)
        assert ladder.terms == number
        assert rule.within == Duration({4: 24, 5: 4}[number], "hours")
        shown = signed_in("sponsor_qa").get(f"/deviations/{deviation.pk}/").content.decode()
        assert f"/agreement/terms/{cast.PROGRAM}/{number}/#clause-5.1" in shown
        assert f"clause 5.1, agreement v{number}" in shown
        assert f"clause 5.1, agreement v{9 - number}" not in shown
