"""Take a deviation apart: with a tool, node by node, each with what it rests on; alone or with both sides."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from deviations.inquiry.access import (
    evidence_of,
    lock_deviation_for,
    lock_inquiry,
    nodes_of,
    own_audience,
)
from deviations.inquiry.evidence import private_evidence, require_parameter, require_thing
from deviations.inquiry.facts import EvidenceAdded, InquiryBegun, InquiryShared, NodeAdded, NodeJudged
from deviations.inquiry.states import BRANCHES, NEEDS_BRANCH, NESTED, EvidenceKind, Standing, Tool
from deviations.models import Deviation, Inquiry, InquiryNode, NodeEvidence
from deviations.texts import check_texts
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Invalid, InvalidTransition
from portal.states import Audience

NODES_MOST: Final = 120


@action("inquiry.begin")
def begin_inquiry(
    actor: Actor, deviation_id: UUID, *, tool: Tool, question: str, audience: Audience
) -> Inquiry:
    """Begin to take a deviation apart with a tool; `question` (3..200 characters) stands over the picture.

    Shared at once only of a deviation that both sides know; else private to the own side until it is shared.
    Neither the deviation nor its version changes. Raises: NotFound, Refused, InvalidTransition, Invalid.
    Records: inquiry.begun v1.
    """
    deviation = lock_deviation_for(actor, deviation_id, to="investigate a deviation")
    check_texts({"title": question})
    own = own_audience(actor, deviation.space_id)
    if audience == Audience.SHARED and deviation.audience != Audience.SHARED:
        raise _not_told(deviation)
    if audience not in (Audience.SHARED, own):
        raise Invalid("One side keeps nothing for the other.", errors={"audience": ["shared, or your own."]})
    now = instant()
    made = Inquiry.objects.create(
        space_id=deviation.space_id,
        audience=audience,
        number=deviation.number,
        title=question.strip(),
        deviation=deviation,
        tool=tool,
        side=own,
        code=actor.code(deviation.space_id),
        begun_at=now,
        shared_at=now if audience == Audience.SHARED else None,
    )
    ledger.record(made, InquiryBegun(deviation_id=deviation.pk, tool=tool))
    return made


@action("inquiry.add_node")
def add_node(
    actor: Actor,
    inquiry_id: UUID,
    *,
    text: str,
    version: int | None,
    parent: UUID | None = None,
    branch: str = "",
    at: datetime | None = None,
) -> Inquiry:
    """Add a node (3..4000 characters) to the picture: under another, in a branch, at an instant, by its tool.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    inquiry.node_added v1.
    """
    found = lock_inquiry(actor, inquiry_id, to="investigate a deviation", version=version)
    check_texts({"text": text})
    known = {each.pk: each for each in nodes_of(actor, found)}
    if len(known) >= NODES_MOST:
        raise InvalidTransition(
            f"A picture has at most {NODES_MOST} nodes; begin another one.", state=found.tool
        )
    _require_place(found, known, parent, branch, at)
    made = InquiryNode.objects.create(
        space_id=found.space_id,
        audience=found.audience,
        inquiry=found,
        parent_id=parent,
        number=len(known) + 1,
        branch=branch,
        text=text.strip(),
        at=at,
        code=actor.code(found.space_id),
        given_at=instant(),
    )
    _moved(found)
    ledger.record(found, NodeAdded(node=made.number))
    return found


@action("inquiry.judge_node")
def judge_node(
    actor: Actor, inquiry_id: UUID, *, node: int, standing: Standing, reason: str, version: int | None
) -> Inquiry:
    """Say that a node is supported or excluded, and why, in 10..4000 characters; the newest word holds.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    inquiry.node_judged v1.
    """
    found = lock_inquiry(actor, inquiry_id, to="investigate a deviation", version=version)
    check_texts({"reason": reason})
    if standing == Standing.OPEN:
        raise Invalid("Say what became of it.", errors={"standing": ["supported or excluded."]})
    chosen = _node(actor, found, node)
    chosen.judge(standing, reason.strip(), actor.code(found.space_id), instant())
    chosen.save(update_fields=["standing", "reason", "judged_code", "judged_at", "version"])
    _moved(found)
    ledger.record(found, NodeJudged(node=node, standing=standing))
    return found


@action("inquiry.add_evidence")
def add_evidence(
    actor: Actor,
    inquiry_id: UUID,
    *,
    node: int,
    kind: EvidenceKind,
    version: int | None,
    about: UUID | None = None,
    parameter: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Inquiry:
    """Name what a node rests on: a file, an entry, a result, an excursion, or the readings of a window.

    What the readers of the node may not read is not taken. Raises: NotFound, Refused, InvalidTransition,
    Invalid, VersionMissing, StaleVersion. Records: inquiry.evidence_added v1.
    """
    found = lock_inquiry(actor, inquiry_id, to="investigate a deviation", version=version)
    chosen = _node(actor, found, node)
    if kind == EvidenceKind.WINDOW:
        if since is None or until is None or since >= until or about is not None:
            raise Invalid(
                "A window has two ends.", errors={"since": ["Give since and until, in this order."]}
            )
        words = require_parameter(actor, found.deviation, parameter, str(found.audience))
    else:
        if about is None or parameter or since is not None or until is not None:
            raise Invalid("Say what it is.", errors={"about": ["Give the id of the file or record alone."]})
        words = require_thing(actor, found.deviation, kind, about, str(found.audience))
    NodeEvidence.objects.create(
        space_id=found.space_id,
        audience=found.audience,
        node=chosen,
        kind=kind,
        about_id=about,
        parameter=parameter,
        since=since,
        until=until,
        words=words,
        code=actor.code(found.space_id),
        given_at=instant(),
    )
    _moved(found)
    ledger.record(found, EvidenceAdded(node=node, kind=kind))
    return found


@action("inquiry.share")
def share_inquiry(actor: Actor, inquiry_id: UUID, *, version: int | None) -> Inquiry:
    """Let the other side read an investigation and work on it; there is no way back.

    Refused while a node rests on what the other side may not read. Raises: NotFound, Refused,
    InvalidTransition, VersionMissing, StaleVersion. Records: inquiry.shared v1, shared.
    """
    found = lock_inquiry(actor, inquiry_id, to="share an investigation", version=version)
    if found.audience == Audience.SHARED:
        raise InvalidTransition("Both sides read it already.", state=found.tool)
    if found.deviation.audience != Audience.SHARED:
        raise _not_told(found.deviation)
    nodes, evidence = list(nodes_of(actor, found)), list(evidence_of(actor, found))
    if hidden := private_evidence(actor, found.deviation, evidence):
        detail = f"It rests on what is private to your side: {'; '.join(hidden)}. Share that first."
        raise InvalidTransition(detail, state=found.tool)
    found.share(instant())
    # Sealed words are written again, now in clear; their columns go along with the audience.
    found.save(update_fields=["audience", "shared_at", "version", "title"])
    for each in nodes:
        each.disclose()
        each.save(update_fields=["audience", "version", "text", "reason"])
    for line in evidence:
        line.disclose()
        line.save(update_fields=["audience", "version", "words"])
    ledger.record(found, InquiryShared(deviation_id=found.deviation_id, tool=found.tool))
    return found


def _not_told(deviation: Deviation) -> InvalidTransition:
    detail = f"The sponsor does not know of {deviation.number}; release its notice first."
    return InvalidTransition(detail, state=str(deviation.state))


def _node(actor: Actor, inquiry: Inquiry, number: int) -> InquiryNode:
    found = nodes_of(actor, inquiry).filter(number=number).first()
    if found is None:
        raise Invalid("The picture has no such node.", errors={"node": ["Give the number of a node."]})
    return found


def _require_place(
    inquiry: Inquiry, known: dict[UUID, InquiryNode], parent: UUID | None, branch: str, at: datetime | None
) -> None:
    tool, errors = Tool(inquiry.tool), {}
    if parent is not None and (tool not in NESTED or parent not in known):
        errors["parent"] = ["Give a node of this picture, of a tool that nests."]
    is_first = not known and tool == Tool.FIVE_WHYS
    if tool == Tool.FIVE_WHYS and parent is None and not is_first:
        errors["parent"] = ["Each why hangs under another one."]
    names = BRANCHES[tool]
    needs = tool in NEEDS_BRANCH and parent is None
    if (branch and branch not in names) or (needs and not branch):
        errors["branch"] = [f"Choose one of: {', '.join(names)}." if names else "This tool has no branches."]
    if (at is not None) != (tool == Tool.TIMELINE):
        errors["at"] = ["A line of a timeline has its time, nothing else has one."]
    if errors:
        raise Invalid("It has no place in this picture.", errors=errors)


def _moved(inquiry: Inquiry) -> None:
    inquiry.bump()
    inquiry.save(update_fields=["version"])
