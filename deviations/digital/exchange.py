"""A deviation as a digital deviation, and one that comes in as the copy of another system's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.dateparse import parse_datetime
from jsonschema import Draft202012Validator

from batches.models import Batch
from deviations.digital.schema import FORMAT, digital_schema
from deviations.queries import DeviationDetail, deviation_detail
from deviations.states import JudgementKind
from portal.actor import Actor
from portal.errors import Invalid

ERRORS_MAX: Final = 20
TIMES: Final = ("occurred_at", "detected_at", "aware_at")


def digital_deviation(actor: Actor, deviation_id: UUID) -> dict[str, Any]:
    """Return a deviation as the actor may see it, in the published form. Raises: NotFound."""
    found = deviation_detail(actor, deviation_id)
    row = found.deviation
    said: dict[str, Any] = {
        "format": FORMAT,
        "id": str(row.pk),
        "number": row.number,
        "title": str(row.title),
        "description": str(row.description),
        "immediate_action": str(row.immediate_action),
        "state": str(row.state),
        "classification": found.classification,
        "product_impact": _impact(found),
        "occurred_at": row.occurred_at.isoformat(),
        "detected_at": row.detected_at.isoformat(),
        "aware_at": row.aware_at.isoformat(),
        "recorded_at": row.recorded_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at is not None else None,
        "batch": str(row.batch.number) if row.batch is not None else None,
        "step": str(row.phase.title) if row.phase is not None else None,
        "asset": row.asset,
        "excursion": _excursion(found),
        "conclusion": str(row.end_text),
        "attachments": [
            {"name": str(each.name), "media_type": each.media_type, "size": each.size, "sha256": each.sha256}
            for each in found.files
        ],
    }
    if row.external_id:
        as_of = row.external_as_of.isoformat() if row.external_as_of is not None else None
        said["external"] = {"id": row.external_id, "status": row.external_status, "as_of": as_of}
    return said


def read_digital(actor: Actor, program_id: UUID, said: object) -> dict[str, Any]:
    """Return what a digital deviation says as `mirror_deviation` takes it; its class is a copy alone.

    The sender's number is the external id where it names none. A step, files and the state are the sender's
    own. Raises: Invalid naming what is wrong with the document.
    """
    validator = Draft202012Validator(digital_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    faults: dict[str, list[str]] = {}
    for error in validator.iter_errors(said):
        faults.setdefault(error.json_path, []).append(error.message[:200])
        if len(faults) >= ERRORS_MAX:
            break
    if faults or not isinstance(said, Mapping):
        raise Invalid("This is no digital deviation of the published form.", errors=faults)
    external = said.get("external") or {}
    external_id = external.get("id") or said.get("number", "")
    if not external_id:
        words = "Give external.id, or the sender's number."
        raise Invalid("Say which record is copied.", errors={"$.external.id": [words]})
    given: dict[str, Any] = {
        "external_id": external_id,
        "external_status": external.get("status") or said.get("state"),
        "external_class": external.get("class") or said.get("classification") or "",
        "title": said["title"],
        "description": said["description"],
        "immediate_action": said.get("immediate_action", ""),
    }
    given |= {name: _instant(name, said[name]) for name in TIMES if said.get(name)}
    if external.get("as_of"):
        given["external_as_of"] = _instant("external.as_of", external["as_of"])
    if said.get("batch"):
        rows = Batch.objects.visible_to(actor).filter(space_id=program_id, number=said["batch"])
        batch = rows.first()
        if batch is None:
            words = "No batch of this program has that number."
            raise Invalid("Unknown batch.", errors={"$.batch": [words]})
        given["batch_id"] = batch.pk
    return given


def _impact(found: DeviationDetail) -> str | None:
    given = (each for each in found.judgements if each.kind == JudgementKind.IMPACT)
    newest = next(given, None)
    return str(newest.classification) if newest is not None else None


def _excursion(found: DeviationDetail) -> dict[str, Any] | None:
    excursion = found.deviation.excursion
    if excursion is None:
        return None
    return {
        "title": excursion.title,
        "limit": str(excursion.limit_kind),
        "started_at": excursion.started_at.isoformat(),
        "ended_at": excursion.ended_at.isoformat() if excursion.ended_at is not None else None,
    }


def _instant(name: str, text: str) -> Any:
    at = parse_datetime(text)
    if at is None or at.tzinfo is None:
        raise Invalid("Not an instant.", errors={f"$.{name}": ["RFC 3339, with its offset."]})
    return at
