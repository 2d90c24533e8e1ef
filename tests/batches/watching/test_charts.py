import json

import numpy as np
import pytest

from batches.watching import charts

INDEPENDENT = np.random.default_rng(4).standard_normal((6, 240))


@pytest.mark.parametrize("name", ["lew", "mavro", "numacc1", "numacc3"])
def test_mean_and_deviation_are_the_certified_ones_of_nist(given_text, given_table, name):
    certified = json.loads(given_text("spc/nist_certified_given.json"))[name]
    chart = charts.of_values(given_table(f"spc/nist_{name}.csv")[1][:, 0])
    assert chart.centre == pytest.approx(certified["mean"], rel=1e-12)
    assert chart.sigma == pytest.approx(certified["sd_sample"], rel=1e-8)


def test_limits_of_the_piston_rings_are_the_published_ones(given_text):
    lines = given_text("spc/qcc_pistonrings.txt").splitlines()[1:]
    groups = np.array([float(line.split()[0]) for line in lines]).reshape(-1, 5)
    published = json.loads(given_text("spc/qcc_expected_given.json"))["xbar"]
    chart = charts.of_means(groups[:25])
    assert chart.sigma == pytest.approx(published["sigma"], rel=1e-6)
    assert (chart.centre, chart.low, chart.high) == pytest.approx(
        (published["center"], published["LCL"], published["UCL"]), abs=6e-6
    )
    late = groups[25:].mean(axis=1)
    assert [place + 26 for place in np.flatnonzero((late > chart.high) | (late < chart.low))] == [37, 38, 39]


def test_groups_too_large_for_ranges_use_their_deviations():
    groups = np.random.default_rng(1).normal(5, 2, (400, 12))
    assert charts.of_means(groups).sigma == pytest.approx(2, rel=0.03)


def test_an_ewma_of_chance_stays_within_three_of_its_own_sigmas_from_the_first_point_on():
    ewma = np.stack([charts.ewma(row, 0.2) for row in INDEPENDENT])
    assert ewma[:, 0] == pytest.approx(INDEPENDENT[:, 0])
    assert (np.abs(ewma) > 3).mean() < 0.005


def test_an_ewma_finds_a_shift_that_no_single_point_shows():
    shifted = INDEPENDENT[0].copy()
    shifted[100:] += 1.0
    beyond = np.flatnonzero(charts.ewma(shifted, 0.2) > 3)
    assert 100 < beyond[0] < 120
    assert np.abs(shifted[: beyond[0]]).max() < 3


def test_a_missing_value_moves_neither_the_ewma_nor_the_sums():
    scores = np.array([1.0, np.nan, np.nan, 2.0])
    there = np.array([1.0, 2.0])
    assert charts.ewma(scores, 0.2)[[0, 3]] == pytest.approx([1.0, charts.ewma(there, 0.2)[1]], rel=0.2)
    assert charts.cusum(scores, 0.5)[0].tolist() == [0.5, 0.5, 0.5, 2.0]


def test_sums_go_up_and_down_on_their_own_and_begin_again_once_shown():
    ups, downs = charts.cusum(np.array([2.0, 2.0, -1.0, 2.0, 2.0, 2.0]), 0.5, 3.5)
    assert ups.tolist() == [1.5, 3.0, 1.5, 3.0, 4.5, 1.5]
    assert downs.tolist() == [0.0, 0.0, 0.5, 0.0, 0.0, 0.0]


def test_neighbours_that_repeat_each_other_are_put_in_one_block_and_independent_ones_stay_apart():
    slow = np.zeros((6, 480))
    chance = np.random.default_rng(2).standard_normal(slow.shape)
    for place in range(1, 480):
        slow[:, place] = 0.8 * slow[:, place - 1] + chance[:, place]

    def as_it_is(rows):
        return rows

    assert charts.block_width(INDEPENDENT, 20, as_it_is) == 1
    assert charts.block_width(slow, 40, as_it_is) in {8, 16, 32}
    assert charts.block_width(np.cumsum(chance, axis=1), 40, as_it_is) is None


def test_a_block_mostly_missing_is_missing_and_one_that_is_not_full_is_none():
    rows = np.array([[1.0, 2.0, 9.0, np.nan, np.nan, 4.0, 7.0]])
    found = charts.medians(rows, 3)
    assert found[0, 0] == 2.0
    assert np.isnan(found[0, 1])
    assert found.shape == (1, 2)


def test_a_line_that_never_changes_tells_nothing_of_its_neighbour():
    assert charts.correlation(np.full((2, 30), 4.0)) == 0.0
