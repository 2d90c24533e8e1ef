"""A docket ready to be taken away, as of an instant: one gatherer for all kinds that stand in a program."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from deviations.dockets.desk import Desk, get_docket
from deviations.models import DocketEntry, DocketLink, Retest
from portal.access import get_program
from portal.actor import Actor
from portal.dossiers import Dossier, Section, TimelineLine, both_times
from portal.ledger_entries import Happening, list_happenings
from portal.models import Clock, Record, Signature
from portal.past import Past
from portal.queries.signatures import line_of

LINES_MAX: Final = 1000
# What a docket says of rows that may have come later; they are told as they stood then.
LATER: Final = ("retest ", "reportable")


def dossier_of(desk: Desk) -> Callable[[Actor, UUID, datetime, Collection[str] | None], Dossier]:
    """Return how a docket of a kind is gathered; what is inside the site never leaves with it."""

    def gather(actor: Actor, docket_id: UUID, at: datetime, chains: Collection[str] | None) -> Dossier:
        return _gather(desk, actor, docket_id, at, chains)

    return gather


def _gather(
    desk: Desk, actor: Actor, docket_id: UUID, at: datetime, chains: Collection[str] | None
) -> Dossier:
    past = Past(actor, get_docket(desk, actor, docket_id).space_id, at, chains)
    docket: Any = past.get(desk.model, docket_id)
    program = get_program(actor, docket.space_id)
    zone = program.zone
    entries = sorted(past.related(DocketEntry, about_id=docket_id), key=lambda each: each.ordinal)
    links = past.related(DocketLink, about_id=docket_id)
    retests = past.related(Retest, investigation_id=docket_id) if desk.name == "lab_investigation" else []
    clocks = [each for each in past.related(Clock, subject_id=docket_id) if each.alert_id is None]
    signed = sorted(past.related(Signature, subject_id=docket_id), key=lambda each: each.signed_at)
    said = [
        each
        for each in desk.said(actor, docket, zone)
        if not each.is_inside and not each.name.startswith(LATER)
    ]
    facts = [
        (_("State"), str(docket.get_state_display())),
        (_("Opened"), f"{both_times(docket.recorded_at, zone)}, {docket.recorded_code}"),
        *((each.label, each.words) for each in said),
    ]
    return Dossier(
        kind=desk.name.replace("_", " ").capitalize(),
        number=docket.number,
        title=str(docket.title),
        program=program,
        zone=zone,
        facts=facts,
        sections=_sections(desk, docket, (entries, retests, _linked(actor, links)), zone),
        signatures=[line_of(each, docket.version) for each in signed],
        timeline=_timeline(desk, actor, docket, at, chains),
        row_ids={
            docket.pk,
            *(each.pk for rows in (entries, links, retests, clocks, signed) for each in rows),
        },
        data={
            "id": str(docket.pk),
            "type": desk.name,
            "number": docket.number,
            "title": str(docket.title),
            "description": str(docket.description),
            "state": str(docket.state),
            "version": docket.version,
            "stated": {each.name: each.value for each in said if each.name},
            "entries": [
                {"step": each.step, "outcome": each.outcome, "text": str(each.text), "code": each.code}
                for each in entries
            ],
        },
    )


def _linked(actor: Actor, links: Collection[DocketLink]) -> list[str]:
    records = Record.objects.visible_to(actor).filter(pk__in=[each.other_id for each in links])
    return sorted(f"{each.type.replace('_', ' ')} {each.number}" for each in records)


def _sections(
    desk: Desk,
    docket: Any,
    rows: tuple[Collection[DocketEntry], Collection[Retest], Collection[str]],
    zone: str,
) -> list[Section]:
    steps, (entries, retests, linked) = desk.steps(docket), rows
    found = [
        Section(_("Description"), texts=[str(docket.description)]),
        Section(_("Belongs to"), texts=list(linked)),
        Section(
            _("What was said"),
            columns=(_("Step"), _("Given"), _("Words"), _("It came to")),
            widths=(1, 2, 5, 1),
            rows=[
                (
                    str(steps[each.step].label) if each.step in steps else each.step,
                    f"{both_times(each.given_at, zone)}, {each.code}",
                    str(each.text),
                    each.outcome.replace("_", " "),
                )
                for each in entries
            ],
        ),
        Section(
            _("Retests"),
            columns=(_("Number"), _("Value"), _("Read"), _("Outside")),
            widths=(0, 1, 3, 0),
            rows=[
                (
                    str(each.ordinal),
                    f"{each.value.normalize():f} {each.unit}",
                    f"{both_times(each.read_at, zone)}, {each.read_code}",
                    _("yes") if each.is_outside else _("no"),
                )
                for each in sorted(retests, key=lambda each: each.ordinal)
            ],
        ),
    ]
    return [each for each in found if each.texts or each.rows]


def _timeline(
    desk: Desk, actor: Actor, docket: Any, at: datetime, chains: Collection[str] | None
) -> list[TimelineLine]:
    steps = desk.steps(docket)

    def words(each: Happening) -> str:
        step = str(each.payload.get("step", ""))
        return str(steps[step].label) if step in steps else each.kind.replace(".", " ").replace("_", " ")

    lines = list_happenings(actor, docket.space_id, [docket.pk], kinds=desk.kinds, most=LINES_MAX)
    return [
        TimelineLine(each.audience, each.seq, each.sealed_at, words(each), each.seat)
        for each in reversed(lines)
        if each.sealed_at <= at and (chains is None or each.audience in chains)
    ]
