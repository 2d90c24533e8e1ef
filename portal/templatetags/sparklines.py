"""Draw small charts as SVG on the server: a sparkline with its limits, and the phase line of a batch.

Every position is an SVG attribute: the content security policy forbids inline styles. `spark.js` reads the
scale back from the data attributes when live readings arrive, so the points are not sent twice. A board draws
hundreds of them, so strings are put together plainly: only numbers and escaped names enter them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()

# Whole units are fine enough: a sparkline is some 140 px wide, a tenth of this.
WIDTH: Final = 1_400
HEIGHT: Final = 340
_PAD: Final = 30
_EDGE: Final = 8
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

    def x(self, at: float) -> int:
        """Return the horizontal place of an instant, held inside the drawing."""
        return int(min(max((at - self.start) / (self.end - self.start), 0), 1) * WIDTH)

    def y(self, value: float) -> int:
        """Return the vertical place of a value; one far outside stays visible at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return int(min(max(HEIGHT - _PAD - share * (HEIGHT - 2 * _PAD), _EDGE), HEIGHT - _EDGE))


def scale_of(points: Sequence[Point], window: tuple[float, float], marks: Iterable[float]) -> Scale:
    """Fit limits and values into the drawing; a flat line without limits sits in the middle."""
    known = [value for _, value in points if value is not None]
    known += marks
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    if low == high:
        margin = abs(low) * 0.01 or 1.0
        low, high = low - margin, high + margin
    start, end = window
    return Scale(start, end if end > start else start + 1, low, high)


def _line(points: Sequence[Point], scale: Scale) -> str:
    """Return the path of a line; a missing value breaks it, so that a gap is seen as a gap."""
    parts: list[str] = []
    pen = "M"
    # The scale is unrolled here: this loop is most of what drawing a board costs.
    start, wide = scale.start, WIDTH / (scale.end - scale.start)
    low, tall = scale.low, (HEIGHT - 2 * _PAD) / (scale.high - scale.low)
    for at, value in points:
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{int((at - start) * wide)} {int(HEIGHT - _PAD - (value - low) * tall)}")
        pen = "L"
    return "".join(parts)


def _dots(points: Sequence[Point], scale: Scale) -> str:
    # A stroke of no length with round caps stays a round dot however the drawing is stretched.
    return "".join(f"M{scale.x(at)} {scale.y(value)}h0" for at, value in points if value is not None)


@register.simple_tag
def sparkline(
    points: Sequence[Point],
    since: float,
    until: float,
    *,
    nor: Sequence[float] | None = None,
    limits: Sequence[float] | None = None,
    dots: bool = False,
    marked_at: float | None = None,
    css: str = "",
) -> SafeString:
    """Draw a parameter's last stretch: values, the normal range as a band, limits dotted.

    `points` are (milliseconds, value or None) in time order; `since` and `until` are milliseconds. `dots` is
    for at-line and laboratory values, which have no course between two samples; `css` adds a class (`big`).
    """
    limits = limits or ()
    scale = scale_of(points, (since, until), [*(nor or ()), *limits])
    inside = ""
    if nor:
        top, bottom = scale.y(max(nor)), scale.y(min(nor))
        inside = f'<rect class="spark-band" y="{top}" width="{WIDTH}" height="{bottom - top}"/>'
    if limits:
        path = "".join(f"M0 {scale.y(value)}H{WIDTH}" for value in limits)
        inside += f'<path class="spark-limit" d="{path}"/>'
    if dots:
        inside += f'<path class="spark-dots" d="{_dots(points, scale)}"/>'
    else:
        inside += f'<path class="spark-line" d="{_line(points, scale)}"/>'
    if marked_at is not None:
        path = f"M{scale.x(marked_at)} 0V{HEIGHT}"
        inside += f'<path class="spark-mark" data-at="{marked_at:.0f}" d="{path}"/>'
    return SafeString(
        f'<svg class="spark {escape(css)}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true" data-from="{scale.start:.0f}" data-to="{scale.end:.0f}"'
        f' data-low="{scale.low:.9g}" data-high="{scale.high:.9g}">{inside}</svg>'
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
    line = _bars(tuple((str(phase.name), float(phase.weight), phase.state) for phase in phases))
    marker = ""
    if line.now is not None:
        left, right, index = line.now
        here = left + (right - left) * min(max(phases[index].part, 0), 1)
        marker = (
            f'<path class="phase-run" d="M{left:.1f} 4H{here:.1f}"/>'
            f'<path class="phase-mark" d="M{here:.1f} 0V8"/>'
        )
    return SafeString(
        f'<svg class="phases" viewBox="0 0 {_PHASES_WIDTH} 8" preserveAspectRatio="none" role="img"'
        f' aria-label="{_label(phases, line.now)}">{line.bars}{marker}</svg>'
    )


class _Bars(NamedTuple):
    """The phases without the marker; `now` is left end, right end and place of the one that runs."""

    bars: str
    now: tuple[float, float, int] | None


@lru_cache(maxsize=256)  # batches of one recipe in one phase differ in the marker alone
def _bars(phases: tuple[tuple[str, float, str], ...]) -> _Bars:
    room = _PHASES_WIDTH - _GAP * max(len(phases) - 1, 0)
    bars, left = "", 0.0
    now: tuple[float, float, int] | None = None
    shares = _shares([weight for _, weight, _ in phases])
    for index, ((name, _, state), share) in enumerate(zip(phases, shares, strict=True)):
        right = left + share * room
        kind = escape(state)
        bars += (
            f'<path class="phase-{kind}" d="M{left:.1f} 4H{right:.1f}"><title>{escape(name)}</title></path>'
        )
        if state == "now":
            now = (left, right, index)
        left = right + _GAP
    return _Bars(bars, now)


def _label(phases: Sequence[Phase], now: tuple[float, float, int] | None) -> str:
    if now is None:
        return escape(gettext("Phases"))
    index = now[2]
    label = gettext("Phase %(n)s of %(total)s: %(name)s") % {
        "n": index + 1,
        "total": len(phases),
        "name": phases[index].name,
    }
    return escape(label)
