"""What happened to a deviation, as the sealed entries tell it to this side."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext as _

from deviations.access import files_of, get_deviation
from deviations.clauses.triggers import triggers_words
from deviations.inquiry.states import CauseKind, Standing, Tool
from deviations.judging.words import WORDS as JUDGED_WORDS
from deviations.models import Inquiry
from portal.actor import Actor
from portal.agreements.words import silence_words
from portal.decisions.words import WORDS
from portal.models import Alert
from portal.queries.decisions import decisions_about
from portal.states import Meaning
from portal.streams import audiences_of
from portal.terms import clause_words

Payload = Mapping[str, Any]

_FACTS: Final = """
select e.seq, e.audience, e.sealed_at, i.name, e.seat, i.row_id, convert_from(i.body, 'UTF8')
from ledger.entry e
join ledger.item i on i.marker_id = e.marker_id and i.space_id = e.space_id and i.audience = e.audience
where e.space_id = %s and e.audience = any(%s) and e.sealed_at <= coalesce(%s::timestamptz, 'infinity')
  and (e.summary -> 'subject' ->> 'id') = any(%s)
  and i.class = 'fact' and i.row_id = any(%s)
order by e.sealed_at, e.audience, e.seq, i.id
"""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One fact of the record's history; `code` is the seat that acted, `subject_id` the row."""

    seq: int
    audience: str
    at: datetime
    kind: str
    words: str
    code: str
    subject_id: UUID


def history(
    actor: Actor, deviation_id: UUID, *, until: datetime | None = None, chains: Collection[str] | None = None
) -> list[HistoryLine]:
    """Return the facts of a deviation, its alerts, decisions and files that this side may see, oldest first.

    With `until` those sealed by then, with `chains` of these alone. Raises: NotFound.
    """
    deviation = get_deviation(actor, deviation_id)
    alerts = Alert.objects.visible_to(actor).filter(subject_id=deviation.pk).values_list("pk", flat=True)
    asked = [each.pk for each in decisions_about(actor, [deviation.pk])]
    looked_into = Inquiry.objects.visible_to(actor).filter(deviation_id=deviation.pk)
    files = (each.pk for each in files_of(actor, deviation))
    subjects = [deviation.pk, *alerts, *asked, *looked_into.values_list("pk", flat=True), *files]
    read = [each for each in audiences_of(actor, deviation.space_id) if chains is None or each in chains]
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [deviation.space_id, read, until, [str(each) for each in subjects], subjects])
        rows = cursor.fetchall()
    return [
        HistoryLine(
            seq, audience, at, kind, words_of(kind, fact), "" if by_clause(fact) else code, subject_id
        )
        for seq, audience, at, kind, code, subject_id, body in rows
        for fact in [_payload(body)]
    ]


def _payload(body: str | None) -> Payload:
    # A body that law ordered erased is blank; its entry stays.
    found: Payload = json.loads(body)["payload"] if body else {}
    return found


def _triaged(fact: Payload) -> str:
    return _("Triaged, provisional %(given)s (clause %(clause)s)") % {
        "given": fact.get("classification", ""),
        "clause": fact.get("clause", ""),
    }


def by_clause(fact: Payload) -> bool:
    """Say whether a clause did it, and nobody: whoever made it known only set it going."""
    return bool(fact.get("trigger"))


def _released(fact: Payload) -> str:
    if by_clause(fact):
        return _("Notice released at once by %(clause)s: %(trigger)s") % {
            "clause": clause_words(fact.get("clause", ""), version_in(fact)),
            "trigger": triggers_words([fact["trigger"]]),
        }
    return _("Notice released, %(given)s (clause %(clause)s)") % {
        "given": fact.get("classification", ""),
        "clause": fact.get("clause", ""),
    }


def version_in(fact: Payload) -> int | None:
    """Return the version of the agreement that a fact names; numbers are sealed as text."""
    return int(found) if (found := fact.get("terms")) is not None else None


def _asked(fact: Payload) -> str:
    return _("%(side)s asked for receipt") % {"side": _side(fact)}


def _side(fact: Payload) -> str:
    return _("Sponsor") if fact.get("side") == "sponsor" else _("CDMO")


def _reported(fact: Payload) -> str:
    return _("Opened from an excursion") if fact.get("excursion_id") else _("Opened")


def _signed(fact: Payload) -> str:
    given = fact.get("meaning", "")
    return _("Signed: %s") % (Meaning(given).label if given in Meaning.values else given)


def _reviewed(fact: Payload) -> str:
    match fact.get("outcome"):
        case "concurred":
            return _("The sponsor concurs with the report")
        case "objected":
            return _("The sponsor objects to the report")
        case _:
            return _("No reply of the sponsor, went on (clause %s)") % str(fact.get("clause", ""))


def _named(words: type[TextChoices], fact: Payload, name: str) -> str:
    given = str(fact.get(name, ""))
    return str(words(given).label) if given in words.values else given


_WORDS: Final[Mapping[str, Callable[[Payload], str]]] = {
    "deviation.reported": _reported,
    "deviation.triaged": _triaged,
    "notice.released": _released,
    "notice.overdue": lambda fact: _("Notice not released in time (clause %s)") % fact.get("clause", ""),
    "deviation.investigation_started": lambda fact: (
        _("Under investigation, lead %s") % fact.get("lead_code", "")
    ),
    "deviation.impact_assessed": lambda fact: (
        _("Product impact assessed by the sponsor: %s") % fact.get("impact", "")
    ),
    "deviation.summarised": lambda _fact: _("Preliminary summary given"),
    "deviation.dismissed": lambda _fact: _("Proposed that it is no deviation"),
    "deviation.no_deviation": lambda _fact: _("Found to be no deviation"),
    "report.draft_shared": lambda fact: _("Draft report shared, text %s") % fact.get("round", ""),
    "report.commented": lambda fact: (
        _("Comment %(comment)s on text %(round)s")
        % {"comment": fact.get("comment", ""), "round": fact.get("round", "")}
    ),
    "report.comments_finished": lambda _fact: _("The sponsor has no more comments on the draft"),
    "report.comment_answered": lambda fact: _("Comment %s answered") % fact.get("comment", ""),
    "report.submitted": lambda _fact: _("Report submitted to CDMO QA"),
    "report.approved": lambda _fact: _("Report approved by CDMO QA"),
    "report.returned": lambda _fact: _("Report handed back to the investigation"),
    "report.reviewed": _reviewed,
    "report.settled": lambda fact: _("%s: word on the disagreement") % _side(fact),
    "inquiry.begun": lambda fact: _("Investigated with: %s") % _named(Tool, fact, "tool"),
    "inquiry.node_added": lambda fact: _("Node %s added") % fact.get("node", ""),
    "inquiry.node_judged": lambda fact: (
        _("Node %(node)s: %(standing)s")
        % {"node": fact.get("node", ""), "standing": _named(Standing, fact, "standing")}
    ),
    "inquiry.evidence_added": lambda fact: _("Evidence named for node %s") % fact.get("node", ""),
    "inquiry.shared": lambda fact: _("Shared with both sides: %s") % _named(Tool, fact, "tool"),
    "inquiry.cause_stated": lambda fact: _("Cause stated: %s") % _named(CauseKind, fact, "kind"),
    "inquiry.cause_withdrawn": lambda _fact: _("A cause was taken back"),
    **JUDGED_WORDS,
    "deviation.closed": lambda _fact: _("Closed"),
    "deviation.cancelled": lambda _fact: _("Cancelled"),
    "deviation.mirrored": lambda _fact: _("Copied from the CDMO's own quality system"),
    **WORDS,
    "file.attached": lambda _fact: _("File attached"),
    "alert.raised": _asked,
    "alert.delivered": lambda fact: _("Delivered to %s") % fact.get("code", ""),
    "alert.opened": lambda fact: _("Opened by %s") % fact.get("code", ""),
    "alert.acknowledged": lambda fact: _("Acknowledged by %s") % fact.get("code", ""),
    "ladder.climbed": lambda fact: (
        _("No receipt in time: step %(step)s told %(told)s people")
        % {"step": fact.get("step", ""), "told": fact.get("told", "")}
    ),
    "clock.unanswered": silence_words,
    "signature.given": _signed,
    "reporting.assessed": lambda _fact: _("Facts for reports to authorities given"),
    "reporting.decided": lambda fact: (
        _("Report to the authority: %s") % str(fact.get("decision", "")).replace("_", " ")
    ),
    "clock.pause_asked": lambda fact: _("%s asked for a pause of a clock") % _side(fact),
    "clock.pause_declined": lambda fact: _("%s declined a pause of a clock") % _side(fact),
    "clock.pause_taken_back": lambda fact: _("%s asks for a pause no more") % _side(fact),
    "clock.paused": lambda _fact: _("Clock paused"),
    "clock.resumed": lambda _fact: _("Clock goes on"),
    "clock.extended": lambda fact: _("Clock extended, time %s") % fact.get("extensions", ""),
    "clock.moved": lambda fact: _("Clock handed over: it is the turn of %s") % _side(fact),
    "clock.breached": lambda fact: _("Time is over (clause %s)") % fact.get("clause", ""),
    "ladder.ended": lambda _fact: _("No reply, the ladder has ended"),
}


def words_of(kind: str, payload: Payload) -> str:
    """Return a fact in words; one this version does not know reads as its code."""
    found = _WORDS.get(kind)
    return found(payload) if found is not None else kind.replace(".", " ").replace("_", " ")
