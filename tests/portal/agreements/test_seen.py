"""The agreement runs: a new version changes what begins after it, and nothing that began before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deviations.models import Notice
from portal.action import reading
from portal.actions import agreeing
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


def test_what_both_sides_did_with_a_version_stands_on_its_page_with_each_reason(both, signed_in):
    maker, sponsor = both
    found = make.both_sign(maker, sponsor, make.in_review(maker))
    day = datetime.now(UTC) + timedelta(days=90)
    agreeing.ask_end(
        maker, found.pk, ends_at=day, reason="The process moves elsewhere.", version=found.version
    )
    agreeing.drop_end(sponsor, found.pk, reason="The launch needs two years.", version=found.version)
    for key in ("cdmo_quality_head", "sponsor_quality_head"):
        shown = signed_in(key).get(f"/agreement/{found.pk}/").content.decode()
        steps = ["Its end dropped", "launch needs two years", "Its end asked for", "process moves elsewhere"]
        steps += ["Signed by both", "Shown to the other side"]
        shown = shown[shown.index("happened-title") :]
        places = [shown.index(each) for each in steps]
        assert places == sorted(places)


def test_a_draft_tells_nothing_of_its_steps(both, signed_in):
    draft = make.draft(both[0])
    assert (
        "What happened" not in signed_in("cdmo_quality_head").get(f"/agreement/{draft.pk}/").content.decode()
    )
