"""Browsers that take notifications: kept hidden, forgotten when their push service says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from portal.models import PushDevice
from portal.notices.push import decode
from portal.own_secrets import hide, reveal

PURPOSE: Final = b"covalent.push-device.1"
DEVICES_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Device:
    """One browser of a person, opened for use."""

    id: UUID
    endpoint: str
    p256dh: bytes
    auth: bytes


def hidden(endpoint: str, p256dh: str, auth: str) -> str:
    """Return a subscription as it is stored."""
    return hide(json.dumps({"endpoint": endpoint, "p256dh": p256dh, "auth": auth}), PURPOSE)


def digest_of(endpoint: str) -> bytes:
    """Return what tells one browser's subscription from another's without naming it."""
    return hashlib.sha256(endpoint.encode()).digest()


def devices_of(person_id: UUID) -> Sequence[Device]:
    """Return the browsers of a person."""
    rows = PushDevice.objects.filter(person_id=person_id).order_by("added_at", "id")
    return [_opened(each) for each in rows]


def _opened(row: PushDevice) -> Device:
    found = json.loads(reveal(row.hidden, PURPOSE))
    return Device(row.pk, found["endpoint"], decode(found["p256dh"]), decode(found["auth"]))


def forget(device_id: UUID) -> None:
    """Forget a browser whose push service has."""
    PushDevice.objects.filter(pk=device_id).delete()
