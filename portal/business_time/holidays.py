"""Public holidays of a country or a part of it, from the `holidays` library, loaded when first asked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date
from typing import Final

# Years outside are not worked out: no deadline lies there.
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100


@functools.cache
def countries() -> Mapping[str, tuple[str, ...]]:
    """Return the codes of the countries that have a list, each with those of its parts, sorted."""
    import holidays  # noqa: PLC0415 - large, and needed by those who count business time alone

    supported = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(sorted(parts)) for code, parts in sorted(supported.items())}


def is_known(country: str, subdivision: str = "") -> bool:
    """Say whether there is a list for the country and its part."""
    return country in countries() and (not subdivision or subdivision in countries()[country])


@functools.lru_cache(maxsize=4096)
def holidays_of(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of one year with their English names; none where no country is named."""
    if not country or not FIRST_YEAR <= year <= LAST_YEAR:
        return {}
    import holidays  # noqa: PLC0415 - as above

    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    return {day: name for day, name in sorted(found.items()) if day.year == year}
