"""`manage.py recalls FILE --program CODE`: copy the public recalls into a program over the REST API."""

import logging
import signal
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batches.replay.progress import Progress
from batches.rest_client import Access, RequestRefused, RestClient, RestFault, default_data
from deviations.recalls.rolling import read_recalls, roll_up

PATIENCE_S = 120.0
TOLD_MAX = 5


class Command(BaseCommand):
    help = "Copy a CSV file of FDA drug recalls (also .csv.gz) into a program, one deviation an event."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV or .csv.gz file of product rows")
        parser.add_argument("--program", required=True, metavar="CODE", help="id or code of the program")
        parser.add_argument("--limit", type=int, metavar="N", help="take the first N events alone")
        parser.add_argument("--url", help="address of the portal (default: from demo.json)")
        parser.add_argument("--key", help="API key of CDMO QA's system (default: from demo.json)")
        parser.add_argument("--data", type=Path, help="data folder with demo.json (default: COVALENT_DATA)")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each event
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            rows = read_recalls(options["file"])
            data = options["data"] or default_data()
            access = Access.find(url=options["url"], key=options["key"], data=data, name="cdmo_system")
            with RestClient(access, patience_s=PATIENCE_S, stop=stop) as client:
                self._copy(
                    client, list(roll_up(rows))[: options["limit"]], options["program"], len(rows), stop
                )
        except (OSError, ValueError, RestFault) as fault:
            raise CommandError(str(fault)) from fault

    def _copy(
        self, client: RestClient, events: list[Any], program: str, rows: int, stop: threading.Event
    ) -> None:
        programs = {each["code"]: each["id"] for each in client.rows("programs/")}
        chosen = programs.get(program, program)
        progress, refused = Progress(sys.stderr, len(events)), []
        taken = 0
        for event in events:
            if stop.is_set():
                break
            try:
                where = {"program": chosen, "external_id": f"RES-{event.number}"}
                client.put("deviations/", where, event.body())
                taken += 1
            except RequestRefused as fault:
                refused.append(f"RES-{event.number}: {fault}")
            progress.advance(1)
        progress.close()
        self.stdout.write(f"{rows:,} products in {len(events):,} events; {taken:,} copied.")
        for words in refused[:TOLD_MAX]:
            self.stdout.write(words)
        if refused:
            raise CommandError(f"{len(refused)} events were refused.")
