"""Raise an early signal, and answer it (clause 7.2 of the default rules)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from batches.access import lock_program
from batches.models import Batch
from batches.reach import AHEAD, OLDEST
from batches.slots import Noticed
from deviations.access import lock_signal, zone_of
from deviations.errors import NotInProgram
from deviations.facts import SignalAnswered, SignalRaised
from deviations.models import EarlySignal
from deviations.states import SIGNAL_ALERT, SIGNAL_ANSWERERS, SIGNAL_CLOCK, SIGNAL_RAISERS
from deviations.texts import check_texts
from portal import ledger
from portal.access import get_program, require_role
from portal.action import action, current_action, instant
from portal.actions.alerts import give_receipt
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.clocks import Timing, end_clocks, start_clock, time_out
from portal.errors import Invalid, Refused
from portal.models import Alert, Program
from portal.states import AlertState, Audience, ClockState
from portal.terms import terms_at

CODE_MOST: Final = 60
USUAL: Final = tuple(f"{each.side}.{each.code}" for each in SIGNAL_ANSWERERS)


@action("signal.raise")
def raise_signal(
    actor: Actor,
    program_id: UUID,
    *,
    title: str,
    description: str,
    noticed_at: datetime | None = None,
    batch_id: UUID | None = None,
) -> EarlySignal:
    """Say that something looks odd while nothing is wrong yet; both sides read it from this moment on.

    It is no deviation and counts on no scorecard. `title` is 3..200 characters, `description` 10..20,000,
    kept verbatim; `noticed_at` is now when not given. Who answers until when says the clause in force now;
    they are told by its ladder. Raises: NotFound, Refused, Invalid. Records: signal.raised v1,
    alert.raised v1. Locks the program, so that numbers are drawn once. Source: quality agreement 7.2.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *SIGNAL_RAISERS, to="raise an early signal")
    check_texts({"title": title, "description": description})
    now = instant()
    noticed = _noticed(noticed_at, now)
    batch = _batch(actor, program.pk, batch_id)
    side = next(each.side for each in SIGNAL_RAISERS if actor.holds(program.pk, each))
    said = (title.strip(), description)
    return _enter(actor, program, said, by=(side, actor.code(program.pk)), batch=batch, noticed_at=noticed)


def tell_of_watch(actor: Actor, program_id: UUID, noticed: Noticed) -> UUID:
    """Raise what a watch noticed as an early signal, within the action that found it.

    The watch is the manufacturer's; the program is locked already. Raises: NotInProgram.
    Records: signal.raised v1, alert.raised v1.
    """
    current_action()
    program, batch = get_program(actor, program_id), _batch(actor, program_id, noticed.batch_id)
    said, by = (noticed.title, noticed.account), (Side.MANUFACTURER, noticed.by[:CODE_MOST])
    return _enter(actor, program, said, by=by, batch=batch, noticed_at=noticed.noticed_at).pk


def _enter(
    actor: Actor,
    program: Program,
    said: tuple[str, str],
    *,
    by: tuple[Side, str],
    batch: Batch | None,
    noticed_at: datetime,
) -> EarlySignal:
    """Enter a signal and tell who answers, until when the clause in force now says."""
    side, code = by
    now = instant()
    terms = terms_at(actor, program.pk, now)
    found = terms.early_signal()
    asked, roles = answerers(found.rule.by if found is not None else USUAL, side)
    signal = EarlySignal.objects.create(
        space_id=program.pk,
        number=_draw_number(actor, program, now.year),
        title=said[0],
        description=said[1],
        batch=batch,
        side=side,
        noticed_at=noticed_at,
        raised_at=now,
        raised_code=code,
        asked_side=asked,
        roles=list(roles),
    )
    clause = found.clause.code if found is not None else ""
    timing = None
    if found is not None:
        zone, site_id = zone_of(program, batch), batch.site_id if batch is not None else None
        timing = time_out(actor, program.pk, found.rule.within, now, zone=zone, site_id=site_id)
    _tell(signal, clause, timing, terms.version)
    return signal


def answerers(by: Collection[str], raised_by: Side) -> tuple[Side, tuple[str, ...]]:
    """Return the side that answers and its roles: the other one than raised it, where the clause names it."""
    others = tuple(each for each in by if not each.startswith(f"{raised_by}."))
    chosen = others or tuple(by)
    side = Side(chosen[0].partition(".")[0])
    return side, tuple(each for each in chosen if each.startswith(f"{side}."))


def _tell(signal: EarlySignal, clause: str, timing: Timing | None, version: int | None) -> None:
    """Record it, tell who answers, and let the clause's time run; no clause, no clock."""
    fact = SignalRaised(
        side=str(signal.side),
        batch_id=signal.batch_id,
        asked_side=str(signal.asked_side),
        clause=clause,
        due_at=timing.due_at if timing is not None else None,
    )
    ledger.record(signal, fact)
    raise_alert(
        signal,
        kind=SIGNAL_ALERT,
        side=Side(signal.asked_side),
        title=f"{signal.number}: {signal.title}",
        clause=clause,
        first=[each.partition(".")[2] for each in signal.roles],
    )
    if timing is not None:
        start_clock(
            signal,
            kind=SIGNAL_CLOCK,
            clause=clause,
            terms=version,
            side=Side(signal.asked_side),
            due_at=timing.due_at,
            audience=Audience.SHARED,
            timing=timing,
        )


@action("signal.answer")
def answer_signal(actor: Actor, signal_id: UUID, *, answer: str, version: int | None) -> EarlySignal:
    """Answer an early signal once, in 3..4000 characters that both sides read; its clock is met.

    Whoever raised it does not answer it. Raises: NotFound, Refused, InvalidTransition, VersionMissing,
    StaleVersion, Invalid. Records: signal.answered v1, and alert.acknowledged v1 where nobody gave receipt.
    """
    signal = lock_signal(actor, signal_id, to="answer", version=version)
    code = actor.code(signal.space_id)
    if code == signal.raised_code:
        raise Refused("You raised this signal; somebody else who may answers it.")
    check_texts({"answer": answer})
    signal.take_answer(answer.strip(), instant(), code)
    signal.save(update_fields=["state", "answer", "answered_at", "answered_code", "version"])
    ledger.record(signal, SignalAnswered(side=str(signal.asked_side), code=code))
    end_clocks(signal, kind=SIGNAL_CLOCK, state=ClockState.MET)
    alerts = Alert.objects.visible_to(actor).select_for_update().filter(subject_id=signal.pk)
    for alert in alerts.exclude(state=AlertState.ACKNOWLEDGED).order_by("pk"):
        give_receipt(actor, alert, code)
    return signal


def _noticed(given: datetime | None, now: datetime) -> datetime:
    """Return when it was noticed; raises Invalid for a time to come or before 2000."""
    noticed = min(given or now, now)
    if given is not None and not OLDEST <= given <= now + AHEAD:
        words = "Not in the future, and not before 1 January 2000."
        raise Invalid(words, errors={"noticed_at": [words]})
    return noticed


def _batch(actor: Actor, program_id: UUID, batch_id: UUID | None) -> Batch | None:
    """Return the batch of the program that both sides know. Raises: NotInProgram."""
    if batch_id is None:
        return None
    rows = Batch.objects.visible_to(actor).filter(space_id=program_id, audience=Audience.SHARED)
    found = rows.select_related("site").filter(pk=batch_id).first()
    if found is None:
        raise NotInProgram("batch")
    return found


def _draw_number(actor: Actor, program: Program, year: int) -> str:
    """Return the next number of the year, under the program's lock; all are shared, so none is hidden."""
    drawn = EarlySignal.objects.visible_to(actor).filter(
        space_id=program.pk, number__startswith=f"SIG-{year}-"
    )
    return f"SIG-{year}-{drawn.count() + 1:04}"
