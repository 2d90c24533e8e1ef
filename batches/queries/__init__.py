"""The read side of batches."""

from batches.queries.batches import (
    BatchDetail,
    ParameterState,
    batch_detail,
    list_batches,
    list_recipes,
    phases_of,
)
from batches.queries.board import Tile, TileRow, board
from batches.queries.excursions import get_excursion, list_excursions, up_to_date
from batches.queries.series import Series, series

__all__ = [
    "BatchDetail",
    "ParameterState",
    "Series",
    "Tile",
    "TileRow",
    "batch_detail",
    "board",
    "get_excursion",
    "list_batches",
    "list_excursions",
    "list_recipes",
    "phases_of",
    "series",
    "up_to_date",
]
