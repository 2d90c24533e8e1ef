"""What a watch saw, drawn on the server: the line of the batch over the band of good ones.

Numbers alone enter the drawing, as in `portal.templatetags.sparklines`; words stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.utils.safestring import SafeString

WIDTH: Final = 1_400
HEIGHT: Final = 340
PAD: Final = 24
Point = Sequence[Any]


def draw(picture: Mapping[str, Any], *, begun_ms: float | None = None, until_ms: float | None = None) -> str:
    """Return the picture as SVG, empty where nothing is to be drawn; the stretch that is news is shaded."""
    points = [each for each in picture.get("points", ()) if len(each) == len(("at", "value", "low", "high"))]
    known = [float(each) for point in points for each in point[1:] if each is not None]
    if len(points) < len(("from", "to")) or not known:
        return SafeString("")
    start, end = float(points[0][0]), float(points[-1][0])
    low, high = min(known), max(known)
    if high == low:
        low, high = low - 1, high + 1

    def x(at: float) -> int:
        return round(min(max((at - start) / ((end - start) or 1.0), 0), 1) * WIDTH)

    def y(value: float) -> int:
        return round(HEIGHT - PAD - (value - low) / (high - low) * (HEIGHT - 2 * PAD))

    inside = ""
    if begun_ms is not None and until_ms is not None:
        since, until = x(begun_ms), x(until_ms)
        inside += f'<rect class="watch-news" x="{since}" width="{max(until - since, 2)}" height="{HEIGHT}"/>'
    inside += _band(points, x, y)
    inside += _path("watch-bar", [(each[0], each[3]) for each in points if each[2] is None], x, y)
    inside += _path("spark-line", [(each[0], each[1]) for each in points], x, y)
    return SafeString(
        f'<svg class="spark big watch-picture" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true">{inside}</svg>'
    )


def _band(points: Sequence[Point], x: Callable[[float], int], y: Callable[[float], int]) -> str:
    edged = [each for each in points if each[2] is not None and each[3] is not None]
    if not edged:
        return ""
    there = "L".join(f"{x(each[0])} {y(each[3])}" for each in edged)
    back = "L".join(f"{x(each[0])} {y(each[2])}" for each in reversed(edged))
    return f'<path class="watch-band" d="M{there}L{back}Z"/>'


def _path(
    css: str, points: Sequence[tuple[float, Any]], x: Callable[[float], int], y: Callable[[float], int]
) -> str:
    parts, pen = [], "M"
    for at, value in points:
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{x(at)} {y(value)}")
        pen = "L"
    return f'<path class="{css}" d="{"".join(parts)}"/>' if parts else ""
