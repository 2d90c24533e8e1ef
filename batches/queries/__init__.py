"""The read side of batches."""

from batches.queries.batches import BatchDetail, ParameterState, batch_detail, list_batches, list_recipes
from batches.queries.board import Tile, TileRow, board
from batches.queries.excursions import list_excursions, up_to_date
from batches.queries.series import Series, series

__all__ = [
    "BatchDetail",
    "ParameterState",
    "Series",
    "Tile",
    "TileRow",
    "batch_detail",
    "board",
    "list_batches",
    "list_excursions",
    "list_recipes",
    "series",
    "up_to_date",
]
