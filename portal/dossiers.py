"""A record ready to be taken away: what a reader's side may see of it, as its ledger chains tell it.

Each app says how its records are gathered (`keeps_dossiers`); `portal.paper` prints them and
`portal.exports` puts them beside their entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.actor import Actor
from portal.models import Program, Record
from portal.past import Past
from portal.queries.signatures import SignatureLine
from portal.slots import Slot

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of a printed record, an SVG made here, with what it shows in words."""

    svg: str
    words: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a printed record: words, labelled values, a table (`widths` share a line, 0 fits)."""

    heading: str
    note: str = ""
    texts: Sequence[str] = ()
    fields: Sequence[Row] = ()
    columns: Row = ()
    widths: Sequence[int] = ()
    rows: Sequence[Row] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of a record's timeline: the entry it stands in, what happened in words, by which seat."""

    audience: str
    seq: int
    at: datetime
    words: str
    code: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """One record as of an instant; of a program, signatures and timeline stand in lists and are None here.

    `data` is what REST shows of it, `row_ids` are the rows that belong to it. `mark` says in the head of each
    page what this is, where it is no unreviewed copy; under a `statement` the signatures stand at once.
    """

    kind: str
    number: str
    title: str
    program: Program
    zone: str
    facts: Sequence[Row]
    sections: Sequence[Section]
    signatures: Sequence[SignatureLine] | None
    timeline: Sequence[TimelineLine] | None
    row_ids: Collection[UUID]
    data: Mapping[str, Any]
    mark: str = ""
    statement: str = ""


# The lists of a program's records as of an instant, times in a zone.
program_lists: Final[Slot[[Past, str], Sequence[Section]]] = Slot("program_lists")
# Gathers a record as of an instant from all chains the actor follows, or from some; raises NotFound.
Gatherer = Callable[[Actor, UUID, datetime, Collection[str] | None], Dossier]
# What is printed of a record: all of it, what was decided of it, over the signatures, or it with all around.
WHOLE: Final = "record"
CERTIFICATE: Final = "certificate"
EVIDENCE: Final = "evidence"
_gatherers: Final[dict[tuple[str, str], Gatherer]] = {}


def keeps_dossiers(record_type: str, gatherer: Gatherer, *, paper: str = WHOLE) -> None:
    """Let records of a type be taken away whole, or as another paper."""
    _gatherers[record_type, paper] = gatherer


def find_dossier(
    actor: Actor, record_id: UUID, at: datetime, chains: Collection[str] | None, *, paper: str = WHOLE
) -> Dossier | None:
    """Return the dossier of a record as of an instant, None for a kind that has none. Raises: NotFound."""
    record = Record.objects.visible_to(actor).with_id(record_id)
    gather = _gatherers.get((record.type, paper)) if record is not None else None
    return gather(actor, record_id, at, chains) if gather is not None else None


def both_times(at: datetime | None, zone: str) -> str:
    """Return an instant as site time and UTC, each to the second; empty for none."""
    if at is None:
        return ""
    here, there = at.astimezone(ZoneInfo(zone)), at.astimezone(UTC)
    utc = f"{there:%H:%M:%S}" if here.date() == there.date() else f"{there:%Y-%m-%d %H:%M:%S}"
    return f"{here:%Y-%m-%d %H:%M:%S} {zone}, {utc} UTC"
