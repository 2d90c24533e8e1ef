"""Who is on duty on each side, how to reach them, gaps in cover, and the drills that try it all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.models.alert import Alert, Receipt
from portal.models.base import RecordKey, SpaceRecord
from portal.models.person import Person
from portal.sealing import SealedTextField
from portal.states import DrillState, SeatSide


class Roster(SpaceRecord):
    """Who of one side has duty in one role, in a program or in all programs of a partnership.

    What it says stands in its versions. It belongs to its side: the other one learns who has duty, by code.
    """

    side = models.CharField(max_length=12, choices=SeatSide)
    role = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "side", "role"], name="roster_once_per_role"),
            models.CheckConstraint(
                condition=Q(side__in=["manufacturer", "sponsor"], audience=F("side")),
                name="roster_of_its_side",
            ),
        ]


class RosterVersion(SpaceRecord):
    """What a roster says from one change to the next: rotation, stand-ins, absences (`portal.rosters.plan`).

    It is written once and never changed; its number is the version that the roster had then.
    """

    roster = RecordKey(Roster)
    number = models.PositiveIntegerField()
    plan = models.JSONField()
    made_by = models.UUIDField()
    made_code = models.CharField(max_length=60)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "roster", "number"], name="rosterversion_once")
        ]
        indexes = [models.Index(fields=["roster", "-number"], name="rosterversion_newest")]


class RosterGap(SpaceRecord):
    """A time without cover of which the side's head of quality was told, once."""

    roster = RecordKey(Roster)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    alert = RecordKey(Alert)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "roster", "begins_at"], name="rostergap_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="rostergap_has_length"),
        ]


class DutyCard(SpaceRecord):
    """How a person is reached: languages for both sides, the telephone for the own one unless it is shared.

    A telephone that is not shared stands in a row of its own, sealed, that the other side never sees.
    """

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    side = models.CharField(max_length=12, choices=SeatSide)
    languages = models.CharField(max_length=80, blank=True)
    telephone = SealedTextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "person", "audience"], name="dutycard_once"),
            models.CheckConstraint(
                condition=Q(audience="shared") | Q(audience=F("side"), languages=""),
                name="dutycard_private_holds_the_telephone",
            ),
        ]


class Refusal(SpaceRecord):
    """Why a told person could not take an alert; the words stay with their side."""

    receipt = RecordKey(Receipt)
    reason = SealedTextField()
    refused_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "receipt"], name="refusal_once"),
            models.CheckConstraint(condition=~Q(audience="shared"), name="refusal_stays_with_its_side"),
        ]


class Drill(SpaceRecord):
    """A ladder of one side, run from end to end with marked notices; when it ends it holds its report.

    `wait_s` is the shortened wait of each step, null for the ladder's own.
    """

    number = models.CharField(max_length=60)
    side = models.CharField(max_length=12, choices=SeatSide)
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=DrillState, default=DrillState.RUNNING)
    wait_s = models.PositiveIntegerField(null=True)
    started_by = models.UUIDField()
    started_code = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    report = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["space", "-started_at", "id"], name="drill_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "side"], condition=Q(state="running"), name="drill_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at=None) | Q(state="ended", ended_at__gte=F("started_at")),
                name="drill_ended_at_a_time",
            ),
            models.CheckConstraint(condition=Q(audience=F("side")), name="drill_of_its_side"),
        ]

    def end(self, at: datetime, report: list[dict[str, Any]]) -> None:
        """Stop, with what was seen of each step."""
        self.state, self.ended_at, self.report = DrillState.ENDED, at, report
        self.bump()
