"""Take readings from the plant: stored once, judged at once, sealed by the minute (ground 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from batches.access import lock_running_batch
from batches.columns import instant_of, microseconds
from batches.digest import frame_digest
from batches.frame_rows import Refusal
from batches.frames import parse_frame
from batches.gateways.chain import Sent
from batches.gateways.clocks import allowed_ahead
from batches.gateways.following import FrameMark, follow_frame
from batches.judging import judge_frame, judge_silence
from batches.latest import look_up, store_newest
from batches.models import Batch, Frame, FrameAnswer
from batches.plan import Plan, plan_of
from batches.reach import AHEAD
from batches.series import downsample
from batches.staging import Column, Stored, store_frame
from portal.action import action, after_commit, answer_with, instant
from portal.actor import Actor
from portal.live import publish_readings

BEFORE_START: Final = timedelta(hours=1)
# What is pushed to screens of one frame and parameter; a screen that wants more asks for the series.
POINTS_SHOWN: Final = 120
NO_GAP_US: Final = 2**62

Series = Mapping[str, list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class FrameOutcome:
    """What became of a frame; `series` has the new readings by audience and parameter, thinned, in ms."""

    accepted: int
    duplicates: int
    refused: list[Refusal]
    series: Mapping[str, Series] = field(default_factory=dict)


@action("readings.ingest")
def take_frame(
    actor: Actor, batch_id: UUID, *, body: bytes, media_type: str, sent: Sent | None = None
) -> FrameOutcome:
    """Take one frame of readings: each valid row is stored and judged, each other one named.

    `body` is JSON, NDJSON or CSV of at most 100,000 rows and 16 MB, as `media_type` says. `at` of a row lies
    between one hour before the batch's start and five minutes from now. A reading that is stored already is a
    duplicate; the first of an instant stands. Frames of one batch are taken one after the other. A repeat, a
    late or an unordered frame leads to the same readings and the same excursions as one sent in order. What
    a frame with an idempotency key was told is kept, and its repeat is told the same, also after the end.
    `sent` is what a site gateway says of its frame: it takes its place in the gateway's chain, and readings
    of a clock that is ahead are taken as far ahead as that clock is, with their time, and marked.
    Raises: NotFound, Refused, BatchNotRunning, FrameRefused, FrameTooLarge, FrameTypeRefused.
    Records: excursion.* v1 and alert.raised where the readings call for it; feed.* v1 of a gateway; the
    frames by readings.sealed later.
    Source: 21 CFR 11.10(a), (e), (h); EU GMP Annex 11.5, 11.9.
    """
    batch = lock_running_batch(actor, batch_id)
    plan, received_at = plan_of(actor, batch), instant()
    mark = None if sent is None else follow_frame(actor, batch, sent, body=body, received_at=received_at)
    ahead = AHEAD if mark is None else AHEAD + allowed_ahead(mark.skew)
    frame = parse_frame(
        body,
        media_type,
        units=plan.units,
        earliest_us=microseconds((batch.started_at or received_at) - BEFORE_START),
        latest_us=microseconds(received_at + ahead),
    )
    outcome = FrameOutcome(0, frame.duplicates, frame.refused)
    if frame.parameters:
        stored = store_frame(batch, plan.channels, frame, received_at)
        series = _take_in(actor, batch, plan, stored, mark) if stored.count else {}
        duplicates = frame.duplicates + len(frame.parameters) - stored.count
        outcome = FrameOutcome(stored.count, duplicates, frame.refused, series)
    if mark is not None:
        mark.tell()
    if actor.origin.idempotency_key:
        _keep(batch, outcome)
    return outcome


@action("readings.judge_missing")
def judge_missing(actor: Actor, batch_id: UUID) -> Batch:
    """Judge by the limits of missing data, as of now; harmless when nothing is missing.

    `actor` is `system_actor("sweep", space)`. Raises: NotFound, Refused, BatchNotRunning.
    Records: excursion.* v1 and alert.raised where nothing came for too long.
    """
    batch = lock_running_batch(actor, batch_id)
    judge_silence(actor, batch, plan_of(actor, batch))
    return batch


def _keep(batch: Batch, outcome: FrameOutcome) -> None:
    """Keep what the sender is told; a repeat may come when the batch has ended and takes nothing more."""
    kept = FrameAnswer.objects.create(
        space_id=batch.space_id,
        batch=batch,
        received_at=instant(),
        accepted=outcome.accepted,
        duplicates=outcome.duplicates,
        refused=outcome.refused,
    )
    answer_with(kept)


def _take_in(
    actor: Actor, batch: Batch, plan: Plan, stored: Stored, mark: FrameMark | None
) -> dict[str, Series]:
    """Judge what is new, keep the newest values, note the digests, and let screens know after the commit."""
    fresh = stored.fresh
    known = look_up(batch, plan.channels, fresh)
    judge_frame(actor, batch, plan, fresh, known)
    frames: list[Frame] = []
    series: dict[str, Series] = {}
    for audience, frame_id in stored.frame_ids.items():
        part = {code: column for code, column in fresh.items() if plan.channels[code].audience == audience}
        if not part:
            continue
        rows = sum(len(at_us) for at_us, _ in part.values())
        frames.append(
            Frame(
                id=frame_id,
                space_id=batch.space_id,
                audience=audience,
                batch=batch,
                person_id=actor.person_id,
                received_at=instant(),
                rows=rows,
                digest=frame_digest(part),
                **_marked(mark, part),
            )
        )
        series[audience] = {code: _shown(at_us, values) for code, (at_us, values) in part.items()}
    store_newest(batch, plan, fresh, known, frames)
    for audience, shown in series.items():
        _publish(batch, audience, shown)
    return series


def _marked(mark: FrameMark | None, part: Mapping[str, Column]) -> dict[str, Any]:
    """Return the columns of a gateway's frame; the times between which its readings lie."""
    if mark is None:
        return {}
    return {
        "device": mark.device,
        "sequence": mark.sequence,
        "recorded_at": mark.recorded_at,
        "announced_at": mark.announced_at,
        "marked_at": mark.marked_at,
        "skew_s": mark.skew_s,
        "proof": mark.proof,
        "first_at": instant_of(min(int(at_us[0]) for at_us, _ in part.values())),
        "last_at": instant_of(max(int(at_us[-1]) for at_us, _ in part.values())),
    }


def _shown(at_us: Any, values: Any) -> list[tuple[int, float]]:
    if len(at_us) <= POINTS_SHOWN:
        return list(zip((at_us // 1000).tolist(), values.tolist(), strict=True))
    thin = downsample(at_us, values, POINTS_SHOWN, NO_GAP_US)
    return [(point[0] // 1000, point[1]) for point in thin if point is not None]


def _publish(batch: Batch, audience: str, shown: Series) -> None:
    after_commit(lambda: publish_readings(batch.pk, batch.space_id, audience, dict(shown)))
