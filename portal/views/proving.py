"""What a signer is asked besides a password: a key's answer, or to sign in at the own organisation anew."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from portal.action import instant
from portal.actions.proving import begin_ceremony, take_word
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.models import Person
from portal.oidc import ANEW, Identity, NotTrusted, ask
from portal.pages import Page, PageRequest
from portal.proving import CompanyWord, KeyAnswer, binding, company, keys
from portal.queries.company import client_of, company_of, find_provider
from portal.views.kept import keep

# In the session: the question that is out, and the word that came back.
ASKED: Final = "company"
_WORD: Final = "company_word"
_PART_MAX: Final = 100
log = structlog.get_logger(__name__)


def what_of(request: HttpRequest) -> str:
    """Return what a proof is asked for, from the form: digest of what is shown, and what is said of it."""
    given = request.GET if request.method == "GET" else request.POST
    digest, meaning = given.get("digest", ""), given.get("meaning", "")
    if not digest or not meaning or len(digest) > _PART_MAX or len(meaning) > _PART_MAX:
        raise Refused(_("Choose first what your signature says."), code="meaning_missing")
    return binding(digest, meaning)


def shown_in(request: HttpRequest) -> dict[str, Any]:
    """Return what a form showed to prove its sender, as `sign` and `accept_statement` take it."""
    credential, word = request.POST.get("credential", ""), word_of(request)
    return {
        "password": request.POST.get("password", ""),
        "code": request.POST.get("code", ""),
        "key": KeyAnswer(request.POST.get("ceremony", ""), credential) if credential else None,
        # A password that was typed is judged, also when there is a word for something else.
        "word": word if not request.POST.get("password") else None,
    }


def word_of(request: HttpRequest) -> CompanyWord | None:
    """Return the word of the person's organisation that this session holds."""
    kept = request.session.get(_WORD)
    return CompanyWord(**kept) if kept else None


def has_word(request: PageRequest, digest: str, meaning: str) -> bool:
    """Say whether the session holds a word that is good for signing this now."""
    word = word_of(request)
    if word is None:
        return False
    return company.number_of(request.actor.person_id, word, binding(digest, meaning), instant()) is not None


def forget_word(request: HttpRequest) -> None:
    """Take the word out of the session: it was used."""
    request.session.pop(_WORD, None)


class AskKey(Page):
    """What the browser asks the person's keys, for one thing to sign."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> JsonResponse:
        """Return the options. Raises: NotFound for somebody without a key."""
        person = Person.objects.get(pk=self.request.actor.person_id)
        if not keys.has_keys(person):
            raise NotFound
        asked = keys.ask(person, what_of(request), instant())
        return JsonResponse(asked, headers={"Cache-Control": "no-store"})

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say so to the script that asked."""
        return JsonResponse({"detail": str(error.detail)}, status=error.status)


class AskCompany(Page):
    """Ask the person's organisation to let them sign in there once more, for one thing to sign."""

    template_name: ClassVar[str] = "portal/company_word.html"

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead to where one comes from."""
        return HttpResponseRedirect(reverse("security"))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show where to go: the content security policy lets no form lead to another site."""
        asked = cast("PageRequest", request)
        what = what_of(request)
        ceremony = begin_ceremony(asked.actor)
        linked = company_of(asked.actor.person_id)
        provider = find_provider(linked.provider_id) if linked is not None else None
        if provider is None:
            raise Refused(_("Your organisation has no sign-in of its own here."), code="no_company")
        try:
            address, question = ask(client_of(provider), anew=ANEW)
        except NotTrusted as error:
            log.info("company_word_not_asked", reason=str(error))
            raise Refused(
                _("Your organisation's sign-in does not answer. Try again."), code="away"
            ) from error
        back = _own(request, request.POST.get("next", ""))
        keep(request, asked.actor, back)
        request.session[ASKED] = {
            "provider": str(provider.pk),
            "signing": {"token": ceremony.token, "what": what, "next": back},
            **asdict(question),
        }
        context = {"address": address, "host": urlsplit(address).hostname, "back": back}
        return render(request, self.template_name, context)

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say it where the person comes from."""
        messages.error(request, error.detail)
        return HttpResponseRedirect(_own(request, request.POST.get("next", "")), status=303)


def _own(request: HttpRequest, address: str) -> str:
    is_own = url_has_allowed_host_and_scheme(address, allowed_hosts=None) and address.startswith("/")
    return address if is_own else reverse("security")


def come_back(
    request: HttpRequest, provider_id: UUID, identity: Identity | None, kept: dict[str, str]
) -> HttpResponse:
    """Keep the word that a person brought from their organisation, or say what was wrong, where they left."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return HttpResponseRedirect(reverse("account_login"))
    try:
        word = take_word(actor, provider_id, identity, token=kept["token"], what=kept["what"])
    except Refused as error:
        messages.error(request, error.detail)
    else:
        request.session[_WORD] = asdict(word)
    return HttpResponseRedirect(_own(request, kept["next"]))
