"""People, their seats, and the keys of their systems."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from portal.models.base import SpaceRecord
from portal.models.space import Organisation, Space
from portal.states import PersonKind, SeatSide


class PersonManager(BaseUserManager["Person"]):
    """Find people by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """Return the human with this e-mail; raises Person.DoesNotExist."""
        return self.get(email__iexact=username, kind=PersonKind.HUMAN)


class Person(AbstractBaseUser):
    """An account: one named human, one service, or one system process. Ids are never reused (11.100(a)).

    Sign-in reads it before any context exists, so it is an identity table without row security and holds
    nothing of the record: printed names stand in `Member`, seats in `Assignment`. `access_epoch` rises with
    every change of right.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=PersonKind, default=PersonKind.HUMAN)
    code = models.CharField(max_length=40, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.DO_NOTHING, related_name="+", null=True, blank=True
    )
    is_active = models.BooleanField(default=True)
    access_epoch = models.PositiveIntegerField(default=1)
    # Sessions that began before are over, wherever they are.
    signed_out_at = models.DateTimeField(null=True, blank=True)
    # The present link to set the password with (portal.links), and when its mail is due; empty once sent.
    link_made_at = models.DateTimeField(null=True, blank=True)
    link_next_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=60, default="UTC")
    # Invited, not employed: an inspector has the seats given and no sight of the organisation's own space.
    is_guest = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    objects = PersonManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="person_email_once"),
            models.CheckConstraint(
                condition=Q(kind="system", organisation=None) | ~Q(kind="system") & ~Q(organisation=None),
                name="person_employed_unless_system",
            ),
        ]
        indexes = [
            models.Index(
                fields=["link_next_at"], condition=Q(link_next_at__isnull=False), name="person_link_due"
            )
        ]

    @property
    def is_staff(self) -> bool:
        """Django's admin is not installed; nobody is staff."""
        return False

    def get_username(self) -> str:
        """Return what the person signs in with."""
        return self.email

    def check_password(self, raw_password: str | None) -> bool:
        """Say whether it is the password, and write nothing: a hash is renewed in an action."""
        return check_password(raw_password, self.password)

    def has_perm(self, *_: Any) -> bool:
        """Rights come from seats, never from Django's permissions."""
        return False


class Member(SpaceRecord):
    """A person as their own organisation knows them: printed name and title."""

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "person"], name="member_once")]


class Assignment(SpaceRecord):
    """A person's role on one side of a space, from a day to a day; lives with the organisation that gives it.

    `code` is what the other side reads ("QA floor 07"). The employer may be a third company.
    """

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    target = models.ForeignKey(Space, on_delete=models.DO_NOTHING, related_name="+")
    side = models.CharField(max_length=12, choices=SeatSide)
    role = models.CharField(max_length=20)
    code = models.CharField(max_length=60)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person"], name="assignment_person"),
            models.Index(fields=["target"], name="assignment_target"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="assignment_has_length",
            ),
        ]


class Delegation(SpaceRecord):
    """Roles of a person's own seat in a program, lent to a seated colleague from a day to a day.

    Lives with the organisation of both. It gives no seat and outlives none: what is lent is what the lender
    holds in that moment. An earlier end shortens `valid_until`.
    """

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    delegate = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    target = models.ForeignKey(Space, on_delete=models.DO_NOTHING, related_name="+")
    side = models.CharField(max_length=12, choices=SeatSide)
    roles = models.JSONField()
    reason = models.CharField(max_length=500)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["delegate", "valid_until"], name="delegation_delegate")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="delegation_has_length"
            ),
            models.CheckConstraint(condition=~Q(delegate=F("person")), name="delegation_to_another"),
        ]


class ApiKey(SpaceRecord):
    """A key of a service account: stored as a hash, scoped, expiring, bound to programs, shown once."""

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    label = models.CharField(max_length=120)
    hint = models.CharField(max_length=12)
    token_hash = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    program_ids = models.JSONField(default=list)
    # Of a display key: the numbers of the batches it shows, none for all of its programs.
    shows = models.JSONField(default=list, db_default=[])
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="apikey_hash_once")]
