"""What every page needs around its content: who is signed in, where they may go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the actor for templates; nothing on pages without one."""
    return {"actor": getattr(request, "actor", None)}
