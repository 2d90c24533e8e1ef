"""Functions that hand out CAPA and measures to an actor, locked or not, or raise (house-style 5)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deviations.capa.states import (
    DOERS,
    FOLLOWING,
    OPEN_CAPA,
    CapaState,
    MeasureKind,
    MeasureState,
    capa_transitions,
    measure_transitions,
    steps_in,
)
from deviations.models import Capa, CapaLink, Deviation, EffectivenessCheck, Measure
from portal.access import available, get_visible, require_role, require_state, require_version
from portal.actor import Actor
from portal.errors import InvalidTransition, NotFound
from portal.states import Audience, of_side


def get_capa(actor: Actor, capa_id: UUID) -> Capa:
    """Return a CAPA the actor may see; raises NotFound."""
    return get_visible(Capa, actor, capa_id)


def lock_capa(actor: Actor, capa_id: UUID, *, to: str, version: int | None) -> Capa:
    """Hand out a locked CAPA for one step of its owner's: visible, role, state, version.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    found = hold_capa(actor, capa_id)
    step = capa_transitions(found.side)[to]
    require_role(actor, found.space_id, *step.roles, to=f"{to} a CAPA")
    require_state(found, step, to)
    require_version(found, version)
    return found


def hold_capa(actor: Actor, capa_id: UUID) -> Capa:
    """Hand out a locked CAPA as it stands; raises NotFound."""
    found = Capa.objects.visible_to(actor).select_for_update(no_key=True).with_id(capa_id)
    if found is None:
        raise NotFound
    return found


def lock_measure(actor: Actor, measure_id: UUID, *, to: str, version: int | None) -> tuple[Capa, Measure]:
    """Hand out a locked measure and its CAPA for one step: visible, role, states, version.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    capa = hold_capa(actor, get_visible(Measure, actor, measure_id).capa_id)
    found = Measure.objects.visible_to(actor).select_for_update(no_key=True).with_id(measure_id)
    if found is None:
        raise NotFound
    step = measure_transitions(capa.side)[to]
    require_role(actor, found.space_id, *step.roles, to=f"{to} a measure")
    require_state(found, step, to)
    require_running(capa, found, to)
    require_version(found, version)
    return capa, found


def require_running(capa: Capa, measure: Measure, to: str) -> None:
    """Raise InvalidTransition unless a step of the measure is taken while its CAPA stands so."""
    wanted = steps_in(to, measure.kind)
    if capa.state not in wanted:
        names = ", ".join(str(CapaState(each).label).lower() for each in wanted)
        what = str(MeasureKind(measure.kind).label)
        detail = f"{capa.number} is {CapaState(capa.state).label.lower()}; to {to.replace('_', ' ')} a {what}"
        raise InvalidTransition(f"{detail} it has to be: {names}.", state=str(capa.state))


def lock_measure_for_file(actor: Actor, measure_id: UUID) -> Measure:
    """Hand out a locked measure that takes evidence: of the own side, before it is verified.

    Raises: NotFound, Refused, InvalidTransition.
    """
    capa = hold_capa(actor, get_visible(Measure, actor, measure_id).capa_id)
    found = Measure.objects.visible_to(actor).select_for_update(no_key=True).with_id(measure_id)
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, *of_side(DOERS, capa.side), to="attach evidence")
    if capa.state not in OPEN_CAPA or found.state not in (MeasureState.OPEN, MeasureState.DONE):
        raise InvalidTransition(f"{found.number} takes no more evidence.", state=str(found.state))
    found.bump()
    found.save(update_fields=["version"])
    return found


def open_capa_steps(actor: Actor, capa: Capa, check: EffectivenessCheck | None) -> list[str]:
    """Return the steps on a CAPA that the actor may take now, in table order."""
    shut = set(FOLLOWING)
    if capa.audience == Audience.SHARED:
        shut.add("share")
    if check is None or check.collected_at is None:
        shut |= {"effective", "not_effective"}
    return [name for name in available(actor, capa, capa_transitions(capa.side)) if name not in shut]


def open_measure_steps(actor: Actor, capa: Capa, measure: Measure) -> list[str]:
    """Return the steps on a measure that the actor may take now; nobody verifies the own work."""
    table = measure_transitions(capa.side)
    steps = [each for each in available(actor, measure, table) if capa.state in steps_in(each, measure.kind)]
    if measure.done_by is not None and actor.is_one_of(measure.space_id, person_id=measure.done_by):
        return [each for each in steps if each != "verify"]
    return steps


def measures_of(actor: Actor, capas: Sequence[Capa]) -> list[Measure]:
    """Return the measures of CAPA that the actor may see, in order of each plan; one query."""
    rows = Measure.objects.visible_to(actor).filter(capa__in=[each.pk for each in capas])
    return list(rows.order_by("capa_id", "ordinal"))


def check_of(actor: Actor, capa: Capa) -> EffectivenessCheck | None:
    """Return the effectiveness check of a CAPA, None before one is set."""
    return EffectivenessCheck.objects.visible_to(actor).filter(capa=capa).first()


def deviations_behind(actor: Actor, capa: Capa) -> list[Deviation]:
    """Return the deviations that a CAPA comes from, as far as the actor may see links and records."""
    links = CapaLink.objects.visible_to(actor).filter(capa=capa).values("deviation_id")
    return list(Deviation.objects.visible_to(actor).filter(pk__in=links).order_by("recorded_at", "pk"))
