"""`manage.py watch --learn FILE... --judge FILE...`: what a watch learned from good runs says of others."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batches import signal_words
from batches.replay.choosing import built_in_names
from batches.replay.problems import ReplayProblem
from batches.replay.recorded import read_runs
from batches.watching import golden
from batches.watching import model as watching
from batches.watching.model import Model
from batches.watching.runs import Run


class Command(BaseCommand):
    help = "Learn from recorded good runs what a run should look like, and say what is news in others."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = f"Built-in maps: {', '.join(built_in_names())}."
        parser.add_argument("--learn", type=Path, nargs="+", metavar="FILE", help="CSV files of good runs")
        parser.add_argument(
            "--judge", type=Path, nargs="*", metavar="FILE", default=[], help="CSV files to judge"
        )
        parser.add_argument("--map", metavar="MAP", help="YAML file, or the name of a built-in map")
        parser.add_argument("--model", type=Path, help="where the model is written, or read without --learn")
        parser.add_argument("--json", action="store_true", help="print the signals as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = self._model(options)
            runs = _read(options["judge"], options["map"])
        except ReplayProblem as problem:
            raise CommandError(str(problem)) from problem
        found = [(run, _signals(model, run)) for run in runs]
        if options["json"]:
            self.stdout.write(json.dumps({run.name: signals for run, signals in found}, indent=1))
            return
        self._say_model(model)
        for run, signals in found:
            self.stdout.write(f"\n{run.name}: {len(signals) or 'no'} signal{'s' * (len(signals) != 1)}")
            for each in signals:
                begun, known, until = each["begins_h"], each["known_h"], each["until_h"]
                times = f"{begun:8.1f} h  known {known:.1f} h  until {until:.1f} h"
                self.stdout.write(f"{times}{'+' * each['is_open']}  {each['sentence']}")

    def _model(self, options: dict[str, Any]) -> Model:
        """Learn the model, or read one that was learned before."""
        path: Path | None = options["model"]
        if options["learn"]:
            try:
                model = watching.learn(_read(options["learn"], options["map"]))
            except watching.TooLittle as little:
                raise CommandError(
                    "There is too little to learn from: two runs or more, with the same parameters."
                ) from little
            if path is not None:
                path.write_text(json.dumps(watching.to_document(model), allow_nan=False))
            return model
        if path is None:
            raise CommandError("Name the good runs with --learn, or a model with --model.")
        try:
            return watching.from_document(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise CommandError(f"{path} holds no model: {fault}") from fault

    def _say_model(self, model: Model) -> None:
        levels = sum(line.level is not None for line in model.lines.values())
        self.stdout.write(
            f"learned from {len(model.trained_on)} runs: {', '.join(model.trained_on)}\n"
            f"{len(model.lines)} parameters, {levels} of them with a level to keep to, "
            f"over {model.grid.positions} steps of {model.grid.lanes[0].step_s:g} s"
        )
        if model.golden is None:
            self.stdout.write(f"no golden batch: it takes {golden.FEWEST_BATCHES} runs")
        else:
            self.stdout.write(f"golden batch of {len(model.golden.variances)} components")


def _read(paths: Sequence[Path], map_name: str | None) -> list[Run]:
    return [run for path in paths for run in read_runs(path, map_name)]


def _signals(model: Model, run: Run) -> list[dict[str, Any]]:
    told = []
    for signal in watching.judge(model, watching.table_of(model, run)):
        begun, known, until = signal_words.hours(model, run, signal)
        told.append(
            {
                "sign": signal.sign,
                "parameter": signal.parameter,
                "direction": signal.direction,
                "begins_h": round(begun, 3),
                "known_h": round(known, 3),
                "until_h": round(until, 3),
                "is_open": signal.is_open,
                "peak": round(signal.peak, 3),
                "causes": [[code, round(share, 4)] for code, share in signal.causes],
                "sentence": signal_words.sentence(signal),
            }
        )
    return told
