"""Tables of the machinery: no record of the plant stands in them, so they carry no row security."""

from __future__ import annotations

from django.db import models

from portal.states import WayIn


class Idempotency(models.Model):
    """A write that must not happen twice: infrastructure, swept after 72 h, not in the ledger (ground 2)."""

    pk = models.CompositePrimaryKey("person_id", "digest")
    person_id = models.UUIDField()
    digest = models.BinaryField(max_length=32)
    body_hash = models.CharField(max_length=64)
    action = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80, null=True)  # noqa: DJ001 - null until the action has answered
    subject_id = models.UUIDField(null=True)
    subject_version = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(db_index=True)


class RefusalCount(models.Model):
    """How many refusals a person met in an hour; the first 60 are entries, the rest only counted."""

    pk = models.CompositePrimaryKey("person_id", "hour")
    person_id = models.UUIDField()
    hour = models.DateTimeField()
    count = models.PositiveIntegerField()


class Look(models.Model):
    """When a person last looked at Home or at a batch; says nothing of what stands there.

    `seen_at` is the latest look, `before_at` the last one of the sitting before: what came since is new for
    the whole sitting, not only for the first second of it.
    """

    pk = models.CompositePrimaryKey("person_id", "place_id")
    person_id = models.UUIDField()
    place_id = models.UUIDField()
    seen_at = models.DateTimeField()
    before_at = models.DateTimeField(null=True)


class RelayShard(models.Model):
    """The lease by which one relay leads one shard of chains (10 s)."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    holder = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)


class Heartbeat(models.Model):
    """When a process last showed that it works; read by /readyz."""

    process = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()


class Guess(models.Model):
    """One judged guess at a password or code; `subject` is a keyed digest of whose, swept after a day."""

    id = models.BigAutoField(primary_key=True)
    subject = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject", "at"], name="guess_subject")]


class SignIn(models.Model):
    """One time a person came in, for their own eyes under My security; swept after 90 days."""

    id = models.BigAutoField(primary_key=True)
    person_id = models.UUIDField()
    at = models.DateTimeField()
    way = models.CharField(max_length=20, choices=WayIn)
    agent = models.CharField(max_length=200)
    is_known_device = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["person_id", "-at"], name="sign_in_person")]


class CheckpointMail(models.Model):
    """One person's mail with the checkpoints of a day, due at `next_at` until it went; swept after a week."""

    id = models.BigAutoField(primary_key=True)
    person_id = models.UUIDField()
    day = models.DateField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "day"], name="checkpoint_mail_once")]


class KeyUse(models.Model):
    """When a key of a system last spoke, to the minute; a key that is not here never did."""

    key_id = models.UUIDField(primary_key=True)
    used_at = models.DateTimeField()
