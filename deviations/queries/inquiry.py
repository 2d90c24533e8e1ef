"""The investigation of a deviation as a reader may see it: pictures, what their nodes rest on, causes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from deviations.inquiry.access import causes_of, get_inquiry
from deviations.inquiry.states import CAUSERS, INQUIRERS
from deviations.models import Cause, CauseExclusion, Deviation, Inquiry, InquiryNode, NodeEvidence
from deviations.states import OPEN_STATES, DeviationState
from portal.actor import Actor
from portal.models import RecordQuerySet
from portal.past import Past
from portal.states import Audience


@dataclass(frozen=True, slots=True)
class NodeLine:
    """A node with what it rests on and those under it, in the order in which they were added."""

    node: InquiryNode
    evidence: Sequence[NodeEvidence]
    children: Sequence[NodeLine]


@dataclass(frozen=True, slots=True)
class InquiryDetail:
    """One investigation whole; `steps` are what the reader may do with it."""

    inquiry: Inquiry
    deviation: Deviation
    roots: Sequence[NodeLine]
    steps: Sequence[str] = ()

    @property
    def lines(self) -> list[NodeLine]:
        """Return all nodes, each before those under it."""
        return list(_flat(self.roots))


@dataclass(frozen=True, slots=True)
class CauseLine:
    """A cause with what was excluded beside it, and what the reader may do with it."""

    cause: Cause
    exclusions: Sequence[CauseExclusion]
    steps: Sequence[str] = ()


def list_inquiries(actor: Actor, deviation_id: UUID) -> RecordQuerySet[Inquiry]:
    """Return the investigations of a deviation that the actor may see, oldest first."""
    rows = Inquiry.objects.visible_to(actor).filter(deviation_id=deviation_id)
    return rows.order_by("begun_at", "id")


def inquiry_detail(actor: Actor, inquiry_id: UUID) -> InquiryDetail:
    """Return one investigation with its nodes; raises NotFound."""
    found = get_inquiry(actor, inquiry_id)
    return details_of(actor, found.deviation, [found])[0]


def details_of(actor: Actor, deviation: Deviation, inquiries: Sequence[Inquiry]) -> list[InquiryDetail]:
    """Return investigations of a deviation with their nodes, in two queries."""
    ids = [each.pk for each in inquiries]
    nodes = list(InquiryNode.objects.visible_to(actor).filter(inquiry_id__in=ids))
    evidence = list(NodeEvidence.objects.visible_to(actor).filter(node__inquiry_id__in=ids))
    return [
        InquiryDetail(each, deviation, _tree(each, nodes, evidence), _steps(actor, deviation, each))
        for each in inquiries
    ]


def may_inquire(actor: Actor, deviation: Deviation) -> bool:
    """Say whether the actor may take the deviation apart now."""
    return deviation.state in OPEN_STATES and actor.holds(deviation.space_id, *INQUIRERS)


def may_conclude(actor: Actor, deviation: Deviation) -> bool:
    """Say whether the actor may state what the cause was now."""
    investigated = deviation.state == DeviationState.UNDER_INVESTIGATION
    return investigated and actor.holds(deviation.space_id, *CAUSERS)


def cause_lines(actor: Actor, deviation: Deviation) -> list[CauseLine]:
    """Return the causes of a deviation, oldest first, each with what was excluded; two queries."""
    causes = list(causes_of(actor, deviation.pk))
    rows = CauseExclusion.objects.visible_to(actor).filter(cause_id__in=[each.pk for each in causes])
    return _causes(causes, rows, lambda cause: _cause_steps(actor, deviation, cause))


def investigation_then(past: Past, deviation: Deviation) -> tuple[list[InquiryDetail], list[CauseLine]]:
    """Return the investigations and causes of a deviation as a view of the past tells them."""
    inquiries = sorted(
        past.related(Inquiry, deviation_id=deviation.pk), key=lambda each: (each.begun_at, each.pk)
    )
    ids = [each.pk for each in inquiries]
    nodes = past.related(InquiryNode, inquiry_id__in=ids)
    evidence = past.related(NodeEvidence, node_id__in=[each.pk for each in nodes])
    causes = sorted(past.related(Cause, deviation_id=deviation.pk), key=lambda each: (each.given_at, each.pk))
    excluded = past.related(CauseExclusion, cause_id__in=[each.pk for each in causes])
    details = [InquiryDetail(each, deviation, _tree(each, nodes, evidence)) for each in inquiries]
    return details, _causes(causes, excluded, lambda _cause: ())


def _tree(inquiry: Inquiry, nodes: Iterable[InquiryNode], evidence: Iterable[NodeEvidence]) -> list[NodeLine]:
    rests: dict[UUID, list[NodeEvidence]] = defaultdict(list)
    for line in sorted(evidence, key=lambda each: (each.given_at, each.pk)):
        rests[line.node_id].append(line)
    under: dict[UUID | None, list[InquiryNode]] = defaultdict(list)
    own = [each for each in nodes if each.inquiry_id == inquiry.pk]
    # A timeline reads by time, the others in the order in which they were thought of.
    for each in sorted(own, key=lambda one: (one.at is not None, one.at or one.given_at, one.number)):
        under[each.parent_id].append(each)

    def lines(parent: UUID | None) -> list[NodeLine]:
        return [NodeLine(each, rests[each.pk], lines(each.pk)) for each in under[parent]]

    return lines(None)


def _flat(lines: Iterable[NodeLine]) -> Iterable[NodeLine]:
    for each in lines:
        yield each
        yield from _flat(each.children)


def _causes(
    causes: Iterable[Cause],
    excluded: Iterable[CauseExclusion],
    steps_of: Callable[[Cause], Sequence[str]],
) -> list[CauseLine]:
    beside: dict[UUID, list[CauseExclusion]] = defaultdict(list)
    for each in sorted(excluded, key=lambda one: (one.of, one.pk)):
        beside[each.cause_id].append(each)
    return [CauseLine(each, beside[each.pk], steps_of(each)) for each in causes]


def _steps(actor: Actor, deviation: Deviation, inquiry: Inquiry) -> Sequence[str]:
    if not may_inquire(actor, deviation):
        return ()
    steps = ["nodes", "judge", "evidence"]
    if inquiry.audience != Audience.SHARED and deviation.audience == Audience.SHARED:
        steps.append("share")
    return steps


def _cause_steps(actor: Actor, deviation: Deviation, cause: Cause) -> Sequence[str]:
    if cause.withdrawn_at is not None or not may_conclude(actor, deviation):
        return ()
    is_private = cause.audience != Audience.SHARED and deviation.audience == Audience.SHARED
    return ["share", "withdraw"] if is_private else ["withdraw"]
