"""Looking through the audit trail: choose a stretch, say what was found, sign it."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.access import get_program
from portal.action import reading
from portal.actions.trail import FINDING_MAX, FINDING_MIN, review_trail
from portal.actor import Actor
from portal.errors import NotFound
from portal.ledger_entries import list_chains, list_newest
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.queries.signatures import has_signed, signatures_of
from portal.queries.trail import (
    STRETCH_MAX,
    Stretch,
    find_stretch,
    get_trail_review,
    list_trail_reviews,
    next_stretch,
)
from portal.states import TRAIL_REVIEWERS
from portal.streams import ChainKey

SHOWN_MAX = 200


class StretchForm(forms.Form):
    """From which number to which."""

    first = forms.IntegerField(label=gettext_lazy("From entry"), min_value=1)
    last = forms.IntegerField(label=gettext_lazy("To entry"), min_value=1)
    kind = forms.MultipleChoiceField(
        label=gettext_lazy("Only these kinds"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen means all."),
    )

    def __init__(self, *args: Any, kinds: Any = (), **kwargs: Any) -> None:
        """Take the kinds that occur in the stretch."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(each, each) for each in kinds]  # type: ignore[attr-defined]  # a choice


class FindingForm(forms.Form):
    """What was found."""

    finding = forms.CharField(
        label=gettext_lazy("What was found"),
        min_length=FINDING_MIN,
        max_length=FINDING_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Also when it is nothing. Only your own side reads it."),
    )


class ReviewTrail(Page):
    """A stretch of a chain with its entries, and the form that keeps the review."""

    here: ClassVar[str] = "ledger"
    template_name: ClassVar[str] = "portal/trail_new.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the stretch that the query names, or the next one of the reader's side."""
        actor, chain = request.actor, ChainKey(kwargs["space_id"], kwargs["audience"])
        program = get_program(actor, chain.space_id)
        known = {(each.space_id, each.audience): each for each in list_chains(actor)}
        found = known.get((chain.space_id, chain.audience))
        if found is None or not actor.holds(chain.space_id, *TRAIL_REVIEWERS):
            raise NotFound
        first, last = _bounds(request, actor, chain, found.head)
        whole = find_stretch(actor, chain, first, last)
        kinds = [each for each in request.GET.getlist("kind") if each in whole.by_kind]
        stretch = find_stretch(actor, chain, first, last, kinds) if kinds else whole
        entries = [
            each
            for each in list_newest(actor, found, before=last + 1, most=min(last - first + 1, STRETCH_MAX))
            if not kinds or each.kind in kinds
        ]
        chosen = {"first": first, "last": last, "kind": kinds}
        return {
            "program": program,
            "chain": found,
            "stretch": stretch,
            "kinds": whole.by_kind.items(),
            "chosen_kinds": kinds,
            "entries": entries[:SHOWN_MAX],
            "left_out": max(len(entries) - SHOWN_MAX, 0),
            "stretch_form": StretchForm(initial=chosen, kinds=whole.by_kind),
            "form": FindingForm(request.POST or None),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep the review, then lead to its signature."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            shown: Stretch = self.context(asked, **kwargs)["stretch"]
        review = review_trail(
            asked.actor,
            kwargs["space_id"],
            audience=kwargs["audience"],
            first=shown.first,
            last=shown.last,
            kinds=[each for each in asked.GET.getlist("kind") if each in shown.by_kind],
            finding=asked.POST.get("finding", ""),
        )
        messages.success(asked, _("The review is kept. Sign it to make it count."))
        return HttpResponseRedirect(reverse("trail_review", args=[review.pk]), status=303)


def _bounds(request: PageRequest, actor: Actor, chain: ChainKey, head: int) -> tuple[int, int]:
    given = [request.GET.get(name, "") for name in ("first", "last")]
    if not all(each.isdecimal() and len(each) < 16 for each in given):  # noqa: PLR2004 - fits a big integer
        return next_stretch(actor, chain, head)
    first = min(max(int(given[0]), 1), head)
    return first, min(max(int(given[1]), first), head, first + STRETCH_MAX - 1)


class TrailReviewsPage(Page):
    """The reviews of a program that the reader's side made."""

    here: ClassVar[str] = "ledger"
    template_name: ClassVar[str] = "portal/trail_reviews.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return reviews by program, newest first."""
        actor = request.actor
        programs = [
            each
            for each in Program.objects.visible_to(actor).order_by("code", "id")
            if actor.holds(each.pk, *TRAIL_REVIEWERS)
        ]
        groups = [(each, list(list_trail_reviews(actor, each.pk)[:50])) for each in programs]
        return {"groups": groups, "is_empty": not any(reviews for _, reviews in groups)}


class TrailReviewPage(Page):
    """One review with its signatures."""

    here: ClassVar[str] = "ledger"
    template_name: ClassVar[str] = "portal/trail_review.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the review. Raises: NotFound."""
        actor, review_id = request.actor, cast("UUID", kwargs["review_id"])
        review = get_trail_review(actor, review_id)
        signatures = signatures_of(actor, review.pk, review.version)
        may_sign = actor.holds(review.space_id, *TRAIL_REVIEWERS) and not has_signed(actor, signatures)
        return {
            "review": review,
            "program": get_program(actor, review.space_id),
            "signatures": signatures,
            "sign_url": reverse("sign", args=["trail_review", review.pk]) if may_sign else "",
        }
