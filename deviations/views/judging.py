"""The steps by which a deviation is judged, from its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final
from uuid import UUID

from deviations.access import get_deviation
from deviations.actions.judging.classes import confirm_class, decide_class, reclassify
from deviations.actions.judging.impact import conclude_impact
from deviations.actions.judging.risk import assess_deviation_risk
from deviations.actions.judging.scope import decide_batch, look_around, name_batch
from deviations.actions.judging.ties import link_deviations, merge_deviation
from deviations.forms import StepForm
from deviations.forms_judging import FORMS, ReclassifyForm
from deviations.models import Deviation
from deviations.views.judging_shown import given_to
from deviations.views.record import DeviationStep
from portal.action import reading
from portal.pages import PageRequest
from portal.terms import terms_at


class JudgingStep(DeviationStep):
    """One step of judging whose form says all that its action takes."""

    call: ClassVar[Callable[..., Deviation]]

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Take what was sent; of what may be chosen the action knows."""
        with reading(request.actor):
            deviation = get_deviation(request.actor, deviation_id)
            terms = terms_at(request.actor, deviation.space_id, deviation.recorded_at)
            more = given_to(request.actor, deviation, terms, self.step, request.POST.get("modality", ""))
        return FORMS[self.step](request.POST, auto_id=f"{self.step}_%s", **more)

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Take the step."""
        given = dict(self.form.cleaned_data)
        if isinstance(self.form, ReclassifyForm):
            chosen = given.pop("classification")
            given |= {"classification": chosen.classification, "own_class": chosen.own_class}
        type(self).call(request.actor, deviation_id, version=version, **given)


def _step(name: str, call: Callable[..., Deviation], done: str) -> type[JudgingStep]:
    members = {"step": name, "form_class": FORMS[name], "call": staticmethod(call), "done": done}
    return type(name.title().replace("_", ""), (JudgingStep,), {**members, "__doc__": done})


STEPS: Final = (
    _step("conclude_impact", conclude_impact, "The conclusion is given; another person of CDMO QA signs it."),
    _step("look_around", look_around, "Looked for; decide on each batch that was found."),
    _step("name_batch", name_batch, "The batch is a candidate; decide on it."),
    _step("decide_batch", decide_batch, "Decided."),
    _step("reclassify", reclassify, "A stricter class holds now; a lower one waits for a second signature."),
    _step("confirm_class", confirm_class, "Your side's class is given; both are opened together."),
    _step("decide_class", decide_class, "Your word stands; both heads saying the same decides."),
    _step("assess_risk", assess_deviation_risk, "The risk form is filled; it stays with your side."),
    _step("link", link_deviations, "Linked."),
    _step("merge", merge_deviation, "Merged; this record keeps its own clocks and its own end."),
)
