"""`manage.py bench [NAME] [--json]`: the product beside the raw limit of the same machine."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.bench.measures import ALL
from config.bench.results import Figure, median_of
from config.bench.stand import INSIDE, run_inside


class Command(BaseCommand):
    help = (
        "Measure the product beside the raw limit of this machine: median of --runs, on servers of its own."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", choices=[*ALL, "all"], default="all")
        parser.add_argument("--json", action="store_true", help="print a list of figures")
        parser.add_argument("--runs", type=int, default=5)

    def handle(self, *args: Any, **options: Any) -> None:
        names = list(ALL) if options["name"] == "all" else [options["name"]]
        if INSIDE not in os.environ:
            flags = ["--json"] if options["json"] else []
            sys.exit(run_inside([options["name"], "--runs", str(options["runs"]), *flags]))
        figures: list[Figure] = []
        for name in names:
            figures += median_of([self._once(name, n, options) for n in range(options["runs"])])
        if options["json"]:
            self.stdout.write(json.dumps([each.as_row() for each in figures]))
        else:
            self._table(figures)
        if not all(each.is_ok for each in figures):
            raise CommandError("a goal was missed")

    def _once(self, name: str, run: int, options: dict[str, Any]) -> list[Figure]:
        if not options["json"]:
            self.stderr.write(f"{name}: run {run + 1} of {options['runs']}")
        return ALL[name]()

    def _table(self, figures: list[Figure]) -> None:
        self.stdout.write("| measured | value | raw limit | ratio | goal | |\n|---|---|---|---|---|---|")
        for each in figures:
            row = each.as_row()
            limit = "" if row["limit"] is None else f"{row['limit']:,.1f}"
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
            sign = ">=" if each.more_is_better else "<="
            goal = "" if each.goal is None else f"{sign} {each.goal:g}{' x' if each.by_ratio else ''}"
            met = "ok" if row["ok"] else "missed"
            self.stdout.write(
                f"| {each.name}, {each.unit} | {each.value:,.1f} | {limit} | {ratio} | {goal} | {met} |"
            )
