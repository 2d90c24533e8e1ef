"""Signing a record, and who of an organisation may sign."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import signing
from portal.actions.proposing import propose_signer
from portal.errors import DomainError, NotFound, Refused
from portal.forms_signing import SignerForm, SignForm
from portal.models import Member, Signer
from portal.pages import Page, PageRequest
from portal.queries.signatures import Ceremony, ceremony
from portal.signable import STATEMENT, STATEMENTS, Signable, signable_of
from portal.states import ADMINISTRATORS, Meaning, PersonKind
from portal.views.proving import forget_word, has_word, shown_in


def _signable(kind: str) -> Signable:
    try:
        return signable_of(kind)
    except LookupError as error:
        raise NotFound from error


class SignPage(Page):
    """What is being signed, whole; then meaning, password and one-time code."""

    template_name: ClassVar[str] = "portal/sign.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return what would be signed, as it stands now."""
        signable = _signable(kwargs["kind"])
        found = ceremony(request.actor, signable, kwargs["record_id"])
        return {
            "found": found,
            "fields": found.shown.fields.items(),
            "back": signable.address(found.record),
            **_sign_form(request, found),
            "statement": STATEMENTS[STATEMENT],
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Sign; nothing typed is kept, for it is secret."""
        asked = cast("PageRequest", request)
        signable = _signable(kwargs["kind"])
        meaning = asked.POST.get("meaning", "")
        if meaning not in Meaning.values:
            raise Refused(_("Choose what your signature says."), code="meaning_missing")
        signing.sign(
            asked.actor,
            signable.type,
            kwargs["record_id"],
            meaning=Meaning(meaning),
            version=_number(asked.POST.get("version", "")),
            digest=asked.POST.get("digest", ""),
            **shown_in(asked),
        )
        forget_word(asked)
        messages.success(asked, _("Signed: %s.") % Meaning(meaning).label)
        with reading(asked.actor):
            address = signable.address(signable.find(asked.actor, kwargs["record_id"]))
        return HttpResponseRedirect(address, status=303)


def _sign_form(request: PageRequest, found: Ceremony) -> dict[str, Any]:
    """Return the form with what the signer has; with the own organisation's word, for its meaning alone."""
    confirmed = [each for each in found.meanings if has_word(request, found.digest, each)]
    meaning = request.POST.get("meaning") or request.GET.get("meaning", "")
    open_ = confirmed or found.meanings
    stated = {
        "version": found.record.version,
        "digest": found.digest,
        "meaning": open_[0] if confirmed or len(open_) == 1 else meaning,
    }
    asks = found.ways.asks(confirmed=bool(confirmed))
    form = SignForm(meanings=open_, asks=asks, initial=stated)
    return {"form": form, "confirmed": bool(confirmed)}


def _number(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 10 else 0  # noqa: PLR2004 - fits an integer


class SignersPage(Page):
    """Who of the own organisation may sign, and letting another one."""

    here: ClassVar[str] = "administration"
    template_name: ClassVar[str] = "portal/signers.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the signers with their names. Raises: Refused."""
        actor, space_id = request.actor, _administered(request)
        members = Member.objects.visible_to(actor).filter(space_id=space_id, is_active=True)
        names = {
            each.person_id: each.name
            for each in members.select_related("person").order_by("name")
            if each.person.kind == PersonKind.HUMAN and not each.person.is_guest
        }
        signers = Signer.objects.visible_to(actor).filter(space_id=space_id, withdrawn_at=None)
        rows = [(names.get(each.person_id, ""), each) for each in signers]
        bound = request.POST if request.method == "POST" else None
        return {
            "rows": sorted(rows, key=lambda row: row[0]),
            "form": SignerForm(bound, people=[(str(key), name) for key, name in names.items()]),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a person sign."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = self.context(asked)["form"]
            if not form.is_valid():
                return self.show(asked, status=400)
        given = form.cleaned_data
        propose_signer(
            asked.actor,
            _administered(asked),
            person_id=UUID(given["person"]),
            identity=given["identity"],
            trained_until=datetime.combine(given["trained_until"], time.max, UTC),
        )
        messages.success(
            asked, _("Proposed; another administrator confirms it, then the person accepts the statement.")
        )
        return HttpResponseRedirect(reverse("administration_signers"), status=303)

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the refusal alone when the reader administers nothing."""
        organisation = request.actor.organisation_id
        if organisation is None or not request.actor.holds(organisation, *ADMINISTRATORS):
            context = {"here": self.here, "refusal": error}
            with reading(request.actor):
                return render(request, "portal/refused.html", context, status=error.status)
        return super().refused(request, error, **kwargs)


def _administered(request: PageRequest) -> UUID:
    organisation = request.actor.organisation_id
    if organisation is None or not request.actor.holds(organisation, *ADMINISTRATORS):
        raise Refused("Who may sign is settled by the organisation's administrator.")
    return organisation
