"""Delegation: what the lender holds in each moment, to a seated colleague, for a time, and no further."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.action import reading
from portal.actions.delegating import delegate_roles, end_delegation
from portal.actions.people import close_member, end_assignment, give_assignment
from portal.actor import Role, Side, system_actor
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.models import Assignment, Delegation, Member, Person
from portal.queries.signatures import ceremony
from portal.rosters.cover import cover_of
from portal.signable import signable_of
from portal.states import CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD, Meaning
from tests.conftest import actor, entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.signing import make_signer, sign

SETUP = system_actor("setup", cast.CDMO, cast.ARVO, cast.TESSEL)
REASON = "Annual leave, two weeks."


def lend(lender="cdmo_quality_head", delegate="cdmo_qa", **given):
    """Lend the lender's role in the first program for a week, unless said otherwise."""
    stated = {"roles": ["quality_head"], "reason": REASON, "valid_until": make.now() + timedelta(days=7)}
    program = given.pop("program", cast.PROGRAM)
    return delegate_roles(actor(lender), program, delegate_id=cast.person_id(delegate), **stated | given)


def holds(key, role=CDMO_QUALITY_HEAD, program=cast.PROGRAM):
    return actor(key).holds(program, role)


def seat_of(key, program=cast.PROGRAM):
    (seat,) = actor(key).seats[program]
    return seat


@pytest.fixture
def investigated(database, cdmo_operator, cdmo_qa):
    deviation = make.triage(cdmo_qa, make.report(cdmo_operator))
    return make.investigate(cdmo_qa, make.release(cdmo_qa, deviation), lead_code="QA floor 07")


class TestWhatIsLent:
    def test_the_delegate_holds_it_there_and_nowhere_else_and_keeps_the_own_code(self, database):
        lend()
        seat = seat_of("cdmo_qa")
        assert seat.roles == {"qa", "quality_head"}
        assert seat.own_roles == {"qa"}
        assert seat.code == "QA floor 07"
        assert [(each.code, each.roles) for each in seat.lenders] == [("Quality head 01", {"quality_head"})]
        assert not holds("cdmo_qa", program=cast.SECOND_PROGRAM)
        assert not holds("cdmo_qa", program=cast.RIVAL_PROGRAM)
        assert holds("cdmo_quality_head")

    def test_it_is_recorded_with_both_codes_on_the_chain_of_the_own_organisation_alone(self, database):
        heads = entries_of(cast.PROGRAM), entries_of(cast.ARVO)
        delegation = lend()
        with reading(system_actor("relay", cast.CDMO)):
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute(
                    "select convert_from(i.body, 'UTF8') from ledger.item i join ledger.entry e"
                    " on e.marker_id = i.marker_id where e.space_id = %s and i.name = 'delegation.given'"
                    " order by e.seq desc limit 1",
                    [cast.CDMO],
                )
                fact = json.loads(cursor.fetchone()[0])
        assert entries_of(cast.CDMO)[-1][1] == "delegation.given"
        assert fact["payload"] == {
            "target_id": str(cast.PROGRAM),
            "roles": ["quality_head"],
            "code": "Quality head 01",
            "delegate_code": "QA floor 07",
            "valid_from": delegation.valid_from.isoformat(),
            "valid_until": delegation.valid_until.isoformat(),
        }
        assert (entries_of(cast.PROGRAM), entries_of(cast.ARVO)) == heads

    def test_of_two_roles_the_one_that_was_not_lent_stays(self, database):
        give_assignment(
            SETUP,
            cast.CDMO,
            person_id=cast.person_id("cdmo_quality_head"),
            target_id=cast.PROGRAM,
            side=Side.MANUFACTURER,
            role="qp",
            code="QP 01",
        )
        lend(delegate="cdmo_shift_lead")
        assert seat_of("cdmo_shift_lead").roles == {"shift_lead", "quality_head"}

    def test_it_begins_and_ends_by_its_dates(self, database, clock):
        begins = make.now() + timedelta(days=3)
        lend(valid_from=begins, valid_until=begins + timedelta(days=4))
        assert not holds("cdmo_qa")
        clock.move(timedelta(days=3, minutes=1))
        assert holds("cdmo_qa")
        clock.move(timedelta(days=7, minutes=1))
        assert not holds("cdmo_qa")

    def test_alerts_for_the_role_are_told_to_the_delegate_too(self, database):
        lend()
        with reading(system_actor("sweep", cast.PROGRAM)):
            told = cover_of(cast.PROGRAM).listeners("manufacturer", ["quality_head"], datetime.now(UTC))
        assert {(each.person_id, each.code) for each in told} == {
            (cast.person_id("cdmo_quality_head"), "Quality head 01"),
            (cast.person_id("cdmo_qa"), "QA floor 07"),
        }

    @pytest.mark.parametrize("who", ["lender", "delegate", "account of the lender"])
    def test_it_outlives_neither_seat(self, database, cdmo_admin, who):
        lend()
        key = "cdmo_qa" if who == "delegate" else "cdmo_quality_head"
        with reading(SETUP):
            member = Member.objects.visible_to(SETUP).get(person_id=cast.person_id(key))
            seat = Assignment.objects.visible_to(SETUP).get(
                person_id=member.person_id, target_id=cast.PARTNERSHIP
            )
        if who.startswith("account"):
            close_member(cdmo_admin, member.pk, reason="has left")
        else:
            end_assignment(cdmo_admin, seat.pk, reason="moved on")
        assert not holds("cdmo_qa")

    def test_giving_and_ending_it_reach_what_the_delegate_has_open(self, database):
        def epoch():
            return Person.objects.get(pk=cast.person_id("cdmo_qa")).access_epoch

        before = epoch()
        delegation = lend()
        given = epoch()
        end_delegation(actor("cdmo_quality_head"), delegation.pk, reason="back at work")
        assert before < given < epoch()

    def test_it_is_not_passed_on(self, database):
        lend()
        with pytest.raises(Refused) as refused:
            lend("cdmo_qa", "cdmo_shift_lead")
        assert refused.value.problem_code == "not_held"
        lend("cdmo_qa", "cdmo_shift_lead", roles=["qa"])
        assert not holds("cdmo_shift_lead")
        assert holds("cdmo_shift_lead", CDMO_QA)


class TestWhoLendsToWhom:
    @pytest.mark.parametrize(
        ("lender", "roles"), [("cdmo_qa", ["quality_head"]), ("cdmo_qa", []), ("inspector", ["inspector"])]
    )
    def test_nobody_lends_what_is_not_theirs(self, database, lender, roles):
        with pytest.raises(Refused):
            lend(lender, "cdmo_shift_lead" if lender != "inspector" else "sponsor_qa", roles=roles)

    @pytest.mark.parametrize(
        "delegate", ["cdmo_quality_head", "sponsor_qa", "rival_sponsor_qa", "cdmo_admin", "cdmo_system"]
    )
    def test_a_delegate_is_a_seated_colleague_of_the_same_side(self, database, delegate):
        with pytest.raises(Invalid) as refused:
            lend(delegate=delegate)
        assert list(refused.value.errors) == ["delegate"]

    def test_a_colleague_without_a_seat_in_that_program_gets_none_by_it(self, database):
        with pytest.raises(Invalid):
            lend(delegate="cdmo_shift_lead", program=cast.RIVAL_PROGRAM)

    @pytest.mark.parametrize("key", ["rival_sponsor_qa", "cdmo_admin"])
    def test_whoever_has_no_seat_there_learns_nothing_of_the_program(self, database, key):
        with pytest.raises(NotFound):
            lend(key, "cdmo_qa")

    def test_a_key_lends_nothing(self, database):
        with pytest.raises(Refused):
            lend("cdmo_system", "cdmo_shift_lead", roles=["qa"])

    @pytest.mark.parametrize(
        ("begins", "ends", "field"),
        [(-1, 7, "valid_from"), (91, 92, "valid_from"), (0, 0, "valid_until"), (1, 44, "valid_until")],
    )
    def test_it_has_bounds(self, database, begins, ends, field):
        now = make.now()
        dates = {"valid_from": now + timedelta(days=begins, seconds=1 if not begins else 0)}
        with pytest.raises(Invalid) as refused:
            lend(**dates, valid_until=now + timedelta(days=ends))
        assert list(refused.value.errors) == [field]

    def test_it_needs_a_reason(self, database):
        with pytest.raises(Invalid) as refused:
            lend(reason="  leave   ")
        assert list(refused.value.errors) == ["reason"]


class TestEndingIt:
    @pytest.mark.parametrize("key", ["cdmo_quality_head", "cdmo_qa", "cdmo_admin"])
    def test_lender_delegate_and_administrator_end_it_at_once(self, database, key):
        delegation = end_delegation(actor(key), lend().pk, reason="back at work")
        assert not holds("cdmo_qa")
        assert entries_of(cast.CDMO)[-1][1] == "delegation.ended"
        with pytest.raises(Conflict):
            end_delegation(actor(key), delegation.pk, reason="once more")

    def test_one_that_is_ended_before_it_began_never_begins(self, database, clock):
        begins = make.now() + timedelta(days=3)
        delegation = lend(valid_from=begins, valid_until=begins + timedelta(days=4))
        end_delegation(actor("cdmo_qa"), delegation.pk, reason="not needed")
        clock.move(timedelta(days=4))
        assert not holds("cdmo_qa")

    def test_a_colleague_does_not_end_it_and_a_stranger_finds_none(self, database):
        delegation = lend()
        with pytest.raises(Refused):
            end_delegation(actor("cdmo_operator"), delegation.pk, reason="not mine")
        for key in ("sponsor_qa", "rival_sponsor_qa"):
            with pytest.raises(NotFound):
                end_delegation(actor(key), delegation.pk, reason="not mine")
        assert holds("cdmo_qa")


class TestSigningAsADelegate:
    def test_it_is_the_delegates_own_signature_and_says_whose_role_it_rests_on(
        self, investigated, sponsor_viewer
    ):
        lend("sponsor_quality_head", "sponsor_viewer")
        make_signer(actor("sponsor_viewer"), cast.ARVO)
        signature = sign(actor("sponsor_viewer"), investigated, Meaning.REJECTED)
        assert signature.printed_name == "Name of sponsor_viewer"
        assert signature.code == "Sponsor viewer 11, delegate of Sponsor quality head 01"
        assert json.loads(signature.manifest)["signer"]["code"] == signature.code
        assert signature.holds

    def test_what_the_own_role_allows_is_signed_without_a_word_of_the_lender(self, investigated):
        lend("sponsor_quality_head", "sponsor_qa")
        make_signer(actor("sponsor_qa"), cast.ARVO)
        assert sign(actor("sponsor_qa"), investigated, Meaning.CONCURRED).code == "Sponsor QA 03"

    def test_a_delegate_never_approves_the_lenders_own_work(self, database, cdmo_quality_head, cdmo_qa):
        deviation = make.report(actor("cdmo_quality_head"))
        deviation = make.investigate(cdmo_qa, make.release(cdmo_qa, make.triage(cdmo_qa, deviation)))
        lend("cdmo_quality_head", "cdmo_shift_lead")
        make_signer(actor("cdmo_shift_lead"), cast.CDMO)
        delegate = actor("cdmo_shift_lead")
        with reading(delegate):
            assert Meaning.APPROVED not in ceremony(delegate, signable_of("deviation"), deviation.pk).meanings
        with pytest.raises(Refused) as refused:
            sign(delegate, deviation, Meaning.APPROVED)
        assert refused.value.problem_code == "own_work"

    def test_nor_what_the_lender_leads(self, investigated):
        lend("cdmo_qa", "cdmo_shift_lead", roles=["qa"])
        make_signer(actor("cdmo_shift_lead"), cast.CDMO)
        with pytest.raises(Refused) as refused:
            sign(actor("cdmo_shift_lead"), investigated, Meaning.APPROVED)
        assert refused.value.problem_code == "own_work"

    def test_nor_does_it_free_the_delegate_from_the_own_work(self, investigated):
        lend("cdmo_quality_head", "cdmo_qa")
        make_signer(actor("cdmo_qa"), cast.CDMO)
        with pytest.raises(Refused) as refused:
            sign(actor("cdmo_qa"), investigated, Meaning.APPROVED)
        assert refused.value.problem_code == "own_work"


def test_the_ledger_says_whose_delegate_acted_and_the_other_side_reads_codes(database, signed_in):
    lend("cdmo_quality_head", "cdmo_qa")
    qa = actor("cdmo_qa")
    make.release(qa, make.triage(qa, make.report(qa)))
    page = signed_in("sponsor_qa").get(f"/ledger/?space={cast.PROGRAM}&audience=shared").content.decode()
    assert "QA floor 07 (delegate of Quality head 01)" in page
    assert "Name of cdmo" not in page
    assert REASON not in page


class TestThePage:
    def given(self, **changed):
        # As the lender's own clock shows it.
        ends = (make.now() + timedelta(days=7)).astimezone(ZoneInfo("Europe/Stockholm"))
        stated = {
            "delegate": str(cast.person_id("cdmo_qa")),
            "roles": ["quality_head"],
            "valid_until": f"{ends:%Y-%m-%dT%H:%M}",
            "reason": REASON,
        }
        return stated | changed

    def test_a_person_lends_and_both_see_it_and_it_is_ended_there(self, database, signed_in):
        lender, delegate = signed_in("cdmo_quality_head"), signed_in("cdmo_qa")
        address = f"/delegations/?program={cast.PROGRAM}"
        assert "Name of cdmo_qa, QA floor 07" in lender.get(address).content.decode()
        assert "Your time (Europe/Stockholm), six weeks" in lender.get(address).content.decode()
        given = self.given()
        assert lender.post(address, given).status_code == 303
        typed = datetime.fromisoformat(given["valid_until"]).replace(tzinfo=ZoneInfo("Europe/Stockholm"))
        with reading(actor("cdmo_quality_head")):
            assert Delegation.objects.visible_to(actor("cdmo_quality_head")).get().valid_until == typed
        for client in (lender, delegate, signed_in("cdmo_admin")):
            shown = client.get("/delegations/").content.decode()
            assert REASON in shown
        assert "for Quality head 01, " in delegate.get("/").content.decode()
        assert REASON not in signed_in("cdmo_operator").get("/delegations/").content.decode()
        with reading(actor("cdmo_qa")):
            found = Delegation.objects.visible_to(actor("cdmo_qa")).get()
        assert delegate.post(f"/delegations/{found.pk}/end/", {"reason": "x"}).status_code == 400
        assert delegate.post(f"/delegations/{found.pk}/end/", {"reason": "back at work"}).status_code == 303
        assert not holds("cdmo_qa")

    def test_a_faulty_one_is_refused_in_words(self, database, signed_in):
        client = signed_in("cdmo_quality_head")
        answer = client.post(
            f"/delegations/?program={cast.PROGRAM}", self.given(valid_until="2040-01-01T00:00")
        )
        assert answer.status_code == 400
        assert "lasts 6 weeks at most" in answer.content.decode()
        assert not holds("cdmo_qa")

    def test_the_other_side_and_a_rival_find_nothing(self, database, signed_in):
        lend()
        with reading(actor("cdmo_qa")):
            found = Delegation.objects.visible_to(actor("cdmo_qa")).get()
        for key in ("sponsor_qa", "rival_sponsor_qa", "inspector"):
            client = signed_in(key)
            assert REASON not in client.get("/delegations/").content.decode()
            answer = client.post(f"/delegations/{found.pk}/end/", {"reason": "not mine"})
            assert answer.status_code == 404
        assert holds("cdmo_qa")


def test_a_role_of_the_other_side_is_never_reached(database):
    lend("sponsor_quality_head", "sponsor_qa")
    assert actor("sponsor_qa").holds(cast.PROGRAM, SPONSOR_QUALITY_HEAD)
    assert not actor("sponsor_qa").holds(cast.PROGRAM, CDMO_QUALITY_HEAD)
    assert actor("sponsor_qa").acts_for(cast.PROGRAM, Role(Side.MANUFACTURER, "quality_head")) == ""


def test_own_and_lent_stay_apart_when_both_hold_the_role(database):
    give_assignment(
        SETUP,
        cast.CDMO,
        person_id=cast.person_id("cdmo_qa"),
        target_id=cast.PROGRAM,
        side=Side.MANUFACTURER,
        role="quality_head",
        code="Quality head 02",
    )
    lend()
    qa = actor("cdmo_qa")
    assert qa.acts_for(cast.PROGRAM, CDMO_QUALITY_HEAD) == ""
    assert qa.is_one_of(cast.PROGRAM, person_id=cast.person_id("cdmo_quality_head"))
