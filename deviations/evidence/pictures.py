"""A trend as a drawing of its own: the readings, the ranges they should stay in, when it happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from batches.queries.window import Curve
from batches.series import Point
from batches.states import LimitKind, LimitMeasure

WIDTH, HEIGHT = 680.0, 168.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 8.0, 20.0, 24.0
# Beyond this many points a printed line shows no more.
DRAWN_MOST: Final = 600
COLOURS: Final[Mapping[str, str]] = {
    LimitKind.ALERT: "#a86400",
    LimitKind.ACTION: "#b3261e",
    LimitKind.PAR: "#7a1c9e",
    LimitKind.SPEC: "#1c2430",
}
DASHES: Final[Mapping[str, str]] = {
    LimitKind.ALERT: "2 3",
    LimitKind.ACTION: "6 3",
    LimitKind.PAR: "9 3 2 3",
    LimitKind.SPEC: "none",
}
PLACES: Final = tuple(COLOURS)
COLUMN: Final = 88.0
INK, FAINT, LINE, BAND, MARK = "#1c2430", "#5b6675", "#1f5fa8", "#e4eef8", "#f6e3c4"
HOUR_MS: Final = 3_600_000


class _Frame:
    """Where an instant (ms) and a value lie in the drawing."""

    def __init__(self, since: int, until: int, low: float, high: float) -> None:
        pad = (high - low) * 0.08 or 0.5
        self.since, self.until, self.low, self.high = since, until, low - pad, high + pad

    def x(self, at: float) -> float:
        inside = min(max(at, self.since), self.until)
        return LEFT + (inside - self.since) / (self.until - self.since) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return HEIGHT - BOTTOM - (inside - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def draw_curve(
    curve: Curve, since: datetime, until: datetime, happened: tuple[datetime, datetime], zone: str
) -> str:
    """Return a curve with its limits as SVG; times are site time."""
    limits = [each for each in curve.limits if each["measure"] == LimitMeasure.VALUE and not each["course"]]
    values = [each[1] for each in curve.points if each is not None]
    ends = [float(each[end]) for each in limits for end in ("low", "high") if each[end] is not None]
    reach = (max(values) - min(values)) * 3 or 1.0
    near = [each for each in ends if min(values) - reach <= each <= max(values) + reach]
    frame = _Frame(_ms(since), _ms(until), min([*values, *near]), max([*values, *near]))
    parameter = curve.parameter
    title = f"{parameter.title} ({parameter.code}) {parameter.unit}".strip()
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-size="10"'
    parts = [
        f'{svg} font-family="Libertinus Serif, serif">',
        f"<title>{escape(title)}</title>",
        *_ranges(frame, limits),
        _box(frame, _ms(happened[0]), _ms(happened[1]), MARK),
        *_axes(frame, zone, parameter.decimals),
        *_ends(frame, limits),
        *(
            f'<polyline fill="none" stroke="{LINE}" stroke-width="1.2" points="{points}"/>'
            for points in _lines(frame, curve.points)
        ),
        _text(LEFT, 12, title, INK, "start"),
        "</svg>",
    ]
    return "".join(parts)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _text(x: float, y: float, words: str, colour: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{FAINT}" stroke-width="0.6"/>'


def _box(
    frame: _Frame, since: float, until: float, colour: str, ends: tuple[float, float] | None = None
) -> str:
    low, high = ends or (frame.low, frame.high)
    left, right = frame.x(since), frame.x(until)
    top, bottom = frame.y(high), frame.y(low)
    width, height = max(right - left, 0.8), max(bottom - top, 0.0)
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _span(frame: _Frame, limit: Mapping[str, Any]) -> tuple[int, int]:
    return (
        frame.since if limit["from"] is None else max(limit["from"], frame.since),
        frame.until if limit["to"] is None else min(limit["to"], frame.until),
    )


def _ranges(frame: _Frame, limits: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the normal operating range as a band."""
    return [
        _box(
            frame,
            *_span(frame, each),
            BAND,
            (
                frame.low if each["low"] is None else float(each["low"]),
                frame.high if each["high"] is None else float(each["high"]),
            ),
        )
        for each in limits
        if each["kind"] == LimitKind.NOR
    ]


def _ends(frame: _Frame, limits: Sequence[Mapping[str, Any]]) -> list[str]:
    drawn = []
    for each in limits:
        colour = COLOURS.get(each["kind"])
        if colour is None:
            continue
        since, until = _span(frame, each)
        for end in ("low", "high"):
            if each[end] is None or not frame.low <= float(each[end]) <= frame.high:
                continue
            y, value = frame.y(float(each[end])), float(each[end])
            drawn.append(
                f'<line x1="{frame.x(since):.1f}" y1="{y:.1f}" x2="{frame.x(until):.1f}" y2="{y:.1f}"'
                f' stroke="{colour}" stroke-width="0.9" stroke-dasharray="{DASHES[each["kind"]]}"/>'
            )
            # Each kind has its column, so that limits close to each other are read.
            place = max(frame.x(until) - 2 - COLUMN * PLACES.index(each["kind"]), frame.x(since) + COLUMN)
            drawn.append(_text(place, y - 2, f"{LimitKind(each['kind']).label} {value:g}", colour, "end"))
    return drawn


def _axes(frame: _Frame, zone: str, decimals: int) -> list[str]:
    base, here = HEIGHT - BOTTOM, ZoneInfo(zone)
    right = WIDTH - RIGHT
    drawn = [_line(LEFT, base, right, base), _line(LEFT, TOP, LEFT, base)]
    for part in range(5):
        value = frame.low + (frame.high - frame.low) * part / 4
        drawn.append(_text(LEFT - 4, frame.y(value) + 3, f"{value:.{min(decimals, 3)}f}", FAINT, "end"))
    hours = max(1, round((frame.until - frame.since) / HOUR_MS / 8))
    first = datetime.fromtimestamp(frame.since / 1000, here).replace(minute=0, second=0, microsecond=0)
    at = first + timedelta(hours=1)
    while _ms(at) < frame.until:
        x = frame.x(_ms(at))
        drawn.append(_line(x, base, x, base + 3))
        drawn.append(_text(x, base + 13, f"{at:%H:%M}" if at.hour else f"{at:%m-%d}", FAINT, "middle"))
        at += timedelta(hours=hours)
    return drawn


def _lines(frame: _Frame, points: Sequence[Point | None]) -> list[str]:
    """Return the stretches between gaps as lists of points, lowest and highest of neighbours kept."""
    stretches: list[list[Point]] = [[]]
    for each in points:
        if each is None:
            stretches.append([])
        else:
            stretches[-1].append(each)
    every = max(1, sum(map(len, stretches)) * 2 // DRAWN_MOST)
    return [
        " ".join(f"{frame.x(at / 1000):.1f},{frame.y(value):.1f}" for at, value in _fewer(each, every))
        for each in stretches
        if each
    ]


def _fewer(points: Sequence[Point], every: int) -> Sequence[Point]:
    if every <= 1:
        return points
    kept: list[Point] = []
    for place in range(0, len(points), every):
        some = points[place : place + every]
        ends = {min(some, key=lambda each: each[1]), max(some, key=lambda each: each[1])}
        kept += sorted(ends)
    return [points[0], *kept, points[-1]]
