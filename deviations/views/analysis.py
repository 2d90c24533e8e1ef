"""Ageing, Pareto, trend and heat map as pictures drawn on the server, each with its table; and the export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deviations.queries.analysis import BY, CLASSES, UNCLASSED, Heat, Month, analyse
from deviations.queries.export import HEADER, export_rows
from deviations.queries.saved_filters import FILTERS
from deviations.views.listing import WORDS_MAX
from portal.csv_out import ENCODING, rows_to_csv
from portal.errors import DomainError, Invalid
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.states import Classification
from portal.xlsx_out import MEDIA_TYPE, rows_to_xlsx

WIDTH: Final = 640
LINE: Final = 26
NAME: Final = 190
HEIGHT: Final = 180
LEVELS: Final = 5
NAMES: Final = {
    "step": gettext_lazy("Step"),
    "equipment": gettext_lazy("Equipment of the batch"),
    "asset": gettext_lazy("Equipment or room of the record"),
}


class AnalysisPage(Page):
    """What deviations have in common over twelve months, as far as the reader sees them."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/analysis.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the pictures; a fixed number of queries."""
        actor = request.actor
        by = request.GET.get("by", "step")
        by = by if by in BY else "step"
        programs = list(Program.objects.visible_to(actor).order_by("code", "pk"))
        given = request.GET.get("program", "")
        chosen = next((each for each in programs if str(each.pk) == given), None)
        found = analyse(actor, program_id=chosen.pk if chosen is not None else None, by=by)
        names = {each.value: str(each.label) for each in Classification} | {UNCLASSED: _("no class yet")}
        return {
            "found": found,
            "programs": programs,
            "chosen": chosen,
            "by": by,
            "kinds": list(NAMES.items()),
            "by_name": NAMES[by],
            "classes": [(each, names[each]) for each in CLASSES],
            "ages": bars(found.ages, _("Open deviations by age")),
            "pareto": bars([(each.name, each.count) for each in found.pareto], _("Most frequent first")),
            "trend": columns(found.trend, _("Deviations by month and class")),
            "heat": heat_map(found.heat, _("Deviations by place and month")),
            "shares": [(each.name, each.count, round(100 * each.share)) for each in found.pareto],
            "months": [
                (each.begins, [each.counts[name] for name in CLASSES], each.total) for each in found.trend
            ],
        }


class ExportPage(Page):
    """The list of a saved filter as CSV or XLSX."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Return the file; nothing in it is computed by a spreadsheet."""
        asked = cast("PageRequest", request)
        chosen, form = asked.GET.get("filter", "open"), asked.GET.get("format", "csv")
        if chosen not in FILTERS or form not in ("csv", "xlsx"):
            raise Invalid("No such filter or form.", errors={"format": ["csv or xlsx"]})
        words = asked.GET.get("q", "").replace("\x00", "").strip()[:WORDS_MAX]
        rows = export_rows(asked.actor, chosen, words=words)
        if form == "csv":
            data: bytes = rows_to_csv(HEADER, rows).encode(ENCODING)
            answer = HttpResponse(data, content_type="text/csv; charset=utf-8")
        else:
            answer = HttpResponse(rows_to_xlsx(HEADER, rows), content_type=MEDIA_TYPE)
        answer.headers["Content-Disposition"] = f'attachment; filename="deviations.{form}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say in words why there is no file."""
        return HttpResponse(error.detail, status=error.status, content_type="text/plain; charset=utf-8")


def bars(rows: Sequence[tuple[str, int]], title: str) -> SafeString:
    """Return horizontal bars, one a row, each with its name and number beside it."""
    most = max((n for _name, n in rows), default=0) or 1
    room = WIDTH - NAME - 60
    drawn = format_html_join(
        "",
        '<text class="bar-name" x="{}" y="{}">{}</text>'
        '<rect class="datum" x="{}" y="{}" width="{}" height="16"/>'
        '<text class="bar-count" x="{}" y="{}">{}</text>',
        (
            (
                *(NAME - 10, n * LINE + 17, name if len(name) < 27 else f"{name[:25]}…"),  # noqa: PLR2004 - fits
                *(NAME, n * LINE + 5, max(1, round(room * count / most)) if count else 0),
                *(NAME + round(room * count / most) + 8, n * LINE + 17, count),
            )
            for n, (name, count) in enumerate(rows)
        ),
    )
    return _picture(title, LINE * max(1, len(rows)), drawn)


def columns(months: Sequence[Month], title: str) -> SafeString:
    """Return a column a month, its classes above each other."""
    most = max((each.total for each in months), default=0) or 1
    wide = WIDTH / max(1, len(months))
    parts = []
    for n, month in enumerate(months):
        foot = HEIGHT - 24
        for name in reversed(CLASSES):
            tall = round((HEIGHT - 44) * month.counts[name] / most)
            foot -= tall
            place = (name, round(n * wide + 6), foot, round(wide - 12), tall)
            if tall:
                parts.append(
                    format_html('<rect class="datum {}" x="{}" y="{}" width="{}" height="{}"/>', *place)
                )
        middle = round(n * wide + wide / 2)
        parts.append(format_html('<text class="mid" x="{}" y="{}">{}</text>', middle, foot - 5, month.total))
        label = f"{month.begins:%b}"
        parts.append(
            format_html('<text class="mid faint" x="{}" y="{}">{}</text>', middle, HEIGHT - 6, label)
        )
    return _picture(title, HEIGHT, format_html_join("", "{}", ((each,) for each in parts)))


def heat_map(heat: Heat, title: str) -> SafeString:
    """Return a cell a place and month, darker with more; its number stands in it."""
    wide = (WIDTH - NAME) / max(1, len(heat.months))
    parts = []
    for n, (name, counts) in enumerate(heat.rows):
        short = name if len(name) < 27 else f"{name[:25]}…"  # noqa: PLR2004 - fits
        parts.append(
            format_html('<text class="bar-name" x="{}" y="{}">{}</text>', NAME - 10, n * LINE + 17, short)
        )
        for m, count in enumerate(counts):
            level = -(-LEVELS * count // heat.most) if heat.most else 0
            place = (level, round(NAME + m * wide), n * LINE + 1, round(wide - 2), LINE - 2)
            parts.append(format_html('<rect class="heat-{}" x="{}" y="{}" width="{}" height="{}"/>', *place))
            if count:
                at = (level, round(NAME + (m + 0.5) * wide), n * LINE + 18, count)
                parts.append(format_html('<text class="mid on-heat-{}" x="{}" y="{}">{}</text>', *at))
    drawn = format_html_join("", "{}", ((each,) for each in parts))
    return _picture(title, LINE * max(1, len(heat.rows)), drawn)


def _picture(title: str, height: int, drawn: SafeString) -> SafeString:
    return format_html(
        '<svg class="drawn" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        height,
        title,
        drawn,
    )
