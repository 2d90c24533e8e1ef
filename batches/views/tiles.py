"""From a tile of the board's query to what the tile component draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batches.latest import BUCKETS, INTERVALS_A_BUCKET
from batches.models import Excursion
from batches.queries.board import NextClock, Range, Tile, TileRow
from batches.saying import crossing
from batches.slots import BatchFacts
from batches.views.words import phase_note, sampled, tone_of
from portal.templatetags.times import time_left

# The band is the normal range, or what stands in for it; the dotted lines are what must not be crossed.
BANDS: Final = ("nor", "alert")
LINES: Final = ("par", "action", "spec")
Context = dict[str, Any]


def tile_context(tile: Tile, zone: str, now: datetime) -> Context:
    """Return the names of `tile.html`; `zone` is the site's, for sample times."""
    batch = tile.batch
    # The gravest excursion of each parameter: they come gravest first.
    gravest = {each.parameter.code: each for each in reversed(tile.excursions)}
    return {
        "id": batch.pk,
        "number": batch.number,
        "url": f"/batches/{batch.pk}/",
        "title": batch.title,
        "tone": _tone(tile.facts, tile.excursions),
        "phases": tile.phases,
        "phase_name": batch.phase.title if batch.phase is not None else "",
        "phase_note": phase_note(batch, tile.running, now),
        "rows": [row_context(row, gravest.get(row.code), zone, now) for row in tile.rows],
        "tags": _tags(tile, gravest, now),
        "at": tile.at,
        "stale_after": tile.stale_after,
    }


def row_context(row: TileRow, excursion: Excursion | None, zone: str, now: datetime) -> Context:
    """Return one parameter of a tile: a line for a sensor, dots with their sample time for samples."""
    since, until = _window(row, now)
    band, lines = _first(row.ranges, BANDS), _first(row.ranges, LINES)
    points = row.points
    if points and points[0][0] < since:
        points = [point for point in points if point[0] >= since]
    limits = [bound for bound in lines or () if bound is not None]
    marked_at = excursion.started_at.timestamp() * 1000 if excursion is not None else None
    is_sample = row.dots and row.at is not None
    return {
        "code": row.code,
        "label": row.label,
        "unit": row.unit,
        "value": "" if row.value is None else f"{row.value:.{row.decimals}f}",
        "decimals": row.decimals,
        "at": row.at,
        "stale_after": row.stale_after,
        "points": points,
        "since": since,
        "until": until,
        "nor": _closed(band, limits, points),
        "limits": limits,
        "dots": row.dots,
        "tone": tone_of(excursion) if excursion is not None else "",
        "marked_at": marked_at if marked_at is not None and since < marked_at < until else None,
        "when": sampled(row.at, zone, now) if is_sample and row.at is not None else "",
    }


def _window(row: TileRow, now: datetime) -> tuple[float, float]:
    """Return the stretch a row draws, in ms: up to now, or up to the last value where that lies long back."""
    now_ms = now.timestamp() * 1000
    if row.dots:
        first = row.points[0][0] if row.points else now_ms - 1
        # Some room on both sides, so that the first and the last dot are whole.
        edge = max((now_ms - first) * 0.03, 1)
        return first - edge, now_ms + edge
    span_ms = BUCKETS * INTERVALS_A_BUCKET * row.stale_after * 500
    last = row.points[-1][0] if row.points else now_ms
    until = now_ms if now_ms - last < span_ms / 2 else float(last)
    return until - span_ms, max(until, float(last))


def _first(ranges: Mapping[str, Range], kinds: Sequence[str]) -> Range | None:
    return next((ranges[kind] for kind in kinds if kind in ranges), None)


def _closed(
    band: Range | None, limits: Sequence[float], points: Sequence[tuple[int, float | None]]
) -> tuple[float, float] | None:
    """Return the band; a side that is open ends at the furthest value drawn."""
    if band is None:
        return None
    low, high = band
    if low is None or high is None:
        known = [*limits, *(bound for bound in band if bound is not None)]
        known += [value for _at, value in points if value is not None]
        low, high = min(known) if low is None else low, max(known) if high is None else high
    return (low, high) if low < high else None


def _tone(facts: BatchFacts, excursions: Sequence[Excursion]) -> str:
    if facts.open_critical:
        return "critical"
    if facts.open_major:
        return "major"
    return "warn" if any(tone_of(each) == "warn" for each in excursions) else ""


def _tags(tile: Tile, gravest: Mapping[str, Excursion], now: datetime) -> list[Context]:
    facts = tile.facts
    tags = class_tags(facts, f"/deviations/?batch={tile.batch.pk}") + signal_tags(facts, tile.batch.pk)
    tags += shelf_tags(facts, tile.batch.pk)
    tags += [{"tone": "hold", "text": words, "url": ""} for words in facts.blocks]
    outside = sorted(gravest.values(), key=lambda each: tone_of(each) != "warn")
    tags += [_outside_tag(outside[0])] if outside else []
    if len(outside) > 1:
        tags.append({"tone": "", "text": _("%s more") % (len(outside) - 1), "url": ""})
    if tile.next_clock is not None:
        tags.append(_clock_tag(tile.next_clock, now))
    if not tags and tile.rows and not any(row.is_stale for row in tile.rows):
        tags.append({"tone": "fine", "text": _("in range"), "url": ""})
    return tags


def _outside_tag(excursion: Excursion) -> Context:
    return {
        "tone": tone_of(excursion),
        "text": crossing(excursion),
        "url": f"/excursions/{excursion.pk}/",
    }


def _clock_tag(clock: NextClock, now: datetime) -> Context:
    left, is_late = time_left({"now": now}, clock.due_at), clock.due_at < now
    if clock.clause:
        words = _("overdue, clause {}: {}") if is_late else _("clause {}: {}")
        text = format_html(words, clock.clause, left)
    else:
        text = format_html(_("overdue: {}") if is_late else _("due: {}"), left)
    return {"tone": "warn" if is_late else "", "text": text, "url": ""}


def signal_tags(facts: BatchFacts, batch_id: UUID) -> list[Context]:
    """Return how many early signals wait for an answer; they are no deviations and have no class."""
    if not facts.early_signals:
        return []
    count = facts.early_signals
    words = ngettext("%s early signal", "%s early signals", count) % count
    return [{"tone": "watch", "text": words, "url": f"/signals/?batch={batch_id}"}]


def shelf_tags(facts: BatchFacts, batch_id: UUID) -> list[Context]:
    """Return how many alarms are shelved; none goes unseen."""
    if not facts.shelved:
        return []
    words = ngettext("%s alarm shelved", "%s alarms shelved", facts.shelved) % facts.shelved
    return [{"tone": "hold", "text": words, "url": f"/batches/{batch_id}/#batch-shelves"}]


def class_tags(facts: BatchFacts, url: str) -> list[Context]:
    """Return how many deviations are open, by class, the gravest first."""
    counted = (
        ("critical", facts.open_critical, _("%s critical")),
        ("major", facts.open_major, _("%s major")),
        ("minor", facts.open_minor, _("%s minor")),
        ("", facts.unclassified, _("%s not classified")),
    )
    return [{"tone": tone, "text": words % count, "url": url} for tone, count, words in counted if count]
