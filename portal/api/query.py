"""Values from the query string that are neither ids nor choices."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Final

from rest_framework.request import Request

from portal.errors import Invalid

DIGITS_MOST: Final = 9


def instant_param(request: Request, name: str) -> datetime | None:
    """Return an instant with offset from the query string, None when absent; raises Invalid."""
    # In a query string an unquoted plus is a space.
    given = request.query_params.get(name, "").strip().replace(" ", "+")
    if not given:
        return None
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        instant = None
    # The first and last year overflow when an offset is taken off.
    if instant is None or instant.utcoffset() is None or instant.year in (MINYEAR, MAXYEAR):
        sentence = "Give an instant with offset, like 2026-03-01T08:00:00Z."
        raise Invalid("Not an instant.", errors={name: [sentence]})
    return instant


def number_param(request: Request, name: str, usual: int) -> int:
    """Return a whole number from the query string, `usual` when absent; raises Invalid."""
    given = request.query_params.get(name)
    if given is None:
        return usual
    if not given.isascii() or not given.isdigit() or len(given) > DIGITS_MOST:
        raise Invalid("Not a number.", errors={name: ["Give a whole number, like 500."]})
    return int(given)
