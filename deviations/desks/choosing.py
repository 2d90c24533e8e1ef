"""What may be chosen in the forms of dockets: records that the reader knows, of the programs concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from batches.models import Batch, SampleResult
from deviations.desks.shapes import Given
from deviations.dockets.site.states import STATEMENT_KEEPERS
from deviations.models import Deviation, MonthlyLine, SiteReach
from portal.actor import Actor
from portal.models import Program, Record
from portal.states import Audience

Options = list[tuple[Any, Any]]
CHOSEN_MAX: Final = 200
# What a docket may be linked to.
LINKABLE: Final = (
    *("deviation", "capa", "batch", "query", "impact_statement"),
    *("change", "lab_investigation", "complaint"),
)


def options_of(
    actor: Actor, given: Sequence[Given], *, docket: Any = None, places: Sequence[UUID] = ()
) -> Mapping[str, Options]:
    """Return the options of each field that chooses a record; one query each."""
    spaces = [docket.space_id] if docket is not None else list(places)
    return {
        each.name: SOURCES[each.of](actor, spaces, docket)
        for each in given
        if each.shape in ("record", "records")
    }


def _programs(actor: Actor, spaces: Sequence[UUID], _docket: Any) -> Options:
    rows = Program.objects.visible_to(actor).filter(pk__in=spaces).order_by("code", "pk")
    return [(str(each.pk), f"{each.code} {each.title}".strip()) for each in rows]


def _stating(actor: Actor, _spaces: Sequence[UUID], docket: Any) -> Options:
    """Return the programs of the actor's that have no statement of a site event yet."""
    if docket is None:
        return []
    told = SiteReach.objects.visible_to(actor).filter(event=docket.pk).values_list("program", flat=True)
    spaces = [each for each in actor.seats if actor.holds(each, *STATEMENT_KEEPERS) and each not in set(told)]
    return _programs(actor, spaces, docket)


def _batches(actor: Actor, spaces: Sequence[UUID], _docket: Any) -> Options:
    rows = Batch.objects.visible_to(actor).filter(space_id__in=spaces, audience=Audience.SHARED)
    found = rows.order_by("-started_at", "number", "pk")[:CHOSEN_MAX]
    return [(str(each.pk), f"{each.number} {each.title}".strip()) for each in found]


def _own_batches(actor: Actor, _spaces: Sequence[UUID], docket: Any) -> Options:
    """Return the batches of all programs in which the actor states what a site event means."""
    spaces = [each for each in actor.seats if actor.holds(each, *STATEMENT_KEEPERS)]
    return _batches(actor, spaces, docket)


def _deviations(actor: Actor, spaces: Sequence[UUID], _docket: Any) -> Options:
    rows = Deviation.objects.visible_to(actor).filter(space_id__in=spaces, audience=Audience.SHARED)
    found = rows.order_by("-recorded_at", "pk")[:CHOSEN_MAX]
    return [(str(each.pk), f"{each.number} {each.title}") for each in found]


def _lines(actor: Actor, spaces: Sequence[UUID], _docket: Any) -> Options:
    rows = MonthlyLine.objects.visible_to(actor).filter(space_id__in=spaces)
    found = rows.order_by("-recorded_on", "number", "pk")[:CHOSEN_MAX]
    return [(str(each.pk), f"{each.number} {each.title}") for each in found]


def _results(actor: Actor, spaces: Sequence[UUID], _docket: Any) -> Options:
    rows = SampleResult.objects.visible_to(actor).filter(space_id__in=spaces)
    found = rows.exclude(flag="").order_by("-resulted_at", "pk")[:CHOSEN_MAX]
    return [(str(each.pk), f"{each.get_flag_display()}: {each.title}") for each in found]


def _records(actor: Actor, spaces: Sequence[UUID], docket: Any) -> Options:
    rows = Record.objects.visible_to(actor).filter(space_id__in=spaces, type__in=LINKABLE)
    if docket is not None:
        rows = rows.exclude(pk=docket.pk)
    found = rows.order_by("type", "-number", "pk")[:CHOSEN_MAX]
    return [(str(each.pk), f"{each.number} {each.title}".strip()) for each in found]


SOURCES: Final[Mapping[str, Callable[[Actor, Sequence[UUID], Any], Options]]] = {
    "program": _programs,
    "stating": _stating,
    "batch": _batches,
    "batches": _own_batches,
    "deviation": _deviations,
    "line": _lines,
    "record": _records,
    "result": _results,
}
