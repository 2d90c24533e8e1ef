"""A change, temporary or for good, and what the other side said to it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from deviations.dockets.changing.states import ChangeKind, ChangeReply, ChangeState, ChangeWeight
from deviations.models.docket import OWN_SIDE, Docket
from portal.sealing import SealedTextField


class Change(Docket):
    """What a side wants to change: its own until proposed, then both sides'.

    `weight` is what the other side is owed, by the clause or more. What it does to recipes is named in
    `effects`; nothing of them changes by it.
    """

    kind = models.CharField(max_length=9, choices=ChangeKind)
    weight = models.CharField(max_length=7, choices=ChangeWeight)
    state = models.CharField(max_length=11, choices=ChangeState, default=ChangeState.DRAFTED)
    clause = models.CharField(max_length=40, blank=True)
    effects = SealedTextField(blank=True)
    implement_from = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    reply = models.CharField(max_length=12, choices=ChangeReply, blank=True)
    own_approved_at = models.DateTimeField(null=True, blank=True)
    other_approved_at = models.DateTimeField(null=True, blank=True)
    implemented_at = models.DateTimeField(null=True, blank=True)

    MOVED: ClassVar[tuple[str, ...]] = (
        *Docket.MOVED,
        *("proposed_at", "reply", "own_approved_at", "other_approved_at", "implemented_at"),
    )
    SEALED: ClassVar[tuple[str, ...]] = (*Docket.SEALED, "effects")

    class Meta:
        indexes = [models.Index(fields=["space", "-recorded_at", "-id"], name="change_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="change_number_once"),
            models.CheckConstraint(condition=OWN_SIDE, name="change_of_a_side"),
            models.CheckConstraint(
                condition=Q(kind="permanent", ends_at=None) | ~Q(kind="permanent") & Q(ends_at__isnull=False),
                name="change_ends_where_it_is_temporary",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "implemented", "closed"])
                | Q(own_approved_at__isnull=False)
                & (~Q(weight="approve") | Q(other_approved_at__isnull=False)),
                name="change_approved_by_who_must",
            ),
        ]
