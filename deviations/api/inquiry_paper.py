"""The investigation of a deviation as parts of a printed record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from deviations.queries.inquiry import CauseLine, InquiryDetail, NodeLine
from portal.dossiers import Section, both_times
from portal.states import Audience


def sections_of_inquiry(
    inquiries: Sequence[InquiryDetail], causes: Sequence[CauseLine], zone: str
) -> Iterator[Section]:
    """Yield each picture as a table of its nodes, then the causes with what was excluded."""
    for found in inquiries:
        inquiry = found.inquiry
        yield Section(
            f"{capfirst(inquiry.get_tool_display())}: {inquiry.title}",
            note=f"{Audience(inquiry.audience).label}, {inquiry.code}, {both_times(inquiry.begun_at, zone)}",
            columns=(_("No."), _("Under"), _("What"), _("Stands"), _("Rests on")),
            widths=(0, 0, 5, 4, 4),
            rows=[_node(each, found.lines, zone) for each in found.lines],
        )
    yield Section(
        _("Causes"),
        columns=(_("What"), _("Cause"), _("Evidence"), _("Excluded")),
        widths=(2, 4, 3, 4),
        rows=[_cause(each, zone) for each in causes],
    )


def rows_of_inquiry(inquiries: Sequence[InquiryDetail], causes: Sequence[CauseLine]) -> Iterator[UUID]:
    """Yield the ids of the rows that belong to the investigation."""
    for found in inquiries:
        yield found.inquiry.pk
        for line in found.lines:
            yield line.node.pk
            yield from (each.pk for each in line.evidence)
    for cause in causes:
        yield cause.cause.pk
        yield from (each.pk for each in cause.exclusions)


def _node(line: NodeLine, lines: Sequence[NodeLine], zone: str) -> tuple[str, ...]:
    node = line.node
    above = next((str(each.node.number) for each in lines if each.node.pk == node.parent_id), "")
    place = ", ".join(part for part in (above, str(node.get_branch_display()) if node.branch else "") if part)
    at = f"{both_times(node.at, zone)}\n" if node.at else ""
    stands = str(node.get_standing_display())
    if node.reason:
        stands += f": {node.reason} ({node.judged_code})"
    rests = [
        f"{each.get_kind_display()}: {each.words}"
        + (f", {both_times(each.since, zone)} {_('to')} {both_times(each.until, zone)}" if each.since else "")
        for each in line.evidence
    ]
    return str(node.number), place, f"{at}{node.text} ({node.code})", stands, "\n".join(rests)


def _cause(line: CauseLine, zone: str) -> tuple[str, ...]:
    cause = line.cause
    what = f"{cause.get_kind_display()}, {cause.get_of_display()}\n{cause.get_method_display()}"
    words = f"{cause.text}\n{cause.code}, {both_times(cause.given_at, zone)}"
    if cause.withdrawn_at is not None:
        words += "\n" + _("taken back by %(by)s: %(why)s") % {
            "by": cause.withdrawn_code,
            "why": cause.withdrawn_why,
        }
    excluded = [f"{each.what} ({each.get_of_display()}): {each.reason}" for each in line.exclusions]
    return what, words, str(cause.evidence), "\n".join(excluded)
