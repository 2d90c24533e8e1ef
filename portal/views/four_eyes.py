"""The part of Administration where one administrator confirms what another proposed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import proposing
from portal.four_eyes import handed_over
from portal.models import Proposal
from portal.pages import PageRequest
from portal.views.administration import AdministrationStep, own_organisation


class ShowsHalf(AdministrationStep):
    """A step after which half of a temporary password may be shown, this once."""

    form_name: ClassVar[str] = "reason_form"
    tab: ClassVar[str] = "four_eyes"
    half: str = ""

    def done(self, request: PageRequest, words: str) -> HttpResponse:
        """Show the half; it is not stored and not shown again."""
        if not self.half:
            return super().done(request, words)
        text = _("Hand it over in person; the other administrator has the other half. It is shown only now.")
        extra = {"token": self.half, "token_name": words, "token_text": text, "tab": self.tab}
        with reading(request.actor):
            response = self.show(request, status=201, extra=extra)
        response.headers["Cache-Control"] = "no-store"
        return response


class ProposeReset(ShowsHalf):
    """Ask for somebody's password and second factor to be reset."""

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Propose it."""
        proposal = proposing.propose_reset(
            request.actor,
            own_organisation(request),
            person_id=kwargs["person_id"],
            reason=form.cleaned_data["reason"],
        )
        self.half = handed_over(proposal.pk)[0]
        return _("First half of the temporary password, valid once another administrator has confirmed")


class ConfirmProposal(ShowsHalf):
    """Take the step that another administrator proposed."""

    form_name: ClassVar[str] = "confirm_form"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Confirm it."""
        proposal: Proposal = proposing.confirm_proposal(request.actor, kwargs["record_id"])
        if proposal.step != "reset_sign_in":
            return _("Confirmed, and done.")
        self.half = handed_over(proposal.pk)[1]
        return _("Second half of the temporary password")


class RefuseProposal(AdministrationStep):
    """Refuse what another administrator proposed."""

    form_name: ClassVar[str] = "reason_form"
    tab: ClassVar[str] = "four_eyes"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Refuse it."""
        reason = form.cleaned_data["reason"]
        proposing.refuse_proposal(request.actor, kwargs["record_id"], reason=reason)
        return _("Refused; nothing was changed.")


class WithdrawProposal(RefuseProposal):
    """Take one's own proposal back."""

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Take it back."""
        reason = form.cleaned_data["reason"]
        proposing.withdraw_proposal(request.actor, kwargs["record_id"], reason=reason)
        return _("Taken back; nothing was changed.")
