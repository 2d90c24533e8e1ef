"""My security: what proves that it is me, where I am signed in, and whether I may sign."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.actions import signing
from portal.actions.people import sign_out_everywhere
from portal.forms_signing import StatementForm
from portal.pages import Page, PageRequest
from portal.queries.security import read_security
from portal.queries.signatures import own_signer
from portal.signable import STATEMENT, STATEMENTS, accepting
from portal.views.proving import forget_word, has_word, shown_in


class SecurityPage(Page):
    """What proves that it is the reader, and the right to sign with the statement accepted for it."""

    here: ClassVar[str] = "security"
    template_name: ClassVar[str] = "portal/security.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the reader's own factors, sign-ins and right to sign."""
        signer, security = own_signer(request.actor), read_security(request.actor)
        digest, meaning = accepting(STATEMENT)
        confirmed = has_word(request, digest, meaning)
        return {
            "security": security,
            "ends_at": _ends_at(request),
            "signer": signer,
            "needs_statement": signer is not None and signer.statement != STATEMENT,
            "statement": STATEMENTS[STATEMENT],
            "form": StatementForm(
                asks=security.ways.asks(confirmed=confirmed),
                initial={"statement": STATEMENT, "digest": digest, "meaning": meaning},
            ),
            "confirmed": confirmed,
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Accept the statement."""
        asked = cast("PageRequest", request)
        given = asked.POST.get("statement", "")
        signing.accept_statement(
            asked.actor,
            statement=int(given) if given.isdecimal() and len(given) < 5 else 0,  # noqa: PLR2004 - a small integer
            **shown_in(asked),
        )
        forget_word(asked)
        messages.success(asked, _("Accepted. You may sign now."))
        return HttpResponseRedirect(reverse("security"), status=303)


def _ends_at(request: HttpRequest) -> datetime | None:
    began = request.session.get("began_at")
    return datetime.fromtimestamp(began, UTC) + settings.SESSION_ABSOLUTE if began else None


class SignOutEverywhere(Page):
    """End all the reader's own sessions, this one too."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead back to the page that asks."""
        return HttpResponseRedirect(reverse("security"))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """End them."""
        sign_out_everywhere(cast("PageRequest", request).actor)
        return HttpResponseRedirect(reverse("account_login"), status=303)
