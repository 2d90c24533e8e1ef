"""Pages of the past: which address shows one, and the banner over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from portal.pages import Page
from portal.past import RestsOn
from portal.states import Audience


def now_or_then(now: type[Page], then: type[Page]) -> Callable[..., HttpResponseBase]:
    """Return the view of an address that shows the past where `as_of` is asked for, else the present."""
    present, past = now.as_view(), then.as_view()

    def view(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return (past if "as_of" in request.GET else present)(request, **kwargs)

    return view


def past_of(at: datetime, zone: str, rests_on: Iterable[RestsOn], now_url: str) -> dict[str, Any]:
    """Return what `past.html` says: the instant, and which entries the page was rebuilt from."""
    return {
        "at": at,
        "zone": zone,
        "rests_on": [{**each._asdict(), "chain": str(Audience(each.audience).label)} for each in rests_on],
        "now_url": now_url,
    }
