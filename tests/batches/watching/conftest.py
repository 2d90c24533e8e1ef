"""Batches made up by rule for the tests of watches, and the given data where it lies beside the tree."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from batches.watching.runs import Run, Stage

GIVEN = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def given_text():
    """Return a function that reads a given file, unpacked; a test that needs one not there is left out."""

    def read(name):
        path = GIVEN / name
        if not path.exists():
            pytest.skip(f"the given data set {name} is not beside the tree")
        raw = path.read_bytes()
        return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()

    return read


@pytest.fixture(scope="session")
def given_table(given_text):
    """Return a function that reads given numbers: the names and the columns of a file."""

    def read(name, *, header_rows=1, delimiter=","):
        lines = given_text(name).splitlines()
        names = next(csv.reader(io.StringIO(lines[0]), delimiter=delimiter))
        rows = [line.split(delimiter) for line in lines[header_rows:]]
        return names, np.array([[_number(cell) for cell in row] for row in rows])

    return read


def _number(cell):
    try:
        return float(cell)
    except ValueError:
        return np.nan


def made_run(seed, *, change=None, growth_min=120, harvest_min=60, name=None):
    """Make a batch of two phases, one reading a minute: a level, a ramp, a swinging line, one tied to it.

    `change(code, minutes)` is added to a parameter.
    """
    chance = np.random.default_rng(seed)
    minutes = np.arange(growth_min + harvest_min, dtype=np.float64)
    first, second = chance.normal(0, 0.5, 2)
    wander = (
        first * np.sin(minutes / 30) + second * minutes / 60 + 0.02 * chance.standard_normal(len(minutes))
    )
    columns = {
        "TEMP": 37 + 0.05 * chance.standard_normal(len(minutes)),
        "FEED": np.where(minutes < growth_min, 10 + minutes / 10, 5)
        + 0.02 * chance.standard_normal(len(minutes)),
        "DENSITY": 1 + minutes / 20 + wander,
        "OXYGEN": 60 - minutes / 10 - 2 * wander + 0.1 * chance.standard_normal(len(minutes)),
    }
    if change is not None:
        columns = {code: values + change(code, minutes) for code, values in columns.items()}
    at_s = minutes * 60 + 30
    return Run(
        name or f"B-{seed:03}",
        (Stage("GROWTH", 0.0, growth_min * 60.0), Stage("HARVEST", growth_min * 60.0)),
        {code: (at_s, values) for code, values in columns.items()},
        len(minutes) * 60.0,
    )


def only(code, shape):
    """Change one parameter by a function of minutes."""
    return lambda each, minutes: shape(minutes) if each == code else np.zeros(len(minutes))
