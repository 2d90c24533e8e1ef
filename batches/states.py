"""The words of the batches app and the life cycle of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_CLIENT_LEAD,
    CDMO_MSAT,
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SYSTEM,
    Meaning,
    Transition,
)

# Characters of a reason.
REASON_LEAST: Final = 10
# Who writes master records; who shows them to the sponsor and puts them in force; who signs them there.
RECIPE_AUTHORS: Final = (CDMO_QA, CDMO_MSAT)
RECIPE_RELEASERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)
RECIPE_APPROVERS: Final = (SPONSOR_QA, SPONSOR_QUALITY_HEAD)


class RecipeState(models.TextChoices):
    """A recipe version is drafted by the CDMO, read and signed by both, in force, then followed."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    APPROVED = "approved", _("approved by the sponsor")
    EFFECTIVE = "effective", _("effective")
    SUPERSEDED = "superseded", _("superseded")
    RETURNED = "returned", _("sent back")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Level(models.TextChoices):
    """The four levels of an ISA-88 procedure."""

    PROCEDURE = "procedure", _("procedure")
    UNIT_PROCEDURE = "unit_procedure", _("unit procedure")
    OPERATION = "operation", _("operation")
    PHASE = "phase", _("phase")


class ParameterKind(models.TextChoices):
    """Criticality of a parameter in its recipe version (domain 2a)."""

    CPP = "cpp", "CPP"
    KPP = "kpp", "KPP"
    IPC = "ipc", "IPC"
    CQA = "cqa", "CQA"
    CMA = "cma", "CMA"
    OTHER = "other", _("monitored")


class DataKind(models.TextChoices):
    """How a value comes to be; the three are never mixed on a tile (domain 2e)."""

    ONLINE = "online", _("online")
    AT_LINE = "at_line", _("at-line")
    LAB = "lab", _("laboratory")


class LimitKind(models.TextChoices):
    """What a limit means when it is crossed (domain 2e)."""

    NOR = "nor", "NOR"
    ALERT = "alert", _("alert limit")
    ACTION = "action", _("action limit")
    PAR = "par", "PAR"
    SPEC = "spec", _("specification")


class LimitMeasure(models.TextChoices):
    """What a limit looks at: each value, or what the last ones come to together (domain 2e)."""

    VALUE = "value", _("value")
    RATE = "rate", _("rate of change")
    SUM = "sum", _("rolling sum")
    COUNT = "count", _("times above")
    SPAN = "span", _("movement")
    SILENCE = "silence", _("missing data")


class FrameProof(models.TextChoices):
    """What shows that a frame of a gateway is what was recorded, and when (`gateways/clocks.py`)."""

    AT_ONCE = "at_once", _("came at once")
    WITNESSED = "witnessed", _("late, its digest was here at the time")
    FIXED = "fixed", _("late, its digest was here before it")
    CHAINED = "chained", _("late, in an unbroken chain")
    BROKEN = "broken", _("does not follow the frame before")
    ALTERED = "altered", _("differs from what was announced")


class MaterialUse(models.TextChoices):
    """Whether a material goes in, comes out, or is made and used up on the way."""

    INPUT = "input", _("goes in")
    INTERMEDIATE = "intermediate", _("intermediate")
    OUTPUT = "output", _("comes out")


class Direction(models.TextChoices):
    """On which side of the limit an excursion lies."""

    LOW = "low", _("below")
    HIGH = "high", _("above")


class ExcursionState(models.TextChoices):
    """An excursion lasts, is over, or was joined to an earlier one by a late reading."""

    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class BatchState(models.TextChoices):
    """Where a batch stands; disposition comes on top of it."""

    PLANNED = "planned", _("planned")
    IN_PROCESS = "in_process", _("in process")
    COMPLETE = "complete", _("complete")
    DISCONTINUED = "discontinued", _("discontinued")


class HoldKind(models.TextChoices):
    """What a hold stops; a running process is never stopped by a status hold (domain 2b)."""

    STATUS = "status", _("status hold")
    PROCESSING = "processing", _("processing hold")
    USE = "use", _("out of use")


class StandState(models.TextChoices):
    """A hold stands or is lifted."""

    STANDING = "standing", _("stands")
    LIFTED = "lifted", _("lifted")


class ShelfState(models.TextChoices):
    """An alarm is shelved, then in service again."""

    SHELVED = "shelved", _("shelved")
    ENDED = "ended", _("ended")


SHELVERS: Final = (CDMO_SHIFT_LEAD, CDMO_QA)
SHELF_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "unshelve": Transition((ShelfState.SHELVED,), ShelfState.ENDED, SHELVERS, _("Take off the shelf")),
}
HOLDERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SYSTEM)
HOLD_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "lift": Transition((StandState.STANDING,), StandState.LIFTED, HOLDERS, _("Lift")),
}


class LotState(models.TextChoices):
    """Whether a lot of material or product may be used (domain 2a)."""

    QUARANTINE = "quarantine", _("quarantine")
    RELEASED = "released", _("released")
    RESTRICTED = "restricted", _("restricted")
    ON_HOLD = "on_hold", _("on hold")
    REJECTED = "rejected", _("rejected")


class LinkWay(models.TextChoices):
    """Which way a link of lots leads: the own lot goes on as the other one, or was made of it."""

    ONWARD = "onward", _("goes on as")
    ORIGIN = "origin", _("made of")


# Who of the sponsor says that a lot goes on elsewhere.
LINKERS: Final = (SPONSOR_QA, SPONSOR_QUALITY_HEAD, SPONSOR_CMC)
# Either quality unit, each for lots that its own side supplied.
LOT_KEEPERS: Final = (CDMO_QA, SPONSOR_QA, SYSTEM)
LOT_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "release": Transition(
        (LotState.QUARANTINE, LotState.RESTRICTED, LotState.ON_HOLD),
        LotState.RELEASED,
        LOT_KEEPERS,
        _("Release"),
    ),
    "restrict": Transition(
        (LotState.QUARANTINE, LotState.RELEASED, LotState.ON_HOLD),
        LotState.RESTRICTED,
        LOT_KEEPERS,
        _("Restrict"),
    ),
    "hold": Transition(
        (LotState.QUARANTINE, LotState.RELEASED, LotState.RESTRICTED),
        LotState.ON_HOLD,
        LOT_KEEPERS,
        _("Place on hold"),
    ),
    "reject": Transition(
        (LotState.QUARANTINE, LotState.RELEASED, LotState.RESTRICTED, LotState.ON_HOLD),
        LotState.REJECTED,
        LOT_KEEPERS,
        _("Reject"),
    ),
}


# What lets a lot be used; of what a batch made, its signed disposition says so.
FREEING: Final = ("release", "restrict")
BY_HAND: Final = {name: step for name, step in LOT_TRANSITIONS.items() if name not in FREEING}


class ExecutionState(models.TextChoices):
    """A step of the record is under way, done, checked by a second person, left out or given up."""

    STARTED = "started", _("under way")
    PERFORMED = "performed", _("performed")
    VERIFIED = "verified", _("verified")
    SKIPPED = "skipped", _("left out")
    ABORTED = "aborted", _("given up")


class EntryState(models.TextChoices):
    """An entry stands, or another one took its place and it stays to be read."""

    STANDING = "standing", _("stands")
    CORRECTED = "corrected", _("corrected")


class ResultState(models.TextChoices):
    """A result is unreviewed, reviewed, or declared invalid."""

    UNREVIEWED = "unreviewed", _("unreviewed")
    REVIEWED = "reviewed", _("reviewed")
    INVALIDATED = "invalidated", _("invalidated")


class ResultFlag(models.TextChoices):
    """What the rules say of a result (domain 2a)."""

    NONE = "", _("within")
    OOT = "oot", _("OOT")
    OOS = "oos", _("OOS")


class CommentState(models.TextChoices):
    """A comment on a page waits for a correction, was corrected, is accepted or taken back."""

    OPEN = "open", _("open")
    CORRECTED = "corrected", _("corrected")
    ACCEPTED = "accepted", _("accepted")
    WITHDRAWN = "withdrawn", _("taken back")


# Who works on the executed record, who reads and reviews results; skipping and declaring invalid is QA's.
PERFORMERS: Final = (CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
READERS: Final = (CDMO_QC, CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
STEP_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "finish": Transition(
        (ExecutionState.STARTED,), ExecutionState.PERFORMED, PERFORMERS, _("Finish the step")
    ),
    "verify": Transition((ExecutionState.PERFORMED,), ExecutionState.VERIFIED, PERFORMERS, _("Verify")),
    "abort": Transition((ExecutionState.STARTED,), ExecutionState.ABORTED, PERFORMERS, _("Give up")),
}
ENTRY_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "correct": Transition((EntryState.STANDING,), EntryState.CORRECTED, READERS, _("Correct")),
    "check": Transition((EntryState.STANDING,), None, READERS, _("Verify")),
}
RESULT_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "second_read": Transition((ResultState.UNREVIEWED,), None, READERS, _("Second reading")),
    "review": Transition(
        (ResultState.UNREVIEWED,), ResultState.REVIEWED, (CDMO_QC, CDMO_QA, SYSTEM), _("Review")
    ),
    "invalidate": Transition(
        (ResultState.UNREVIEWED, ResultState.REVIEWED),
        ResultState.INVALIDATED,
        (CDMO_QA, SYSTEM),
        _("Declare invalid"),
    ),
}
# Who reads records on paper page by page, of either side; corrections are the CDMO's.
PAPER_REVIEWERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_CMC, SPONSOR_QUALITY_HEAD, SYSTEM)
COMMENT_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "answer": Transition(
        (CommentState.OPEN,), CommentState.CORRECTED, (CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM), _("Corrected")
    ),
    "accept": Transition(
        (CommentState.CORRECTED,), CommentState.ACCEPTED, PAPER_REVIEWERS, _("Accept the correction")
    ),
    "put_back": Transition((CommentState.CORRECTED,), CommentState.OPEN, PAPER_REVIEWERS, _("Not corrected")),
    "take_back": Transition(
        (CommentState.OPEN, CommentState.CORRECTED),
        CommentState.WITHDRAWN,
        PAPER_REVIEWERS,
        _("Take back"),
    ),
}

TRANSITIONS: Final[Mapping[str, Transition]] = {
    "start": Transition((BatchState.PLANNED,), BatchState.IN_PROCESS, (CDMO_SHIFT_LEAD, CDMO_QA), _("Start")),
    "phase": Transition(
        (BatchState.IN_PROCESS,), BatchState.IN_PROCESS, (CDMO_SHIFT_LEAD, CDMO_QA), _("Move phase")
    ),
    "complete": Transition(
        (BatchState.IN_PROCESS,), BatchState.COMPLETE, (CDMO_SHIFT_LEAD, CDMO_QA), _("Complete")
    ),
    "discontinue": Transition(
        (BatchState.PLANNED, BatchState.IN_PROCESS), BatchState.DISCONTINUED, (CDMO_QA,), _("Discontinue")
    ),
}

# Only an approved version comes into force, and none changes once it was handed to review.
RECIPE_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "edit": Transition((RecipeState.DRAFT,), None, RECIPE_AUTHORS, _("Edit")),
    "share": Transition((RecipeState.DRAFT,), None, (CDMO_QA, CDMO_CLIENT_LEAD), _("Show the draft")),
    "submit": Transition(
        (RecipeState.DRAFT,), RecipeState.IN_REVIEW, RECIPE_RELEASERS, _("Submit for review")
    ),
    "approve": Transition(
        (RecipeState.IN_REVIEW,),
        RecipeState.APPROVED,
        RECIPE_APPROVERS,
        _("Approve"),
        signature=Meaning.APPROVED,
    ),
    "send_back": Transition(
        (RecipeState.IN_REVIEW,),
        RecipeState.RETURNED,
        (*RECIPE_APPROVERS, SPONSOR_CMC, SPONSOR_MSAT),
        _("Send back"),
    ),
    "make_effective": Transition(
        (RecipeState.APPROVED,), RecipeState.EFFECTIVE, RECIPE_RELEASERS, _("Put in force")
    ),
    "supersede": Transition(
        (RecipeState.EFFECTIVE,), RecipeState.SUPERSEDED, (*RECIPE_RELEASERS, SYSTEM), _("Follow")
    ),
    "withdraw": Transition(
        (RecipeState.DRAFT, RecipeState.IN_REVIEW, RecipeState.APPROVED),
        RecipeState.WITHDRAWN,
        RECIPE_RELEASERS,
        _("Withdraw"),
    ),
}
