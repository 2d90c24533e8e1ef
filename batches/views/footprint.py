"""The sustainability sheet of a batch, and its export."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from batches.access import get_batch
from batches.api.footprint import plain
from batches.footprint.states import InputKind
from batches.queries.footprint import Sheet, find_sheet
from batches.views.places import place_of
from portal.csv_out import ENCODING, rows_to_csv
from portal.errors import NotFound
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms

COLUMNS: Final = (
    "kind",
    "title",
    "amount",
    "unit",
    "kg",
    "factor",
    "kg CO2e to a unit",
    "source",
    "kg CO2e",
    "not reckoned because of",
)
Context = dict[str, Any]


def rounded(value: Any) -> str:
    """Return a figure with three significant digits: more is not known of factors."""
    if value is None:
        return ""
    whole = 1000
    return f"{value:,.0f}".replace(",", "\u202f") if value >= whole else f"{float(value):.3g}"


class FootprintPage(Page):
    """What a batch took, what that comes to, by which factors, and what could not be reckoned."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/footprint.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the sheet as it was stated last."""
        actor = request.actor
        batch = get_batch(actor, kwargs["batch_id"])
        sheet = find_sheet(actor, batch.pk)
        return {
            "batch": batch,
            "place": place_of(batch, list_rooms(actor)),
            "sheet": sheet,
            **(_figures(sheet) if sheet is not None else {}),
        }


def _figures(sheet: Sheet) -> Context:
    found = sheet.footprint
    total = found.kg_co2e
    return {
        "total": rounded(total),
        "to_product": rounded(found.co2e_to_product),
        "pmi": rounded(found.pmi),
        "water_share": rounded(100 * found.water_kg / found.input_kg) if found.input_kg else "",
        "kinds": [
            {"label": InputKind(kind).label, "kg": rounded(value), "share": round(100 * value / total)}
            for kind, value in sorted(found.by_kind.items(), key=lambda each: -each[1])
            if total
        ],
        "rows": [
            {
                "line": each.line,
                "kind": InputKind(each.line.kind).label,
                "amount": plain(each.line.amount),
                "kg": plain(each.line.kg),
                "factor": each.factor,
                "per_unit": plain(each.factor.kg_co2e) if each.factor is not None else "",
                "kg_co2e": rounded(each.kg_co2e),
                "why": {"factor": _("no factor stated"), "unit": _("factor of another unit")}.get(each.why),
            }
            for each in found.lines
        ],
        "unreckoned": len(found.unreckoned),
        "unweighed": len(found.unweighed),
    }


class FootprintExport(Page):
    """The same as CSV."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return each line with its factor and source; 404 where nobody has stated any."""
        actor = cast("PageRequest", request).actor
        batch = get_batch(actor, kwargs["batch_id"])
        sheet = find_sheet(actor, batch.pk)
        if sheet is None:
            raise NotFound
        rows = [
            (
                each.line.kind,
                each.line.title,
                each.line.amount,
                each.line.unit,
                each.line.kg,
                each.line.factor,
                each.factor.kg_co2e if each.factor is not None else None,
                each.factor.source if each.factor is not None else "",
                each.kg_co2e,
                each.why,
            )
            for each in sheet.footprint.lines
        ]
        answer = HttpResponse(
            rows_to_csv(COLUMNS, rows).encode(ENCODING), content_type="text/csv; charset=utf-8"
        )
        name = f"footprint-{batch.pk}-{sheet.row.revision}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
