"""A complaint belongs to a batch, names nobody, and is closed by who received it."""

import pytest

from deviations.actions.dockets.complaining import (
    close_complaint,
    conclude_complaint,
    decline_complaint,
    investigate_complaint,
)
from deviations.dockets.complaining.rules import require_nobody_named
from deviations.models import Complaint
from portal.action import reading
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Timeline
from portal.errors import DomainError
from portal.models import Clock
from tests.deviations.conftest import seen_by
from tests.factories import batches, cast
from tests.factories import dockets as file
from tests.factories.agreements import agree


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


@pytest.mark.parametrize(
    "words",
    [
        "Reported by anna@clinic.example",
        "Call +46 40 123 45 67 for more",
        "Patient initials A.B.",
        "Date of birth on the form",
        "Dr. Berg noticed it",
    ],
)
def test_words_that_tell_who_somebody_is_are_refused(words):
    assert refusal(require_nobody_named, description=words) == "person_named"


@pytest.mark.parametrize(
    "words", ["Lot F-0388, vials 14170 to 24612", "148 Pa, limit 60 Pa at 15:40", "Dr hold"]
)
def test_words_of_the_trade_are_not(words):
    require_nobody_named(description=words)


def test_both_sides_read_it_at_once_and_a_rival_nothing(database, sponsor_qa, cdmo_qa, rival_sponsor_qa):
    found = file.complaint(sponsor_qa)
    assert seen_by(cdmo_qa, Complaint) == [found]
    assert seen_by(rival_sponsor_qa, Complaint) == []
    theirs = batches.batch(cast.RIVAL_PROGRAM)
    assert refusal(file.complaint, sponsor_qa, batch_id=theirs.pk) == "not_found"
    assert (
        refusal(
            file.complaint, sponsor_qa, batch_id=found.batch_id, description="Mail to anna@clinic.example"
        )
        == "person_named"
    )


def test_the_cdmo_answers_in_the_time_of_the_clause_and_who_received_it_closes(database, sponsor_qa, cdmo_qa):
    rule = Timeline(activity=("complaint",), within=Duration(30, "calendar_days"), held_by="manufacturer")
    agree(Clause("8.4", "quality_unit", "Complaints", "Soon.", (rule,)))
    found = file.complaint(sponsor_qa)
    assert found.clause == "8.4"
    found = investigate_complaint(cdmo_qa, found.pk, text="Retains are looked at.", version=found.version)
    given = {"outcome": "not_confirmed", "text": "Ten retains are clear.", "version": found.version}
    assert refusal(conclude_complaint, sponsor_qa, found.pk, **given) == "refused"
    found = conclude_complaint(cdmo_qa, found.pk, **given)
    with reading(cdmo_qa):
        (clock,) = Clock.objects.visible_to(cdmo_qa).filter(subject_id=found.pk, kind="complaint")
    assert clock.state == "met"
    assert refusal(close_complaint, cdmo_qa, found.pk, version=found.version) == "refused"
    assert close_complaint(sponsor_qa, found.pk, version=found.version).state == "closed"


def test_that_no_investigation_is_needed_has_a_reason_and_a_responsible_person(
    database, sponsor_qa, cdmo_qa, cdmo_quality_head
):
    found = file.complaint(sponsor_qa)
    given = {"reason": "The same vial was examined last week.", "version": found.version}
    assert refusal(decline_complaint, cdmo_qa, found.pk, **given) == "refused"
    assert decline_complaint(cdmo_quality_head, found.pk, **given).state == "answered"


def test_pages_and_rest_of_a_complaint(database, signed_in, api, sponsor_qa):
    found = file.complaint(sponsor_qa)
    address = f"/complaints/{found.pk}/"
    assert 'name="units"' in signed_in("sponsor_qa").get("/complaints/new/").content.decode()
    assert found.number in signed_in("cdmo_qa").get("/complaints/").content.decode()
    assert signed_in("rival_sponsor_qa").get(address).status_code == 404
    assert api("cdmo_system").get(f"/api/v1{address}").json()["kind"] == "appearance"
    assert api("rival_system").get(f"/api/v1{address}").status_code == 404
