"""The evidence of a deviation as parts of a printed record, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.columns import instant_of
from batches.printing.executed import sections_of
from batches.printing.lines import lines_of
from batches.queries.window import Curve
from deviations.evidence.gathering import Evidence
from deviations.evidence.pictures import draw_curve
from portal.dossiers import Picture, Section, both_times
from portal.states import SeatSide

DRAWN_MOST: Final = 12
DONE: Final = {
    "started": gettext_lazy("began a step"),
    "performed": gettext_lazy("carried out a step"),
    "verified": gettext_lazy("checked"),
    "entered": gettext_lazy("made entries"),
    "acknowledged": gettext_lazy("gave receipt of an alert"),
    "reported": gettext_lazy("reported the deviation"),
}
NONE: Final = "\N{EN DASH}"


def sections_of_evidence(found: Evidence, zone: str) -> list[Section]:
    """Return the parts of the pack in the order of reading; a part without anything is left out."""
    parts = [
        *_curves(found, zone),
        _excursions(found, zone),
        _alarms(found, zone),
        *(sections_of(found.executed, zone) if found.executed else ()),
        _genealogy(found),
        _neighbours(found, zone),
        _people(found),
        _similar(found, zone),
        *_threads(found, zone),
    ]
    kept = [each for each in parts if each.rows or each.texts or each.fields or each.pictures]
    return [*kept, _unknown()]


def data_of_evidence(found: Evidence) -> dict[str, Any]:
    """Return the same as data: curves as CSV text, each with the digest of all its readings."""
    return {
        "window": {"from": _stamp(found.since), "to": _stamp(found.until)},
        "curves": [_curve_data(each) for each in found.curves],
        "excursions": [
            {
                "id": each.pk,
                "title": each.title,
                "limit": str(each.limit_kind),
                "from": each.started_at,
                "to": each.ended_at,
                "extreme": each.extreme,
            }
            for each in found.excursions
        ],
        "alerts": [
            {
                "id": each.alert.pk,
                "title": str(each.alert.title),
                "side": str(each.alert.side),
                "clause": each.alert.clause,
                "raised_at": each.alert.raised_at,
                "acknowledged_at": each.alert.acknowledged_at,
                "acknowledged_by": each.alert.acknowledged_by,
            }
            for each in found.alarms
        ],
        "record": lines_of(found.executed) if found.executed else {},
        "lots": [
            {
                "id": each.pk,
                "number": each.number,
                "material": each.material,
                "state": str(each.state),
                "made_by": found.makers.get(each.produced_by_id) if each.produced_by_id else None,
            }
            for each in found.lots
        ],
        "people": {code: sorted(done) for code, done in found.people.items()},
        "similar": [
            {
                "id": each.deviation.pk,
                "number": each.deviation.number,
                "title": str(each.deviation.title),
                "score": each.score,
                "why": list(each.reasons),
                "recurs": each.recurs,
            }
            for each in found.similar
        ],
        "not_known": list(_unknown().texts),
    }


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _curve_data(each: Curve) -> dict[str, Any]:
    lines = ["" if point is None else f"{_stamp(instant_of(point[0]))},{point[1]!r}" for point in each.points]
    return {
        "parameter": each.parameter.code,
        "title": each.parameter.title,
        "unit": each.parameter.unit,
        "readings": each.readings,
        "sha256": each.sha256,
        "is_thinned": each.is_thinned,
        "limits": [
            {name: str(limit[name]) if name in ("kind", "measure") else limit[name] for name in limit}
            for limit in each.limits
        ],
        "csv": "at,value\n" + "\n".join(lines),
    }


def _curves(found: Evidence, zone: str) -> Iterator[Section]:
    if not found.curves:
        return
    happened = (found.deviation.occurred_at, found.deviation.detected_at)
    opened = found.deviation.excursion
    if opened is not None:
        happened = (opened.started_at, opened.ended_at or opened.last_outside_at)
    drawn = found.curves[:DRAWN_MOST]
    words = _(
        "%(first)s to %(last)s. The band is the normal operating range; the shaded stretch is the event."
    )
    note = words % {"first": both_times(found.since, zone), "last": both_times(found.until, zone)}
    yield Section(
        _("Trends around the event"),
        note=note,
        pictures=[
            Picture(
                draw_curve(each, found.since, found.until, happened, zone),
                f"{each.parameter.title} ({each.parameter.code}), {each.readings} readings",
            )
            for each in drawn
        ],
    )
    yield Section(
        _("Readings of the window"),
        note=_(
            "The readings lie in the attached data, with the limits. Of a parameter with more than 5,000"
            " those that draw the same line: extremes and gaps stay. The digest is over all of them."
        ),
        columns=(
            _("Parameter"),
            _("Unit"),
            _("Readings"),
            _("Attached"),
            _("Lowest"),
            _("Highest"),
            _("SHA-256"),
        ),
        widths=(3, 0, 0, 0, 0, 0, 4),
        rows=[_curve_row(each) for each in found.curves],
    )


def _curve_row(each: Curve) -> tuple[str, ...]:
    values = [point[1] for point in each.points if point is not None]
    places = each.parameter.decimals
    return (
        f"{each.parameter.title} ({each.parameter.code})",
        each.parameter.unit,
        str(each.readings),
        _("thinned") if each.is_thinned else _("all"),
        f"{min(values):.{places}f}" if values else NONE,
        f"{max(values):.{places}f}" if values else NONE,
        each.sha256,
    )


def _excursions(found: Evidence, zone: str) -> Section:
    return Section(
        _("Excursions of the window"),
        columns=(_("What"), _("State"), _("Began"), _("Ended"), _("Extreme")),
        widths=(3, 0, 3, 3, 0),
        rows=[
            (
                each.title,
                str(each.get_state_display()),
                both_times(each.started_at, zone),
                both_times(each.ended_at, zone) or _("not yet"),
                f"{each.extreme:.{each.parameter.decimals}f} {each.parameter.unit}",
            )
            for each in found.excursions
        ],
    )


def _alarms(found: Evidence, zone: str) -> Section:
    rows = []
    for each in found.alarms:
        told = [
            f"{one.code}: " + (both_times(one.acknowledged_at, zone) or _("no receipt"))
            for one in each.receipts
        ]
        rows.append(
            (
                str(each.alert.title),
                f"{SeatSide(each.alert.side).label} {each.alert.clause}".strip(),
                both_times(each.alert.raised_at, zone),
                "\n".join(told) or NONE,
            )
        )
    return Section(
        _("Alerts and who gave receipt"),
        columns=(_("Alert"), _("Asks, clause"), _("Raised"), _("Told, and receipt")),
        widths=(4, 2, 3, 4),
        rows=rows,
    )


def _genealogy(found: Evidence) -> Section:
    return Section(
        _("Where the materials came from"),
        note=_("All lots that lead to the batch, as far as the records of this program go."),
        columns=(_("Lot"), _("Material"), _("State"), _("Made by")),
        widths=(2, 4, 0, 2),
        rows=[
            (
                each.number,
                f"{each.title} ({each.material})",
                str(each.get_state_display()),
                found.makers.get(each.produced_by_id, NONE) if each.produced_by_id else NONE,
            )
            for each in found.lots
        ],
    )


def _neighbours(found: Evidence, zone: str) -> Section:
    return Section(
        _("The same equipment, 30 days before and after"),
        note=_("In batches of this program; of other programs this pack says nothing."),
        columns=(_("Equipment"), _("Batch"), _("Step"), _("Began")),
        widths=(0, 0, 3, 3),
        rows=[
            (name, each.batch.number, each.title, both_times(each.started_at, zone))
            for name, each in found.neighbours
        ],
    )


def _people(found: Evidence) -> Section:
    return Section(
        _("Who acted in the window"),
        note=_("By seat. Who was there and did nothing that was recorded is not known here."),
        columns=(_("Who"), _("What")),
        widths=(1, 3),
        rows=[
            (code, ", ".join(str(words) for name, words in DONE.items() if name in done))
            for code, done in found.people.items()
        ],
    )


def _similar(found: Evidence, zone: str) -> Section:
    return Section(
        _("Similar deviations of this program"),
        columns=(_("Number"), _("Title"), _("Detected"), _("Why"), _("Alike")),
        widths=(0, 3, 3, 4, 0),
        rows=[
            (
                each.deviation.number,
                str(each.deviation.title) + ("\n" + _("recurrence") if each.recurs else ""),
                both_times(each.deviation.detected_at, zone),
                "\n".join(each.reasons),
                f"{each.score:.2f}",
            )
            for each in found.similar
        ],
    )


def _threads(found: Evidence, zone: str) -> Sequence[Section]:
    parts = []
    for each in found.threads:
        asked = each.request
        said = [
            (both_times(one.said_at, zone), f"{SeatSide(one.side).label}, {one.code}", str(one.text))
            for one in each.messages
        ]
        answer = f"{asked.option} {asked.reason}".strip()
        parts.append(
            Section(
                _("Decision request %s") % f"{asked.number}  {asked.title}".strip(),
                note=str(asked.get_state_display()),
                texts=[str(each) for each in (asked.details,) if each],
                fields=[
                    *((option.code, option.words) for option in asked.choices),
                    *([(_("Answer"), f"{answer}, {asked.ended_code}")] if answer else []),
                ],
                columns=(_("At"), _("Who"), _("Words")) if said else (),
                widths=(3, 2, 5) if said else (),
                rows=said,
            )
        )
    return parts


def _unknown() -> Section:
    return Section(
        _("What this pack does not know"),
        texts=[
            _(
                "Training records are not kept here: whether those named were trained for the step is"
                " answered by the training system of the site."
            ),
            _(
                "Calibration and maintenance of equipment are known as far as somebody entered or attached"
                " them."
            ),
            _(
                "Alarms of the plant's own system are known as far as they were entered; the alerts above are"
                " those that were judged here."
            ),
        ],
    )
