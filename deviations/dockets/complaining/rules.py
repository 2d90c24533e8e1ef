"""Complaints as they are kept, and words that may not stand in one: nobody is named."""

from __future__ import annotations

import re
from typing import Any, Final

from django.utils.translation import gettext as _

from batches.models import Batch
from deviations.dockets.complaining.states import (
    COMPLAINT_CLOCK,
    ComplaintOutcome,
    ComplaintState,
    complaint_transitions,
)
from deviations.dockets.desk import Desk, Said, keep
from deviations.dockets.facts import ComplaintMoved
from deviations.models import Complaint
from portal.actor import Actor
from portal.dossiers import both_times
from portal.errors import Invalid

# What tells who somebody is: addresses, numbers to call, birth dates, titles with a name, patient numbers.
PERSONAL: Final = (
    re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    re.compile(r"(?<![\w-])\+?\d[\d ()/-]{8,}\d(?![\w-])"),
    re.compile(r"\b(date of birth|born on|d\.?o\.?b\.?)\b", re.IGNORECASE),
    re.compile(r"\b(Mr|Mrs|Ms|Miss|Dr|Herr|Frau)\.? [A-Z]\w+"),
    re.compile(r"\b(patient|subject|insurance)('s)? (name|number|no\.?|id|initials)\b", re.IGNORECASE),
)


def said_of_complaint(actor: Actor, complaint: Any, zone: str) -> list[Said]:
    """Return what is complained of, about which batch, and by which clause it is answered."""
    batch = Batch.objects.visible_to(actor).with_id(complaint.batch_id)
    at = complaint.received_at
    found = [Said("kind", _("Category"), str(complaint.kind), str(complaint.get_kind_display()))]
    if batch is not None:
        found.append(Said("batch", _("Batch"), str(batch.pk), batch.number, f"/batches/{batch.pk}/"))
    found.append(Said("received_at", _("Received"), at.isoformat(), both_times(at, zone)))
    if complaint.units is not None:
        found.append(Said("units", _("Units"), complaint.units, str(complaint.units)))
    words = str(complaint.clause) or _("none by clause")
    return [*found, Said("clause", _("Clause of the answer"), str(complaint.clause), words)]


COMPLAINTS: Final = keep(
    Desk(
        name="complaint",
        path="complaints",
        prefix="CMP",
        model=Complaint,
        states=ComplaintState,
        steps=lambda complaint: complaint_transitions(complaint.side),
        moved=lambda step, outcome, code: ComplaintMoved(step=step, outcome=outcome, code=code),
        said=said_of_complaint,
        kinds=("complaint.received", "complaint.moved"),
        ended=(ComplaintState.CLOSED,),
        wanted=("investigate", "conclude", "close"),
        clocks=(COMPLAINT_CLOCK,),
        outcomes=ComplaintOutcome,
    )
)


def require_nobody_named(**said: str) -> None:
    """Raise Invalid for words that tell who somebody is; a person still reads what nobody can find here."""
    words = "It seems to say who somebody is. A complaint names no patient and no person; leave that out."
    errors = {name: [words] for name, text in said.items() if any(each.search(text) for each in PERSONAL)}
    if errors:
        raise Invalid(words, errors=errors, code="person_named")
