import numpy as np
import pytest

from batches.plant.culture import DAY_S, SHIFT_AT_S, course, temperature_share

SEEDS = range(25)


def on_days(name, seed, *days):
    return course(seed).at(name, np.array(days) * DAY_S)


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_peak_on_day_eight_and_thin_out_to_day_fourteen(seed):
    vcd = on_days("vcd", seed, 0, 5, 8, 9, 10, 12, 14)
    assert np.allclose(vcd, [0.5, 10.6, 20.9, 20.0, 18.8, 15.8, 12.4], rtol=0.08)
    every_hour = course(seed).at("vcd", np.arange(0, 14, 1 / 24) * DAY_S)
    assert 7 <= every_hour.argmax() / 24 <= 9


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_ten_million_cells_at_the_shift_and_not_a_day_before(seed):
    before, at_shift = on_days("vcd", seed, 4, 5)
    assert before < 10 <= at_shift


def test_viability_holds_above_95_to_day_seven_and_ends_between_80_and_86():
    days = np.array([0, 3, 7, 9, 14]) * DAY_S
    viability = course(1).viability(days)
    assert (viability[:3] > 95).all()
    assert viability[3] == pytest.approx(94, abs=1)
    assert 80 <= viability[4] <= 86


def test_lactate_peaks_on_day_four_and_then_falls_below_one():
    days = np.arange(0, 14.01, 0.25)
    lactate = course(1).at("lactate", days * DAY_S)
    assert days[lactate.argmax()] == 4
    assert lactate.max() == pytest.approx(2.1, abs=0.15)
    assert (lactate[days >= 7] < 1).all()


def test_glucose_is_kept_by_the_feed():
    glucose = course(1).at("glucose", np.arange(3, 14, 0.1) * DAY_S)
    assert (glucose > 2.5).all()
    assert (glucose < 4.5).all()


def test_titre_osmolality_and_ammonium_come_where_the_process_ends():
    nine, fourteen = np.array([9.0]) * DAY_S, np.array([14.0]) * DAY_S
    assert course(1).titre(nine)[0] == pytest.approx(2.4, abs=0.1)
    assert 4.2 <= course(1).titre(fourteen)[0] <= 5.6
    assert course(1).at("osmolality", nine)[0] == pytest.approx(366, abs=4)
    assert 380 <= course(1).at("osmolality", fourteen)[0] <= 392
    assert 3 <= course(1).ammonium(nine)[0] <= 7
    assert 3 <= course(1).ammonium(fourteen)[0] <= 7


def test_the_shift_takes_four_hours():
    at_s = SHIFT_AT_S + np.array([-1, 0, 2, 4, 5]) * 3600.0
    assert temperature_share(at_s).tolist() == [0, 0, 0.5, 1, 1]


def test_a_culture_is_worked_out_once():
    assert course(11) is course(11)
