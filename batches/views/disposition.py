"""The disposition of a batch: its chain of signed steps, what is in the way, and the one date."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from batches.access import get_batch
from batches.disposition.blocks import Block, blocking
from batches.disposition.certificate import NAMES, Word, certificate_kind
from batches.disposition.countdown import Countdown
from batches.disposition.plan import Link, open_steps
from batches.disposition.states import FAVOURABLE, Decision, DecisionState
from batches.models import Batch, Disposition
from batches.queries.changes import changes_after_entry
from batches.queries.countdown import countdown_of
from batches.queries.disposition import Standing, disposition_of
from batches.queries.lots import list_lots
from batches.views.places import place_of
from portal.action import instant
from portal.actor import Actor
from portal.agreements.words import role_words
from portal.dossiers import CERTIFICATE
from portal.models import Signature
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.states import Audience, SeatSide
from portal.terms import clause_link
from portal.views.exporting import exports_of

Context = dict[str, Any]
TONES: Final = {
    Decision.REJECTED: "warn",
    Decision.CONDITIONAL: "hold",
    Decision.REPROCESS: "hold",
    Decision.RESTRICTED: "hold",
    Decision.SUPPLIED: "hold",
}


class DispositionPage(Page):
    """Where the disposition stands, and what the reader signs."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/disposition.html"
    looks_at: ClassVar[str] = "batch_id"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the chain with its signatures, the blocks by holder, and the countdown."""
        actor, now = request.actor, instant()
        batch = get_batch(actor, kwargs["batch_id"])
        standing = disposition_of(actor, batch)
        rooms = list_rooms(actor)
        return {
            "batch": batch,
            "address": f"/batches/{batch.pk}/",
            "place": place_of(batch, rooms),
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            **card_of(actor, standing, countdown_of(actor, standing, now)),
            "earlier": [each for each in standing.rows if each.state == DecisionState.FOLLOWED],
            "changes": changes_after_entry(actor, batch.pk),
            "lots": list_lots(actor, batch_id=batch.pk).order_by("number"),
            "papers": exports_of(actor, batch.space_id, batch.pk),
        }


def card_of(actor: Actor, standing: Standing, counted: Countdown) -> Context:
    """Return what page and card show of a disposition."""
    batch = standing.batch
    signatures = {
        each.subject_id: each
        for each in Signature.objects.visible_to(actor).filter(
            subject_id__in=[row.pk for row in standing.rows], subject_type="disposition"
        )
    }
    rows = {(each.step, each.market): each for each in standing.rows if each.state == DecisionState.STANDING}
    may = {id(each) for each in open_steps(standing.links)}
    return {
        "outcome": outcome_words(standing),
        "outcome_tone": TONES.get(standing.outcome, "fine") if standing.outcome is not None else "",
        "links": [
            link_row(actor, standing, each, rows.get((each.planned.step, each.planned.market)), signatures)
            | {"url": sign_url(actor, batch, each) if id(each) in may else ""}
            for each in standing.links
        ],
        "states": [state_of(each) for each in standing.links],
        "blocks": [block_row(standing, each) for each in standing.blocks],
        "certificate": certificate_of(standing),
        "is_over": standing.next is None,
        "counted": counted,
        "count_lines": [
            {
                "words": each.item.words,
                "url": each.item.url,
                "side": SeatSide(each.item.side).label,
                "why": each.item.why,
                "ends": each.ends,
                "is_critical": each.is_critical,
            }
            for each in counted.lines
        ],
        "ball": ball_of(standing),
    }


def certificate_of(standing: Standing) -> Context | None:
    """Return which certificate the decisions bear and where it is printed, None where there is none."""
    batch = standing.batch
    words = (Word(each.step, each.decision) for each in standing.rows if each.state == DecisionState.STANDING)
    kind = certificate_kind(words)
    if kind is None:
        return None
    address = reverse("ledger-export", args=[batch.space_id, Audience.SHARED])
    return {"name": NAMES[kind], "url": f"{address}?record={batch.pk}&as={CERTIFICATE}"}


def outcome_words(standing: Standing) -> str:
    """Return what the chain says of the batch, in words."""
    said = standing.outcome
    if said is None:
        return _("Not disposed of yet")
    given = [each.given for each in standing.links if each.given is not None]
    if said == Decision.RESTRICTED and all(each.decision != said for each in given):
        # The sponsor restricted nothing: some markets are not through yet, or were refused.
        through = {each.market for each in given if each.decision in FAVOURABLE}
        markets = {each.planned.market for each in standing.links} - through - {""}
        return _("Released, not for %s") % ", ".join(sorted(markets))
    return str(said.label)[:1].upper() + str(said.label)[1:]


def ball_of(standing: Standing) -> str:
    """Return who holds the ball: who has to clear the way to the next step, else who signs it."""
    link = standing.next
    if link is None:
        return ""
    found = blocking(standing.blocks, link.planned.step)
    sides = [each.side for each in found] or list(link.planned.sides)
    return ", ".join(str(SeatSide(each).label) for each in dict.fromkeys(sides))


def link_row(
    actor: Actor,
    standing: Standing,
    link: Link,
    row: Disposition | None,
    signatures: dict[Any, Signature],
) -> Context:
    """Return a step of the chain with who signed it, or who signs it."""
    planned = link.planned
    return {
        "label": planned.step.label,
        "market": planned.market,
        "who": ", ".join(role_words(each) for each in planned.by),
        "clause": clause_link(standing.batch.space_id, planned.clause, standing.terms),
        "stand": link.stand,
        "row": row,
        "decision": row.get_decision_display() if row is not None else "",
        "tone": TONES.get(Decision(row.decision), "fine") if row is not None else "",
        "signature": signatures.get(row.pk) if row is not None else None,
        "is_mine": actor.holds(standing.batch.space_id, *planned.roles),
    }


def state_of(link: Link) -> Context:
    """Return a step for `state_line.html`."""
    state = {"done": "done", "open": "now", "waits": "ahead", "off": "ended"}[link.stand]
    name = str(link.planned.step.label) + (f" {link.planned.market}" if link.planned.market else "")
    note = str(link.given.decision.label) if link.given is not None else ""
    return {"name": name, "state": state, "note": note or (_("falls away") if link.stand == "off" else "")}


def block_row(standing: Standing, block: Block) -> Context:
    """Return a block with its clause and who holds the ball."""
    clause = block.clause
    if block.kind == "clause":
        clause = clause_link(standing.batch.space_id, block.clause, block.terms)
    return {"words": block.words, "clause": clause, "side": SeatSide(block.side).label, "url": block.url}


def sign_url(actor: Actor, batch: Batch, link: Link) -> str:
    """Return where the reader signs a step, nothing where they do not."""
    if not actor.holds(batch.space_id, *link.planned.roles):
        return ""
    address = reverse("batch_decide", args=[batch.pk, link.planned.step])
    return f"{address}?market={link.planned.market}" if link.planned.market else address
