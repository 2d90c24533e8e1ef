"""The durable deadlines, and what happened to each."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from portal.models.alert import Alert
from portal.models.base import RecordKey, SpaceRecord
from portal.models.space import Record
from portal.sealing import SealedTextField
from portal.states import ClockState, ClockStep, SeatSide


class Clock(SpaceRecord):
    """A durable deadline with the clause it comes from; the sweep acts on `next_at`.

    It keeps what it was worked out from: the version of the terms and of the calendar (null: the default
    rules, no calendar set), the zone, the duration and its inputs. `side` holds the ball; a joint clock may
    pass it on. A ladder clock belongs to an alert and snapshots its `plan` (steps of wait and roles) at the
    start. A breached clock stays breached; `done_at` says when what it asked for was done after all.
    """

    subject = RecordKey(Record)
    alert = RecordKey(Alert, null=True, blank=True)
    kind = models.CharField(max_length=40)
    clause = models.CharField(max_length=20, blank=True)
    terms = models.PositiveIntegerField(null=True, blank=True)
    calendar = models.PositiveIntegerField(null=True, blank=True)
    zone = models.CharField(max_length=60, blank=True)
    duration = models.JSONField(default=dict)
    inputs = models.JSONField(default=dict)
    side = models.CharField(max_length=12, choices=SeatSide)
    is_joint = models.BooleanField(default=False)
    is_regulatory = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ClockState, default=ClockState.RUNNING)
    plan = models.JSONField(default=list)
    step = models.PositiveSmallIntegerField(default=0)
    extensions = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)
    pause_asked_by = models.CharField(max_length=12, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    # When the sweep would have come, had it not been paused.
    paused_next_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at", "id"], condition=~Q(next_at=None), name="clock_due"),
            models.Index(fields=["space", "subject"], name="clock_subject"),
            models.Index(fields=["space", "due_at"], condition=Q(state="running"), name="clock_running"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running") | Q(next_at=None), name="clock_fires_only_while_running"
            ),
            models.CheckConstraint(
                condition=Q(state="paused", paused_at__isnull=False) | ~Q(state="paused") & Q(paused_at=None),
                name="clock_paused_since_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="paused", is_regulatory=True), name="clock_regulatory_never_paused"
            ),
            models.CheckConstraint(
                condition=Q(is_joint=False) | Q(audience="shared", is_regulatory=False),
                name="clock_joint_is_known_to_both",
            ),
            models.UniqueConstraint(fields=["space", "alert", "kind"], name="clock_once_per_alert"),
        ]

    def wait(self, step: int, until: datetime) -> None:
        """Stand at a step until the sweep comes again."""
        self.step, self.next_at = step, until
        self.bump()

    def end(self, state: ClockState, at: datetime) -> None:
        """Stop for good: met, breached or withdrawn."""
        self.state, self.ended_at, self.next_at = state, at, None
        self.paused_at = self.paused_next_at = None
        self.bump()

    def ask_pause(self, side: str) -> None:
        """Note that one side asks the other to let a joint clock rest."""
        self.pause_asked_by = side
        self.bump()

    def answer_pause(self) -> None:
        """Note that nobody waits for a word on a pause any more."""
        self.pause_asked_by = ""
        self.bump()

    def pause(self, at: datetime) -> None:
        """Rest; the sweep does not come."""
        self.state, self.paused_at, self.pause_asked_by = ClockState.PAUSED, at, ""
        self.paused_next_at, self.next_at = self.next_at, None
        self.bump()

    def resume(self, due_at: datetime, next_at: datetime) -> None:
        """Go on."""
        self.state, self.due_at, self.next_at = ClockState.RUNNING, due_at, next_at
        self.paused_at = self.paused_next_at = None
        self.bump()

    def extend(self, due_at: datetime) -> None:
        """Give more time; a visit of the sweep ahead of the old due time stays where it is."""
        if self.next_at is None or self.next_at >= self.due_at:
            self.next_at = due_at
        self.due_at, self.extensions = due_at, self.extensions + 1
        self.bump()

    def move(self, side: str) -> None:
        """Pass the ball."""
        self.side = side
        self.bump()


class ClockMove(SpaceRecord):
    """One line of a clock's history: what happened, when, by which code, why, and the due times."""

    clock = RecordKey(Clock)
    step = models.CharField(max_length=12, choices=ClockStep)
    at = models.DateTimeField()
    code = models.CharField(max_length=60, blank=True)
    # Who holds the ball from here on.
    side = models.CharField(max_length=12, choices=SeatSide)
    reason = SealedTextField(blank=True)
    due_before = models.DateTimeField(null=True, blank=True)
    due_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "clock", "at"], name="clockmove_clock")]
