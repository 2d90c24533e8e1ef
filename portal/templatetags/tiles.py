"""Write the rows of a batch tile.

A board has hundreds of them, so they are put together plainly: every text that comes from outside is escaped
here, numbers and drawings are our own.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from portal.templatetags.sparklines import sparkline

register = template.Library()
NO_VALUE: Final = "\u2013"


def _get(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)


@register.simple_tag
def tile_rows(rows: Sequence[Any]) -> SafeString:
    """Write the parameters of a tile as list items; the names of a row stand in `tile.html`.

    `spark.js` and `ages.js` find a row by its data attributes.
    """
    return SafeString("".join(_item(row) for row in rows))


def _item(row: Any) -> str:
    decimals, unit, when = _get(row, "decimals"), _get(row, "unit"), _get(row, "when")
    course = sparkline(
        _get(row, "points"),
        _get(row, "since"),
        _get(row, "until"),
        nor=_get(row, "nor"),
        limits=_get(row, "limits"),
        dots=bool(_get(row, "dots")),
        marked_at=_get(row, "marked_at"),
    )
    shown_unit = f' <span class="unit">{escape(unit)}</span>' if unit else ""
    shown_when = f'<span class="reading-when">{escape(when)}</span>' if when else ""
    return (
        f'<li class="reading" data-tone="{escape(_get(row, "tone") or "")}"'
        f' data-parameter="{escape(_get(row, "code"))}"'
        f' data-decimals="{1 if decimals is None else int(decimals)}"'
        f"{_aging(_get(row, 'at'), _get(row, 'stale_after'))}>"
        f'<span class="reading-name">{escape(_get(row, "label"))}</span>{course}'
        f'<span class="reading-value"><b data-value>{escape(_get(row, "value") or NO_VALUE)}</b>'
        f"{shown_unit}{shown_when}</span></li>"
    )


def _aging(at: datetime | None, stale_after: float | None) -> str:
    if at is None or not stale_after:
        return ""
    return f' data-at="{at.astimezone(UTC).isoformat()}" data-stale-after="{stale_after:g}"'
