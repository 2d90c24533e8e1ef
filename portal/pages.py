"""What every page stands on: signed in past the second factor, one reading context, refusals in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar, Final, cast
from urllib.parse import quote

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views import View
from django_htmx.middleware import HtmxDetails

from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound
from portal.looks import note_look

SAFE: Final = ("GET", "HEAD")


class PageRequest(HttpRequest):
    """A request whose actor is known; the type pages name."""

    actor: Actor
    htmx: HtmxDetails


class Page(View):
    """A page. `get` runs and renders inside `reading(actor)`; `post` calls one action and goes on.

    A refusal of an action (any DomainError) shows the same page again with the error's words and status; a
    record that is not there, or not for this reader, is the 404 page.
    """

    here: ClassVar[str] = ""
    template_name: ClassVar[str] = ""
    # The part of the address that names a batch: to open its page is a look at it.
    looks_at: ClassVar[str] = ""
    request: PageRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send strangers to sign-in, then run the handler in its context."""
        if getattr(request, "actor", None) is None:
            return to_sign_in(request)
        asked = cast("PageRequest", request)
        try:
            if any("\x00" in given for each in request.POST.lists() for given in each[1]):
                raise BadRequest("Text holds no U+0000.")
            if request.method in SAFE:
                with reading(asked.actor):
                    response = super().dispatch(request, *args, **kwargs)
                if self.looks_at and response.status_code == HTTPStatus.OK and is_look(asked):
                    note_look(asked.actor, kwargs[self.looks_at])
                return response
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error
        except DomainError as error:
            return self._told(asked, error, **kwargs)

    def _told(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        try:
            return self.refused(request, error, **kwargs)
        except NotFound as gone:
            # Out of sight meanwhile: there is no page to say the refusal on.
            raise Http404(gone.detail) from gone

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return what the template shows; runs inside reading."""
        return {}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        return self.show(cast("PageRequest", request), **kwargs)

    def show(
        self, request: PageRequest, *, status: int = 200, extra: dict[str, Any] | None = None, **kwargs: Any
    ) -> HttpResponse:
        """Render the template, or with `partial` in the context only that part of it."""
        context = {"here": self.here, **self.context(request, **kwargs), **(extra or {})}
        part = context.get("partial")
        name = f"{self.template_name}#{part}" if part else self.template_name
        return render(request, name, context, status=status)

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the page again with what was refused, why, what would be accepted; nothing typed is lost."""
        extra = {"refusal": error, "given": request.POST, "errors": error.errors}
        with reading(request.actor):
            return self.show(request, status=error.status, extra=extra, **kwargs)


def is_look(request: HttpRequest) -> bool:
    """Say whether a person asked for the page: a poll and a part that renews itself are no look."""
    return request.method == "GET" and request.headers.get("X-Covalent-Background") != "1"


def to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    """Send a stranger to sign-in, a person without a second factor to its set-up."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
    return HttpResponseRedirect(f"{reverse('account_login')}?next={quote(request.get_full_path())}")
