"""`manage.py replay FILE --batch ID`: play a CSV of process data into a batch over the public REST API."""

import logging
import signal
import sys
import threading
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batches.replay.choosing import built_in_names
from batches.replay.problems import ReplayProblem
from batches.replay.run import Order, Replay
from batches.rest_client import Access, RestClient, RestFault, default_data

PATIENCE_S = 120.0


class Command(BaseCommand):
    help = "Play a CSV file of process data (also .csv.gz) into a batch over the public REST API."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "Where the rows land: the run begins with the batch when it then ends before now; a longer run\n"
            "ends now. With --keep-times dates stay as they are and times since start count from the start\n"
            "of the batch. With --speed up to 1 the first row is now and each row is sent at its own time.\n"
            "Readings are taken from one hour before the batch's start to five minutes from now.\n\n"
            f"Built-in maps: {', '.join(built_in_names())}."
        )
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV or .csv.gz file")
        parser.add_argument("--batch", required=True, metavar="ID", help="id or number of the batch")
        parser.add_argument(
            "--program", help="id or code, where several programs have a batch of that number"
        )
        parser.add_argument("--map", metavar="MAP", help="YAML file, or the name of a built-in map")
        parser.add_argument("--group", metavar="VALUE", help="which batch of a file that holds several")
        parser.add_argument(
            "--speed", type=float, metavar="N", help="play N file seconds a second (default: at once)"
        )
        parser.add_argument(
            "--keep-times", action="store_true", help="do not shift times to the life of the batch"
        )
        parser.add_argument("--url", help="address of the portal (default: from demo.json)")
        parser.add_argument("--key", help="API key with the right to send readings (default: from demo.json)")
        parser.add_argument("--data", type=Path, help="data folder with demo.json (default: COVALENT_DATA)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["speed"] is not None and not options["speed"] > 0:
            raise CommandError("--speed is a number above 0.")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each frame
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        order = Order(
            path=options["file"],
            batch=options["batch"],
            program=options["program"],
            map_name=options["map"],
            group=options["group"],
            speed=options["speed"],
            keep_times=options["keep_times"],
        )
        try:
            data = options["data"] or default_data()
            access = Access.find(url=options["url"], key=options["key"], data=data)
            with RestClient(access, patience_s=PATIENCE_S, stop=stop) as client:
                self._play(Replay(client, order, sys.stderr, self.stdout.write))
        except (ReplayProblem, RestFault) as problem:
            raise CommandError(str(problem)) from problem

    def _play(self, replay: Replay) -> None:
        """Run to the end and close with the summary, also when it ends early."""
        try:
            tally = replay.run()
        finally:
            if replay.tally.rows or replay.tally.refused:
                self.stdout.write("\n".join(replay.tally.lines()))
        if not tally.accepted and not tally.duplicates:
            raise CommandError("Nothing of the file was taken.")
