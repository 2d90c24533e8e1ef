"""The auditor finds what was due and did not happen, and is heard past everything that is dead."""

import re
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection

from portal import tasks
from portal.action import action
from portal.actions.alerts import acknowledge_alert
from portal.actions.notices import choose_notices
from portal.actor import Side, system_actor
from portal.auditing.checks import Cursor, Fault, holds, look
from portal.auditing.voice import Voice
from portal.notices.choices import Choices
from tests.conftest import actor
from tests.factories import cast
from tests.factories.alerts import raised
from tests.servers import start_stack

SWEEP = system_actor("sweep", cast.PROGRAM)


@pytest.fixture(autouse=True)
def _no_clock_of_a_neighbour(as_owner):
    as_owner.execute("update portal_clock set state = 'withdrawn', next_at = null where state = 'running'")
    as_owner.execute("update portal_alert set state = 'unanswered' where state = 'open'")
    as_owner.execute("update portal_delivery set state = 'sent' where state = 'waiting'")


def beat(*processes):
    for process in processes:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into portal_heartbeat (process, seen_at) values (%s, portal.instant())"
                " on conflict (process) do update set seen_at = excluded.seen_at",
                [process],
            )


def found(cursor=None):
    return {each.code: each.count for each in look(cursor or Cursor())}


@pytest.fixture
def alive(database):
    beat("worker", "relay")


def test_while_all_is_well_nothing_is_found(alive):
    raised()
    assert found() == {}


def test_a_step_and_its_messages_that_are_late_are_counted(alive, clock):
    raised()
    raised(Side.MANUFACTURER)
    clock.move(timedelta(minutes=4))
    beat("worker", "relay")
    assert found() == {"clocks_late": 2, "deliveries_late": 4}
    tasks.sweep()
    assert found() == {"deliveries_late": 4}


def test_an_open_alert_without_a_ladder_is_found(alive, as_owner):
    alert = raised()
    drop_ladder(SWEEP, alert.pk)
    assert found() == {"ladders_lost": 1}
    acknowledge_alert(actor("sponsor_qa"), alert.pk)
    assert found() == {}


@action("test.drop_ladder")
def drop_ladder(actor, alert_id):
    from portal.models import Clock

    clock = Clock.objects.visible_to(actor).get(alert_id=alert_id)
    clock.state, clock.next_at = "withdrawn", None
    clock.save(update_fields=["state", "next_at"])


@action("test.skip_step")
def skip_step(actor, alert_id):
    from portal.models import Clock

    clock = Clock.objects.visible_to(actor).get(alert_id=alert_id)
    clock.step = 1
    clock.save(update_fields=["step"])


def test_a_step_that_is_counted_and_was_not_taken_is_found(alive):
    skip_step(SWEEP, raised().pk)
    assert found() == {"steps_lost": 1}


def test_a_step_that_told_somebody_and_wrote_no_message_is_found(alive, as_owner, monkeypatch, sponsor_qa):
    from portal import alerts

    with monkeypatch.context() as lost:
        lost.setattr(alerts, "write_messages", lambda *_args, **_given: None)
        silent = raised()
    assert found() == {"steps_untold": 1}
    raised(Side.MANUFACTURER)
    assert found() == {"steps_untold": 1}
    # Who wants no mail of this sort is told on the page alone.
    for person in (sponsor_qa, actor("sponsor_viewer")):
        choose_notices(person, choices=Choices(None, {"live": ()}))
    assert found() == {}
    acknowledge_alert(sponsor_qa, silent.pk)
    assert found() == {}


def test_who_does_not_beat_is_silent(database, clock):
    beat("worker", "relay")
    clock.move(timedelta(seconds=70))
    beat("relay")
    assert found() == {"worker_silent": 1}


def test_without_redis_it_still_looks(alive, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert found() == {"redis_away": 1}


def test_without_a_database_it_says_so(settings, alive, monkeypatch):
    from django.db import OperationalError

    from portal.auditing import checks

    def gone():
        raise OperationalError

    monkeypatch.setattr(checks, "_overdue", gone)
    monkeypatch.setattr(checks.connection, "close", lambda: None)
    assert found() == {"database_away": 1}


def forge(cursor, *, mac):
    """A write by somebody who has the database login and not the key, in the name of a person."""
    person = cast.person_id("sponsor_qa")
    names = {
        "person": str(person),
        "as_sponsor": f"{{{cast.PROGRAM}}}",
        "action": "alert.acknowledge",
        "mac": mac,
    }
    for name, value in names.items():
        cursor.execute("select set_config(%s, %s, true)", [f"covalent.{name}", value])
    cursor.execute(
        "select ledger.record(%s, 'shared', 'alert.acknowledged', 1, true, %s, null, '', '{}')",
        [cast.PROGRAM, f'{{"type": "alert", "id": "{uuid4()}", "number": "", "version": 1}}'],
    )
    cursor.execute("set constraints ledger.seal immediate")


@pytest.mark.parametrize("mac", ["", "0" * 64])
def test_a_context_that_was_stated_without_the_key_is_found_once(own_database, mac):
    beat("worker", "relay")
    seen = Cursor()
    assert found(seen) == {}
    with own_database.connect() as raw, raw.transaction(), raw.cursor() as cursor:
        forge(cursor, mac=mac)
    assert found(seen) == {"context_forged": 1}
    assert found(seen) == {}
    # An auditor that starts anew finds it again.
    assert found() == {"context_forged": 1}


def test_entries_of_an_earlier_secret_key_hold_while_it_is_named(alive, settings):
    raised()
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another-" + "x" * 40
    settings.SECRET_KEY_FALLBACKS = [old]
    assert found() == {}
    settings.SECRET_KEY_FALLBACKS = []
    assert found()["context_forged"] >= 1


def test_a_context_of_which_a_part_was_blanked_is_not_called_forged():
    assert holds("0" * 64, {"action": "a", "request": "", "transaction": "1"})
    assert not holds("0" * 64, {"actor": "b", "action": "a", "request": "", "transaction": "1"})


class Hours:
    """A clock by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def voice(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.AUDITOR_MAIL = ["operator@example.com"]
    hours = Hours()
    return Voice(hours), hours


LATE = [Fault("clocks_late", 3)]


def test_a_fault_is_told_once_again_each_hour_and_when_it_is_over(voice, caplog):
    speaker, hours = voice
    for seconds in (0, 15, 3590):
        hours.now = seconds
        speaker.tell(LATE)
    assert [each.subject for each in mail.outbox] == ["Covalent: something that was due has not happened"]
    assert "clocks_late: 3" in mail.outbox[0].body
    hours.now = 3600
    speaker.tell(LATE)
    speaker.tell([*LATE, Fault("worker_silent")])
    speaker.tell([])
    speaker.tell([])
    assert [each.subject[:21] for each in mail.outbox[1:]] == [
        "Covalent: something t",
        "Covalent: something t",
        "Covalent: what was du",
    ]
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 3


def test_a_mail_server_that_is_away_leaves_the_log(settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.AUDITOR_MAIL = ["operator@example.com"]
    Voice().tell(LATE)
    assert ["auditor_fault" in each.getMessage() for each in caplog.records].count(True) == 1
    assert "auditor_mail_failed" in caplog.text


@pytest.fixture
def outside(settings):
    calls = []

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self):
            calls.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Listening)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/beat"
    yield calls
    server.shutdown()
    server.server_close()


def test_the_heartbeat_goes_out_once_a_minute_and_only_while_all_is_well(outside, voice):
    speaker, hours = voice
    for seconds in (0, 15, 30):
        hours.now = seconds
        speaker.tell([])
    assert outside == ["/beat"]
    hours.now = 61
    speaker.tell(LATE)
    assert outside == ["/beat"]
    speaker.tell([])
    assert outside == ["/beat"] * 2


def test_a_heartbeat_that_nobody_takes_stops_nothing(settings, voice, caplog):
    settings.HEARTBEAT_URL = "http://127.0.0.1:1/beat"
    voice[0].tell([])
    assert "auditor_heartbeat_failed" in caplog.text


@pytest.mark.slow
def test_when_worker_and_redis_are_killed_the_auditor_tells(own_database):
    quick = {"COVALENT_AUDITOR_GRACE": "6"}
    with start_stack(own_database, ("relay", "worker", "beat", "auditor"), environment=quick) as stack:
        stack.kill("worker")
        wait_for(stack, r'"worker_silent": 1.*auditor_fault')
        stack.kill("beat")
        stack.kill("valkey")
        wait_for(stack, r'"redis_away": 1.*auditor_fault')


def wait_for(stack, words):
    until = time.monotonic() + 90
    while not re.search(words, stack.log("auditor")):
        assert time.monotonic() < until, stack.log("auditor")[-2000:]
        assert stack.processes["auditor"].poll() is None
        time.sleep(0.2)
