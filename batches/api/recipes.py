"""Recipe versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from batches.api.batches import PROGRAM
from batches.api.outputs import RecipeDetail
from batches.api.shapes import recipe_json
from batches.models import RecipeVersion
from batches.queries import list_recipes, phases_of
from portal.api.authentication import ActorRequest
from portal.api.base import ListView, uuid_param


class RecipeList(ListView):
    """List recipe versions."""

    ordering = ("number", "-revision", "id")

    @extend_schema(operation_id="recipes_list", parameters=[PROGRAM], responses=RecipeDetail(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the recipe versions the caller may see, by number, the latest revision first."""
        rows = list_recipes(request.actor, program_id=uuid_param(request, "program"))

        def represent(recipes: Sequence[RecipeVersion]) -> list[dict[str, Any]]:
            phases = phases_of(request.actor, [recipe.pk for recipe in recipes])
            return [recipe_json(recipe, phases.get(recipe.pk, [])) for recipe in recipes]

        return self.page(request, rows, represent)


urlpatterns = [path("recipes/", RecipeList.as_view(), name="recipes")]
