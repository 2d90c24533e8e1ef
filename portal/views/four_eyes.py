"""The part of Administration where one administrator confirms what another proposed."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import proposing
from portal.pages import PageRequest
from portal.queries.proposals import seated_for
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


class InviteInspector(AdministrationStep):
    """Ask for an inspector to be let into one program for a time."""

    form_name: ClassVar[str] = "inspector_form"
    tab: ClassVar[str] = "four_eyes"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Propose it."""
        given = form.cleaned_data
        proposing.propose_inspection(
            request.actor,
            own_organisation(request),
            email=given["email"],
            name=given["name"],
            authority=given["authority"],
            program_id=UUID(given["program"]),
            code=given["code"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
        )
        return _("Proposed. Once another administrator has confirmed, the inspector is sent a link.")


class ConfirmProposal(AdministrationStep):
    """Take the step that another administrator proposed."""

    form_name: ClassVar[str] = "confirm_form"
    tab: ClassVar[str] = "four_eyes"

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Confirm it."""
        with reading(request.actor):
            seated = seated_for(request.actor, kwargs["record_id"])
        proposing.confirm_proposal(seated, kwargs["record_id"])
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
