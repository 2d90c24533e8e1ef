import numpy as np
import pytest

from batches.watching import forecast
from batches.watching.profiles import left_out_middles

PLACES = 100
LIMIT = 6.0


def lines(count, *, seed):
    """Make lines that drift off a common course, each by its own slow swing."""
    chance = np.random.default_rng(seed)
    at = np.arange(PLACES)
    swing = chance.normal(0, 1, (count, 1)) * np.sin(at / 25 + chance.uniform(0, 6, (count, 1)))
    return 3 + at / 50 + swing + 0.1 * chance.standard_normal((count, PLACES))


COURSE = 3 + np.arange(PLACES) / 50
REACH = forecast.learn_reach(lines(24, seed=1), left_out_middles(lines(24, seed=1)))


def test_the_interval_holds_about_as_often_as_it_says():
    held = told = 0
    for line in lines(60, seed=2):
        for gone in range(20, 80, 7):
            ahead = forecast.carry_on(line[:gone], COURSE)[: len(REACH.low)]
            truth = line[gone : gone + len(ahead)]
            held += int(
                (
                    (truth >= ahead + REACH.low[: len(ahead)]) & (truth <= ahead + REACH.high[: len(ahead)])
                ).sum()
            )
            told += len(ahead)
    assert held / told == pytest.approx(forecast.SHARE, abs=0.08)


def test_a_line_on_its_way_to_a_limit_is_said_to_cross_about_when_it_does():
    at = np.arange(PLACES)
    line = COURSE + np.clip(at - 40, 0, None) * 0.08
    crossed = int(np.flatnonzero(line > LIMIT)[0])
    found = forecast.crossing(line[: crossed - 8], COURSE, REACH, LIMIT, upward=True)
    assert found.earliest < found.expected == pytest.approx(9, abs=3)
    assert found.latest is None or found.latest > found.expected


def test_a_line_on_its_course_far_from_a_limit_crosses_nothing_in_sight():
    assert forecast.crossing(COURSE[:30], COURSE, REACH, 9.0, upward=True) == forecast.Crossing(
        None, None, None
    )
    assert forecast.crossing(COURSE[:30], COURSE, REACH, -4.0, upward=False) == forecast.Crossing(
        None, None, None
    )


def test_further_ahead_is_never_surer():
    assert (np.diff(REACH.high) >= 0).all()
    assert (np.diff(REACH.low) <= 0).all()
    assert (REACH.low <= 0).all()
    assert (REACH.high >= 0).all()


@pytest.mark.parametrize("gone", [0, 3, PLACES])
def test_nothing_is_foreseen_from_too_little_or_beyond_the_end(gone):
    assert len(forecast.carry_on(COURSE[:gone], COURSE)) == 0


def test_one_wild_value_does_not_tilt_the_line():
    line = COURSE[:40].copy()
    line[37] += 50
    np.testing.assert_allclose(
        forecast.carry_on(line, COURSE), forecast.carry_on(COURSE[:40], COURSE), atol=1e-9
    )
