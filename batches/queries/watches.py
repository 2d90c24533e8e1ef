"""Watch models and what they noticed, as pages and REST show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from batches.columns import microseconds
from batches.models import Batch, Parameter, RecipeVersion, WatchCourse, WatchDocument, WatchModel, WatchNews
from batches.states import BatchState, DataKind, LimitKind, RecipeState
from batches.watched.judging import plainest
from batches.watched.learning import BATCHES_LEAST, candidates
from batches.watched.pictures import draw
from batches.watched.states import NewsState, WatchState
from batches.watched.words import headline, measured, name_of
from portal.actor import Actor
from portal.models import RecordQuerySet
from portal.states import Audience
from portal.templatetags.times import duration


@dataclass(frozen=True, slots=True)
class NewsLine:
    """One thing that a watch noticed, with its sentence, its numbers and its picture."""

    news: WatchNews
    words: str
    numbers: str
    picture: str
    causes: Sequence[tuple[str, float]]

    @property
    def lasted(self) -> timedelta:
        """How long it went on, up to now."""
        return self.news.last_at - self.news.begins_at


@dataclass(frozen=True, slots=True)
class Coming:
    """A limit that comes near: when it is crossed, and between which times in 80 of 100 cases."""

    words: str
    expected_at: datetime
    earliest_at: datetime | None
    latest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Watching:
    """How a batch is watched: by which model, how far, what comes near, what was noticed, latest first."""

    model: WatchModel | None
    course: WatchCourse | None
    coming: Sequence[Coming]
    lines: Sequence[NewsLine]


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe of which a watch can be learned, with its good batches and what is measured online."""

    number: str
    title: str
    batches: Sequence[Batch]
    parameters: Sequence[Parameter]


def list_watch_models(
    actor: Actor, *, program_id: UUID | None = None, state: str | None = None
) -> RecordQuerySet[WatchModel]:
    """Return the watch models the actor may see, unordered."""
    given = {"space_id": program_id, "state": state}
    rows = WatchModel.objects.visible_to(actor)
    return rows.filter(**{name: value for name, value in given.items() if value is not None})


def list_watch_news(
    actor: Actor,
    *,
    batch_id: UUID | None = None,
    told_id: UUID | None = None,
    state: str | None = None,
) -> RecordQuerySet[WatchNews]:
    """Return what watches noticed, as far as the actor may see it, unordered, with batch and model."""
    given = {"batch_id": batch_id, "told_id": told_id, "state": state}
    rows = WatchNews.objects.visible_to(actor).select_related("batch", "model")
    return rows.filter(**{name: value for name, value in given.items() if value is not None})


def watching_of(actor: Actor, batch: Batch) -> Watching:
    """Return how a batch is watched; five queries."""
    course = WatchCourse.objects.visible_to(actor).select_related("model").filter(batch=batch).first()
    rows = WatchModel.objects.visible_to(actor).filter(
        space_id=batch.space_id, recipe_number=batch.recipe_version.number, state=WatchState.IN_FORCE
    )
    names = _names(actor, [batch.recipe_version_id])
    is_running = batch.state == BatchState.IN_PROCESS
    coming = [_coming(each, names) for each in course.forecasts] if course is not None and is_running else []
    found = _as_told(list_watch_news(actor, batch_id=batch.pk))
    return Watching(rows.first(), course, coming, [_line(each, names) for each in found])


def news_of_parameters(actor: Actor, batch: Batch) -> list[NewsLine]:
    """Return what was noticed of single parameters of a batch and stands, in order, without pictures."""
    rows = list_watch_news(actor, batch_id=batch.pk).exclude(parameter="").defer("picture")
    found = list(rows.exclude(state=NewsState.WITHDRAWN).order_by("begins_at", "pk"))
    names = _names(actor, [batch.recipe_version_id]) if found else {}
    said = (headline(each.sign, each.parameter, each.direction, (), names) for each in found)
    return [NewsLine(each, words, "", "", ()) for each, words in zip(found, said, strict=True)]


def told_by(actor: Actor, told_id: UUID) -> list[NewsLine]:
    """Return what an early signal tells of, as it is now, what says it most plainly first."""
    found = _as_told(list_watch_news(actor, told_id=told_id))
    names = _names(actor, {each.batch.recipe_version_id for each in found}) if found else {}
    return [_line(each, names) for each in found]


def news_lines(actor: Actor, rows: Sequence[WatchNews]) -> list[NewsLine]:
    """Return rows with their sentences, in the order given."""
    names = _names(actor, {each.batch.recipe_version_id for each in rows}) if rows else {}
    return [_line(each, names) for each in rows]


def document_of(actor: Actor, model: WatchModel) -> str:
    """Return what a model learned as the text whose SHA-256 was signed, empty before."""
    found = WatchDocument.objects.visible_to(actor).filter(model=model).first()
    return found.body if found is not None else ""


def choices_of(actor: Actor, program_id: UUID) -> list[Choice]:
    """Return the recipes of a program with two good batches or more."""
    rows = RecipeVersion.objects.visible_to(actor).filter(space_id=program_id, state=RecipeState.EFFECTIVE)
    found = []
    for recipe in rows.order_by("number", "pk"):
        batches = candidates(actor, program_id, recipe.number)
        if len(batches) < BATCHES_LEAST:
            continue
        parameters = Parameter.objects.visible_to(actor).filter(
            recipe_version=recipe, data_kind=DataKind.ONLINE, audience=Audience.SHARED
        )
        shown = list(parameters.order_by("ordinal", "pk"))
        found.append(Choice(recipe.number, recipe.title, batches, shown))
    return found


def _as_told(rows: RecordQuerySet[WatchNews]) -> list[WatchNews]:
    """Return rows by early signal, the latest first; within it what says most plainly what happened."""
    found = sorted(rows.order_by("pk"), key=plainest)
    began: dict[UUID | None, datetime] = {}
    for each in found:
        began[each.told_id] = min(began.get(each.told_id, each.begins_at), each.begins_at)
    return sorted(found, key=lambda each: began[each.told_id], reverse=True)


def _names(actor: Actor, recipe_ids: Any) -> dict[str, Parameter]:
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id__in=list(recipe_ids))
    return {each.code: each for each in rows.order_by("ordinal", "pk")}


def _line(news: WatchNews, names: dict[str, Parameter]) -> NewsLine:
    causes = [(name_of(names, code), float(share)) for code, share in news.causes]
    return NewsLine(
        news,
        headline(news.sign, news.parameter, news.direction, news.causes, names),
        measured(news.parameter, news.direction, news.picture, names),
        draw(
            news.picture,
            begun_ms=microseconds(news.begins_at) / 1000,
            until_ms=microseconds(news.last_at) / 1000,
        ),
        causes,
    )


def _coming(told: dict[str, Any], names: dict[str, Parameter]) -> Coming:
    known = names.get(told["parameter"])
    since = datetime.fromisoformat(told["from"])

    def at(seconds: float | None) -> datetime | None:
        return None if seconds is None else since + timedelta(seconds=seconds)

    words = _("%(parameter)s reaches %(kind)s %(limit)s in about %(time)s") % {
        "parameter": name_of(names, told["parameter"]),
        "kind": LimitKind(told["kind"]).label,
        "limit": f"{told['limit']:g} {known.unit if known is not None else ''}".strip(),
        "time": duration(round(told["expected_s"])),
    }
    return Coming(
        words, since + timedelta(seconds=told["expected_s"]), at(told["earliest_s"]), at(told["latest_s"])
    )
