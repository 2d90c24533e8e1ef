"""The Administration page: people, seats, keys and sites of one's own organisation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import founding, invitations, people, proposing
from portal.actor import Side
from portal.directory import Directory, PersonLine, read_directory, seat_for_one_act, seat_to_end
from portal.errors import DomainError, Invalid, Refused
from portal.forms import (
    AttachSiteForm,
    InspectorForm,
    KeyForm,
    PersonForm,
    ReasonForm,
    SeatForm,
    ServiceForm,
    SiteForm,
    explain,
)
from portal.four_eyes import STEPS, takes_two_to_key, takes_two_to_seat
from portal.pages import Page, PageRequest
from portal.queries.proposals import list_proposals
from portal.queries.rooms import list_rooms
from portal.shell import zone_of
from portal.states import PersonKind


class AdministrationPage(Page):
    """Show the organisation's directory with its forms."""

    here: ClassVar[str] = "administration"
    template_name: ClassVar[str] = "portal/administration.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the directory and empty forms."""
        directory = read_directory(request.actor)
        return {
            "directory": directory,
            **_forms(directory, zone_of(request)),
            "tab": request.GET.get("tab", "people"),
            "rooms": sorted(list_rooms(request.actor).values(), key=lambda each: each.program.code),
            "proposals": list_proposals(request.actor),
            "steps": STEPS.values(),
        }

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the refusal alone when the reader administers nothing."""
        if isinstance(error, Refused):
            with reading(request.actor):
                context = {"here": self.here, "refusal": error}
                return render(request, "portal/refused.html", context, status=error.status)
        return super().refused(request, error, **kwargs)


def _forms(directory: Directory, zone: str) -> dict[str, forms.Form]:
    systems = _open_accounts(directory.services)
    everyone = [(_("People"), _open_accounts(directory.people)), (_("Systems"), systems)]
    sides = sorted({each.side for each in directory.places})
    sites = [(each.pk, each.name) for each in directory.sites]
    return {
        "person_form": PersonForm(),
        "service_form": ServiceForm(),
        "seat_form": SeatForm(zone=zone, people=everyone, targets=_targets(directory), sides=sides),
        "key_form": KeyForm(services=systems, programs=directory.programs(*Side)),
        "site_form": SiteForm(),
        "attach_form": AttachSiteForm(sites=sites, programs=directory.programs(Side.MANUFACTURER)),
        "reason_form": ReasonForm(),
        "confirm_form": forms.Form(),
        "inspector_form": InspectorForm(zone=zone, programs=directory.programs(*Side)),
    }


def _open_accounts(lines: list[PersonLine]) -> list[tuple[str, str]]:
    return [(str(each.person_id), each.name) for each in lines if each.is_active]


def _targets(directory: Directory) -> list[tuple[str, list[tuple[str, str]]]]:
    own = directory.organisation
    partnerships = [
        (str(each.id), directory.names[each.id]) for each in directory.places if not each.is_program
    ]
    return [
        (_("One program"), [(str(pk), code) for pk, code in directory.programs(*Side)]),
        (_("All programs of a partnership, now and later"), partnerships),
        (_("Own organisation"), [(str(own.pk), own.name)]),
    ]


class AdministrationStep(AdministrationPage):
    """One change: a form, an action, back to the page; a form with faults is shown again in words."""

    form_name: ClassVar[str] = ""
    tab: ClassVar[str] = "people"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(reverse("administration"))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = self.bound(asked)
        if form.is_valid():
            try:
                words = self.act(asked, form, **kwargs)
            except DomainError as error:
                if isinstance(error, Refused):
                    raise
                explain(form, error)
            else:
                return self.done(asked, words)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={self.form_name: form, "tab": self.tab})

    def bound(self, request: PageRequest) -> forms.Form:
        """Return the page's form of this step, filled with what was sent."""
        empty = _forms(read_directory(request.actor), zone_of(request))[self.form_name]
        empty.data, empty.is_bound = request.POST, True
        return empty

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """Call the action; return the words of the confirmation."""
        raise NotImplementedError

    def done(self, request: PageRequest, words: str) -> HttpResponse:
        """Go back to the page with a confirmation."""
        messages.success(request, words)
        return HttpResponseRedirect(f"{reverse('administration')}?tab={self.tab}")


def own_organisation(request: PageRequest) -> UUID:
    """Return the organisation of the reader. Raises: Refused."""
    organisation_id = request.actor.organisation_id
    if organisation_id is None:
        raise Refused("Administration belongs to an organisation.")
    return organisation_id


class AddPerson(AdministrationStep):
    """Make an account for a person."""

    form_name: ClassVar[str] = "person_form"

    def act(self, request: PageRequest, form: forms.Form, **_kwargs: Any) -> str:
        """Add the member."""
        member = people.add_member(request.actor, own_organisation(request), **form.cleaned_data)
        return _("%(name)s is sent a link to set the own password with.") % {"name": member.name}


class AddService(AdministrationStep):
    """Make a service account."""

    form_name: ClassVar[str] = "service_form"
    tab: ClassVar[str] = "keys"

    def act(self, request: PageRequest, form: forms.Form, **_kwargs: Any) -> str:
        """Add the service."""
        name = form.cleaned_data["name"]
        people.add_member(
            request.actor, own_organisation(request), email="", name=name, kind=PersonKind.SERVICE
        )
        return _("%(name)s is a service account now; give it a seat, then a key.") % {"name": name}


class GiveSeat(AdministrationStep):
    """Seat somebody."""

    form_name: ClassVar[str] = "seat_form"

    def act(self, request: PageRequest, form: forms.Form, **_kwargs: Any) -> str:
        """Give the assignment."""
        given = form.cleaned_data
        side, _colon, role = given["role"].partition(":")
        if takes_two_to_seat(role):
            if (side, given["target"]) != (Side.BOTH, str(own_organisation(request))):
                words = _("An administrator administers the organisation: choose it as the place.")
                raise Invalid(words, errors={"target": [words]})
            proposing.propose_administrator(
                request.actor,
                own_organisation(request),
                person_id=UUID(given["person"]),
                role=role,
                code=given["code"],
                valid_until=given["valid_until"],
                reason=given["reason"],
            )
            return _("Proposed; another administrator confirms it within a week.")
        people.give_assignment(
            request.actor,
            own_organisation(request),
            person_id=UUID(given["person"]),
            target_id=UUID(given["target"]),
            side=Side(side),
            role=role,
            code=given["code"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
        )
        return _("The seat is given.")


class AddSite(AdministrationStep):
    """Enter a plant."""

    form_name: ClassVar[str] = "site_form"
    tab: ClassVar[str] = "sites"

    def act(self, request: PageRequest, form: forms.Form, **_kwargs: Any) -> str:
        """Add the site."""
        site = founding.add_site(request.actor, own_organisation(request), **form.cleaned_data)
        return _("%(name)s is a site now; attach it to the programs made there.") % {"name": site.name}


class AttachSite(AdministrationStep):
    """Make a plant known to a program."""

    form_name: ClassVar[str] = "attach_form"
    tab: ClassVar[str] = "sites"

    def act(self, request: PageRequest, form: forms.Form, **_kwargs: Any) -> str:
        """Attach the site, seated in the program for this act alone."""
        program_id = UUID(form.cleaned_data["program"])
        with reading(request.actor):
            seated = seat_for_one_act(request.actor, program_id)
        attached = founding.attach_site(seated, UUID(form.cleaned_data["site"]), program_id=program_id)
        return _("Batches can be planned at %(name)s now.") % {"name": attached.name}


class EndStep(AdministrationStep):
    """End something with a reason."""

    form_name: ClassVar[str] = "reason_form"
    ends: ClassVar[Callable[..., Any]]
    words: ClassVar[str] = ""

    def act(self, request: PageRequest, form: forms.Form, **kwargs: Any) -> str:
        """End it."""
        with reading(request.actor):
            seated = seat_to_end(request.actor, kwargs["record_id"])
        type(self).ends(seated, kwargs["record_id"], reason=form.cleaned_data["reason"])
        return _(self.words)


class CloseMember(EndStep):
    """Close an account."""

    ends = staticmethod(people.close_member)
    words: ClassVar[str] = "The account is closed; its sessions and keys end now."


class SendLink(EndStep):
    """Send a link to set the password with; the one before is over."""

    ends = staticmethod(invitations.make_link)
    words: ClassVar[str] = "A new link is on its way; it works once, for three days."


class WithdrawLink(EndStep):
    """End a link before it is used."""

    ends = staticmethod(invitations.withdraw_link)
    words: ClassVar[str] = "The link is withdrawn."


class EndSeat(EndStep):
    """End a seat."""

    ends = staticmethod(people.end_assignment)
    words: ClassVar[str] = "The seat has ended."


class RevokeKey(EndStep):
    """Withdraw a key."""

    ends = staticmethod(people.revoke_key)
    words: ClassVar[str] = "The key is revoked."
    tab: ClassVar[str] = "keys"


class IssueKey(AdministrationStep):
    """Issue a key and show it this once."""

    form_name: ClassVar[str] = "key_form"
    tab: ClassVar[str] = "keys"
    token: str = ""
    text: str = ""

    def act(self, request: PageRequest, form: forms.Form, **_kwargs: Any) -> str:
        """Issue the key."""
        given = form.cleaned_data
        self.token = people.fresh_token()
        issue: Callable[..., Any] = people.issue_key
        if takes_two_to_key(given["scopes"]):
            issue = proposing.propose_key
            self.text = _(
                "It opens nothing until another administrator has confirmed it. It is shown only now and kept"
                " only as a hash."
            )
        issue(
            request.actor,
            own_organisation(request),
            person_id=UUID(given["service"]),
            label=given["label"],
            token=self.token,
            scopes=given["scopes"],
            program_ids=[UUID(each) for each in given["programs"]],
            expires_at=timezone.now() + timedelta(days=given["days"]),
            **({"shows": given["shows"]} if given["shows"] and issue is people.issue_key else {}),
        )
        return str(given["label"])

    def done(self, request: PageRequest, words: str) -> HttpResponse:
        """Show the page with the token; it is not kept and cannot be shown again."""
        extra = {"token": self.token, "token_name": words, "token_text": self.text, "tab": self.tab}
        with reading(request.actor):
            response = self.show(request, status=201, extra=extra)
        response.headers["Cache-Control"] = "no-store"
        return response
