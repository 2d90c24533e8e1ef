"""A forecast keeps lengths, is never before the plan, and is moved by what stops work alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from batches.schedule.forecast import Hold, Slot, forecast, overlap

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = UUID(int=7)
ONE, OTHER = uuid5(NAMES, "one"), uuid5(NAMES, "other")


def slot(name, start, length, *, suite="LINE-4", batch=None, begun=None, ended=None):
    """A slot in hours from now."""
    at = [None if each is None else NOW + HOUR * each for each in (begun, ended)]
    return Slot(uuid5(NAMES, name), suite, batch, NOW + HOUR * start, NOW + HOUR * (start + length), *at)


def hours(found, each):
    expected = found[each.id]
    return (expected.start - NOW) / HOUR, (expected.end - NOW) / HOUR, expected.why


def test_what_lies_ahead_is_as_planned():
    ahead = slot("a", 5, 3)
    assert hours(forecast([ahead], [], NOW), ahead) == (5, 8, "")


def test_what_has_not_begun_begins_now_at_the_earliest():
    due = slot("a", -2, 3)
    assert hours(forecast([due], [], NOW), due) == (0, 3, "late")


def test_a_hold_on_the_work_moves_its_end_and_what_comes_after_it():
    begun = slot("a", -10, 20, batch=ONE, begun=-10)
    after = slot("b", 11, 5, batch=OTHER)
    held = Hold(ONE, NOW - 4 * HOUR, cause="DEV-1")
    found = forecast([after, begun], [held], NOW)
    assert hours(found, begun) == (-10, 14, "held")
    assert hours(found, after) == (14, 19, "after")
    assert (found[begun.id].cause, found[begun.id].is_held, found[begun.id].held) == ("DEV-1", True, 4 * HOUR)
    lifted = Hold(ONE, NOW - 4 * HOUR, NOW - 3 * HOUR, "DEV-1")
    assert hours(forecast([after, begun], [lifted], NOW), begun) == (-10, 11, "held")


def test_two_holds_at_once_take_their_time_once():
    begun = slot("a", -10, 20, batch=ONE, begun=-10)
    both = [Hold(ONE, NOW - 4 * HOUR), Hold(ONE, NOW - 3 * HOUR, NOW - HOUR)]
    assert hours(forecast([begun], both, NOW), begun) == (-10, 14, "held")


def test_a_batch_goes_on_in_its_next_suite_once_it_has_left_the_one_before():
    first = slot("a", -10, 20, suite="BR-203", batch=ONE, begun=-8)
    following = slot("b", 10, 4, suite="HALL-2", batch=ONE)
    assert hours(forecast([first, following], [], NOW), following) == (12, 16, "after")


def test_what_is_over_is_as_it_was_and_says_what_held_it():
    over = slot("a", -20, 10, batch=ONE, begun=-20, ended=-5)
    found = forecast([over], [Hold(ONE, NOW - 15 * HOUR, NOW - 12 * HOUR, "DEV-1")], NOW)
    assert hours(found, over) == (-20, -5, "held")
    assert found[over.id].later_than(over) == 5 * HOUR


slots = st.builds(
    slot,
    st.text("abcdefgh", min_size=8, max_size=8),
    st.integers(-50, 50),
    st.integers(1, 30),
    suite=st.sampled_from(["LINE-4", "BR-203"]),
    batch=st.sampled_from([None, ONE, OTHER]),
)
holds = st.builds(
    lambda batch, since, lasts: Hold(
        batch, NOW - HOUR * since, NOW - HOUR * max(since - lasts, 0) if lasts else None
    ),
    st.sampled_from([ONE, OTHER]),
    st.integers(1, 40),
    st.integers(0, 40),
)


@given(st.lists(slots, max_size=6, unique_by=lambda each: each.id), st.lists(holds, max_size=3))
def test_what_lies_ahead_keeps_its_length_and_meets_nothing_in_its_suite(planned, stopping):
    found = forecast(planned, stopping, NOW)
    for each in planned:
        expected = found[each.id]
        assert expected.end - expected.start == each.end - each.start
        assert expected.start >= max(each.start, NOW)
        for other in planned:
            same = each.suite == other.suite or (each.batch is not None and each.batch == other.batch)
            if other.id != each.id and same:
                its = found[other.id]
                assert not overlap((expected.start, expected.end), (its.start, its.end))


@given(st.integers(-30, -1), st.integers(1, 60), st.lists(holds, max_size=4))
def test_a_hold_never_brings_an_end_forward(begun, length, stopping):
    running = slot("a", begun, length, batch=ONE, begun=begun)
    free = forecast([running], [], NOW)[running.id]
    held = forecast([running], stopping, NOW)[running.id]
    assert held.end >= free.end >= NOW
    assert held.end - free.end <= sum((NOW - each.since for each in stopping), timedelta(0))
