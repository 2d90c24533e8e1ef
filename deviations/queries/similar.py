"""Deviations like another one, by words and by structure, with the reasons; of what the asker may see.

Words weigh by how rare they are among the deviations that are compared (the inverse frequency of BM25), so
that nothing of what the asker may not see moves the order. What both share is found through a door; of what
is sealed the newest are read here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from deviations.access import hide_unseen, newest_classes
from deviations.models import Deviation
from deviations.queries.searching import sealed_rows
from deviations.queries.words import stem, terms_of
from deviations.states import DeviationState
from portal.actor import Actor
from portal.past import Past
from portal.states import Audience, Classification

# A word that more deviations hold than this tells none from another.
WORD_MOST: Final = 1000
COMPARED_MOST: Final = 60
SAME_LIMIT_MOST: Final = 30
REASONS_MOST: Final = 6
LEAST: Final = 0.14
# Of one: what the words weigh, and what is the same besides.
WORDS_WEIGH: Final = 0.55
SAME_LIMIT, SAME_PARAMETER, SAME_PHASE, SAME_EQUIPMENT = 0.25, 0.10, 0.10, 0.10
# The same again within a year is a recurrence (domain 2d).
RECURRENCE_SPAN: Final = timedelta(days=365)
RECURS_FROM: Final = 0.35


@dataclass(frozen=True, slots=True)
class Similar:
    """A deviation that is like the one asked about: how much (0 to 1), and why, the strongest reason first.

    `recurs`: it is the same limit, or much alike, and was detected in the year before.
    """

    deviation: Deviation
    classification: Classification | None
    score: float
    reasons: Sequence[str]
    recurs: bool


def similar_to(actor: Actor, deviation: Deviation, *, most: int = 10) -> list[Similar]:
    """Return the deviations most like one, of all programs the actor sees, the most alike first.

    Five queries, however many there are.
    """
    return _ranked(actor, deviation, most=most, spaces=None, audiences=tuple(Audience.values))


def similar_then(past: Past, deviation: Deviation, *, most: int) -> list[Similar]:
    """Return those of the same program that a copy of some chains tells of, as they stood then."""
    found = _ranked(
        past.actor, deviation, most=most, spaces=[deviation.space_id], audiences=tuple(past.chains)
    )
    then = {each.pk: each for each in past.rows(Deviation, [each.deviation.pk for each in found])}
    return [
        Similar(then[each.deviation.pk], None, each.score, each.reasons, each.recurs)
        for each in found
        if each.deviation.pk in then
    ]


def _ranked(
    actor: Actor,
    deviation: Deviation,
    *,
    most: int,
    spaces: Sequence[UUID] | None,
    audiences: Collection[str],
) -> list[Similar]:
    terms = terms_of(f"{deviation.title} {deviation.description}")
    holding = _holding(actor, terms, spaces, audiences)
    for ids in holding.values():
        ids.discard(deviation.pk)
    weights = _weights(holding)
    by_words: dict[UUID, float] = defaultdict(float)
    for term, ids in holding.items():
        for holder in ids:
            by_words[holder] += weights[term]
    whole = sum(weights.values()) or 1.0
    best = sorted(by_words, key=lambda each: (-by_words[each], each))[:COMPARED_MOST]
    rows = _rows(actor, deviation, best, spaces, audiences)
    classes = newest_classes(actor, list(rows)) if rows else {}
    found = []
    for each in rows.values():
        shared = [term for term in terms if each.pk in holding.get(term, ())]
        same = _structure(deviation, each)
        score = WORDS_WEIGH * by_words.get(each.pk, 0.0) / whole + sum(weight for weight, _words in same)
        if score < LEAST:
            continue
        earlier = timedelta(0) < deviation.detected_at - each.detected_at <= RECURRENCE_SPAN
        alike = score >= RECURS_FROM or any(weight == SAME_LIMIT for weight, _words in same)
        reasons = [words for _weight, words in same]
        if shared:
            rarest = sorted(shared, key=lambda term: -weights[term])[:REASONS_MOST]
            reasons.append(_("same words: %s") % ", ".join(rarest))
        found.append(
            Similar(each, classes.get(each.pk), round(min(score, 1.0), 3), reasons, earlier and alike)
        )
    return sorted(found, key=lambda each: (-each.score, each.deviation.number))[:most]


def _holding(
    actor: Actor, terms: Sequence[str], spaces: Sequence[UUID] | None, audiences: Collection[str]
) -> dict[str, set[UUID]]:
    """Return by word which deviations hold it; a word that is everywhere is left out."""
    found: dict[str, set[UUID]] = {each: set() for each in terms}
    with connection.cursor() as cursor:
        cursor.execute(
            "select term, id from door.deviations_with(%s, %s::uuid[], %s)",
            [list(terms), None if spaces is None else list(spaces), WORD_MOST + 1],
        )
        for term, deviation_id in cursor.fetchall():
            found[term].add(deviation_id)
    common = {term for term, ids in found.items() if len(ids) > WORD_MOST}
    if set(audiences) - {Audience.SHARED}:
        stems = {term: stem(term) for term in terms}
        for row in sealed_rows(actor, spaces):
            words = {stem(each) for each in terms_of(f"{row.title} {row.description}", most=1000)}
            for term, root in stems.items():
                if root in words:
                    found[term].add(row.pk)
    return {term: ids for term, ids in found.items() if ids and term not in common}


def _weights(holding: Mapping[str, Collection[UUID]]) -> dict[str, float]:
    known = len(set().union(*holding.values())) if holding else 0
    return {term: math.log(1 + (known - len(ids) + 0.5) / (len(ids) + 0.5)) for term, ids in holding.items()}


def _rows(
    actor: Actor,
    deviation: Deviation,
    best: Sequence[UUID],
    spaces: Sequence[UUID] | None,
    audiences: Collection[str],
) -> dict[UUID, Deviation]:
    """Return the rows to compare: the best by words, and the newest at the same parameter."""
    rows = Deviation.objects.visible_to(actor).filter(audience__in=audiences)
    if spaces is not None:
        rows = rows.filter(space_id__in=spaces)
    rows = rows.exclude(pk=deviation.pk).exclude(state=DeviationState.CANCELLED)
    rows = rows.select_related("batch", "phase", "excursion__parameter")
    found = list(rows.filter(pk__in=best))
    opened = deviation.excursion
    if opened is not None:
        same = rows.filter(
            space_id=deviation.space_id, excursion__parameter__code=opened.parameter.code
        ).exclude(pk__in=best)
        found += list(same.order_by("-recorded_at", "-id")[:SAME_LIMIT_MOST])
    return {each.pk: _within(hide_unseen(actor, each), audiences) for each in found}


def _within(row: Deviation, audiences: Collection[str]) -> Deviation:
    """Forget what a deviation names of another audience: a shared copy tells nothing of it."""
    for name in ("batch", "phase", "excursion"):
        field: Any = Deviation._meta.get_field(name)
        beside = field.get_cached_value(row, default=None)
        if beside is not None and beside.audience not in audiences:
            field.set_cached_value(row, None)
    return row


def _structure(one: Deviation, other: Deviation) -> list[tuple[float, str]]:
    """Return what is the same besides words, with what it weighs, the heaviest first."""
    found: list[tuple[float, str]] = []
    here, there = _limit(one), _limit(other)
    if here is not None and there is not None and here[0] == there[0]:
        same_limit = here == there
        words = (
            _("same limit: %(parameter)s, %(limit)s") if same_limit else _("same parameter: %(parameter)s")
        )
        found.append(
            (
                SAME_LIMIT if same_limit else SAME_PARAMETER,
                words % {"parameter": here[0], "limit": here[1].upper()},
            )
        )
    if one.phase is not None and other.phase is not None and one.phase.code == other.phase.code:
        found.append((SAME_PHASE, _("same phase: %s") % other.phase.title))
    equipment = one.batch.equipment if one.batch is not None else ""
    if equipment and other.batch is not None and other.batch.equipment == equipment:
        found.append((SAME_EQUIPMENT, _("same equipment: %s") % equipment))
    return found


def _limit(deviation: Deviation) -> tuple[str, str] | None:
    opened: Any = deviation.excursion
    return (opened.parameter.code, str(opened.limit_kind)) if opened is not None else None
