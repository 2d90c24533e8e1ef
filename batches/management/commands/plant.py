"""`manage.py plant`: the simulated plant of the demo, which speaks only the public REST API."""

import logging
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batches.plant.running import Plant, Settings
from batches.rest_client import Access, NoAccess, RequestRefused, RestClient, default_data

log = logging.getLogger("batches.plant")
LOOK_FOR_ACCESS_S = 2.0


class Command(BaseCommand):
    help = "Feed all running batches of the demo with simulated readings until stopped (Ctrl-C or SIGTERM)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = Settings()
        parser.add_argument(
            "--data", type=Path, default=None, help="data folder with demo.json (default: COVALENT_DATA)"
        )
        parser.add_argument("--url", help="address of the portal (default: from demo.json)")
        parser.add_argument(
            "--key", help="API key with the right to send readings (default: gateway of demo.json)"
        )
        parser.add_argument(
            "--every", type=float, default=usual.every_s, help="seconds between frames (%(default)s)"
        )
        parser.add_argument(
            "--frozen",
            action="append",
            metavar="NUMBER",
            help="batch that is never fed; may be given again (default: B-2417 and B-2420)",
        )
        parser.add_argument(
            "--faulty", default=usual.faulty, help="batch with the sticking valve (%(default)s)"
        )
        parser.add_argument(
            "--fault-every",
            type=float,
            default=usual.fault_every_s,
            help="seconds from the start of one valve fault to the next (%(default)s; 10 minutes of calm)",
        )
        parser.add_argument(
            "--fault-speed",
            type=float,
            default=usual.fault_speed,
            help="how much faster than life the fault runs (%(default)s: 202 minutes in 6.5)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each frame
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        usual = Settings()
        settings = Settings(
            every_s=options["every"],
            frozen=frozenset(options["frozen"] or usual.frozen),
            faulty=options["faulty"],
            fault_every_s=options["fault_every"],
            fault_speed=options["fault_speed"],
        )
        access = self._await_access(options, stop)
        if access is None:
            return
        # Short patience: what is due is worked out again after an absence, so no frame need wait its turn.
        with RestClient(access, patience_s=10.0, stop=stop) as client:
            try:
                Plant(client, settings).run(stop)
            except RequestRefused as refused:
                raise CommandError(f"The plant's key is refused: {refused}") from refused

    def _await_access(self, options: dict[str, Any], stop: threading.Event) -> Access | None:
        """Wait for demo.json, which appears once the demo is loaded; None when stopped before."""
        told = False
        data = options["data"] or default_data()
        while not stop.is_set():
            try:
                return Access.find(url=options["url"], key=options["key"], data=data)
            except NoAccess as missing:
                if not told:
                    log.info("Waiting: %s", missing)
                told = True
                stop.wait(LOOK_FOR_ACCESS_S)
        return None
