"""Search over deviations: through a door where words are shared, in this process where they are sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from deviations.models import Deviation
from deviations.queries.words import asked_terms
from portal.actor import Actor
from portal.states import Audience

FOUND_MOST: Final = 1000
# The newest of those that are sealed are read; older ones are found by number and batch alone.
SEALED_MOST: Final = 200


def matching(actor: Actor, given: str) -> Q:
    """Return the condition on deviations that hold all words: of number, batch, title, description.

    The newest 1,000 of those both sides share or whose number matches, and of the newest 200 private ones
    those whose own words do. Two queries.
    """
    terms = asked_terms(given)
    if not terms:
        return Q(pk__in=())
    with connection.cursor() as cursor:
        cursor.execute("select id from door.search_deviations(%s, %s)", [terms, FOUND_MOST])
        found = [row[0] for row in cursor.fetchall()]
    return Q(pk__in=[*found, *_sealed(actor, terms)])


def sealed_rows(actor: Actor, spaces: Collection[UUID] | None = None) -> Sequence[Deviation]:
    """Return the newest private deviations the actor may see, whose words no index holds."""
    rows = Deviation.objects.visible_to(actor).exclude(audience=Audience.SHARED)
    if spaces is not None:
        rows = rows.filter(space_id__in=spaces)
    return list(rows.order_by("-recorded_at", "-id")[:SEALED_MOST])


def _sealed(actor: Actor, terms: Sequence[str]) -> list[UUID]:
    return [
        each.pk
        for each in sealed_rows(actor)
        for text in [f"{each.number} {each.title} {each.description}".casefold()]
        if all(term in text for term in terms)
    ]
