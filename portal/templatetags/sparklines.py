"""Draw small charts as SVG on the server: a sparkline with its limits, and the phase line of a batch.

Every position is an SVG attribute: the content security policy forbids inline styles. `spark.js` reads the
scale back from the data attributes when live readings arrive, so the points are not sent twice.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()

WIDTH: Final = 140
HEIGHT: Final = 34
_PAD: Final = 3
_PHASES_WIDTH: Final = 350
_GAP: Final = 3
# Thin phases stay visible: a four-hour fill beside fourteen days of culture.
_LEAST_SHARE: Final = 0.035

Point = tuple[float, float | None]


class Phase(Protocol):
    """What the phase line needs of a phase; `batches` has its own row for it."""

    @property
    def name(self) -> str: ...
    @property
    def weight(self) -> float: ...
    @property
    def state(self) -> str: ...
    @property
    def part(self) -> float: ...


class Scale(NamedTuple):
    """Map milliseconds and values to the drawing."""

    start: float
    end: float
    low: float
    high: float

    def x(self, at: float) -> float:
        """Return the horizontal place of an instant, held inside the drawing."""
        share = (at - self.start) / (self.end - self.start)
        return min(max(share, 0), 1) * WIDTH

    def y(self, value: float) -> float:
        """Return the vertical place of a value; one far outside stays visible at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return min(max(HEIGHT - _PAD - share * (HEIGHT - 2 * _PAD), 0.75), HEIGHT - 0.75)


def scale_of(points: Sequence[Point], window: tuple[float, float], marks: Iterable[float]) -> Scale:
    """Fit limits and values into the drawing; a flat line without limits sits in the middle."""
    values = [value for _, value in points if value is not None]
    known = [*values, *marks] or [0.0]
    low, high = min(known), max(known)
    if low == high:
        margin = abs(low) * 0.01 or 1.0
        low, high = low - margin, high + margin
    start, end = window
    return Scale(start, end if end > start else start + 1, low, high)


def _line(points: Sequence[Point], scale: Scale) -> str:
    """Return the path of a line; a missing value breaks it, so that a gap is seen as a gap."""
    parts: list[str] = []
    pen = "M"
    for at, value in points:
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{scale.x(at):.1f} {scale.y(value):.1f}")
        pen = "L"
    return "".join(parts)


def _dots(points: Sequence[Point], scale: Scale) -> str:
    # A stroke of no length with round caps stays a round dot however the drawing is stretched.
    return "".join(f"M{scale.x(at):.1f} {scale.y(value):.1f}h0" for at, value in points if value is not None)


@register.simple_tag
def sparkline(
    points: Sequence[Point],
    since: float,
    until: float,
    *,
    nor: Sequence[float] | None = None,
    limits: Sequence[float] = (),
    dots: bool = False,
    marked_at: float | None = None,
    css: str = "",
) -> SafeString:
    """Draw a parameter's last stretch: values, the normal range as a band, limits dotted.

    `points` are (milliseconds, value or None) in time order; `since` and `until` are milliseconds. `dots` is
    for at-line and laboratory values, which have no course between two samples; `css` adds a class (`big`).
    """
    scale = scale_of(points, (since, until), [*(nor or ()), *limits])
    band = limit = mark = SafeString("")
    if nor:
        top, bottom = scale.y(max(nor)), scale.y(min(nor))
        band = format_html(
            '<rect class="spark-band" x="0" y="{}" width="{}" height="{}"/>',
            f"{top:.1f}",
            WIDTH,
            f"{bottom - top:.1f}",
        )
    if limits:
        path = "".join(f"M0 {scale.y(value):.1f}H{WIDTH}" for value in limits)
        limit = format_html('<path class="spark-limit" d="{}"/>', path)
    if marked_at is not None:
        mark = format_html(
            '<path class="spark-mark" data-at="{}" d="M{} 0V{}"/>',
            marked_at,
            f"{scale.x(marked_at):.1f}",
            HEIGHT,
        )
    return format_html(
        '<svg class="spark {}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true"'
        ' data-from="{}" data-to="{}" data-low="{}" data-high="{}">{}{}<path class="{}" d="{}"/>{}</svg>',
        css,
        WIDTH,
        HEIGHT,
        f"{scale.start:.0f}",
        f"{scale.end:.0f}",
        f"{scale.low:g}",
        f"{scale.high:g}",
        band,
        limit,
        "spark-dots" if dots else "spark-line",
        _dots(points, scale) if dots else _line(points, scale),
        mark,
    )


def _shares(weights: Sequence[float]) -> list[float]:
    """Share the width out by weight, with a least share for each phase."""
    total = sum(weights) or 1.0
    raised = [max(weight / total, _LEAST_SHARE) for weight in weights]
    return [share / sum(raised) for share in raised]


@register.simple_tag
def phase_line(phases: Sequence[Phase]) -> SafeString:
    """Draw the phases of a batch as one line with a marker where it stands now.

    Each phase has a `name`, a `weight` (its usual length), a `state` (`done`, `now`, `ahead`) and a `part`
    (0 to 1), which counts for the one that runs.
    """
    room = _PHASES_WIDTH - _GAP * max(len(phases) - 1, 0)
    bars: list[tuple[str, str, str]] = []
    marker, label, left = SafeString(""), gettext("Phases"), 0.0
    for index, (phase, share) in enumerate(zip(phases, _shares([p.weight for p in phases]), strict=True)):
        right = left + share * room
        bars.append((phase.state, f"M{left:.1f} 4H{right:.1f}", phase.name))
        if phase.state == "now":
            marker = _marker(left, left + (right - left) * min(max(phase.part, 0), 1))
            label = gettext("Phase %(n)s of %(total)s: %(name)s") % {
                "n": index + 1,
                "total": len(phases),
                "name": phase.name,
            }
        left = right + _GAP
    return format_html(
        '<svg class="phases" viewBox="0 0 {} 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}{}</svg>",
        _PHASES_WIDTH,
        label,
        format_html_join("", '<path class="phase-{}" d="{}"><title>{}</title></path>', bars),
        marker,
    )


def _marker(left: float, here: float) -> SafeString:
    return format_html(
        '<path class="phase-run" d="M{0} 4H{1}"/><path class="phase-mark" d="M{1} 0V8"/>',
        f"{left:.1f}",
        f"{here:.1f}",
    )
