"""Site events and impact statements as they are kept, and how a statement is signed."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.environment.access import is_on_floor
from batches.models import Batch
from deviations.dockets.desk import Desk, Said, keep
from deviations.dockets.facts import SiteEventMoved, StatementMoved
from deviations.dockets.site.states import (
    SITE_EVENT_TRANSITIONS,
    STATEMENT_TRANSITIONS,
    SiteEventState,
    StatementState,
)
from deviations.models.site import ImpactStatement, SiteEvent, SiteReach
from portal import ledger
from portal.actor import Actor
from portal.dossiers import both_times
from portal.errors import InvalidTransition
from portal.models import Program


def said_of_event(actor: Actor, event: Any, zone: str) -> list[Said]:
    """Return what happened where and when, and which programs it touches as far as the reader works there."""
    return [*_facts(event, zone), *_programs(actor, event), *_end(event)]


def said_of_statement(actor: Actor, statement: Any, zone: str) -> list[Said]:
    """Return what this program is told: nothing that counts, numbers or times anything of another."""
    ids = [UUID(each) for each in statement.batches]
    batches = Batch.objects.visible_to(actor).filter(pk__in=ids).order_by("number", "pk")
    found = _facts(statement, zone)
    words = ", ".join(each.number for each in batches) or _("none")
    found.append(Said("batches", _("Batches that may be touched"), list(statement.batches), words))
    if statement.impact:
        found.append(
            Said("impact", _("Impact on this product"), str(statement.impact), str(statement.impact))
        )
    said = _("Complete, signed by the head of quality") if statement.others_assessed else _("Not signed yet")
    found.append(
        Said("others_assessed", _("Assessment of other product there"), statement.others_assessed, said)
    )
    own = reach_of(actor, statement.pk)
    if own is not None and is_on_floor(actor, own.space_id):
        event = SiteEvent.objects.visible_to(actor).get(pk=own.event)
        url = f"/site-events/{event.pk}/"
        words = _("Site event, inside the CDMO")
        found.append(Said("site_event", words, str(event.pk), event.number, url, is_inside=True))
    return found


def _facts(docket: Any, zone: str) -> list[Said]:
    times = (("occurred_at", _("Date of occurrence")), ("detected_at", _("Date of discovery")))
    return [
        Said("kind", _("What of the site"), str(docket.kind), str(docket.get_kind_display())),
        Said("place", _("Place"), str(docket.place), str(docket.place)),
        *(
            Said(name, label, getattr(docket, name).isoformat(), both_times(getattr(docket, name), zone))
            for name, label in times
        ),
    ]


def _programs(actor: Actor, event: Any) -> list[Said]:
    rows = SiteReach.objects.visible_to(actor).filter(event=event.pk).order_by("pk")
    known = Program.objects.visible_to(actor).in_bulk([each.program for each in rows])
    statements = ImpactStatement.objects.visible_to(actor).in_bulk([each.statement for each in rows])
    found = []
    for each in rows:
        program, statement = known.get(each.program), statements.get(each.statement)
        state = _("concluded") if each.is_concluded else _("open")
        if program is None or statement is None:
            found.append(Said("", _("Another program, not yours"), None, state))
            continue
        words, url = (
            f"{statement.number}, {statement.get_state_display()}",
            f"/impact-statements/{statement.pk}/",
        )
        found.append(Said(f"statement {program.code}", program.code, str(statement.pk), words, url))
    return sorted(found, key=lambda each: (not each.url, each.label))


def _end(event: Any) -> list[Said]:
    words = str(event.end_text)
    return [Said("end_text", _("What was found"), words, words)] if words else []


SITE_EVENTS: Final = keep(
    Desk(
        name="site_event",
        path="site-events",
        prefix="SE",
        model=SiteEvent,
        states=SiteEventState,
        steps=lambda _event: SITE_EVENT_TRANSITIONS,
        moved=lambda step, _outcome, _code: SiteEventMoved(step=step),
        said=said_of_event,
        kinds=("site_event.opened", "site_event.moved"),
        ended=(SiteEventState.CLOSED,),
        is_of_site=True,
    )
)
STATEMENTS: Final = keep(
    Desk(
        name="impact_statement",
        path="impact-statements",
        prefix="IS",
        model=ImpactStatement,
        states=StatementState,
        steps=lambda _statement: STATEMENT_TRANSITIONS,
        moved=lambda step, outcome, code: StatementMoved(step=step, outcome=outcome, code=code),
        said=said_of_statement,
        kinds=("impact_statement.opened", "impact_statement.moved"),
        ended=(StatementState.SIGNED,),
        wanted=("conclude",),
    )
)


def reach_of(actor: Actor, statement_id: UUID) -> SiteReach | None:
    """Return the site's own line behind a statement, for who works at the site; None for anybody else."""
    return SiteReach.objects.visible_to(actor).filter(statement=statement_id).first()


def mark_concluded(actor: Actor, statement: Any, *, is_concluded: bool) -> None:
    """Let the site know by ids alone whether a statement has its conclusion; a shared step."""
    found = reach_of(actor, statement.pk)
    if found is not None and found.is_concluded != is_concluded:
        found.is_concluded = is_concluded
        found.bump()
        found.save(update_fields=["is_concluded", "version"])
        event = SiteEvent.objects.visible_to(actor).get(pk=found.event)
        ledger.record(event, SiteEventMoved(step="concluded" if is_concluded else "assessed_again"))


def require_others_assessed(actor: Actor, statement: Any) -> None:
    """Raise InvalidTransition while the impact on another product there is open; said inside the site."""
    own = reach_of(actor, statement.pk)
    if own is None:
        raise InvalidTransition("Who signs works at the site of the event.", state=str(statement.state))
    if SiteReach.objects.visible_to(actor).filter(event=own.event, is_concluded=False).exists():
        words = "The assessment of other product at this place is not complete; conclude it first."
        raise InvalidTransition(words, state=str(statement.state))
