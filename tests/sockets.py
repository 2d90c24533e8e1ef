"""A client of the stream for tests: says what the contract lets it say, keeps what it heard."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from itertools import count

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from portal import ledger
from portal.access import get_program
from portal.action import action
from portal.actor import system_actor
from portal.facts import ProgramOpened
from tests.factories import cast
from tests.servers import bearer

_numbers = count(1)


@action("test.told")
def tell(actor, space_id, *, audience="shared", code=""):
    """Seal one entry of news about the program on a chain of it."""
    program = get_program(actor, space_id)
    ledger.record(program, ProgramOpened(code=code or f"N{next(_numbers)}"), audience=audience)
    return program


def news(space_id=cast.PROGRAM, audience="shared", times=1):
    """Commit some news as the system."""
    for _ in range(times):
        tell(system_actor("setup", space_id), space_id, audience=audience)


class Listener:
    """One socket, by key or by session cookie."""

    def __init__(self, stack, key=None, *, cookie=None, origin=None, port=None, headers=None):
        address = stack.stream_url if port is None else f"ws://127.0.0.1:{port}/ws/stream/"
        sent = dict(headers or {}) | (bearer(key) if key else {})
        if cookie:
            sent["Cookie"] = f"sessionid={cookie}"
        self.heard = []
        self._connection = connect(
            address, additional_headers=sent, origin=origin, max_size=None, proxy=None, compression=None
        )
        self.socket = self._connection.__enter__()

    def say(self, **message):
        self.socket.send(json.dumps(message))

    def next(self, *types, within=6.0):
        """The next message of one of the types; others are kept in `heard` too."""
        until = time.monotonic() + within
        while True:
            message = json.loads(self.socket.recv(timeout=max(0.001, until - time.monotonic())))
            self.heard.append(message)
            if not types or message["type"] in types:
                return message

    def subscribe(self, program=cast.PROGRAM, after=None):
        """Subscribe and return the heads."""
        self.say(type="subscribe", program=str(program), **({} if after is None else {"after": after}))
        return self.next("subscribed")["heads"]

    def numbers(self, amount, *, audience="shared", within=10.0, acks=True):
        """The numbers of the next entries of a chain, acknowledged as they come."""
        found, until = [], time.monotonic() + within
        while len(found) < amount:
            message = self.next("event", "skip", within=until - time.monotonic())
            if message["audience"] == audience:
                found.append(message["seq"])
                if acks and len(found) % 48 == 0:
                    self.ack(message["program"], **{audience: message["seq"]})
        if acks and found:
            self.ack(message["program"], **{audience: found[-1]})
        return found

    def ack(self, program=cast.PROGRAM, **seen):
        self.say(type="ack", program=str(program), seen=seen)

    def close_code(self, within=6.0):
        """The code with which the server ends this socket."""
        until = time.monotonic() + within
        with suppress(ConnectionClosed):
            while True:
                self.heard.append(json.loads(self.socket.recv(timeout=max(0.001, until - time.monotonic()))))
        return self.socket.protocol.close_code

    def close(self):
        self._connection.__exit__(None, None, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def session_of(key):
    """The cookie of a fresh session of a person of the cast."""
    from django.test import Client

    from portal.models import Person

    client = Client()
    client.force_login(
        Person.objects.get(pk=cast.person_id(key)),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client.cookies["sessionid"].value
