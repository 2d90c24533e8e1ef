"""A draft of a master record edited by forms: one part at a time, the rest stays as it is."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.actions.recipes import edit_recipe
from batches.forms_recipe import HeadForm, HoldTimeForm, LimitRows, MaterialForm, ParameterForm, StepForm
from batches.recipes import editing
from batches.recipes.papers import read_spec
from batches.recipes.signing import get_recipe
from batches.recipes.words import course_in_short, hold_time_words, limit_name, material_words, range_of
from batches.specs import RecipeSpec
from batches.states import RECIPE_TRANSITIONS
from portal.access import available
from portal.action import reading
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.pages import Page, PageRequest

Context = dict[str, Any]


class _Chosen:
    """The part that is edited: its kind, its place in the recipe (None for a new one), its forms."""

    def __init__(self, spec: RecipeSpec, kind: str, key: str, data: Any = None) -> None:
        self.spec, self.kind, self.key = spec, kind, key
        self.rows: LimitRows | None = None
        self.kept: list[str] = []
        own = self._find()
        if kind == "head":
            self.form: Any = HeadForm(spec, data)
        elif kind == "step":
            self.form = StepForm(spec, own, data)
        elif kind == "parameter":
            self.form, self.rows = ParameterForm(own, data), LimitRows(spec, own, data)
            others = [each for each in own.limits if not editing.is_plain(each)] if own is not None else []
            self.kept = [f"{limit_name(each)} {range_of(each, own.unit, course_in_short)}" for each in others]
        elif kind == "material":
            self.form = MaterialForm(spec, own, data)
        else:
            self.form = HoldTimeForm(spec, own, data)

    @property
    def is_new(self) -> bool:
        """Say whether it is added."""
        return self.kind != "head" and not self.key

    @property
    def place(self) -> int | None:
        """Return the place of a parameter, a material or a hold time."""
        return int(self.key[:9]) if self.key else None

    def is_valid(self) -> bool:
        """Say whether the forms are."""
        own = self.form.is_valid()
        return (self.rows is None or self.rows.is_valid()) and own

    def changed(self) -> RecipeSpec:
        """Return the recipe with what the forms say."""
        if self.kind == "head":
            found: RecipeSpec = self.form.spec(self.spec)
            return found
        if self.kind == "step":
            step = self.form.step()
            if self.is_new:
                return editing.add_step(self.spec, self.form.cleaned_data["after"], step)
            return editing.put_step(self.spec, self.key, step)
        if self.rows is not None:
            parameter = self.form.parameter(self.rows.limits())
            return editing.put_parameter(self.spec, self.place, parameter)
        if self.kind == "material":
            return editing.put_material(self.spec, self.place, self.form.material())
        return editing.put_hold_time(self.spec, self.place, self.form.hold_time())

    def removed(self) -> RecipeSpec:
        """Return the recipe without it. Raises: NotFound, Conflict."""
        if self.kind == "head" or self.is_new:
            raise NotFound
        if self.kind == "step":
            return editing.remove_step(self.spec, self.key)
        return editing.remove(self.spec, cast("editing.Part", self.kind), self.place or 0)

    def _find(self) -> Any:
        """Return what is edited. Raises: NotFound."""
        if self.kind == "head" or not self.key:
            return None
        if self.kind == "step":
            found = next((each for each in self.spec.walk() if each.code == self.key), None)
        else:
            names = {"parameter": "parameters", "material": "materials", "hold_time": "hold_times"}
            rows = getattr(self.spec, names[self.kind])
            place = int(self.key[:9]) if self.key.isdecimal() else len(rows)
            found = rows[place] if place < len(rows) else None
        if found is None:
            raise NotFound
        return found


class RecipeFormPage(Page):
    """The parts of a draft with a form for one of them."""

    here: ClassVar[str] = "recipes"
    template_name: ClassVar[str] = "batches/recipe_form.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the parts, and the form of the one that was chosen. Raises: NotFound, Refused."""
        actor = request.actor
        recipe = get_recipe(actor, kwargs["recipe_id"])
        if "edit" not in available(actor, recipe, RECIPE_TRANSITIONS):
            raise Refused(_("Only a draft is edited, by who drafts master records."))
        spec = read_spec(actor, recipe)
        kind, key = _asked(request)
        chosen = kwargs.get("sent") or _Chosen(spec, kind, key)
        here = f"{reverse('recipe_form', args=[recipe.pk])}?"
        return {
            "recipe": recipe,
            "spec": spec,
            "chosen": chosen,
            "form": chosen.form,
            "names": {
                "step": _("Step"),
                "parameter": _("Parameter"),
                "material": _("Material"),
                "hold_time": _("Hold time"),
                "head": _("Name"),
            }[chosen.kind],
            "steps": [
                {"step": each, "url": here + urlencode({"part": "step", "key": each.code})}
                for each in spec.walk()
            ],
            "parameters": [
                {"words": f"{each.code} {each.title}", "url": here + f"part=parameter&key={place}"}
                for place, each in enumerate(spec.parameters)
            ],
            "materials": [
                {"words": material_words(each), "url": here + f"part=material&key={place}"}
                for place, each in enumerate(spec.materials)
            ],
            "hold_times": [
                {"words": hold_time_words(each), "url": here + f"part=hold_time&key={place}"}
                for place, each in enumerate(spec.hold_times)
            ],
            "here": here,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Save or remove one part."""
        asked = cast("PageRequest", request)
        kind, key = _asked(asked)
        with reading(asked.actor):
            recipe = get_recipe(asked.actor, kwargs["recipe_id"])
            chosen = _Chosen(read_spec(asked.actor, recipe), kind, key, asked.POST)
        version = asked.POST.get("version", "")
        is_removal = asked.POST.get("do") == "remove"
        if is_removal or chosen.is_valid():
            try:
                edit_recipe(
                    asked.actor,
                    recipe.pk,
                    spec=chosen.removed() if is_removal else chosen.changed(),
                    version=int(version[:9]) if version.isdecimal() else None,
                )
            except (Refused, NotFound):
                raise
            except DomainError as error:
                if is_removal:
                    raise
                _explain(chosen.form, error)
            else:
                messages.success(asked, _("The draft says so now."))
                return HttpResponseRedirect(reverse("recipe_form", args=[recipe.pk]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, **kwargs, sent=chosen)


def _explain(form: Any, error: DomainError) -> None:
    """Say on the form what a check of the whole recipe refused, wherever it stands."""
    form.cleaned_data = getattr(form, "cleaned_data", {})
    if not error.errors:
        explain(form, error)
        return
    for where, found in error.errors.items():
        for words in found:
            form.add_error(None, f"{where}: {words}" if where else words)


def _asked(request: PageRequest) -> tuple[str, str]:
    """Return which part is asked for. Raises: NotFound."""
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("part", "head")
    if kind != "head" and kind not in editing.PARTS:
        raise NotFound
    return kind, given.get("key", "")
