"""What a node may rest on: something of the same deviation or batch that whoever reads the node may read."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from batches.models import Excursion, Parameter, SampleResult, StepEntry
from deviations.inquiry.states import EvidenceKind
from deviations.models import Deviation, NodeEvidence
from portal.actor import Actor
from portal.errors import Invalid
from portal.models import Attachment, RecordQuerySet
from portal.states import Audience

_MODELS: Final[dict[str, Any]] = {
    EvidenceKind.FILE: Attachment,
    EvidenceKind.ENTRY: StepEntry,
    EvidenceKind.RESULT: SampleResult,
    EvidenceKind.EXCURSION: Excursion,
}
OFFERED_MOST: Final = 200


def things_of(actor: Actor, deviation: Deviation, kind: str) -> RecordQuerySet[Any]:
    """Return the files of a deviation, or what of a kind belongs to its batch, as the actor may see it."""
    rows: RecordQuerySet[Any] = _MODELS[kind].objects.visible_to(actor)
    if kind == EvidenceKind.FILE:
        return rows.filter(subject_id=deviation.pk)
    return rows.filter(batch_id=deviation.batch_id)


def require_thing(actor: Actor, deviation: Deviation, kind: str, about_id: UUID, audience: str) -> str:
    """Return the words of what a node rests on. Raises: Invalid, also where its readers could not read it."""
    found = things_of(actor, deviation, kind).with_id(about_id)
    if found is None:
        words = "Nothing of that kind belongs to this deviation or its batch."
        raise Invalid(words, errors={"about": ["Choose something of this deviation or its batch."]})
    _require_readable(str(found.audience), audience)
    title = str(getattr(found, "title", "") or getattr(found, "name", ""))
    return title[:200]


def require_parameter(actor: Actor, deviation: Deviation, code: str, audience: str) -> str:
    """Return the title of a parameter of the deviation's batch. Raises: Invalid."""
    batch = deviation.batch
    known = (
        {
            each.code: each
            for each in Parameter.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
        }
        if batch is not None
        else {}
    )
    found = known.get(code)
    if found is None:
        names = ", ".join(sorted(known)) or "none"
        raise Invalid("The batch has no such parameter.", errors={"parameter": [f"Choose one of: {names}."]})
    _require_readable(str(found.audience), audience)
    return f"{found.title} ({found.code})"


def private_evidence(actor: Actor, deviation: Deviation, rows: list[NodeEvidence]) -> list[str]:
    """Return the words of what nodes rest on that the other side may not read."""
    found = []
    for each in rows:
        if each.about_id is not None:
            thing = things_of(actor, deviation, each.kind).with_id(each.about_id)
            is_shared = thing is not None and thing.audience == Audience.SHARED
        else:
            parameters = Parameter.objects.visible_to(actor).filter(
                recipe_version_id=deviation.batch.recipe_version_id if deviation.batch else None,
                code=each.parameter,
                audience=Audience.SHARED,
            )
            is_shared = parameters.exists()
        if not is_shared:
            found.append(str(each.words))
    return found


def _require_readable(thing: str, audience: str) -> None:
    if audience == Audience.SHARED and thing != Audience.SHARED:
        words = "It is private to your side, and the other side reads this node."
        raise Invalid(words, errors={"about": ["Choose something that both sides may read."]})
