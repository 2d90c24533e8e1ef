"""The real worker and beat: ladders climb and mails leave without anybody calling a task."""

import time

import pytest

from portal.models import Heartbeat
from tests.conftest import head_of
from tests.factories import cast
from tests.factories.alerts import raised, rows_of
from tests.factories.chains import grow, newest
from tests.servers import start_stack

pytestmark = pytest.mark.slow


def until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


@pytest.fixture
def stack(own_database, mail_server, tmp_path):
    environment = {
        "COVALENT_LADDER_WAIT": "2",
        "COVALENT_DATA": str(tmp_path),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
    }
    with start_stack(own_database, ("worker", "beat"), environment=environment) as started:
        yield started


def test_a_ladder_climbs_to_its_end_and_mails_leave_also_over_a_killed_worker(stack, mail_server, settings):
    from datetime import timedelta

    settings.LADDER_WAIT = timedelta(seconds=2)
    first = raised()
    until(lambda: rows_of(first)["alert"].state == "unanswered")
    assert [(each.number, each.told) for each in rows_of(first)["steps"]] == [(0, 2), (1, 1)]
    until(lambda: len(mail_server.box.messages) == 3)

    second = raised()
    stack.kill("worker")
    stack.start("worker")
    until(lambda: rows_of(second)["alert"].state == "unanswered")
    assert [(each.number, each.told) for each in rows_of(second)["steps"]] == [(0, 2), (1, 1)]
    assert len(rows_of(second)["receipts"]) == 3
    until(lambda: Heartbeat.objects.filter(process="worker").exists())
    assert "clock_failed" not in stack.log("worker")


def test_checkpoints_are_signed_without_anybody_asking(stack):
    grow(times=3)
    # The first is signed at once, the next within a minute: it may be of fewer entries than there are by now.
    until(lambda: newest() is not None)
    assert 1 <= newest().size <= head_of(cast.PROGRAM)
    assert "log_forked" not in stack.log("worker")
