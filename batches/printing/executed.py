"""The executed record of a batch as of an instant: steps, entries, results, materials, scans; as words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.executed.hold_clocks import HoldClock, clocks_of
from batches.executed.order import latest_of
from batches.models import (
    Batch,
    HoldTime,
    Limit,
    Lot,
    LotUse,
    PageComment,
    PaperScan,
    Parameter,
    ProcedureStep,
    SampleResult,
    StepEntry,
    StepExecution,
)
from batches.printing.ends import Ending
from batches.recipes.rows import limit_spec
from batches.recipes.words import range_of
from batches.states import EntryState, LimitKind, ResultFlag, ResultState
from portal.dossiers import Section
from portal.past import Past, join
from portal.states import Audience

CLOCKS: Final = {
    "ahead": gettext_lazy("not begun"),
    "running": gettext_lazy("running"),
    "over": gettext_lazy("time is over"),
    "kept": gettext_lazy("kept"),
    "broken": gettext_lazy("not kept"),
}
T = TypeVar("T")
# Stands where there is nothing to say.
NONE: Final = "\N{EN DASH}"
# What a table prints in each of its lines.
Row = tuple[str, ...]


class Executed:
    """The rows of an executed record as they stood, each beside those that it names."""

    def __init__(self, past: Past, batch: Batch) -> None:
        self.past, self.batch = past, batch
        recipe_id = batch.recipe_version_id
        self.steps = {each.pk: each for each in past.related(ProcedureStep, recipe_version_id=recipe_id)}
        self.parameters = {each.pk: each for each in past.related(Parameter, recipe_version_id=recipe_id)}
        self.attempts = _ordered(past.related(StepExecution, batch_id=batch.pk), "started_at")
        for each in self.attempts:
            join(each, step=self.steps.get(each.step_id))
        known = {each.pk: each for each in self.attempts}
        self.entries = _ordered(past.related(StepEntry, batch_id=batch.pk), "at")
        self.results = _ordered(past.related(SampleResult, batch_id=batch.pk), "sampled_at")
        for line in (*self.entries, *self.results):
            join(
                line,
                execution=_of(known, line.execution_id),
                parameter=_of(self.parameters, line.parameter_id),
            )
        self.uses = _ordered(past.related(LotUse, batch_id=batch.pk), "used_at")
        lots = {each.pk: each for each in past.rows(Lot, {each.lot_id for each in self.uses})}
        for use in self.uses:
            join(use, lot=lots.get(use.lot_id))
        self.made = sorted(past.related(Lot, produced_by_id=batch.pk), key=lambda each: each.number)
        self.scans = _ordered(past.related(PaperScan, batch_id=batch.pk), "recorded_at")
        self.comments = [
            comment
            for scan in self.scans
            for comment in sorted(
                past.related(PageComment, scan_id=scan.pk), key=lambda each: (each.page, each.made_at)
            )
        ]

    @property
    def limits(self) -> Mapping[UUID, list[Limit]]:
        """Return the specifications, by parameter."""
        found: dict[UUID, list[Limit]] = {}
        rows = self.past.related(
            Limit, parameter__recipe_version_id=self.batch.recipe_version_id, kind=LimitKind.SPEC
        )
        for each in sorted(rows, key=lambda one: one.pk):
            join(each, phase=_of(self.steps, each.phase_id))
            found.setdefault(each.parameter_id, []).append(each)
        return found

    def specification(self, parameter_id: UUID, limits: Mapping[UUID, list[Limit]]) -> str:
        """Return the specification of a parameter in words, empty where there is none."""
        return "\n".join(spec_words(each) for each in limits.get(parameter_id, ()))

    @property
    def row_ids(self) -> set[UUID]:
        """Return the rows that belong to the record."""
        own: Iterable[Any] = (
            *self.attempts,
            *self.entries,
            *self.results,
            *self.uses,
            *self.made,
            *self.scans,
            *self.comments,
        )
        return {each.pk for each in own}


def executed_of(past: Past, batch: Batch, zone: str) -> Ending:
    """Return the executed record of a batch as parts of a printed one, with the rows that belong to it."""
    found = Executed(past, batch)
    return Ending(sections_of(found, zone), (), found.row_ids)


def sections_of(found: Executed, zone: str) -> list[Section]:
    """Return the tables of an executed record; one without a line is left out."""
    at = _Times(zone)
    note = _("Times are site time (%(zone)s) over UTC.") % {"zone": zone}
    sections = [
        Section(
            _("Steps as executed"),
            note,
            columns=(_("Step"), _("Began"), _("Ended"), _("Done by"), _("Verified by"), _("Remarks")),
            widths=(3, 0, 0, 2, 0, 4),
            rows=[_step(each, at) for each in found.attempts],
        ),
        Section(
            _("Entries"),
            note,
            columns=(_("At"), _("Step"), _("What"), _("Entered"), _("By"), _("Remarks")),
            widths=(0, 2, 3, 2, 2, 4),
            rows=[_entry(each, at) for each in found.entries],
        ),
        Section(
            _("Results of samples"),
            note,
            columns=(_("Test"), _("Sampled"), _("Result"), _("Specification"), _("By"), _("Remarks")),
            widths=(3, 0, 2, 3, 2, 3),
            rows=_results(found, at),
        ),
        Section(
            _("Hold times"),
            note,
            columns=(_("Hold time"), _("At most"), _("Began"), _("Ended"), _("Stands at")),
            widths=(3, 0, 0, 0, 2),
            rows=[_clock(each, at) for each in _clocks(found)],
        ),
        Section(
            _("Materials used"),
            note,
            columns=(_("Lot"), _("Material"), _("Quantity"), _("Used"), _("By"), _("Remarks")),
            widths=(2, 3, 2, 0, 2, 3),
            rows=[_use(each, at) for each in found.uses],
        ),
        Section(
            _("Lots made"),
            columns=(_("Lot"), _("Material"), _("Quantity"), _("State"), _("Expires on")),
            widths=(2, 3, 2, 2, 0),
            rows=[
                (
                    each.number,
                    f"{each.title} ({each.material})",
                    _amount(each.quantity, each.unit),
                    str(each.get_state_display()),
                    f"{each.expires_on:%Y-%m-%d}" if each.expires_on else NONE,
                )
                for each in found.made
            ],
        ),
        *_paper(found, at),
    ]
    return [each for each in sections if each.rows]


def _paper(found: Executed, at: _Times) -> Iterator[Section]:
    numbers = {each.pk: f"{place}" for place, each in enumerate(found.scans, 1)}
    yield Section(
        _("Records on paper"),
        _("Scans are files of the record; an export with files holds them, with a digest of each page."),
        columns=(_("No."), _("Title"), _("Pages"), _("Entered"), _("By"), _("Remarks")),
        widths=(0, 4, 0, 0, 2, 3),
        rows=[
            (
                numbers[each.pk],
                each.title,
                str(each.page_count),
                at(each.recorded_at),
                each.code,
                _("in place of no. %(no)s: %(reason)s")
                % {"no": _of(numbers, each.replaces_id) or NONE, "reason": each.reason}
                if each.replaces_id
                else "",
            )
            for each in found.scans
        ],
    )
    yield Section(
        _("Corrections on paper"),
        columns=(_("Scan, page"), _("Comment"), _("By"), _("Correction"), _("State")),
        widths=(0, 4, 2, 4, 2),
        rows=[
            (
                f"{numbers[each.scan_id]}, {each.page}",
                str(each.text),
                f"{each.code}\n{at(each.made_at)}",
                "\n".join(part for part in (str(each.correction), each.corrected_code) if part) or NONE,
                " ".join(part for part in (str(each.get_state_display()), each.closed_code) if part),
            )
            for each in found.comments
        ],
    )


class _Times:
    """Writes an instant as site time over UTC."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def __call__(self, at: datetime | None) -> str:
        if at is None:
            return NONE
        here, there = at.astimezone(self._zone), at.astimezone(UTC)
        day = "" if here.date() == there.date() else f"{there:%m-%d} "
        return f"{here:%Y-%m-%d %H:%M:%S}\n{day}{there:%H:%M:%S} UTC"


def _step(each: StepExecution, at: _Times) -> Row:
    said = [capfirst(str(each.get_state_display()))]
    if each.attempt > 1:
        said.append(_("attempt %d") % each.attempt)
    if each.equipment or each.rooms:
        said.append(", ".join([*each.equipment, *each.rooms]))
    if each.reason:
        said.append(str(each.reason))
    if each.is_late:
        said.append(_("late: %s") % each.late_reason)
    return (
        f"{each.title}{_private(each.audience)}",
        at(each.started_at),
        at(each.ended_at),
        each.performed_code or each.started_code,
        f"{each.verified_code}\n{at(each.verified_at)}" if each.verified_code else NONE,
        "\n".join(said),
    )


def _entry(each: StepEntry, at: _Times) -> Row:
    said = []
    if each.state == EntryState.CORRECTED:
        said.append(_("corrected; stays to be read"))
    if each.replaces_id:
        said.append(_("in place of an earlier entry: %s") % each.reason)
    if each.is_late:
        said.append(_("late: %s") % each.late_reason)
    if each.outside:
        said.append(_("outside %s") % LimitKind(each.outside).label)
    if each.verified_code:
        said.append(_("checked by %s") % each.verified_code)
    value = _amount(each.value, each.unit) if each.value is not None else str(each.text)
    if each.given_value is not None and (each.given_value, each.given_unit) != (each.value, each.unit):
        value += "\n" + _("as read: %s") % _amount(each.given_value, each.given_unit)
    step = each.execution.step.title if each.execution is not None and each.execution.step else NONE
    return at(each.at), step, f"{each.title}{_private(each.audience)}", value, each.code, "\n".join(said)


def _results(found: Executed, at: _Times) -> list[Row]:
    limits = found.limits
    return [_result(each, found.specification(each.parameter_id, limits), at) for each in found.results]


def _result(each: SampleResult, specification: str, at: _Times) -> Row:
    said = [_("result at %s") % at(each.resulted_at).replace("\n", ", ")]
    if each.flag:
        said.append(str(ResultFlag(each.flag).label))
    if each.state == ResultState.INVALIDATED:
        said.append(
            _("declared invalid by %(by)s: %(why)s")
            % {"by": each.invalidated_code, "why": each.invalid_reason}
        )
    if each.replaces_id:
        said.append(_("in place of an invalid one: %s") % each.reason)
    if each.second_reader_code:
        said.append(_("read again by %s") % each.second_reader_code)
    said.append(_("reviewed by %s") % each.reviewed_code if each.reviewed_code else _("unreviewed"))
    return (
        f"{each.title}{_private(each.audience)}" + (f"\n{each.method}" if each.method else ""),
        at(each.sampled_at),
        result_words(each),
        specification or NONE,
        each.reader_code,
        "\n".join(said),
    )


def result_words(each: SampleResult) -> str:
    """Return a result with its unit."""
    return f"{each.qualifier}{_amount(each.value, each.unit)}"


def spec_words(limit: Limit) -> str:
    """Return what a specification asks for, with its phase."""
    phase = f", {limit.phase.title}" if limit.phase is not None else ""
    return range_of(limit_spec(limit)) + phase


def _clocks(found: Executed) -> list[HoldClock]:
    holds = found.past.related(HoldTime, recipe_version_id=found.batch.recipe_version_id)
    ordered = sorted(holds, key=lambda each: (each.ordinal, each.pk))
    steps = sorted(found.steps.values(), key=lambda each: (each.ordinal, each.pk))
    return clocks_of(ordered, steps, latest_of(found.attempts), found.past.at)


def _clock(each: HoldClock, at: _Times) -> Row:
    hours = (Decimal(each.hold.longest_s) / 3600).quantize(Decimal("0.1"))
    return (
        each.hold.title,
        _("%s h") % f"{hours.normalize():f}",
        at(each.started_at),
        at(each.ended_at),
        str(CLOCKS[each.state]),
    )


def _use(each: LotUse, at: _Times) -> Row:
    lot, said = each.lot, []
    if each.under_quarantine:
        said.append(_("used under quarantine"))
    if each.withdrawn_at is not None:
        said.append(
            _("taken back by %(by)s: %(why)s") % {"by": each.withdrawn_code, "why": each.withdrawn_why}
        )
    return (
        lot.number if lot else NONE,
        f"{lot.title} ({lot.material})" if lot else NONE,
        _amount(each.quantity, lot.unit if lot else ""),
        at(each.used_at),
        each.code,
        "\n".join(said),
    )


def _amount(value: Decimal | None, unit: str) -> str:
    return NONE if value is None else f"{value.normalize():f} {unit}".strip()


def _private(audience: str) -> str:
    return f" ({Audience(audience).label})" if audience != Audience.SHARED else ""


def _ordered(rows: Sequence[Any], by: str) -> list[Any]:
    return sorted(rows, key=lambda each: (getattr(each, by), each.pk))


def _of(known: Mapping[UUID, T], row_id: UUID | None) -> T | None:
    return known.get(row_id) if row_id is not None else None
