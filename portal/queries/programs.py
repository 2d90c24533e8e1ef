"""The programs an actor is in."""

from __future__ import annotations

from django.db.models import QuerySet

from portal.actor import Actor
from portal.models import Program


def list_programs(actor: Actor) -> QuerySet[Program]:
    """Return the programs the actor is in, unordered."""
    return Program.objects.visible_to(actor)
