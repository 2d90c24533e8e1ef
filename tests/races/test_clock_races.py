"""Two hands on one clock at once, on real connections: each step once, and nothing undone."""

from datetime import timedelta
from functools import partial

from portal.actions.clocks import breach_clock, breach_clocks, consent_to_pause, extend_clock, pause_clock
from portal.actor import system_actor
from portal.errors import DomainError
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.clocks import DAY, WORDS, lines_of, seen, started
from tests.races.test_deviation_races import at_once, split

SWEEP = system_actor("sweep", cast.PROGRAM)


def test_two_sides_that_ask_for_a_pause_at_once_ask_once(own_database):
    found = started(is_joint=True)
    ask = [
        partial(pause_clock, actor(key), found.pk, reason=WORDS, version=1)
        for key in ("cdmo_qa", "sponsor_qa")
    ]
    done, refused = split(at_once(*ask))
    assert (len(done), refused) in ((1, [412]), (1, [409]))
    assert [line[0] for line in lines_of(found)] == ["started", "pause_asked"]
    assert (seen(found).state, seen(found).version) == ("running", 2)


def test_consent_and_a_second_consent_at_once_pause_once(own_database):
    found = started(is_joint=True)
    asked = pause_clock(actor("sponsor_qa"), found.pk, reason=WORDS, version=1)
    consents = [
        partial(consent_to_pause, actor(key), found.pk, version=asked.version)
        for key in ("cdmo_qa", "cdmo_quality_head")
    ]
    done, refused = split(at_once(*consents))
    assert (len(done), refused) in ((1, [409]), (1, [412]))
    assert [line[0] for line in lines_of(found)] == ["started", "pause_asked", "paused"]


def test_an_extension_at_the_moment_of_the_breach_either_comes_first_or_is_refused(own_database, clock):
    for _ in range(5):
        found = started(DAY, due_at=None)
        shift = timedelta(hours=24) - timedelta(milliseconds=5)
        clock.move(shift)
        later = found.due_at + timedelta(days=2)
        qa = actor("cdmo_qa")
        given, _swept = at_once(
            partial(extend_clock, qa, found.pk, due_at=later, reason=WORDS, version=1),
            partial(breach_clock, SWEEP, found.pk),
        )
        breach_clock(SWEEP, found.pk)
        row, steps = seen(found), [line[0] for line in lines_of(found)]
        if isinstance(given, DomainError):
            clock.move(shift + timedelta(minutes=1))
            breach_clock(SWEEP, found.pk)
            assert [line[0] for line in lines_of(found)] == ["started", "breached"]
        else:
            assert (row.state, row.due_at, steps) == ("running", later, ["started", "extended"])
        clock.move(timedelta(0))


def test_two_sweeps_at_once_breach_each_clock_exactly_once(own_database, clock):
    found = [started(DAY) for _ in range(6)]
    clock.move(timedelta(hours=25))
    head, ids = head_of(cast.PROGRAM), [each.pk for each in found]
    at_once(partial(breach_clocks, SWEEP, ids), partial(breach_clocks, SWEEP, ids))
    breach_clocks(SWEEP, ids)
    assert [[line[0] for line in lines_of(each)] for each in found] == [["started", "breached"]] * 6
    kinds = [kind for _, kind, _, _ in entries_of(cast.PROGRAM, after=head)]
    assert kinds.count("clock.breached") == 6


def test_a_sweep_beside_a_pause_leaves_one_outcome(own_database, clock):
    found = started(DAY)
    clock.move(timedelta(hours=25))
    given, _swept = at_once(
        partial(pause_clock, actor("cdmo_qa"), found.pk, reason=WORDS, version=1),
        partial(breach_clock, SWEEP, found.pk),
    )
    assert isinstance(given, DomainError)
    breach_clock(SWEEP, found.pk)
    assert [line[0] for line in lines_of(found)] == ["started", "breached"]
