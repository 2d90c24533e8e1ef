"""What an answer means: only a 2xx is taken; the rest is tried again for 75 hours, or ends the webhook."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.webhooks.verdicts import (
    ATTEMPTS_MAX,
    JITTER,
    RESTS,
    RETRY_AFTER_MOST,
    Answered,
    Outcome,
    judge,
    rest_after,
)

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def answered(status, retry_after=""):
    return Answered(status, "", 5, retry_after)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "taken"), (204, "taken"), (299, "taken"), (None, "again"), (301, "again"), (302, "again"),
     (307, "again"), (308, "again"), (400, "again"), (401, "again"), (404, "again"), (410, "gone"),
     (429, "again"), (500, "again"), (503, "again"), (199, "again")],
)  # fmt: skip
def test_what_a_status_means(status, outcome):
    assert judge(answered(status), 1) == outcome


def test_ten_tries_in_a_row_last_75_hours_and_the_tenth_is_the_last():
    assert ATTEMPTS_MAX == 10
    assert timedelta(hours=75) < sum(RESTS, timedelta(0)) < timedelta(hours=76)
    assert list(RESTS) == sorted(RESTS)
    assert judge(answered(500), 9) == Outcome.AGAIN
    assert judge(answered(500), 10) == Outcome.EXHAUSTED
    assert judge(answered(200), 10) == Outcome.TAKEN


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS_MAX))
def test_each_rest_is_that_of_the_schedule_and_a_little_more(attempt):
    rest = rest_after(answered(500), attempt, now=NOW)
    assert RESTS[attempt - 1] <= rest <= RESTS[attempt - 1] * (1 + JITTER)


@pytest.mark.parametrize(
    ("status", "given", "at_least", "at_most"),
    [
        (429, "120", 120, 120),
        (503, "120", 120, 120),
        (503, "Sun, 01 Mar 2026 08:10:00 GMT", 600, 600),
        (503, "1", 5, 5.5),
        (429, "", 5, 5.5),
        (429, "soon", 5, 5.5),
        (429, "-5", 5, 5.5),
        (429, "²", 5, 5.5),
        (503, "Sun, 01 Mar 2020 08:10:00 GMT", 5, 5.5),
        (429, "99999999", RETRY_AFTER_MOST.total_seconds(), RETRY_AFTER_MOST.total_seconds()),
        (429, "9" * 30, 5, 5.5),
        (500, "120", 5, 5.5),
    ],
)
def test_a_receiver_that_asks_to_wait_is_waited_for(status, given, at_least, at_most):
    rest = rest_after(answered(status, given), 1, now=NOW)
    assert at_least <= rest.total_seconds() <= at_most
