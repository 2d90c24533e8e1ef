"""Electronic signatures: two components every time, one version, meaning and person (11.50 to 11.300)."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
import rfc8785
from django.db import connection

from portal.action import reading
from portal.actions import people
from portal.actions.proposing import propose_signer
from portal.actions.signing import accept_statement, withdraw_signer
from portal.actions.signing import sign as sign_raw
from portal.actor import Origin, system_actor
from portal.errors import Conflict, DomainError, InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import Member, Signature
from portal.queries.signatures import ceremony, signatures_of
from portal.signable import STATEMENT, signable_of
from portal.states import Meaning
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.signing import enable, fresh, make_signer, sign


def code_of(error):
    return error.value.problem_code


@pytest.fixture
def investigated(database, cdmo_operator, cdmo_qa):
    """A shared major deviation under investigation, led by MSAT in name."""
    deviation = make.triage(cdmo_qa, make.report(cdmo_operator))
    return make.investigate(cdmo_qa, make.release(cdmo_qa, deviation), lead_code="QA floor 07")


@pytest.fixture
def head(database, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    return cdmo_quality_head


@pytest.fixture
def sponsor(database, sponsor_qa):
    make_signer(sponsor_qa, cast.ARVO)
    return sponsor_qa


class TestASignature:
    def test_shows_name_times_and_meaning_and_is_bound_to_its_version(self, investigated, head):
        signature = sign(head, investigated, Meaning.APPROVED)
        said = json.loads(signature.manifest)
        assert signature.printed_name == "Name of cdmo_quality_head"
        assert signature.organisation == "Norrsund Biologics"
        assert said["meaning"] == "approved"
        assert said["zone"] == "Europe/Stockholm"
        assert said["record"]["version"] == investigated.version == signature.subject_version
        assert ["What happened", make.WORDS] in said["shown"]
        assert rfc8785.dumps(said).decode() == signature.manifest
        assert signature.holds

    def test_stands_in_the_ledger_with_its_digest(self, investigated, head):
        signature = sign(head, investigated, Meaning.APPROVED)
        assert entries_of(cast.PROGRAM)[-1][1] == "signature.given"
        with reading(system_actor("relay", cast.PROGRAM)), connection.cursor() as cursor:
            cursor.execute(
                "select convert_from(body, 'UTF8') from ledger.item where name = 'signature.given'"
            )
            assert signature.digest in cursor.fetchall()[-1][0]

    def test_no_longer_stands_for_a_record_that_moved_on_and_is_kept(self, investigated, head, cdmo_qa):
        sign(head, investigated, Meaning.APPROVED)
        closed = make.finish(cdmo_qa, investigated)
        with reading(cdmo_qa):
            [line] = signatures_of(cdmo_qa, closed.pk, closed.version)
        assert (line.is_current, line.holds) == (False, True)

    def test_copied_to_another_record_does_not_hold(self, investigated, head, cdmo_qa, own_reader):
        signature = sign(head, investigated, Meaning.APPROVED)
        other = make.report(cdmo_qa)
        copied = own_reader(Signature, signature.pk)
        copied.subject_id = other.pk
        assert not copied.holds
        edited = own_reader(Signature, signature.pk)
        edited.printed_name = "Somebody else"
        assert not edited.holds
        swapped = own_reader(Signature, signature.pk)
        swapped.manifest = swapped.manifest.replace("approved", "rejected")
        assert not swapped.holds

    @pytest.mark.parametrize("right", ["update", "delete", "truncate"])
    def test_cannot_be_changed_or_deleted_by_the_application(self, database, right):
        with connection.cursor() as cursor:
            asked = [Signature._meta.db_table, right]
            cursor.execute("select has_table_privilege('covalent_app', %s, %s)", asked)
            assert cursor.fetchone() == (False,)

    def test_of_a_private_record_is_private_and_sealed(self, database, cdmo_operator, head, sponsor):
        deviation = make.report(cdmo_operator)
        enable(cdmo_operator, cast.CDMO)
        fresh(lambda **proof: accept_statement(cdmo_operator, statement=STATEMENT, **proof))
        signature = sign(cdmo_operator, deviation, Meaning.AUTHORED)
        with reading(sponsor):
            assert not Signature.objects.visible_to(sponsor).filter(pk=signature.pk).exists()
        with reading(cdmo_operator), connection.cursor() as cursor:
            cursor.execute("select manifest from portal_signature where id = %s", [signature.pk])
            assert make.WORDS not in cursor.fetchone()[0]
        with pytest.raises(NotFound):
            sign(sponsor, deviation, Meaning.CONCURRED)

    def test_is_seen_by_both_sides_of_a_shared_record_and_by_no_rival(
        self, investigated, head, sponsor, rival_sponsor_qa
    ):
        sign(head, investigated, Meaning.APPROVED)
        sign(sponsor, investigated, Meaning.CONCURRED)
        for reader, seen in ((head, 2), (sponsor, 2), (rival_sponsor_qa, 0)):
            with reading(reader):
                assert len(signatures_of(reader, investigated.pk, investigated.version)) == seen


@pytest.fixture
def own_reader(head):
    def read(model, record_id):
        with reading(head):
            return model.objects.visible_to(head).get(pk=record_id)

    return read


class TestTwoComponents:
    @pytest.mark.parametrize("wrong", [{"password": "another one"}, {"code": "000000"}, {"code": ""}])
    def test_one_alone_never_signs(self, investigated, head, wrong):
        with pytest.raises(Refused) as refused:
            sign(head, investigated, Meaning.APPROVED, **wrong)
        assert code_of(refused) == "credentials_wrong"
        assert entries_of(cast.CDMO)[-1][1] == "signing.failed"

    def test_a_code_signs_once(self, investigated, head):
        with reading(head):
            found = ceremony(head, signable_of("deviation"), investigated.pk)
        stated = {"version": found.record.version, "digest": found.digest}

        def used_twice(**proof):
            sign_raw(head, "deviation", investigated.pk, meaning=Meaning.APPROVED, **stated, **proof)
            with pytest.raises(Refused) as refused:
                sign_raw(head, "deviation", investigated.pk, meaning=Meaning.REJECTED, **stated, **proof)
            assert code_of(refused) in ("code_used", "credentials_wrong")

        fresh(used_twice)

    def test_five_wrong_tries_lock_signing_even_for_the_right_ones(self, investigated, head):
        for _ in range(5):
            with pytest.raises(Refused):
                sign(head, investigated, Meaning.APPROVED, password="wrong")
        with pytest.raises(Refused) as refused:
            sign(head, investigated, Meaning.APPROVED)
        assert code_of(refused) == "signing_locked"

    def test_a_wrong_try_counts_each_time_it_is_sent_also_under_one_idempotency_key(self, investigated, head):
        again = head.via(Origin(idempotency_key="the same each time", route="sign", body_hash="same"))
        for left in (4, 3, 2):
            with pytest.raises(Refused, match=f"{left} tries are left"):
                sign(again, investigated, Meaning.APPROVED, code="000000")

    def test_a_key_never_signs(self, investigated, cdmo_system):
        with pytest.raises(Refused) as refused:
            sign_raw(
                cdmo_system,
                "deviation",
                investigated.pk,
                meaning=Meaning.APPROVED,
                version=investigated.version,
                digest="",
                password="",
                code="",
            )
        assert code_of(refused) == "key_cannot_sign"


class TestWhoMaySign:
    def test_nobody_whose_organisation_did_not_let_them(self, investigated, cdmo_quality_head):
        with pytest.raises(Refused) as refused:
            sign(cdmo_quality_head, investigated, Meaning.APPROVED)
        assert code_of(refused) == "not_a_signer"

    def test_nobody_before_accepting_the_statement(self, investigated, cdmo_quality_head):
        enable(cdmo_quality_head, cast.CDMO)
        with pytest.raises(Refused) as refused:
            sign(cdmo_quality_head, investigated, Meaning.APPROVED)
        assert code_of(refused) == "statement_missing"

    def test_nobody_whose_training_is_over(self, investigated, head, clock):
        clock.move(timedelta(days=366))
        with pytest.raises(Refused) as refused:
            sign(head, investigated, Meaning.APPROVED)
        assert code_of(refused) == "training_over"

    def test_nobody_from_whom_it_was_taken_a_moment_ago(self, investigated, head):
        withdraw_signer(system_actor("setup", cast.CDMO), cast.CDMO, head.person_id, reason="Left the site.")
        with pytest.raises(Refused) as refused:
            sign(head, investigated, Meaning.APPROVED)
        assert code_of(refused) == "not_a_signer"

    def test_nobody_whose_account_was_closed_in_an_open_session(self, investigated, head):
        setup = system_actor("setup", cast.CDMO)
        with reading(setup):
            member = Member.objects.visible_to(setup).get(person_id=head.person_id)
        people.close_member(setup, member.pk, reason="Token lost.")
        with pytest.raises(DomainError):
            sign(head, investigated, Meaning.APPROVED)

    def test_an_administrator_proposes_others_never_oneself(self, database, cdmo_admin):
        with pytest.raises(Refused):
            propose_signer(
                cdmo_admin,
                cast.CDMO,
                person_id=cdmo_admin.person_id,
                identity="I know myself.",
                trained_until=make.now() + timedelta(days=30),
            )

    def test_an_administrator_signs_nothing_for_another(self, investigated, cdmo_admin):
        with pytest.raises((Refused, NotFound)):
            sign(cdmo_admin, investigated, Meaning.APPROVED)

    def test_the_lead_does_not_approve_the_own_work(self, investigated, cdmo_qa):
        make_signer(cdmo_qa, cast.CDMO)
        with pytest.raises(Refused) as refused:
            sign(cdmo_qa, investigated, Meaning.APPROVED)
        assert code_of(refused) == "own_work"

    @pytest.mark.parametrize("meaning", [Meaning.APPROVED, Meaning.CERTIFIED])
    def test_a_sponsor_never_signs_with_the_words_of_the_manufacturer(self, investigated, sponsor, meaning):
        with pytest.raises(DomainError):
            sign(sponsor, investigated, meaning)

    def test_the_order_of_states_is_kept(self, database, cdmo_operator, head):
        with pytest.raises(InvalidTransition):
            sign(head, make.report(cdmo_operator), Meaning.APPROVED)


class TestWhatIsShownIsSigned:
    def test_another_digest_than_the_records_is_refused(self, investigated, head):
        with pytest.raises(StaleVersion):
            sign(head, investigated, Meaning.APPROVED, digest="0" * 64)

    def test_another_version_is_refused(self, investigated, head):
        with pytest.raises(StaleVersion):
            sign(head, investigated, Meaning.APPROVED, version=investigated.version - 1)

    def test_a_file_that_came_meanwhile_is_seen_first(self, investigated, head, cdmo_qa):
        with reading(head):
            before = ceremony(head, signable_of("deviation"), investigated.pk)
        make.attach(cdmo_qa, investigated)
        with pytest.raises(StaleVersion):
            sign(head, investigated, Meaning.APPROVED, version=before.record.version, digest=before.digest)

    def test_the_same_meaning_is_given_once(self, investigated, head):
        sign(head, investigated, Meaning.APPROVED)
        with pytest.raises(Conflict):
            sign(head, investigated, Meaning.APPROVED)


def test_two_hands_at_once_make_one_signature(own_database, cdmo_operator, cdmo_qa, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    deviation = make.investigate(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator), "minor"))
    results, gate = [], threading.Barrier(4)

    def attempt():
        gate.wait()
        try:
            results.append(sign(cdmo_quality_head, deviation, Meaning.APPROVED))
        except (Conflict, Refused) as error:
            results.append(error)
        finally:
            connection.close()

    hands = [threading.Thread(target=attempt) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sum(isinstance(each, Signature) for each in results) == 1
