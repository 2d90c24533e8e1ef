"""The part of Administration where one administrator confirms what another proposed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _

from portal.actions import proposing
from portal.pages import PageRequest
from portal.views.administration import AdministrationStep, own_organisation


class ProposeReset(AdministrationStep):
    """Ask for somebody's password and second factor to be reset."""

    form_name: ClassVar[str] = "reason_form"
    tab: ClassVar[str] = "four_eyes"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Propose it."""
        proposing.propose_reset(
            request.actor,
            own_organisation(request),
            person_id=kwargs["person_id"],
            reason=form.cleaned_data["reason"],
        )
        return _("Proposed. Once another administrator has confirmed, a link is sent to set a new password.")


class ConfirmProposal(AdministrationStep):
    """Take the step that another administrator proposed."""

    form_name: ClassVar[str] = "confirm_form"
    tab: ClassVar[str] = "four_eyes"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Confirm it."""
        proposing.confirm_proposal(request.actor, kwargs["record_id"])
        return _("Confirmed, and done.")


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
