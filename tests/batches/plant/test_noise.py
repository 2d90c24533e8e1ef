import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batches.plant.noise import bell, hiss, stream, uniform, wander

INDEX = np.arange(200_000)


def test_bell_noise_has_mean_zero_and_deviation_one_and_never_leaves_its_bounds():
    drawn = bell(stream(1, "TEMP"), INDEX)
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1) < 0.01
    assert np.abs(drawn).max() <= 3.47


def test_uniform_noise_fills_its_range_evenly():
    drawn = uniform(stream(1, "PC05"), INDEX)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.abs(np.histogram(drawn, bins=10, range=(0, 1))[0] / len(INDEX) - 0.1).max() < 0.005


def test_neighbours_are_not_related():
    drawn = bell(stream(1, "TEMP"), INDEX)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.01


def test_signals_and_seeds_have_noise_of_their_own():
    assert stream(1, "TEMP") != stream(1, "PH")
    assert stream(1, "TEMP") != stream(2, "TEMP")
    one, other = bell(stream(1, "TEMP"), INDEX), bell(stream(2, "TEMP"), INDEX)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.01


@given(st.integers(0, 10**6), st.integers(1, 500), st.floats(10, 10_000))
def test_a_moment_has_the_same_noise_in_every_window(start, length, period_s):
    key = stream(7, "DO")
    whole = np.arange(start, start + 1000, dtype=float)
    part = whole[:length]
    assert np.array_equal(hiss(key, whole)[:length], hiss(key, part))
    assert np.array_equal(wander(key, whole, period_s)[:length], wander(key, part, period_s))


def test_slow_noise_is_smooth():
    at_s = np.arange(0, 36_000, 1.0)
    assert np.abs(np.diff(wander(stream(1, "TEMP"), at_s, 600.0))).max() < 0.02


def test_slow_noise_stays_within_the_bounds_of_fast_noise():
    at_s = np.arange(0, 10**6, 10.0)
    assert np.abs(wander(stream(3, "TEMP"), at_s, 600.0)).max() <= 3.47
