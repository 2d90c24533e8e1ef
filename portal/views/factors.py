"""Changing what proves that it is oneself, where the sign-in library's own page asks too little."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.views import PasswordChangeView
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.views import DeactivateTOTPView
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from portal.actions.own_access import change_own_sign_in
from portal.forms_signing_in import BothForm
from portal.middleware import own_actor
from portal.models import Person
from portal.second_factors import may_go, one_removal_at_a_time

View = Callable[..., HttpResponseBase]


def noted(view: View) -> View:
    """Let what a signed-in person changes on a page of the sign-in library be an action of theirs."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        actor = own_actor(request, request.user)
        return change_own_sign_in(actor, lambda: view(request, *args, **kwargs))

    return asked


class ChangePassword(LoginRequiredMixin, PasswordChangeView):  # type: ignore[misc]  # allauth ships no types
    """Change the password; who has none yet comes in by the own organisation and is told so."""

    success_url = reverse_lazy("security")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back who has none."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            messages.info(request, _("You have no password here: your organisation signs you in."))
            return HttpResponseRedirect(reverse("security"))
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class NewCodes(LoginRequiredMixin, FormView):  # type: ignore[type-arg]  # generic in the stubs only
    """Make new recovery codes: password and one-time code are asked, whatever was asked a moment ago."""

    form_class = BothForm
    template_name = "mfa/recovery_codes/generate.html"
    success_url = reverse_lazy("mfa_view_recovery_codes")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form who is signed in."""
        return super().get_form_kwargs() | {"user": self.request.user}

    def form_valid(self, form: BothForm) -> HttpResponse:
        """Replace the codes; the next page shows them once."""
        self.request.session.cycle_key()
        reauthenticate_by_password(self.request)
        actor = own_actor(self.request, cast("Person", self.request.user))
        change_own_sign_in(actor, lambda: generate_recovery_codes(self.request))
        return super().form_valid(form)


class OneAtATime:
    """Judge and remove a second factor while no other request of the person does."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Remove it, or say why not."""
        with one_removal_at_a_time(cast("Person", request.user)):
            response: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]  # of the view
        return response


class RemoveTotp(OneAtATime, DeactivateTOTPView):  # type: ignore[misc]  # allauth ships no types
    """Remove the authenticator app while another second factor stays."""


class RemoveKey(OneAtATime, RemoveWebAuthnView):  # type: ignore[misc]  # allauth ships no types
    """Remove a passkey or security key while another second factor stays."""

    success_url = reverse_lazy("security")

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it, or say why not."""
        if not may_go(self.object):
            messages.error(self.request, _("This is your only second factor. Set up another one first."))
            return HttpResponseRedirect(self.get_success_url())
        response: HttpResponse = super().form_valid(form)
        return response
