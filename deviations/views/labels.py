"""Labels to print: a code that opens the log page where one stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import qrcode
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from qrcode.constants import ERROR_CORRECT_Q

from deviations.queries.places import list_grounds, list_rooms
from deviations.views.alone import AlonePage
from portal.actor import Actor
from portal.pages import PageRequest


@dataclass(frozen=True, slots=True)
class Label:
    """One label: what it hangs on, the code as people read it, and the picture that a camera reads."""

    kind: str
    code: str
    title: str
    picture: SafeString


class LabelsPage(AlonePage):
    """The labels of the batches, equipment and rooms that the reader works on."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/labels.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the labels, batches first; `?code=` leaves one alone."""
        chosen = request.GET.get("code", "").strip()
        labels = [each for each in _labels(request.actor) if chosen in ("", each.code)]
        return {"labels": labels, "chosen": chosen}


def _labels(actor: Actor) -> Iterator[Label]:
    batches = [each for ground in list_grounds(actor) for each in ground.batches]
    for each in batches:
        yield Label(_("Batch"), str(each.number), str(each.title), picture_of(str(each.number)))
    for code in sorted({each.equipment for each in batches if each.equipment}):
        yield Label(_("Equipment"), code, "", picture_of(code))
    for code in list_rooms(actor):
        yield Label(_("Room"), code, "", picture_of(code))


def picture_of(code: str) -> SafeString:
    """Return the QR code of the address that opens the log page at this label, as SVG."""
    drawn = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=4)
    drawn.add_data(f"{settings.SITE_URL}{reverse('log_deviation')}?{urlencode({'at': code})}")
    drawn.make(fit=True)
    rows = drawn.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}"><path d="{}"/></svg>',
        len(rows),
        len(rows),
        _("QR code of %s") % code,
        path,
    )
