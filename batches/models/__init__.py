"""The aggregates of the batches app, one file each."""

from batches.models.aseptic import Intervention, MediaFill
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
from batches.models.feed import AnnouncedFrame, GatewayFeed
from batches.models.footprint import FactorSet, FootprintSheet
from batches.models.hold import BatchHold
from batches.models.laboratory import Coa, CoaDifference, CoaLine, Sample
from batches.models.link import LotLink, LotLinkEnd
from batches.models.lot import Lot, LotUse
from batches.models.monitoring import (
    BatchMonitoring,
    BatchSample,
    Coverage,
    MonitoringPoint,
    MonitoringSample,
    MonitoringSession,
)
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
from batches.models.schedule import Campaign, SuiteSlot
from batches.models.shelf import AlarmShelf
from batches.models.watch import WatchCourse, WatchDocument, WatchModel, WatchNews

__all__ = [
    "AlarmShelf",
    "AnnouncedFrame",
    "Batch",
    "BatchHold",
    "BatchMonitoring",
    "BatchSample",
    "Campaign",
    "Coa",
    "CoaDifference",
    "CoaLine",
    "Coverage",
    "CustodyChain",
    "CustodyEvent",
    "CustodyFile",
    "Disposition",
    "ExceptionLook",
    "Excursion",
    "FactorSet",
    "FootprintSheet",
    "Frame",
    "FrameAnswer",
    "GatewayFeed",
    "HoldTime",
    "IdentityCheck",
    "IdentityReading",
    "IdentityStop",
    "Intervention",
    "Latest",
    "Limit",
    "Lot",
    "LotLink",
    "LotLinkEnd",
    "LotUse",
    "MediaFill",
    "MonitoringPoint",
    "MonitoringSample",
    "MonitoringSession",
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
    "Sample",
    "SampleResult",
    "SectionReview",
    "StepEntry",
    "StepExecution",
    "SuiteSlot",
    "WatchCourse",
    "WatchDocument",
    "WatchModel",
    "WatchNews",
]
