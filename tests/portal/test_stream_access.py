"""Who may open a stream, from where, for how long."""

import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from portal import ledger
from portal.access import get_program
from portal.action import action, reading
from portal.actions import people
from portal.actor import Side, system_actor
from portal.admission import is_own_origin
from portal.alerts import raise_alert
from portal.facts import ProgramOpened
from portal.models import ApiKey, Assignment, Member, Person, Receipt
from portal.sessions import SessionStore
from tests.factories import cast
from tests.sockets import Listener, news, session_of

SETUP = system_actor(
    "setup", cast.CDMO, cast.ARVO, cast.TESSEL, cast.PARTNERSHIP, cast.PROGRAM, cast.SECOND_PROGRAM
)
WITHIN_S = 2.0


def own(stack):
    return f"http://{urlsplit(stack.url).netloc}"


def bad_origins(stack):
    host, port = urlsplit(stack.url).netloc.split(":")
    return [
        "null",
        "",
        "file://",
        f"https://{host}:{port}",
        f"ws://{host}:{port}",
        f"http://{host}",
        f"http://{host}:{int(port) + 1}",
        f"http://{host}:{port}/",
        f"http://{host}:{port}.evil.example",
        f"http://evil.example#{host}:{port}",
        f"http://{host}:{port}@evil.example",
        f"http://evil@{host}:{port}",
        f"http://evil.{host}:{port}",
        f"HTTP://{host}:{port}",
        f"http://{host}:{port} http://evil.example",
        f"http://localhost:{port}",
        f"http://127.0.0.2:{port}",
        f"http://127.1:{port}",
        f"http://①27.0.0.1:{port}".encode().decode("latin-1"),
        f"http://[::ffff:127.0.0.1]:{port}",
        f"http://{host}:{port}%00",
        "http://testserver",
        "https://evil.example",
        "chrome-extension://abcdef",
        "about:blank",
        "data:text/html,x",
        "undefined",
        "*",
        f"{host}:{port}",
        f"//{host}:{port}",
        f"http:{host}:{port}",
        f"http://{host}:0{port}",
        f"http://{host}.:{port}",
        f"http://{host}:{port}?",
        f"http://{host}:{port}#",
        f"http://{host}:{port};",
        f"http://{host}:{port},http://{host}:{port}",
        f"http://2130706433:{port}",
        f"http://0x7f000001:{port}",
        f"http://[::1]:{port}",
        f"http://{host}\\@evil.example:{port}",
        f"wss://{host}:{port}",
    ]


def test_a_session_with_a_bad_origin_is_refused_before_it_begins(stack):
    assert len(set(bad_origins(stack))) >= 40
    cookie = session_of("sponsor_qa")
    for origin in bad_origins(stack):
        with pytest.raises(InvalidStatus) as refused:
            Listener(stack, cookie=cookie, headers={"Origin": origin})
        assert refused.value.response.status_code == 403, origin


def test_a_session_without_an_origin_is_not_signed_in(stack):
    with Listener(stack, cookie=session_of("sponsor_qa")) as listener:
        assert listener.close_code() == 4401


def test_a_foreign_host_does_not_make_a_foreign_origin_ours(settings):
    settings.ALLOWED_HOSTS = ["portal.example"]
    assert is_own_origin("http://portal.example", "portal.example")
    assert not is_own_origin("http://evil.example", "evil.example")
    assert not is_own_origin(None, "portal.example")


def test_a_session_from_our_own_page_is_let_in(stack):
    with Listener(stack, cookie=session_of("sponsor_qa"), origin=own(stack)) as listener:
        head = listener.subscribe()["shared"]
        news()
        assert listener.numbers(1) == [head + 1]


@pytest.mark.parametrize("cookie", [None, "x" * 32, ""])
def test_without_a_session_the_socket_is_closed_as_not_signed_in(stack, cookie):
    with Listener(stack, cookie=cookie, origin=own(stack)) as listener:
        assert listener.close_code() == 4401


@pytest.mark.parametrize("given", ["Bearer nonsense", "Bearer ", "Bearer " + "x" * 5000])
def test_without_a_live_key_the_socket_is_closed_as_not_signed_in(stack, given):
    with Listener(stack, headers={"Authorization": given}) as listener:
        assert listener.close_code() == 4401


def test_another_path_is_not_found(stack):
    from websockets.sync.client import connect

    with pytest.raises(InvalidStatus) as refused:
        connect(stack.stream_url + "more/", proxy=None).__enter__()
    assert refused.value.response.status_code == 404


def test_a_person_has_at_most_ten_sockets(stack):
    open_ones = [Listener(stack, "rival_system") for _ in range(10)]
    try:
        with pytest.raises(InvalidStatus) as refused:
            Listener(stack, "rival_system")
        assert refused.value.response.status_code == 429
        with Listener(stack, "sponsor_system") as other:
            other.subscribe()
    finally:
        for each in open_ones:
            each.close()
    time.sleep(0.3)
    with Listener(stack, "rival_system") as again:
        again.subscribe(cast.RIVAL_PROGRAM)


def ends_within(listener, change, code):
    listener.subscribe()
    change()
    began = time.monotonic()
    assert listener.close_code(within=WITHIN_S) == code
    assert time.monotonic() - began <= WITHIN_S


def test_signing_out_ends_the_socket(stack):
    cookie = session_of("sponsor_qa")
    with Listener(stack, cookie=cookie, origin=own(stack)) as listener:
        ends_within(listener, SessionStore(cookie).delete, 4401)


@pytest.mark.parametrize(
    ("mark", "age"),
    [
        ("seen_at", settings.SESSION_IDLE + timedelta(seconds=1)),
        ("began_at", settings.SESSION_ABSOLUTE + timedelta(seconds=1)),
    ],
)
def test_a_session_that_is_idle_or_too_old_ends_its_socket(stack, mark, age):
    cookie = session_of("sponsor_qa")

    def grow_old():
        session = SessionStore(cookie)
        session[mark] = (timezone.now() - age).timestamp()
        session.save()

    with Listener(stack, cookie=cookie, origin=own(stack)) as listener:
        ends_within(listener, grow_old, 4401)


def test_a_changed_password_ends_the_sockets_of_other_sessions(stack):
    def change():
        person = Person.objects.get(pk=cast.person_id("sponsor_viewer"))
        person.set_password("another correct horse battery")
        person.save(update_fields=["password"])

    with Listener(stack, cookie=session_of("sponsor_viewer"), origin=own(stack)) as listener:
        ends_within(listener, change, 4401)


def test_a_closed_account_ends_its_socket(stack):
    def close():
        with reading(SETUP):
            member = Member.objects.visible_to(SETUP).get(person_id=cast.person_id("sponsor_quality_head"))
        people.close_member(SETUP, member.pk, reason="has left")

    with Listener(stack, cookie=session_of("sponsor_quality_head"), origin=own(stack)) as listener:
        ends_within(listener, close, 4401)


def test_a_seat_that_is_given_leaves_the_socket_open_and_one_that_ends_closes_it(stack):
    person_id = cast.person_id("inspector")

    def end():
        with reading(SETUP):
            seat = Assignment.objects.visible_to(SETUP).get(person_id=person_id, code="Inspector 01")
        people.end_assignment(SETUP, seat.pk, reason="visit is over")

    with Listener(stack, cookie=session_of("inspector"), origin=own(stack)) as listener:
        head = listener.subscribe()["shared"]
        people.give_assignment(
            SETUP,
            cast.ARVO,
            person_id=person_id,
            target_id=cast.SECOND_PROGRAM,
            side=Side.SPONSOR,
            role="inspector",
            code="Inspector 02",
        )
        time.sleep(1.5)
        news()
        assert listener.numbers(1) == [head + 1]
        ends_within(listener, end, 4403)


def test_a_revoked_key_ends_its_socket(stack):
    def revoke():
        with reading(SETUP):
            key = ApiKey.objects.visible_to(SETUP).get(label="cdmo_system")
        people.revoke_key(SETUP, key.pk, reason="lost")

    with Listener(stack, "cdmo_system") as listener:
        ends_within(listener, revoke, 4403)
    with Listener(stack, "cdmo_system") as again:
        assert again.close_code() == 4401


def test_a_socket_keeps_no_session_alive(stack):
    cookie = session_of("rival_sponsor_qa")
    before = SessionStore(cookie).load()
    with Listener(stack, cookie=cookie, origin=own(stack)) as listener:
        listener.subscribe(cast.RIVAL_PROGRAM)
        time.sleep(1.2)
    assert SessionStore(cookie).load() == before


@action("test.noticed")
def notice_alert(actor, program_id):
    """A fact of its own first: the entry is named for that one, and still tells people."""
    program = get_program(actor, program_id)
    ledger.record(program, ProgramOpened(code="noticed"))
    return raise_alert(program, kind="excursion.par", side=Side.SPONSOR, title="look here", clause="5.7")


def test_an_alert_is_delivered_when_a_client_of_the_person_has_acknowledged_it(stack):
    def delivered(alert):
        with reading(SETUP):
            return list(
                Receipt.objects.visible_to(SETUP)
                .filter(alert=alert, person_id=cast.person_id("sponsor_qa"))
                .values_list("delivered_at", flat=True)
            )

    with Listener(stack, cookie=session_of("sponsor_qa"), origin=own(stack)) as listener:
        listener.subscribe()
        alert = notice_alert(SETUP, cast.PROGRAM)
        event = listener.next("event")
        assert event["kind"] == "program.opened"
        assert delivered(alert) == [None]
        listener.ack(shared=event["seq"])
        listener.next("skip")
        assert delivered(alert) != [None]
