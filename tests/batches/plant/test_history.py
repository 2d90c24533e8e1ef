import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches import plant
from batches.plant.culture import DAY_S, HOUR_S
from batches.plant.history import UnknownStory

# NOR of demo section 1 after the shift, the widest of each parameter over the days it is checked on.
NOR = {
    "TEMP": (33.5, 34.5),
    "PH": (6.90, 7.10),
    "DO": (30, 50),
    "AGIT": (90, 100),
    "PRESS": (50, 120),
    "VALVE": (8, 22),
    "JACKET": (32.5, 34.5),
    "PCO2": (40, 130),
    "GLUC": (2.0, 6.0),
    "LAC": (0, 2.5),
    "VIAB": (80, 100),
    "OSMO": (280, 420),
    "NH4": (0, 9),
}
FILL_ALERTS = {
    "FILLWT": (1.116, 1.150),
    "PC05": (0, 700),
    "PC50": (0, 0),
    "ISODP": (30, 65),
    "CASCADE": (12, 65),
    "AIRFLOW": (0.38, 0.52),
    "ROOMT": (18, 22),
    "ROOMRH": (30, 60),
}
CELL_ALERTS = {
    "INCT": (36.5, 37.5),
    "CO2": (4.5, 5.5),
    "CULTPH": (7.10, 7.40),
    "VCD": (0.3, 2.5),
    "LAC": (0, 20),
}


def past(model, parameter, days, *, step_s=10, seed=5, **rest):
    first, last = days
    return plant.history(
        model, parameter, from_s=first * DAY_S, to_s=last * DAY_S, step_s=step_s, seed=seed, **rest
    )


@pytest.mark.parametrize("parameter", NOR)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_calm_bioreactor_stays_inside_its_normal_ranges(parameter, seed):
    _, values = past("bioreactor", parameter, (6, 14), seed=seed)
    low, high = NOR[parameter]
    assert low <= values.min()
    assert values.max() <= high


@pytest.mark.parametrize("parameter", FILL_ALERTS)
def test_a_calm_fill_line_raises_no_alert(parameter):
    _, values = past("fill_line", parameter, (0, 3), step_s=5)
    low, high = FILL_ALERTS[parameter]
    assert low <= values.min()
    assert values.max() <= high


@pytest.mark.parametrize("parameter", CELL_ALERTS)
def test_a_calm_incubator_raises_no_alert(parameter):
    _, values = past("cell_therapy", parameter, (0, 9), step_s=30)
    low, high = CELL_ALERTS[parameter]
    assert low <= values.min()
    assert values.max() <= high


def test_the_cells_of_the_patient_lot_follow_its_days():
    days = np.array([5, 6, 7, 8])
    for parameter, expected in {"VCD": [0.9, 1.4, 1.6, 1.7], "VIAB": [93, 90, 82, 75]}.items():
        values = [past("cell_therapy", parameter, (day, day + 0.5), step_s=DAY_S)[1][0] for day in days]
        assert np.allclose(values, expected, rtol=0.06)


def test_particles_come_in_whole_counts():
    _, values = past("fill_line", "PC05", (0, 2), step_s=60)
    assert set(np.unique(values)) == {0, 35, 71}


def test_the_seed_train_grows_without_leaving_its_ranges():
    _, vcd = past("seed_train", "VCD", (0, 4), step_s=DAY_S)
    assert (np.diff(vcd) > 0).all()
    for parameter, low, high in [("TEMP", 36, 37), ("PH", 6.9, 7.1), ("DO", 30, 50)]:
        _, values = past("seed_train", parameter, (0, 4))
        assert low <= values.min()
        assert values.max() <= high


def test_the_temperature_shifts_on_day_five_in_four_hours():
    at_s, values = past("bioreactor", "TEMP", (4.9, 5.3), step_s=60)
    assert values[at_s < plant.SHIFT_AT_S] == pytest.approx(36.5, abs=0.12)
    middle = values[at_s == plant.SHIFT_AT_S + 2 * HOUR_S]
    assert middle == pytest.approx(35.25, abs=0.12)
    assert values[at_s > plant.SHIFT_AT_S + 4 * HOUR_S] == pytest.approx(34.0, abs=0.12)


def test_titre_is_measured_from_day_seven():
    at_s, values = past("bioreactor", "TITER", (0, 14.5), step_s=DAY_S)
    assert (at_s / DAY_S).tolist() == [7, 8, 9, 10, 11, 12, 13, 14]
    assert values[2] == pytest.approx(2.4, abs=0.15)


def test_the_end_of_a_window_belongs_to_the_next_one():
    at_s, values = plant.history("bioreactor", "PH", from_s=0, to_s=30, step_s=10, seed=1)
    assert at_s.tolist() == [0, 10, 20]
    assert values.shape == (3,)
    assert plant.history("bioreactor", "PH", from_s=30, to_s=30, step_s=10, seed=1)[0].size == 0


@given(st.sampled_from(sorted(plant.MODELS["bioreactor"])), st.integers(0, 80_000), st.integers(0, 2**31))
def test_overlapping_windows_agree(parameter, first, seed):
    begin = first * 10
    whole = plant.history("bioreactor", parameter, from_s=begin, to_s=begin + 900, step_s=10, seed=seed)
    part = plant.history("bioreactor", parameter, from_s=begin + 300, to_s=begin + 600, step_s=10, seed=seed)
    inside = np.isin(whole[0], part[0])
    assert np.array_equal(whole[1][inside], part[1])


def test_batches_differ_by_their_seed():
    one, other = (past("bioreactor", "TEMP", (6, 7), seed=seed)[1] for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_a_code_that_no_model_knows_wanders_near_one():
    _, values = past("generic", "FLUX", (0, 1))
    assert np.abs(values - 1).max() < 0.02
    assert np.unique(values).size > 10


def test_an_unknown_story_is_named():
    with pytest.raises(UnknownStory, match="No story is called 'flood'; there is 'valve_fault'"):
        past("bioreactor", "TEMP", (0, 1), story="flood")
