"""A table of copies as CSV: one row a record of the CDMO's own system, each taken or refused by itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from batches.models import Batch
from deviations.actions.mirroring import mirror_deviation
from deviations.models import Elsewhere
from deviations.states import MIRRORERS
from portal.access import require_role
from portal.action import Replayed, reading
from portal.actor import Actor
from portal.csv_out import NEUTRAL
from portal.errors import DomainError, Invalid, TooLarge

ROWS_MAX: Final = 2_000
BYTES_MAX: Final = 4 * 1024 * 1024
WORDS: Final = ("title", "description", "external_status", "external_class", "late_reason")
TIMES: Final = ("external_as_of", "occurred_at", "detected_at", "aware_at")
THERE: Final = ("external_opened_at", "external_told_at", "external_closed_at")
COLUMNS: Final = ("external_id", *WORDS, "batch", *TIMES, *THERE)


@dataclass(slots=True)
class TableOutcome:
    """What became of a table: rows taken, how many were new, and each refused one with its reason."""

    accepted: int = 0
    made: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


def mirror_table(actor: Actor, program_id: UUID, data: bytes) -> TableOutcome:
    """Take each row of a CSV table as a copy; a bad row holds back none of its neighbours.

    Columns by name in any order, `external_id` needed, the rest as in `mirror_deviation`, `batch` by its
    number; an empty cell says nothing. UTF-8, comma or semicolon, at most 2,000 rows. Raises: Refused,
    Invalid, TooLarge, NotFound.
    """
    rows = list(_rows(data))
    with reading(actor):
        require_role(actor, program_id, *MIRRORERS, to="copy from the quality system")
        numbers = {row["batch"] for row in rows if row.get("batch")}
        known = Batch.objects.visible_to(actor).filter(space_id=program_id, number__in=numbers)
        batches = dict(known.values_list("number", "pk"))
    outcome = TableOutcome()
    for place, row in enumerate(rows, start=2):
        try:
            made = mirror_deviation(_once(actor, place), program_id, **_given(row, batches))
        except Replayed as replayed:
            outcome.accepted += 1
            outcome.made += int(replayed.is_new)
        except DomainError as error:
            said = error.detail if not error.errors else f"{error.detail} {_sentences(error)}"
            outcome.refused.append({"row": place, "code": error.problem_code, "detail": said})
        else:
            outcome.accepted += 1
            outcome.made += int(getattr(made, "is_made_now", False))
    return outcome


def _once(actor: Actor, place: int) -> Actor:
    """Return the actor with a key for each row, where the table has one: a repeat takes no row twice."""
    key = actor.origin.idempotency_key
    return actor.via(replace(actor.origin, idempotency_key=f"{key}:{place}")) if key else actor


def _sentences(error: DomainError) -> str:
    return " ".join(f"{name}: {' '.join(map(str, each))}" for name, each in error.errors.items())


def _rows(data: bytes) -> Iterator[dict[str, str]]:
    if len(data) > BYTES_MAX:
        raise TooLarge(f"The table has {len(data)} bytes; at most {BYTES_MAX} are taken.", limit=BYTES_MAX)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The table is not UTF-8.", errors={"table": ["Save it as CSV in UTF-8."]}) from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    names = [(name or "").strip().lower() for name in reader.fieldnames or []]
    if "external_id" not in names or (unknown := sorted(set(names) - set(COLUMNS))):
        words = f"Columns: {', '.join(COLUMNS)}; external_id is needed."
        if "external_id" in names:
            words = f"Unknown columns: {', '.join(unknown)}. {words}"
        raise Invalid("The table cannot be read.", errors={"table": [words]})
    reader.fieldnames = names
    try:
        for place, row in enumerate(reader):
            if place >= ROWS_MAX:
                raise TooLarge(f"At most {ROWS_MAX} rows; send the rest in another table.", limit=ROWS_MAX)
            yield {name: _cell(row.get(name)) for name in names}
    except csv.Error as error:
        raise Invalid("The table cannot be read.", errors={"table": [str(error)]}) from error


def _cell(value: str | None) -> str:
    # An apostrophe that our own export put before a formula goes again.
    text = (value or "").strip()
    return text[1:] if text[:1] == NEUTRAL and text[1:2] in "=+-@" else text


def _given(row: Mapping[str, str], batches: Mapping[str, UUID]) -> dict[str, Any]:
    given: dict[str, Any] = {"external_id": row["external_id"]}
    given |= {name: row[name] for name in WORDS if row.get(name)}
    given |= {name: _instant(name, row[name]) for name in TIMES if row.get(name)}
    there = {name[9:]: _instant(name, row[name]) for name in THERE if row.get(name)}
    if there:
        given["elsewhere"] = Elsewhere(**there)
    if number := row.get("batch"):
        if number not in batches:
            raise Invalid("Unknown batch.", errors={"batch": ["No batch of this program has that number."]})
        given["batch_id"] = batches[number]
    return given


def _instant(name: str, text: str) -> datetime:
    at: datetime | None = None
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
    if at is None or at.tzinfo is None:
        words = "An instant with its offset, like 2026-03-01T08:00:00Z."
        raise Invalid("Not an instant.", errors={name: [words]})
    return at
