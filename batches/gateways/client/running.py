"""The running gateway: one thread takes in, one sends; both live on the queue between them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Final

from batches.gateways.client.intake import Recorder, Source
from batches.gateways.client.sending import Sender, Tally
from batches.gateways.client.store import Store
from batches.rest_client import RestClient

log = logging.getLogger("batches.gateway")

END_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Order:
    """What the caller asked for."""

    batch_id: str
    device: str


def run_gateway(
    client: RestClient, store: Store, order: Order, source: Source, stop: threading.Event
) -> Tally:
    """Take in until the source ends or `stop` is set; a source that ended is waited for until all is sent.

    What is not sent when it stops stays in the queue for the next start.
    """
    ended = threading.Event()
    sender = Sender(client, store, order.batch_id, order.device, ended)
    recorder = Recorder(store, stop, sender.woken.set)
    sending = threading.Thread(target=sender.run, name="sender", daemon=True)
    sending.start()
    try:
        source.run(recorder)
        while store.waiting and not stop.wait(0.2):
            pass
    finally:
        ended.set()
        sender.woken.set()
        client.stop.set()
        sending.join(END_S)
    return sender.tally
