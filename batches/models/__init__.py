"""The aggregates of the batches app, one file each."""

from batches.models.batch import Batch, PhaseRun
from batches.models.custody import (
    CustodyChain,
    CustodyEvent,
    CustodyFile,
    IdentityCheck,
    IdentityReading,
    IdentityStop,
)
from batches.models.disposition import Disposition
from batches.models.excursion import Excursion
from batches.models.execution import StepEntry, StepExecution
from batches.models.hold import BatchHold
from batches.models.link import LotLink, LotLinkEnd
from batches.models.lot import Lot, LotUse
from batches.models.paper import PageComment, PaperScan
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
from batches.models.result import SampleResult
from batches.models.review import ExceptionLook, ReviewNote, SectionReview
from batches.models.shelf import AlarmShelf

__all__ = [
    "AlarmShelf",
    "Batch",
    "BatchHold",
    "CustodyChain",
    "CustodyEvent",
    "CustodyFile",
    "Disposition",
    "ExceptionLook",
    "Excursion",
    "Frame",
    "FrameAnswer",
    "HoldTime",
    "IdentityCheck",
    "IdentityReading",
    "IdentityStop",
    "Latest",
    "Limit",
    "Lot",
    "LotLink",
    "LotLinkEnd",
    "LotUse",
    "PageComment",
    "PaperScan",
    "Parameter",
    "PhaseRun",
    "ProcedureStep",
    "Reading",
    "RecipeMaterial",
    "RecipePaper",
    "RecipeVersion",
    "ReviewNote",
    "SampleResult",
    "SectionReview",
    "StepEntry",
    "StepExecution",
]
