"""The read side of batches."""

from batches.queries.batches import (
    BatchDetail,
    ParameterState,
    Running,
    batch_detail,
    list_batches,
    list_recipes,
    phases_of,
    running_since,
)
from batches.queries.board import Tile, TileRow, board
from batches.queries.excursions import get_excursion, list_excursions, up_to_date
from batches.queries.past import batch_then
from batches.queries.series import Series, series

__all__ = [
    "BatchDetail",
    "ParameterState",
    "Running",
    "Series",
    "Tile",
    "TileRow",
    "batch_detail",
    "batch_then",
    "board",
    "get_excursion",
    "list_batches",
    "list_excursions",
    "list_recipes",
    "phases_of",
    "running_since",
    "series",
    "up_to_date",
]
