"""What can be signed: each kind of record says what a signer is shown, and who signs it as what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import rfc8785

from portal.actor import Actor, Role
from portal.models import Signature, SpaceRecord
from portal.states import Meaning

# What a signer accepts before the first signature; a changed text is a new number (11.10(j), 11.100(c)).
STATEMENT: Final = 1
STATEMENTS: Final[Mapping[int, str]] = {
    1: (
        "I understand that my electronic signature in this system is the legally binding equivalent of my"
        " handwritten signature. I keep my password and my second factor to myself, I sign only what I have"
        " read, and I report at once when either may be known to somebody else."
    )
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a signer is shown, and signs: labelled fields in order, as text."""

    number: str
    title: str
    zone: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may sign with a meaning, from which states on; some meanings are not for who wrote it."""

    roles: tuple[Role, ...]
    states: tuple[str, ...]
    may_be_author: bool = True


@dataclass(frozen=True, slots=True)
class Signable:
    """How one kind of record is signed. `find` and `lock` raise NotFound.

    `signed` moves the record on by the signature that was just given; without it a signature moves nothing.
    """

    type: str
    rules: Mapping[Meaning, Rule]
    find: Callable[[Actor, UUID], Any]
    lock: Callable[[Actor, UUID], Any]
    show: Callable[[Actor, Any], Shown]
    is_author: Callable[[Actor, Any], bool]
    address: Callable[[Any], str]
    # Who signs with a meaning where clauses say it: the product's own rule in, never a wider one out.
    by_clause: Callable[[Actor, Any, Meaning, Rule], Rule] | None = None
    # What a signature brings about, in the same transaction.
    signed: Callable[[Actor, Any, Signature], None] | None = None

    def rule_for(self, actor: Actor, record: Any, meaning: Meaning) -> Rule:
        """Return who signs a record with a meaning; raises LookupError for one that it has not."""
        rule = self.rules[meaning]
        return self.by_clause(actor, record, meaning, rule) if self.by_clause is not None else rule


_signables: Final[dict[str, Signable]] = {}


def register(signable: Signable) -> None:
    """Let records of a kind be signed."""
    _signables[signable.type] = signable


def signable_of(kind: str) -> Signable:
    """Return how a kind of record is signed; raises LookupError."""
    return _signables[kind]


def content_of(record: SpaceRecord, kind: str, shown: Shown) -> dict[str, Any]:
    """Return what is signed of a record, as plain JSON."""
    return {
        "record": {
            "type": kind,
            "id": str(record.pk),
            "space": str(record.space_id),
            "number": shown.number,
            "version": record.version,
        },
        "shown": [[label, text] for label, text in shown.fields.items()],
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def accepting(statement: int) -> tuple[str, str]:
    """Return digest and meaning of accepting a statement, which is proved like a signature."""
    return digest_of({"statement": STATEMENTS.get(statement, "")}), "accepted"


def open_meanings(actor: Actor, record: Any, signable: Signable) -> list[Meaning]:
    """Return the meanings with which the actor may sign the record as it stands."""
    return [
        meaning
        for meaning, rule in signable.rules.items()
        if record.state in rule.states
        and actor.holds(record.space_id, *rule.roles)
        and actor.holds(record.space_id, *signable.rule_for(actor, record, meaning).roles)
        and (rule.may_be_author or not signable.is_author(actor, record))
    ]
