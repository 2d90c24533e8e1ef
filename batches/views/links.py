"""Links of a lot with lots of other programs, on the page of the lot."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from batches.actions.links import end_link, link_lots
from batches.forms_lots import EndLinkForm, LinkForm
from batches.models import Lot
from batches.queries.links import Link, links_of
from batches.queries.lots import get_lot
from batches.states import LINKERS, LotState
from batches.views.lots import TONES, LotPage
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.pages import PageRequest
from portal.queries.rooms import list_rooms

CHOICES_MAX: Final = 200
Context = dict[str, Any]


class LotLinksPage(LotPage):
    """The lot, with the form that links it; both forms are sent here."""

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the page of the lot with its links and, for who may link, the forms."""
        found = super().context(request, **kwargs)
        lot, actor = found["lot"], request.actor
        links = links_of(actor, lot.pk)
        return found | {
            "links": [_row(actor, lot, each) for each in links],
            "link_form": _link_form(actor, lot),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Draw or end a link."""
        asked, lot_id, is_end = cast("PageRequest", request), kwargs["lot_id"], "link" in request.POST
        with reading(asked.actor):
            lot = get_lot(asked.actor, lot_id)
            form = EndLinkForm(asked.POST) if is_end else _link_form(asked.actor, lot, asked.POST)
        if form is None:
            raise Refused(_("Lots are linked across programs by the sponsor's quality unit and CMC."))
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                if is_end:
                    end_link(asked.actor, given.pop("link"), **given)
                else:
                    link_lots(asked.actor, lot_id, other_id=UUID(given["other"]))
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("The link has ended.") if is_end else _("The lots are linked."))
                return HttpResponseRedirect(f"/lots/{lot_id}/", status=303)
        with reading(asked.actor):
            extra = {"sent_end": form} if is_end else {"link_form": form, "is_linking": True}
            return self.show(asked, status=400, extra=extra, **kwargs)


def _row(actor: Actor, lot: Lot, link: Link) -> Context:
    may = link.row.ended_at is None and link.other_lot is not None and actor.holds(lot.space_id, *LINKERS)
    form = EndLinkForm(
        initial={"link": link.row.pk, "version": link.row.version}, auto_id=f"link-{link.row.pk}-%s"
    )
    return {
        "link": link.row,
        "other": link.other_lot,
        "tone": TONES[LotState(link.row.other_state)],
        "form": form if may else None,
    }


def _link_form(actor: Actor, lot: Lot, data: Any = None) -> LinkForm | None:
    """Return the form with lots of the reader's other programs, the newest first; None for who may not."""
    if not actor.holds(lot.space_id, *LINKERS):
        return None
    rooms = list_rooms(actor)
    others = [key for key in rooms if key != lot.space_id and actor.holds(key, *LINKERS)]
    rows = Lot.objects.visible_to(actor).filter(space_id__in=others).order_by("-received_at", "id")
    lots = [
        (str(each.pk), f"{rooms[each.space_id].program.code}: {each.number}, {each.title}")
        for each in rows[:CHOICES_MAX]
    ]
    return LinkForm(data, lots=lots, auto_id="link-%s") if lots else None
