"""Review of access: open one, decide line by line, sign it, take it along as CSV."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import reviewing
from portal.csv_out import ENCODING
from portal.directory import seat_to_end
from portal.errors import DomainError, Invalid, Refused
from portal.pages import Page, PageRequest
from portal.queries.reviews import (
    count_standing_out,
    list_reviews,
    read_review,
    require_reviewer,
    review_as_csv,
)
from portal.queries.signatures import has_signed
from portal.states import ACCESS_REVIEWERS, Decision

SHOWS = ("all", "marked", "undecided")


DIGITS_MAX: Final = 9


class ReviewersPage(Page):
    """A page for who reviews access; to everybody else it says so."""

    here: ClassVar[str] = "administration"

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the refusal alone to who reviews nothing."""
        organisation = request.actor.organisation_id
        if organisation is None or not request.actor.holds(organisation, *ACCESS_REVIEWERS):
            with reading(request.actor):
                context = {"here": self.here, "refusal": error}
                return render(request, "portal/refused.html", context, status=error.status)
        return super().refused(request, error, **kwargs)


class ReviewsPage(ReviewersPage):
    """The reviews of the own organisation."""

    template_name: ClassVar[str] = "portal/reviews.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the reviews, and what would be reviewed now."""
        reviews = list_reviews(request.actor)
        total, marked = count_standing_out(request.actor)
        is_open = any(each.state == "open" for each in reviews)
        return {"reviews": reviews, "total": total, "marked": marked, "has_open": is_open}

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Open a review."""
        asked = cast("PageRequest", request)
        review = reviewing.open_review(asked.actor, require_reviewer(asked.actor))
        return HttpResponseRedirect(reverse("access_review", args=[review.pk]), status=303)


class ReviewPage(ReviewersPage):
    """One review: who may do what, what stands out, what was decided."""

    template_name: ClassVar[str] = "portal/review.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the review and the lines that are asked for."""
        found = read_review(request.actor, kwargs["record_id"])
        show = request.GET.get("show", "")
        show = show if show in SHOWS else "all"
        lines = [
            each
            for each in found.lines
            if show == "all" or (each.marks if show == "marked" else not each.line.decision)
        ]
        is_done = found.is_open or has_signed(request.actor, found.signatures)
        sign_url = "" if is_done else reverse("sign", args=["access_review", found.review.pk])
        return {
            "found": found,
            "lines": lines,
            "show": show,
            "signatures": found.signatures,
            "sign_url": sign_url,
        }


class FinishReview(ReviewPage):
    """Close the decisions of a review."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the review."""
        return HttpResponseRedirect(reverse("access_review", args=[kwargs["record_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Close them; the review is signed next."""
        asked = cast("PageRequest", request)
        version = asked.POST.get("version", "")
        if not version.isdecimal() or len(version) > DIGITS_MAX:
            raise Invalid(_("Say which version you saw."))
        reviewing.finish_review(asked.actor, kwargs["record_id"], version=int(version))
        messages.success(asked, _("Decided. Sign it now."))
        return HttpResponseRedirect(reverse("access_review", args=[kwargs["record_id"]]), status=303)


class DecideLine(ReviewsPage):
    """Keep or end what one line allows."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead back to the reviews."""
        return HttpResponseRedirect(reverse("access_reviews"))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Decide, and go on with the next line."""
        asked = cast("PageRequest", request)
        decision = asked.POST.get("decision", "")
        if decision not in Decision.values:
            raise Refused(_("Choose: keep or end."))
        note = asked.POST.get("note", "")[:400]
        with reading(asked.actor):
            seated = seat_to_end(asked.actor, kwargs["record_id"])
        line = reviewing.decide_line(seated, kwargs["record_id"], decision=Decision(decision), note=note)
        show = asked.POST.get("show", "")
        page = reverse("access_review", args=[line.review_id])
        asking = f"?show={show}" if show in SHOWS else ""
        return HttpResponseRedirect(f"{page}{asking}#line-{line.at}", status=303)


class ReviewCsv(ReviewersPage):
    """A review as CSV, for whoever keeps it elsewhere."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return the file."""
        number, text = review_as_csv(cast("PageRequest", request).actor, kwargs["record_id"])
        headers = {"Content-Disposition": f'attachment; filename="{number}.csv"'}
        return HttpResponse(text.encode(ENCODING), content_type="text/csv; charset=utf-8", headers=headers)
