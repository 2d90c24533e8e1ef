"""Which model a batch gets, by the codes of its parameters, and the values each model gives."""

from collections.abc import Collection
from typing import Final

from batches.plant import bioreactor, cell_therapy, fill_line, seed_train
from batches.plant.signal import Signal, Signals, steady

MODELS: Final[dict[str, Signals]] = {
    "bioreactor": bioreactor.SIGNALS,
    "seed_train": seed_train.SIGNALS,
    "fill_line": fill_line.SIGNALS,
    "cell_therapy": cell_therapy.SIGNALS,
}
GENERIC: Final = "generic"

# A code that only this model has; the first hit decides. TEMP and PH alone are a seed bioreactor.
MARKS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("fill_line", frozenset({"FILLWT", "PC05", "PC50", "ISODP"})),
    ("cell_therapy", frozenset({"INCT", "CULTPH"})),
    ("bioreactor", frozenset({"VALVE", "JACKET", "OSMO", "TITER"})),
    ("seed_train", frozenset({"TEMP"})),
)
# Recipes with all of these are fed by a replay of a recorded run; a simulated value would spoil it.
RECORDED_RUN: Final = frozenset({"SUGAR", "BASE", "ACID"})


def choose_model(codes: Collection[str]) -> str:
    """Name the model for a batch with these parameter codes."""
    given = frozenset(codes)
    for name, marks in MARKS:
        if given & marks:
            return name
    return GENERIC


def awaits_replay(codes: Collection[str]) -> bool:
    """Tell whether a batch is there for a recorded run."""
    return frozenset(codes) >= RECORDED_RUN


def find_signal(model: str, code: str) -> Signal | None:
    """Give the model's signal for a parameter, or None when the model does not know the code."""
    return MODELS.get(model, {}).get(code)


def walk(code: str, low: float | None, high: float | None) -> Signal:
    """Make a signal that wanders in the middle fifth of a parameter's range.

    Of a range with one end, the walk keeps a tenth of that end's size away; without any, it stays near 1.
    """
    if low is not None and high is not None:
        middle, width = (low + high) / 2, high - low
    elif low is not None or high is not None:
        end = low if low is not None else high or 0.0
        reach = max(abs(end), 1.0) * 0.1
        middle, width = (end + reach if low is not None else end - reach), reach
    else:
        middle, width = 1.0, 0.1
    decimals = 2 if width >= 1 else 4
    return Signal(steady(code, middle, fast=0.005 * width, slow=0.02 * width), decimals)
