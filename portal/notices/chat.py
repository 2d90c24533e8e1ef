"""Teams, Slack, SMS and the like, through apprise: a package and addresses that only the operator brings in.

The addresses hold secrets of the operator's, so they stand in a file and not in the database
(`COVALENT_CHAT`): `{"organisations": {ID: [URL, ...]}, "people": {E-MAIL: [URL, ...]}}`. Like the mail server
they are the operator's word, and no customer chooses them.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings

PACKAGE: Final = "apprise"
log = structlog.get_logger(__name__)


class ChatFailed(OSError):
    """A channel did not take the message; `code` holds none of its words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_installed() -> bool:
    """Say whether the optional package is here."""
    return importlib.util.find_spec(PACKAGE) is not None


def addresses_of(organisation_id: UUID | None, email: str) -> Sequence[str]:
    """Return where an operator lets a person be reached: the own addresses, else those of the company."""
    if not settings.CHAT_FILE:
        return ()
    try:
        changed = Path(settings.CHAT_FILE).stat().st_mtime_ns
        found = _read(settings.CHAT_FILE, changed)
    except (OSError, ValueError) as error:
        # Nobody goes untold over the others for a file with a fault.
        log.warning("chat_file_unread", error=type(error).__name__)
        return ()
    return found["people"].get(email.lower()) or found["organisations"].get(str(organisation_id)) or ()


@functools.lru_cache(maxsize=1)
def _read(path: str, _changed: int) -> Mapping[str, Mapping[str, Sequence[str]]]:
    given = json.loads(Path(path).read_text(encoding="utf-8"))
    return {
        "people": {name.lower(): urls for name, urls in _urls(given, "people").items()},
        "organisations": _urls(given, "organisations"),
    }


def _urls(given: object, part: str) -> Mapping[str, Sequence[str]]:
    match given:
        case {**parts} if isinstance(found := parts.get(part, {}), dict):
            if all(_is_list_of_texts(each) for each in found.values()):
                return {str(name): tuple(urls) for name, urls in found.items()}
    raise ValueError(part)


def _is_list_of_texts(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(each, str) for each in given)


def send(urls: Sequence[str], *, title: str, body: str) -> None:
    """Hand a message to every address; one that takes it is enough, so that none gets it twice.

    Raises: ChatFailed when the package is missing or no address took it.
    """
    if not is_installed():
        raise ChatFailed("not_installed")
    import apprise  # noqa: PLC0415 - an optional package

    services = [apprise.Apprise() for _url in urls]
    known = [each for each, url in zip(services, urls, strict=True) if each.add(url)]
    if not known:
        raise ChatFailed("address_unknown")
    # A list, not a generator: each is asked, whatever the one before it said.
    if not any([each.notify(title=title, body=body) for each in known]):  # noqa: C419 - as said
        raise ChatFailed("not_taken")
