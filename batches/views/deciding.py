"""Deciding a step of a disposition: choose and say why, read what one signs, sign."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.access import get_batch
from batches.actions.disposing import decide_disposition
from batches.disposition.blocks import blocking
from batches.disposition.plan import Link, open_steps
from batches.disposition.signing import Word, meaning_of, needs_answer
from batches.disposition.states import FAVOURABLE, Decision
from batches.forms_disposition import DecideForm, DecisionSignForm
from batches.queries.disposition import Standing, disposition_of, recurring
from batches.queries.disposition_signing import decision_to_sign
from batches.views.disposition import block_row
from batches.views.places import place_of
from portal.action import reading
from portal.errors import DomainError, NotFound
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.signable import STATEMENT, STATEMENTS
from portal.views.kept import forget_kept, kept_for
from portal.views.proving import forget_word, has_word, shown_in

Context = dict[str, Any]
PARTS = ("decision", "reason", "markets", "condition", "answer")


class DecidePage(Page):
    """One step: choose and say why; read what one signs; sign with two proofs."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/decide.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the step with its form; what was written before signing elsewhere comes back."""
        actor, kept = request.actor, kept_for(request)
        batch = get_batch(actor, kwargs["batch_id"])
        standing = disposition_of(actor, batch)
        market = request.POST.get("market", "") or request.GET.get("market", "") or kept.get("market", "")
        link = _link(standing, kwargs["step"], market)
        is_back = request.method != "POST" and bool(kept)
        given = request.POST if request.method == "POST" else kept if is_back else None
        is_open = link in open_steps(standing.links)
        in_way = blocking(standing.blocks, link.planned.step)
        may_say = [each for each in link.may_say if not in_way or each not in FAVOURABLE]
        form = DecideForm(given, may_say=may_say, answers_for=_recurring(standing, link))
        shown: Context = {
            "batch": batch,
            "place": place_of(batch, list_rooms(actor)),
            "url": reverse("batch_disposition", args=[batch.pk]),
            "label": link.planned.step.label,
            "market": market,
            "blocks": [block_row(standing, each) for each in in_way],
            "form": form,
            "may": is_open and bool(may_say) and actor.holds(batch.space_id, *link.planned.roles),
            "statement": STATEMENTS[STATEMENT],
            "may_change": bool(kept),
        }
        return {**shown, **(_to_sign(request, shown, **kwargs) if is_back and shown["may"] else {})}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show what would be signed, or sign it."""
        asked = cast("PageRequest", request)
        if "digest" not in asked.POST:
            with reading(asked.actor):
                shown = self.context(asked, **kwargs)
                extra = _to_sign(asked, shown, **kwargs)
                return self.show(asked, status=200 if extra else 400, extra={**shown, **extra}, **kwargs)
        word = _word(asked, kwargs["step"], asked.POST.get("market", ""))
        decide_disposition(
            asked.actor,
            kwargs["batch_id"],
            step=word.step,
            decision=word.decision,
            reason=word.reason,
            market=word.market,
            markets=word.markets,
            condition=word.condition,
            answer=word.answer,
            digest=asked.POST.get("digest", ""),
            **shown_in(asked),
        )
        forget_word(asked)
        forget_kept(asked)
        messages.success(asked, _("Decided and signed."))
        return HttpResponseRedirect(reverse("batch_disposition", args=[kwargs["batch_id"]]), status=303)

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Say why, with the decision as it was written; no secret is shown again."""
        with reading(request.actor):
            shown = self.context(request, **kwargs)
            extra: Context = {}
            if shown["may"] and "digest" in request.POST:
                try:
                    extra = _to_sign(request, shown, **kwargs)
                except DomainError:
                    extra = {}
            return self.show(
                request, status=error.status, extra={**shown, **extra, "refusal": error}, **kwargs
            )


def _link(standing: Standing, step: str, market: str) -> Link:
    for each in standing.links:
        if (each.planned.step, each.planned.market) == (step, market):
            return each
    raise NotFound


def _recurring(standing: Standing, link: Link) -> str:
    if not needs_answer(standing, link):
        return ""
    return ", ".join(each.number for each in recurring(standing.deviations))


def _word(request: PageRequest, step: str, market: str) -> Word:
    given = {name: request.POST.get(name, "").replace("\r\n", "\n").strip() for name in PARTS}
    return _stated(given, step, market)


def _stated(given: dict[str, str], step: str, market: str) -> Word:
    markets = tuple(each.strip() for each in given.pop("markets", "").split(",") if each.strip())
    chosen = markets if given["decision"] == Decision.RESTRICTED else ()
    return Word(step=step, market=market, markets=chosen, **given)


def _to_sign(request: PageRequest, shown: Context, **kwargs: Any) -> Context:
    """Return what would be signed, once the decision is whole; nothing while it is not."""
    form: DecideForm = shown["form"]
    if not form.is_valid():
        return {}
    given = {name: str(form.cleaned_data.get(name, "")).replace("\r\n", "\n") for name in PARTS}
    said = dict(given)
    word = _stated(given, kwargs["step"], shown["market"])
    try:
        ceremony = decision_to_sign(request.actor, kwargs["batch_id"], word)
    except DomainError as error:
        if not error.errors:
            raise
        for name, found in error.errors.items():
            form.add_error(name if name in form.fields else None, list(found))
        return {}
    meaning = meaning_of(ceremony.record)
    is_confirmed = has_word(request, ceremony.digest, meaning)
    initial = said | {"meaning": meaning, "digest": ceremony.digest, "market": shown["market"]}
    return {
        "signing": ceremony,
        "fields": ceremony.shown.fields.items(),
        "meaning": meaning.label,
        "confirmed": is_confirmed,
        "proof": DecisionSignForm(asks=ceremony.ways.asks(confirmed=is_confirmed), initial=initial),
    }
