"""Steps of a decision request that take a text at most: ask, write, withdraw."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.actions.deciding import (
    ask_decision,
    withdraw_decision,
    write_message,
)
from portal.pages import PageRequest
from portal.views.decisions.reading import DecisionPage, seen_version


class DecisionStep(DecisionPage):
    """One step that takes a text at most: an action, back to the page."""

    done: ClassVar[str] = ""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(reverse("decision", args=[kwargs["decision_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Act, answer."""
        asked = cast("PageRequest", request)
        self.act(asked, kwargs["decision_id"], version=seen_version(asked))
        messages.success(asked, _(self.done))
        return HttpResponseRedirect(reverse("decision", args=[kwargs["decision_id"]]), status=303)

    def act(self, request: PageRequest, decision_id: UUID, *, version: int | None) -> None:
        """Call the action."""
        raise NotImplementedError


class Ask(DecisionStep):
    """Ask the other side."""

    done: ClassVar[str] = "Asked. The other side is told, and the time runs."

    def act(self, request: PageRequest, decision_id: UUID, *, version: int | None) -> None:
        """Ask."""
        ask_decision(request.actor, decision_id, version=version)


class Withdraw(DecisionStep):
    """Take it back."""

    done: ClassVar[str] = "Withdrawn."

    def act(self, request: PageRequest, decision_id: UUID, *, version: int | None) -> None:
        """Withdraw."""
        reason = request.POST.get("reason", "")
        withdraw_decision(request.actor, decision_id, reason=reason, version=version)


class Talk(DecisionStep):
    """Ask back or explain."""

    done: ClassVar[str] = "Written; both sides read it. It answers nothing."

    def act(self, request: PageRequest, decision_id: UUID, *, version: int | None) -> None:
        """Write."""
        text = request.POST.get("text", "").replace("\r\n", "\n")
        write_message(request.actor, decision_id, text=text, version=version)


STEPS: Final[dict[str, type[DecisionStep]]] = {"ask": Ask, "withdraw": Withdraw, "message": Talk}
