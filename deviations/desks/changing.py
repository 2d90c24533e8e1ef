"""The counter of changes."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from deviations.actions.dockets.changing import (
    close_change,
    draft_change,
    implement_change,
    link_change,
    propose_change,
    refuse_change,
    reply_to_change,
    withdraw_change,
    write_to_change,
)
from deviations.desks.asking import OTHER, TEXT
from deviations.desks.shapes import Counter, Given, Taking, open_counter
from deviations.dockets.changing.rules import CHANGES
from deviations.dockets.changing.states import DRAFTERS, ChangeKind, ChangeReply, ChangeWeight
from portal.actor import Actor
from portal.states import of_side

REASON: Final = Given("reason", _("Reason"), rows=2)


def may_draft(actor: Actor, space_id: UUID) -> bool:
    """Say whether the actor drafts changes of the own side in a program."""
    side = actor.side(space_id)
    return side is not None and actor.holds(space_id, *of_side(DRAFTERS, side))


COUNTER: Final = open_counter(
    Counter(
        desk=CHANGES,
        title=_("Changes"),
        lede=_("What a side wants to change, and whether the other is told, asked, or approves first."),
        empty=_("Changes, temporary ones and planned departures; a planned departure is no deviation."),
        opening=Taking(
            "draft",
            draft_change,
            (
                Given("program", _("Program"), "record", of="program"),
                Given("kind", _("Kind"), "choice", of=ChangeKind, initial=ChangeKind.PERMANENT),
                Given(
                    "weight",
                    _("The other side"),
                    "choice",
                    of=ChangeWeight,
                    is_wanted=False,
                    help_text=_("Left empty: as the clause wants it. More may be given, less not."),
                ),
                Given("title", _("What is changed, in one line")),
                Given("description", _("What, why, and what was assessed"), rows=4),
                Given(
                    "effects",
                    _("Effect on master records"),
                    rows=2,
                    is_wanted=False,
                    help_text=_("Named here; nothing of them changes by it."),
                ),
                Given("implement_from", _("Not before"), "time", help_text=_("On the clock of {zone}.")),
                Given(
                    "ends_at",
                    _("Ends"),
                    "time",
                    is_wanted=False,
                    help_text=_("Of a temporary change or a planned departure."),
                ),
            ),
            _("Draft a change"),
            _("Draft it"),
            _("Drafted; only your side knows of it."),
            _("Only your side knows of it until it is proposed."),
        ),
        steps=(
            Taking(
                "propose",
                propose_change,
                (),
                _("Propose"),
                _("Propose it"),
                _("Proposed; the other side reads it from now on."),
                _("It leaves as it stands, for good; another person of your side approves by signature."),
                is_binding=True,
            ),
            Taking(
                "reply",
                reply_to_change,
                (Given("outcome", _("Reply"), "choice", of=ChangeReply), TEXT),
                _("Reply"),
                _("Reply"),
                _("Replied; the newest reply counts."),
                _("Where your side approves first, only its signature does."),
            ),
            Taking(
                "refuse",
                refuse_change,
                (REASON,),
                _("Refuse"),
                _("Refuse it"),
                _("Refused."),
                is_binding=True,
            ),
            Taking(
                "implement",
                implement_change,
                (Given("text", _("What shows that it is in place"), rows=2),),
                _("Implement"),
                _("It is in place"),
                _("In place."),
                _("Without a reply of who is consulted it says so, never that they agreed."),
            ),
            Taking("close", close_change, (TEXT,), _("Close"), _("Close it"), _("Closed.")),
            Taking("say", write_to_change, (TEXT,), _("Write"), _("Write"), _("Written.")),
            Taking("withdraw", withdraw_change, (REASON,), _("Withdraw"), _("Withdraw it"), _("Withdrawn.")),
            Taking("link", link_change, (OTHER,), _("Link a record"), _("Link it"), _("Linked.")),
        ),
        opens=may_draft,
    )
)
