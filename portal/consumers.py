"""The stream's socket."""

from __future__ import annotations

from typing import Any


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Refuse every socket."""
    await send({"type": "websocket.close"})
