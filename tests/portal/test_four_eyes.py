"""Four eyes: sensitive steps take two administrators, neither of them whom it concerns, within a week."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError
from django.test import Client

from portal.action import action, reading
from portal.actions import people, proposing
from portal.actions.signing import enable_signer
from portal.actor import Side, system_actor
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from portal.four_eyes import STEPS
from portal.models import ApiKey, Person, Proposal, Signer
from portal.queries.proposals import seated_for
from tests.conftest import actor, entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.administrators import administrator, client_of
from tests.factories.signing import make_signer

REASON = "Asked for by the head of the department."


@pytest.fixture
def first(database, cdmo_admin):
    return cdmo_admin


@pytest.fixture
def second(database):
    return administrator(cast.CDMO, "cdmo_second_admin")


def who(key):
    return cast.person_id(key)


def propose_administrator(by, key="cdmo_qa", **given):
    stated = {"role": "site_admin", "code": "Site admin 9", "valid_until": None, "reason": REASON} | given
    return proposing.propose_administrator(by, cast.CDMO, person_id=who(key), **stated)


def propose_signer(by, key="cdmo_qa"):
    until = make.now() + timedelta(days=365)
    return proposing.propose_signer(
        by, cast.CDMO, person_id=who(key), identity="Passport seen by us.", trained_until=until
    )


def propose_key(by, token="cov_" + "t" * 43, scopes=("read", "write")):
    return proposing.propose_key(
        by,
        cast.CDMO,
        person_id=who("cdmo_system"),
        label="Second quality system",
        token=token,
        scopes=scopes,
        program_ids=[cast.PROGRAM],
        expires_at=make.now() + timedelta(days=30),
    )


def propose_reset(by, key="cdmo_qa"):
    return proposing.propose_reset(by, cast.CDMO, person_id=who(key), reason="Lost the telephone.")


def invite(by, key="outsider", **given):
    now = make.now()
    stated = {
        "email": f"{key}.{next(_numbers)}@authority.example",
        "name": "Name of the inspector",
        "authority": "Medical Products Agency, routine",
        "program_id": cast.PROGRAM,
        "code": "Inspector 02",
        "valid_from": now,
        "valid_until": now + timedelta(days=20),
    }
    return proposing.propose_inspection(by, cast.CDMO, **stated | given)


_numbers = count(1)
EVERY = {
    "invite_inspector": invite,
    "give_administration": propose_administrator,
    "let_sign": propose_signer,
    "issue_key": propose_key,
    "reset_sign_in": propose_reset,
}


def test_every_step_of_the_table_is_tried_here():
    assert EVERY.keys() == STEPS.keys()


class TestOneAlone:
    def test_gives_no_administrators_role(self, first):
        with pytest.raises(Refused) as refused:
            people.give_assignment(
                first,
                cast.CDMO,
                person_id=who("cdmo_qa"),
                target_id=cast.CDMO,
                side=Side.BOTH,
                role="org_admin",
                code="Admin 9",
            )
        assert refused.value.problem_code == "four_eyes"
        assert not actor("cdmo_qa").holds(cast.CDMO, *_administration())

    def test_lets_nobody_sign(self, first):
        with pytest.raises(Refused) as refused:
            enable_signer(
                first,
                cast.CDMO,
                who("cdmo_qa"),
                identity="Passport seen by me.",
                trained_until=make.now() + timedelta(days=30),
            )
        assert refused.value.problem_code == "four_eyes"

    @pytest.mark.parametrize("scope", ["write", "readings", "acknowledge", "webhooks"])
    def test_issues_no_key_that_does_more_than_read(self, first, scope):
        stated = {"label": "Key", "program_ids": [cast.PROGRAM], "expires_at": make.now() + timedelta(days=9)}
        for scopes in (["read", scope], [scope]):
            with pytest.raises(Refused) as refused:
                people.issue_key(
                    first,
                    cast.CDMO,
                    person_id=who("cdmo_system"),
                    token=people.fresh_token(),
                    scopes=scopes,
                    **stated,
                )
            assert refused.value.problem_code == "four_eyes"

    def test_the_set_up_does_and_the_ledger_says_so(self, database):
        administrator(cast.CDMO, "cdmo_second_admin")
        with reading(system_actor("relay", cast.CDMO)):
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute(
                    "select kind, seat from ledger.entry where space_id = %s order by seq desc limit 1",
                    [cast.CDMO],
                )
                assert cursor.fetchone() == ("assignment.given", "system setup")


def _administration():
    from portal.states import PEOPLE_WHO_ADMINISTER

    return PEOPLE_WHO_ADMINISTER


class TestTwo:
    @pytest.mark.parametrize("step", EVERY)
    def test_the_proposal_and_the_confirmation_are_entries_and_name_both(self, first, second, step):
        proposal = EVERY[step](first)
        assert entries_of(cast.CDMO)[-1][1] == "proposal.made"
        assert proposal.lapses_at - proposal.proposed_at == timedelta(days=7)
        before = len(entries_of(cast.CDMO))
        confirmed = _confirm(second, proposal)
        facts = _facts(cast.CDMO, after=before)
        assert "proposal.confirmed" in facts
        assert (confirmed.proposed_by, confirmed.decided_by) == (first.person_id, second.person_id)

    @pytest.mark.parametrize("step", EVERY)
    def test_who_proposed_it_does_not_confirm_it(self, first, second, step):
        proposal = EVERY[step](first)
        for decide in (_confirm, _refuse):
            with pytest.raises(Refused) as refused:
                decide(first, proposal)
            assert refused.value.problem_code == "four_eyes"

    def test_whom_it_concerns_neither_proposes_nor_confirms_nor_refuses_it(self, first, second):
        third = administrator(cast.CDMO, "cdmo_third_admin")
        for propose in (proposing.propose_reset,):
            with pytest.raises(Refused):
                propose(third, cast.CDMO, person_id=third.person_id, reason=REASON)
        proposal = proposing.propose_reset(first, cast.CDMO, person_id=third.person_id, reason=REASON)
        for decide in (_confirm, _refuse):
            with pytest.raises(Refused):
                decide(third, proposal)
        assert _confirm(second, proposal).state == "confirmed"

    @pytest.mark.parametrize("key", ["cdmo_qa", "cdmo_quality_head"])
    def test_nobody_but_an_administrator_decides(self, first, key):
        proposal = propose_reset(first, "cdmo_operator")
        for decide in (_confirm, _refuse, _withdraw):
            with pytest.raises(Refused):
                decide(actor(key), proposal)

    def test_administrators_of_others_find_nothing(self, first):
        proposal = propose_reset(first)
        for employer in (cast.ARVO, cast.TESSEL):
            other = administrator(employer, f"admin_{employer.hex[:4]}")
            for decide in (_confirm, _refuse, _withdraw):
                with pytest.raises(NotFound):
                    decide(other, proposal)
            with pytest.raises(Refused):
                proposing.propose_reset(other, cast.CDMO, person_id=who("cdmo_qa"), reason=REASON)
            with pytest.raises(Invalid):
                proposing.propose_reset(other, employer, person_id=who("cdmo_qa"), reason=REASON)

    @pytest.mark.parametrize("step", EVERY)
    def test_it_lapses_after_a_week(self, first, second, clock, step):
        proposal = EVERY[step](first)
        clock.move(timedelta(days=7, minutes=1))
        for decide in (_confirm, _refuse):
            with pytest.raises(InvalidTransition):
                decide(second, proposal)
        # Asked for again, it does not collide with the one that lapsed.
        if step not in ("let_sign", "invite_inspector"):
            assert EVERY[step](first).state == "open"

    def test_it_is_decided_once(self, first, second):
        proposal = propose_reset(first)
        _refuse(second, proposal)
        for by, decide in ((second, _confirm), (second, _refuse), (first, _withdraw)):
            with pytest.raises(InvalidTransition):
                decide(by, proposal)

    def test_who_proposed_it_takes_it_back_and_nobody_else_does(self, first, second):
        proposal = propose_reset(first)
        with pytest.raises(Refused):
            _withdraw(second, proposal)
        assert _withdraw(first, proposal).state == "withdrawn"
        assert entries_of(cast.CDMO)[-1][1] == "proposal.withdrawn"

    def test_the_same_is_not_asked_for_twice(self, first, second):
        propose_reset(first)
        with pytest.raises(Conflict):
            propose_reset(second)

    def test_a_proposal_dies_with_the_proposers_role(self, first, second, as_owner):
        third = administrator(cast.CDMO, "cdmo_third_admin")
        proposal = propose_reset(third)
        with reading(first):
            from portal.models import Assignment

            seat = Assignment.objects.visible_to(first).get(person_id=third.person_id)
        people.end_assignment(first, seat.pk, reason="moved on")
        with pytest.raises(Refused):
            _confirm(second, proposal)

    def test_the_database_itself_wants_a_third_person(self, first):
        @action("test.confirm_alone")
        def confirm_alone(by, proposal):
            Proposal.objects.visible_to(by).filter(pk=proposal.pk).update(
                state="confirmed", decided_by=by.person_id
            )

        with pytest.raises(IntegrityError, match="proposal_decided_by_a_third"):
            confirm_alone(first, propose_reset(first))


def _confirm(by, proposal):
    with reading(by):
        by = seated_for(by, proposal.pk)
    return proposing.confirm_proposal(by, proposal.pk)


def _refuse(by, proposal):
    return proposing.refuse_proposal(by, proposal.pk, reason="not agreed")


def _withdraw(by, proposal):
    return proposing.withdraw_proposal(by, proposal.pk, reason="by mistake")


def _facts(space_id, *, after):
    from django.db import connection

    with reading(system_actor("relay", space_id)), connection.cursor() as cursor:
        cursor.execute(
            "select i.name from ledger.item i join ledger.entry e on e.marker_id = i.marker_id"
            " and e.space_id = i.space_id where e.space_id = %s and e.seq > %s and i.class = 'fact'",
            [space_id, after],
        )
        return [name for (name,) in cursor.fetchall()]


class TestWhatIsDone:
    def test_an_administrator_is_one_after_the_confirmation_and_not_before(self, first, second):
        proposal = propose_administrator(first)
        assert not actor("cdmo_qa").holds(cast.CDMO, *_administration())
        _confirm(second, proposal)
        assert actor("cdmo_qa").holds(cast.CDMO, *_administration())

    def test_only_an_administrators_role_is_proposed_so(self, first):
        with pytest.raises(Invalid):
            propose_administrator(first, role="qa")

    def test_a_signer_is_checked_by_the_proposer(self, first, second):
        proposal = propose_signer(first)
        with reading(first):
            assert not Signer.objects.visible_to(first).exists()
        _confirm(second, proposal)
        with reading(first):
            signer = Signer.objects.visible_to(first).get()
        assert (signer.person_id, signer.enabled_by) == (who("cdmo_qa"), first.person_id)

    def test_a_key_opens_nothing_before_the_confirmation(self, first, second):
        token = people.fresh_token()
        proposal = propose_key(first, token)
        caller = Client(headers={"Authorization": f"Bearer {token}"})
        assert caller.get("/api/v1/programs/").status_code == 401
        assert token not in str(proposal.given)
        _confirm(second, proposal)
        assert caller.get("/api/v1/programs/").status_code == 200
        with reading(first):
            assert ApiKey.objects.visible_to(first).get(label="Second quality system").scopes == [
                "read",
                "write",
            ]

    def test_a_reset_takes_factors_sessions_and_the_right_to_sign(self, first, second):
        make_signer(actor("cdmo_qa"), cast.CDMO)
        before = Person.objects.get(pk=who("cdmo_qa"))
        proposal = propose_reset(first)
        assert Authenticator.objects.filter(user_id=before.pk).exists()
        _confirm(second, proposal)
        after = Person.objects.get(pk=before.pk)
        assert not Authenticator.objects.filter(user_id=before.pk).exists()
        assert not after.has_usable_password()
        # A link is on its way to the person; neither administrator learns it.
        assert after.link_made_at is not None
        assert after.link_next_at is not None
        assert after.signed_out_at is not None
        assert after.access_epoch > before.access_epoch
        with reading(first):
            assert Signer.objects.visible_to(first).get().withdrawn_at is not None
        assert "person.sign_in_reset" in _facts(cast.CDMO, after=0)


class TestThePage:
    def test_two_administrators_reset_a_colleague_who_is_sent_a_link(self, first, second, signed_in):
        one, other = signed_in("cdmo_admin"), client_of(second)
        asked = one.post(f"/administration/accounts/{who('cdmo_qa')}/reset/", {"reason": "Lost telephone."})
        assert asked.status_code == 302
        with reading(first):
            proposal = Proposal.objects.visible_to(first).get()
        assert "Lost telephone." in other.get("/administration/?tab=four_eyes").content.decode()
        assert one.post(f"/administration/proposals/{proposal.pk}/confirm/").status_code == 403
        assert Person.objects.get(pk=who("cdmo_qa")).has_usable_password()
        done = other.post(f"/administration/proposals/{proposal.pk}/confirm/")
        assert done.status_code == 302
        assert Person.objects.get(pk=who("cdmo_qa")).link_next_at is not None

    def test_an_administrators_seat_is_proposed_from_the_form_of_seats(self, first, second, signed_in):
        given = {"person": str(who("cdmo_qa")), "target": str(cast.CDMO), "role": "both:site_admin"}
        client = signed_in("cdmo_admin")
        answer = client.post("/administration/seats/", given | {"code": "Site admin 7"})
        assert answer.status_code == 400
        assert "Say why" in answer.content.decode()
        assert (
            client.post(
                "/administration/seats/", given | {"code": "Site admin 7", "reason": REASON}
            ).status_code
            == 302
        )
        assert not actor("cdmo_qa").holds(cast.CDMO, *_administration())
        refuse = re.search(
            r'action="(/administration/proposals/[^/]+/refuse/)"',
            client_of(second).get("/administration/?tab=four_eyes").content.decode(),
        )[1]
        assert client_of(second).post(refuse, {"reason": "not needed"}).status_code == 302
        assert "not needed" in client.get("/administration/?tab=four_eyes").content.decode()

    def test_a_key_that_writes_says_that_it_waits(self, first, signed_in):
        given = {"service": str(who("cdmo_system")), "label": "A quality system", "scopes": ["write"]}
        answer = signed_in("cdmo_admin").post(
            "/administration/keys/", given | {"days": "30", "programs": [str(cast.PROGRAM)]}
        )
        assert answer.status_code == 201
        assert "opens nothing until another administrator" in answer.content.decode()

    @pytest.mark.parametrize("key", ["cdmo_qa", "sponsor_qa", "rival_sponsor_qa"])
    def test_who_administers_nothing_reads_and_decides_nothing(self, first, signed_in, key):
        proposal = propose_reset(first)
        client = signed_in(key)
        for step in ("confirm", "refuse", "withdraw"):
            answer = client.post(f"/administration/proposals/{proposal.pk}/{step}/", {"reason": "not mine"})
            assert answer.status_code == 403
        assert "Lost the telephone." not in client.get("/administration/?tab=four_eyes").content.decode()
