"""The words of the review of a batch record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_CLIENT_LEAD,
    CDMO_MSAT,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QP,
    SPONSOR_QUALITY_HEAD,
    SYSTEM,
    Transition,
)


class ExceptionKind(models.TextChoices):
    """What departs from the master record, or was changed after it was entered."""

    EXCURSION = "excursion", _("excursion")
    DEVIATION = "deviation", _("deviation")
    HOLD = "hold", _("hold")
    STEP = "step", _("step")
    ENTRY = "entry", _("entry")
    CHECK = "check", _("second check missing")
    RESULT = "result", _("result")
    MATERIAL = "material", _("material")
    ENVIRONMENT = "environment", _("environment")
    INTERVENTION = "intervention", _("intervention")
    IDENTITY = "identity", _("identity")


class NoteKind(models.TextChoices):
    """A comment says something; a question asks the other side, with a clock."""

    COMMENT = "comment", _("comment")
    QUESTION = "question", _("question")


class NoteState(models.TextChoices):
    """A comment is said; a question is asked, answered, and settled by who asked."""

    SAID = "said", _("said")
    ASKED = "asked", _("waits for its answer")
    ANSWERED = "answered", _("answered")
    SETTLED = "settled", _("settled")


class ReviewMode(models.TextChoices):
    """How a section was reviewed: by its exceptions, where the record was enforced, or page by page."""

    EXCEPTION = "exception", _("by exception")
    FULL = "full", _("in full")


# Who of either side reviews a batch record.
REVIEWERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD, SPONSOR_QP)
ANSWERERS: Final = (*REVIEWERS, CDMO_MSAT, CDMO_CLIENT_LEAD, SPONSOR_CMC, SPONSOR_MSAT, SYSTEM)
# What a clause gives for an answer, and the clock that runs.
QUESTION_CLOCK: Final = "review_question"

NOTE_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "reply": Transition((NoteState.ASKED,), NoteState.ANSWERED, ANSWERERS, _("Answer")),
    "settle": Transition((NoteState.ASKED, NoteState.ANSWERED), NoteState.SETTLED, REVIEWERS, _("Settle")),
}
