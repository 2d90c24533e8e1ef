"""The words of watch models and of what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.states import RECIPE_APPROVERS, RECIPE_AUTHORS
from portal.states import SYSTEM, Meaning, Transition

# Who lets a model be learned and signs it as its author; who of the sponsor puts it in force.
WATCH_AUTHORS: Final = RECIPE_AUTHORS
WATCH_APPROVERS: Final = RECIPE_APPROVERS


class WatchState(models.TextChoices):
    """A model is asked for, learned in the background, signed by its author, then by the sponsor."""

    ASKED = "asked", _("being learned")
    DRAFTED = "drafted", _("waits for its author's signature")
    PROPOSED = "proposed", _("waits for the sponsor's signature")
    IN_FORCE = "in_force", _("in force")
    SUPERSEDED = "superseded", _("superseded")
    FAILED = "failed", _("not learned")
    WITHDRAWN = "withdrawn", _("withdrawn")


class NewsState(models.TextChoices):
    """News of a watch lasts, is over, or was taken back by late readings or another model."""

    OPEN = "open", _("lasts")
    OVER = "over", _("over")
    WITHDRAWN = "withdrawn", _("taken back")


class NewsSign(models.TextChoices):
    """By what a watch noticed it."""

    ENVELOPE = "envelope", _("outside what good batches showed")
    LEVEL = "level", _("drift of the level")
    T2 = "t2", _("T², the batch as a whole")
    SPE = "spe", _("SPE, parameters against each other")


WATCH_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "learn": Transition((WatchState.ASKED,), WatchState.DRAFTED, (SYSTEM,), _("Learn")),
    "fail": Transition((WatchState.ASKED,), WatchState.FAILED, (SYSTEM,), _("Give up")),
    "author": Transition(
        (WatchState.DRAFTED,), WatchState.PROPOSED, WATCH_AUTHORS, _("Sign"), signature=Meaning.AUTHORED
    ),
    "approve": Transition(
        (WatchState.PROPOSED,), WatchState.IN_FORCE, WATCH_APPROVERS, _("Approve"), signature=Meaning.APPROVED
    ),
    "supersede": Transition((WatchState.IN_FORCE,), WatchState.SUPERSEDED, (SYSTEM,), _("Follow")),
    "withdraw": Transition(
        (WatchState.ASKED, WatchState.DRAFTED, WatchState.PROPOSED, WatchState.IN_FORCE),
        WatchState.WITHDRAWN,
        WATCH_AUTHORS,
        _("Withdraw"),
    ),
}
