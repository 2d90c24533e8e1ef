"""The numbers behind the pictures of the analysis page."""

from __future__ import annotations

from typing import Any, Final

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from deviations.queries.analysis import BY, Analysis, analyse
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, choice_param, uuid_param

PARAMETERS: Final = [
    OpenApiParameter("program", OpenApiTypes.UUID),
    OpenApiParameter(
        "by", OpenApiTypes.STR, enum=tuple(BY), description="What is grouped; usually the step."
    ),
]


class AnalysisItem(CovalentView):
    """Count deviations."""

    @extend_schema(operation_id="deviations_analysis", parameters=PARAMETERS, responses=OpenApiTypes.OBJECT)
    def get(self, request: ActorRequest) -> Response:
        """Return ageing, Pareto, trend and heat map of twelve months, of what the caller may see."""
        by = choice_param(request, "by", tuple(BY)) or "step"
        return Response(numbers_of(analyse(request.actor, program_id=uuid_param(request, "program"), by=by)))


def numbers_of(found: Analysis) -> dict[str, Any]:
    """Return the same numbers as JSON members."""
    return {
        "since": found.since.isoformat(),
        "total": found.total,
        "ages": [{"band": name, "open": n} for name, n in found.ages],
        "pareto": [{"name": each.name, "count": each.count, "share": each.share} for each in found.pareto],
        "others": found.others,
        "trend": [{"month": f"{each.begins:%Y-%m}", "counts": dict(each.counts)} for each in found.trend],
        "heat": {
            "months": [f"{each:%Y-%m}" for each in found.heat.months],
            "rows": [{"name": name, "counts": list(counts)} for name, counts in found.heat.rows],
        },
    }


urlpatterns = [path("deviations/analysis/", AnalysisItem.as_view(), name="deviations-analysis-api")]
