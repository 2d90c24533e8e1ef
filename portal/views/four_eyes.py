"""The part of Administration where one administrator confirms what another proposed."""

from __future__ import annotations

from datetime import UTC
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import proposing
from portal.four_eyes import HANDS_OVER_PASSWORD, handed_over
from portal.models import Proposal
from portal.pages import PageRequest
from portal.queries.proposals import seated_for
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


class InviteInspector(ShowsHalf):
    """Ask for an inspector to be let into one program for a time."""

    form_name: ClassVar[str] = "inspector_form"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Propose it."""
        given = form.cleaned_data
        proposal = proposing.propose_inspection(
            request.actor,
            own_organisation(request),
            email=given["email"],
            name=given["name"],
            authority=given["authority"],
            program_id=UUID(given["program"]),
            code=given["code"],
            valid_from=given["valid_from"].replace(tzinfo=UTC),
            valid_until=given["valid_until"].replace(tzinfo=UTC),
        )
        self.half = handed_over(proposal.pk)[0]
        return _("First half of the inspector's password, valid once another administrator has confirmed")


class ConfirmProposal(ShowsHalf):
    """Take the step that another administrator proposed."""

    form_name: ClassVar[str] = "confirm_form"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Confirm it."""
        with reading(request.actor):
            seated = seated_for(request.actor, kwargs["record_id"])
        proposal: Proposal = proposing.confirm_proposal(seated, kwargs["record_id"])
        if proposal.step not in HANDS_OVER_PASSWORD:
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
