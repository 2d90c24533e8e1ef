"""Who wrote an entry: the product, or somebody with a login to the database who passed for it (ground 2).

An action's entry carries a MAC over person, action, request and transaction, by a key that the database
cannot read. An entry that names no action was written past the product, and says so itself.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from config.keeping.ledger_state import BATCH, Reader
from config.keeping.outside import Verdict
from portal.action import context_mac
from portal.record_table import IDENTITIES

TOLD_AT_MOST: Final = 20
UNKNOWN: Final = "are of no SECRET_KEY known here: who wrote them, nobody can tell"
ENTRIES: Final = """
    select e.space_id || '/' || e.audience, e.seq, e.header, i.bodies, i.accounts
    from ledger.entry e
    cross join lateral (
        select coalesce(array_agg(body) filter (where i.class = 'context'), '{}') as bodies,
               string_agg(distinct i.name, ', ')
                   filter (where i.class = 'change' and i.name = any (%s)) as accounts
        from ledger.item i
        where i.marker_id = e.marker_id and i.space_id = e.space_id and i.audience = e.audience) i
    order by e.space_id, e.audience, e.seq
"""


@dataclass(slots=True)
class Sorted:
    """How many entries of a chain are of an older key or were written past the product; which are forged."""

    older: int = 0
    outside: int = 0
    forged: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        """Keep the words of the first ones."""
        if len(self.forged) < TOLD_AT_MOST:
            self.forged.append(words)


def judge_contexts(raw: Reader, secrets: Sequence[str]) -> list[Verdict]:
    """Return which entries only pretend to be the product's; `secrets` are the SECRET_KEYs known here.

    What stands before the first entry of a chain that one of them vouches for may be of a key that was taken
    out.
    """
    found: list[Verdict] = []
    outside = 0
    with raw.cursor(name="contexts") as cursor:
        cursor.itersize = BATCH
        cursor.execute(ENTRIES, [[each.table for each in IDENTITIES]])
        for chain, entries in groupby(cursor, key=lambda row: row[0]):
            sorted_ = _sort(entries, secrets)
            outside += sorted_.outside
            if sorted_.older:
                found.append(Verdict("", f"{chain}: {sorted_.older} entries {UNKNOWN}"))
            found += [Verdict("forged", f"{chain}: {words}") for words in sorted_.forged]
    if outside:
        found.append(Verdict("", f"{outside} entries were written past the product, and say so"))
    return found


def _sort(entries: Iterator[Sequence[Any]], secrets: Sequence[str]) -> Sorted:
    """Sort the entries of one chain by who wrote them."""
    found, is_known = Sorted(), False
    for _, seq, header, bodies, accounts in entries:
        mac, said = _read(bytes(header), bodies)
        if not said.get("action"):
            found.outside += 1
            if accounts:
                found.tell(f"entry {seq} changed {accounts}, and the product did not write it")
        elif any(hmac.compare_digest(mac, _mac_of(secret, said)) for secret in secrets):
            is_known = True
        elif not is_known:
            found.older += 1
        else:
            found.tell(f"entry {seq} names the action {said['action']!r}, and the product did not write it")
    return found


def _read(header: bytes, bodies: Sequence[bytes | None]) -> tuple[str, dict[str, str]]:
    """Return the MAC and what the entry says of itself; what cannot be read is damaged, which others tell."""
    try:
        read = [json.loads(bytes(body)) for body in bodies if body is not None]
        return str(json.loads(header)["mac"]), {str(each["item"]): str(each["value"]) for each in read}
    except (ValueError, KeyError, TypeError):
        return "", {}


def _mac_of(secret: str, said: dict[str, str]) -> str:
    return context_mac(
        secret, *(said.get(name, "") for name in ("actor", "action", "request", "transaction"))
    )
