"""The review of a batch record: one list of exceptions that both sides work through."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.access import get_batch
from batches.actions.reviewing import (
    answer_question,
    ask_about_record,
    comment_on_record,
    look_at,
    review_sections,
    settle_question,
)
from batches.forms_disposition import NoteForm, WordsForm
from batches.models import ReviewNote
from batches.queries.reviewing import Review, review_of
from batches.reviewing.exceptions import Finding, Reviewed
from batches.reviewing.states import NOTE_TRANSITIONS, QUESTION_CLOCK, REVIEWERS, NoteState, ReviewMode
from batches.states import BatchState
from batches.views.places import place_of
from portal.access import available
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound
from portal.forms import explain
from portal.models import Clock
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.states import Audience, SeatSide

Context = dict[str, Any]
STANDS: Final = {
    "not_reviewed": ("", "not reviewed"),
    "cdmo_reviewed": ("accent", "CDMO reviewed"),
    "sponsor_reviewed": ("fine", "sponsor reviewed"),
}
FINISHED: Final = (BatchState.COMPLETE, BatchState.DISCONTINUED)


class ReviewPage(Page):
    """The exceptions with who of the own side looked, the notes, and the sections."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/review.html"
    looks_at: ClassVar[str] = "batch_id"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the list, how far it has come, and the forms of who may review."""
        actor = request.actor
        batch = get_batch(actor, kwargs["batch_id"])
        review = review_of(actor, batch)
        rooms = list_rooms(actor)
        may = actor.holds(batch.space_id, *REVIEWERS)
        side = str(actor.side(batch.space_id))
        left = {each.key for each in review.unseen}
        due = _due(actor, review)
        sections = [_section(each, left, side, batch.state, may=may) for each in review.sections]
        return {
            "batch": batch,
            "place": place_of(batch, rooms),
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            "rows": [_row(actor, review, each, left, due, may=may) for each in review.findings],
            "notes": [_note(actor, each, due) for each in review.notes if not each.key],
            "general_form": NoteForm(auto_id="note-%s") if may else None,
            "sections": sections,
            "may_mark": any(each["may"] for each in sections),
            "seen": len(review.findings) - len(left),
            "total": len(review.findings),
            "left": len(left),
            "is_enforced": review.is_enforced,
            "is_over": batch.state in FINISHED,
            "mode": ReviewMode.EXCEPTION if review.is_enforced else ReviewMode.FULL,
            "may": may,
        }


class ReviewStep(ReviewPage):
    """Look, say, answer, settle, or say that a section is through."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the list."""
        return HttpResponseRedirect(reverse("batch_review", args=[kwargs["batch_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the step and go back to where it was taken."""
        asked, batch_id, step = cast("PageRequest", request), kwargs["batch_id"], kwargs["step"]
        with reading(asked.actor):
            get_batch(asked.actor, batch_id)
        if step == "look":
            look_at(asked.actor, batch_id, keys=asked.POST.getlist("key"))
        elif step == "sections":
            review_sections(
                asked.actor,
                batch_id,
                sections=asked.POST.getlist("section"),
                mode=asked.POST.get("mode", ReviewMode.FULL),
            )
        elif step in {"say", "reply", "settle"}:
            form = NoteForm(asked.POST) if step == "say" else WordsForm(asked.POST)
            try:
                is_said = form.is_valid() and _say(asked.actor, batch_id, step, form.cleaned_data)
            except DomainError as error:
                if not error.errors:
                    raise
                explain(form, error)
                is_said = False
            if not is_said:
                with reading(asked.actor):
                    return self.show(asked, status=400, extra={"sent_form": form}, **kwargs)
        else:
            raise NotFound
        messages.success(asked, _("Noted."))
        return HttpResponseRedirect(reverse("batch_review", args=[batch_id]), status=303)


def _say(actor: Actor, batch_id: UUID, step: str, given: dict[str, Any]) -> bool:
    if step == "reply":
        answer_question(actor, given["note"], text=given["text"], version=given["version"])
    elif step == "settle":
        settle_question(actor, given["note"], text=given["text"], version=given["version"])
    elif given["says"] == "ask":
        ask_about_record(actor, batch_id, text=given["text"], key=given["key"])
    else:
        comment_on_record(actor, batch_id, text=given["text"], key=given["key"], audience=given["says"])
    return True


def _due(actor: Actor, review: Review) -> dict[UUID, Any]:
    """Return until when each open question is answered."""
    asked = [each.pk for each in review.notes if each.state == NoteState.ASKED]
    rows = Clock.objects.visible_to(actor).filter(subject_id__in=asked, kind=QUESTION_CLOCK)
    return dict(rows.values_list("subject_id", "due_at"))


def _row(
    actor: Actor, review: Review, finding: Finding, left: set[str], due: dict[UUID, Any], *, may: bool
) -> Context:
    look = review.looks.get(finding.key)
    is_seen = finding.key not in left
    title = next((each.section.title for each in review.sections if each.section.code == finding.section), "")
    number = finding.key.replace(":", "-")
    return {
        "finding": finding,
        "kind": finding.kind.label,
        "section": title,
        "is_seen": is_seen,
        "look": look if is_seen else None,
        "changed": look is not None and not is_seen,
        "notes": [_note(actor, each, due) for each in review.notes if each.key == finding.key],
        "form": NoteForm(initial={"key": finding.key}, auto_id=f"{number}-%s") if may else None,
    }


def _note(actor: Actor, note: ReviewNote, due: dict[UUID, Any]) -> Context:
    steps = available(actor, note, NOTE_TRANSITIONS)
    is_own = str(actor.side(note.space_id)) == note.side
    step = ("settle" if is_own else "reply") if steps else ""
    initial = {"note": note.pk, "version": note.version}
    return {
        "note": note,
        "side": SeatSide(note.side).label,
        "due_at": due.get(note.pk),
        "private": Audience(note.audience).label if note.audience != Audience.SHARED else "",
        "step": step if step in steps else "",
        "label": NOTE_TRANSITIONS[step].label if step else "",
        "form": WordsForm(initial=initial, auto_id=f"words-{note.pk}-%s") if step in steps else None,
    }


def _section(each: Reviewed, left: set[str], side: str, state: str, *, may: bool) -> Context:
    tone, words = STANDS[each.stand]
    unseen = sum(1 for finding in each.findings if finding.key in left)
    own = side in each.words and side not in each.changed_for
    waits = side == SeatSide.SPONSOR and each.stand == "not_reviewed"
    return {
        "code": each.section.code,
        "title": each.section.title,
        "tone": tone,
        "words": _(words),
        "count": len(each.findings),
        "unseen": unseen,
        "said": [
            {"side": SeatSide(name).label, "word": word, "changed": name in each.changed_for}
            for name, word in sorted(each.words.items())
        ],
        "may": may and state in FINISHED and not own and not unseen and not waits,
        "waits": waits,
    }
