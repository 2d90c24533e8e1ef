import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.watching import nelson

# How many points complete a rule, and where its hit is said to begin in the given cases.
WINDOWS = {1: 1, 2: 9, 3: 6, 4: 14, 5: 3, 6: 5, 7: 15, 8: 8}


def test_the_given_cases_of_nelson_agree_where_the_dialect_does(given_text):
    for case in json.loads(given_text("spc/nelson_julia_given.json"))["cases"]:
        values, rule = np.array(case["series"], float), case["rule"]
        found = np.flatnonzero(nelson.judge(values, values.mean(), values.std(ddof=1), (rule,))[rule]) + 1
        # Theirs names where a stretch begins, ours the points that complete one and stand beyond themselves.
        begun = zip(case["start_1based"], case["run_length"], strict=True)
        told = {
            point
            for start, length in begun
            for point in range(start + WINDOWS[rule] - 1, start + max(length, WINDOWS[rule]))
        }
        assert set(found.tolist()) <= told, rule
        assert {min(told)} <= set(found.tolist()), rule


def by_hand(rule, scores, last):
    """Read a rule out as it is written, for the points up to `last`."""
    window = scores[max(0, last + 1 - WINDOWS[rule]) : last + 1]
    steps = [later - earlier for earlier, later in pairwise(window)]
    full = len(window) == WINDOWS[rule]
    if rule == 1:
        return abs(window[-1]) > 3
    if rule == 2:
        return full and (all(score > 0 for score in window) or all(score < 0 for score in window))
    if rule == 3:
        return full and (all(step > 0 for step in steps) or all(step < 0 for step in steps))
    if rule == 4:
        return full and all(one * other < 0 for one, other in pairwise(steps))
    if rule in {5, 6}:
        reach, need = (2, 2) if rule == 5 else (1, 4)
        return any(
            side * window[-1] > reach and sum(side * score > reach for score in window) >= need
            for side in (1, -1)
        )
    return full and all((abs(score) < 1) if rule == 7 else (abs(score) > 1) for score in window)


@given(
    st.lists(
        st.sampled_from([-3.5, -2.5, -1.5, -0.5, -0.25, 0.0, 0.25, 0.5, 1.5, 2.5, 3.0, 3.5]), max_size=40
    )
)
def test_each_rule_is_what_it_says_word_for_word(scores):
    marks = nelson.judge(np.array(scores), 0.0, 1.0)
    for rule in nelson.RULES:
        assert marks[rule].tolist() == [by_hand(rule, scores, last) for last in range(len(scores))], rule


@pytest.mark.parametrize(("value", "speaks"), [(13.0, False), (13.001, True), (7.0, False), (6.999, True)])
def test_a_point_at_three_sigma_is_inside(value, speaks):
    assert nelson.judge(np.array([value]), 10.0, 1.0, (1,))[1].tolist() == [speaks]


def test_without_any_spread_every_departure_is_news_and_none_is_not():
    assert nelson.judge(np.array([10.0, 10.5]), 10.0, 0.0, (1,))[1].tolist() == [False, True]
