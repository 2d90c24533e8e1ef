"""The life of an agreement: drafted by one side, read and signed by both, never taking effect backwards."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import time_machine
from django.db import connection
from psycopg import sql

from portal.action import reading
from portal.actions import agreeing, founding
from portal.actions.signing import sign as sign_raw
from portal.actor import system_actor
from portal.agreements.signing import AGREEMENT
from portal.errors import Conflict, DomainError, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import AgreementVersion, ProgramTerms
from portal.papers import read_words
from portal.queries.signatures import ceremony, signatures_of
from portal.states import AGREEMENT_TRANSITIONS, AgreementState, Meaning, edges
from portal.terms import terms_at
from tests.conftest import entries_of
from tests.factories import agreements as make
from tests.factories import cast
from tests.factories.signing import code_at, make_signer, sign

REASON = "Both heads spoke of it on the telephone."
ANNEX = "format: covalent.agreement/1\ntitle: Annex\nphase: cell_therapy\nclauses:\n-"
CLAUSE = """
code: '5.1'
heading: quality_unit
title: First notice, critical
text: At once.
"""


@pytest.fixture
def maker(database, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    return cdmo_quality_head


@pytest.fixture
def sponsor(database, sponsor_quality_head):
    make_signer(sponsor_quality_head, cast.ARVO)
    return sponsor_quality_head


def seen(actor, version):
    with reading(actor):
        found = AgreementVersion.objects.visible_to(actor).with_id(version.pk)
        return found and read_words(actor, found)


def terms(actor, program=cast.PROGRAM, at=None):
    with reading(actor):
        return terms_at(actor, program, at or datetime.now(UTC) + timedelta(seconds=1))


def kinds(audience="shared", space=cast.PARTNERSHIP):
    return [kind for _, kind, *_ in entries_of(space, audience) if kind.startswith(("agreement", "terms"))]


class TestADraft:
    def test_is_read_by_its_own_side_alone(self, database, cdmo_qa, cdmo_quality_head, sponsor_qa):
        found = make.draft(cdmo_qa)
        assert (found.number, found.audience, found.state) == (None, "manufacturer", "draft")
        assert seen(cdmo_quality_head, found).document == found.document
        assert seen(sponsor_qa, found) is None
        assert kinds("manufacturer") == ["agreement.drafted"]
        assert kinds() == []

    def test_is_stored_sealed(self, database, cdmo_qa):
        found = make.draft(cdmo_qa)
        with reading(cdmo_qa), connection.cursor() as cursor:
            cursor.execute("select title, text from portal_agreementversion where id = %s", [found.pk])
            assert "commercial" not in "".join(cursor.fetchone())

    @pytest.mark.parametrize("key", ["cdmo_operator", "sponsor_viewer"])
    def test_is_begun_by_quality_alone(self, database, request, key):
        with pytest.raises(Refused):
            make.draft(request.getfixturevalue(key))

    def test_is_begun_by_nobody_from_another_partnership(self, database, rival_sponsor_qa):
        with pytest.raises(NotFound):
            make.draft(rival_sponsor_qa)

    def test_with_faults_is_refused_with_each_place(self, database, cdmo_qa):
        with pytest.raises(Invalid) as refused:
            agreeing.draft_from_text(cdmo_qa, cast.PARTNERSHIP, text="format: nothing\ntitle: x")
        assert refused.value.problem_code == "document_invalid"
        assert {each["where"] for each in refused.value.extra["faults"]} >= {"format"}

    def test_of_a_foreign_program_is_not_found(self, database, cdmo_qa):
        with pytest.raises(NotFound):
            make.draft(cdmo_qa, program_id=cast.RIVAL_PROGRAM)

    def test_is_edited_as_a_whole_clause_by_clause_and_back(self, database, cdmo_qa):
        found = make.draft(cdmo_qa)
        before = found.document
        found = agreeing.edit_clause(cdmo_qa, found.pk, code="5.1", text=CLAUSE, version=1)
        assert [each.text for each in found.document.clauses if each.code == "5.1"] == ["At once."]
        found = agreeing.remove_clause(cdmo_qa, found.pk, code="5.1", version=2)
        assert "5.1" not in [each.code for each in found.document.clauses]
        found = agreeing.edit_clause(cdmo_qa, found.pk, code="", text=CLAUSE, version=3)
        codes = [each.code for each in found.document.clauses]
        assert codes == [each.code for each in before.clauses]
        found = agreeing.edit_agreement(cdmo_qa, found.pk, text=before.to_yaml(), version=4)
        assert (found.document, found.version) == (before, 5)

    def test_takes_no_clause_of_a_number_that_is_there(self, database, cdmo_qa):
        found = make.draft(cdmo_qa)
        with pytest.raises(Invalid):
            agreeing.edit_clause(cdmo_qa, found.pk, code="", text=CLAUSE, version=1)
        with pytest.raises(Invalid):
            agreeing.edit_clause(cdmo_qa, found.pk, code="5.2", text=CLAUSE, version=1)

    def test_edited_from_an_older_reading_is_refused(self, database, cdmo_qa):
        found = make.draft(cdmo_qa)
        agreeing.remove_clause(cdmo_qa, found.pk, code="5.1", version=1)
        with pytest.raises(StaleVersion):
            agreeing.remove_clause(cdmo_qa, found.pk, code="5.2", version=1)

    def test_is_begun_from_another_version(self, database, cdmo_qa, sponsor_qa):
        found = make.in_review(cdmo_qa)
        again = agreeing.draft_from_version(sponsor_qa, found.pk)
        assert (again.based_on_id, again.document, again.pen) == (found.pk, found.document, "sponsor")
        assert seen(cdmo_qa, again) is None


class TestInReview:
    def test_both_sides_read_it_and_the_other_one_has_the_pen(self, database, cdmo_qa, sponsor_qa):
        found = make.in_review(cdmo_qa)
        assert (found.number, found.pen, found.state) == (1, "sponsor", "in_review")
        assert seen(sponsor_qa, found).document == found.document
        assert kinds() == ["agreement.submitted"]

    def test_who_holds_the_pen_edits_and_passes_it_on(self, database, cdmo_qa, sponsor_qa):
        found = make.in_review(cdmo_qa)
        with pytest.raises(Refused):
            agreeing.remove_clause(cdmo_qa, found.pk, code="5.1", version=found.version)
        found = agreeing.remove_clause(sponsor_qa, found.pk, code="5.1", version=found.version)
        with pytest.raises(Refused):
            agreeing.pass_pen(cdmo_qa, found.pk, version=found.version)
        found = agreeing.pass_pen(sponsor_qa, found.pk, version=found.version)
        found = agreeing.remove_clause(cdmo_qa, found.pk, code="5.2", version=found.version)
        assert "5.2" not in [each.code for each in found.document.clauses]

    def test_a_draft_takes_the_place_of_the_text_while_its_side_has_the_pen(
        self, database, cdmo_qa, sponsor_qa
    ):
        found = make.in_review(cdmo_qa)
        draft = agreeing.draft_from_version(sponsor_qa, found.pk)
        draft = agreeing.remove_clause(sponsor_qa, draft.pk, code="5.1", version=draft.version)
        after = agreeing.put_into_review(sponsor_qa, draft.pk, version=draft.version)
        assert (after.pk, after.number, after.pen, after.state) == (found.pk, 1, "sponsor", "in_review")
        assert after.version == found.version + 1
        assert seen(cdmo_qa, after).document == draft.document
        assert seen(sponsor_qa, draft).state == "withdrawn"
        assert seen(cdmo_qa, draft) is None
        assert kinds()[-1] == "agreement.edited"
        assert kinds("sponsor")[-1] == "agreement.withdrawn"

    def test_without_the_pen_or_a_review_there_is_nothing_to_put_a_draft_into(
        self, database, cdmo_qa, sponsor_qa
    ):
        alone = make.draft(cdmo_qa)
        with pytest.raises(Conflict):
            agreeing.put_into_review(cdmo_qa, alone.pk, version=alone.version)
        found = make.in_review(cdmo_qa)
        with pytest.raises(Refused):
            agreeing.put_into_review(cdmo_qa, alone.pk, version=alone.version)
        assert (seen(cdmo_qa, alone).state, seen(cdmo_qa, found).version) == ("draft", found.version)

    def test_one_version_at_a_time(self, database, cdmo_qa):
        make.in_review(cdmo_qa)
        with pytest.raises(Conflict):
            make.in_review(cdmo_qa)

    def test_numbers_go_on_from_those_on_paper_and_never_back(self, database, cdmo_qa):
        first = make.in_review(cdmo_qa, number=4)
        agreeing.withdraw_agreement(cdmo_qa, first.pk, reason=REASON, version=first.version)
        with pytest.raises(Invalid):
            make.in_review(cdmo_qa, number=4)
        assert (first.number, make.in_review(cdmo_qa).number) == (4, 5)

    def test_withdrawn_it_stays_readable_and_is_over(self, database, cdmo_qa, sponsor_qa):
        found = make.in_review(cdmo_qa)
        found = agreeing.withdraw_agreement(sponsor_qa, found.pk, reason=REASON, version=found.version)
        assert seen(cdmo_qa, found).state == "withdrawn"
        with pytest.raises(InvalidTransition):
            agreeing.pass_pen(sponsor_qa, found.pk, version=found.version)


class TestSigning:
    def test_by_both_heads_puts_it_into_each_program_of_the_partnership(
        self, maker, sponsor, rival_sponsor_qa
    ):
        found = make.in_review(maker, number=4)
        make.approve(maker, found)
        assert seen(sponsor, found).state == "signed_by_one"
        assert terms(maker).is_default
        make.approve(sponsor, found)
        agreed = seen(maker, found)
        assert (agreed.state, agreed.version) == ("effective", found.version)
        assert agreed.effective_from == agreed.agreed_at
        for program in (cast.PROGRAM, cast.SECOND_PROGRAM):
            assert (terms(sponsor, program).version, terms(sponsor, program).document) == (4, found.document)
            assert kinds(space=program) == ["terms.agreed"]
        assert kinds() == ["agreement.submitted", "agreement.agreed"]
        assert [line.holds for line in _lines(maker, agreed)] == [True, True]
        assert all(line.is_current for line in _lines(maker, agreed))
        with reading(rival_sponsor_qa):
            assert not ProgramTerms.objects.visible_to(rival_sponsor_qa).exists()

    def test_shows_every_word_and_rule(self, maker):
        found = make.in_review(maker)
        with reading(maker):
            shown = ceremony(maker, AGREEMENT, found.pk).shown.fields
        assert found.digest in shown.values()
        assert "24 hours after awareness" in shown["5.1 First notice, critical (default)"]
        assert len(shown) == 5 + len(found.document.clauses)

    @pytest.mark.parametrize("key", ["cdmo_qa", "cdmo_operator"])
    def test_is_for_quality_heads(self, maker, request, key):
        other = request.getfixturevalue(key)
        make_signer(other, cast.CDMO)
        with pytest.raises(Refused):
            make.approve(other, make.in_review(maker))

    def test_one_side_never_signs_for_both(self, maker, sponsor, cdmo_qa):
        found = make.in_review(maker)
        make.approve(maker, found)
        with pytest.raises(Conflict):
            make.approve(maker, found)
        assert seen(maker, found).state == "signed_by_one"

    def test_a_second_head_of_the_same_side_does_not_complete_it(self, maker, sponsor, cdmo_qa):
        from portal.actions.people import give_assignment
        from portal.actor import Side
        from tests.conftest import actor

        give_assignment(
            system_actor("setup", cast.CDMO, cast.PARTNERSHIP),
            cast.CDMO,
            person_id=cdmo_qa.person_id,
            target_id=cast.PARTNERSHIP,
            side=Side.MANUFACTURER,
            role="quality_head",
            code="Quality head 02",
        )
        second = actor("cdmo_qa")
        make_signer(second, cast.CDMO)
        found = make.in_review(maker)
        make.approve(maker, found)
        with pytest.raises(Conflict):
            make.approve(second, found)

    def test_what_goes_in_a_circle_is_not_signed_before_it_is_mended(self, maker):
        climbs = "      - shift_lead\n      wait:\n        minutes: 30\n    - roles:\n      - quality_head\n"
        found = make.in_review(maker, edits=[(climbs, climbs.replace("quality_head", "qa"))])
        with pytest.raises(
            Conflict, match=r"4\.2: A step asks only those who were asked before: qa\."
        ) as said:
            make.approve(maker, found)
        assert said.value.problem_code == "contradiction"
        assert seen(maker, found).state == AgreementState.IN_REVIEW

    def test_what_it_leaves_open_is_shown_to_who_signs(self, maker):
        whole = make.draft(maker)
        found = agreeing.remove_clause(maker, whole.pk, code="16.1", version=1)
        found = agreeing.submit_agreement(maker, found.pk, version=found.version)
        with reading(maker):
            fields = ceremony(maker, AGREEMENT, found.pk).shown.fields
        assert fields["It leaves open"].startswith("• No clause stands under “Revisions of this agreement”")
        assert make.approve(maker, found).meaning == Meaning.APPROVED

    def test_a_draft_is_not_signed(self, maker):
        with pytest.raises(InvalidTransition):
            make.approve(maker, make.draft(maker))

    def test_what_was_edited_meanwhile_is_not_signed(self, maker, sponsor):
        found = make.in_review(maker)
        with reading(maker):
            before = ceremony(maker, AGREEMENT, found.pk)
        agreeing.remove_clause(sponsor, found.pk, code="5.1", version=found.version)
        with pytest.raises(StaleVersion):
            sign(
                maker,
                found,
                Meaning.APPROVED,
                kind="agreement_version",
                version=before.record.version,
                digest=before.digest,
            )

    def test_a_signed_version_is_edited_after_it_was_taken_back_and_the_signature_falls(self, maker, sponsor):
        found = make.in_review(maker)
        make.approve(maker, found)
        with pytest.raises(InvalidTransition):
            agreeing.remove_clause(sponsor, found.pk, code="5.1", version=found.version)
        found = agreeing.reopen_agreement(sponsor, found.pk, reason=REASON, version=found.version)
        assert [line.is_current for line in _lines(maker, found)] == [False]
        found = agreeing.remove_clause(sponsor, found.pk, code="5.1", version=found.version)
        make.approve(sponsor, found)
        assert seen(maker, found).state == "signed_by_one"
        make.approve(maker, found)
        assert terms(maker).clause("5.1") is None

    def test_the_database_rewrites_nothing_that_was_signed(self, own_database, cdmo_quality_head):
        make_signer(cdmo_quality_head, cast.CDMO)
        found = make.in_review(cdmo_quality_head)
        make.approve(cdmo_quality_head, found)
        with own_database.connect("owner") as raw:
            for column, value in (
                ("text", "x"),
                ("digest", "x"),
                ("number", 9),
                ("not_before", "2040-01-01"),
            ):
                change = sql.SQL("update portal_agreementversion set {} = %s").format(sql.Identifier(column))
                with pytest.raises(psycopg.errors.CheckViolation):
                    raw.execute(change, [value])


class TestTakingEffect:
    def test_from_a_later_date_until_then_the_version_before_holds(self, maker, sponsor):
        make.both_sign(maker, sponsor, make.in_review(maker))
        second, day = make.draft(maker), datetime.now(UTC) + timedelta(days=30)
        second = agreeing.state_date(maker, second.pk, not_before=day, note="Less time.", version=1)
        second = agreeing.submit_agreement(maker, second.pk, version=2)
        make.both_sign(maker, sponsor, second)
        assert (terms(maker).version, terms(maker, at=day).version) == (1, 2)
        with reading(maker):
            first, later = AgreementVersion.objects.visible_to(maker).order_by("number")
        assert (first.state, first.until, later.effective_from) == ("superseded", day, day)
        now = datetime.now(UTC) + timedelta(minutes=1)
        assert (first.is_in_force(now), later.is_in_force(now), later.is_scheduled(now)) == (
            True,
            False,
            True,
        )
        assert (first.is_in_force(day), later.is_in_force(day)) == (False, True)

    def test_never_in_the_past(self, maker, sponsor):
        found = make.draft(maker)
        today = datetime.now(UTC)
        with pytest.raises(Invalid, match="nothing holds backwards"):
            agreeing.state_date(maker, found.pk, not_before=today - timedelta(days=2), note="", version=1)
        earlier = today - timedelta(hours=1)
        found = agreeing.state_date(maker, found.pk, not_before=earlier, note="", version=1)
        make.both_sign(maker, sponsor, agreeing.submit_agreement(maker, found.pk, version=2))
        agreed = seen(maker, found)
        assert agreed.effective_from == agreed.agreed_at
        assert terms(maker, at=agreed.agreed_at - timedelta(seconds=1)).is_default

    def test_a_day_that_went_by_meanwhile_may_stay_as_it_was_stated(self, clock, maker, sponsor):
        found, soon = make.draft(maker), datetime.now(UTC) + timedelta(days=1)
        found = agreeing.state_date(maker, found.pk, not_before=soon, note="", version=1)
        clock.move(timedelta(days=5))
        kept = agreeing.state_date(maker, found.pk, not_before=soon, note="Why.", version=2)
        assert (kept.not_before, kept.note) == (soon, "Why.")

    def test_never_before_a_version_that_was_signed_earlier(self, maker, sponsor):
        first, day = make.draft(maker), datetime.now(UTC) + timedelta(days=30)
        first = agreeing.state_date(maker, first.pk, not_before=day, note="", version=1)
        make.both_sign(maker, sponsor, agreeing.submit_agreement(maker, first.pk, version=2))
        with pytest.raises(Conflict):
            make.in_review(maker)

    def test_a_program_opened_later_has_the_newest_terms(self, maker, sponsor):
        make.both_sign(maker, sponsor, make.in_review(maker, number=4))
        program = cast.fixed("later program")
        setup = system_actor("setup", program, cast.PARTNERSHIP)
        founding.open_program(
            setup, program, partnership_id=cast.PARTNERSHIP, code="AV-500", title="Later", sites=[]
        )
        from tests.conftest import actor

        assert terms(actor("sponsor_quality_head"), program).version == 4

    def test_an_annex_goes_before_the_agreement_in_its_program_alone(self, maker, sponsor):
        with pytest.raises(Conflict):
            make.in_review(maker, program_id=cast.SECOND_PROGRAM)
        make.both_sign(maker, sponsor, make.in_review(maker, number=4))
        annex = agreeing.draft_from_text(
            maker,
            cast.PARTNERSHIP,
            program_id=cast.SECOND_PROGRAM,
            text=f"{ANNEX}{_inset(CLAUSE)}",
        )
        annex = agreeing.submit_agreement(maker, annex.pk, version=1)
        make.both_sign(maker, sponsor, annex)
        assert (terms(maker).version, terms(maker, cast.SECOND_PROGRAM).version) == (4, 5)
        assert terms(maker, cast.SECOND_PROGRAM).clause("5.1").text == "At once."
        assert terms(maker, cast.SECOND_PROGRAM).clause("5.2") is not None
        # The next version of the agreement keeps the annex.
        make.both_sign(maker, sponsor, make.in_review(maker, edits=[("24 hours", "6 hours")]))
        assert "6 hours" in terms(maker).clause("5.1").text
        assert terms(maker, cast.SECOND_PROGRAM).clause("5.1").text == "At once."
        assert terms(maker, cast.SECOND_PROGRAM).version == 6


class TestItsEnd:
    def test_takes_both_heads_and_a_day_to_come_and_the_rules_outlive_it(self, maker, sponsor):
        found = make.both_sign(maker, sponsor, make.in_review(maker))
        day = datetime.now(UTC) + timedelta(days=90)
        with pytest.raises(Conflict):
            agreeing.terminate_agreement(maker, found.pk, version=found.version)
        past = datetime.now(UTC) - timedelta(days=1)
        with pytest.raises(Invalid):
            agreeing.ask_end(maker, found.pk, ends_at=past, reason=REASON, version=found.version)
        agreeing.ask_end(maker, found.pk, ends_at=day, reason=REASON, version=found.version)
        with pytest.raises(Refused):
            agreeing.terminate_agreement(maker, found.pk, version=found.version)
        ended = agreeing.terminate_agreement(sponsor, found.pk, version=found.version)
        assert (ended.state, ended.until) == (AgreementState.TERMINATED, day)
        assert kinds()[-2:] == ["agreement.end_asked", "agreement.terminated"]
        assert terms(maker, at=day + timedelta(days=900)).version == 1
        assert all(line.is_current for line in _lines(maker, ended))

    def test_is_taken_back_by_who_asked_or_declined_by_the_other_and_the_agreement_holds_on(
        self, maker, sponsor
    ):
        found = make.both_sign(maker, sponsor, make.in_review(maker))
        day = datetime.now(UTC) + timedelta(days=90)
        with pytest.raises(Conflict):
            agreeing.drop_end(sponsor, found.pk, reason=REASON, version=found.version)
        for who in (maker, sponsor):
            agreeing.ask_end(maker, found.pk, ends_at=day, reason=REASON, version=found.version)
            with pytest.raises(Invalid):
                agreeing.drop_end(who, found.pk, reason="no", version=found.version)
            dropped = agreeing.drop_end(who, found.pk, reason=REASON, version=found.version)
            assert (dropped.state, dropped.ending_at) == (AgreementState.EFFECTIVE, None)
            with pytest.raises(Conflict):
                agreeing.terminate_agreement(sponsor, found.pk, version=found.version)
        assert kinds().count("agreement.end_dropped") == 2


def at_once(*calls):
    """Run the calls at one moment of the one-time codes, each on a connection of its own; return refusals."""
    refused, gate, moment = [], threading.Barrier(len(calls)), time.time() + 86400

    def attempt(call):
        gate.wait()
        try:
            call({"password": cast.PASSWORD, "code": code_at(moment)})
        except DomainError as error:
            refused.append(error)
        finally:
            connection.close()

    with time_machine.travel(moment, tick=False):
        hands = [threading.Thread(target=attempt, args=[call]) for call in calls]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
    return refused


def approving(head, found):
    """A head's signature on what stands there now, to be given with a proof."""
    with reading(head):
        shown = ceremony(head, AGREEMENT, found.pk)
    stated = {"meaning": Meaning.APPROVED, "version": shown.record.version, "digest": shown.digest}
    return lambda proof: sign_raw(head, AGREEMENT.type, found.pk, **stated, **proof)


def test_two_signers_at_once_put_one_version_in_force(own_database, cdmo_quality_head, sponsor_quality_head):
    maker, sponsor = make.heads(cdmo_quality_head, sponsor_quality_head)
    found = make.in_review(maker)
    assert at_once(approving(maker, found), approving(sponsor, found)) == []
    assert seen(maker, found).state == AgreementState.EFFECTIVE
    with reading(maker):
        assert ProgramTerms.objects.visible_to(maker).filter(space_id=cast.PROGRAM).count() == 1


def test_a_signature_and_an_edit_at_once_never_sign_what_was_not_shown(
    own_database, cdmo_quality_head, sponsor_quality_head
):
    maker, sponsor = make.heads(cdmo_quality_head, sponsor_quality_head)
    found = make.in_review(maker)

    def edit(_proof):
        agreeing.remove_clause(sponsor, found.pk, code="5.1", version=found.version)

    [refused] = at_once(approving(maker, found), edit)
    after = seen(maker, found)
    outcome = (type(refused), after.state, after.version - found.version)
    assert outcome in (
        (InvalidTransition, "signed_by_one", 0),
        (StaleVersion, "in_review", 1),
    )


def test_the_database_guards_exactly_the_edges_of_the_table(database, as_owner):
    (arguments,) = as_owner.execute(
        "select tgargs from pg_trigger where tgname = 'guard_state'"
        " and tgrelid = 'portal_agreementversion'::regclass"
    ).fetchone()
    guarded = [each.decode() for each in bytes(arguments).split(b"\x00") if each]
    assert sorted(guarded) == edges(AGREEMENT_TRANSITIONS)


def _inset(text):
    return "\n".join(f"  {line}" for line in text.splitlines()) + "\n"


def _lines(actor, version):
    with reading(actor):
        return signatures_of(actor, version.pk, version.version)
