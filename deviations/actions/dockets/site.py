"""Keep a site event, and tell each affected program what it means for it, and nothing of the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from batches.access import lock_program
from batches.environment.access import require_floor
from batches.models import Batch
from batches.reach import check_happened
from deviations.dockets.desk import link, lock_docket, note_link, put_docket, share, take
from deviations.dockets.facts import SiteEventOpened, StatementOpened
from deviations.dockets.site.rules import SITE_EVENTS, STATEMENTS, mark_concluded
from deviations.dockets.site.states import SITE_EVENT_OPENERS, STATEMENT_KEEPERS, SiteEventKind
from deviations.errors import NotInProgram
from deviations.models import ImpactStatement, SiteEvent, SiteReach
from deviations.texts import check_texts
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.errors import Conflict, InvalidTransition, NotFound, refuse_field
from portal.models import Organisation
from portal.states import Audience

STATEMENT_ALERT = "impact_statement"


@action("site_event.open")
def open_site_event(
    actor: Actor,
    organisation_id: UUID,
    *,
    kind: str,
    title: str,
    description: str,
    place: str,
    occurred_at: datetime,
    detected_at: datetime | None = None,
) -> SiteEvent:
    """Record what happened to the site itself, once; no client is named in it.

    It stands in the manufacturer's own space, under a number of the site's that no client reads. Raises:
    NotFound, Refused, Invalid. Records: site_event.opened v1, on the site's own chain. Source: quality
    agreement 10.1; domain 2b.
    """
    role = require_floor(actor, organisation_id, *SITE_EVENT_OPENERS, to="open a site event")
    if kind not in SiteEventKind.values:
        refuse_field("kind", f"Choose one of: {', '.join(SiteEventKind.values)}.")
    check_texts({"title": title, "description": description, "place": place})
    now = instant()
    detected = detected_at or now
    check_happened("detected_at", detected, now)
    check_happened("occurred_at", occurred_at, now)
    if occurred_at > detected:
        refuse_field("occurred_at", "Not after it was detected.")
    event = SiteEvent.objects.create(
        space_id=organisation_id,
        audience=Audience.SHARED,
        number=_site_number(actor, organisation_id, now.year),
        kind=kind,
        title=title.strip(),
        description=description,
        place=place.strip(),
        occurred_at=occurred_at,
        detected_at=detected,
        side=Side.MANUFACTURER,
        recorded_at=now,
        recorded_by=actor.person_id,
        recorded_code=role,
    )
    ledger.record(event, SiteEventOpened(kind=kind, occurred_at=occurred_at))
    return event


@action("site_event.reach")
def open_statement(
    actor: Actor,
    event_id: UUID,
    *,
    program_id: UUID,
    title: str,
    description: str,
    batch_ids: Sequence[UUID] = (),
    version: int | None,
) -> SiteEvent:
    """Open the impact statement of a program that a site event touches; CDMO internal until it is shared.

    `description` says what happened in words for this client: nothing of the site's number, of other clients,
    or of how many there are goes along. Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict,
    VersionMissing, StaleVersion. Records: site_event.moved v1 on the site's chain, impact_statement.opened v1
    on the CDMO's chain of the program.
    """
    event: SiteEvent = lock_docket(SITE_EVENTS, actor, event_id, to="reach", version=version)
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *STATEMENT_KEEPERS, to="open an impact statement")
    check_texts({"title": title, "description": description})
    known = SiteReach.objects.visible_to(actor).filter(event=event.pk, program=program.pk)
    if known.exists():
        raise Conflict("That program has its statement of this event.", code="stated_already")
    batches = _batches(actor, program.pk, batch_ids)
    fact = StatementOpened(kind=str(event.kind), occurred_at=event.occurred_at, batches=tuple(batches))
    statement: ImpactStatement = put_docket(
        STATEMENTS,
        actor,
        program,
        side=Side.MANUFACTURER,
        audience=Audience.MANUFACTURER,
        fact=fact,
        kind=event.kind,
        title=title.strip(),
        description=description,
        place=event.place,
        occurred_at=event.occurred_at,
        detected_at=event.detected_at,
        batches=[str(each) for each in batches],
    )
    SiteReach.objects.create(
        space_id=event.space_id, event=event.pk, program=program.pk, statement=statement.pk
    )
    take(SITE_EVENTS, actor, event, "reach")
    return event


@action("site_event.close")
def close_site_event(actor: Actor, event_id: UUID, *, text: str, version: int | None) -> SiteEvent:
    """Close a site event with what was found, once each statement has its conclusion.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    site_event.moved v1.
    """
    event: SiteEvent = lock_docket(SITE_EVENTS, actor, event_id, to="close", version=version)
    check_texts({"text": text})
    if SiteReach.objects.visible_to(actor).filter(event=event.pk, is_concluded=False).exists():
        words = "An impact statement of this event has no conclusion yet."
        raise InvalidTransition(words, state=str(event.state))
    event.end_text = text.strip()
    return take(SITE_EVENTS, actor, event, "close")  # type: ignore[no-any-return]  # as locked


@action("impact_statement.conclude")
def conclude_statement(
    actor: Actor, statement_id: UUID, *, text: str, version: int | None
) -> ImpactStatement:
    """Say what the event means for this product, in 3..4000 characters; the signature comes from another.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    impact_statement.moved v1, site_event.moved v1 on the site's chain.
    """
    found: ImpactStatement = lock_docket(STATEMENTS, actor, statement_id, to="conclude", version=version)
    check_texts({"text": text})
    found.conclude(text.strip(), instant(), actor.person_id)
    take(STATEMENTS, actor, found, "conclude")
    mark_concluded(actor, found, is_concluded=True)
    return found


@action("impact_statement.reopen")
def reopen_statement(
    actor: Actor, statement_id: UUID, *, reason: str, version: int | None
) -> ImpactStatement:
    """Assess the impact again before it is signed, with a reason.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    impact_statement.moved v1, site_event.moved v1 on the site's chain.
    """
    found: ImpactStatement = lock_docket(STATEMENTS, actor, statement_id, to="reopen", version=version)
    check_texts({"reason": reason})
    take(STATEMENTS, actor, found, "reopen", text=reason)
    mark_concluded(actor, found, is_concluded=False)
    return found


@action("impact_statement.share")
def share_statement(actor: Actor, statement_id: UUID, *, version: int | None) -> ImpactStatement:
    """Let the sponsor read the statement from now on, as it stands and as it goes on; no way back.

    Number, words, times, place, own batches and conclusion leave. The sponsor is asked for receipt. Raises:
    NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records: impact_statement.moved v1,
    alert.raised v1, shared.
    """
    found: ImpactStatement = lock_docket(STATEMENTS, actor, statement_id, to="share", version=version)
    if found.audience == Audience.SHARED:
        raise InvalidTransition(f"{found.number} is shared already.", state=str(found.state))
    found.shared_at = instant()
    found.save(update_fields=["shared_at"])
    share(actor, found)
    ledger.record(found, STATEMENTS.moved("share", "", actor.code(found.space_id)))
    raise_alert(
        found, kind=STATEMENT_ALERT, side=Side.SPONSOR, title=f"{found.number}: {found.title}", clause=""
    )
    return found


@action("impact_statement.link")
def link_statement(
    actor: Actor, statement_id: UUID, *, other_id: UUID, version: int | None
) -> ImpactStatement:
    """Link a statement to the deviation or CAPA of its program that answers it.

    Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict, VersionMissing, StaleVersion. Records:
    impact_statement.moved v1, on the chain of who reads the link.
    """
    found: ImpactStatement = lock_docket(STATEMENTS, actor, statement_id, to="link", version=version)
    note_link(STATEMENTS, actor, found, link(actor, found, other_id))
    return found


def _batches(actor: Actor, program_id: UUID, batch_ids: Sequence[UUID]) -> list[UUID]:
    """Return the batches of the program that both sides know; raises NotInProgram."""
    rows = Batch.objects.visible_to(actor).filter(space_id=program_id, audience=Audience.SHARED)
    found = list(rows.filter(pk__in=batch_ids).order_by("number", "pk").values_list("pk", flat=True))
    if set(found) != set(batch_ids):
        raise NotInProgram("batch")
    return found


def _site_number(actor: Actor, organisation_id: UUID, year: int) -> str:
    """Return the site's next number of a year; whoever draws beside us waits for the organisation's row."""
    rows = Organisation.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.with_id(organisation_id)
    if found is None:
        raise NotFound
    known = SiteEvent.objects.visible_to(actor).filter(space_id=organisation_id)
    return f"SE-{year}-{known.filter(number__startswith=f'SE-{year}-').count() + 1:03}"
