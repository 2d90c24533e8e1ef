"""JSON out."""

from __future__ import annotations

from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return dict(value)
        case list() | tuple():
            return list(value)
        case _:
            return str(value)


class JSONRenderer(BaseRenderer):
    """`application/json`; decimals and lazy words as strings, instants with offset."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        """Return the bytes; nothing for an empty answer."""
        if data is None:
            return b""
        return orjson.dumps(data, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_SUBCLASS)
