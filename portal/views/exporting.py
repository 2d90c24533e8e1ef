"""What of a record may be taken away, one copy for each chain that tells of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.checkpoints import chains_with
from portal.dossiers import WHOLE
from portal.states import Audience


def exports_of(actor: Actor, space_id: UUID, record_id: UUID, *, paper: str = WHOLE) -> list[dict[str, Any]]:
    """Return for `export.html` the copies of a record that its reader may take away. Raises: NotFound.

    With another `paper` (portal.dossiers) than the record alone, that is offered first.
    """
    found = []
    for audience in chains_with(actor, space_id, record_id):
        is_shared = audience == Audience.SHARED
        url = f"{reverse('ledger-export', args=[space_id, audience])}?record={record_id}"
        found.append(
            {
                "name": _("What both sides may see") if is_shared else _("With what is private to your side"),
                "note": _("may be handed on") if is_shared else _("stays inside"),
                "zip_url": url,
                "pdf_url": f"{url}&as=pdf",
                "pack_url": f"{url}&paper={paper}" if paper != WHOLE else "",
            }
        )
    return found
