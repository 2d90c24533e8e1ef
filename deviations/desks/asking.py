"""The counter of queries."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from deviations.actions.dockets.asking import (
    answer_query,
    ask,
    ask_again,
    close_query,
    link_query,
    withdraw_query,
    write_to_query,
)
from deviations.desks.shapes import Counter, Given, Taking, open_counter
from deviations.dockets.asking.rules import QUERIES
from deviations.dockets.asking.states import ASKERS, QueryKind, QueryOutcome
from portal.actor import Actor

TEXT: Final = Given("text", _("Words"), rows=3)
OTHER: Final = Given("other", _("Record of this program"), "record", of="record")


def may_ask(actor: Actor, space_id: UUID) -> bool:
    """Say whether the actor asks in a program."""
    side: Any = actor.side(space_id)
    return actor.holds(space_id, *(each for each in ASKERS if each.side in (side, "both")))


COUNTER: Final = open_counter(
    Counter(
        desk=QUERIES,
        title=_("Queries"),
        lede=_("What one side asks the other: shared at once, answered in its time, closed by who asked."),
        empty=_("Ask the other side here instead of by mail; the answer stands beside the record."),
        opening=Taking(
            "ask",
            ask,
            (
                Given("program", _("Program"), "record", of="program"),
                Given("kind", _("Kind"), "choice", of=QueryKind, initial=QueryKind.QUESTION),
                Given("title", _("What is asked, in one line")),
                Given("description", _("Question"), rows=4, help_text=_("Both sides read it at once.")),
                Given("batch", _("About the batch"), "record", of="batch", is_wanted=False),
                Given("deviation", _("About the deviation"), "record", of="deviation", is_wanted=False),
                Given("line", _("About the monthly list"), "record", of="line", is_wanted=False),
                Given(
                    "wanted_at",
                    _("Wished by"),
                    "time",
                    is_wanted=False,
                    help_text=_("A wish; the clock runs by clause alone."),
                ),
            ),
            _("Ask the other side"),
            _("Ask"),
            _("Asked; the other side is told."),
        ),
        steps=(
            Taking(
                "answer",
                answer_query,
                (
                    TEXT,
                    Given("outcome", _("It comes to"), "choice", of=QueryOutcome, is_wanted=False),
                ),
                _("Answer"),
                _("Answer"),
                _("Answered; the asker closes."),
                _("Both sides read it; it stands."),
            ),
            Taking(
                "ask_again",
                ask_again,
                (TEXT,),
                _("Ask again"),
                _("Ask again"),
                _("Open again; its time runs anew."),
            ),
            Taking("close", close_query, (), _("Close"), _("Close it"), _("Closed.")),
            Taking("say", write_to_query, (TEXT,), _("Write without answering"), _("Write"), _("Written.")),
            Taking(
                "withdraw",
                withdraw_query,
                (Given("reason", _("Reason"), rows=2),),
                _("Withdraw"),
                _("Withdraw it"),
                _("Withdrawn."),
            ),
            Taking(
                "link",
                link_query,
                (OTHER,),
                _("Link a record"),
                _("Link it"),
                _("Linked."),
                _("The other side reads the link where it knows the record too."),
            ),
        ),
        opens=may_ask,
    )
)
