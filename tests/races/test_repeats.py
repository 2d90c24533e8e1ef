"""Goal G20: five copies of each request at once, while web processes are killed: one effect, one answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from deviations.models import Deviation
from tests.conftest import actor
from tests.deviations.conftest import seen_by
from tests.factories import cast
from tests.factories import deviations as make
from tests.servers import bearer, start_stack

COPIES = 5
IN_FLIGHT = 409
WEBS = ("web", "web-2")


class Sender:
    """Copies of numbered requests, to either web process; each asks again until it is answered."""

    def __init__(self, stack):
        self.stack, self.met = stack, Counter()
        self.headers = bearer("cdmo_system")

    def body(self, number, title="Pump"):
        at = make.now() - timedelta(hours=1)
        return {
            "program": str(cast.PROGRAM),
            "title": f"{title} {number}",
            "description": make.WORDS,
            "occurred_at": at.isoformat(),
            "detected_at": at.isoformat(),
        }

    def send(self, number, body, copy=0):
        """Return the answer to one copy; a cut connection or `in_flight` is asked again."""
        until = time.monotonic() + 120
        turn = copy
        while time.monotonic() < until:
            port = self.stack.port_of(WEBS[turn % 2])
            turn += 1
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/api/v1/deviations/",
                    json=body,
                    headers={**self.headers, "Idempotency-Key": f"copy-{number}"},
                    timeout=30,
                )
            except httpx.TransportError:
                self.met["cut"] += 1
                time.sleep(0.05)
                continue
            self.met[answer.status_code] += 1
            if answer.status_code == IN_FLIGHT and answer.json()["code"] == "in_flight":
                time.sleep(0.02)
                continue
            return answer
        raise AssertionError(number)

    def copies(self, number):
        """Send all copies of one request at the same moment; returns their answers."""
        body, gate = self.body(number), threading.Barrier(COPIES)

        def one(copy):
            gate.wait()
            return self.send(number, body, copy)

        with ThreadPoolExecutor(COPIES) as together:
            return body, list(together.map(one, range(COPIES)))


def killing(stack, stop, every):
    """Kill the web processes in turn; one of both answers meanwhile."""
    kills = 0
    while not stop.wait(every):
        stack.restart(WEBS[kills % 2])
        kills += 1
    return kills


def told_once(own_database, many, *, every):
    """Send so many requests, each in copies, under kills; returns what was met and how many were killed."""
    environment = {"COVALENT_RATE": "1000000"}
    with start_stack(own_database, WEBS, environment=environment) as stack, ThreadPoolExecutor(1) as killer:
        sender, stop = Sender(stack), threading.Event()
        kills = killer.submit(killing, stack, stop, every)
        try:
            for number in range(many):
                body, answers = sender.copies(number)
                assert {each.status_code for each in answers} == {201}
                assert len({each.content for each in answers}) == 1, number
                if number % 50 == 0:
                    other = sender.send(number, body | {"title": "Another"})
                    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
        finally:
            stop.set()
        titles = Counter(each.title for each in seen_by(actor("cdmo_qa"), Deviation))
        assert titles == Counter(f"Pump {number}" for number in range(many))
        return sender.met, kills.result()


@pytest.mark.slow
def test_a_request_sent_five_times_at_once_has_one_effect_and_one_answer(own_database):
    met, _kills = told_once(own_database, 12, every=60)
    assert met[201] == 12 * COPIES


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_requests_under_kills_have_one_effect_and_one_answer_each(own_database):
    met, kills = told_once(own_database, 1000, every=8)
    print(f"G20: {kills} kills, {dict(met)}")  # noqa: T201 - for whoever runs it with -s
    assert kills >= 5
    assert met["cut"] > 0
