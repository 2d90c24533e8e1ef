"""Decision requests: one side asks, the other answers with a signature before the choice is lost (9.1)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from django.db import IntegrityError, connection

from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.actions.deciding import ASKED, CLOCK, LOST, QUESTION, UNANSWERED, revise_decision, watch_decision
from portal.actor import Role, Side, system_actor
from portal.decisions.access import transitions_of
from portal.decisions.wording import HEAD, Evidence, Option, answerers_of, roles_asked
from portal.errors import DomainError, Invalid, InvalidTransition, NotFound
from portal.models import Alert, Clock, DecisionMessage, DecisionRequest, Receipt, Signature
from portal.queries.decisions import decision_detail, list_decisions, may_answer
from portal.queries.inbox import list_inbox
from portal.states import (
    DECISION_ANSWERERS,
    DECISION_ASKERS,
    DECISION_TRANSITIONS,
    DecisionState,
    Meaning,
    decision_transitions,
    edges,
)
from tests.conftest import actor, head_of
from tests.factories import batches, cast, deviations
from tests.factories import decisions as make
from tests.factories.alerts import facts_of
from tests.factories.signing import enable, make_signer
from tests.races.test_deviation_races import at_once, split

SWEEP = partial(system_actor, "sweep", cast.PROGRAM)
CDMO, SPONSOR = ("cdmo_qa", "cdmo_quality_head"), ("sponsor_qa", "sponsor_quality_head")


@pytest.fixture
def batch(database):
    return batches.batch(number="B-2417")


@pytest.fixture
def draft(batch, cdmo_qa):
    return make.draft(cdmo_qa, batch)


@pytest.fixture
def asked(draft, cdmo_qa):
    return make.ask(cdmo_qa, draft)


@pytest.fixture
def answerer(database, sponsor_qa):
    make_signer(sponsor_qa, cast.ARVO)
    return sponsor_qa


def rows(model, space=cast.PROGRAM, **given):
    watcher = system_actor("watchdog", space)
    with reading(watcher):
        return list(model.objects.visible_to(watcher).filter(**given).order_by("pk"))


def row(request):
    (found,) = rows(DecisionRequest, pk=request.pk)
    return found


def clock_of(request):
    (found,) = rows(Clock, subject_id=request.pk, kind=CLOCK)
    return found


def alerts(request, kind):
    return rows(Alert, subject_id=request.pk, kind=kind)


def told(request, kind):
    """Who was told of the alerts of a kind, step by step."""
    found = [each.pk for each in alerts(request, kind)]
    receipts = rows(Receipt, alert_id__in=found)
    return sorted((each.step, each.role) for each in receipts)


def names(after, audience="shared"):
    return [name for name, _ in facts_of(cast.PROGRAM, audience, after=after)]


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def seen_by(key):
    with reading(actor(key)) as reader:
        return [each.pk for each in list_decisions(reader)]


class TestADraft:
    def test_is_private_to_the_side_that_writes_it_and_has_no_number(self, batch, cdmo_qa):
        shared, own = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
        found = make.draft(cdmo_qa, batch)
        assert (found.audience, found.number, found.state) == ("manufacturer", "", DecisionState.DRAFTED)
        assert (found.side, found.clause, found.author_code) == ("manufacturer", "9.1", "QA floor 07")
        assert facts_of(cast.PROGRAM, "manufacturer", after=own) == [
            ("decision.drafted", {"subject_id": str(batch.pk), "side": "manufacturer"})
        ]
        assert head_of(cast.PROGRAM) == shared
        assert (rows(Alert), rows(Clock)) == ([], [])

    def test_is_seen_by_its_own_side_alone(self, draft):
        assert [seen_by(key) for key in (*CDMO, *SPONSOR, "rival_sponsor_qa")] == [
            [draft.pk], [draft.pk], [], [], [],
        ]  # fmt: skip

    def test_is_stored_sealed(self, draft):
        with reading(actor("cdmo_qa")), connection.cursor() as cursor:
            cursor.execute("select * from portal_decisionrequest")
            stored = " ".join(map(str, cursor.fetchone()))
        assert not any(words in stored for words in (make.WORDS, "Harvest on day 12", "goes on as in A"))

    def test_of_the_sponsor_is_private_to_the_sponsor(self, batch, sponsor_qa):
        found = make.draft(sponsor_qa, batch, recommended="", recommendation="")
        assert (found.audience, found.side) == ("sponsor", "sponsor")
        assert [seen_by(key) for key in ("sponsor_viewer", "cdmo_qa")] == [[found.pk], []]

    def test_is_changed_by_who_saw_it_as_it_stands(self, draft, cdmo_qa):
        other = make.wording(options=(Option("X", "Hold at the next step"),), recommended="X")
        assert refusal(revise_decision, cdmo_qa, draft.pk, wording=other, version=9) == "stale_version"
        before = head_of(cast.PROGRAM, "manufacturer")
        found = revise_decision(cdmo_qa, draft.pk, wording=other, version=1)
        assert (found.version, found.choices) == (2, other.options)
        assert facts_of(cast.PROGRAM, "manufacturer", after=before) == [
            ("decision.revised", {"options": ["X"]})
        ]
        assert row(draft).state == DecisionState.DRAFTED

    @pytest.mark.parametrize("key", ["cdmo_operator", "cdmo_shift_lead", "sponsor_viewer", "inspector"])
    def test_is_for_those_who_speak_for_their_side(self, batch, key):
        assert refusal(make.draft, actor(key), batch) == "refused"

    def test_is_not_written_by_a_rival_about_what_is_not_theirs(self, batch, rival_sponsor_qa):
        assert refusal(make.draft, rival_sponsor_qa, batch) == "not_found"

    @pytest.mark.parametrize(
        ("field", "given"),
        [
            ("title", {"title": "Why"}),
            ("options", {"options": ()}),
            ("options", {"options": (Option("A", "One"), Option("A", "Two"))}),
            ("options", {"options": (Option("none", "Reserved"),), "recommended": ""}),
            ("options", {"options": (Option("A", ""),)}),
            ("recommended", {"recommended": "D"}),
            ("recommended", {"recommended": "", "recommendation": ""}),
            ("recommendation", {"recommendation": " "}),
            ("meanwhile", {"meanwhile": ""}),
            ("if_lost", {"if_lost": ""}),
            ("lost_at", {"lost_in": timedelta(seconds=-1)}),
            ("roles", {"roles": ("viewer",)}),
            ("roles", {"roles": ("shift_lead",)}),
        ],
    )
    def test_that_lacks_what_clause_9_1_asks_for_is_refused(self, batch, cdmo_qa, field, given):
        with pytest.raises(Invalid) as refused:
            make.draft(cdmo_qa, batch, **given)
        assert field in refused.value.errors
        assert rows(DecisionRequest) == []

    def test_of_the_sponsor_needs_no_recommendation(self, batch, sponsor_qa):
        assert make.draft(sponsor_qa, batch, recommended="", recommendation="").recommended == ""

    def test_rests_on_files_and_records_of_its_own_program(self, batch, cdmo_qa, cdmo_operator):
        deviation = deviations.report(cdmo_operator, batch_id=batch.pk)
        theirs = deviations.report(cdmo_operator, cast.RIVAL_PROGRAM)
        found = make.draft(cdmo_qa, batch, evidence=(Evidence("record", deviation.pk),))
        assert found.evidence == [{"type": "record", "id": str(deviation.pk)}]
        for wrong in (Evidence("record", theirs.pk), Evidence("file", deviation.pk)):
            with pytest.raises(Invalid):
                make.draft(cdmo_qa, batch, evidence=(wrong,))


class TestAsking:
    def test_shares_it_whole_tells_who_may_answer_and_starts_the_time(self, draft, cdmo_qa):
        before = head_of(cast.PROGRAM)
        found = make.ask(cdmo_qa, draft)
        year = batches.now().year
        assert (found.audience, found.state, found.number) == ("shared", "asked", f"DR-{year}-0001")
        assert (found.asked_code, found.version) == ("QA floor 07", 2)
        assert row(found).title == make.WORDS
        told_first, payload = facts_of(cast.PROGRAM, after=before)[0]
        assert (told_first, payload) == (
            "decision.asked",
            {
                "subject_id": str(found.subject_id), "side": "manufacturer", "clause": "9.1",
                "options": ["A", "B", "C"], "recommended": "A", "lost_at": found.lost_at.isoformat(),
            },
        )  # fmt: skip
        assert names(before) == ["decision.asked", "alert.raised"]
        assert told(found, ASKED) == [(0, "qa")]
        clock = clock_of(found)
        half = found.asked_at + (found.lost_at - found.asked_at) / 2
        assert (clock.side, clock.due_at, clock.next_at, clock.clause) == (
            "sponsor", found.lost_at, half, "9.1",
        )  # fmt: skip
        assert seen_by("sponsor_viewer") == [found.pk]
        assert seen_by("rival_sponsor_qa") == []

    def test_is_for_the_side_that_wrote_it(self, draft, sponsor_qa, cdmo_operator):
        assert refusal(make.ask, sponsor_qa, draft) == "not_found"
        assert refusal(make.ask, cdmo_operator, draft) == "refused"

    def test_is_done_once_by_who_saw_the_draft_as_it_stands(self, draft, cdmo_qa):
        assert refusal(make.ask, cdmo_qa, draft, version=None) == "version_required"
        assert refusal(make.ask, cdmo_qa, draft, version=7) == "stale_version"
        found = make.ask(cdmo_qa, draft)
        assert refusal(make.ask, cdmo_qa, found) == "invalid_transition"
        assert len(alerts(found, ASKED)) == 1

    def test_about_what_the_other_side_does_not_know_is_refused(self, batch, cdmo_qa, cdmo_operator):
        internal = deviations.report(cdmo_operator, batch_id=batch.pk)
        before = head_of(cast.PROGRAM)
        request = make.draft(cdmo_qa, internal)
        assert refusal(make.ask, cdmo_qa, request) == "subject_private"
        resting = make.draft(cdmo_qa, batch, evidence=(Evidence("record", internal.pk),))
        with pytest.raises(Invalid) as refused:
            make.ask(cdmo_qa, resting)
        assert "evidence" in refused.value.errors
        assert head_of(cast.PROGRAM) == before
        assert row(request).audience == "manufacturer"

    def test_when_the_time_is_over_already_is_refused(self, batch, cdmo_qa, clock):
        request = make.draft(cdmo_qa, batch, lost_in=timedelta(minutes=10))
        clock.move(timedelta(minutes=11))
        with pytest.raises(Invalid):
            make.ask(cdmo_qa, request)

    def test_numbers_have_no_hole_where_drafts_were_thrown_away(self, batch, cdmo_qa, sponsor_qa):
        first = make.asked(cdmo_qa, batch)
        make.withdraw(cdmo_qa, make.draft(cdmo_qa, batch))
        second = make.asked(sponsor_qa, batch)
        assert [each.number[-4:] for each in (first, second)] == ["0001", "0002"]

    def test_lets_the_named_roles_answer_and_always_the_head_of_quality(self, batch, cdmo_qa):
        found = make.asked(cdmo_qa, batch, roles=("regulatory",))
        assert sorted(found.roles) == ["quality_head", "regulatory"]
        assert roles_asked("sponsor", ()) == ["cmc", "qa", "quality_head"]
        assert roles_asked("manufacturer", ()) == ["client_lead", "qa", "quality_head"]
        with reading(actor("sponsor_qa")) as reader:
            assert not may_answer(reader, found)
        with reading(actor("sponsor_quality_head")) as reader:
            assert may_answer(reader, found)

    def test_goes_the_other_way_round_too(self, batch, sponsor_qa):
        found = make.asked(sponsor_qa, batch, recommended="", recommendation="")
        assert (found.side, clock_of(found).side) == ("sponsor", "manufacturer")
        assert told(found, ASKED) == [(0, "qa")]


class TestAnAnswer:
    def test_is_the_choice_a_reason_and_a_signature_over_both(self, asked, answerer):
        before = head_of(cast.PROGRAM)
        found = make.answer(answerer, asked, "B", "Day 12 fits the fill slot.")
        assert (found.state, found.option, found.reason) == ("answered", "B", "Day 12 fits the fill slot.")
        assert (found.ended_code, found.chosen) == ("Sponsor QA 03", make.OPTIONS[1])
        (signature,) = rows(Signature)
        assert (signature.meaning, signature.printed_name) == (Meaning.AUTHORED, "Name of sponsor_qa")
        assert (signature.subject_id, signature.subject_version) == (found.pk, found.version)
        shown = json.loads(signature.manifest)["shown"]
        assert ["Answer", "B: Harvest on day 12"] in shown
        assert ["Reason", "Day 12 fits the fill slot."] in shown
        assert ["Question", make.WORDS] in shown
        assert ["If nobody answers", "The culture goes on as in A; nobody agreed to it."] in shown
        assert signature.holds
        assert names(before) == [
            "decision.answered", "signature.given", "alert.acknowledged", "alert.raised",
        ]  # fmt: skip
        assert facts_of(cast.PROGRAM, after=before)[0][1] == {
            "option": "B", "code": "Sponsor QA 03", "clause": "9.1",
        }  # fmt: skip

    def test_names_the_person_in_the_signature_alone(self, asked, answerer, signed_in):
        make.answer(answerer, asked)
        with reading(actor("cdmo_operator")) as reader:
            found = decision_detail(reader, asked.pk)
        (line,) = found.signatures
        assert (line.signature.printed_name, line.is_current, line.holds) == (
            "Name of sponsor_qa", True, True,
        )  # fmt: skip
        assert "Name of" not in str([found.request.__dict__, found.line.subject.__dict__])

    def test_ends_time_and_ladder_and_tells_the_asking_side(self, asked, answerer):
        make.answer(answerer, asked)
        clock = clock_of(asked)
        assert (clock.state, clock.next_at) == ("met", None)
        (alert,) = alerts(asked, ASKED)
        assert (alert.state, alert.acknowledged_by) == ("acknowledged", "Sponsor QA 03")
        (ladder,) = rows(Clock, alert_id=alert.pk)
        assert ladder.state == "met"
        (told_back,) = alerts(asked, "decision.answered")
        assert told_back.side == "manufacturer"

    def test_may_be_that_none_of_the_options_is_supported(self, asked, answerer):
        found = make.answer(answerer, asked, "none", "We do not support a split.")
        assert (found.option, found.chosen, found.is_none_of_these) == ("none", None, True)
        (signature,) = rows(Signature)
        assert ["Answer", "None of these"] in json.loads(signature.manifest)["shown"]

    @pytest.mark.parametrize(("option", "reason"), [("D", make.REASON), ("", make.REASON), ("A", "  ")])
    def test_that_is_no_choice_or_has_no_reason_is_refused(self, asked, answerer, option, reason):
        with pytest.raises(Invalid):
            make.to_sign(answerer, asked, option, reason)
        good = make.to_sign(answerer, asked).digest
        assert refusal(_answer_raw, answerer, asked, option, reason, good) == "invalid"
        assert row(asked).state == DecisionState.ASKED

    @pytest.mark.parametrize("key", ["sponsor_viewer", "inspector"])
    def test_is_for_the_roles_that_were_asked(self, asked, key):
        make_signer(actor(key), cast.ARVO)
        assert refusal(make.answer, actor(key), asked) == "refused"
        assert row(asked).state == DecisionState.ASKED

    def test_is_not_for_the_side_that_asks_nor_for_a_rival(self, asked, cdmo_quality_head, rival_sponsor_qa):
        make_signer(cdmo_quality_head, cast.CDMO)
        assert refusal(make.answer, cdmo_quality_head, asked) == "refused"
        with pytest.raises(NotFound):
            make.to_sign(rival_sponsor_qa, asked)
        assert refusal(_answer_raw, rival_sponsor_qa, asked, "A", make.REASON, "0" * 64) == "not_found"

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"password": "another"}, "credentials_wrong"),
            ({"code": "000000"}, "credentials_wrong"),
            ({"digest": "0" * 64}, "stale_version"),
            ({"version": 7}, "stale_version"),
        ],
    )
    def test_with_one_component_or_over_something_else_is_refused_whole(self, asked, answerer, given, code):
        assert refusal(make.answer, answerer, asked, **given) == code
        assert (row(asked).state, rows(Signature), clock_of(asked).state) == ("asked", [], "running")

    def test_is_given_by_a_signer_only(self, asked, sponsor_qa):
        assert refusal(make.answer, sponsor_qa, asked) == "not_a_signer"
        enable(sponsor_qa, cast.ARVO)
        assert refusal(make.answer, sponsor_qa, asked) == "statement_missing"

    def test_is_never_given_by_a_key(self, asked, answerer):
        keyed = replace(answerer, scopes=frozenset(("read", "write", "acknowledge")))
        assert refusal(make.answer, keyed, asked) == "key_cannot_sign"

    def test_is_not_given_on_the_general_page_of_signatures(self, asked, answerer, signed_in):
        assert signed_in("sponsor_qa").get(f"/sign/decision_request/{asked.pk}/").status_code == 404

    def test_stands_once_and_the_second_is_told_who_was_first(self, asked, answerer, sponsor_quality_head):
        make_signer(sponsor_quality_head, cast.ARVO)
        late = make.to_sign(sponsor_quality_head, asked, "C").digest
        make.answer(answerer, asked)
        with pytest.raises(
            InvalidTransition, match=r"Sponsor QA 03 answered A at .* The first answer stands"
        ):
            _answer_raw(sponsor_quality_head, asked, "C", make.REASON, late)
        assert (row(asked).option, len(rows(Signature))) == ("A", 1)

    def test_after_the_time_is_refused_also_before_anybody_noted_the_loss(self, asked, answerer, clock):
        digest = make.to_sign(answerer, asked).digest
        clock.move(timedelta(hours=3))
        with pytest.raises(InvalidTransition, match=r"The choice was lost at .* never that you agreed"):
            _answer_raw(answerer, asked, "A", make.REASON, digest)
        assert (row(asked).state, rows(Signature)) == ("asked", [])
        watch_decision(SWEEP(), clock_of(asked).pk)
        assert refusal(_answer_raw, answerer, asked, "A", make.REASON, digest) == "choice_lost"

    def test_ended_too_late_is_refused_by_the_database_as_well(self, asked, as_owner):
        assert "ended_at < lost_at" in as_owner.execute(
            "select pg_get_constraintdef(oid) from pg_constraint where conname = 'decision_answered_in_time'"
        ).fetchone()[0].replace("(", "").replace(")", "")


def _answer_raw(person, request, option, reason, digest):
    from portal.actions.deciding import answer_decision
    from tests.factories.signing import fresh

    stated = {"option": option, "reason": reason, "version": request.version, "digest": digest}
    return fresh(lambda **proof: answer_decision(person, request.pk, **proof, **stated))


class TestSilence:
    def test_at_half_time_asks_the_heads_once_though_somebody_gave_receipt(self, asked, sponsor_qa, clock):
        (alert,) = alerts(asked, ASKED)
        acknowledge_alert(sponsor_qa, alert.pk)
        watched = clock_of(asked)
        assert watch_decision(SWEEP(), watched.pk).step == 0
        clock.move(timedelta(minutes=91))
        before = head_of(cast.PROGRAM)
        for _ in range(2):
            watch_decision(SWEEP(), watched.pk)
        assert names(before) == ["alert.raised"]
        assert told(asked, UNANSWERED) == [(0, "quality_head")]
        assert (clock_of(asked).step, clock_of(asked).next_at) == (1, asked.lost_at)
        assert row(asked).state == DecisionState.ASKED

    def test_to_the_end_is_a_missing_reply_and_never_consent(self, asked, clock):
        clock.move(timedelta(hours=3))
        before = head_of(cast.PROGRAM)
        for _ in range(2):
            watch_decision(SWEEP(), clock_of(asked).pk)
        found = row(asked)
        assert (found.state, found.option, found.reason, found.ended_code) == ("lost", "", "", "")
        assert found.ended_at >= found.lost_at
        assert facts_of(cast.PROGRAM, after=before)[0] == (
            "decision.lost", {"clause": "9.1", "lost_at": found.lost_at.isoformat()},
        )  # fmt: skip
        assert names(before) == ["decision.lost", "clock.unanswered", "ladder.ended", "alert.raised"]
        assert (clock_of(asked).state, clock_of(asked).next_at) == ("breached", None)
        assert alerts(asked, ASKED)[0].state == "unanswered"
        assert alerts(asked, LOST)[0].side == "manufacturer"
        assert rows(Signature) == []
        assert DecisionState.LOST.label == "no reply, the choice is lost"

    def test_is_noted_by_the_system_alone(self, asked, cdmo_quality_head, clock):
        clock.move(timedelta(hours=3))
        assert refusal(watch_decision, cdmo_quality_head, clock_of(asked).pk) == "refused"

    def test_after_an_answer_leads_to_nothing(self, asked, answerer, clock):
        make.answer(answerer, asked)
        clock.move(timedelta(hours=4))
        before = head_of(cast.PROGRAM)
        assert watch_decision(SWEEP(), clock_of(asked).pk).state == "met"
        assert (head_of(cast.PROGRAM), row(asked).state) == (before, "answered")


class TestTalk:
    def test_back_asks_the_other_side_for_receipt_until_it_has_written(self, asked, sponsor_qa, cdmo_qa):
        before = head_of(cast.PROGRAM)
        make.message(sponsor_qa, asked)
        make.message(sponsor_qa, asked, "And the glucose of day 8?")
        assert names(before) == ["decision.messaged", "alert.raised", "decision.messaged"]
        (question,) = alerts(asked, QUESTION)
        assert (question.side, question.state) == ("manufacturer", "open")
        make.message(cdmo_qa, asked, "Days 8 and 9, both at hand.")
        assert alerts(asked, QUESTION)[0].state == "acknowledged"
        with reading(actor("sponsor_viewer")) as reader:
            said = [(each.side, each.code) for each in decision_detail(reader, asked.pk).messages]
        assert said == [("sponsor", "Sponsor QA 03")] * 2 + [("manufacturer", "QA floor 07")]
        assert (row(asked).state, row(asked).version) == ("asked", asked.version)

    def test_answers_nothing_and_does_not_stop_the_time(self, asked, sponsor_qa):
        before = clock_of(asked)
        make.message(sponsor_qa, asked, "A is fine with us.")
        assert (row(asked).option, clock_of(asked).next_at) == ("", before.next_at)

    def test_is_for_those_who_ask_or_answer_and_ends_with_the_question(
        self, asked, cdmo_qa, cdmo_operator, sponsor_viewer, rival_sponsor_qa
    ):
        assert refusal(make.message, cdmo_operator, asked) == "refused"
        assert refusal(make.message, sponsor_viewer, asked) == "refused"
        assert refusal(make.message, rival_sponsor_qa, asked) == "not_found"
        assert refusal(make.message, cdmo_qa, asked, " ") == "invalid"
        over = make.withdraw(cdmo_qa, asked)
        assert refusal(make.message, cdmo_qa, over) == "invalid_transition"
        assert rows(DecisionMessage) == []


class TestWithdrawing:
    def test_takes_a_question_back_with_a_reason(self, asked, cdmo_qa):
        before = head_of(cast.PROGRAM)
        found = make.withdraw(cdmo_qa, asked)
        assert (found.state, found.ended_code) == ("withdrawn", "QA floor 07")
        assert facts_of(cast.PROGRAM, after=before) == [
            ("decision.withdrawn", {"side": "manufacturer", "code": "QA floor 07"})
        ]
        assert clock_of(asked).state == "withdrawn"
        (alert,) = alerts(asked, ASKED)
        assert (alert.state, rows(Clock, alert_id=alert.pk)[0].next_at) == ("open", None)

    def test_of_a_draft_tells_the_other_side_nothing(self, draft, cdmo_qa):
        before = head_of(cast.PROGRAM)
        found = make.withdraw(cdmo_qa, draft)
        assert (found.state, found.number, found.audience) == ("withdrawn", "", "manufacturer")
        assert head_of(cast.PROGRAM) == before

    def test_is_for_the_asking_side(self, asked, sponsor_quality_head):
        assert refusal(make.withdraw, sponsor_quality_head, asked) == "refused"


class TestTheTableOfStates:
    STEPS = {
        "revise": lambda by, it: revise_decision(by, it.pk, wording=make.wording(), version=it.version),
        "ask": make.ask,
        "message": make.message,
        "answer": lambda by, it: _answer_raw(by, it, "A", make.REASON, "0" * 64),
        "withdraw": make.withdraw,
    }

    def test_is_what_the_database_guards(self, database, as_owner):
        (arguments,) = as_owner.execute(
            "select tgargs from pg_trigger"
            " where tgname = 'guard_state' and tgrelid = 'portal_decisionrequest'::regclass"
        ).fetchone()
        assert bytes(arguments).decode().split("\x00")[:-1] == edges(DECISION_TRANSITIONS)

    @pytest.mark.parametrize("state", DecisionState.values)
    def test_lets_each_step_start_where_it_may_and_nowhere_else(self, batch, cdmo_qa, answerer, clock, state):
        cdmo_operator = actor("cdmo_operator")
        make_signer(cdmo_qa, cast.CDMO)
        request = make.draft(cdmo_qa, batch)
        if state != DecisionState.DRAFTED:
            request = make.ask(cdmo_qa, request)
        if state == DecisionState.ANSWERED:
            request = make.answer(answerer, request)
        if state == DecisionState.WITHDRAWN:
            request = make.withdraw(cdmo_qa, request)
        if state == DecisionState.LOST:
            clock.move(timedelta(hours=3))
            watch_decision(SWEEP(), clock_of(request).pk)
            request = row(request)
        for step, call in self.STEPS.items():
            table = transitions_of(request)[step]
            for who in (cdmo_qa, answerer, cdmo_operator, actor("sponsor_viewer"), actor("inspector")):
                hidden = state == DecisionState.DRAFTED and who.side(cast.PROGRAM) == Side.SPONSOR
                if hidden:
                    assert refusal(call, who, request) == "not_found", step
                elif not who.holds(cast.PROGRAM, *table.roles):
                    assert refusal(call, who, request) == "refused", step
                elif state not in table.sources:
                    with pytest.raises(InvalidTransition):
                        call(who, request)
        assert row(request).version == request.version

    def test_narrows_each_step_to_a_side(self):
        table = decision_transitions("sponsor", answerers_of("manufacturer", ["qa", HEAD]))
        sides = {name: {role.side for role in step.roles} for name, step in table.items()}
        assert sides == {
            "revise": {Side.SPONSOR}, "ask": {Side.SPONSOR}, "withdraw": {Side.SPONSOR},
            "message": {Side.SPONSOR, Side.MANUFACTURER}, "answer": {Side.MANUFACTURER},
            "lose": {Side.BOTH},
        }  # fmt: skip
        assert Role(Side.MANUFACTURER, "client_lead") not in table["answer"].roles
        assert set(DECISION_ASKERS) <= set(DECISION_ANSWERERS)

    @pytest.mark.parametrize("column", ["title", "options", "lost_at", "roles", "recommended"])
    def test_keeps_what_was_asked(self, asked, as_owner, column):
        (body,) = as_owner.execute("select prosrc from pg_proc where proname = 'keep_question'").fetchone()
        assert column not in body
        with pytest.raises(IntegrityError, match="not rewritten"):
            _rewrite(column, asked)


def _rewrite(column, request):
    """Change one column of what was asked, as an action of ours with a fault would."""
    from portal.action import action

    values = {"lost_at": request.lost_at + timedelta(hours=1), "roles": ["qa"], "recommended": "C"}

    @action("test.rewrite")
    def rewrite(person):
        """Rewrite it."""
        found = DecisionRequest.objects.visible_to(person).get(pk=request.pk)
        setattr(found, column, values.get(column, '[["A", "Another"]]'))
        found.save(update_fields=[column])

    rewrite(actor("cdmo_qa"))


def test_a_message_is_never_rewritten(own_database):
    with own_database.connect("app") as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute("update portal_decisionmessage set text = text")


def test_two_people_who_answer_at_once_leave_one_answer_and_one_signature(own_database):
    qa, first, second = actor("cdmo_qa"), actor("sponsor_qa"), actor("sponsor_quality_head")
    for each in (first, second):
        make_signer(each, cast.ARVO)
    batch = batches.batch(number="B-2417")
    for turn in range(3):
        request = make.asked(qa, batch)
        calls = [_ready(person, request, option, turn) for person, option in ((first, "A"), (second, "B"))]
        outcomes = at_once(*calls)
        done, refused = split(outcomes)
        assert (len(done), refused) == (1, [409])
        assert {each.problem_code for each in outcomes if isinstance(each, DomainError)} == {
            "answered_already"
        }
        (signature,) = rows(Signature, subject_id=request.pk)
        assert (row(request).state, row(request).option) == ("answered", done[0].option)
        assert ["Answer", f"{done[0].option}: {done[0].chosen.words}"] in json.loads(signature.manifest)[
            "shown"
        ]


def _ready(person, request, option, turn):
    """An answer that only waits for its moment: proved already, so that the race is for the record."""
    from portal.actions import deciding
    from portal.proving import Proof

    digest = make.to_sign(person, request, option).digest
    proof = Proof(person.person_id, (10_000_000 + turn,), batches.now())
    given = {"option": option, "reason": make.REASON, "version": request.version, "digest": digest}
    return partial(deciding._answer, person, proof, request.pk, **given)


def test_an_answer_and_the_loss_at_once_leave_one_of_them(own_database, clock):
    qa, person = actor("cdmo_qa"), actor("sponsor_qa")
    make_signer(person, cast.ARVO)
    batch = batches.batch(number="B-2417")
    ends = set()
    for turn, early in enumerate(timedelta(milliseconds=each) for each in (400, 150, 60, 20, 5, 0)):
        clock.move(timedelta(0))
        request = make.asked(qa, batch, lost_in=timedelta(hours=1))
        call, watched = _ready(person, request, "A", turn), clock_of(request).pk
        left = request.lost_at - batches.now()
        clock.move(left - early)
        outcomes = at_once(call, partial(_watch_until_over, request, watched))
        found = row(request)
        answered = not isinstance(outcomes[0], DomainError)
        assert (found.state == "answered", len(rows(Signature, subject_id=request.pk))) == (
            answered, int(answered),
        )  # fmt: skip
        assert (found.state, clock_of(request).state) in (("answered", "met"), ("lost", "breached"))
        ends.add(found.state)
        clock.move(timedelta(0))
    assert ends <= {"answered", "lost"}


def _watch_until_over(request, clock_id):
    for _ in range(200):
        watch_decision(SWEEP(), clock_id)
        if row(request).state != DecisionState.ASKED:
            return


class TestTheInbox:
    def items(self, key):
        with reading(actor(key)) as reader:
            return [(each.kind, each.due_at) for each in list_inbox(reader)]

    def test_asks_who_may_answer_with_the_time_of_the_choice_and_nobody_else(self, asked):
        assert self.items("sponsor_qa") == [("decision", asked.lost_at)]
        assert self.items("sponsor_quality_head") == [("decision", asked.lost_at)]
        for key in ("sponsor_viewer", "cdmo_qa", "inspector", "rival_sponsor_qa"):
            assert self.items(key) == []

    def test_counts_as_much_as_it_lists(self, asked):
        from portal.queries.waiting import count_inbox

        for key in ("sponsor_qa", "sponsor_viewer", "cdmo_qa", "cdmo_admin"):
            with reading(actor(key)) as reader:
                assert count_inbox(reader) == len(list_inbox(reader)), key

    def test_is_empty_of_it_once_it_was_answered_and_tells_the_asking_side(self, asked, answerer):
        make.answer(answerer, asked)
        assert self.items("sponsor_qa") == []
        assert [kind for kind, _ in self.items("cdmo_qa")] == ["decision.answered"]

    def test_has_what_waits_for_a_signature_or_a_second_word(self, database):
        from portal.actions.proposing import propose_reset
        from portal.actions.reviewing import open_review
        from portal.actions.trail import review_trail

        batches.batch(number="B-2417")
        review_trail(
            actor("cdmo_qa"), cast.PROGRAM, audience="shared", first=1, last=1, finding="Nothing that is odd."
        )
        assert [kind for kind, _ in self.items("cdmo_qa")] == ["signature"]
        assert self.items("cdmo_quality_head") == []
        open_review(system_actor("setup", cast.CDMO), cast.CDMO)
        assert [kind for kind, _ in self.items("cdmo_admin")] == ["review"]
        person = cast.person_id("cdmo_operator")
        propose_reset(actor("cdmo_admin"), cast.CDMO, person_id=person, reason="Lost the telephone.")
        assert [kind for kind, _ in self.items("cdmo_admin")] == ["review"]

    def test_asks_the_same_queries_for_one_and_for_three(self, batch, cdmo_qa):
        from django.test.utils import CaptureQueriesContext

        def queries():
            with reading(actor("sponsor_qa")) as reader, CaptureQueriesContext(connection) as counted:
                list_inbox(reader)
            return len(counted)

        make.asked(cdmo_qa, batch)
        one = queries()
        for _ in range(2):
            make.asked(cdmo_qa, batch)
        assert queries() == one
