"""The counters of site events and of impact statements."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from batches.environment.access import role_at
from deviations.actions.dockets.site import (
    close_site_event,
    conclude_statement,
    link_statement,
    open_site_event,
    open_statement,
    reopen_statement,
    share_statement,
)
from deviations.desks.asking import OTHER, TEXT
from deviations.desks.shapes import Counter, Given, Taking, open_counter
from deviations.dockets.site.rules import SITE_EVENTS, STATEMENTS
from deviations.dockets.site.states import SITE_EVENT_OPENERS, SiteEventKind
from portal.actor import Actor

SITE_EVENT_COUNTER: Final = open_counter(
    Counter(
        desk=SITE_EVENTS,
        title=_("Site events"),
        lede=_("What happens to the site itself: one record, one impact statement for each program touched."),
        empty=_("Utilities, isolators, freezers, analysts, data integrity: recorded once, for all programs."),
        opening=Taking(
            "open",
            open_site_event,
            (
                Given("kind", _("What of the site"), "choice", of=SiteEventKind),
                Given("title", _("What happened, in one line")),
                Given(
                    "description", _("What was seen"), rows=4, help_text=_("Facts only; no client is named.")
                ),
                Given("place", _("Place"), help_text=_("Line, room, utility or laboratory.")),
                Given("occurred_at", _("Occurred"), "time", help_text=_("On the clock of {zone}.")),
                Given(
                    "detected_at", _("Detected"), "time", is_wanted=False, help_text=_("Now when left empty.")
                ),
            ),
            _("Record a site event"),
            _("Record it"),
            _("Recorded; no client knows of it."),
        ),
        steps=(
            Taking(
                "reach",
                open_statement,
                (
                    Given("program", _("Program that it touches"), "record", of="stating"),
                    Given("title", _("What this client is told, in one line"), of="title"),
                    Given(
                        "description",
                        _("What happened, for this client"),
                        rows=4,
                        help_text=_("Nothing of other clients, not even a number."),
                    ),
                    Given(
                        "batches", _("Batches that may be touched"), "records", of="batches", is_wanted=False
                    ),
                ),
                _("Open the statement of a program"),
                _("Open it"),
                _("Opened; the client knows nothing of it until it is shared."),
                _("CDMO internal until it is shared."),
            ),
            Taking(
                "close",
                close_site_event,
                (TEXT,),
                _("Close"),
                _("Close it"),
                _("Closed."),
                _("Each statement has its conclusion by then."),
            ),
        ),
        opens=lambda actor, _space_id: may_open_site_event(actor),
    )
)

STATEMENT_COUNTER: Final = open_counter(
    Counter(
        desk=STATEMENTS,
        title=_("Impact statements"),
        lede=_("What events of the site mean for each program; nothing in one is of another client."),
        empty=_("A statement appears as soon as an event of the site touches a program and is shared."),
        opening=Taking("none", open_statement, (), "", "", ""),
        steps=(
            Taking(
                "conclude",
                conclude_statement,
                (Given("text", _("Impact on this product"), rows=4),),
                _("Conclude the impact"),
                _("Conclude"),
                _("Concluded; the head of quality signs."),
                _("The head of quality signs it, with the assessment of other product there."),
            ),
            Taking(
                "reopen",
                reopen_statement,
                (Given("reason", _("Reason"), rows=2),),
                _("Assess it again"),
                _("Open it again"),
                _("Open again."),
            ),
            Taking(
                "share",
                share_statement,
                (),
                _("Share with the sponsor"),
                _("Share it"),
                _("Shared; the sponsor reads it from now on."),
                _("Number, words, times, place, own batches and conclusion leave, for good."),
                is_binding=True,
            ),
            Taking(
                "link",
                link_statement,
                (OTHER,),
                _("Link a record"),
                _("Link it"),
                _("Linked."),
                _("The other side reads the link where it knows both."),
            ),
        ),
        opens=lambda _actor, _space_id: False,
    )
)


def may_open_site_event(actor: Actor) -> bool:
    """Say whether the actor records events of the own site."""
    own: Any = actor.organisation_id
    return own is not None and bool(role_at(actor, own, *SITE_EVENT_OPENERS))
