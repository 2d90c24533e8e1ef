"""Inspections: one outsider, one program, a time; what is handed over is listed, the other party is told."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import ProgrammingError, connection

from portal.action import action, reading
from portal.actions import inspecting, people, proposing
from portal.actions.reviewing import open_review
from portal.actor import Actor, Side, seats_of, system_actor
from portal.errors import Conflict, DomainError, Invalid, InvalidTransition, NotFound, Refused
from portal.models import (
    AccessLine,
    Alert,
    Assignment,
    Attachment,
    Handover,
    Inspection,
    Member,
    Person,
    Proposal,
    Receipt,
)
from portal.queries.inspections import list_inspections, read_inspection
from portal.queries.proposals import seated_for
from tests.conftest import actor, entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.administrators import administrator, client_of

AUTHORITY = "Medical Products Agency, routine"
ASKED = "The record of the temperature excursion, please."


def propose(by, organisation=cast.CDMO, **given):
    now = make.now()
    stated = {
        "email": "inspector@authority.example",
        "name": "Name of the inspector",
        "authority": AUTHORITY,
        "program_id": cast.PROGRAM,
        "code": "Inspector 02",
        "valid_from": now,
        "valid_until": now + timedelta(days=20),
    }
    return proposing.propose_inspection(by, organisation, **stated | given)


def confirm(by, proposal):
    with reading(by):
        seated = seated_for(by, proposal.pk)
    return proposing.confirm_proposal(seated, proposal.pk)


def guest_of(proposal):
    return Actor(proposal.person_id, "human", None, seats_of(proposal.person_id))


@pytest.fixture
def second(database):
    return administrator(cast.CDMO, "cdmo_second_admin")


@pytest.fixture
def invited(database, cdmo_admin, second):
    return confirm(second, propose(cdmo_admin))


@pytest.fixture
def guest(invited):
    return guest_of(invited)


@pytest.fixture
def inspection(guest):
    with reading(guest):
        return Inspection.objects.visible_to(guest).get()


class TestTheInvitation:
    def test_opens_nothing_before_a_second_administrator_confirms_it(self, database, cdmo_admin, second):
        proposal = propose(cdmo_admin)
        person = Person.objects.get(pk=proposal.person_id)
        assert not person.has_usable_password()
        assert person.link_next_at is None
        assert guest_of(proposal).seats == {}
        confirm(second, proposal)
        assert set(guest_of(proposal).seats) == {cast.PROGRAM}
        assert Person.objects.get(pk=person.pk).link_next_at is not None

    def test_tells_the_other_party_that_it_is_and_no_more(self, database, cdmo_admin, second):
        proposal = propose(cdmo_admin)
        before = len(entries_of(cast.PROGRAM))
        confirm(second, proposal)
        ((_, kind, summary, is_news),) = entries_of(cast.PROGRAM, after=before)
        assert (kind, is_news) == ("inspection.opened", True)
        assert AUTHORITY not in str(summary)
        assert _facts(cast.PROGRAM, "shared", after=before) == ["inspection.opened", "alert.raised"]

    def test_has_the_other_party_asked_for_receipt_by_the_clause_that_says_so(
        self, invited, sponsor_qa, rival_sponsor_qa
    ):
        with reading(sponsor_qa):
            alert = Alert.objects.visible_to(sponsor_qa).get(kind="inspection")
            assert (alert.side, alert.clause, str(alert.audience)) == ("sponsor", "15.1", "shared")
            assert "Inspector 02" in alert.title
            assert AUTHORITY not in alert.title
            told = Receipt.objects.visible_to(sponsor_qa).filter(alert=alert)
            assert sponsor_qa.person_id in {each.person_id for each in told}
        with reading(rival_sponsor_qa):
            assert not Alert.objects.visible_to(rival_sponsor_qa).filter(kind="inspection").exists()

    def test_asks_nobody_of_a_side_that_no_clause_names(self, database, cdmo_qa):
        """The template has the sponsor told of the plant's inspectors, and not the plant of the sponsor's."""
        first, other = (administrator(cast.ARVO, key) for key in ("sponsor_admin", "sponsor_admin_2"))
        confirm(other, propose(first, cast.ARVO))
        with reading(cdmo_qa):
            assert not Alert.objects.visible_to(cdmo_qa).filter(kind="inspection").exists()

    @pytest.mark.parametrize(
        ("begins", "ends", "field"),
        [
            (0, 31, "valid_until"),
            (0, -1, "valid_until"),
            (5, 4, "valid_until"),
            (91, 92, "valid_from"),
        ],
    )
    def test_is_for_a_time(self, database, cdmo_admin, begins, ends, field):
        now = make.now()
        dates = {"valid_from": now + timedelta(days=begins), "valid_until": now + timedelta(days=ends)}
        with pytest.raises(Invalid) as refused:
            propose(cdmo_admin, **dates)
        assert list(refused.value.errors) == [field]

    def test_is_of_programs_of_the_own_organisation(self, database):
        sponsor = administrator(cast.ARVO, "sponsor_admin")
        with pytest.raises(NotFound):
            propose(sponsor, cast.ARVO, program_id=cast.RIVAL_PROGRAM)
        with pytest.raises(Refused):
            propose(sponsor, cast.CDMO)

    def test_takes_a_new_account(self, database, cdmo_admin):
        with pytest.raises(Conflict):
            propose(cdmo_admin, email=cast.EMAILS["rival_sponsor_qa"])

    def test_an_inspectors_seat_is_given_in_no_other_way(self, database, cdmo_admin):
        with pytest.raises(Refused) as refused:
            people.give_assignment(
                cdmo_admin,
                cast.CDMO,
                person_id=cast.person_id("cdmo_qa"),
                target_id=cast.PROGRAM,
                side=Side.MANUFACTURER,
                role="inspector",
                code="Inspector 09",
            )
        assert refused.value.problem_code == "four_eyes"


def _facts(space_id, audience, *, after):
    with reading(system_actor("relay", space_id)), connection.cursor() as cursor:
        cursor.execute(
            "select i.name from ledger.item i join ledger.entry e on e.marker_id = i.marker_id"
            " and e.space_id = i.space_id and e.audience = i.audience"
            " where e.space_id = %s and e.audience = %s and e.seq > %s and i.class = 'fact'",
            [space_id, audience, after],
        )
        return [name for (name,) in cursor.fetchall()]


class TestTheInspector:
    def test_sits_in_one_program_alone_and_not_in_the_organisation(self, guest, signed_in):
        client = client_of(guest)
        cast.add_totp(Person.objects.get(pk=guest.person_id))
        assert [each["code"] for each in client.get("/api/v1/programs/").json()["results"]] == ["AV-101"]
        ledger = client.get("/ledger/").content.decode()
        assert "AV-101, shared" in ledger
        assert "TB-22" not in ledger
        assert client.get(f"/ledger/?space={cast.CDMO}&audience=shared").status_code == 404
        assert client.get("/administration/").status_code == 403
        home = client.get("/").content.decode()
        assert "Norrsund Biologics" in home
        assert "Name of cdmo" not in home + ledger
        assert client.post("/security/sign-out/").status_code == 303

    def test_changes_nothing(self, guest, cdmo_qa, database):
        deviation = make.report(cdmo_qa)
        with pytest.raises(Refused):
            make.triage(guest, deviation)
        with pytest.raises(Refused):
            make.report(guest)

    def test_has_no_sight_after_the_last_day(self, invited, clock):
        clock.move(timedelta(days=20, minutes=1))
        assert guest_of(invited).seats == {}

    def test_asks_in_the_own_inspection(self, guest, inspection):
        request = inspecting.ask_for(guest, inspection.pk, text=ASKED)
        assert (request.at, request.text) == (1, ASKED)
        assert entries_of(cast.PROGRAM, "manufacturer")[-1][1] == "inspection.asked"
        assert inspecting.ask_for(guest, inspection.pk, text=ASKED).at == 2

    def test_hands_nothing_over_and_closes_nothing(self, guest, inspection):
        for step in (
            lambda: inspecting.explain_to(guest, inspection.pk, text="Words enough to explain."),
            lambda: inspecting.close_inspection(guest, inspection.pk, reason="done"),
        ):
            with pytest.raises(Refused):
                step()


class TestTheHost:
    def test_hands_over_a_record_a_file_and_words_each_with_its_digest(self, guest, inspection, cdmo_qa):
        deviation = make.report(cdmo_qa)
        file = _attach(cdmo_qa, deviation)
        request = inspecting.ask_for(guest, inspection.pk, text=ASKED)
        told = {"request_id": request.pk}
        record = inspecting.hand_over_record(cdmo_qa, inspection.pk, number=deviation.number, **told)
        handed = inspecting.hand_over_file(cdmo_qa, inspection.pk, attachment_id=file, **told)
        said = inspecting.explain_to(cdmo_qa, inspection.pk, text="The valve was repaired.", **told)
        with reading(guest):
            found = read_inspection(guest, inspection.pk)
            sha256 = Attachment.objects.visible_to(guest).get(pk=file).sha256
        assert [each.digest for each in found.handed_over] == [record.digest, handed.digest, said.digest]
        assert found.asked[0].answers == found.handed_over
        assert (record.number, record.subject_version) == (deviation.number, 2)
        assert record.digest in _leaves(cast.PROGRAM)
        assert handed.digest == sha256
        assert said.digest == hashlib.sha256(b"The valve was repaired.").hexdigest()
        assert {each.code for each in found.handed_over} == {"QA floor 07"}
        assert found.host == "Norrsund Biologics"

    def test_what_was_handed_over_is_never_changed(self, inspection, cdmo_qa):
        inspecting.explain_to(cdmo_qa, inspection.pk, text="The valve was repaired.")

        @action("test.rewrite")
        def rewrite(by):
            Handover.objects.visible_to(by).update(digest="0" * 64)

        with pytest.raises(ProgrammingError, match="permission denied"):
            rewrite(cdmo_qa)

    def test_names_no_record_of_another_program(self, inspection, cdmo_qa):
        deviation = make.report(cdmo_qa, cast.RIVAL_PROGRAM)
        with pytest.raises(Invalid):
            inspecting.hand_over_record(cdmo_qa, inspection.pk, number="DEV-1900-0001")
        file = _attach(cdmo_qa, deviation)
        with pytest.raises(NotFound):
            inspecting.hand_over_file(cdmo_qa, inspection.pk, attachment_id=file)

    @pytest.mark.parametrize("key", ["cdmo_operator", "cdmo_shift_lead"])
    def test_is_quality_and_the_clients_lead(self, inspection, key):
        with pytest.raises(Refused):
            inspecting.explain_to(actor(key), inspection.pk, text="The valve was repaired.")
        with reading(actor(key)):
            assert list_inspections(actor(key)) == []

    def test_closes_it_at_once_and_the_other_party_learns_it(self, invited, guest, inspection, cdmo_qa):
        before = len(entries_of(cast.PROGRAM))
        inspecting.close_inspection(cdmo_qa, inspection.pk, reason="The inspectors have left.")
        assert guest_of(invited).seats == {}
        assert [kind for _, kind, *_ in entries_of(cast.PROGRAM, after=before)] == ["inspection.closed"]
        with pytest.raises(InvalidTransition):
            inspecting.explain_to(cdmo_qa, inspection.pk, text="The valve was repaired.")
        with pytest.raises(DomainError):
            inspecting.ask_for(guest, inspection.pk, text=ASKED)


def seat_of(proposal):
    """The seat of an inspector, as the administration lists it."""
    watcher = system_actor("watchdog", cast.CDMO)
    with reading(watcher):
        return Assignment.objects.visible_to(watcher).get(person_id=proposal.person_id)


def account_of(proposal):
    watcher = system_actor("watchdog", cast.CDMO)
    with reading(watcher):
        return Member.objects.visible_to(watcher).get(person_id=proposal.person_id)


def line_of(proposal, by):
    """The line of a review of access that is about the inspector's seat."""
    review = open_review(by, cast.CDMO)
    with reading(by):
        lines = AccessLine.objects.visible_to(by).filter(review=review, kind="seat")
        return lines.get(person_id=proposal.person_id)


# Where an administrator ends what an inspector reads -> the address, and what is sent.
ENDINGS = {
    "the seat": (
        lambda proposal, _by: f"seats/{seat_of(proposal).pk}/end/",
        {"reason": "The visit is over."},
    ),
    "the account": (
        lambda proposal, _by: f"people/{account_of(proposal).pk}/close/",
        {"reason": "The visit is over."},
    ),
    "a line of a review": (
        lambda proposal, by: f"review-lines/{line_of(proposal, by).pk}/decide/",
        {"decision": "end", "note": "The visit is over."},
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_however_an_administrator_ends_it_the_other_party_learns_it(
    invited, inspection, cdmo_admin, signed_in, ending
):
    address, sent = ENDINGS[ending]
    path = f"/administration/{address(invited, cdmo_admin)}"
    before = len(entries_of(cast.PROGRAM))
    assert signed_in("cdmo_admin").post(path, sent).status_code in (302, 303)
    assert [kind for _, kind, *_ in entries_of(cast.PROGRAM, after=before)] == ["inspection.closed"]
    assert seats_of(invited.person_id) == {}
    qa = actor("cdmo_qa")
    with reading(qa):
        found = Inspection.objects.visible_to(qa).get(pk=inspection.pk)
    assert found.valid_until <= make.now()


def test_whoever_has_no_sight_of_the_program_ends_no_inspectors_seat_in_silence(
    invited, inspection, cdmo_admin
):
    with pytest.raises(Refused):
        people.end_assignment(cdmo_admin, seat_of(invited).pk, reason="The visit is over.")
    assert seats_of(invited.person_id) != {}


@pytest.mark.parametrize("key", ["sponsor_qa", "sponsor_quality_head", "rival_sponsor_qa", "inspector"])
def test_the_other_side_and_a_rival_find_no_inspection(guest, inspection, key, signed_in):
    inspecting.ask_for(guest, inspection.pk, text=ASKED)
    other = actor(key)
    with reading(other):
        assert list_inspections(other) == []
        with pytest.raises(NotFound):
            read_inspection(other, inspection.pk)
    for step in (
        lambda: inspecting.explain_to(other, inspection.pk, text="Words enough to explain."),
        lambda: inspecting.ask_for(other, inspection.pk, text=ASKED),
        lambda: inspecting.close_inspection(other, inspection.pk, reason="not mine"),
    ):
        with pytest.raises(NotFound):
            step()
    client = signed_in(key)
    assert client.get(f"/inspections/{inspection.pk}/").status_code == 404
    assert AUTHORITY not in client.get("/inspections/").content.decode()


def test_the_pages_go_from_invitation_to_hand_over(database, cdmo_admin, second, signed_in, cdmo_qa):
    deviation = make.report(cdmo_qa)
    # As the clock of who invites shows it.
    now = make.now().astimezone(ZoneInfo("Europe/Stockholm"))
    given = {
        "name": "Name of the inspector",
        "authority": AUTHORITY,
        "email": "inspector@authority.example",
        "program": str(cast.PROGRAM),
        "code": "Inspector 02",
        "valid_from": f"{now:%Y-%m-%dT%H:%M}",
        "valid_until": f"{now + timedelta(days=20):%Y-%m-%dT%H:%M}",
    }
    assert signed_in("cdmo_admin").post("/administration/inspectors/", given).status_code == 302
    page = client_of(second).get("/administration/?tab=four_eyes").content.decode()
    assert AUTHORITY in page
    with reading(cdmo_admin):
        asked_for = Proposal.objects.visible_to(cdmo_admin).get().given["valid_from"]
    assert datetime.fromisoformat(asked_for) == now.replace(second=0, microsecond=0)
    confirm_at = re.search(r'action="(/administration/proposals/[^/]+/confirm/)"', page)[1]
    assert client_of(second).post(confirm_at).status_code == 302
    with reading(cdmo_admin):
        guest = guest_of(Proposal.objects.visible_to(cdmo_admin).get())
    with reading(guest):
        address = f"/inspections/{Inspection.objects.visible_to(guest).get().pk}/"
    cast.add_totp(Person.objects.get(pk=guest.person_id))
    inspector, host = client_of(guest), signed_in("cdmo_qa")
    assert inspector.post(f"{address}ask/", {"text": "short"}).status_code == 400
    assert inspector.post(f"{address}ask/", {"text": ASKED}).status_code == 303
    shown = host.get(address).content.decode()
    assert ASKED in shown
    request = re.search(r'<option value="([0-9a-f-]{36})">1. The record', shown)[1]
    wrong = host.post(f"{address}record/", {"number": "DEV-1900-0001", "request": request})
    assert wrong.status_code == 400
    assert "No record of the program has this number" in wrong.content.decode()
    done = host.post(f"{address}record/", {"number": deviation.number, "request": request})
    assert done.status_code == 303
    seen = inspector.get(address).content.decode()
    assert deviation.number in seen
    assert "By invitation of Norrsund Biologics" in seen
    assert host.post(f"{address}close/", {"reason": "They have left."}).status_code == 303
    assert inspector.get(address).status_code == 404


def _leaves(space_id):
    with reading(system_actor("relay", space_id)), connection.cursor() as cursor:
        cursor.execute("select encode(leaf_hash, 'hex') from ledger.entry where space_id = %s", [space_id])
        return {leaf for (leaf,) in cursor.fetchall()}


def _attach(by, deviation):
    from tests.factories.world import _attach as attach

    return attach(by, deviation.pk, "photo.png")
