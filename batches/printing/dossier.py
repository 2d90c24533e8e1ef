"""A batch ready to be taken away, with its deviations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.api.shapes import detail_json, excursion_json
from batches.models import Batch, Excursion, Limit
from batches.printing.ends import ending_of
from batches.printing.executed import Executed, sections_of
from batches.printing.lines import lines_of
from batches.queries import BatchDetail, batch_then
from batches.recipes.rows import limit_spec
from batches.recipes.words import limit_words
from batches.slots import batch_dossiers
from portal.access import get_program
from portal.actor import Actor
from portal.dossiers import Dossier, Section, TimelineLine, both_times
from portal.ledger_entries import list_happenings
from portal.past import Past
from portal.states import Audience

KINDS: Final = (
    "batch.planned",
    "batch.started",
    "batch.phase_entered",
    "batch.completed",
    "batch.discontinued",
    "batch.mirrored",
    "batch.disposition_decided",
    "review.sections_reviewed",
    "excursion.opened",
    "excursion.closed",
    "excursion.withdrawn",
)
FACTS_MOST: Final = 5000


def batch_dossier(actor: Actor, batch_id: UUID, at: datetime, chains: Collection[str] | None) -> Dossier:
    """Return a batch with its deviations as of an instant, from all its chains or some. Raises: NotFound."""
    found = batch_then(actor, batch_id, at, chains=chains)
    batch = found.batch
    program = get_program(actor, batch.space_id)
    zone = batch.site.zone if batch.site is not None else program.zone
    parts = [each for given in batch_dossiers(actor, batch_id, at, chains) for each in given]
    ending = ending_of(actor, batch, at, chains, zone)
    executed = Executed(Past(actor, batch.space_id, at, chains), batch)
    own = [batch.pk, *(each.pk for each in found.excursions), *(each.pk for each in found.runs)]
    timeline = [
        *_timeline(actor, found, own, at, chains),
        *(line for each in parts for line in each.timeline or ()),
    ]
    return Dossier(
        kind=_("Batch"),
        number=batch.number,
        title=batch.title,
        program=program,
        zone=zone,
        facts=_facts(found, zone),
        sections=[
            *_sections(found, zone),
            *sections_of(executed, zone),
            *ending.sections,
            *(section for each in parts for section in _part(each)),
        ],
        signatures=[*ending.signatures, *(line for each in parts for line in each.signatures or ())],
        timeline=sorted(timeline, key=lambda each: (each.at, each.audience, each.seq)),
        row_ids={
            *own,
            *executed.row_ids,
            *ending.row_ids,
            *(row_id for each in parts for row_id in each.row_ids),
        },
        data={
            **detail_json(actor, found),
            "available_actions": [],
            "excursions": [excursion_json(each) for each in found.excursions],
            "deviations": [each.data for each in parts],
            **lines_of(executed),
        },
        mark=_("Copy of a record with its disposition") if ending.signatures else "",
    )


def batches_of_program(past: Past, zone: str) -> list[Section]:
    """Return the batches of a program as they stood, by number."""
    found = sorted(past.related(Batch, space_id=past.space_id), key=lambda each: each.number)
    return [
        Section(
            _("Batches"),
            columns=(_("Number"), _("Title"), _("State"), _("Started"), _("Ended")),
            widths=(2, 2, 0, 3, 3),
            rows=[
                (
                    each.number,
                    each.title,
                    str(each.get_state_display()),
                    both_times(each.started_at, zone),
                    both_times(each.ended_at, zone),
                )
                for each in found
            ],
        )
    ]


def _facts(found: BatchDetail, zone: str) -> list[tuple[str, str]]:
    batch = found.batch
    recipe = batch.recipe_version
    master = f"{batch.external_id} {batch.external_status}".strip()
    return [
        (_("State"), str(batch.get_state_display())),
        *([(_("Phase"), batch.phase.title)] if batch.phase is not None else []),
        (_("Recipe"), f"{recipe.number}, {_('revision %d') % recipe.revision}, {recipe.title}"),
        *([(_("Site"), batch.site.name)] if batch.site is not None else []),
        *([(_("Equipment"), batch.equipment)] if batch.equipment else []),
        (_("Planned"), both_times(batch.planned_start, zone)),
        (_("Started"), both_times(batch.started_at, zone) or _("not yet")),
        (_("Ended"), both_times(batch.ended_at, zone) or _("not yet")),
        *(
            [(_("In the plant's own system"), f"{master}, {both_times(batch.external_as_of, zone)}")]
            if master
            else []
        ),
        (_("Version"), str(batch.version)),
    ]


def _sections(found: BatchDetail, zone: str) -> list[Section]:
    sections = [
        Section(
            _("Phases"),
            columns=(_("Phase"), _("Began"), _("Ended")),
            widths=(2, 3, 3),
            rows=[
                (
                    each.phase.title,
                    both_times(each.started_at, zone),
                    both_times(each.ended_at, zone) or _("runs"),
                )
                for each in found.runs
            ],
        ),
        Section(
            _("Parameters and limits"),
            note=_("Readings are sealed by their digests once a minute and are not printed."),
            columns=(_("Parameter"), _("Unit"), _("Limits"), _("Who may see it")),
            widths=(2, 0, 4, 0),
            rows=[
                (
                    f"{each.parameter.title} ({each.parameter.code})",
                    each.parameter.unit,
                    "\n".join(_limit(limit) for limit in each.limits),
                    str(Audience(each.parameter.audience).label),
                )
                for each in found.parameters
            ],
        ),
        Section(
            _("Excursions"),
            columns=(_("What"), _("State"), _("Began"), _("Ended"), _("Extreme")),
            widths=(3, 0, 3, 3, 0),
            rows=[_excursion(each, zone) for each in found.excursions],
        ),
    ]
    return [each for each in sections if each.rows]


def _limit(limit: Limit) -> str:
    phase = f", {limit.phase.title}" if limit.phase is not None else ""
    return limit_words(replace(limit_spec(limit), rationale="")) + phase


def _excursion(each: Excursion, zone: str) -> tuple[str, ...]:
    return (
        each.title,
        str(each.get_state_display()),
        both_times(each.started_at, zone),
        both_times(each.ended_at, zone) or _("not yet"),
        f"{each.extreme:.{each.parameter.decimals}f} {each.parameter.unit}",
    )


def _part(part: Dossier) -> list[Section]:
    """Return a deviation as parts of its batch: first what it is, then its own parts under its number."""
    title = f"{part.number}  {part.title}"
    return [
        Section(title, fields=part.facts),
        *(
            Section(
                f"{part.number}: {each.heading}",
                each.note,
                each.texts,
                each.fields,
                each.columns,
                each.widths,
                each.rows,
            )
            for each in part.sections
        ),
    ]


def _timeline(
    actor: Actor,
    found: BatchDetail,
    subject_ids: Sequence[UUID],
    at: datetime,
    chains: Collection[str] | None,
) -> list[TimelineLine]:
    told = list_happenings(actor, found.batch.space_id, subject_ids, kinds=KINDS, most=FACTS_MOST)
    titles = {each.code: each.title for each in found.phases}
    names = {each.pk: each.title for each in found.excursions}
    return [
        TimelineLine(
            each.audience,
            each.seq,
            each.sealed_at,
            " ".join(
                part
                for part in (
                    each.kind.replace(".", " ").replace("_", " ").capitalize(),
                    titles.get(str(each.payload.get("phase", "")), ""),
                    names.get(each.subject_id, ""),
                )
                if part
            ),
            each.seat,
        )
        for each in reversed(told)
        if each.sealed_at <= at and (chains is None or each.audience in chains)
    ]
