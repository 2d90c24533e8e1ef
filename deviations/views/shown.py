"""A deviation as its page shows it: where it stands, its times, its clocks, what each side knew when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from deviations.models import Judgement, ReportRound
from deviations.queries.detail import DeviationDetail
from deviations.queries.history import HistoryLine
from deviations.queries.preview import NoticePreview
from deviations.rounds import what_review_waits_for
from deviations.states import (
    ENDED,
    IN_FORCE,
    REVIEWS,
    DeviationState,
    JudgementKind,
    ReviewOutcome,
    RoundKind,
)
from portal.actor import Actor
from portal.queries import Escalation
from portal.queries.clocks import ClockLine
from portal.states import Audience
from portal.terms import clause_words
from portal.views.clocks import clock_shown, face
from portal.views.strips import receipt_clock, receipt_moves

Shown = dict[str, Any]
TONES: Final[Mapping[str, str]] = {
    ReviewOutcome.CONCURRED: "fine",
    ReviewOutcome.SETTLED: "fine",
    ReviewOutcome.OBJECTED: "late",
}
# Less than that is the time it takes to type, not a delay.
WORTH_SAYING: Final = timedelta(minutes=1)


def states_of(found: DeviationDetail, now: datetime) -> list[Shown]:
    """Return the state line: what was reached and when, what lies ahead; a cancelled record ends at once."""
    deviation = found.deviation
    reached = {
        DeviationState.REPORTED: deviation.recorded_at,
        DeviationState.TRIAGED: deviation.triaged_at,
        DeviationState.UNDER_INVESTIGATION: deviation.investigated_at,
        DeviationState.CDMO_QA_REVIEW: deviation.submitted_at,
        DeviationState.SPONSOR_REVIEW: deviation.approved_at,
        DeviationState.CLOSED: deviation.ended_at if deviation.state == DeviationState.CLOSED else None,
    }
    line = []
    for state, at in reached.items():
        is_now = deviation.state == state
        # What ended early, or went straight, shows what it passed alone.
        if at is None and deviation.state in ENDED:
            continue
        note = "" if at is None else face(at, found.zone, now)
        line.append(
            {
                "name": str(state.label),
                "state": "now" if is_now else "ahead" if at is None else "done",
                "note": _("since %s") % note if is_now and state != DeviationState.CLOSED else note,
            }
        )
    if deviation.state in (DeviationState.CANCELLED, DeviationState.NO_DEVIATION) and deviation.ended_at:
        note = face(deviation.ended_at, found.zone, now)
        line.append({"name": deviation.get_state_display(), "state": "ended", "note": note})
    return line


def times_of_page(found: DeviationDetail) -> list[Shown]:
    """Return the seven times, kept apart; what lies behind discovery says by how much."""
    times = found.times
    rows = (
        (_("Occurrence"), times.occurred_at),
        (_("Discovery"), times.detected_at),
        (_("Awareness"), times.aware_at),
        (_("Recorded"), times.recorded_at),
        (_("Disclosed"), times.disclosed_at),
        (_("Delivered"), times.delivered_at),
        (_("Acknowledged"), times.acknowledged_at),
    )
    return [
        {
            "name": name,
            "at": at,
            "after": _after(times.detected_at, at),
        }
        for name, at in rows
    ]


def _after(detected_at: datetime, at: datetime | None) -> timedelta | None:
    after = at - detected_at if at is not None else timedelta()
    return after if after >= WORTH_SAYING else None


def judgements_of(found: DeviationDetail, now: datetime) -> list[Shown]:
    """Return the words on the class, the one in force first."""
    in_force = next((each for each in found.judgements if each.kind in IN_FORCE), None)
    ordered = sorted(found.judgements, key=lambda each: each is not in_force)
    return [_judgement(each, found, now) for each in ordered]


def _judgement(each: Judgement, found: DeviationDetail, now: datetime) -> Shown:
    name = capfirst(JudgementKind(each.kind).label)
    at = face(each.given_at, found.zone, now)
    return {
        "heading": f"{name}, {each.code} {at}",
        "own_class": each.own_class,
        "tone": each.classification,
        "text": each.rationale,
        "is_private": each.audience != Audience.SHARED,
    }


def clocks_of(
    actor: Actor,
    found: DeviationDetail,
    lines: Sequence[ClockLine],
    receipt: Escalation | None,
    now: datetime,
) -> list[Shown]:
    """Return the deadlines, open ones first, with clause, whose ball it is, and their history."""
    shown = [
        clock_shown(actor, each, found.program, found.zone, now)
        | ({"url": "#reporting"} if each.clock.is_regulatory else {})
        for each in lines
    ]
    if receipt is not None:
        name, moves = _("Acknowledge the notice"), receipt_moves(receipt)
        wanted = receipt_clock(actor, receipt.line, found.program, found.zone, now, name=name)
        shown.append(wanted | {"moves": moves})
    return sorted(shown, key=lambda each: (each["is_over"], each["due_at"]))


def history_of(found: DeviationDetail, lines: Sequence[HistoryLine]) -> list[Shown]:
    """Return the history newest first, each day named once, each line with who could read it."""
    zone, shown, day = ZoneInfo(found.zone), [], None
    for line in reversed(lines):
        local = line.at.astimezone(zone)
        shown.append(
            {
                "at": line.at,
                "then_url": f"?as_of={quote(line.at.isoformat())}",
                "words": line.words,
                "code": "" if line.code in line.words else line.code,
                "seq": line.seq,
                "is_private": line.audience != Audience.SHARED,
                "readers": str(Audience(line.audience).label),
                "day": formats.date_format(local, "j F Y") if local.date() != day else "",
            }
        )
        day = local.date()
    return shown


def leaving_of(preview: NoticePreview) -> Shown:
    """Return the notice as the dialog shows it before it leaves: word for word, and what stays."""
    number = str(preview.deviation.number)
    fields = [
        {
            "name": each.label,
            "at": each.value if isinstance(each.value, datetime) else None,
            "zone": preview.zone,
            "value": "" if isinstance(each.value, datetime) else each.value,
        }
        for each in preview.leaves
        if each.field != "description" and each.value is not None
    ]
    # Said in one line: that a field is empty is also something the sponsor will see.
    bare = ", ".join(each.label for each in preview.leaves if each.value is None)
    empty = [{"name": _("Left empty"), "value": bare}] if bare else []
    judged = [
        {"name": _("Provisional class"), "tone": preview.classification, "value": ""},
        {"name": _("Rationale"), "value": preview.rationale},
    ]
    if preview.own_class:
        judged.insert(1, {"name": _("Its name at the CDMO"), "value": preview.own_class})
    files = [{"name": _("File"), "value": str(each.name)} for each in preview.files]
    return {
        "number": number,
        "recipients": preview.program.sponsor_name,
        "text": str(preview.deviation.description),
        "leaves": [*fields[:2], *judged, *fields[2:], *files, *empty],
        "withheld": preview.withheld,
        "clause": clause_words(preview.clause, preview.terms),
        "version": preview.deviation.version,
    }


def rounds_shown(found: DeviationDetail) -> list[Shown]:
    """Return the texts of the report, the newest first and unfolded, each with what was said to it."""
    return [
        {
            "round": each.round,
            "is_newest": each is found.rounds[0],
            "heading": _("Text %(number)s, %(kind)s")
            % {"number": each.round.number, "kind": each.round.get_kind_display()},
            "standing": _standing(each.round),
            "tone": "" if each.round.returned_at else TONES.get(each.round.outcome, ""),
            "is_private": each.round.audience != Audience.SHARED,
            "comments": each.comments,
            "settlements": each.settlements,
        }
        for each in found.rounds
    ]


def _standing(given: ReportRound) -> str:
    """Return where one text of the report stands."""
    if given.returned_at is not None:
        return _("handed back")
    if given.outcome:
        return str(given.get_outcome_display())
    if given.kind == RoundKind.DRAFT:
        return _("comments finished") if given.commented_at is not None else _("waits for comments")
    return _("approved by CDMO QA") if given.approved_at is not None else _("waits for CDMO QA")


def waits_for(actor: Actor, found: DeviationDetail) -> str:
    """Return in words what closing waits for, empty where it waits for nothing or is nobody's matter yet."""
    if found.deviation.state not in (DeviationState.UNDER_INVESTIGATION, *REVIEWS):
        return ""
    return capfirst(what_review_waits_for(actor, found.deviation, found.classification))
