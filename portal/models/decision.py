"""Decision requests: what one side asks the other to choose, before the choice is lost."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from portal.decisions.wording import ENDED_STATES, NONE_OF_THESE, Option, read_options
from portal.models.base import RecordKey, SpaceRecord
from portal.models.paper import Drafted
from portal.models.space import Record
from portal.sealing import SealedTextField
from portal.states import Audience, DecisionState, SeatSide


class DecisionRequest(Drafted):
    """A question of one side about a record: options, recommendation, when the choice is lost.

    Private to the asking side while it is a draft, without a number, its words in its paper; asked, it is
    shared whole and its words are never rewritten. `option` holds the answer: the code of one option, or that
    it is none of them.
    """

    WORDS: ClassVar = ("title", "details", "options", "recommendation", "meanwhile", "if_lost")

    number = models.CharField(max_length=20, blank=True)
    subject = RecordKey(Record)
    side = models.CharField(max_length=12, choices=SeatSide)
    state = models.CharField(max_length=10, choices=DecisionState, default=DecisionState.DRAFTED)
    title = SealedTextField()
    details = SealedTextField(blank=True)
    options = SealedTextField()
    recommended = models.CharField(max_length=4, blank=True)
    recommendation = SealedTextField(blank=True)
    meanwhile = SealedTextField()
    if_lost = SealedTextField()
    evidence = models.JSONField(default=list, blank=True)
    roles = models.JSONField(default=list)
    clause = models.CharField(max_length=20)
    lost_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    author_code = models.CharField(max_length=60)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_code = models.CharField(max_length=60, blank=True)
    option = models.CharField(max_length=4, blank=True)
    reason = SealedTextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_code = models.CharField(max_length=140, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "-recorded_at", "-id"], name="decision_list"),
            models.Index(fields=["space", "subject"], name="decision_subject"),
            models.Index(fields=["space", "lost_at"], condition=Q(state="asked"), name="decision_asked"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "number"], condition=~Q(number=""), name="decision_number_once"
            ),
            models.CheckConstraint(
                condition=Q(side__in=["manufacturer", "sponsor"]), name="decision_is_of_a_side"
            ),
            models.CheckConstraint(
                condition=Q(audience="shared", asked_at__isnull=False) & ~Q(number="")
                | Q(audience=F("side"), asked_at=None, number="", state__in=["drafted", "withdrawn"]),
                name="decision_shared_once_asked",
            ),
            models.CheckConstraint(
                condition=Q(asked_at=None) | Q(asked_at__lt=F("lost_at")), name="decision_asked_in_time"
            ),
            models.CheckConstraint(
                condition=Q(state="answered", ended_at__lt=F("lost_at")) & ~Q(option="")
                | ~Q(state="answered") & Q(option=""),
                name="decision_answered_in_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="lost") | Q(ended_at__gte=F("lost_at"), reason=""),
                name="decision_lost_after_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED_STATES, ended_at__isnull=False)
                | ~Q(state__in=ENDED_STATES) & Q(ended_at=None),
                name="decision_ended_at_a_time",
            ),
        ]

    @property
    def is_draft(self) -> bool:
        """Say whether its own side alone reads it."""
        return self.state == DecisionState.DRAFTED

    @property
    def is_given_up(self) -> bool:
        """Say whether it was withdrawn before it was asked."""
        return self.state == DecisionState.WITHDRAWN and not self.number

    @property
    def choices(self) -> tuple[Option, ...]:
        """Return the options in order; none while their key cannot be had."""
        return read_options(str(self.options))

    @property
    def chosen(self) -> Option | None:
        """Return the option that was chosen, None for none of them and before the answer."""
        return next((each for each in self.choices if each.code == self.option), None)

    @property
    def is_none_of_these(self) -> bool:
        """Say whether the answer was that none of the options is supported."""
        return self.option == NONE_OF_THESE

    @property
    def other_side(self) -> str:
        """Return the side that is asked."""
        return {"manufacturer": "sponsor", "sponsor": "manufacturer"}[self.side]

    def disclose(self, number: str, at: datetime, code: str) -> None:
        """Ask the other side: the request becomes shared, with a number."""
        self.audience, self.state, self.number = Audience.SHARED, DecisionState.ASKED, number
        self.asked_at, self.asked_code = at, code
        self.bump()

    def answer(self, option: str, reason: str, at: datetime, code: str) -> None:
        """Take the answer of the other side."""
        self.option, self.reason = option, reason
        self._end(DecisionState.ANSWERED, at, code)

    def lose(self, at: datetime) -> None:
        """Note that nobody answered in time."""
        self._end(DecisionState.LOST, at, "")

    def withdraw(self, reason: str, at: datetime, code: str) -> None:
        """Take the question back."""
        self.reason = reason
        self._end(DecisionState.WITHDRAWN, at, code)

    def _end(self, state: DecisionState, at: datetime, code: str) -> None:
        self.state, self.ended_at, self.ended_code = state, at, code
        self.bump()


class DecisionMessage(SpaceRecord):
    """One line between asking and answer: a question back or what was said to it. Never changed."""

    request = RecordKey(DecisionRequest)
    side = models.CharField(max_length=12, choices=SeatSide)
    code = models.CharField(max_length=60)
    text = SealedTextField()
    said_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "request", "said_at"], name="decisionmessage_of")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="decisionmessage_is_shared")
        ]
