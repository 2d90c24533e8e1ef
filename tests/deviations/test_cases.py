"""What a draft is run over: each past deviation with its class, notice, receipt and end."""

from datetime import UTC, datetime, timedelta

import pytest

from deviations.models import Elsewhere
from deviations.queries.cases import past_cases
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.agreements.backtest import backtest
from portal.agreements.terms import default_terms
from portal.models import Alert
from tests.factories import cast
from tests.factories import deviations as make

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.now(UTC) - timedelta(days=400)


def cases_of(actor):
    with reading(actor):
        return past_cases(actor, cast.PROGRAM, LONG_AGO)


def test_a_case_holds_the_instants_that_clauses_look_at(cdmo_qa, sponsor_qa):
    told = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
    with reading(sponsor_qa):
        alert = Alert.objects.visible_to(sponsor_qa).get(subject_id=told.pk)
    acknowledge_alert(sponsor_qa, alert.pk)
    (case,) = cases_of(sponsor_qa)
    assert (case.id, case.number, case.classification, case.aware_at) == (
        told.pk,
        told.number,
        "major",
        told.aware_at,
    )
    assert case.told_at is not None
    assert case.acknowledged_at is not None
    assert (case.closed_at, case.completed_at) == (None, None)


def test_of_a_copied_record_the_times_before_the_copy_are_those_its_own_system_states(cdmo_qa):
    at = make.now() - timedelta(days=40)
    there = Elsewhere(at + timedelta(hours=3), at + timedelta(hours=4), at + timedelta(days=20))
    copied = make.report(
        cdmo_qa,
        occurred_at=at,
        detected_at=at,
        late_reason="Copied on the day the program moved in.",
        external_id="DV-26-0457",
        elsewhere=there,
    )
    make.release(cdmo_qa, make.triage(cdmo_qa, copied))
    native = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
    old, new = cases_of(cdmo_qa)
    assert (old.recorded_at, old.told_at, old.closed_at) == (there.opened_at, there.told_at, there.closed_at)
    assert (old.is_stated, old.acknowledged_at) == (True, None)
    assert (new.id, new.is_stated, new.closed_at) == (native.pk, False, None)
    in_time = backtest(default_terms(), [old], lambda duration, since: since + timedelta(days=1), make.now())
    assert in_time.counts["notice_in_time"] == 1


def test_a_case_of_one_side_is_none_for_the_other(cdmo_qa, sponsor_qa, rival_sponsor_qa):
    inside = make.triage(cdmo_qa, make.report(cdmo_qa))
    assert [each.id for each in cases_of(cdmo_qa)] == [inside.pk]
    assert cases_of(sponsor_qa) == []
    assert cases_of(rival_sponsor_qa) == []


def test_the_number_of_queries_does_not_grow(cdmo_qa, django_assert_num_queries):
    make.report(cdmo_qa)
    make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
    with reading(cdmo_qa), django_assert_num_queries(4):
        past_cases(cdmo_qa, cast.PROGRAM, LONG_AGO)
