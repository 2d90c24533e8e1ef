"""Exceptions of what is around a batch: plates outside limits, interventions, identities that disagreed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from batches.aseptic.states import InterventionKind, Qualified
from batches.custody.states import StopState
from batches.environment.states import VIABLE, SampleState, Verdict
from batches.models import Batch, BatchSample, IdentityStop
from batches.queries.aseptic import interventions_of
from batches.queries.monitoring import bounds_words, monitoring_of
from batches.recipes.document import exact
from batches.reviewing.exceptions import EVENTS, Finding
from batches.reviewing.states import ExceptionKind
from portal.actor import Actor

OUTSIDE: Final = (Verdict.ALERT, Verdict.ACTION)
TONES: Final[Mapping[str, str]] = {Verdict.ACTION: "warn", Verdict.ALERT: "watch"}


def around_findings(actor: Actor, batch: Batch) -> Iterator[Finding]:
    """Find what departs around a batch; a plate that is not read twice is one, too. Four queries."""
    yield from _samples(actor, batch)
    yield from _interventions(actor, batch)
    yield from _stops(actor, batch)


def _samples(actor: Actor, batch: Batch) -> Iterator[Finding]:
    for part in monitoring_of(actor, batch.pk):
        for each in part.samples:
            is_unread = each.kind in VIABLE and each.state != SampleState.CONFIRMED
            if each.verdict in OUTSIDE or is_unread:
                yield _of_sample(batch, part.monitoring.number, each)


def _of_sample(batch: Batch, session: str, sample: BatchSample) -> Finding:
    what = sample.get_verdict_display() if sample.verdict in OUTSIDE else _("not read twice yet")
    found = f"{exact(sample.counted)} {sample.unit}".strip() if sample.counted is not None else ""
    bounds = bounds_words(sample.bounds, sample.unit) if found else ""
    return Finding(
        key=f"plate:{sample.pk}",
        kind=ExceptionKind.ENVIRONMENT,
        section=EVENTS,
        at=sample.exposed_at,
        words=f"{sample.point_code}, {sample.get_kind_display()}: {what}",
        context=", ".join(each for each in (session, found, bounds, sample.organism) if each),
        url=f"/batches/{batch.pk}/environment/",
        tone=TONES.get(sample.verdict, ""),
        mark=f"{sample.state} {sample.verdict}",
    )


def _interventions(actor: Actor, batch: Batch) -> Iterator[Finding]:
    rows = interventions_of(actor, batch.pk).exclude(kind=InterventionKind.INHERENT, qualified=Qualified.YES)
    for each in rows.order_by("at", "id"):
        yield Finding(
            key=f"intervention:{each.pk}",
            kind=ExceptionKind.INTERVENTION,
            section=EVENTS,
            at=each.at,
            words=f"{each.code} {each.title}: {each.get_kind_display()}, {each.get_qualified_display()}",
            context=_("%(seconds)s s at %(station)s") % {"seconds": each.seconds, "station": each.station},
            url=f"/batches/{batch.pk}/environment/",
            tone="" if each.qualified == Qualified.YES else "warn",
        )


def _stops(actor: Actor, batch: Batch) -> Iterator[Finding]:
    rows = IdentityStop.objects.visible_to(actor).filter(batch=batch)
    for each in rows.order_by("raised_at", "id"):
        yield Finding(
            key=f"identity:{each.pk}",
            kind=ExceptionKind.IDENTITY,
            section=EVENTS,
            at=each.raised_at,
            words=f"{each.number} {each.title}",
            context=str(each.get_state_display()),
            url=f"/batches/{batch.pk}/custody/",
            tone="" if each.state == StopState.RELEASED else "warn",
            mark=str(each.state),
        )
