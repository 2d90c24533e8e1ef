"""Samples on their way and certificates of analysis: of a batch, of a lot, and over all batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from batches.access import get_batch
from batches.actions import coas, samples
from batches.api.coas import keep_file
from batches.api.shapes import number_text
from batches.forms_laboratory import FORMS
from batches.laboratory.states import (
    COA_TRANSITIONS,
    COMPARERS,
    LABORATORY,
    SAMPLE_TRANSITIONS,
    CoaState,
)
from batches.models import Batch, Coa, CoaDifference, Lot, Parameter, Sample
from batches.queries.coas import differences_of, lines_of_coa, list_coas
from batches.queries.disposition import outstanding_results
from batches.queries.samples import Tracked, list_samples, track
from batches.states import DataKind
from batches.views.places import place_of
from batches.views.record_forms import SiteForm
from portal.access import available, get_program, get_visible
from portal.action import instant, reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.states import Audience

Context = dict[str, Any]
LABELS: Final = {
    "plan": "Plan a sample",
    "enter": "Enter a certificate",
    **{name: step.label for table in (SAMPLE_TRANSITIONS, COA_TRANSITIONS) for name, step in table.items()},
}
ON_COAS: Final = ("explain", "agree", "retract")
COA_TONES: Final = {CoaState.OPEN: "warn", CoaState.ANSWERED: "hold", CoaState.ACCEPTED: "fine"}
SHOWN_MOST: Final = 200


class TrackerPage(Page):
    """Every sample that is under way, over all batches and laboratories, the next date first."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/tracker.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Context:
        """Return the samples by laboratory."""
        actor, now, rooms = request.actor, instant(), list_rooms(request.actor)
        rows = list_samples(actor, under_way=True).order_by("expected_at", "id")[:SHOWN_MOST]
        tracked = track(actor, rows, now)
        late = [each for each in tracked if each.is_late]
        return {
            "late": len(late),
            "rows": [sample_row(each, place_of(each.sample.batch, rooms).zone) for each in tracked],
        }


class LaboratoryPage(Page):
    """The samples and certificates of one batch."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/laboratory.html"

    def about(self, actor: Actor, kwargs: Context) -> Batch | Lot:
        """Return the batch. Raises: NotFound."""
        return get_batch(actor, kwargs["batch_id"])

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return where each sample is and in what each certificate differs."""
        actor, now = request.actor, instant()
        about = self.about(actor, kwargs)
        forms = _Forms(actor, about)
        batch = about if isinstance(about, Batch) else None
        tracked: list[Tracked] = []
        waits: list[str] = []
        if batch is not None:
            rows = list_samples(actor, batch_id=batch.pk).order_by("expected_at", "id")
            tracked = track(actor, rows, now)
            waits = outstanding_results(actor, batch)
        return {
            "batch": batch,
            "about": about,
            "zone": forms.zone,
            "samples": [sample_row(each, forms.zone, waits=waits, forms=forms) for each in tracked],
            "late": sum(each.is_late for each in tracked),
            "waits": waits,
            "coas": coa_rows(actor, about, forms),
            "plan_form": forms.of("plan") if batch is not None and forms.plans else None,
            "coa_form": forms.of("enter") if forms.compares else None,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take one step."""
        asked = cast("PageRequest", request)
        name = asked.POST.get("do", "")
        if name not in FORMS:
            raise NotFound
        with reading(asked.actor):
            about = self.about(asked.actor, kwargs)
            form = _Forms(asked.actor, about).sent(name, asked)
        if form.is_valid():
            try:
                act(asked.actor, about, name, dict(form.cleaned_data))
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("The record has it."))
                return HttpResponseRedirect(asked.path, status=303)
        with reading(asked.actor):
            extra = {"sent_form": form, "sent": name, "sent_label": _(str(LABELS[name]))}
            return self.show(asked, status=400, extra=extra, **kwargs)


class LotCoasPage(LaboratoryPage):
    """The certificates of one lot that came in."""

    here: ClassVar[str] = "lots"

    def about(self, actor: Actor, kwargs: Context) -> Batch | Lot:
        """Return the lot. Raises: NotFound."""
        return get_visible(Lot, actor, kwargs["lot_id"])


def act(actor: Actor, about: Batch | Lot, name: str, given: Context) -> None:
    """Call the action that a form asks for."""
    given = {key: value for key, value in given.items() if value not in (None, "")}
    if name == "plan":
        samples.plan_sample(actor, about.pk, **given)
    elif name == "enter":
        file = given.pop("file", None)
        if isinstance(file, UploadedFile):
            given["file"] = keep_file(file.name or "certificate.pdf", file.read())
        enter: Any = coas.enter_batch_coa if isinstance(about, Batch) else coas.enter_lot_coa
        enter(actor, about.pk, **given)
    elif name == "explain":
        answers = {
            int(key.removeprefix("answer_")): value
            for key, value in given.items()
            if key.startswith("answer_")
        }
        coas.answer_differences(actor, given["id"], version=given["version"], answers=answers)
    else:
        _step(actor, name, given.pop("id"), given)


def _step(actor: Actor, name: str, about: UUID, given: Context) -> None:
    known: dict[str, Any] = {
        "agree": coas.accept_coa,
        "retract": coas.withdraw_coa,
        "expect": samples.expect_sample,
        "cancel": samples.cancel_sample,
    }
    if name in known:
        known[name](actor, about, **given)
    else:
        samples.move_sample(actor, about, step=name, **given)


class _Forms:
    """The forms that a reader is offered."""

    def __init__(self, actor: Actor, about: Batch | Lot) -> None:
        self.actor, self.about = actor, about
        self.plans = actor.holds(about.space_id, *LABORATORY)
        self.compares = actor.holds(about.space_id, *COMPARERS)
        if isinstance(about, Batch):
            self.zone = place_of(about, list_rooms(actor)).zone
        else:
            self.zone = get_program(actor, about.space_id).zone
        self._tests: list[tuple[str, str]] | None = None

    def of(self, name: str, **initial: Any) -> SiteForm:
        """Return an empty form."""
        given = self._given(name, initial.get("id"))
        return FORMS[name](initial=initial, auto_id=f"{name}-{initial.get('id', '')}-%s", **given)

    def sent(self, name: str, request: PageRequest) -> SiteForm:
        """Return a form with what was sent."""
        given = self._given(name, request.POST.get("id"))
        return FORMS[name](request.POST, request.FILES, auto_id=f"{name}-sent-%s", **given)

    def offers(self, row: Sample | Coa) -> list[Context]:
        """Return the steps that the reader may take on a row, each with its form."""
        table = SAMPLE_TRANSITIONS if isinstance(row, Sample) else COA_TRANSITIONS
        names = available(self.actor, row, table)
        if isinstance(row, Coa):
            own = self.actor.is_one_of(row.space_id, person_id=row.entered_by, code=row.code)
            names = [each for each in names if not (each == "agree" and own)]
        return [
            {"name": each, "label": LABELS[each], "form": self.of(each, id=row.pk, version=row.version)}
            for each in names
        ]

    def _given(self, name: str, about: Any) -> Context:
        given: Context = {"zone": self.zone}
        if name == "plan":
            given["tests"] = self._choices()
        if name == "explain":
            given["open_ones"] = self._open(about)
        return given

    def _open(self, coa_id: Any) -> dict[int, str]:
        try:
            rows = differences_of(self.actor, [UUID(str(coa_id))])
        except ValueError:
            return {}
        return {
            each.ordinal: f"{each.test}: {each.get_kind_display()}"
            for each in rows
            if each.answered_at is None
        }

    def _choices(self) -> list[tuple[str, str]]:
        if self._tests is None and isinstance(self.about, Batch):
            rows = Parameter.objects.visible_to(self.actor)
            rows = rows.filter(recipe_version_id=self.about.recipe_version_id)
            found = rows.exclude(data_kind=DataKind.ONLINE).order_by("ordinal", "id")
            self._tests = [(each.code, each.title) for each in found]
        return self._tests or []


def sample_row(
    tracked: Tracked, zone: str, *, waits: Sequence[str] = (), forms: _Forms | None = None
) -> Context:
    """Return a sample in words; `waits` are the tests that the disposition waits for."""
    sample = tracked.sample
    return {
        "sample": sample,
        "zone": zone,
        "batch": sample.batch,
        "tests": [
            {
                "title": each.title,
                "value": f"{each.result.qualifier}{number_text(each.result.value)} {each.result.unit}".strip()
                if each.result is not None
                else "",
                "flag": each.result.get_flag_display() if each.result is not None and each.is_flagged else "",
                "waits": each.result is None and each.title in waits,
            }
            for each in tracked.tests
        ],
        "done": tracked.done,
        "total": len(tracked.tests),
        "is_late": tracked.is_late,
        "waits": any(each.result is None and each.title in waits for each in tracked.tests),
        "private": Audience(sample.audience).label if sample.audience != Audience.SHARED else "",
        "offers": forms.offers(sample) if forms is not None else [],
    }


def coa_rows(actor: Actor, about: Batch | Lot, forms: _Forms) -> list[Context]:
    """Return the certificates, the latest first, with their lines and differences."""
    key = {"batch_id": about.pk} if isinstance(about, Batch) else {"lot_id": about.pk}
    rows = list(list_coas(actor, **key).order_by("-entered_at", "id")[:SHOWN_MOST])
    ids = [each.pk for each in rows]
    lines, differences = lines_of_coa(actor, ids), differences_of(actor, ids)
    return [
        {
            "coa": each,
            "tone": COA_TONES.get(CoaState(each.state), ""),
            "lines": [
                {
                    "line": line,
                    "value": line.text or f"{line.qualifier}{number_text(line.value)}",
                    "limits": _limits(line.low, line.high),
                    "differs": _kinds(
                        differences, each, line.parameter.title if line.parameter else line.test
                    ),
                }
                for line in lines
                if line.coa_id == each.pk
            ],
            "differences": [row for row in differences if row.coa_id == each.pk],
            "offers": forms.offers(each),
        }
        for each in rows
    ]


def _kinds(differences: Sequence[CoaDifference], coa: Coa, test: str) -> list[str]:
    found = (each for each in differences if each.coa_id == coa.pk and each.test == test)
    return [str(each.get_kind_display()) for each in found]


def _limits(low: Any, high: Any) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return _("at least %s") % number_text(low)
    if low is None:
        return _("at most %s") % number_text(high)
    return _("%(low)s to %(high)s") % {"low": number_text(low), "high": number_text(high)}
