"""The page of a batch's executed record: steps, entries, results, hold times and yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final, cast
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.access import get_batch
from batches.actions import entries, executing, papers, results
from batches.api.shapes import number_text
from batches.executed.hold_clocks import HoldClock
from batches.models import Batch, PageComment, PaperScan, Parameter, SampleResult, StepEntry, StepExecution
from batches.queries.papers import list_comments, list_scans
from batches.queries.record import BatchRecord, StepLine, batch_record, files_of, list_entries
from batches.states import (
    COMMENT_TRANSITIONS,
    ENTRY_TRANSITIONS,
    PAPER_REVIEWERS,
    PERFORMERS,
    READERS,
    RESULT_TRANSITIONS,
    STEP_TRANSITIONS,
    BatchState,
    DataKind,
    EntryState,
    ExecutionState,
    LimitKind,
    ResultFlag,
    ResultState,
)
from batches.views.places import place_of
from batches.views.record_forms import CHOOSING, FORMS, SiteForm
from batches.views.scanning import enter_scan_file
from portal.access import available
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.models import Attachment
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.states import CDMO_QA, SYSTEM, Audience

ENTRIES_SHOWN: Final = 100
RESULTS_SHOWN: Final = 100
TONES: Final = {
    ExecutionState.STARTED: "accent",
    ExecutionState.PERFORMED: "hold",
    ExecutionState.VERIFIED: "fine",
    ExecutionState.SKIPPED: "warn",
    ExecutionState.ABORTED: "warn",
}
STANDS: Final = {
    "ahead": (gettext_lazy("ahead"), ""),
    "running": (gettext_lazy("running"), "accent"),
    "over": (gettext_lazy("time is over"), "warn"),
    "kept": (gettext_lazy("kept"), "fine"),
    "broken": (gettext_lazy("not kept"), "warn"),
}
LABELS: Final = {
    "start": gettext_lazy("Begin"),
    "skip": gettext_lazy("Leave out"),
    "entry": gettext_lazy("Enter"),
    "comment": gettext_lazy("Comment"),
    "scan": gettext_lazy("Enter the scan"),
    "result": gettext_lazy("Record the result"),
    **{
        name: step.label
        for table in (STEP_TRANSITIONS, ENTRY_TRANSITIONS, RESULT_TRANSITIONS, COMMENT_TRANSITIONS)
        for name, step in table.items()
    },
}
ACTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "start": executing.start_step,
    "skip": executing.skip_step,
    "finish": executing.finish_step,
    "verify": executing.verify_step,
    "abort": executing.abort_step,
    "entry": entries.make_entry,
    "correct": entries.correct_entry,
    "check": entries.check_entry,
    "result": results.record_result,
    "second_read": results.read_again,
    "review": results.review_result,
    "invalidate": results.invalidate_result,
    "answer": papers.answer_comment,
    "accept": papers.accept_correction,
    "put_back": papers.put_back_comment,
    "take_back": papers.take_back_comment,
}
Context = dict[str, Any]


class RecordPage(Page):
    """The executed record of one batch."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/record.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the record with what this reader may do in it."""
        actor = request.actor
        record = batch_record(actor, kwargs["batch_id"])
        batch, rooms = record.batch, list_rooms(actor)
        place = place_of(batch, rooms)
        forms = _Forms(actor, batch, place.zone)
        chosen = _chosen(request, record)
        forms.on, forms.step = request.GET.get("on", ""), quote(chosen)
        shown = list_entries(actor, batch.pk, step=chosen, whole=not chosen).order_by(
            "-at", "-recorded_at", "id"
        )
        files = files_of(actor, record)
        lines = list(shown[: ENTRIES_SHOWN + 1])
        return {
            "batch": batch,
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            "place": place,
            "record": record,
            "address": f"/batches/{batch.pk}/record/",
            "share": round(100 * record.done / record.leaves) if record.leaves else 0,
            "steps": [step_row(each, record, forms, files) for each in shown_lines(record)],
            "chosen": chosen,
            "chosen_title": next((each.step.title for each in record.lines if each.step.code == chosen), ""),
            "entries": [entry_row(each, forms) for each in lines[:ENTRIES_SHOWN]],
            "is_more": len(lines) > ENTRIES_SHOWN,
            "results": [result_row(each, forms) for each in record.results[-RESULTS_SHOWN:]],
            "results_left_out": max(0, len(record.results) - RESULTS_SHOWN),
            "clocks": [clock_row(each) for each in record.clocks],
            "yields": [yield_row(each) for each in record.yields],
            "entry_form": forms.of("entry", step=chosen) if forms.may_enter(record, chosen) else None,
            **paper_parts(forms),
            "result_form": forms.of("result") if forms.reads else None,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take one step in the record."""
        asked, batch_id = cast("PageRequest", request), kwargs["batch_id"]
        name = asked.POST.get("do", "")
        if name not in FORMS:
            raise NotFound
        with reading(asked.actor):
            batch = get_batch(asked.actor, batch_id)
            zone = place_of(batch, list_rooms(asked.actor)).zone
            form = _Forms(asked.actor, batch, zone).sent(name, asked.POST, asked.FILES)
        if form.is_valid():
            given = {key: value for key, value in form.cleaned_data.items() if value not in (None, "")}
            about = given.pop("id", batch_id)
            try:
                self._act(asked.actor, name, batch_id, about, given)
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("The batch record has it."))
                step = given.get("step", asked.GET.get("step", ""))
                chosen = f"?step={step}" if step and name == "entry" else ""
                return HttpResponseRedirect(f"/batches/{batch_id}/record/{chosen}", status=303)
        with reading(asked.actor):
            extra = {"sent_form": form, "sent": name, "sent_label": LABELS[name]}
            return self.show(asked, status=400, extra=extra, **kwargs)

    def _act(self, actor: Actor, name: str, batch_id: UUID, about: UUID, given: Context) -> None:
        if name == "scan":
            enter_scan_file(actor, batch_id, given.pop("file"), given)
            return
        if name == "comment":
            x, y = (Decimal(given.pop(axis, 0)) / 100 for axis in ("x", "y"))
            papers.comment_page(actor, UUID(given.pop("scan")), x=x, y=y, **given)
            return
        ACTIONS[name](actor, about if "version" in given else batch_id, **given)


class _Forms:
    """The forms that a reader is offered in one record."""

    def __init__(self, actor: Actor, batch: Batch, zone: str) -> None:
        self.actor, self.batch, self.zone = actor, batch, zone
        begun = batch.state != BatchState.PLANNED
        self.performs = begun and actor.holds(batch.space_id, *PERFORMERS)
        self.reads = begun and actor.holds(batch.space_id, *READERS)
        self.skips = begun and actor.holds(batch.space_id, CDMO_QA, SYSTEM)
        self.on, self.step = "", ""
        self.comments = actor.holds(batch.space_id, *PAPER_REVIEWERS)
        self._parameters: list[Parameter] | None = None
        self._scans: list[PaperScan] | None = None

    def may_enter(self, record: BatchRecord, step: str) -> bool:
        """Say whether something may be entered at a step, or with none at the batch as a whole."""
        line = next((each for each in record.lines if each.step.code == step), None)
        return self.reads and (not step or (line is not None and line.latest is not None))

    def of(self, name: str, **initial: Any) -> SiteForm:
        """Return an empty form."""
        known = initial.get("id", initial.get("step", ""))
        return FORMS[name](initial=initial, auto_id=f"{name}-{known}-%s", **self._given(name))

    def sent(self, name: str, data: Any, files: Any) -> SiteForm:
        """Return a form with what was sent."""
        return FORMS[name](data, files, auto_id=f"{name}-sent-%s", **self._given(name))

    def links(self, row: Any, transitions: Any, *, without: tuple[str, ...] = ()) -> list[Context]:
        """Return the steps as forms on the row that was chosen, as one link to them on any other.

        A page of hundreds of lines would be mostly forms, and take as long to make.
        """
        if str(row.pk) == self.on:
            return self.offers(row, transitions, without=without)
        names = [name for name in available(self.actor, row, transitions) if name not in without]
        words = ", ".join(str(LABELS[name]) for name in names)
        return [{"label": words, "url": f"?step={self.step}&on={row.pk}#on-{row.pk}"}] if names else []

    def offers(self, row: Any, transitions: Any, *, without: tuple[str, ...] = ()) -> list[Context]:
        """Return the steps that the reader may take on a row, each with its form."""
        return [
            {"name": name, "label": LABELS[name], "form": self.of(name, id=row.pk, version=row.version)}
            for name in available(self.actor, row, transitions)
            if name not in without
        ]

    def scans(self) -> list[PaperScan]:
        """Return the scans of the batch, the latest first."""
        if self._scans is None:
            self._scans = list(list_scans(self.actor, self.batch.pk).order_by("-recorded_at", "id"))
        return self._scans

    def _given(self, name: str) -> Context:
        if name in ("comment", "scan"):
            return {"zone": self.zone, "scans": [(str(each.pk), each.title) for each in self.scans()]}
        if name not in CHOOSING:
            return {"zone": self.zone}
        return {"zone": self.zone, "parameters": self._choices(name)}

    def _choices(self, name: str) -> list[tuple[str, str]]:
        if self._parameters is None:
            rows = Parameter.objects.visible_to(self.actor)
            rows = rows.filter(recipe_version_id=self.batch.recipe_version_id)
            self._parameters = list(rows.order_by("ordinal", "id"))
        found = self._parameters
        if name == "result":
            found = [each for each in found if each.data_kind != DataKind.ONLINE] or found
        return [(each.code, f"{each.title} ({each.unit})" if each.unit else each.title) for each in found]


def _chosen(request: PageRequest, record: BatchRecord) -> str:
    """Return the step whose entries are shown: the one asked for, else the one under way, else none."""
    asked = request.GET.get("step", request.POST.get("step", ""))
    if any(line.step.code == asked for line in record.lines):
        return asked
    running = record.running
    return running.step.code if running is not None and "step" not in request.GET else ""


def shown_lines(record: BatchRecord) -> list[StepLine]:
    """Return the lines of the tree, without a step above that only says again what stands below it."""
    following = [*record.lines[1:], None]
    return [
        line
        for line, after in zip(record.lines, following, strict=False)
        if line.is_leaf or after is None or after.step.title != line.step.title
    ]


def step_row(
    line: StepLine, record: BatchRecord, forms: _Forms, files: Mapping[UUID, Sequence[Attachment]]
) -> Context:
    """Return a step with who did it and what may be done with it."""
    latest = line.latest
    row: Context = {
        "line": line,
        "latest": latest,
        "tone": TONES[ExecutionState(latest.state)] if latest is not None else "",
        "state": _state_words(latest),
        "things": ", ".join([*latest.equipment, *latest.rooms]) if latest is not None else "",
        "earlier": [_attempt_words(each) for each in line.attempts[:-1]],
        "private": _private(line.step.audience),
        "files": files.get(latest.pk, ()) if latest is not None else (),
        "offers": [],
    }
    if latest is not None:
        taken = latest.performed_code in _codes_of(forms) or latest.started_code in _codes_of(forms)
        row["offers"] = forms.offers(latest, STEP_TRANSITIONS, without=("verify",) if taken else ())
    if line.is_leaf and record.is_next(line.step):
        row["offers"] += [
            {"name": name, "label": LABELS[name], "form": forms.of(name, step=line.step.code)}
            for name, may in (("start", forms.performs), ("skip", forms.skips))
            if may
        ]
    return row


def entry_row(entry: StepEntry, forms: _Forms) -> Context:
    """Return an entry in words."""
    own = entry.code in _codes_of(forms) or entry.verified_at is not None
    given = f"{number_text(entry.given_value)} {entry.given_unit}".strip()
    value = f"{number_text(entry.value)} {entry.unit}".strip() if entry.value is not None else ""
    return {
        "entry": entry,
        "value": value or entry.text,
        "given": given if value and given != value else "",
        "outside": LimitKind(entry.outside).label if entry.outside else "",
        "is_corrected": entry.state == EntryState.CORRECTED,
        "private": _private(entry.audience),
        "offers": forms.links(entry, ENTRY_TRANSITIONS, without=("check",) if own else ()),
    }


def result_row(result: SampleResult, forms: _Forms) -> Context:
    """Return a result in words."""
    own = result.reader_code in _codes_of(forms)
    without = ("second_read", "review") if own else ("second_read",) if result.second_read_at else ()
    return {
        "result": result,
        "value": f"{result.qualifier}{number_text(result.value)} {result.unit}".strip(),
        "flag": ResultFlag(result.flag).label if result.flag else "",
        "basis": _basis(result),
        "is_invalid": result.state == ResultState.INVALIDATED,
        "calibrated": result.is_calibrated(result.resulted_at.date()),
        "private": _private(result.audience),
        "offers": forms.links(result, RESULT_TRANSITIONS, without=without),
    }


def paper_parts(forms: _Forms) -> Context:
    """Return the scans and the correction table."""
    scans = forms.scans()
    rows = list_comments(forms.actor, forms.batch.pk).order_by("scan", "page", "made_at", "id")
    return {
        "scans": scans,
        "comments": [comment_row(each, forms) for each in rows[:ENTRIES_SHOWN]] if scans else [],
        "comment_form": forms.of("comment") if scans and forms.comments else None,
        "scan_form": forms.of("scan") if forms.performs else None,
    }


def comment_row(comment: PageComment, forms: _Forms) -> Context:
    """Return a line of the correction table in words."""
    side = str(forms.actor.side(forms.batch.space_id) or "")
    barred = [] if comment.code in _codes_of(forms) else ["take_back"]
    if comment.side != side:
        barred += ["accept", "put_back"]
    elif comment.corrected_code in _codes_of(forms):
        barred.append("accept")
    return {
        "comment": comment,
        "place": _("%(x)s %% from the left, %(y)s %% from the top")
        % {"x": round(comment.x * 100), "y": round(comment.y * 100)},
        "tone": {"open": "warn", "accepted": "fine"}.get(comment.state, ""),
        "offers": forms.offers(comment, COMMENT_TRANSITIONS, without=tuple(barred)),
    }


def clock_row(clock: HoldClock) -> Context:
    """Return a hold time in words."""
    words, tone = STANDS[clock.state]
    return {
        "clock": clock,
        "state": words,
        "tone": "warn" if clock.is_threatened else tone,
        "hours": number_text(_hours(clock.hold.longest_s)),
    }


def yield_row(line: Any) -> Context:
    """Return a material with expected and actual amount."""
    return {
        "line": line,
        "expected": number_text(line.expected),
        "actual": number_text(line.actual),
        "share": number_text(line.share),
        "limits": _range(number_text(line.low), number_text(line.high)) if line.low or line.high else "",
        "uncounted": ", ".join(line.uncounted),
    }


def _codes_of(forms: _Forms) -> set[str]:
    return {seat.code for seat in forms.actor.seats.get(forms.batch.space_id, ())} - {""}


def _state_words(latest: StepExecution | None) -> str:
    if latest is None:
        return _("to do")
    if latest.state == ExecutionState.PERFORMED and not latest.is_over:
        return _("waits for the second check")
    return str(latest.get_state_display())


def _attempt_words(each: StepExecution) -> str:
    words = {
        "n": each.attempt,
        "state": each.get_state_display(),
        "by": each.performed_code or each.started_code,
    }
    line = _("Attempt %(n)s: %(state)s, %(by)s") % words
    return f"{line}. {each.reason}" if each.reason else line


def _basis(result: SampleResult) -> str:
    """Return by what a result was flagged."""
    basis = result.basis
    words = _range(basis.get("low"), basis.get("high"))
    if result.flag == ResultFlag.OOS:
        return _("specification: %(range)s") % {"range": words}
    if result.flag == ResultFlag.OOT:
        return _("%(range)s expected from %(n)s earlier batches") % {"range": words, "n": basis.get("n")}
    return ""


def _range(low: str | None, high: str | None) -> str:
    """Return a range in words, either end of which may be open."""
    if high is None:
        return _("at least %(low)s") % {"low": low}
    if low is None:
        return _("at most %(high)s") % {"high": high}
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _private(audience: str) -> str:
    return str(Audience(audience).label) if audience != Audience.SHARED else ""


def _hours(seconds: int) -> Decimal:
    return (Decimal(seconds) / 3600).quantize(Decimal("0.1"))
