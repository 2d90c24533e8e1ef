"""`manage.py gateway`: a site's store-and-forward client, which speaks only the public REST interface."""

import logging
import signal
import sys
import threading
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from batches.gateways.chain import DEVICE
from batches.gateways.client.intake import Lines, Source, form_of
from batches.gateways.client.naming import BadNames, Names
from batches.gateways.client.running import Order, run_gateway
from batches.gateways.client.store import Store
from batches.rest_client import Access, NoAccess, RestClient, default_data

MEGABYTE = 1024 * 1024
ADAPTERS = {"mqtt": "mqtt", "mqtts": "mqtt", "opc.tcp": "opcua"}


class Command(BaseCommand):
    help = (
        "Record readings at the site into a queue on disk and send them to a batch when the portal is there."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "Readings come as NDJSON or CSV (parameter,at,value and maybe unit) from stdin or a file, or\n"
            "from mqtt://, mqtts:// and opc.tcp:// servers (pip install -r requirements/gateway.txt).\n\n"
            "What was read is in the queue and survives a cut, a kill and a loss of power; each frame is\n"
            "sent until the portal has answered for it. Digests of what waits are announced ahead of it,\n"
            "so that late readings can be shown to be what was recorded. A full queue holds back a pipe, a\n"
            "file or a broker; what cannot wait is then lost, counted, and the portal says so."
        )
        parser.add_argument("--batch", required=True, type=UUID, metavar="ID", help="id of the batch")
        parser.add_argument("--device", required=True, help="name of this gateway, as the portal shows it")
        parser.add_argument("--queue", type=Path, default=Path("gateway-queue"), help="folder of the queue")
        parser.add_argument(
            "--most", type=int, default=1024, metavar="MB", help="its size (default: %(default)s)"
        )
        parser.add_argument(
            "--from", dest="source", default="-", metavar="SOURCE", help="file, URL, or - (stdin)"
        )
        parser.add_argument("--follow", action="store_true", help="wait for more at the end of a file")
        parser.add_argument(
            "--form", choices=["csv", "ndjson"], help="of the lines; by the file's name if left out"
        )
        parser.add_argument("--names", type=Path, help="YAML table of topics or nodes: parameter")
        parser.add_argument("--aside", action="store_true", help="show what was set aside, and end")
        parser.add_argument("--url", help="address of the portal (default: from demo.json)")
        parser.add_argument("--key", help="API key with the right to send readings (better: COVALENT_KEY)")
        parser.add_argument("--data", type=Path, help="data folder with demo.json (default: COVALENT_DATA)")

    def handle(self, *args: Any, **options: Any) -> None:
        if DEVICE.fullmatch(options["device"]) is None:
            raise CommandError("--device has letters, digits, blank and . _ - /, at most 60.")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each frame
        path = options["queue"] / f"{options['batch']}.sqlite"
        store = Store(path, most_bytes=options["most"] * MEGABYTE)
        if options["aside"]:
            for sequence, code, detail, body in store.aside():
                self.stdout.write(f"{sequence}\t{code}\t{detail}\t{body.decode(errors='replace')}")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        data = options["data"] or default_data()
        try:
            access = Access.find(url=options["url"], key=options["key"], data=data)
            source = self._source(options)
        except (NoAccess, BadNames, OSError) as problem:
            raise CommandError(str(problem)) from problem
        with RestClient(access) as client:
            order = Order(str(options["batch"]), options["device"])
            tally = run_gateway(client, store, order, source, stop)
        self.stdout.write(f"{tally.words()}; {store.waiting} frames wait, {store.lost} readings lost")
        store.close()

    def _source(self, options: dict[str, Any]) -> Source:
        given, form = options["source"], options["form"]
        if given == "-":
            return Lines(sys.stdin.buffer, form or "ndjson")
        kind = ADAPTERS.get(urlsplit(given).scheme)
        if kind is None:
            path = Path(given)
            return Lines(
                path.open("rb"), form or form_of(path), keeps_position=True, follow=options["follow"]
            )
        if options["names"] is None:
            raise CommandError("--names is needed: which topic or node is which parameter.")
        return _adapter(kind, given, Names.read(options["names"]), options["device"])


def _adapter(kind: str, url: str, names: Names, device: str) -> Source:
    try:
        if kind == "mqtt":
            from batches.gateways.client.mqtt import MqttSource  # noqa: PLC0415 - an extra, needed by who asks for it

            return MqttSource(url, names, client_id=f"covalent-{device}".replace(" ", "-"))
        from batches.gateways.client.opcua import OpcUaSource  # noqa: PLC0415 - likewise

        return OpcUaSource(url, names)
    except ImportError as missing:
        raise CommandError(f"{missing}: install requirements/gateway.txt first.") from missing
