"""Seats that begin and end by their dates: open sockets and keys follow within 2 s (goal G32)."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.utils import timezone

from portal.actions import people
from portal.actor import Side, system_actor
from tests.factories import cast
from tests.servers import bearer
from tests.sockets import Listener, news, session_of

SETUP = system_actor("setup", cast.CDMO, cast.ARVO, cast.TESSEL)
SOON_S = 3.0
WITHIN_S = 2.0


def own(stack):
    return f"http://{urlsplit(stack.url).netloc}"


def let_end(database, key, after=SOON_S):
    """Put an end to the seats of somebody of the cast, as if it had been settled long ago."""
    with database.connect("owner") as owner:
        owner.execute(
            "update portal_assignment set valid_until = portal.instant() + make_interval(secs => %s)"
            " where person_id = %s",
            [after, cast.person_id(key)],
        )


def test_a_seat_that_ends_by_its_date_ends_the_socket_of_a_session(stack, module_database):
    let_end(module_database, "sponsor_qa")
    with Listener(stack, cookie=session_of("sponsor_qa"), origin=own(stack)) as listener:
        listener.subscribe()
        began = time.monotonic()
        assert listener.close_code(within=SOON_S + WITHIN_S) == 4403
        assert time.monotonic() - began > SOON_S - WITHIN_S


def test_a_seat_that_ends_by_its_date_ends_what_a_key_may(stack, module_database):
    let_end(module_database, "sponsor_system")
    address = f"{stack.url}/api/v1/programs/{cast.PROGRAM}/"
    assert httpx.get(address, headers=bearer("sponsor_system")).status_code == 200
    with Listener(stack, "sponsor_system") as listener:
        listener.subscribe()
        assert listener.close_code(within=SOON_S + WITHIN_S) == 4403
    assert httpx.get(address, headers=bearer("sponsor_system")).status_code == 404


def test_a_seat_that_begins_by_its_date_is_held_by_an_open_socket(stack):
    seat = people.give_assignment(
        SETUP,
        cast.CDMO,
        person_id=cast.person_id("cdmo_admin"),
        target_id=cast.PROGRAM,
        side=Side.MANUFACTURER,
        role="operator",
        code="Operator 90",
        valid_from=timezone.now() + timedelta(seconds=SOON_S),
        valid_until=timezone.now() + timedelta(days=1),
    )
    with Listener(stack, cookie=session_of("cdmo_admin"), origin=own(stack)) as listener:
        listener.say(type="subscribe", program=str(cast.PROGRAM))
        assert listener.next("error")["code"] == "unknown_program"
        time.sleep(max(0.0, (seat.valid_from - timezone.now()).total_seconds()) + WITHIN_S)
        head = listener.subscribe()["shared"]
        news()
        assert listener.numbers(1) == [head + 1]


def test_a_key_that_expires_ends_its_socket(stack, module_database):
    with Listener(stack, "rival_system") as listener:
        listener.subscribe(cast.RIVAL_PROGRAM)
        with module_database.connect("owner") as owner:
            owner.execute(
                "update portal_apikey set expires_at = portal.instant() + interval '1 s'"
                " where label = 'rival_system'"
            )
        assert listener.close_code(within=1.0 + WITHIN_S) == 4403
