"""The aggregates of the batches app, one file each."""

from batches.models.batch import Batch, PhaseRun
from batches.models.excursion import Excursion
from batches.models.hold import BatchHold
from batches.models.link import LotLink, LotLinkEnd
from batches.models.lot import Lot, LotUse
from batches.models.reading import Frame, FrameAnswer, Latest, Reading
from batches.models.recipe import (
    HoldTime,
    Limit,
    Parameter,
    ProcedureStep,
    RecipeMaterial,
    RecipePaper,
    RecipeVersion,
)

__all__ = [
    "Batch",
    "BatchHold",
    "Excursion",
    "Frame",
    "FrameAnswer",
    "HoldTime",
    "Latest",
    "Limit",
    "Lot",
    "LotLink",
    "LotLinkEnd",
    "LotUse",
    "Parameter",
    "PhaseRun",
    "ProcedureStep",
    "Reading",
    "RecipeMaterial",
    "RecipePaper",
    "RecipeVersion",
]
