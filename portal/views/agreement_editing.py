"""Drafting an agreement: the whole text, a form for each clause, and the steps of a version's life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import agreeing
from portal.agreements.annexes import findings_of
from portal.agreements.document import Clause, Document, DocumentInvalid, Fault, clause_of, read_yaml
from portal.agreements.lines import lines_of
from portal.agreements.lint import contradicts, may_be_signed
from portal.agreements.signing import get_agreement
from portal.agreements.terms import TEMPLATES
from portal.agreements.words import KINDS_OF_RULE
from portal.errors import DomainError, Invalid, NotFound, StaleVersion
from portal.forms import explain
from portal.forms_agreement import ClauseForm
from portal.models import AgreementVersion
from portal.pages import Page, PageRequest
from portal.queries.agreements import count_seated
from portal.views.agreements import AgreementPage, AgreementsPage, change_lines, steps_of


def _version_of(request: HttpRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None  # noqa: PLR2004 - fits an integer


def _to(name: str, version: AgreementVersion, code: str = "") -> HttpResponseRedirect:
    anchor = f"#clause-{code}" if code else ""
    return HttpResponseRedirect(reverse(name, args=[version.pk]) + anchor, status=303)


def _uuid(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise NotFound from error


class DraftAgreement(AgreementsPage):
    """Begin a draft from the version in force, a template, or a text."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(reverse("agreements"))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Make the draft and open it."""
        asked = cast("PageRequest", request)
        partnership, begin = _uuid(asked.POST.get("partnership", "")), asked.POST.get("begin", "")
        program = _uuid(asked.POST["program"]) if asked.POST.get("program") else None
        if begin == "text":
            text = asked.POST.get("text", "")
            draft = agreeing.draft_from_text(asked.actor, partnership, text=text, program_id=program)
        elif begin in TEMPLATES:
            draft = agreeing.draft_from_template(asked.actor, partnership, name=begin, program_id=program)
        else:
            draft = agreeing.draft_from_version(asked.actor, _uuid(begin))
        messages.success(asked, _("Only your side reads this draft."))
        return _to("edit_agreement", draft)


class Editing(Page):
    """A page on which a version is edited; who comes late is shown what keeping theirs would change."""

    here: ClassVar[str] = "agreement"

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the page again with what was typed; against what stands now where it changed meanwhile."""
        extra: dict[str, Any] = {"refusal": error, "given": request.POST, "errors": error.errors}
        with reading(request.actor):
            if isinstance(error, StaleVersion):
                version = get_agreement(request.actor, kwargs["agreement_id"])
                against = self.against(request, version, **kwargs)
                extra |= {"against": against, "seen": version.version} if against else {}
            return self.show(request, status=error.status, extra=extra, **kwargs)

    def against(self, request: PageRequest, version: AgreementVersion, **kwargs: Any) -> list[dict[str, Any]]:
        """Return what keeping what was typed would change, nothing where it cannot be read."""
        raise NotImplementedError


def _seen(request: HttpRequest, version: AgreementVersion) -> str:
    return request.POST.get("version") or str(version.version)


class EditAgreement(Editing):
    """The whole text as YAML, with the line of each fault; beside it every clause and what lint finds."""

    template_name: ClassVar[str] = "portal/agreement_edit.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the text as it stands, or as it was typed with what is wrong with it. Raises: NotFound."""
        actor = request.actor
        version = get_agreement(actor, kwargs["agreement_id"])
        document = version.document
        text = request.POST.get("text", document.to_yaml())
        findings = findings_of(actor, version, count_seated(actor, version.space_id))
        return {
            "version": version,
            "seen": _seen(request, version),
            "clauses": document.clauses,
            "text": text,
            "faults": _faults(text) if "text" in request.POST else [],
            "findings": findings,
            "may_be_signed": may_be_signed(findings),
            "contradicts": contradicts(findings),
            "may_edit": "edit" in steps_of(actor, version),
            "clause_base": reverse("agreement", args=[version.pk]),
        }

    def against(
        self, request: PageRequest, version: AgreementVersion, **_kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return what the typed text would change."""
        try:
            return change_lines(version.document, read_yaml(_lines(request.POST.get("text", ""))))
        except DocumentInvalid:
            return []

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the text, or the date and what the version is for."""
        asked, seen = cast("PageRequest", request), _version_of(request)
        if "text" in asked.POST:
            text = _lines(asked.POST["text"])
            found = agreeing.edit_agreement(asked.actor, kwargs["agreement_id"], text=text, version=seen)
        else:
            found = agreeing.state_date(
                asked.actor,
                kwargs["agreement_id"],
                not_before=_day(asked.POST.get("not_before", ""), "not_before"),
                note=asked.POST.get("note", ""),
                version=seen,
            )
        messages.success(asked, _("Kept."))
        return _to("edit_agreement", found)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _faults(text: str) -> list[tuple[int | None, Fault]]:
    try:
        read_yaml(_lines(text))
    except DocumentInvalid as error:
        return lines_of(text, error.faults)
    return []


def _day(given: str, field: str) -> datetime | None:
    """Return the beginning of a day in UTC, None for none. Raises: Invalid."""
    if not given:
        return None
    try:
        return datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        words = _("A day, like 2026-12-01.")
        raise Invalid(words, errors={field: [words]}) from error


class EditClause(Editing):
    """One clause by form: prose, and a form for each of its rules."""

    template_name: ClassVar[str] = "portal/agreement_clause.html"
    NEW: ClassVar[str] = "new"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the form of the clause. Raises: NotFound."""
        version = get_agreement(request.actor, kwargs["agreement_id"])
        clause = _clause_of(version, self._code(kwargs))
        return {
            "version": version,
            "seen": _seen(request, version),
            "clause": clause,
            "form": ClauseForm(request.POST if request.method == "POST" else None, clause=clause),
            "kinds": sorted(KINDS_OF_RULE.items(), key=lambda each: str(each[1])),
            "may_edit": "edit" in steps_of(request.actor, version),
        }

    def _code(self, kwargs: Mapping[str, Any]) -> str:
        return "" if kwargs["code"] == self.NEW else kwargs["code"]

    def against(self, request: PageRequest, version: AgreementVersion, **kwargs: Any) -> list[dict[str, Any]]:
        """Return what the typed clause would change."""
        form, present = ClauseForm(request.POST), _clause_of(version, self._code(kwargs))
        if present is None or not form.is_valid():
            return []
        try:
            typed = clause_of(form.as_text())
        except DocumentInvalid:
            return []
        return change_lines(*(Document("-", version.document.phase, (each,)) for each in (present, typed)))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep the clause, take it out, or show one rule or one row more."""
        asked, seen = cast("PageRequest", request), _version_of(request)
        actor, version_id = asked.actor, kwargs["agreement_id"]
        code = self._code(kwargs)
        if "remove_clause" in asked.POST:
            found = agreeing.remove_clause(actor, version_id, code=code, version=seen)
            return _to("edit_agreement", found)
        form = ClauseForm(asked.POST)
        if "add" in asked.POST or "more" in asked.POST:
            form.add(asked.POST.get("add", ""))
            return self._again(asked, form, 200, **kwargs)
        if form.is_valid():
            try:
                found = agreeing.edit_clause(actor, version_id, code=code, text=form.as_text(), version=seen)
            except Invalid as error:
                if faults := error.extra.get("faults"):
                    form.explain(faults)
                else:
                    explain(form, error)
            else:
                messages.success(asked, _("Kept."))
                return _to("agreement", found, form.cleaned_data["code"])
        return self._again(asked, form, 400, **kwargs)

    def _again(self, request: PageRequest, form: ClauseForm, status: int, **kwargs: Any) -> HttpResponse:
        with reading(request.actor):
            return self.show(request, status=status, extra={"form": form}, **kwargs)


def _clause_of(version: AgreementVersion, code: str) -> Clause | None:
    """Return the clause of that number, None without one. Raises: NotFound."""
    found = next((each for each in version.document.clauses if each.code == code), None)
    if code and found is None:
        raise NotFound
    return found


Call = Callable[..., AgreementVersion]
STEPS: Final[Mapping[str, Call]] = {
    "submit": agreeing.submit_agreement,
    "put_in": agreeing.put_into_review,
    "pass_pen": agreeing.pass_pen,
    "reopen": agreeing.reopen_agreement,
    "withdraw": agreeing.withdraw_agreement,
    "ask_end": agreeing.ask_end,
    "drop_end": agreeing.drop_end,
    "terminate": agreeing.terminate_agreement,
}


class AgreementStep(AgreementPage):
    """One step of a version's life, from its reading view."""

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the reading view, the form that was refused open."""
        return {**super().context(request, **kwargs), "taken": kwargs["step"]}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the version. Raises: NotFound."""
        version = get_agreement(cast("PageRequest", request).actor, kwargs["agreement_id"])
        return HttpResponseRedirect(reverse("agreement", args=[version.pk]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the step."""
        asked, step = cast("PageRequest", request), kwargs["step"]
        if step not in STEPS:
            raise NotFound
        given: dict[str, Any] = {}
        if step in ("reopen", "withdraw", "ask_end", "drop_end"):
            given["reason"] = asked.POST.get("reason", "")
        if step == "ask_end":
            given["ends_at"] = _day(asked.POST.get("ends_at", ""), "ends_at") or datetime.min.replace(
                tzinfo=UTC
            )
        if step == "submit" and (number := asked.POST.get("number", "")).isdecimal():
            given["number"] = int(number[:9])
        found = STEPS[step](asked.actor, kwargs["agreement_id"], version=_version_of(asked), **given)
        return _to("agreement", found)
