"""A deviation with all around it, ready to be taken away: printed, as data, beside its sealed entries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from deviations.api.dossier import deviation_dossier
from deviations.evidence.gathering import Evidence
from deviations.evidence.sections import data_of_evidence, sections_of_evidence
from deviations.queries import deviation_then
from portal.actor import Actor
from portal.dossiers import Dossier


def evidence_dossier(
    actor: Actor, deviation_id: UUID, at: datetime, chains: Collection[str] | None
) -> Dossier:
    """Return the evidence pack of a deviation as of an instant, from all its chains or some.

    Of shared chains it is the same whoever asks. Raises: NotFound.
    """
    whole = deviation_dossier(actor, deviation_id, at, chains)
    found = Evidence(actor, deviation_then(actor, deviation_id, at, chains=chains).deviation, at, chains)
    return replace(
        whole,
        kind=_("Evidence pack"),
        sections=[*whole.sections, *sections_of_evidence(found, whole.zone)],
        row_ids={*whole.row_ids, *found.row_ids},
        data={"deviation": whole.data, **data_of_evidence(found)},
    )
