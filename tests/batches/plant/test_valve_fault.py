import numpy as np
import pytest

from batches import plant
from batches.plant import valve_fault
from batches.plant.culture import DAY_S
from batches.plant.noise import hiss, stream

LIMITS = {"NOR": (33.5, 34.5), "action": (33.2, 34.8), "PAR": (33.0, 35.0)}
STRETCHES = {"NOR": ("04:50", "06:42"), "action": ("05:14", "06:24"), "PAR": ("05:30", "06:12")}
MIDNIGHT = 9 * DAY_S


def clock(text):
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def night(parameter, seed, step_s=10, **rest):
    """Give seconds since midnight of day 9 and values, from 01:00 to 09:00."""
    at_s, values = plant.history(
        "bioreactor",
        parameter,
        from_s=MIDNIGHT + 3600,
        to_s=MIDNIGHT + 9 * 3600,
        step_s=step_s,
        seed=seed,
        story="valve_fault",
        **rest,
    )
    return at_s - MIDNIGHT, values


def stretches(at_s, values, low, high):
    """List the stretches outside as (first moment outside, first moment back)."""
    outside = np.concatenate([[False], (values < low) | (values > high), [False]])
    edges = np.flatnonzero(np.diff(outside.astype(int)))
    return [(at_s[first], at_s[last]) for first, last in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_is_crossed_once_at_the_printed_minute(limit, seed):
    found = stretches(*night("TEMP", seed), *LIMITS[limit])
    left, back = STRETCHES[limit]
    assert len(found) == 1
    assert found[0][0] == pytest.approx(clock(left), abs=10)
    assert found[0][1] == pytest.approx(clock(back), abs=10)


@pytest.mark.parametrize("step_s", [5, 30, 60])
def test_the_printed_minutes_do_not_depend_on_the_step(step_s):
    for limit, (left, back) in STRETCHES.items():
        found = stretches(*night("TEMP", 4, step_s), *LIMITS[limit])
        assert len(found) == 1
        assert found[0] == pytest.approx((clock(left), clock(back)), abs=10 + step_s)


@pytest.mark.parametrize("seed", range(12))
def test_the_peak_is_35_3_when_the_line_is_isolated(seed):
    at_s, values = night("TEMP", seed)
    assert values.max() == pytest.approx(35.3, abs=0.001)
    assert at_s[values.argmax()] == pytest.approx(clock("05:54"), abs=60)


def test_it_is_112_minutes_outside_nor_70_above_action_and_42_outside_par():
    at_s, values = night("TEMP", 1)
    for limit, minutes in {"NOR": 112, "action": 70, "PAR": 42}.items():
        ((left, back),) = stretches(at_s, values, *LIMITS[limit])
        assert (back - left) / 60 == pytest.approx(minutes, abs=1 / 3)


def test_the_valve_sticks_at_ten_past_four_and_the_vessel_warms_by_three_quarters_of_a_degree_an_hour():
    at_s, values = night("TEMP", 1)
    rising = (at_s > clock("04:20")) & (at_s < clock("05:50"))
    slope, start = np.polyfit(at_s[rising] / 3600, values[rising], 1)
    assert slope == pytest.approx(0.75, abs=0.02)
    assert (34.0 - start) / slope * 3600 == pytest.approx(clock("04:10"), abs=120)


def test_during_the_watch_the_temperature_stays_within_a_tenth_and_the_output_swings_every_twelve_minutes():
    at_s, values = night("TEMP", 1)
    watch = (at_s >= clock("03:20")) & (at_s < clock("04:10"))
    assert values[watch] == pytest.approx(34.0, abs=0.1)
    at_s, output = night("VALVE", 1)
    watch = (at_s >= clock("03:20")) & (at_s < clock("04:10"))
    assert output[watch].min() == pytest.approx(4, abs=0.2)
    assert output[watch].max() == pytest.approx(19, abs=0.2)
    rising = np.flatnonzero((output[watch][:-1] < 11.5) & (output[watch][1:] >= 11.5))
    assert np.allclose(np.diff(at_s[watch][rising]), 720, atol=20)


def test_before_the_watch_and_after_the_settling_nothing_is_unlike_a_calm_night():
    for parameter in ("TEMP", "VALVE", "JACKET"):
        at_s, values = night(parameter, 1)
        calm = plant.history(
            "bioreactor", parameter, from_s=MIDNIGHT + 3600, to_s=MIDNIGHT + 9 * 3600, step_s=10, seed=1
        )[1]
        quiet = (at_s < clock("03:20")) | (at_s > clock("07:45"))
        assert np.array_equal(values[quiet], calm[quiet])


def test_the_controller_shuts_a_valve_that_no_longer_follows():
    at_s, output = night("VALVE", 1)
    stuck = (at_s > clock("04:20")) & (at_s < clock("06:05"))
    assert (output[stuck] == 0).all()
    at_s, outlet = night("JACKET", 1)
    warm = (at_s > clock("04:30")) & (at_s < clock("05:54"))
    assert (outlet[warm] > 34.5).all()


@pytest.mark.parametrize("parameter", ["PH", "DO", "AGIT", "PRESS"])
def test_no_other_parameter_notices(parameter):
    ranges = {"PH": (6.9, 7.1), "DO": (30, 50), "AGIT": (90, 100), "PRESS": (50, 120)}
    _, values = night(parameter, 1)
    assert ranges[parameter][0] <= values.min()
    assert values.max() <= ranges[parameter][1]


def test_the_story_can_begin_elsewhere():
    at_s, values = night("TEMP", 1, story_at_s=MIDNIGHT + clock("02:20"))
    ((left, _),) = stretches(at_s, values, *LIMITS["PAR"])
    assert left == pytest.approx(clock("04:30"), abs=10)


def test_noise_never_reaches_the_next_printed_value():
    story_s = np.arange(0, valve_fault.ENDS_AT_S, 1.0)
    held = valve_fault.quiet(5 * hiss(stream(1, "x"), story_s), story_s)
    curve = valve_fault.above_set_point(story_s)
    for value in valve_fault.PRINTED_C:
        away = np.abs(curve - value) > 1e-9
        assert (np.sign(curve + held - value) == np.sign(curve - value))[away].all()
