"""Alerts and their ladders as the pages show them: whose turn, who was told, what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.actor import Actor, Side
from portal.models import Alert, Delivery, Program
from portal.queries.alerts import AlertLine, Escalation, ReceiptLine, StepLine
from portal.queries.rooms import Room
from portal.rosters.drills import DRILL
from portal.shell import LINKS
from portal.states import AlertState, Channel, DeliveryState, role_words
from portal.terms import clause_link

Shown = dict[str, Any]
KINDS: Final[Mapping[str, str | Promise]] = {
    "excursion.par": gettext_lazy("Outside PAR"),
    "patient_lot": gettext_lazy("Patient lot outside its limits"),
    "deviation.notice": gettext_lazy("Notice of a deviation"),
    "deviation.classified": gettext_lazy("Class of a deviation you were told of at once"),
    "notice.unreleased": gettext_lazy("Notice not released"),
    "decision.asked": gettext_lazy("Decision asked"),
    "decision.unanswered": gettext_lazy("Decision not answered, half the time is gone"),
    "decision.question": gettext_lazy("Question back about a decision"),
    "decision.answered": gettext_lazy("Decision answered"),
    "decision.lost": gettext_lazy("No reply, the choice is lost"),
    "report.draft": gettext_lazy("Draft report to comment on"),
    "report.review": gettext_lazy("Report to review"),
    "change": gettext_lazy("Change of the other side"),
    "complaint": gettext_lazy("Complaint about a batch"),
    "query": gettext_lazy("Query of the other side"),
    "impact_statement": gettext_lazy("Impact statement of a site event"),
    "watch": gettext_lazy("Early signal"),
    "roster_gap": gettext_lazy("Gap in cover"),
    "inspection": gettext_lazy("Inspector at the other side"),
    "drill": gettext_lazy("DRILL, no real event"),
    "clock.unanswered": gettext_lazy("No reply in time"),
    "clock.set_apart": gettext_lazy("Deadline not acted on"),
    "clock.extended": gettext_lazy("Deadline extended"),
    "clock.extended_again": gettext_lazy("Deadline extended again"),
    "clock.pause_declined": gettext_lazy("Pause declined"),
    "clock.pause_taken_back": gettext_lazy("Pause no longer asked for"),
    "signing.locked": gettext_lazy("Signing is locked"),
}
CHANNELS: Final[Mapping[str, str | Promise]] = {
    Channel.EMAIL: gettext_lazy("e-mail"),
    Channel.PUSH: gettext_lazy("push"),
    Channel.CHAT: gettext_lazy("chat"),
}


def kind_words(alert: Alert) -> str:
    """Return what kind of signal an alert is."""
    return str(KINDS.get(alert.kind) or alert.kind.replace(".", " ").replace("_", " "))


def sits_on(actor: Actor, space_id: UUID, side: str) -> bool:
    """Say whether the reader has a seat on a side of a space."""
    return any(seat.side in (side, Side.BOTH) for seat in actor.seats.get(space_id, ()))


def ball(actor: Actor, program: Program | None, space_id: UUID, side: str) -> str:
    """Return whose turn it is in the reader's words."""
    if sits_on(actor, space_id, side):
        return _("your side")
    if program is None:
        return _("the other side")
    return program.sponsor_name if side == Side.SPONSOR else program.manufacturer_name


def subject_url(line: AlertLine) -> str:
    """Return the page of what an alert is about, empty when it has none or is not to be seen."""
    if line.subject is None or line.subject.type not in LINKS:
        return ""
    return LINKS[line.subject.type].format(id=line.subject.pk)


def roles_words(roles: Sequence[str]) -> str:
    """Return role codes as people say them."""
    return ", ".join(role_words(each) for each in roles)


def detail_of(*parts: str) -> SafeString:
    """Return what stands in a second line, with commas between; a clause in it stays a link."""
    return format_html_join(", ", "{}", ((each,) for each in parts if each))


def banner(actor: Actor, line: AlertLine, room: Room | None, *, next_url: str = "") -> Shown:
    """Return an alert for the banner component."""
    alert = line.alert
    program = room.program if room is not None else None
    detail = [
        kind_words(alert),
        program.code if program is not None else "",
        clause_link(alert.space_id, alert.clause, alert.terms),
    ]
    return {
        "id": alert.pk,
        "version": alert.version,
        "tone": alert.classification or "warn",
        "word": "" if alert.classification else _("DRILL") if alert.kind == DRILL else _("live alert"),
        "title": alert.title,
        "url": LINKS["alert"].format(id=alert.pk),
        "detail": detail_of(*detail),
        "due_at": line.next_at,
        "acknowledge_url": acknowledge_url(alert) if line.may_acknowledge else "",
        "acknowledged_words": state_words(actor, alert, program),
        "next_url": next_url,
    }


def acknowledge_url(alert: Alert) -> str:
    """Return where a receipt is given."""
    return f"{LINKS['alert'].format(id=alert.pk)}acknowledge/"


def state_words(actor: Actor, alert: Alert, program: Program | None) -> str:
    """Return where an alert stands, and who answered."""
    if alert.state == AlertState.ACKNOWLEDGED:
        return _("acknowledged by %s") % alert.acknowledged_by
    if alert.state == AlertState.UNANSWERED:
        return _("no reply, the ladder has ended")
    whose = ball(actor, program, alert.space_id, str(alert.side))
    return _("waits for a receipt: %s") % whose


def ladder(actor: Actor, found: Escalation, room: Room | None) -> Shown:
    """Return an alert with its steps and receipts as the escalation views show it."""
    alert, program = found.alert, room.program if room is not None else None
    zone = room.zone if room is not None else "UTC"
    is_mine = sits_on(actor, alert.space_id, str(alert.side))
    taken = [step for step in found.steps if step.taken_at is not None]
    return {
        "alert": alert,
        "line": found.line,
        "kind": kind_words(alert),
        "tone": alert.classification or "",
        "url": LINKS["alert"].format(id=alert.pk),
        "subject_url": subject_url(found.line),
        "program": program,
        "zone": zone,
        "clause": clause_link(alert.space_id, alert.clause, alert.terms),
        "asked": ball(actor, program, alert.space_id, str(alert.side)),
        "is_mine": is_mine,
        "is_open": alert.state == AlertState.OPEN,
        "state": state_words(actor, alert, program),
        "step_words": _("step %(now)s of %(all)s") % {"now": len(taken), "all": len(found.steps)},
        "steps": [_step(step, found, zone) for step in found.steps],
        "next_at": found.line.next_at,
        "next_words": _next_words(found),
        "receipts": [_receipt(each, is_mine=is_mine) for each in found.receipts],
        "told_words": ngettext("%s person told", "%s people told", len(found.receipts)) % len(found.receipts),
        "acknowledge_url": acknowledge_url(alert) if found.line.may_acknowledge else "",
    }


def _next_words(found: Escalation) -> str:
    ahead = [step for step in found.steps if step.taken_at is None]
    if ahead:
        return _("then %s is told") % roles_words(ahead[0].roles)
    return _("then the ladder ends")


def _step(step: StepLine, found: Escalation, zone: str) -> Shown:
    is_last = step.number + 1 == sum(each.taken_at is not None for each in found.steps)
    state = "ahead" if step.taken_at is None else "now" if is_last else "done"
    answered = [each for each in found.receipts if each.step == step.number and each.acknowledged_at]
    return {
        "name": _("Step %s") % (step.number + 1),
        "roles": roles_words(step.roles),
        "state": state,
        "due_at": step.due_at,
        "taken_at": step.taken_at,
        "zone": zone,
        "told": ngettext("%s person told", "%s people told", step.told) % step.told
        if step.told
        else _("nobody holds this role")
        if step.told == 0
        else "",
        "is_answered": bool(answered),
    }


def _receipt(each: ReceiptLine, *, is_mine: bool) -> Shown:
    return {
        "who": each.code or roles_words([each.role]),
        "role": roles_words([each.role]),
        "step": each.step + 1,
        "channel": ", ".join([_("on screen"), *(message_words(message) for message in each.messages)]),
        "told_at": each.told_at,
        "delivered_at": each.delivered_at,
        "opened_at": each.opened_at,
        "knows_opened": is_mine,
        "acknowledged_at": each.acknowledged_at,
        "refused_at": each.refused_at,
        "refused_because": each.refused_because,
    }


def message_words(message: Delivery) -> str:
    """Return what became of one message: by which channel, and that it is tried again."""
    channel = CHANNELS.get(message.channel, message.channel)
    if message.state == DeliveryState.WAITING and not message.attempts:
        words = _("%(channel)s on its way")
    elif message.state == DeliveryState.WAITING:
        words = _("%(channel)s tried %(n)s times, is tried again")
    else:
        words = {
            DeliveryState.SENT: _("%(channel)s sent"),
            DeliveryState.FAILED: _("%(channel)s failed"),
            DeliveryState.DIGEST: _("%(channel)s left to the morning mail"),
            DeliveryState.NEEDLESS: _("%(channel)s not sent: acknowledged while it waited"),
        }[DeliveryState(message.state)]
    return words % {"channel": channel, "n": message.attempts}
