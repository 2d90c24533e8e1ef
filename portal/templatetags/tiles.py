"""Write the rows of a batch tile.

A board has hundreds of them, so they are put together plainly: every text that comes from outside is escaped
here, numbers and drawings are our own.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString

from portal.templatetags.sparklines import sparkline

register = template.Library()
NO_VALUE: Final = "\u2013"


@register.simple_tag
def tile_rows(rows: Sequence[Any]) -> SafeString:
    """Write the parameters of a tile as list items; the names of a row stand in `tile.html`.

    `spark.js` and `ages.js` find a row by its data attributes.
    """
    return SafeString("".join(_item(row) for row in rows))


def _item(row: Any) -> str:
    get: Callable[[str], Any] = row.get if isinstance(row, dict) else partial(_attribute, row)
    decimals, unit, when = get("decimals"), get("unit"), get("when")
    course = sparkline(
        get("points"),
        get("since"),
        get("until"),
        nor=get("nor"),
        limits=get("limits"),
        dots=bool(get("dots")),
        marked_at=get("marked_at"),
    )
    shown_unit = f' <span class="unit">{_shown(unit)}</span>' if unit else ""
    shown_when = f'<span class="reading-when">{_shown(when)}</span>' if when else ""
    return (
        f'<li class="reading" data-tone="{_shown(get("tone") or "")}" data-parameter="{_shown(get("code"))}"'
        f' data-decimals="{1 if decimals is None else int(decimals)}"'
        f"{_aging(get('at'), get('stale_after'))}>"
        f'<span class="reading-name">{_shown(get("label"))}</span>{course}'
        f'<span class="reading-value"><b data-value>{_shown(get("value") or NO_VALUE)}</b>'
        f"{shown_unit}{shown_when}</span></li>"
    )


def _attribute(row: Any, name: str) -> Any:
    return getattr(row, name, None)


def _shown(text: Any) -> str:
    # The standard library's: Django's own way asks of each text whether it is lazy or safe.
    return escape(str(text))


def _aging(at: datetime | None, stale_after: float | None) -> str:
    if at is None or not stale_after:
        return ""
    return f' data-at="{at.astimezone(UTC).isoformat()}" data-stale-after="{stale_after:g}"'
