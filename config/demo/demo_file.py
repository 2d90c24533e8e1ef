"""`<data>/demo.json`: where the demo is served, its logins and keys, and where to begin."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from config.demo.companies import AV101, TB22, Project
from config.demo.people import PASSWORD, PEOPLE, SERVICES, Login
from config.demo.secrets import token_of, totp_secret_of

NAME: Final = "demo.json"


def describe(url: str, batch_id: UUID, number: str) -> dict[str, Any]:
    """Return the content; the batch is the one that takes the visitor's own readings."""
    return {
        "url": url,
        "program": _program(AV101),
        "rival_program": _program(TB22),
        "batch": {"id": str(batch_id), "number": number},
        "people": {login.key: _login(login) for login in PEOPLE},
        "keys": {
            service.key: {"token": token_of(service.key), "scopes": list(service.scopes)}
            for service in SERVICES
        },
    }


def _program(project: Project) -> dict[str, str]:
    return {"id": str(project.id), "code": project.code}


def _login(login: Login) -> dict[str, Any]:
    return {
        "email": login.email,
        "password": PASSWORD,
        "totp_secret": totp_secret_of(login.key),
        "side": str(login.seats[0].side),
        "roles": sorted({seat.role for seat in login.seats}),
    }


def write_if_new(folder: Path, content: dict[str, Any]) -> bool:
    """Put the file in place whole, for its owner's eyes only, unless it says the same already."""
    path, text = folder / NAME, json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{NAME}.{os.getpid()}.{secrets.token_hex(4)}"
    with open(beside, "x", opener=_private, encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
