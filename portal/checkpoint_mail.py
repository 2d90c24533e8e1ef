"""The newest checkpoints of what an organisation may follow, as a mail that tells nothing else.

Who holds a checkpoint outside this product can show later that an export is whole and unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.mime.text import MIMEText
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions.mailing import Recipient
from portal.actor import Actor, Seat, Side, system_id
from portal.checkpoints import find_newest, is_held, signed_note
from portal.directory import list_places
from portal.log_keys import origin_of
from portal.streams import ChainKey, audiences_of

HOW: Final = "mail"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One checkpoint for one organisation; `actor` is the courier in its seat."""

    actor: Actor
    chain: ChainKey
    size: int
    note: str
    is_held: bool


def seat_courier(organisation_id: UUID, space_id: UUID, side: Side) -> Actor:
    """Return the courier as it sees one space for an organisation: from the organisation's side alone."""
    seat = Seat(space_id, side, frozenset({"system"}), "system courier")
    return Actor(system_id("courier"), "system", organisation_id, {space_id: (seat,)})


def collect(organisation_id: UUID) -> list[Sheet]:
    """Return the newest checkpoint of each chain that the organisation may follow, its own space first."""
    at_home = seat_courier(organisation_id, organisation_id, Side.BOTH)
    with reading(at_home):
        places = list_places(organisation_id)
        sheets = _sheets_of(at_home, organisation_id)
    for place in places:
        with reading(seat_courier(organisation_id, place.id, place.side)) as actor:
            sheets += _sheets_of(actor, place.id)
    return sheets


def _sheets_of(actor: Actor, space_id: UUID) -> list[Sheet]:
    sheets = []
    for audience in audiences_of(actor, space_id):
        chain = ChainKey(space_id, audience)
        newest = find_newest(actor, chain)
        if newest is not None and actor.organisation_id is not None:
            held = is_held(chain, newest.size, actor.organisation_id, HOW)
            sheets.append(Sheet(actor, chain, newest.size, signed_note(actor, chain, newest), held))
    return sheets


def compose_checkpoints(recipient: Recipient, sheets: Sequence[Sheet]) -> EmailMessage:
    """Return the mail: neutral words, the names of the chains as logs, each checkpoint as a file."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    day = recipient.day.isoformat()
    return EmailMessage(
        subject=_("Signed checkpoints of %(day)s from Covalent") % {"day": day},
        body="\n\n".join(
            (
                _("Attached are the newest signed checkpoints of all that your organisation may read."),
                _(
                    "Keep them where you keep what must not be lost. Whoever holds one can show later that an"
                    " export has every entry up to it, unchanged; no account is needed for that:"
                ),
                "python3 verify.py EXPORT.zip --checkpoint FILE",
                "\n".join(origin_of(each.chain) for each in sheets),
            )
        )
        + "\n",
        to=[recipient.address],
        attachments=[_file(each) for each in sheets],
        # The same for every attempt: who gets it twice after a crash sees it once.
        headers={
            "Message-ID": f"<{day}.{recipient.person_id.hex}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _file(sheet: Sheet) -> MIMEText:
    # As base64: a signature is over these bytes, and a mail server may rewrap what is text on the wire.
    part = MIMEText(sheet.note, "plain", "utf-8")
    name = f"checkpoint-{sheet.chain.space_id}-{sheet.chain.audience}.txt"
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part
