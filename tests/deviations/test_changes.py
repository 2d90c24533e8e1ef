"""A change is in place only after the other side was told, asked, or approved it, as the clause wants."""

from datetime import timedelta

import pytest

from deviations.actions.dockets.changing import (
    close_change,
    draft_change,
    implement_change,
    propose_change,
    refuse_change,
    reply_to_change,
)
from deviations.models import Change
from portal.action import reading
from portal.actions.clocks import breach_clock
from portal.actor import system_actor
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Consulted, Responsibility, Timeline
from portal.errors import DomainError
from portal.models import Clock
from tests.conftest import actor
from tests.deviations.conftest import seen_by
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories import dockets as file
from tests.factories.agreements import agree


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


AT_ONCE = Duration(1, "minutes")


def clause(ahead=AT_ONCE, **rule):
    found = Responsibility(activity=("change_approval",), accountable="manufacturer", **rule)
    notice = Timeline(activity=("change_notice",), within=ahead, held_by="manufacturer")
    return Clause("12.1", "change_control", "Changes", "Soon.", (found, notice))


CONSULTED = (Consulted("sponsor.qa", Duration(5, "calendar_days")),)
TOLD = ("sponsor.qa",)
SOON = timedelta(minutes=2)


def clocks(change, kind="change_review"):
    by = actor("cdmo_qa")
    with reading(by):
        return list(Clock.objects.visible_to(by).filter(subject_id=change.pk, kind=kind))


def put(by, change, **given):
    stands = file.again(change)
    return implement_change(by, change.pk, **{"text": "SOP in force.", "version": stands.version} | given)


def replied(by, change, outcome="no_objection"):
    version = file.again(change).version
    return reply_to_change(by, change.pk, outcome=outcome, text="Assessed.", version=version)


def approved(change, *keys):
    for key in keys:
        file.sign(actor(key), change, "change")
    return file.again(change)


@pytest.fixture
def signers(database):
    for key, home in (("cdmo_quality_head", cast.CDMO), ("sponsor_quality_head", cast.ARVO)):
        signing.make_signer(actor(key), home)


def test_a_draft_is_its_own_sides_alone_until_it_is_proposed(database, cdmo_qa, sponsor_qa, rival_sponsor_qa):
    change = file.drafted(cdmo_qa)
    assert seen_by(sponsor_qa, Change) == seen_by(rival_sponsor_qa, Change) == []
    propose_change(cdmo_qa, change.pk, version=change.version)
    assert seen_by(sponsor_qa, Change) == [change]
    assert seen_by(rival_sponsor_qa, Change) == []


def test_the_clause_says_the_least_and_more_may_be_given(database, cdmo_qa):
    assert (file.drafted(cdmo_qa).weight, file.drafted(cdmo_qa).clause) == ("approve", "14.1")
    agree(clause(consulted=CONSULTED))
    found = file.drafted(cdmo_qa)
    assert (found.weight, found.clause) == ("consult", "12.1")
    assert refusal(file.drafted, cdmo_qa, weight="notify") == "invalid"
    assert file.drafted(cdmo_qa, weight="approve").weight == "approve"


def test_what_the_other_side_approves_waits_for_both_signatures(signers, cdmo_qa, sponsor_qa):
    agree(clause(approves=("sponsor.quality_head",)))
    change = file.proposed(cdmo_qa)
    assert approved(change, "cdmo_quality_head").state == "proposed"
    assert refusal(put, cdmo_qa, change) == "invalid_transition"
    assert approved(change, "sponsor_quality_head").state == "approved"
    assert put(cdmo_qa, change).state == "implemented"


def test_who_drafted_a_change_does_not_approve_it_and_no_side_signs_twice(signers, cdmo_quality_head):
    change = file.proposed(cdmo_quality_head, weight="approve")
    assert refusal(file.sign, cdmo_quality_head, change, "change") == "own_work"
    assert approved(change, "sponsor_quality_head").state == "proposed"
    assert refusal(file.sign, actor("sponsor_quality_head"), change, "change") != ""


def test_who_is_consulted_has_its_time_and_silence_is_no_agreement(signers, cdmo_qa, sponsor_qa, clock):
    agree(clause(consulted=CONSULTED))
    change = approved(file.proposed(cdmo_qa), "cdmo_quality_head")
    (review,) = clocks(change)
    assert (change.state, review.side, review.clause) == ("approved", "sponsor", "12.1")
    assert refusal(put, cdmo_qa, change) == "invalid_transition"
    clock.move(timedelta(days=7))
    breach_clock(system_actor("sweep", cast.PROGRAM), review.pk)
    found = put(cdmo_qa, change)
    assert (found.state, found.reply) == ("implemented", "")


def test_an_objection_stops_it_until_a_newer_reply(signers, cdmo_qa, sponsor_qa, clock):
    agree(clause(consulted=CONSULTED))
    change = approved(file.proposed(cdmo_qa), "cdmo_quality_head")
    clock.move(SOON)
    replied(sponsor_qa, change, "objection")
    assert refusal(put, cdmo_qa, change) == "invalid_transition"
    replied(sponsor_qa, change)
    assert put(cdmo_qa, change).state == "implemented"


def test_the_notice_ahead_of_a_clause_is_over_first(signers, cdmo_qa, clock):
    agree(clause(Duration(30, "calendar_days"), informed=TOLD))
    change = approved(file.proposed(cdmo_qa), "cdmo_quality_head")
    assert refusal(put, cdmo_qa, change) == "invalid_transition"
    clock.move(timedelta(days=32))
    assert put(cdmo_qa, change).state == "implemented"


def test_a_planned_departure_has_its_end_and_runs_to_it(signers, cdmo_qa, clock):
    agree(clause(informed=TOLD))
    given = file.CHANGE | {"kind": "departure", "implement_from": make.now()}
    assert refusal(draft_change, cdmo_qa, cast.PROGRAM, **given) == "invalid"
    change = file.proposed(cdmo_qa, kind="departure", ends_at=make.now() + timedelta(days=3))
    approved(change, "cdmo_quality_head")
    clock.move(SOON)
    found = put(cdmo_qa, change)
    (end,) = clocks(change, "change_end")
    assert (end.due_at, end.side) == (found.ends_at, "manufacturer")
    close_change(cdmo_qa, change.pk, text="Back to the plan.", version=found.version)
    assert clocks(change, "change_end")[0].state == "met"


def test_the_other_side_refuses_only_what_it_approves(database, cdmo_qa, sponsor_qa):
    agree(clause(informed=TOLD))
    for weight, expected in (("notify", "invalid"), ("approve", None)):
        change = file.proposed(cdmo_qa, weight=weight)
        given = {"reason": "The second site is not qualified.", "version": change.version}
        if expected:
            assert refusal(refuse_change, sponsor_qa, change.pk, **given) == expected
        else:
            assert refuse_change(sponsor_qa, change.pk, **given).state == "refused"


def test_pages_and_rest_of_a_change(database, signed_in, api, cdmo_qa):
    change = file.drafted(cdmo_qa)
    address = f"/changes/{change.pk}/"
    cdmo, sponsor = signed_in("cdmo_qa"), signed_in("sponsor_qa")
    assert 'name="implement_from"' in cdmo.get("/changes/new/").content.decode()
    assert sponsor.get(address).status_code == 404
    assert cdmo.post(f"{address}propose/", {"version": str(change.version)}).status_code == 303
    assert 'name="outcome"' in sponsor.get(address).content.decode()
    assert signed_in("rival_sponsor_qa").get(address).status_code == 404
    body = {"program": str(cast.PROGRAM), **file.CHANGE, "implement_from": "2040-01-01T08:00:00Z"}
    made = api("cdmo_system").post("/api/v1/changes/", body, content_type="application/json")
    assert (made.status_code, made.json()["stated"]["weight"]) == (201, "approve")
