"""Which of the instruments' names is which parameter of the batch: a table, or the last part of the name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml


class BadNames(Exception):
    """The table of names cannot be read."""


@dataclass(frozen=True, slots=True)
class Names:
    """Instruments' names -> parameters; a name that is not there is not sent."""

    parameters: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a YAML file of `name: PARAMETER` lines. Raises: BadNames."""
        try:
            given: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
            raise BadNames(f"{path} cannot be read: {fault}") from fault
        if not isinstance(given, dict) or not given:
            raise BadNames(f"{path} is no table of the form name: PARAMETER.")
        if not all(isinstance(each, str) for pair in given.items() for each in pair):
            raise BadNames(f"{path}: names and parameters are texts; put quotes round them.")
        return cls(given)
