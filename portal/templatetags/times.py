"""Write times the way the plant reads them: age, time left, site time beside the viewer's."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from portal import dossiers

register = template.Library()

_MINUTE: Final = 60
_HOUR: Final = 3_600
# Beyond this a time was given by a clock that is wrong: its datum is not the present one.
_AHEAD: Final = 300
_DAY: Final = 86_400
# Below two days hours still matter to whoever holds the ball; above, they are noise.
_HOURS_SHOWN_BELOW: Final = 2 * _DAY


def _now(context: Mapping[str, object]) -> datetime:
    """Return the page's one instant (`now` in its context), so that all its ages agree."""
    given = context.get("now")
    return given if isinstance(given, datetime) else timezone.now()


def _seconds(value: timedelta | float) -> int:
    return int(value.total_seconds() if isinstance(value, timedelta) else value)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Write a stretch of time in at most two units: `42 min`, `6 h 28 min`, `3 days`."""
    if value is None:
        return ""
    seconds = abs(_seconds(value))
    if seconds < _MINUTE:
        return gettext("%(n)s s") % {"n": seconds}
    if seconds < _HOUR:
        return gettext("%(n)s min") % {"n": seconds // _MINUTE}
    if seconds < _HOURS_SHOWN_BELOW:
        hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
        if minutes:
            return gettext("%(h)s h %(m)s min") % {"h": hours, "m": minutes}
        return gettext("%(h)s h") % {"h": hours}
    days = seconds // _DAY
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def age_in_words(seconds: int) -> str:
    """Write an age in one unit: `now`, `4 s ago`, `1 min ago`, `3 h ago`, `2 days ago`."""
    if seconds < 1:
        return gettext("now")
    if seconds < _MINUTE:
        return gettext("%(n)s s ago") % {"n": seconds}
    if seconds < _HOUR:
        return gettext("%(n)s min ago") % {"n": seconds // _MINUTE}
    if seconds < _HOURS_SHOWN_BELOW:
        return gettext("%(n)s h ago") % {"n": seconds // _HOUR}
    days = seconds // _DAY
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}


@register.simple_tag(takes_context=True)
def age(context: Mapping[str, object], at: datetime | None, stale_after: float | None = None) -> SafeString:
    """Show how old a datum is, with a dot; `stale_after` seconds it turns amber and says so.

    `ages.js` keeps the text true while the page stands.
    """
    if at is None:
        return format_html('<span class="age" data-state="none">{}</span>', gettext("no data yet"))
    seconds = _seconds(_now(context) - at)
    is_ahead, seconds = seconds < -_AHEAD, max(0, seconds)
    stale = is_ahead or (stale_after is not None and seconds > stale_after)
    limit = format_html(' data-stale-after="{}"', f"{stale_after:g}") if stale_after is not None else ""
    return format_html(
        '<time class="age" datetime="{}" data-age{} data-state="{}">{}</time>',
        at.astimezone(UTC).isoformat(),
        limit,
        "stale" if stale else "fresh",
        gettext("ahead of time") if is_ahead else age_in_words(seconds),
    )


@register.simple_tag(takes_context=True)
def time_left(context: Mapping[str, object], due: datetime) -> SafeString:
    """Show the time left until `due`, or how late it is; the exact time is in the title."""
    seconds = _seconds(due - _now(context))
    text = duration(seconds)
    if seconds < 0:
        text = gettext("%(stretch)s late") % {"stretch": text}
    return format_html(
        '<time class="left" datetime="{}" data-due{}>{}</time>',
        due.astimezone(UTC).isoformat(),
        "" if seconds >= 0 else SafeString(' data-state="late"'),
        text,
    )


def _clock_face(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    local = at.astimezone(zone)
    # A bare time of day is only honest on the same day at that place.
    style = "H:i T" if local.date() == now.astimezone(zone).date() else "j M Y, H:i T"
    return formats.date_format(local, style)


@register.filter
def both_times(at: datetime, zone: str) -> str:
    """Show when something was signed as site time and UTC, with the date (11.50(a)(2))."""
    return dossiers.both_times(at, zone)


@register.simple_tag(takes_context=True)
def site_time(
    context: Mapping[str, object], at: datetime | None, site_zone: str, viewer_zone: str = ""
) -> SafeString:
    """Show a time at the site and, where it differs, at the viewer (`viewer_zone` of the context)."""
    if at is None:
        return SafeString("")
    now = _now(context)
    site = ZoneInfo(site_zone)
    own = ZoneInfo(viewer_zone or str(context.get("viewer_zone") or site_zone))
    here, there = _clock_face(at, site, now), _clock_face(at, own, now)
    yours = ""
    if at.astimezone(site).utcoffset() != at.astimezone(own).utcoffset():
        yours = format_html(' <span class="yours">{}</span>', gettext("(yours %(time)s)") % {"time": there})
    return format_html(
        '<time class="at" datetime="{}">{}</time>{}', at.astimezone(UTC).isoformat(), here, yours
    )
