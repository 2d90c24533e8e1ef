"""The answer: choose and say why, read what one signs, sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions.deciding import (
    answer_decision,
)
from portal.decisions.wording import NONE_OF_THESE
from portal.errors import DomainError
from portal.forms_decisions import AnswerForm
from portal.forms_signing import AnswerSignForm
from portal.pages import Page, PageRequest
from portal.queries.decisions import (
    DecisionDetail,
    answer_to_sign,
    decision_detail,
)
from portal.signable import STATEMENT, STATEMENTS
from portal.states import Meaning
from portal.views.decisions.reading import Shown, seen_version, shown_of
from portal.views.kept import CARRIED, forget_kept, kept_for
from portal.views.proving import forget_word, has_word, shown_in


class AnswerDecision(Page):
    """Choose and say why; read what one signs; sign with password and one-time code."""

    here: ClassVar[str] = "decisions"
    template_name: ClassVar[str] = "portal/decision_answer.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the question with the form of the answer, the choice made already where one came from.

        Who comes back from the own organisation's sign-in finds the answer as it was written, to be signed.
        """
        actor, kept = request.actor, kept_for(request)
        found = decision_detail(actor, kwargs["decision_id"])
        is_back = request.method != "POST" and bool(kept) and not request.GET
        given = request.POST if request.method == "POST" else kept if is_back else None
        form = _answer_form(found, given, {**kept, **request.GET.dict()})
        shown = {
            **shown_of(actor, found),
            "form": form,
            "statement": STATEMENTS[STATEMENT],
            "may_change": bool(kept),
        }
        return {**shown, **(_to_sign(request, shown) if is_back and shown["may_answer"] else {})}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show what would be signed, or sign it."""
        asked = cast("PageRequest", request)
        if "digest" not in asked.POST:
            with reading(asked.actor):
                shown = self.context(asked, **kwargs)
                extra = _to_sign(asked, shown)
                return self.show(asked, status=200 if extra else 400, extra={**shown, **extra}, **kwargs)
        given = asked.POST
        version = seen_version(asked)
        request_ = answer_decision(
            asked.actor,
            kwargs["decision_id"],
            option=given.get("option", ""),
            reason=given.get("reason", "").replace("\r\n", "\n"),
            version=version or 0,
            digest=given.get("digest", ""),
            **shown_in(asked),
        )
        forget_word(asked)
        forget_kept(asked)
        messages.success(asked, _("Answered and signed."))
        return HttpResponseRedirect(reverse("decision", args=[request_.pk]), status=303)

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Say why, with the answer as it was written; no secret is shown again."""
        with reading(request.actor):
            shown = self.context(request, **kwargs)
            extra = _to_sign(request, shown) if shown["may_answer"] else {}
            return self.show(
                request, status=error.status, extra={**shown, **extra, "refusal": error}, **kwargs
            )


def _answer_form(found: DecisionDetail, given: Any, begun: Mapping[str, str]) -> AnswerForm:
    options = [(each.code, f"{each.code}: {each.words}") for each in found.request.choices]
    options.append((NONE_OF_THESE, _("None of these")))
    initial = {name: begun.get(name, "") for name in CARRIED}
    return AnswerForm(given, options=options, initial=initial)


def _to_sign(request: PageRequest, shown: Shown) -> Shown:
    """Return what would be signed, once the answer is whole; nothing while it is not."""
    form: AnswerForm = shown["form"]
    if not form.is_valid():
        return {}
    found: DecisionDetail = shown["found"]
    given = form.cleaned_data
    reason = given["reason"].replace("\r\n", "\n")
    ceremony = answer_to_sign(request.actor, found.request.pk, option=given["option"], reason=reason)
    is_confirmed = has_word(request, ceremony.digest, Meaning.AUTHORED)
    said = {
        "meaning": Meaning.AUTHORED,
        "version": ceremony.record.version,
        "digest": ceremony.digest,
        "option": given["option"],
        "reason": reason,
    }
    return {
        "signing": ceremony,
        "fields": ceremony.shown.fields.items(),
        "option": given["option"],
        "reason": reason,
        "confirmed": is_confirmed,
        "proof": AnswerSignForm(asks=ceremony.ways.asks(confirmed=is_confirmed), initial=said),
    }
