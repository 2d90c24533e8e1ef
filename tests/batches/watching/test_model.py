import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from batches.watching import model as watching
from batches.watching.golden import learn_golden
from batches.watching.runs import Run, Stage
from tests.batches.watching.conftest import made_run, only

HOUR = 3600.0
# Where a sensor reads wrong the controller follows it, and what is recorded leaves the set point slowly.
DRIFT_H = (40.0, 160.0)


@lru_cache
def learned(count):
    return watching.learn([made_run(seed) for seed in range(count)])


def judge(model, run):
    return watching.judge(model, watching.table_of(model, run))


def said(signals):
    return {(each.sign, each.parameter, each.direction) for each in signals}


@pytest.mark.parametrize("count", [2, 6, 24])
def test_good_batches_make_no_news(count):
    loud = [seed for seed in range(100, 120) if judge(learned(count), made_run(seed))]
    assert len(loud) <= 3


@pytest.mark.parametrize("count", [2, 6, 24])
@pytest.mark.parametrize("side", [1, -1])
def test_a_sensor_that_drifts_is_found_before_it_is_far_off(count, side):
    drift = only("TEMP", lambda minutes: side * np.clip((minutes - 30) / 60, 0, 1) * 0.3)
    found = judge(learned(count), made_run(50, change=drift))
    assert ("level", "TEMP", "high" if side > 0 else "low") in said(found)
    assert 30 < min(each.known for each in found) < 110
    assert {each.parameter for each in found if each.sign in {"level", "envelope"}} == {"TEMP"}


def test_a_step_missed_in_the_recipe_leaves_the_envelope_and_comes_back():
    cut = only("FEED", lambda minutes: np.where((minutes >= 60) & (minutes < 70), -8.0, 0.0))
    found = judge(learned(6), made_run(50, change=cut))
    stretch = next(each for each in found if each.sign == "envelope")
    assert (stretch.parameter, stretch.direction, stretch.is_open) == ("FEED", "low", False)
    assert (stretch.first, stretch.known, stretch.last) == (60, 61, 69)


def test_two_lines_that_no_longer_go_together_are_found_as_a_whole():
    apart = only("OXYGEN", lambda minutes: np.where(minutes > 90, 8.0, 0.0))
    found = judge(learned(24), made_run(51, change=apart))
    whole = next(each for each in found if each.sign == "spe")
    assert 90 < whole.known < 100
    assert next(code for code, _ in whole.causes) == "OXYGEN"
    assert sum(share for _, share in whole.causes) <= 1.000001
    assert not any(each.parameter in {"TEMP", "FEED"} for each in found)


def test_a_whole_is_learned_from_twenty_batches_on():
    assert learned(6).golden is None
    assert learned(24).golden is not None
    tables = np.stack([watching.table_of(learned(24), made_run(seed)) for seed in range(20)])
    assert learn_golden(tuple(learned(24).lines), tables[:19]) is None
    assert learn_golden(tuple(learned(24).lines), tables) is not None


@pytest.mark.parametrize("seed", range(2))
def test_neither_the_order_of_batches_nor_of_readings_changes_a_digit(seed):
    chance = np.random.default_rng(seed)
    runs = [made_run(each) for each in range(4)]
    document = watching.to_document(watching.learn(runs))
    mixed = [shuffled(runs[place], chance) for place in chance.permutation(4)]
    assert watching.to_document(watching.learn(mixed)) == document


def shuffled(run, chance):
    order = chance.permutation(len(run.columns["TEMP"][0]))
    codes = chance.permutation(list(run.columns))
    return replace(
        run, columns={str(code): tuple(each[order] for each in run.columns[str(code)]) for code in codes}
    )


@pytest.mark.parametrize("count", [6, 24])
def test_what_is_said_of_a_batch_so_far_is_said_of_it_later_too(count):
    drift = only("TEMP", lambda minutes: np.clip((minutes - 30) / 60, 0, 1) * 0.4)
    whole = watching.table_of(learned(count), made_run(50, change=drift))
    known = {
        (each.sign, each.parameter, each.direction, each.first, each.known)
        for each in watching.judge(learned(count), whole)
    }
    for gone in range(1, whole.shape[1], 7):
        part = whole.copy()
        part[:, gone:] = np.nan
        early = {
            (each.sign, each.parameter, each.direction, each.first, each.known)
            for each in watching.judge(learned(count), part)
        }
        assert early == {each for each in known if each[4] < gone}


@pytest.mark.parametrize("count", [2, 24])
def test_a_model_read_back_from_its_document_judges_alike(count):
    document = json.loads(json.dumps(watching.to_document(learned(count)), allow_nan=False))
    back = watching.from_document(document)
    assert watching.to_document(back) == document
    drift = only("TEMP", lambda minutes: np.clip((minutes - 30) / 60, 0, 1) * 0.4)
    run = made_run(50, change=drift)
    assert said(judge(back, run)) == said(judge(learned(count), run))


def test_a_document_of_another_format_is_refused():
    with pytest.raises(ValueError, match="format 2"):
        watching.from_document({"format": 2})


@pytest.mark.parametrize(
    "runs",
    [
        [made_run(1)],
        [Run(name, (), {}, 0.0) for name in "ab"],
        [
            Run(name, (Stage("A", 0.0),), {code: (np.arange(9.0), np.ones(9))}, 9.0)
            for name, code in ("aT", "bP")
        ],
    ],
    ids=["one batch", "no phase", "nothing in common"],
)
def test_too_little_to_learn_from_is_said(runs):
    with pytest.raises(watching.TooLittle):
        watching.learn(runs)


# The given data ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def penicillin(given_table):
    """Return the given IndPenSim runs by seed: what sensors show, by hour."""
    hidden = {"time_h", "Culture_age", "phi0", "mu_P_calc", "mu_X_calc", "PAA", "NH3", "Fremoved"}

    @lru_cache
    def read(seed):
        names, rows = given_table(f"indpensim/batch_seed{seed}.csv.gz", header_rows=2)
        at_s = rows[:, 0] * HOUR
        columns = {
            name: (at_s, rows[:, place])
            for place, name in enumerate(names)
            if name not in hidden and name[0] not in "an"
        }
        return Run(str(seed), (Stage("FERMENTATION", 0.0),), columns, float(at_s[-1]) + 720.0)

    return read


@pytest.fixture(scope="module")
def normal_penicillin(penicillin):
    return watching.learn([penicillin(101), penicillin(102)])


def hours(model, run, found):
    return [(model.grid.place(run, each.known) / HOUR, each) for each in found]


def test_each_injected_fault_is_known_within_its_period(penicillin, normal_penicillin):
    for seed, parameter, periods in (
        (201, "Fg", [(20.0, 24.0), (100.0, 110.0)]),
        (204, "pH", [(80.0, 84.0), (140.0, 160.0)]),
    ):
        run = penicillin(seed)
        known = [
            hour
            for hour, each in hours(normal_penicillin, run, judge(normal_penicillin, run))
            if each.parameter == parameter
        ]
        for begun, over in periods:
            assert any(begun < hour <= over for hour in known), (seed, begun)


def test_normal_runs_make_no_news(penicillin, normal_penicillin):
    assert judge(normal_penicillin, penicillin(101)) == []
    assert judge(normal_penicillin, penicillin(102)) == []


def test_nothing_is_said_of_the_faulty_runs_before_the_first_fault(penicillin, normal_penicillin):
    for seed, begun in ((201, 20.0), (204, 80.0)):
        run = penicillin(seed)
        assert min(hour for hour, _ in hours(normal_penicillin, run, judge(normal_penicillin, run))) > begun


@pytest.mark.parametrize("seed", [101, 102])
@pytest.mark.parametrize(("parameter", "size"), [("T", 0.4), ("T", -0.4), ("pH", 0.1), ("pH", -0.1)])
def test_a_drifting_sensor_is_found_while_it_drifts(penicillin, normal_penicillin, seed, parameter, size):
    run = penicillin(seed)
    at_s, values = run.columns[parameter]
    drifting = values + np.interp(at_s / HOUR, DRIFT_H, (0.0, size))
    found = judge(normal_penicillin, replace(run, columns={**run.columns, parameter: (at_s, drifting)}))
    first, signal = min(hours(normal_penicillin, run, found), key=lambda each: each[0])
    assert (signal.sign, signal.parameter) == ("level", parameter)
    assert DRIFT_H[0] < first < DRIFT_H[1]
    assert {each.parameter for each in found} == {parameter}
