"""A deviation as its page shows it: where it stands, its times, its clocks, what each side knew when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from deviations.models import Judgement
from deviations.queries.detail import DeviationDetail
from deviations.queries.history import HistoryLine
from deviations.queries.preview import NoticePreview
from deviations.states import DeviationState, JudgementKind
from portal.actor import Actor
from portal.queries import Escalation
from portal.queries.clocks import ClockLine
from portal.states import Audience
from portal.terms import clause_words
from portal.views.clocks import clock_shown, face
from portal.views.strips import receipt_clock, receipt_moves

Shown = dict[str, Any]
# Less than that is the time it takes to type, not a delay.
WORTH_SAYING: Final = timedelta(minutes=1)


def states_of(found: DeviationDetail, now: datetime) -> list[Shown]:
    """Return the state line: what was reached and when, what lies ahead; a cancelled record ends at once."""
    deviation = found.deviation
    reached = {
        DeviationState.REPORTED: deviation.recorded_at,
        DeviationState.TRIAGED: deviation.triaged_at,
        DeviationState.UNDER_INVESTIGATION: deviation.investigated_at,
        DeviationState.CLOSED: deviation.ended_at if deviation.state == DeviationState.CLOSED else None,
    }
    line = []
    for state, at in reached.items():
        is_now = deviation.state == state
        if at is None and deviation.state == DeviationState.CANCELLED:
            continue
        note = "" if at is None else face(at, found.zone, now)
        line.append(
            {
                "name": str(state.label),
                "state": "now" if is_now else "ahead" if at is None else "done",
                "note": _("since %s") % note if is_now and state != DeviationState.CLOSED else note,
            }
        )
    if deviation.state == DeviationState.CANCELLED and deviation.ended_at is not None:
        note = face(deviation.ended_at, found.zone, now)
        line.append({"name": str(DeviationState.CANCELLED.label), "state": "ended", "note": note})
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
    in_force = next((each for each in found.judgements if each.kind == JudgementKind.PROVISIONAL), None)
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
