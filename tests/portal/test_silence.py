"""What silence leads to: the outcome the clause names, noted by the system, never consent."""

from datetime import timedelta

import pytest

from portal.action import reading
from portal.actions.clocks import breach_clock, breach_clocks
from portal.actions.deciding import watch_decision
from portal.actor import Side, system_actor
from portal.agreements.document import Clause
from portal.agreements.rules import NoReply
from portal.agreements.terms import Applied
from portal.clocks.silence import silence_by
from portal.models import Alert, Clock
from tests.conftest import actor, head_of
from tests.factories import batches, cast, decisions
from tests.factories.agreements import agree
from tests.factories.alerts import facts_of
from tests.factories.clocks import lines_of, started

pytestmark = pytest.mark.usefixtures("database")
SWEEP = system_actor("sweep", cast.PROGRAM)
ASKED = {"kind": "sponsor_review", "side": Side.SPONSOR}


def no_reply(outcome, *activities, code="6.4", not_for=("critical", "disposition")):
    rule = NoReply(activity=activities, outcome=outcome, not_for=not_for)
    return Clause(code, "quality_unit", "No reply", "Nobody replied.", (rule,))


def outcomes(clock):
    return [step for step, *_rest in lines_of(clock) if step not in ("started", "breached")]


def heads_asked():
    reader = actor("sponsor_quality_head")
    with reading(reader):
        return [
            (each.kind, each.side, each.clause)
            for each in Alert.objects.visible_to(reader).filter(kind="clock.unanswered")
        ]


@pytest.mark.parametrize(
    ("outcome", "classification", "expected"),
    [
        ("go_on", None, "go_on"),
        ("go_on", "major", "go_on"),
        ("go_on", "critical", "wait"),
        ("climb", "critical", "wait"),
        ("climb", "minor", "climb"),
        ("wait", None, "wait"),
    ],
)
def test_what_a_clause_spares_waits_however_the_others_go_on(outcome, classification, expected):
    clause = no_reply(outcome, "sponsor_review")
    found = silence_by(Applied(clause, clause.rules[0]), classification, 3)
    assert (found.outcome, found.clause, found.terms) == (expected, "6.4", 3)


@pytest.mark.parametrize(
    ("outcome", "step", "asked"),
    [
        ("go_on", "went_on", []),
        ("wait", "waits", []),
        ("climb", "climbed", [("clock.unanswered", "sponsor", "6.4")]),
    ],
)
def test_the_clause_of_the_version_under_which_the_clock_started_decides(clock, outcome, step, asked):
    agree(no_reply(outcome, "sponsor_review"), number=4)
    found = started(**ASKED, terms=4)
    agree(no_reply("wait" if outcome != "wait" else "climb", "sponsor_review"), number=5)
    clock.move(timedelta(hours=25))
    before = head_of(cast.PROGRAM)
    breach_clock(SWEEP, found.pk)
    breach_clock(SWEEP, found.pk)
    assert outcomes(found) == [step]
    assert heads_asked() == asked
    told = [(name, payload) for name, payload in facts_of(cast.PROGRAM, after=before) if "clock." in name]
    assert [name for name, _ in told] == ["clock.breached", "clock.unanswered"]
    assert told[1][1] == {"kind": "sponsor_review", "outcome": outcome, "clause": "6.4", "terms": "4"}


def test_of_many_at_once_each_has_its_own_outcome(clock):
    agree(no_reply("go_on", "sponsor_review"), number=4)
    minor = started(**ASKED, terms=4, inputs={"classification": "minor"})
    critical = started(**ASKED, terms=4, inputs={"classification": "critical"})
    other = started(kind="record_review", side=Side.SPONSOR, terms=4)
    clock.move(timedelta(hours=25))
    assert breach_clocks(SWEEP, [minor.pk, critical.pk, other.pk]) == 3
    assert [outcomes(each) for each in (minor, critical, other)] == [["went_on"], ["waits"], []]


def test_what_no_clause_speaks_of_leads_to_nothing(clock):
    found = started()
    clock.move(timedelta(hours=25))
    breach_clock(SWEEP, found.pk)
    assert outcomes(found) == []


def lost(clock, by, *clauses):
    """A decision request that nobody answered; its clock and its page for the side that was asked."""
    if clauses:
        agree(*clauses, number=6)
    request = decisions.asked(by, batches.batch())
    clock.move(timedelta(hours=4))
    with reading(SWEEP):
        found = Clock.objects.visible_to(SWEEP).get(subject_id=request.pk, kind="decision")
    watch_decision(SWEEP, found.pk)
    return request, found


def test_a_lost_choice_goes_on_as_its_clause_says_and_both_read_it(clock, cdmo_qa, signed_in):
    request, found = lost(clock, cdmo_qa)
    assert outcomes(found) == ["went_on"]
    for key in ("cdmo_qa", "sponsor_qa"):
        page = signed_in(key).get(f"/decisions/{request.pk}/").content.decode()
        assert "It went on under clause 9.1, default rule:" in page
        assert "never as agreement" in page
    assert signed_in("rival_sponsor_qa").get(f"/decisions/{request.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("wait", "Under clause 9.2, agreement v6 nothing goes on without an answer."),
        ("climb", "Under clause 9.2, agreement v6 the quality heads were asked."),
    ],
)
def test_another_clause_another_outcome(clock, cdmo_qa, signed_in, outcome, words):
    emptied = Clause("9.1", "responsibilities", "Decision requests", "Asked.", ())
    request, _ = lost(clock, cdmo_qa, emptied, no_reply(outcome, "decision", code="9.2", not_for=()))
    assert words in signed_in("sponsor_qa").get(f"/decisions/{request.pk}/").content.decode()
    assert bool(heads_asked()) == (outcome == "climb")


def test_without_a_clause_nothing_is_said_to_follow(clock, cdmo_qa, signed_in):
    request, found = lost(
        clock, cdmo_qa, Clause("9.1", "responsibilities", "Decision requests", "Asked.", ())
    )
    assert outcomes(found) == []
    page = signed_in("cdmo_qa").get(f"/decisions/{request.pk}/").content.decode()
    assert "No clause says what follows." in page
