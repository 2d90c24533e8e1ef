"""The sender is woken as soon as a chain has grown, and only where a webhook waits."""

import asyncio
import uuid

import pytest
from kombu.exceptions import OperationalError

from portal import relay as relays
from portal.streams import ChainKey
from portal.webhooks import waking
from portal.webhooks.running import Due

WAITS = [Due(uuid.uuid4(), uuid.uuid4(), is_slow=False)]


class Broker:
    def __init__(self, fault=None):
        self.sent, self.fault = [], fault

    def send_task(self, name, **_given):
        if self.fault:
            raise self.fault
        self.sent.append(name)


@pytest.fixture
def broker(monkeypatch):
    found = Broker()
    monkeypatch.setattr(waking, "_broker", lambda: found)
    return found


@pytest.mark.parametrize(("due", "sent"), [(WAITS, ["portal.send_webhooks"]), ([], [])])
def test_it_is_woken_where_a_webhook_waits(broker, monkeypatch, due, sent):
    monkeypatch.setattr(waking, "list_due", lambda _most: due)
    assert waking.wake_sender() is bool(due)
    assert broker.sent == sent


def test_without_a_broker_the_next_sweep_wakes_it(broker, monkeypatch):
    monkeypatch.setattr(waking, "list_due", lambda _most: WAITS)
    broker.fault = OperationalError("away")
    assert waking.wake_sender() is False


def test_the_task_is_the_one_that_workers_know():
    from portal.tasks import send_webhooks

    assert send_webhooks.name == waking.TASK


@pytest.mark.parametrize("has_grown", [True, False])
def test_the_relay_wakes_it_when_something_was_sealed(monkeypatch, has_grown):
    """One look of the relay, at a chain that grew or at none."""
    woken = []
    grown = [(ChainKey(uuid.uuid4(), "shared"), [])] if has_grown else []

    class Once(relays.Relay):
        async def _push(self, *_given):
            pass

    async def look():
        found = Once()

        async def run(call, *_given):
            return grown if call == found._read_new else woken.append(call)

        monkeypatch.setattr(found._threads, "run", run)
        monkeypatch.setattr(relays, "entries_message", lambda *_given: {})
        looking = asyncio.create_task(found._follow())
        await found._looked.wait()
        await asyncio.sleep(0)
        looking.cancel()

    asyncio.run(look())
    assert woken == ([waking.wake_sender] if has_grown else [])
