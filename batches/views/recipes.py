"""Master records as they are read: list, one version with what it changes, import, the steps of its life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.actions import recipes as act
from batches.models import RecipeVersion
from batches.queries.batches import list_recipes
from batches.queries.recipes import (
    batches_of_version,
    find_before,
    open_steps,
    standing,
    versions_of,
)
from batches.recipes.diff import compare
from batches.recipes.files import FORMS, read_file
from batches.recipes.papers import read_spec
from batches.recipes.signing import RECIPE, get_recipe, is_checked
from batches.recipes.words import course_in_short, hold_time_words, limit_name, material_words, range_of
from batches.specs import LimitSpec, ParameterSpec, RecipeSpec
from batches.states import RECIPE_AUTHORS, LimitKind, RecipeState
from batches.views.board import chosen_program
from portal.access import get_program
from portal.action import instant
from portal.actor import Actor
from portal.errors import Invalid, NotFound
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.queries.signatures import signatures_of
from portal.signable import open_meanings
from portal.states import Meaning
from portal.templatetags.times import duration

TONES: Final[Mapping[str, str]] = {
    RecipeState.DRAFT: "private",
    RecipeState.IN_REVIEW: "accent",
    RecipeState.APPROVED: "accent",
    RecipeState.EFFECTIVE: "fine",
}
BATCHES_SHOWN: Final = 20
# The order in which limits are read: from the usual to what must never be left.
LIMITS: Final = (LimitKind.NOR, LimitKind.ALERT, LimitKind.ACTION, LimitKind.PAR, LimitKind.SPEC)


def line_of(recipe: RecipeVersion, now: datetime) -> dict[str, Any]:
    """Return a version for a list: how it is called, how it stands, from when until when."""
    tone = TONES.get(recipe.state, "")
    if recipe.state == RecipeState.DRAFT and recipe.is_shared:
        tone = ""
    return {
        "recipe": recipe,
        "label": _("rev %s") % recipe.revision if recipe.revision is not None else _("draft"),
        "standing": standing(recipe, now),
        "tone": "warn" if recipe.is_scheduled(now) else tone,
    }


class RecipesPage(Page):
    """The master records of every program, and the way in for files."""

    here: ClassVar[str] = "recipes"
    template_name: ClassVar[str] = "batches/recipes.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the versions by program and number, drafts and the latest revision first."""
        actor, now = request.actor, instant()
        rooms = list_rooms(actor)
        chosen = chosen_program(request, rooms)
        rows = list_recipes(actor, program_id=chosen)
        lines = [
            line_of(each, now) | {"room": rooms.get(each.space_id)}
            for each in rows.order_by("space_id", "number", "-revision", "-drafted_at", "id")
        ]
        codes = {program_id: room.program.code for program_id, room in rooms.items()}
        lines.sort(key=lambda line: (codes.get(line["recipe"].space_id, ""), line["recipe"].number))
        by_code = sorted(rooms.values(), key=lambda room: str(room.program.code))
        return {
            "lines": lines,
            "chosen": chosen,
            "programs": [each.program for each in by_code],
            "own": [each.program for each in by_code if actor.holds(each.program.pk, *RECIPE_AUTHORS)],
            "forms": FORMS.values(),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Draft a version from a file, and show it with what was not understood."""
        asked = cast("PageRequest", request)
        try:
            program_id = UUID(asked.POST.get("program", ""))
        except ValueError as error:
            raise Invalid(_("Say which program."), errors={"program": [_("Choose one.")]}) from error
        found = act.draft_recipe(asked.actor, program_id, spec=read_file(_file_of(asked)))
        messages.success(asked, _("The file is a draft now. Only the CDMO reads it."))
        return _to(found)


def _file_of(request: PageRequest) -> bytes:
    given = request.FILES.get("file")
    if given is None:
        raise Invalid(_("Choose a file."), errors={"file": [_("JSON, CSV or BatchML V7.")]})
    body: bytes = given.read()
    return body


def _to(recipe: RecipeVersion) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("recipe_page", args=[recipe.pk]))


class RecipePage(Page):
    """One version of a master record."""

    here: ClassVar[str] = "recipes"
    template_name: ClassVar[str] = "batches/recipe.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the version whole: what it says, what it changes, who signed it, what may be done."""
        actor, now = request.actor, instant()
        recipe = get_recipe(actor, kwargs["recipe_id"])
        program, spec = get_program(actor, recipe.space_id), read_spec(actor, recipe)
        before = self._before(request, recipe)
        steps = dict.fromkeys(open_steps(actor, recipe), True)
        return {
            "recipe": recipe,
            "line": line_of(recipe, now),
            "program": program,
            "zone": program.zone,
            "spec": spec,
            "steps": [_step(each) for each in spec.walk()],
            "parameters": [_parameter(each) for each in spec.parameters],
            "materials": [material_words(each) for each in spec.materials],
            "hold_times": [hold_time_words(each) for each in spec.hold_times],
            "before": before,
            "changes": compare(read_spec(actor, before), spec) if before is not None else [],
            "signatures": signatures_of(actor, recipe.pk, recipe.version),
            "sign_url": _sign_url(actor, recipe),
            "may": steps,
            "may_revise": recipe.state != RecipeState.DRAFT and actor.holds(recipe.space_id, *RECIPE_AUTHORS),
            "lacks_check": "make_effective" in steps and not is_checked(actor, recipe),
            "forms": FORMS,
            "versions": [line_of(each, now) for each in versions_of(actor, recipe)],
            "batches": batches_of_version(actor, recipe)[:BATCHES_SHOWN],
        }

    def _before(self, request: PageRequest, recipe: RecipeVersion) -> RecipeVersion | None:
        given = request.GET.get("since", "")
        if not given:
            return find_before(request.actor, recipe)
        try:
            return get_recipe(request.actor, UUID(given))
        except ValueError as error:
            raise NotFound from error


def _step(step: Any) -> dict[str, Any]:
    return {"step": step, "planned": duration(step.planned_s) if step.planned_s else ""}


def _parameter(parameter: ParameterSpec) -> dict[str, Any]:
    return {
        "parameter": parameter,
        "every": duration(parameter.expected_interval_s),
        "limits": [
            _limit(each, parameter.unit)
            for each in sorted(parameter.limits, key=lambda each: LIMITS.index(LimitKind(each.kind)))
        ],
    }


def _settles(limit: LimitSpec) -> str:
    if not limit.settle_s:
        return ""
    return _("; not for %s after a phase began") % duration(limit.settle_s)


def _limit(limit: LimitSpec, unit: str) -> dict[str, Any]:
    return {
        "name": limit_name(limit),
        "range": range_of(limit, unit, course_in_short) + _settles(limit),
        "delay": duration(limit.delay_s) if limit.delay_s else "",
        "least": duration(limit.min_duration_s) if limit.min_duration_s else "",
        "rationale": limit.rationale,
    }


def _sign_url(actor: Actor, recipe: RecipeVersion) -> str:
    meanings = open_meanings(actor, recipe, RECIPE)
    if not meanings:
        return ""
    meaning = Meaning.APPROVED if Meaning.APPROVED in meanings else meanings[-1]
    return reverse("sign", args=[RECIPE.type, recipe.pk]) + f"?meaning={meaning}"


Call = Callable[..., RecipeVersion]
STEPS: Final[Mapping[str, tuple[Call, str]]] = {
    "share": (act.share_recipe, ""),
    "submit": (act.submit_recipe, ""),
    "send_back": (act.send_back_recipe, "reason"),
    "withdraw": (act.withdraw_recipe, "reason"),
    "make_effective": (act.make_recipe_effective, "effective_from"),
    "edit": (act.edit_recipe, "file"),
    "revise": (act.draft_from_version, ""),
}


class RecipeStepPage(RecipePage):
    """One step of a version's life, from its reading view."""

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the reading view, the form that was refused open."""
        return {**super().context(request, **kwargs), "taken": kwargs["step"]}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the version. Raises: NotFound."""
        return _to(get_recipe(cast("PageRequest", request).actor, kwargs["recipe_id"]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the step."""
        asked, step = cast("PageRequest", request), kwargs["step"]
        if step not in STEPS:
            raise NotFound
        call, takes = STEPS[step]
        if step == "revise":
            return _to(call(asked.actor, kwargs["recipe_id"]))
        given: dict[str, Any] = {"version": _version_of(asked)}
        if takes == "reason":
            given["reason"] = asked.POST.get("reason", "")
        elif takes == "file":
            given["spec"] = _spec_of(asked)
        elif takes == "effective_from" and (text := asked.POST.get("effective_from", "")):
            given["effective_from"] = _at(text, asked.POST.get("zone", ""))
        return _to(call(asked.actor, kwargs["recipe_id"], **given))


def _spec_of(request: PageRequest) -> RecipeSpec:
    return read_file(_file_of(request))


def _version_of(request: PageRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given[:9]) if given.isdecimal() else None


def _at(text: str, zone: str) -> datetime:
    """Return an instant of the site's clock. Raises: Invalid."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone or "UTC"))
    except (ValueError, KeyError) as error:
        words = _("A time of the site, like 2026-12-01T06:00.")
        raise Invalid(words, errors={"effective_from": [words]}) from error
