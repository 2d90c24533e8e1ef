"""The page of copies: where the CDMO's own system and the record differ, and a table to take in."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from deviations.actions.mirroring import settle_conflict
from deviations.mirroring.states import MASTERED, ConflictState, SettledBy
from deviations.mirroring.table import BYTES_MAX, COLUMNS, mirror_table
from deviations.queries.mirror import list_conflicts, require_mirrors
from portal.action import reading
from portal.errors import DomainError, Invalid, NotFound, Refused
from portal.models import Program
from portal.pages import Page, PageRequest

SHOWN: Final = 200
REFUSED_SHOWN: Final = 20


class MirrorPage(Page):
    """Conflicts, the newest first; who masters which field; a table of copies to take in."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/mirror.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return open and settled conflicts of the programs whose copies the reader looks after."""
        spaces = require_mirrors(request.actor)
        rows = list_conflicts(request.actor).filter(space_id__in=spaces)
        newest = rows.order_by("-found_at", "-pk")
        titles = {name: words for name, (_master, words) in MASTERED.items()}
        shown = {
            "open": newest.filter(state=ConflictState.OPEN)[:SHOWN],
            "ended": newest.exclude(state=ConflictState.OPEN)[:REFUSED_SHOWN],
        }
        return {
            **{
                name: [{"each": each, "title": titles[each.field]} for each in found]
                for name, found in shown.items()
            },
            "mastered": [(words, master.label) for master, words in MASTERED.values()],
            "outcomes": SettledBy.choices,
            "programs": list(
                Program.objects.visible_to(request.actor).filter(pk__in=spaces).order_by("code")
            ),
            "columns": ", ".join(COLUMNS),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Take a table."""
        asked = cast("PageRequest", request)
        file = asked.FILES.get("table")
        program_id = _uuid(asked.POST.get("program", ""))
        if program_id is None:
            raise NotFound
        if file is None:
            raise Invalid("Choose a table.", errors={"table": ["A CSV file."]})
        # One byte more than is taken: what is larger is told by the rule itself.
        outcome = mirror_table(asked.actor, program_id, file.read(BYTES_MAX + 1))
        messages.success(
            asked,
            _("%(taken)d copies taken, %(made)d of them new here.")
            % {"taken": outcome.accepted, "made": outcome.made},
        )
        for each in outcome.refused[:REFUSED_SHOWN]:
            messages.warning(asked, _("Row %(row)d: %(detail)s") % each)
        if len(outcome.refused) > REFUSED_SHOWN:
            messages.warning(
                asked, _("%d further rows were refused.") % (len(outcome.refused) - REFUSED_SHOWN)
            )
        return HttpResponseRedirect(reverse("deviation_mirror"), status=303)

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Say alone whose page it is, or what is wrong with a table above it."""
        try:
            return super().refused(request, error, **kwargs)
        except Refused:
            with reading(request.actor):
                context = {"here": self.here, "refusal": error}
                return render(request, "portal/refused.html", context, status=error.status)


class SettlePage(MirrorPage):
    """Settle one conflict, then back."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep what was decided."""
        asked = cast("PageRequest", request)
        given = asked.POST.get("outcome", "")
        if given not in SettledBy.values:
            raise Invalid("Say what is right.", errors={"outcome": ["Choose one."]})
        version = asked.POST.get("version", "")
        settle_conflict(
            asked.actor,
            kwargs["conflict_id"],
            outcome=SettledBy(given),
            reason=asked.POST.get("reason", ""),
            version=int(version) if version.isdigit() else None,
        )
        messages.success(asked, _("Settled. Nothing was overwritten."))
        return HttpResponseRedirect(reverse("deviation_mirror"), status=303)


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None
