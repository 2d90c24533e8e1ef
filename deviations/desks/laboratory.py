"""The counter of laboratory investigations."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from deviations.actions.dockets.laboratory import (
    conclude_investigation,
    enter_retest,
    link_investigation,
    note_check,
    open_investigation,
    plan_retest,
    return_plan,
    share_investigation,
    widen,
)
from deviations.desks.asking import OTHER, TEXT
from deviations.desks.shapes import Counter, Given, Taking, open_counter
from deviations.dockets.laboratory.rules import INVESTIGATIONS
from deviations.dockets.laboratory.states import ANALYSTS, Averaging, LabKind, LabOutcome, RetestKind
from portal.actor import Actor


def may_open(actor: Actor, space_id: UUID) -> bool:
    """Say whether the actor opens laboratory investigations in a program."""
    return actor.holds(space_id, *ANALYSTS)


COUNTER: Final = open_counter(
    Counter(
        desk=INVESTIGATIONS,
        title=_("Laboratory investigations"),
        lede=_(
            "Results outside specification or trend: the laboratory first, retests by an approved plan alone."
        ),
        empty=_("OOS and OOT results are investigated here; a cause alone makes a result invalid."),
        opening=Taking(
            "open",
            open_investigation,
            (
                Given("program", _("Program"), "record", of="program"),
                Given("result", _("Result"), "record", of="result"),
                Given(
                    "kind",
                    _("Kind"),
                    "choice",
                    of=LabKind,
                    is_wanted=False,
                    help_text=_("Left empty: as the result was flagged."),
                ),
                Given("title", _("Title")),
                Given("description", _("Hypothesis"), rows=3),
            ),
            _("Open an investigation"),
            _("Open phase I"),
            _("Phase I is open; CDMO internal until it is shared."),
        ),
        steps=(
            Taking("note", note_check, (TEXT,), _("Note what was checked"), _("Note it"), _("Noted.")),
            Taking(
                "plan_retest",
                plan_retest,
                (
                    Given("retest_kind", _("Tested again"), "choice", of=RetestKind),
                    Given("retests", _("How many times"), "number"),
                    Given("averaging", _("Reported"), "choice", of=Averaging, initial=Averaging.NONE),
                    Given("method", _("How, by whom, and why so many"), rows=3),
                ),
                _("Plan retests"),
                _("Plan them"),
                _("Planned; QA approves by signature before any retest."),
                _("There is one plan. The number is fixed with it."),
            ),
            Taking(
                "return_plan",
                return_plan,
                (Given("reason", _("Reason"), rows=2),),
                _("Hand the plan back"),
                _("Hand it back"),
                _("Handed back."),
            ),
            Taking(
                "retest",
                enter_retest,
                (Given("value", _("Value"), "decimal"),),
                _("Enter a retest"),
                _("Enter it"),
                _("Entered; it stays."),
            ),
            Taking(
                "widen",
                widen,
                (Given("text", _("What phase I found"), rows=3),),
                _("Go to phase II"),
                _("Go on"),
                _("Phase II is open."),
            ),
            Taking(
                "conclude",
                conclude_investigation,
                (
                    Given("outcome", _("It comes to"), "choice", of=LabOutcome),
                    Given("cause", _("Assignable cause, with its evidence"), rows=2, is_wanted=False),
                    Given("text", _("Conclusion"), rows=3),
                ),
                _("Conclude"),
                _("Conclude"),
                _("Concluded."),
                _("Only an assignable cause makes a result invalid, however many retests pass."),
                is_binding=True,
            ),
            Taking(
                "share",
                share_investigation,
                (),
                _("Share with the sponsor"),
                _("Share it"),
                _("Shared."),
                _("Words, plan, each retest and conclusion leave, for good."),
                is_binding=True,
            ),
            Taking("link", link_investigation, (OTHER,), _("Link a record"), _("Link it"), _("Linked.")),
        ),
        opens=may_open,
    )
)
