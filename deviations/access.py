"""Functions that hand out deviations to an actor, locked or not, or raise (house-style 5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from batches.models import Batch
from deviations.errors import NoticeOutstanding, NoticeReleased
from deviations.mirroring.states import CONFLICT_TRANSITIONS
from deviations.models import Deviation, EarlySignal, Judgement, MirrorConflict
from deviations.states import (
    IN_FORCE,
    LEADERS,
    OPEN_STATES,
    REPORTERS,
    TRANSITIONS,
    JudgementKind,
    signal_transitions,
)
from portal.access import available, get_visible, require_role, require_state, require_version
from portal.actor import Actor, Side
from portal.errors import InvalidTransition, NotFound
from portal.models import Attachment, Program, RecordKey, RecordQuerySet, SpaceRecord
from portal.states import Audience, Classification


def _locked(actor: Actor) -> RecordQuerySet[Deviation]:
    # No key changes, so rows that point here (judgements, files) need not wait.
    rows = Deviation.objects.visible_to(actor).select_related("batch__site", "phase", "excursion")
    return rows.select_for_update(of=("self",), no_key=True)


def get_deviation(actor: Actor, deviation_id: UUID) -> Deviation:
    """Return a deviation with its batch, phase and excursion as far as the actor may see them.

    Raises: NotFound.
    """
    rows = Deviation.objects.visible_to(actor).select_related("batch__site", "phase", "excursion")
    found = rows.with_id(deviation_id)
    if found is None:
        raise NotFound
    return hide_unseen(actor, found)


def hide_unseen(actor: Actor, deviation: Deviation) -> Deviation:
    """Forget the joined rows that the actor may not see, as row security would; their ids stay.

    A join is no query of its own, so `visible_to` did not ask for them: neither wall leans on the other.
    """
    for field in Deviation._meta.get_fields():
        if isinstance(field, RecordKey) and field.is_cached(deviation):
            row: Any = field.get_cached_value(deviation)
            if row is not None and not is_visible(actor, row):
                field.set_cached_value(deviation, None)
    return deviation


def is_visible(actor: Actor, row: SpaceRecord) -> bool:
    """Say of one row what `visible_to` asks of many."""
    withheld = {Side.SPONSOR: Audience.MANUFACTURER, Side.MANUFACTURER: Audience.SPONSOR}
    seats = actor.seats.get(row.space_id, ())
    return any(row.audience != withheld.get(seat.side) for seat in seats)


def lock_deviation(actor: Actor, deviation_id: UUID, *, to: str, version: int | None) -> Deviation:
    """Hand out a locked deviation for one transition: visible, role, state, version.

    A notice that has left is a state too: releasing it again is refused whatever version was seen.
    Raises: NotFound, Refused, InvalidTransition, NoticeReleased, VersionMissing, StaleVersion.
    """
    found = _locked(actor).with_id(deviation_id)
    if found is None:
        raise NotFound
    step = TRANSITIONS[to]
    require_role(actor, found.space_id, *step.roles, to=to)
    require_state(found, step, to)
    if to == "release_notice" and found.audience == Audience.SHARED:
        raise NoticeReleased(f"The notice of {found.number} has been released; it leaves once.")
    require_version(found, version)
    return found


def lock_for_signature(actor: Actor, deviation_id: UUID) -> Deviation:
    """Hand out a locked deviation to be signed as it stands; raises NotFound."""
    found = _locked(actor).with_id(deviation_id)
    if found is None:
        raise NotFound
    return hide_unseen(actor, found)


def lock_for_file(actor: Actor, deviation_id: UUID) -> Deviation:
    """Hand out a locked deviation that takes a file, and raise its version.

    The version rises because a file changes what a notice lets out: whoever previewed it before must look
    again. Raises: NotFound, Refused, InvalidTransition.
    """
    found = _locked(actor).with_id(deviation_id)
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, *REPORTERS, to="attach files")
    if found.state not in OPEN_STATES:
        raise InvalidTransition(f"{found.number} has ended; it takes no more files.", state=found.state)
    found.bump()
    found.save(update_fields=["version"])
    return found


def find_mirrored(actor: Actor, program_id: UUID, external_id: str) -> Deviation | None:
    """Return the locked deviation that copies a record of the CDMO's own system, None when there is none."""
    return _locked(actor).filter(space_id=program_id, external_id=external_id).first()


def newest_classes(actor: Actor, deviation_ids: list[UUID]) -> dict[UUID, Classification]:
    """Return the class in force of each deviation as far as the actor may see it, in one query."""
    rows = (
        Judgement.objects.visible_to(actor)
        .filter(deviation_id__in=deviation_ids, kind__in=IN_FORCE)
        .order_by("deviation_id", "-given_at", "-id")
        .distinct("deviation_id")
        .values_list("deviation_id", "classification")
    )
    return {deviation_id: Classification(given) for deviation_id, given in rows}


def class_of(actor: Actor, deviation: Deviation) -> Classification | None:
    """Return the class in force of one deviation, None before triage or while it is withheld."""
    return newest_classes(actor, [deviation.pk]).get(deviation.pk)


def find_provisional(actor: Actor, deviation: Deviation) -> Judgement | None:
    """Return the judgement that gave the provisional class, None before triage."""
    rows = Judgement.objects.visible_to(actor).filter(deviation=deviation, kind=JudgementKind.PROVISIONAL)
    return rows.order_by("-given_at", "-id").first()


def require_told(deviation: Deviation, classification: Classification | None) -> None:
    """Raise NoticeOutstanding unless the sponsor was told, or a clause puts the class in a list alone."""
    if deviation.is_notice_due:
        detail = (
            f"{deviation.number} is {classification} and the sponsor has not been told. Release the notice,"
            " then close. Only what a clause puts in the monthly list or the batch package goes without one."
        )
        raise NoticeOutstanding(detail, state=deviation.state)


def open_steps(actor: Actor, deviation: Deviation) -> list[str]:
    """Return the transitions the actor may take now, in table order."""
    shut = set()
    if deviation.audience == Audience.SHARED:
        shut.add("release_notice")
    if deviation.is_notice_due:
        shut |= {"close", "summarise", "submit_report"}
    if deviation.summarised_at is not None:
        shut.add("summarise")
    return [name for name in available(actor, deviation, TRANSITIONS) if name not in shut]


def files_of(actor: Actor, deviation: Deviation) -> list[Attachment]:
    """Return the files of a deviation that the actor may see, oldest first."""
    rows = Attachment.objects.visible_to(actor).filter(subject_id=deviation.pk)
    return list(rows.order_by("attached_at", "id"))


def zone_of(program: Program, batch: Batch | None) -> str:
    """Return the IANA zone in which times of the batch, or of the program without one, are site time."""
    site = batch.site if batch is not None else None
    return site.zone if site is not None else program.zone


def lead_codes(program_id: UUID) -> list[str]:
    """Return the codes of the CDMO's people who may lead an investigation in the program, sorted."""
    roles = [role.code for role in LEADERS]
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct code from door.people_of(%s) where side = 'manufacturer' and role = any(%s)",
            [program_id, roles],
        )
        rows: list[Any] = cursor.fetchall()
    return sorted(code for (code,) in rows)


def lock_conflict(actor: Actor, conflict_id: UUID, *, to: str, version: int | None) -> MirrorConflict:
    """Hand out a locked conflict of record and copy for one step.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    found = MirrorConflict.objects.visible_to(actor).select_for_update(no_key=True).with_id(conflict_id)
    if found is None:
        raise NotFound
    step = CONFLICT_TRANSITIONS[to]
    require_role(actor, found.space_id, *step.roles, to=f"{to} a conflict")
    require_state(found, step, to)
    require_version(found, version)
    return found


def get_signal(actor: Actor, signal_id: UUID) -> EarlySignal:
    """Return an early signal the actor may see; raises NotFound."""
    return get_visible(EarlySignal, actor, signal_id)


def lock_signal(actor: Actor, signal_id: UUID, *, to: str, version: int | None) -> EarlySignal:
    """Hand out a locked early signal for one step; who may take it stands in the row.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    found = EarlySignal.objects.visible_to(actor).select_for_update(no_key=True).with_id(signal_id)
    if found is None:
        raise NotFound
    step = signal_transitions(found.roles)[to]
    require_role(actor, found.space_id, *step.roles, to=f"{to} an early signal")
    require_state(found, step, to)
    require_version(found, version)
    return found
