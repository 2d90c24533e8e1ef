"""The steps on the report of a deviation, from its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final
from uuid import UUID

from deviations.actions import drafts, reviews
from deviations.forms import StepForm
from deviations.models import Deviation
from deviations.views.record import ROUND_FORMS, DeviationStep
from portal.pages import PageRequest


class ReportStep(DeviationStep):
    """One step whose form says all that its action takes."""

    call: ClassVar[Callable[..., Deviation]]

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Take the step."""
        type(self).call(request.actor, deviation_id, version=version, **self.form.cleaned_data)


def _step(name: str, call: Callable[..., Deviation], done: str) -> type[ReportStep]:
    form: type[StepForm] = ROUND_FORMS[name]
    members = {"step": name, "form_class": form, "call": staticmethod(call), "done": done}
    return type(f"{name.title().replace('_', '')}", (ReportStep,), {**members, "__doc__": done})


STEPS: Final = (
    _step("dismiss", reviews.dismiss_deviation, "Proposed; another person of CDMO QA signs it."),
    _step("share_draft", drafts.share_draft, "The draft is shared; the sponsor is asked for comments."),
    _step("comment", drafts.comment_on_report, "The comment stands; both sides read it."),
    _step("finish_comments", drafts.finish_comments, "There are no more comments on this draft."),
    _step("answer_comment", drafts.answer_comment, "The comment is answered."),
    _step("submit_report", reviews.submit_report, "The report waits for CDMO QA, who signs it as approved."),
    _step("return_report", reviews.return_report, "The report is handed back; the investigation goes on."),
    _step(
        "object_report", reviews.object_to_report, "The objection stands; both heads of quality are asked."
    ),
    _step("settle", reviews.settle_disagreement, "Your word stands; both heads saying the same decides."),
)
