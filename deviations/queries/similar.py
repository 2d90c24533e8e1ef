"""Deviations like another one, by words and by structure, with the reasons; of what the asker may see.

Words weigh by how rare they are among the deviations that are compared (the inverse frequency of BM25), so
that nothing of what the asker may not see moves the order. What both share is found through a door; of what
is sealed the newest are read here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
# Rows of shared deviations with the words they hold, and in each what all words weigh; one row without any.
_WEIGHED: Final = """
with held as materialized (
    select term, id from door.deviations_with(%(terms)s, %(spaces)s::uuid[], %(most)s + 1) where id <> %(own)s
), counted as (select term, count(*) as n from held group by term
), known as (
    select count(distinct id) as n from held join counted using (term) where counted.n <= %(most)s
), weighed as (
    select term, ln(1 + (known.n - counted.n + 0.5) / (counted.n + 0.5)) as weight
    from counted, known where counted.n <= %(most)s
), best as (
    select id, sum(weight) as weight, array_agg(term) as terms from held join weighed using (term)
    group by id order by 2 desc, id limit %(compared)s
)
select best.id, best.terms, w.weights
from (
    select json_object_agg(term, coalesce(weight, 0)) as weights from counted left join weighed using (term)
) w left join best on true
order by best.weight desc nulls last, best.id
"""


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
    weights, holding = _holding(deviation, terms, spaces)
    if set(audiences) - {Audience.SHARED}:
        _add_sealed(sealed_rows(actor, spaces), weights, terms, holding)
    holding.pop(deviation.pk, None)
    scores = {each: sum(weights[term] for term in held) for each, held in holding.items()}
    whole = sum(weights.values()) or 1.0
    best = sorted(scores, key=lambda each: (-scores[each], each))[:COMPARED_MOST]
    rows = _rows(actor, deviation, best, spaces, audiences)
    classes = newest_classes(actor, list(rows)) if rows else {}
    found = []
    for each in rows.values():
        same = _structure(deviation, each)
        score = WORDS_WEIGH * scores.get(each.pk, 0.0) / whole + sum(weight for weight, _words in same)
        if score < LEAST:
            continue
        earlier = timedelta(0) < deviation.detected_at - each.detected_at <= RECURRENCE_SPAN
        alike = score >= RECURS_FROM or any(weight == SAME_LIMIT for weight, _words in same)
        reasons = [words for _weight, words in same]
        if held := holding.get(each.pk):
            rarest = sorted(held, key=lambda term: (-weights[term], term))[:REASONS_MOST]
            reasons.append(_("same words: %s") % ", ".join(rarest))
        recurs = earlier and alike
        found.append(Similar(each, classes.get(each.pk), round(min(score, 1.0), 3), reasons, recurs))
    return sorted(found, key=lambda each: (-each.score, each.deviation.number))[:most]


def _holding(
    deviation: Deviation, terms: Sequence[str], spaces: Sequence[UUID] | None
) -> tuple[dict[str, float], dict[UUID, list[str]]]:
    """Return what each word weighs, and of the shared deviations that weigh most the words that they hold.

    Weighed in the database: a thousand rows a word would take longer to travel than to add up.
    """
    given = {
        "terms": list(terms),
        "spaces": None if spaces is None else list(spaces),
        "most": WORD_MOST,
        "own": deviation.pk,
        "compared": COMPARED_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WEIGHED, given)
        rows = cursor.fetchall()
    weights: dict[str, float] = rows[0][2] or {}
    return weights, {each: held for each, held, _weights in rows if each is not None}


def _add_sealed(
    rows: Sequence[Deviation],
    weights: dict[str, float],
    terms: Sequence[str],
    holding: dict[UUID, list[str]],
) -> None:
    """Compare what is sealed here; a word that no shared deviation holds weighs as the rarest of them."""
    stems = {term: stem(term) for term in terms}
    rarest = max(weights.values(), default=0.0) or 1.0
    found = {
        row.pk: {stem(each) for each in terms_of(f"{row.title} {row.description}", most=1000)} for row in rows
    }
    for deviation_id, words in found.items():
        held = [term for term, root in stems.items() if root in words]
        for term in held:
            weights.setdefault(term, rarest)
        if held:
            holding[deviation_id] = held


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
