"""Learn watch models, give them up, and keep what they notice in running batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from batches.access import get_batch, lock_program
from batches.models import Batch, Parameter, WatchCourse, WatchDocument, WatchModel, WatchNews
from batches.slots import Noticed, tell_noticed
from batches.states import REASON_LEAST, DataKind
from batches.watched.facts import (
    WatchEnded,
    WatchModelAsked,
    WatchModelFailed,
    WatchModelLearned,
    WatchModelWithdrawn,
    WatchNoticed,
)
from batches.watched.judging import Finding, Told, cause_of, join, plainest
from batches.watched.learning import BATCHES_LEAST, BATCHES_MOST, Learned, candidates
from batches.watched.states import WATCH_AUTHORS, WATCH_TRANSITIONS, NewsState, WatchState
from batches.watched.words import account_of, title_of
from portal import ledger
from portal.access import get_program, lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound
from portal.states import SYSTEM, Audience

OPEN: Final = (WatchState.ASKED, WatchState.DRAFTED, WatchState.PROPOSED)


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging a batch came to: by which model, up to which instant, when again, what was found."""

    model_id: UUID
    reached_at: datetime
    due_at: datetime
    is_over: bool
    found: Sequence[Finding]
    forecasts: Sequence[dict[str, Any]]


@action("watch_model.ask")
def ask_watch_model(
    actor: Actor, program_id: UUID, *, recipe_number: str, batches: Sequence[UUID], swings: Sequence[str] = ()
) -> WatchModel:
    """Choose the good batches from which a watch of a recipe is learned; that happens in the background.

    They are complete batches of that recipe, none of them rejected, two or more; from twenty on the batch as
    a whole is watched too. `swings` are the parameters whose movement counts beside their value. Both sides
    read it from now on; it watches nothing before both signed it. Locks the program, so that numbers are
    drawn once. Raises: NotFound, Refused, Invalid, Conflict. Records: watch_model.asked v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *WATCH_AUTHORS, to="learn watches")
    chosen = _chosen(actor, program.pk, recipe_number, batches)
    known = _online(actor, chosen[0])
    wrong = sorted(set(swings) - set(known))
    if wrong:
        words = f"Not measured online in this recipe: {', '.join(wrong)[:200]}."
        raise Invalid(words, errors={"swings": [words]})
    rows = WatchModel.objects.visible_to(actor).filter(space_id=program.pk, recipe_number=recipe_number)
    waiting = rows.filter(state__in=OPEN).first()
    if waiting is not None:
        raise Conflict(f"{waiting.number} waits for signatures. Sign or withdraw it first.", code="waits")
    revision = (rows.aggregate(last=Max("revision"))["last"] or 0) + 1
    model = WatchModel.objects.create(
        space_id=program.pk,
        number=f"W-{recipe_number}-{revision:02}",
        title=chosen[0].recipe_version.title,
        recipe_number=recipe_number,
        revision=revision,
        training=[[str(each.pk), each.number] for each in chosen],
        swings=sorted(set(swings)),
        asked_by=actor.person_id,
        asked_code=actor.code(program.pk),
        asked_at=instant(),
    )
    fact = WatchModelAsked(
        recipe_number=recipe_number,
        revision=revision,
        batches=tuple(each.pk for each in chosen),
        code=model.asked_code,
    )
    ledger.record(model, fact)
    return model


@action("watch_model.keep")
def keep_watch_model(actor: Actor, model_id: UUID, *, learned: Learned | None, why: str = "") -> WatchModel:
    """Keep what was learned of a model, or why nothing could be; harmless when it is done already.

    `actor` is `system_actor("sweep", space)`. Raises: NotFound, Refused.
    Records: watch_model.learned v1 or watch_model.failed v1.
    """
    model = _lock(actor, model_id)
    require_role(actor, model.space_id, SYSTEM, to="keep what was learned")
    if model.state != WatchState.ASKED:
        return model
    if learned is None:
        model.give_up(why)
        model.save(update_fields=["state", "why", "version"])
        ledger.record(model, WatchModelFailed(why=why))
        return model
    WatchDocument.objects.create(space_id=model.space_id, model=model, body=learned.body)
    model.keep(learned.digest, learned.short, instant())
    model.save(update_fields=["state", "digest", "learned", "learned_at", "version"])
    fact = WatchModelLearned(
        digest=learned.digest,
        parameters=len(learned.short["lines"]),
        components=learned.short["components"],
    )
    ledger.record(model, fact)
    return model


@action("watch_model.withdraw")
def withdraw_watch_model(actor: Actor, model_id: UUID, *, reason: str, version: int | None) -> WatchModel:
    """Give a model up, also one in force: it watches no batch any more, what it noticed stays to be read.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid.
    Records: watch_model.withdrawn v1.
    """
    model = lock_record(
        WatchModel, actor, model_id, to="withdraw", version=version, transitions=WATCH_TRANSITIONS
    )
    if len(reason.strip()) < REASON_LEAST:
        words = f"Say why, in {REASON_LEAST} characters or more."
        raise Invalid(words, errors={"reason": [words]})
    ledger.give_reason(model, reason.strip())
    model.end(WatchState.WITHDRAWN, instant())
    model.save(update_fields=["state", "until", "version"])
    ledger.record(model, WatchModelWithdrawn(code=actor.code(model.space_id)))
    return model


@action("watch.keep")
def keep_watch_news(actor: Actor, batch_id: UUID, *, judged: Judged) -> list[WatchNews]:
    """Keep what a watch noticed in a batch, and tell both sides of what is news of its own, once a cause.

    `actor` is `system_actor("sweep", space)`. Harmless when it comes twice, late, or after the model was
    followed by another: an older judgement never replaces a newer one. Locks the program. Returns what
    is new. Raises: NotFound, Refused. Records: watch.noticed v1, watch.ended v1, and
    signal.raised v1 as of a person.
    """
    batch = get_batch(actor, batch_id)
    lock_program(actor, batch.space_id)
    require_role(actor, batch.space_id, SYSTEM, to="keep what a watch noticed")
    model = _lock(actor, judged.model_id)
    course = WatchCourse.objects.visible_to(actor).filter(batch=batch).first()
    if model.state != WatchState.IN_FORCE or (
        course is not None and course.model_id == model.pk and course.reached_at > judged.reached_at
    ):
        return []
    fresh = _reconcile(actor, batch, model, judged.found)
    _tell(actor, batch, model, fresh)
    _follow(batch, model, judged, course)
    return [row for row, _ in fresh]


# A batch that is like no other is told so often at once; the rest stands with the last of them.
AT_ONCE: Final = 3
Fresh = list[tuple[WatchNews, Finding]]


def _reconcile(actor: Actor, batch: Batch, model: WatchModel, found: Sequence[Finding]) -> Fresh:
    """Bring the rows of a batch to what was found; return those that are new, not yet written."""
    rows = WatchNews.objects.visible_to(actor).filter(batch=batch).exclude(state=NewsState.WITHDRAWN)
    standing = list(rows.order_by("begins_at", "pk"))
    for row in standing:
        # What another model noticed stays as it was; it is not followed any more.
        if row.model_id != model.pk and row.state == NewsState.OPEN:
            _end(row, NewsState.OVER)
    own = [row for row in standing if row.model_id == model.pk]
    fresh: Fresh = []
    going_on: list[tuple[WatchNews, Finding]] = []
    for each in found:
        known = next((row for row in own if _is_same(row, each)), None)
        if known is None:
            fresh.append((_row(batch, model, each), each))
            continue
        own.remove(known)
        going_on.append((known, each))
    # First what is gone: another stretch may begin where it did.
    for row in own:
        _end(row, NewsState.WITHDRAWN)
    for row, each in going_on:
        _update(row, each)
    return fresh


def _is_same(row: WatchNews, found: Finding) -> bool:
    return (
        (row.sign, row.parameter, row.direction) == (found.sign, found.parameter, found.direction)
        and row.begins_at <= found.last_at
        and found.begins_at <= row.last_at
    )


def _row(batch: Batch, model: WatchModel, found: Finding) -> WatchNews:
    return WatchNews(
        space_id=batch.space_id,
        batch=batch,
        model=model,
        sign=found.sign,
        parameter=found.parameter,
        direction=found.direction,
        state=NewsState.OPEN if found.is_open else NewsState.OVER,
        begins_at=found.begins_at,
        known_at=found.known_at,
        last_at=found.last_at,
        peak=found.peak,
        causes=[list(each) for each in found.causes],
        picture=found.picture,
        noticed_at=instant(),
    )


def _update(row: WatchNews, found: Finding) -> None:
    """Follow a stretch; nothing is written where nothing moved."""
    state = NewsState.OPEN if found.is_open else NewsState.OVER
    now = (found.begins_at, found.known_at, found.last_at, found.peak, state)
    if now == (row.begins_at, row.known_at, row.last_at, row.peak, row.state):
        return
    is_over = state == NewsState.OVER and row.state == NewsState.OPEN
    row.follow(begins_at=found.begins_at, known_at=found.known_at, last_at=found.last_at, peak=found.peak)
    row.causes, row.picture, row.state = [list(each) for each in found.causes], found.picture, state
    row.save()
    if is_over:
        _note_end(row)


def _end(row: WatchNews, state: NewsState) -> None:
    row.end(state)
    row.save(update_fields=["state", "version"])
    _note_end(row)


def _note_end(row: WatchNews) -> None:
    is_withdrawn = row.state == NewsState.WITHDRAWN
    ledger.record(row, WatchEnded(batch_id=row.batch_id, last_at=row.last_at, is_withdrawn=is_withdrawn))


def _tell(actor: Actor, batch: Batch, model: WatchModel, fresh: Fresh) -> None:
    """Write what is new. What is of a cause told already joins it; the rest is told, once a cause."""
    if not fresh:
        return
    rows = WatchNews.objects.visible_to(actor).filter(batch=batch).exclude(told_id=None)
    told = [
        Told(cause_of(row.parameter, row.causes), row.begins_at, row.last_at, row.told_id)
        for row in rows.order_by("begins_at", "pk")
    ]
    groups: list[tuple[Told | None, Fresh]] = []
    for row, found in sorted(fresh, key=lambda each: (each[1].known_at, each[1].begins_at, each[1].sign)):
        before = join(found, told)
        group = next((each for each in groups if each[0] is not None and each[0] is before), None)
        if before is not None and group is not None:
            group[1].append((row, found))
        elif before is not None:
            groups.append((before, [(row, found)]))
        else:
            of_its_own = Told(found.cause, found.begins_at, found.last_at, None)
            told.append(of_its_own)
            groups.append((of_its_own, [(row, found)]))
    names = names_of(actor, batch)
    zone = batch.site.zone if batch.site is not None else get_program(actor, batch.space_id).zone
    raised: list[UUID | None] = []
    for cause, group_rows in groups:
        told_id = cause.told_id if cause is not None else None
        if told_id is None and len(raised) == AT_ONCE:
            told_id = raised[-1]
        elif told_id is None:
            told_id = _raise(actor, batch, model, [found for _, found in group_rows], (names, zone))
            raised.append(told_id)
        for row, _ in group_rows:
            row.told_id = told_id
            row.save(force_insert=True)
            ledger.record(row, _noticed(row))


def _raise(
    actor: Actor, batch: Batch, model: WatchModel, found: Sequence[Finding], words: tuple[Any, str]
) -> UUID | None:
    first, *others = sorted(found, key=plainest)
    noticed = Noticed(
        batch_id=batch.pk,
        title=title_of(first, words[0]),
        account=account_of(first, others, model, *words),
        noticed_at=min(*(each.known_at for each in found), instant()),
        by=model.number,
    )
    return next(iter(tell_noticed(actor, batch.space_id, noticed)), None)


def _noticed(row: WatchNews) -> WatchNoticed:
    return WatchNoticed(
        batch_id=row.batch_id,
        model_id=row.model_id,
        sign=str(row.sign),
        parameter=row.parameter,
        direction=row.direction,
        begins_at=row.begins_at,
        known_at=row.known_at,
        told_id=row.told_id,
    )


def _follow(batch: Batch, model: WatchModel, judged: Judged, course: WatchCourse | None) -> None:
    course = course or WatchCourse(space_id=batch.space_id, batch=batch)
    course.model, course.is_over = model, judged.is_over
    course.reached_at, course.due_at, course.judged_at = judged.reached_at, judged.due_at, instant()
    course.forecasts = list(judged.forecasts)
    course.save()


def names_of(actor: Actor, batch: Batch) -> dict[str, Parameter]:
    """Return the parameters of a batch's recipe version by code, as far as both sides read them."""
    rows = Parameter.objects.visible_to(actor).filter(
        recipe_version_id=batch.recipe_version_id, audience=Audience.SHARED
    )
    return {each.code: each for each in rows.order_by("ordinal", "pk")}


def _lock(actor: Actor, model_id: UUID) -> WatchModel:
    rows = WatchModel.objects.visible_to(actor).select_for_update(of=("self",))
    found = rows.with_id(model_id)
    if found is None:
        raise NotFound
    return found


def _chosen(actor: Actor, space_id: UUID, recipe_number: str, batches: Sequence[UUID]) -> list[Batch]:
    """Return the batches that were chosen. Raises: Invalid for others than good ones of the recipe."""
    known = {each.pk: each for each in candidates(actor, space_id, recipe_number)}
    if not known:
        words = "No complete batch of this recipe that was not rejected."
        raise Invalid(words, errors={"recipe_number": [words]})
    wrong = [each for each in batches if each not in known]
    if wrong:
        words = "Only complete batches of the recipe that were not rejected teach a watch."
        raise Invalid(words, errors={"batches": [words]})
    chosen = {each: known[each] for each in batches}
    if not BATCHES_LEAST <= len(chosen) <= BATCHES_MOST:
        words = f"Choose {BATCHES_LEAST} to {BATCHES_MOST} batches."
        raise Invalid(words, errors={"batches": [words]})
    return sorted(chosen.values(), key=lambda each: each.number)


def _online(actor: Actor, batch: Batch) -> list[str]:
    return [code for code, each in names_of(actor, batch).items() if each.data_kind == DataKind.ONLINE]
