"""The aggregates of the batches app, one file each."""

from batches.models.batch import Batch, PhaseRun
from batches.models.excursion import Excursion
from batches.models.reading import Frame, Latest, Reading
from batches.models.recipe import Limit, Parameter, ProcedureStep, RecipeVersion

__all__ = [
    "Batch",
    "Excursion",
    "Frame",
    "Latest",
    "Limit",
    "Parameter",
    "PhaseRun",
    "ProcedureStep",
    "Reading",
    "RecipeVersion",
]
