"""Watch models as pages: the list with the way in, one model, and how one batch is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.access import get_batch
from batches.actions.watches import ask_watch_model, withdraw_watch_model
from batches.columns import microseconds
from batches.models import Batch, WatchModel
from batches.queries.watches import (
    Choice,
    choices_of,
    list_watch_models,
    news_of_parameters,
    watching_of,
)
from batches.views.places import place_of
from batches.watched.signing import WATCH_MODEL, get_watch_model
from batches.watched.states import WATCH_AUTHORS, WATCH_TRANSITIONS, WatchState
from batches.watched.tables import SWING
from batches.watched.words import failure_of, whole_batch
from batches.watching.golden import FEWEST_BATCHES
from portal.access import available, get_program
from portal.actor import Actor
from portal.errors import Invalid
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.queries.signatures import signatures_of
from portal.signable import open_meanings
from portal.templatetags.times import duration

TONES: Final[Mapping[str, str]] = {
    WatchState.ASKED: "",
    WatchState.DRAFTED: "accent",
    WatchState.PROPOSED: "accent",
    WatchState.IN_FORCE: "fine",
    WatchState.FAILED: "warn",
}
SIGNS: Final = {
    "envelope": gettext_lazy("envelope"),
    "level": gettext_lazy("level"),
    "t2": "T²",
    "spe": "SPE",
}
MARKS_MOST: Final = 20
Shown = dict[str, Any]


def line_of(model: WatchModel) -> Shown:
    """Return a model for a list."""
    return {
        "model": model,
        "tone": TONES.get(model.state, ""),
        "standing": model.get_state_display(),
        "from": len(model.training),
        "whole": bool(model.learned.get("components")),
    }


class WatchesPage(Page):
    """The watch models of the reader's programs, and the form of who may let one be learned."""

    here: ClassVar[str] = "recipes"
    template_name: ClassVar[str] = "batches/watches.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the models, the newest first, and the recipes with good batches of who may choose them."""
        actor, rooms = request.actor, list_rooms(request.actor)
        rows = list_watch_models(actor).order_by("recipe_number", "-revision", "pk")
        lines = [line_of(each) | {"room": rooms.get(each.space_id)} for each in rows]
        own = [room for room in rooms.values() if actor.holds(room.program.pk, *WATCH_AUTHORS)]
        by_code = sorted(own, key=lambda each: str(each.program.code))
        return {
            "lines": lines,
            "forms": [
                _form(room.program, each) for room in by_code for each in choices_of(actor, room.program.pk)
            ],
            "may_learn": bool(own),
            "needed": FEWEST_BATCHES,
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a model be learned, and show it."""
        asked = cast("PageRequest", request)
        given = asked.POST
        found = ask_watch_model(
            asked.actor,
            _id(given.get("program", ""), "program"),
            recipe_number=given.get("recipe_number", "")[:60],
            batches=[_id(each, "batches") for each in given.getlist("batches")],
            swings=given.getlist("swings"),
        )
        messages.success(asked, _("It is being learned; that takes a minute. Then you sign it."))
        return HttpResponseRedirect(reverse("watch_page", args=[found.pk]), status=303)


def _form(program: Any, choice: Choice) -> Shown:
    return {"program": program, "choice": choice, "id": f"{program.pk}-{choice.number}"}


def _id(given: str, field: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise Invalid(_("Choose from the list."), errors={field: [_("Choose one.")]}) from error


class WatchPage(Page):
    """One watch model: what it was learned from, what it watches, who signed it."""

    here: ClassVar[str] = "recipes"
    template_name: ClassVar[str] = "batches/watch.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the model whole."""
        actor = request.actor
        model = get_watch_model(actor, kwargs["model_id"])
        program = get_program(actor, model.space_id)
        learned = model.learned
        return {
            "model": model,
            "line": line_of(model),
            "program": program,
            "zone": program.zone,
            "why": failure_of(model) if model.state == WatchState.FAILED else "",
            "whole": whole_batch(learned) if learned else "",
            "rows": _rows(learned),
            "phases": [
                {"code": code, "step": duration(round(step_s)), "places": places}
                for code, step_s, places in learned.get("phases", [])
            ],
            "signatures": signatures_of(actor, model.pk, model.version),
            "sign_url": _sign_url(actor, model),
            "may_withdraw": "withdraw" in available(actor, model, WATCH_TRANSITIONS),
            "is_learning": model.state == WatchState.ASKED,
            "needed": FEWEST_BATCHES,
        }


def _rows(learned: Mapping[str, Any]) -> list[Shown]:
    lines: Mapping[str, Any] = learned.get("lines", {})
    return [
        {
            "code": code.rstrip(SWING),
            "is_movement": code.endswith(SWING),
            "level": lines[code]["level"],
            "rules": ", ".join(str(each) for each in lines[code]["rules"]),
        }
        for code in sorted(lines)
    ]


def _sign_url(actor: Actor, model: WatchModel) -> str:
    meanings = open_meanings(actor, model, WATCH_MODEL)
    return f"{reverse('sign', args=[WATCH_MODEL.type, model.pk])}?meaning={meanings[0]}" if meanings else ""


class WithdrawWatch(WatchPage):
    """Give a model up, with a reason."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the model."""
        return HttpResponseRedirect(reverse("watch_page", args=[kwargs["model_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Withdraw it."""
        asked = cast("PageRequest", request)
        given = asked.POST.get("version", "")
        withdraw_watch_model(
            asked.actor,
            kwargs["model_id"],
            reason=asked.POST.get("reason", ""),
            version=int(given[:9]) if given.isdecimal() else None,
        )
        messages.success(asked, _("Withdrawn. It watches no batch any more."))
        return HttpResponseRedirect(reverse("watch_page", args=[kwargs["model_id"]]), status=303)


class BatchWatchPage(Page):
    """How one batch is watched: what was noticed with its pictures, and which limits come near."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/batch_watch.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return what a watch says of the batch."""
        actor = request.actor
        batch = get_batch(actor, kwargs["batch_id"])
        rooms = list_rooms(actor)
        place = place_of(batch, rooms)
        found = watching_of(actor, batch)
        return {
            "batch": batch,
            "address": f"/batches/{batch.pk}/",
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            "zone": place.zone,
            "watching": found,
            "lines": shown_lines(found.lines),
        }


def watch_markers(actor: Actor, batch: Batch) -> list[Shown]:
    """Return what watches noticed of single parameters as marks of the chart, one a parameter and signal."""
    marks: dict[tuple[str, Any], Shown] = {}
    for each in news_of_parameters(actor, batch):
        news = each.news
        key = (news.parameter.rstrip(SWING), news.told_id)
        marks.setdefault(
            key,
            {
                "code": key[0],
                "at": microseconds(news.begins_at) // 1000,
                "label": _("Watch: %s") % each.words,
                "url": f"/batches/{batch.pk}/watch/",
                "tone": "watch",
            },
        )
    return list(marks.values())[-MARKS_MOST:]


def shown_lines(lines: Sequence[Any]) -> list[Shown]:
    """Return what was noticed for `watch_news.html`."""
    return [
        {
            "line": each,
            "news": each.news,
            "sign": SIGNS[each.news.sign],
            "state": each.news.get_state_display(),
            "is_open": each.news.state == "open",
            "is_gone": each.news.state == "withdrawn",
            "causes": [
                {"name": name, "share": f"{share:.0%}", "part": round(share * 100)}
                for name, share in each.causes
            ],
            "signal_url": f"/signals/{each.news.told_id}/" if each.news.told_id else "",
        }
        for each in lines
    ]
