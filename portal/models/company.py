"""An organisation's own sign-in: its identity provider, and whom that knows here."""

from __future__ import annotations

import uuid

from django.db import models

from portal.models.person import Person
from portal.models.space import Organisation


class CompanySignIn(models.Model):
    """The identity provider of one organisation; it speaks for people of that organisation and no other.

    Read before a context exists, like accounts. `secret` is encrypted (portal.own_secrets); `domains` are
    those of the addresses it may speak for; `trusts_mfa` says whether its word for a second factor is taken.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.OneToOneField(Organisation, on_delete=models.DO_NOTHING, related_name="+")
    issuer = models.CharField(max_length=300, unique=True)
    client_id = models.CharField(max_length=200)
    secret = models.CharField(max_length=800)
    domains = models.JSONField(default=list)
    trusts_mfa = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)


class CompanyIdentity(models.Model):
    """Whom a provider means by a subject; one each, settled once and never moved to another person."""

    id = models.BigAutoField(primary_key=True)
    provider_id = models.UUIDField()
    subject = models.CharField(max_length=255)
    person = models.OneToOneField(Person, on_delete=models.DO_NOTHING, related_name="+")
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider_id", "subject"], name="company_identity_once"),
        ]
