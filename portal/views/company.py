"""Signing in by the own organisation: ask its provider, and let in whom its answer is about."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic.edit import FormView

from portal.actions.company import link_identity
from portal.errors import Refused
from portal.forms_signing_in import CompanyForm
from portal.middleware import actor_of, origin_of
from portal.models import CompanySignIn, Person
from portal.oidc import Asked, Identity, NotTrusted, answer, ask
from portal.queries.company import client_of, find_by_domain, find_linked, find_provider, find_to_link
from portal.second_factors import SHOWN_ELSEWHERE
from portal.views.proving import ASKED, come_back

log = structlog.get_logger(__name__)


class CompanyPage(FormView):  # type: ignore[type-arg]  # generic in the stubs only
    """Ask for the address: its domain names the organisation, whether or not the person has an account."""

    form_class = CompanyForm
    template_name = "account/company.html"

    def form_valid(self, form: CompanyForm) -> HttpResponse:
        """Show where to go: the content security policy lets no form lead to another site."""
        try:
            provider = _known(find_by_domain(form.cleaned_data["email"]))
            address, asked = ask(client_of(provider))
        except NotTrusted as error:
            log.info("company_sign_in_not_asked", reason=str(error))
            words = _("No organisation signs in people of this address here, or it does not answer.")
            form.add_error("email", words)
            return self.form_invalid(form)
        self.request.session[ASKED] = {"provider": str(provider.pk), **asdict(asked)}
        context = {"address": address, "host": urlsplit(address).hostname}
        return self.render_to_response(self.get_context_data(form=form, **context))


class CompanyBack(View):
    """Take the provider's answer. Whatever is wrong with it is told in one sentence."""

    def get(self, request: HttpRequest, provider_id: UUID) -> HttpResponse:
        """Let in, or lead back."""
        kept: dict[str, Any] = request.session.pop(ASKED, None) or {}
        asked_of, signing = kept.pop("provider", ""), kept.pop("signing", None)
        try:
            provider = _known(find_provider(provider_id) if asked_of == str(provider_id) else None)
            identity = answer(client_of(provider), Asked(**kept), request.GET.dict())
            if signing:
                return come_back(request, provider_id, identity, signing)
            person = _person(request, provider, identity)
        except NotTrusted as error:
            log.warning("company_sign_in_refused", provider=str(provider_id), reason=str(error))
            if signing:
                return come_back(request, provider_id, None, signing)
            words = _("Your organisation's sign-in did not let you in here. Ask your administrator.")
            messages.error(request, words)
            return HttpResponseRedirect(reverse("account_login"))
        return _let_in(request, person, has_shown_mfa=provider.trusts_mfa and identity.has_shown_mfa)


def _known(provider: CompanySignIn | None) -> CompanySignIn:
    if provider is None:
        raise NotTrusted("not asked")
    return provider


def _person(request: HttpRequest, provider: CompanySignIn, identity: Identity) -> Person:
    """Return whom the provider means, linked now if it is the first time. Raises: NotTrusted."""
    found = find_linked(provider, identity.subject)
    if found is not None:
        return found
    person = find_to_link(provider, identity)
    if person is None:
        raise NotTrusted("nobody")
    try:
        link_identity(actor_of(person).via(origin_of(request)), provider.pk, identity)
    except Refused as error:
        raise NotTrusted("nobody") from error
    return person


def _let_in(request: HttpRequest, person: Person, *, has_shown_mfa: bool) -> HttpResponse:
    """Go on to our own second step, unless the organisation's word for one is taken."""
    login: Any = Login(user=person, email=person.email)
    record_authentication(request, person, "company", mfa=has_shown_mfa or None)
    if has_shown_mfa:
        LoginStageController(request, login).set_handled(AuthenticateStage.key)
    response: HttpResponse = perform_login(request, login)
    if has_shown_mfa and request.user.is_authenticated:
        request.session[SHOWN_ELSEWHERE] = True
    return response
