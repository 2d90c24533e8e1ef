"""The batch that takes the data, as the REST interface shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from batches.replay.problems import TargetProblem
from batches.rest_client import RequestRefused, RestClient

NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Target:
    """A batch, when it started, and the unit of each of its parameters."""

    batch_id: str
    number: str
    started_ms: int
    units: Mapping[str, str]


def find_target(client: RestClient, batch: str, program: str | None) -> Target:
    """Find a batch by id or number, in one program (id or code) or all. Raises: TargetProblem."""
    row = _by_id(client, batch) if _is_id(batch) else _by_number(client, batch, program)
    detail = row if row.get("parameters") else client.get(f"batches/{row['id']}/")
    number = str(detail["number"])
    if not detail.get("started_at"):
        raise TargetProblem(f"{number} has not started; readings are taken from one hour before its start.")
    if not detail.get("parameters"):
        raise TargetProblem(f"The recipe of {number} has no parameters.")
    started = datetime.fromisoformat(detail["started_at"])
    units = {row["code"]: str(row.get("unit") or "") for row in detail["parameters"]}
    return Target(str(detail["id"]), number, round(started.timestamp() * 1000), units)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _by_id(client: RestClient, batch_id: str) -> dict[str, Any]:
    try:
        return client.get(f"batches/{batch_id}/")
    except RequestRefused as refused:
        if refused.status == NOT_FOUND:
            raise TargetProblem(f"There is no batch {batch_id} that this key may see.") from None
        raise


def _by_number(client: RestClient, number: str, program: str | None) -> dict[str, Any]:
    params = {"program": _program_id(client, program)} if program else {}
    found = [row for row in client.rows("batches/", params) if row["number"] == number]
    if not found:
        where = f" in program {program}" if program else ""
        raise TargetProblem(f"There is no batch {number}{where} that this key may see.")
    if len(found) > 1:
        raise TargetProblem(f"{len(found)} programs have a batch {number}; say which with --program.")
    return found[0]


def _program_id(client: RestClient, program: str) -> str:
    if _is_id(program):
        return program
    for row in client.rows("programs/"):
        if row.get("code") == program:
            return str(row["id"])
    raise TargetProblem(f"There is no program {program} that this key may see.")
