"""Which batches may teach a watch, and what is learned from them as one document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from batches.disposition.states import Decision
from batches.models import Batch, Disposition
from batches.states import BatchState
from batches.watched import tables
from batches.watched.tables import SWING
from batches.watching import golden
from batches.watching import model as watching
from batches.watching.model import Model
from portal.actor import Actor

BATCHES_LEAST, BATCHES_MOST = 2, 100
TOO_LITTLE: Final = "too_little"


@dataclass(frozen=True, slots=True)
class Learned:
    """A document with its digest, and in short what is in it."""

    body: str
    digest: str
    short: dict[str, Any]


def candidates(actor: Actor, space_id: Any, recipe_number: str) -> list[Batch]:
    """Return the complete batches of a recipe that were not rejected, the latest first."""
    rejected = (
        Disposition.objects.visible_to(actor)
        .filter(space_id=space_id, decision=Decision.REJECTED)
        .values_list("batch_id", flat=True)
    )
    rows = Batch.objects.visible_to(actor).filter(
        space_id=space_id, recipe_version__number=recipe_number, state=BatchState.COMPLETE
    )
    return list(rows.exclude(pk__in=list(rejected)).order_by("-started_at", "pk"))


def gather(actor: Actor, batches: Sequence[Batch], swings: Sequence[str]) -> tuple[Any, ...]:
    """Read what a watch is learned from: grid, codes, and one table a batch. Takes seconds."""
    executed = tables.watched(actor, batches)
    known = sorted(set.intersection(*(set(each.ids) for each in executed))) if executed else []
    grid = tables.lay_grid(executed, known, fine=bool(swings))
    codes = [*known, *(f"{code}{SWING}" for code in swings if code in known)]
    return grid, codes, [tables.read_table(grid, each, codes) for each in executed]


def learn(named: Sequence[str], grid: Any, codes: Sequence[str], found: Sequence[Any]) -> Learned:
    """Learn from what was gathered; pure, takes seconds. Raises: TooLittle."""
    model = watching.learn_tables(named, grid, codes, found)
    body = json.dumps(watching.to_document(model), allow_nan=False, separators=(",", ":"), sort_keys=True)
    return Learned(body, digest_of(body), _short(model))


def read_document(body: str, digest: str) -> Model:
    """Read a model back. Raises: ValueError where it is not what was signed."""
    if digest_of(body) != digest:
        raise ValueError("The document of a watch is not the one whose digest was signed.")
    return watching.from_document(json.loads(body))


def digest_of(body: str) -> str:
    """Return the SHA-256 of a document, in hex."""
    return hashlib.sha256(body.encode()).hexdigest()


def _short(model: Model) -> dict[str, Any]:
    return {
        "lines": {
            code: {"level": line.level is not None, "rules": list(line.level.rules) if line.level else []}
            for code, line in model.lines.items()
        },
        "phases": [[lane.code, lane.step_s, lane.positions] for lane in model.grid.lanes],
        "components": 0 if model.golden is None else len(model.golden.variances),
        "batches": len(model.trained_on),
        "needed": golden.FEWEST_BATCHES,
    }
