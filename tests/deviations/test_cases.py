"""What a draft is run over: each past deviation with its class, notice, receipt and end."""

from datetime import UTC, datetime, timedelta

import pytest

from deviations.queries.cases import past_cases
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
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
