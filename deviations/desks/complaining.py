"""The counter of complaints."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from deviations.actions.dockets.complaining import (
    ask_complaint_again,
    close_complaint,
    conclude_complaint,
    decline_complaint,
    investigate_complaint,
    link_complaint,
    receive_complaint,
    write_to_complaint,
)
from deviations.desks.asking import OTHER, TEXT
from deviations.desks.shapes import Counter, Given, Taking, open_counter
from deviations.dockets.complaining.rules import COMPLAINTS
from deviations.dockets.complaining.states import RECEIVERS, ComplaintKind, ComplaintOutcome
from portal.actor import Actor
from portal.states import of_side


def may_receive(actor: Actor, space_id: UUID) -> bool:
    """Say whether the actor takes up complaints for the own side in a program."""
    side = actor.side(space_id)
    return side is not None and actor.holds(space_id, *of_side(RECEIVERS, side))


COUNTER: Final = open_counter(
    Counter(
        desk=COMPLAINTS,
        title=_("Complaints"),
        lede=_(
            "What came in about a batch, looked into by the CDMO, closed by who received it. Nobody is named."
        ),
        empty=_("A complaint that either side received stands here with its batch and its investigation."),
        opening=Taking(
            "receive",
            receive_complaint,
            (
                Given("program", _("Program"), "record", of="program"),
                Given("batch", _("Batch"), "record", of="batch"),
                Given("kind", _("Category"), "choice", of=ComplaintKind),
                Given("title", _("What is complained of, in one line")),
                Given(
                    "description",
                    _("What was reported"),
                    rows=4,
                    help_text=_("No name, initials, birth date, address or number of any person."),
                ),
                Given(
                    "received_at", _("Received"), "time", is_wanted=False, help_text=_("Now when left empty.")
                ),
                Given("units", _("Units"), "number", is_wanted=False),
            ),
            _("Take up a complaint"),
            _("Take it up"),
            _("Taken up; both sides read it."),
            _("Both sides read it at once."),
        ),
        steps=(
            Taking(
                "investigate",
                investigate_complaint,
                (TEXT,),
                _("Look into it"),
                _("Begin"),
                _("It is looked into."),
            ),
            Taking(
                "decline",
                decline_complaint,
                (Given("reason", _("Reason"), rows=2),),
                _("No investigation, with reason"),
                _("None is needed"),
                _("Answered; who received it closes."),
                _("Your code stands beside the reason, as the person responsible for it (21 CFR 211.198)."),
            ),
            Taking(
                "conclude",
                conclude_complaint,
                (Given("outcome", _("It came to"), "choice", of=ComplaintOutcome), TEXT),
                _("Answer it"),
                _("Answer"),
                _("Answered; who received it closes."),
            ),
            Taking(
                "ask_again", ask_complaint_again, (TEXT,), _("Ask again"), _("Ask again"), _("Open again.")
            ),
            Taking("close", close_complaint, (), _("Close"), _("Close it"), _("Closed.")),
            Taking("say", write_to_complaint, (TEXT,), _("Write"), _("Write"), _("Written.")),
            Taking("link", link_complaint, (OTHER,), _("Link a record"), _("Link it"), _("Linked.")),
        ),
        opens=may_receive,
    )
)
