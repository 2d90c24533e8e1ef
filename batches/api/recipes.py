"""Recipe versions: documents in and out, what changed, the steps of their life, the published schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from batches.actions import recipes as act
from batches.api.batches import PROGRAM
from batches.api.outputs import RecipeChanges as ChangesShown
from batches.api.outputs import RecipeDetail, RecipeWhole
from batches.api.shapes import recipe_json
from batches.models import RecipeVersion
from batches.queries import list_recipes, phases_of
from batches.queries.recipes import find_before, open_steps
from batches.recipes.diff import compare
from batches.recipes.document import plain
from batches.recipes.files import FORMS, read_file
from batches.recipes.papers import read_spec
from batches.recipes.schema import SCHEMA
from batches.recipes.signing import get_recipe
from batches.states import RECIPE_TRANSITIONS, RecipeState
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import (
    CovalentView,
    Input,
    ListView,
    Text,
    choice_param,
    etag,
    seen_version,
    uuid_param,
)
from portal.api.fields import Instant
from portal.api.transitions import NoInput, offer_actions
from portal.errors import Invalid

STATE = OpenApiParameter("state", str, enum=RecipeState.values, description="Only in this state.")
OF_PROGRAM = OpenApiParameter("program", OpenApiTypes.UUID, required=True)
FORM = OpenApiParameter("form", str, enum=list(FORMS), description="Usually json.")
SINCE = OpenApiParameter(
    "since", OpenApiTypes.UUID, description="The version to compare with; usually the last in force before."
)
FILES: Final[Any] = {
    "application/json": OpenApiTypes.OBJECT,
    "text/csv": OpenApiTypes.STR,
    "application/xml": OpenApiTypes.STR,
}


class RecipeReason(Input):
    """Why."""

    reason = Text(least=act.REASON_MIN, most=act.REASON_MAX)


class RecipeEffect(Input):
    """From when on; at once if not given."""

    effective_from = Instant(required=False, help_text="With offset; nothing takes effect backwards.")


class Step:
    """One step of the life cycle: its action and the body it takes."""

    def __init__(self, call: Callable[..., RecipeVersion], takes: type[Input] = NoInput) -> None:
        self.call, self.takes = call, takes


STEPS: Final[Mapping[str, Step]] = {
    "share": Step(act.share_recipe),
    "submit": Step(act.submit_recipe),
    "send_back": Step(act.send_back_recipe, RecipeReason),
    "make_effective": Step(act.make_recipe_effective, RecipeEffect),
    "withdraw": Step(act.withdraw_recipe, RecipeReason),
}
INPUTS: Final = {name: step.takes for name, step in STEPS.items()}


def represent_recipe(actor: Actor, recipe_id: UUID) -> dict[str, Any]:
    """Return the JSON members of one version, its document whole. Raises: NotFound."""
    found = get_recipe(actor, recipe_id)
    phases = phases_of(actor, [found.pk]).get(found.pk, [])
    may = open_steps(actor, found)
    offered = {name: RECIPE_TRANSITIONS[name] for name in STEPS if name in may}
    href = f"/api/v1/recipes/{recipe_id}/"
    return recipe_json(found, phases) | {
        "document": plain(read_spec(actor, found)),
        "available_actions": offer_actions(actor, found, offered, href=href, inputs=INPUTS),
    }


def _body(request: ActorRequest) -> bytes:
    # The raw bytes, before DRF's parsers.
    body: bytes = request._request.body  # noqa: SLF001 - DRF has no public name for it
    return body


class RecipeList(ListView):
    """List recipe versions, draft one from a file."""

    ordering = ("number", "-revision", "id")
    made_status = 201

    @extend_schema(
        operation_id="recipes_list", parameters=[PROGRAM, STATE], responses=RecipeDetail(many=True)
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the recipe versions the caller may see, by number, drafts and the latest revision first."""
        rows = list_recipes(request.actor, program_id=uuid_param(request, "program"))
        state = choice_param(request, "state", RecipeState.values)
        if state is not None:
            rows = rows.filter(state=state)

        def represent(recipes: Sequence[RecipeVersion]) -> list[dict[str, Any]]:
            phases = phases_of(request.actor, [recipe.pk for recipe in recipes])
            return [recipe_json(recipe, phases.get(recipe.pk, [])) for recipe in recipes]

        return self.page(request, rows, represent)

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the draft as its reader sees it now."""
        return represent_recipe(actor, record_id)

    @extend_schema(
        operation_id="recipes_draft", parameters=[OF_PROGRAM], request=FILES, responses={201: RecipeWhole}
    )
    def post(self, request: ActorRequest) -> Response:
        """Draft a version from a file: JSON of format 1, CSV, or BatchML V7; at most 16 MB.

        What of the file was not understood stands in `document.not_understood`. Older versions of BatchML
        are named and refused.
        """
        program_id = uuid_param(request, "program")
        if program_id is None:
            raise Invalid("Say which program.", errors={"program": ["Give the id of the program."]})
        return self.answer(act.draft_recipe(request.actor, program_id, spec=read_file(_body(request))))


class RecipeItem(CovalentView):
    """Show a version."""

    @extend_schema(operation_id="recipes_show", responses=RecipeWhole)
    def get(self, request: ActorRequest, recipe_id: UUID) -> Response:
        """Return one version with its document; 404 when the caller may not read it."""
        data = represent_recipe(request.actor, recipe_id)
        return Response(data, headers=etag(data))


class RecipeDocument(CovalentView):
    """The document of a version as a file."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the version as its reader sees it now."""
        return represent_recipe(actor, record_id)

    @extend_schema(
        operation_id="recipes_document",
        parameters=[FORM],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): str,
            (200, "application/xml"): str,
        },
    )
    def get(self, request: ActorRequest, recipe_id: UUID) -> HttpResponse:
        """Return what the version says as JSON of format 1, CSV or BatchML V7; all read back without loss."""
        return download(request.actor, recipe_id, choice_param(request, "form", FORMS) or "json")

    @extend_schema(operation_id="recipes_edit", request=FILES, responses=RecipeWhole)
    def put(self, request: ActorRequest, recipe_id: UUID) -> Response:
        """Take the document in place of what a draft says. If-Match is needed."""
        spec = read_file(_body(request))
        return self.answer(
            act.edit_recipe(request.actor, recipe_id, spec=spec, version=seen_version(request))
        )


def download(actor: Actor, recipe_id: UUID, form: str) -> HttpResponse:
    """Answer with the document of a version as a file in a form."""
    found, wanted = get_recipe(actor, recipe_id), FORMS[form]
    answer = HttpResponse(wanted.write(found, read_spec(actor, found)), content_type=wanted.media_type)
    name = "".join(each if each.isalnum() or each in "-_." else "-" for each in found.label)
    ascii_name = name.encode("ascii", "replace").decode().replace("?", "-")
    answer["Content-Disposition"] = f'attachment; filename="{ascii_name}.{wanted.ending}"'
    return answer


class RecipeChanges(CovalentView):
    """What a version changes."""

    @extend_schema(operation_id="recipes_changes", parameters=[SINCE], responses=ChangesShown)
    def get(self, request: ActorRequest, recipe_id: UUID) -> Response:
        """Return what changed since another version, in words; everything is new without one before."""
        actor, since = request.actor, uuid_param(request, "since")
        found = get_recipe(actor, recipe_id)
        before = get_recipe(actor, since) if since is not None else find_before(actor, found)
        new = read_spec(actor, found)
        old = (
            read_spec(actor, before) if before is not None else type(new)(new.number, new.title, new.product)
        )
        told = [
            {
                "part": each.part,
                "code": each.code,
                "kind": each.kind,
                "title": each.title,
                "lines": list(each.lines),
            }
            for each in compare(old, new)
        ]
        return Response({"since": before and before.pk, "changes": told})


class RecipeSchema(CovalentView):
    """The published JSON Schema."""

    @extend_schema(operation_id="recipes_schema", responses=OpenApiTypes.OBJECT)
    def get(self, request: ActorRequest) -> Response:
        """Return the JSON Schema (2020-12) of format 1."""
        return Response(SCHEMA)


class RecipeDraft(CovalentView):
    """Go on from a version."""

    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the draft as its reader sees it now."""
        return represent_recipe(actor, record_id)

    @extend_schema(operation_id="recipes_revise", request=NoInput, responses={201: RecipeWhole})
    def post(self, request: ActorRequest, recipe_id: UUID) -> Response:
        """Begin a draft with what this version says, for the next revision."""
        NoInput.parse(request)
        return self.answer(act.draft_from_version(request.actor, recipe_id))


class RecipeStep(CovalentView):
    """Take one step of a version's life."""

    step: ClassVar[str] = ""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the version as its reader sees it now."""
        return represent_recipe(actor, record_id)

    def take(self, request: ActorRequest, recipe_id: UUID) -> Response:
        """Take the step; send the ETag that was read as If-Match."""
        step = STEPS[self.step]
        given = step.takes.parse(request)
        return self.answer(step.call(request.actor, recipe_id, version=seen_version(request), **given))


def _step_view(name: str) -> Any:
    made: Any = type(f"Recipe{name.title().replace('_', '')}", (RecipeStep,), {"step": name})
    described = extend_schema(
        operation_id=f"recipes_{name}", request=STEPS[name].takes, responses=RecipeWhole
    )

    @described
    def post(view: RecipeStep, request: ActorRequest, recipe_id: UUID) -> Response:
        return view.take(request, recipe_id)

    made.post = post
    return made.as_view()


urlpatterns = [
    path("recipes/", RecipeList.as_view(), name="recipes"),
    path("recipes/schema/1/", RecipeSchema.as_view(), name="recipe-schema"),
    path("recipes/<uuid:recipe_id>/", RecipeItem.as_view(), name="recipe"),
    path("recipes/<uuid:recipe_id>/document/", RecipeDocument.as_view(), name="recipe-document"),
    path("recipes/<uuid:recipe_id>/changes/", RecipeChanges.as_view(), name="recipe-changes"),
    path("recipes/<uuid:recipe_id>/draft/", RecipeDraft.as_view(), name="recipe-draft"),
    *(path(f"recipes/<uuid:recipe_id>/{name}/", _step_view(name), name=f"recipe-{name}") for name in STEPS),
]
