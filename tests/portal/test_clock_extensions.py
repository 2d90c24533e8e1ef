"""How often and how far a deadline is put off: as the clause of the clock's own version says, no more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.action import reading
from portal.actions.clocks import extend_clock
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Timeline
from portal.agreements.terms import Applied
from portal.business_time import Calendar
from portal.clocks.extending import more_time
from portal.errors import DomainError
from portal.queries.clocks import find_clock
from tests.conftest import actor
from tests.factories.agreements import agree
from tests.factories.clocks import WORDS, hours, lines_of, seen, started

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
STOCKHOLM = Calendar("Europe/Stockholm")
UNITS = ("hours", "calendar_days", "business_hours", "business_days")


def extension(within, rounds, *, code="6.3", **given):
    rule = Timeline(
        activity=("extension",), within=within, held_by="manufacturer", since="due", rounds=rounds, **given
    )
    return Clause(code, "quality_unit", "Extension", "More time.", (rule,))


def applied(within, rounds):
    clause = extension(within, rounds)
    return Applied(clause, clause.rules[0])


def extend(found, by, key="cdmo_qa"):
    return extend_clock(
        actor(key), found.pk, due_at=found.due_at + by, reason=WORDS, version=seen(found).version
    )


def refusal(found, by, key="cdmo_qa"):
    with pytest.raises(DomainError) as refused:
        extend(found, by, key)
    return refused.value.problem_code, str(refused.value)


@given(
    st.builds(Duration, st.integers(1, 60), st.sampled_from(UNITS)),
    st.integers(1, 4),
    st.lists(
        st.integers(-24 * 60, 24 * 60 * 90).map(lambda minutes: timedelta(minutes=minutes)), max_size=12
    ),
)
def test_whatever_is_asked_a_deadline_moves_forward_so_often_and_so_far_as_the_rule_says(
    within, rounds, asked
):
    due, used = NOW, 0
    for by in asked:
        more = more_time(applied(within, rounds), 4, used=used, due_at=due, calendar=STOCKHOLM)
        assert more.left == rounds - used
        if more.allows(due, due + by):
            assert timedelta(0) < by <= more.latest - due
            due, used = due + by, used + 1
        else:
            assert by <= timedelta(0) or by > more.latest - due or used == rounds
    assert used <= rounds
    longest = due - NOW
    if within.unit == "calendar_days":
        # An hour of summer time may lie within each.
        assert longest <= used * timedelta(days=within.amount) + timedelta(hours=used)


def test_it_is_put_off_by_the_clauses_time_at_most_counted_from_the_due_time(database):
    agree(extension(Duration(48, "hours"), 2), number=9)
    found = started(terms=9)
    code, said = refusal(found, hours(48) + timedelta(minutes=1))
    assert (code, "Agreement v9, clause 6.3" in said) == ("invalid", True)
    assert seen(extend(found, hours(48))).due_at == found.due_at + hours(48)
    assert seen(extend(seen(found), hours(48))).due_at == found.due_at + hours(96)


def test_after_the_last_round_nobody_gets_more_time(database):
    agree(extension(Duration(48, "hours"), 1), number=9)
    found = started(terms=9)
    extend(found, hours(1))
    before = (seen(found).version, lines_of(found))
    code, said = refusal(seen(found), hours(1), "cdmo_quality_head")
    assert (code, "clause 6.3: a deadline is extended once, and this one was." in said) == (
        "invalid_transition",
        True,
    )
    assert (seen(found).version, lines_of(found)) == before


def test_a_version_that_says_nothing_of_extensions_gives_none(database):
    agree(Clause("6.3", "quality_unit", "Closing", "No more time.", ()), number=9)
    found = started(terms=9)
    assert refusal(found, hours(1)) == (
        "invalid_transition",
        "Agreement v9: no clause gives this more time.",
    )
    assert seen(extend(started(), hours(1))).extensions == 1


def test_the_rule_is_that_of_the_class_of_what_the_clock_runs_for(database):
    agree(
        extension(Duration(48, "hours"), 2),
        extension(Duration(2, "hours"), 1, code="6.9", classification=("critical",)),
        number=9,
    )
    critical = started(terms=9, inputs={"classification": "critical"})
    assert refusal(critical, hours(3))[0] == "invalid"
    assert extend(started(terms=9, inputs={"classification": "major"}), hours(3)).extensions == 1
    assert extend(started(terms=9), hours(3)).extensions == 1


@pytest.mark.parametrize("kind", ["notice_release", "early_signal"])
def test_what_the_other_side_waits_to_be_told_is_never_put_off(database, kind):
    assert refusal(started(kind=kind), hours(1))[0] == "invalid_transition"


def test_who_may_extend_reads_how_far_and_the_button_goes_with_the_last_round(database):
    agree(extension(Duration(2, "business_days"), 1), number=9)
    found = started(terms=9)
    line = shown("cdmo_qa", found)
    assert (line.more.clause, line.more.terms, line.more.left) == ("6.3", 9, 1)
    assert "extend" in line.steps
    assert shown("sponsor_qa", found).more is None
    extend(found, hours(1))
    for key in ("cdmo_qa", "sponsor_qa"):
        line = shown(key, found)
        assert (line.more.used, line.more.left, "extend" in line.steps) == (1, 0, False)


def shown(key, found):
    with reading(actor(key)):
        return find_clock(actor(key), found.pk)


def test_a_rival_learns_nothing_of_it(database):
    assert refusal(started(), hours(1), "rival_sponsor_qa")[0] == "not_found"
