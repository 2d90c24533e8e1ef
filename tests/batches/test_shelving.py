from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.shelving import LONGEST_US, AlarmState, Shelf, alert_due, state_at
from tests.batches.test_episodes import SECOND, episode

REASON = "The probe is being calibrated."
instants = st.integers(0, 100)
shelves = st.lists(
    st.tuples(instants, st.integers(1, 30)).map(lambda each: Shelf(each[0], each[0] + each[1], REASON)),
    max_size=5,
)


@given(instants, st.integers(0, 60), st.integers(0, 40), shelves)
def test_an_alert_waits_for_every_shelf_and_comes_when_something_is_still_outside(begun, lasted, delay, held):
    found = replace(episode(begun, begun + lasted, begun + lasted + 1), alert_due_us=begun + delay)
    free = (
        at for at in range(begun + delay, begun + delay + 200) if not any(shelf.covers(at) for shelf in held)
    )
    first = next(free)
    assert alert_due(found, held) == (first if begun + lasted >= first else None)


@pytest.mark.parametrize(
    ("seconds", "reason"), [(0, REASON), (-1, REASON), (LONGEST_US // SECOND + 1, REASON), (60, "  because ")]
)
def test_a_shelf_has_an_end_within_a_shift_and_a_reason(seconds, reason):
    with pytest.raises(ValueError, match=r"shelved"):
        Shelf(0, seconds * SECOND, reason)


OPEN = episode(10, 40, None)
OVER = episode(10, 20, 21)
SHELF = Shelf(5, 30, REASON)


@pytest.mark.parametrize(
    ("at", "episodes", "held", "seen", "state"),
    [
        (5, [OPEN], [], [], AlarmState.NORMAL),
        (10, [OPEN], [], [], AlarmState.UNACKNOWLEDGED),
        (12, [OPEN], [], [11], AlarmState.ACKNOWLEDGED),
        (12, [OPEN], [], [13], AlarmState.UNACKNOWLEDGED),
        (12, [OPEN], [], [9], AlarmState.UNACKNOWLEDGED),
        (30, [OVER], [], [], AlarmState.RETURNED),
        (30, [OVER], [], [15], AlarmState.NORMAL),
        (29, [OPEN], [SHELF], [], AlarmState.SHELVED),
        (30, [OPEN], [SHELF], [], AlarmState.UNACKNOWLEDGED),
        (30, [OPEN], [SHELF], [12], AlarmState.UNACKNOWLEDGED),
        (30, [OVER], [SHELF], [], AlarmState.NORMAL),
        (30, [OVER, episode(25, 40, None)], [], [26], AlarmState.ACKNOWLEDGED),
    ],
)
def test_the_state_is_the_one_of_the_standard(at, episodes, held, seen, state):
    assert state_at(at, episodes, held, acknowledged_us=seen) == state


def test_what_the_plant_took_away_stands_above_what_a_person_put_off():
    assert state_at(12, [OPEN], [SHELF], is_suppressed=True) == AlarmState.SUPPRESSED
    assert (
        state_at(12, [OPEN], [SHELF], is_suppressed=True, is_out_of_service=True) == AlarmState.OUT_OF_SERVICE
    )
