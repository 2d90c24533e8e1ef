from dataclasses import replace

import numpy as np
import pytest

from batches.watching.runs import Grid, Lane, Run, Stage, common_grid, followed, named_stages, on_grid
from tests.batches.watching.conftest import made_run


def run_of(stages, columns, until_s=600.0):
    held = {code: (np.array(at, float), np.array(values, float)) for code, (at, values) in columns.items()}
    return Run("B", stages, held, until_s)


def test_the_same_place_is_the_same_time_since_the_phase_began():
    grid = Grid((Lane("A", 60.0, 2), Lane("B", 60.0, 2)))
    at, values = [100, 130, 170, 310, 380], [1, 3, 5, 7, 9]
    early = run_of((Stage("A", 100.0, 220.0), Stage("B", 300.0)), {"T": (at, values)})
    late = run_of((Stage("A", 100.0, 220.0), Stage("B", 360.0)), {"T": (at, values)})
    assert on_grid(grid, early, ["T"]).tolist() == [[2.0, 5.0, 7.0, 9.0]]
    np.testing.assert_equal(on_grid(grid, late, ["T"]), [[2.0, 5.0, 9.0, np.nan]])


def test_a_place_that_is_not_over_yet_is_not_known():
    grid = Grid((Lane("A", 60.0, 3),))
    held = run_of((Stage("A", 0.0),), {"T": ([10, 70, 130], [1, 2, 3])}, until_s=130.0)
    np.testing.assert_equal(on_grid(grid, held, ["T"]), [[1.0, 2.0, np.nan]])


def test_what_is_read_after_a_phase_or_before_it_belongs_to_no_place_of_it():
    grid = Grid((Lane("A", 60.0, 3),))
    held = run_of((Stage("A", 60.0, 120.0),), {"T": ([10, 70, 130], [1, 2, 3])})
    np.testing.assert_equal(on_grid(grid, held, ["T"]), [[2.0, np.nan, np.nan]])


def test_a_phase_run_again_is_a_phase_of_its_own():
    held = run_of((Stage("A", 0.0, 60.0), Stage("B", 60.0, 120.0), Stage("A", 120.0)), {})
    assert list(named_stages(held)) == ["A", "B", "A#2"]


def test_the_grid_has_the_phases_most_runs_have_each_as_long_as_it_ever_was():
    runs = [made_run(seed) for seed in range(8)] + [made_run(8, growth_min=150), made_run(9)]
    growth, harvest = runs[0].stages
    runs[0] = replace(
        runs[0], stages=(growth, replace(harvest, end_s=9000.0), Stage("REWORK", 9000.0)), until_s=1e4
    )
    assert common_grid(runs) == Grid((Lane("GROWTH", 60.0, 150), Lane("HARVEST", 60.0, 60)))


def test_a_long_phase_has_wider_steps():
    (lane,) = common_grid([made_run(1, growth_min=1000, harvest_min=0)]).lanes
    assert (lane.step_s, lane.positions) == (250.0, 240)


@pytest.mark.parametrize("edge", [0.0, 0.2, 3600.0 * 0.2 * 3])
def test_readings_taken_on_the_step_fall_into_a_place_each(edge):
    at = edge + np.arange(30) * 720.0
    held = Run("B", (Stage("A", edge),), {"T": (at, np.arange(30.0))}, edge + 30 * 720.0)
    assert on_grid(Grid((Lane("A", 720.0, 30),)), held, ["T"])[0].tolist() == list(range(30))


def test_a_parameter_sampled_now_and_then_is_not_followed():
    table = np.ones((2, 50))
    table[1, 1::2] = np.nan
    assert followed([table, np.ones((2, 50))]) == [0]


def test_a_value_that_is_no_number_is_none():
    held = run_of((Stage("A", 0.0),), {"T": ([10, 20], [np.inf, 2.0])})
    assert on_grid(Grid((Lane("A", 60.0, 1),)), held, ["T"]).tolist() == [[2.0]]


def test_a_place_is_found_again_in_a_run():
    grid = Grid((Lane("A", 60.0, 2), Lane("B", 30.0, 2)))
    held = run_of((Stage("A", 100.0, 220.0), Stage("B", 300.0)), {})
    assert [grid.place(held, position) for position in (0, 1, 2, 3)] == [160.0, 220.0, 330.0, 360.0]
    assert grid.place(run_of((Stage("A", 100.0),), {}), 2) is None
