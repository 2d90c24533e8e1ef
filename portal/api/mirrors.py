"""Lists that also copy records of a plant's own system, by PUT."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from portal.action import Replayed
from portal.api.base import ListView


class MirrorView(ListView):
    """A list whose PUT enters a record of the plant's own system, 201, or copies into a known one, 200."""

    made_status = 201

    def answer_copy(self, record: Any) -> Response:
        """Render the record a copy was taken into; one that was made and left at once is new all the same."""
        return self.answer(record, status=_status_of(is_new=getattr(record, "is_made_now", False)))

    def _replay(self, replayed: Replayed) -> Response:
        response = super()._replay(replayed)
        if self.request.method == "PUT":
            response.status_code = _status_of(is_new=replayed.is_new)
        return response


def _status_of(*, is_new: bool) -> int:
    return 201 if is_new else 200
