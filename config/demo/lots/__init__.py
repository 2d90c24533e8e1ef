"""The batches of the demo, as data: what runs now, and what was finished within the last year."""

from config.demo.lots.finished import FINISHED, FINISHED_COPIES
from config.demo.lots.running import DEMO_LOT, FROZEN_LOT, RUNNING
from config.demo.lots.writing import Bend, Dots, Lot, Stretch

__all__ = [
    "DEMO_LOT",
    "FINISHED",
    "FINISHED_COPIES",
    "FROZEN_LOT",
    "RUNNING",
    "Bend",
    "Dots",
    "Lot",
    "Stretch",
]
