"""The recipe of a batch that takes a recorded penicillin run: read from the map that the replay uses."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

import batches.replay
from batches.specs import LimitSpec, ParameterSpec
from batches.states import DataKind, LimitKind, ParameterKind
from config.demo.companies import PENICILLIN
from config.demo.recipes.writing import HOUR, Recipe, alone, procedure

MAP: Final = Path(batches.replay.__file__).parent / "maps" / "indpensim.yaml"
# The runs last 220 to 290 hours.
PLANNED_S: Final = 290 * HOUR


def _number(given: Any) -> Decimal | None:
    return None if given is None else Decimal(str(given))


def _limit(given: Mapping[str, Any]) -> LimitSpec:
    return LimitSpec(
        LimitKind(given["kind"]),
        _number(given.get("low")),
        _number(given.get("high")),
        delay_s=given.get("delay_s", 0),
        min_duration_s=given.get("min_duration_s", 0),
    )


def _parameter(given: Mapping[str, Any], every_s: int, data_kind: str) -> ParameterSpec:
    return ParameterSpec(
        given["code"],
        given["title"],
        given["unit"],
        ParameterKind(given["kind"]),
        DataKind(data_kind),
        every_s,
        given["decimals"],
        limits=tuple(_limit(each) for each in given["limits"]),
    )


def _read() -> Recipe:
    said = yaml.safe_load(MAP.read_text(encoding="utf-8"))["recipe"]
    every_s, data_kind = said["expected_interval_s"], said["data_kind"]
    return Recipe(
        PENICILLIN,
        "MBR-PENV-FB",
        "Penicillin fed-batch, 100,000 L",
        "Penicillin",
        procedure("Penicillin fed-batch", alone(said["phase"]["code"], said["phase"]["title"], PLANNED_S)),
        tuple(_parameter(each, every_s, data_kind) for each in said["parameters"]),
    )


PENICILLIN_RUN: Final = _read()
