"""The morning mail: at seven of the own zone, to who asked for it, numbers and a link, once a day."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from portal import tasks
from portal.actions.notices import LEASE, choose_notices, claim_digest
from portal.actor import Side, system_actor
from portal.models import NoticeSetting, Person
from portal.notices.choices import Choices
from tests.conftest import actor
from tests.factories import cast
from tests.factories.alerts import raised
from tests.factories.mail import MailServer
from tests.forking import script_in_child

ROOT = Path(__file__).resolve().parents[3]
QA, VIEWER = cast.EMAILS["sponsor_qa"], cast.EMAILS["sponsor_viewer"]
STOCKHOLM = ZoneInfo("Europe/Stockholm")
KILL_SELF = """
import os, signal
from portal import tasks
{point} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
tasks.mail_mornings()
"""


@pytest.fixture
def mail_server(settings):
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


def ask(clock, key="sponsor_qa", hour=7):
    """Ask for the morning mail at noon of the first day."""
    move_to(clock, 0, 12)
    choose_notices(actor(key), choices=Choices(None, digest_hour=hour))


def move_to(clock, days, hour, minute=0, zone=STOCKHOLM):
    """Move the clock to a local time some days from the first, which is tomorrow: all of it is to come."""
    now = datetime.now(UTC)
    local = (now.astimezone(zone) + timedelta(days=days + 1)).replace(hour=hour, minute=minute, second=5)
    clock.move(local - now)


def addressees(server):
    return sorted(to for tos, _ in server.box.messages for to in tos)


def test_it_comes_at_seven_of_the_own_zone_to_who_asked_and_once_a_day(database, clock, mail_server):
    ask(clock)
    move_to(clock, 1, 6, 59)
    assert tasks.mail_mornings() == 0
    move_to(clock, 1, 7)
    assert tasks.mail_mornings() == 1
    assert tasks.mail_mornings() == 0
    move_to(clock, 1, 23, 59)
    assert tasks.mail_mornings() == 0
    assert addressees(mail_server) == [QA]
    move_to(clock, 2, 7)
    assert tasks.mail_mornings() == 1


def test_each_ones_seven_is_their_own(database, clock, mail_server):
    Person.objects.filter(pk=cast.person_id("sponsor_viewer")).update(zone="America/New_York")
    ask(clock, "sponsor_qa")
    ask(clock, "sponsor_viewer")
    move_to(clock, 2, 7)
    tasks.mail_mornings()
    mornings = dict(NoticeSetting.objects.values_list("person_id", "digest_at"))
    local = {
        key: mornings[cast.person_id(key)].astimezone(ZoneInfo(zone)).strftime("%H:%M")
        for key, zone in (("sponsor_qa", "Europe/Stockholm"), ("sponsor_viewer", "America/New_York"))
    }
    assert local == {"sponsor_qa": "07:00", "sponsor_viewer": "07:00"}
    assert mornings[cast.person_id("sponsor_qa")] != mornings[cast.person_id("sponsor_viewer")]


def test_it_says_how_many_and_never_what(database, clock, mail_server):
    ask(clock)
    move_to(clock, 0, 23)
    raised(Side.SPONSOR, title="CANARY TEMP 37.9 on B-2417", classification="critical")
    raised(Side.SPONSOR)
    raised(Side.MANUFACTURER)
    move_to(clock, 1, 7)
    tasks.mail_mornings()
    _, message = mail_server.box.messages[-1]
    words = message.get_content()
    assert "- 2 notifications came to you.\n- 2 things wait for you." in words.replace("\r\n", "\n")
    assert "http://testserver/since/?span=yesterday" in words
    for secret in ("CANARY", "TEMP", "B-2417", "critical", "AV-101", "Norrsund", "Arvo"):
        assert secret not in message.as_string()
    day = (datetime.now(UTC).astimezone(STOCKHOLM) + timedelta(days=2)).date()
    assert message["Message-ID"].strip() == f"<morning-{cast.person_id('sponsor_qa')}-{day}@testserver>"


def test_after_days_without_a_beat_one_mail_comes_and_not_three(database, clock, mail_server):
    ask(clock)
    move_to(clock, 4, 12)
    assert tasks.mail_mornings() == 1
    assert tasks.mail_mornings() == 0
    move_to(clock, 5, 7)
    assert tasks.mail_mornings() == 1


def test_who_takes_it_back_gets_none_any_more(database, clock, mail_server):
    ask(clock)
    choose_notices(actor("sponsor_qa"), choices=Choices(None))
    move_to(clock, 2, 7)
    assert tasks.mail_mornings() == 0


def test_a_mail_server_that_is_away_delays_it_and_loses_nothing(database, clock, mail_server, settings):
    ask(clock)
    move_to(clock, 1, 7)
    working, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert tasks.mail_mornings() == 0
    settings.EMAIL_PORT = working
    assert tasks.mail_mornings() == 0  # still leased
    move_to(clock, 1, 7, 3)
    assert tasks.mail_mornings() == 1


def test_two_beats_at_once_send_it_once(own_database, clock, mail_server):
    ask(clock, "sponsor_qa")
    ask(clock, "sponsor_viewer")
    move_to(clock, 1, 7)
    barrier = threading.Barrier(4)

    def run():
        try:
            barrier.wait()
            tasks.mail_mornings()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert addressees(mail_server) == [QA, VIEWER]


@pytest.mark.parametrize(("point", "sent_before"), [("tasks.compose_morning", 0), ("tasks.note_digest", 1)])
def test_one_killed_at_any_point_is_sent_and_seen_once(own_database, clock, mail_server, point, sent_before):
    ask(clock)
    move_to(clock, 1, 7)
    assert script_in_child(KILL_SELF.format(point=point)) == -signal.SIGKILL
    assert len(mail_server.box.messages) == sent_before
    assert tasks.mail_mornings() == 0  # the lease of the dead one
    move_to(clock, 1, 7, 1 + int(LEASE.total_seconds()) // 60)
    assert tasks.mail_mornings() == 1
    assert len({message["Message-ID"] for _, message in mail_server.box.messages}) == 1


def test_a_closed_account_is_passed_over(database, clock):
    ask(clock)
    Person.objects.filter(pk=cast.person_id("sponsor_qa")).update(is_active=False)
    move_to(clock, 1, 7)
    assert claim_digest(system_actor("courier")) is None
