"""Malformed frames: the socket answers or closes, the process and its other sockets go on."""

import json
import random
import time
from contextlib import suppress
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.factories import cast
from tests.sockets import Listener, news

WORDS = ["subscribe", "watch", "unwatch", "ack", "event", "", "\x00", "\ud800", "x" * 100, None, 1, [], {}]
VALUES = [
    *WORDS,
    str(cast.PROGRAM),
    str(cast.RIVAL_PROGRAM),
    {"shared": 0},
    {"shared": 2**63},
    {"shared": -1},
    {"shared": float("inf")},
    {"manufacturer": 10**400},
    True,
    1e308,
    [[[[[]]]]],
]


def made_up(dice):
    names = ["type", "program", "batch", "after", "seen", "\x00", ""]
    given = {dice.choice(names): dice.choice(VALUES) for _ in range(dice.randint(0, 5))}
    given["type"] = dice.choice(WORDS)
    text = json.dumps(given)
    match dice.randint(0, 5):
        case 0:
            return text[: dice.randint(0, len(text))]
        case 1:
            return text.encode()
        case 2:
            return dice.randbytes(dice.randint(0, 300))
        case 3:
            return "[" * dice.choice([10, 5000, 20_000])
        case _:
            return text


def fuzz(stack, amount, seed):
    dice, sent = random.Random(seed), 0  # noqa: S311 - dice, not a secret
    while sent < amount:
        with Listener(stack, "sponsor_system") as listener, suppress(ConnectionClosed):
            for _ in range(min(200, amount - sent)):
                sent += 1
                listener.socket.send(made_up(dice))
                with suppress(TimeoutError):
                    listener.heard.append(json.loads(listener.socket.recv(timeout=0.001)))
        assert not any("program" in each and each.get("type") == "event" for each in listener.heard)


def unhurt(stack):
    with Listener(stack, "cdmo_system") as listener:
        head = listener.subscribe()["shared"]
        news()
        assert listener.numbers(1) == [head + 1]
    assert stack.processes["web"].poll() is None
    assert "Traceback" not in stack.log("web")


def test_malformed_frames_hurt_nobody(stack):
    fuzz(stack, 1000, uuid4().int % 10_000)
    unhurt(stack)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_malformed_frames_hurt_nobody(stack):
    fuzz(stack, 100_000, uuid4().int % 10_000)
    unhurt(stack)


def test_frames_beyond_the_servers_own_limit_close_the_socket_alone(stack):
    with Listener(stack, "sponsor_system") as listener:
        listener.socket.send("x" * 200_000)
        assert listener.close_code() == 1009
    unhurt(stack)


def test_a_client_that_vanishes_leaves_its_place(stack):
    for _ in range(30):
        listener = Listener(stack, "sponsor_system")
        listener.socket.socket.close()
    time.sleep(0.5)
    unhurt(stack)
