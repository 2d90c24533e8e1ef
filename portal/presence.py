"""How many people look at a record now, counted for each side and never named.

Each page that stands open and is seen says so every few seconds; what was said lasts 15 s, so that a page, a
browser or a process that is gone is no longer counted. All of it is in Redis, where several web processes
meet. No record and no entry comes of it, and nobody can read from there who looks: a number stands for a
person, and another one on each record.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from portal.actor import Actor, Side
from portal.layer import realm
from portal.wake import over_redis

LASTS_S: Final = 15
SIDES: Final = (Side.MANUFACTURER, Side.SPONSOR)
# KEYS: per record that of the own side, then that of the other; ARGV: how long it lasts, then the own number
# on each record. The clock is that of Redis: the hosts' own may differ.
SCRIPT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local counts = {}
for i, key in ipairs(KEYS) do
  if i % 2 == 1 then
    redis.call('ZADD', key, now + ARGV[1], ARGV[(i + 1) / 2 + 1])
    redis.call('PEXPIRE', key, ARGV[1])
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  counts[i] = redis.call('ZCARD', key)
end
return counts
"""
Viewers = Mapping[str, int]


def look(actor: Actor, places: Mapping[UUID, UUID]) -> dict[UUID, Viewers] | None:
    """Say that a person looks now, and return how many of each side do; None while Redis is away.

    `places` are records the person may see -> their space. One without a side there is left out.
    """
    sides = {record_id: actor.side(space_id) for record_id, space_id in places.items()}
    seen = {record_id: side for record_id, side in sides.items() if side in SIDES}
    if not seen:
        return {}
    keys = [
        key_of(record_id, each)
        for record_id, side in seen.items()
        for each in sorted(SIDES, key=lambda each: each != side)
    ]
    numbers = [_number(actor.person_id, record_id) for record_id in seen]
    counts: Any = over_redis(lambda client: client.register_script(SCRIPT)(keys, [LASTS_S * 1000, *numbers]))
    if counts is None:
        return None
    counted = dict(zip(keys, counts, strict=True))
    return {record_id: {str(side): counted[key_of(record_id, side)] for side in SIDES} for record_id in seen}


def key_of(record_id: UUID, side: Side | None) -> str:
    """Return where Redis keeps who of one side looks at a record."""
    return f"covalent.looking.{realm()}.{record_id}.{side}"


def _number(person_id: UUID, record_id: UUID) -> str:
    said = f"covalent.looking.1\n{person_id}\n{record_id}"
    return hmac.digest(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256).hex()[:24]
