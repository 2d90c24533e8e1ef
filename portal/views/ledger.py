"""The ledger page: the sealed entries of each chain a reader may follow, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.checkpoints import (
    Cosignature,
    Cosigned,
    Holder,
    Published,
    count_cosigned,
    fault_of,
    find_newest,
    list_cosignatures,
    list_cosigned,
    list_holders,
)
from portal.errors import KeyUnavailable, NotFound
from portal.keyring import EPOCH, EnvelopeKey, list_keys
from portal.ledger_entries import Chain, list_chains, list_newest, show_entry
from portal.log_keys import LogKeyError, verifiers
from portal.pages import Page, PageRequest
from portal.states import TRAIL_REVIEWERS
from portal.streams import ChainKey
from portal.views.holds import may_hold

PAGE: Final = 30
CHECKPOINTS: Final = 8
READERS: Final = "readers"


class LedgerPage(Page):
    """Entries of one chain; the chain and the number to go back from stand in the query."""

    here: ClassVar[str] = "ledger"
    template_name: ClassVar[str] = "portal/ledger.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the chains, the open one and a page of its entries; or who can read them."""
        if request.GET.get("tab") == READERS:
            return {
                "is_about_readers": True,
                "own_keys": show_keys(request.actor),
                "lede": _("What each party can read here, and what it cannot, whatever its rights."),
            }
        chains = list_chains(request.actor)
        chosen = _choose(chains, request.GET.get("space", ""), request.GET.get("audience", ""))
        before = request.GET.get("before", "")
        entries = (
            list_newest(request.actor, chosen, before=int(before) if before.isdigit() else None, most=PAGE)
            if chosen
            else []
        )
        older = entries[-1].seq if entries and entries[-1].seq > 1 and len(entries) == PAGE else None
        return {
            "spaces": _first_of_each_space(chains),
            "beside": [each for each in chains if chosen and each.space_id == chosen.space_id],
            "chosen": chosen,
            "log": show_log(request.actor, chosen) if chosen else None,
            "entries": entries,
            "older_url": f"?space={chosen.space_id}&audience={chosen.audience}&before={older}"
            if chosen and older
            else "",
            "newest_url": f"?space={chosen.space_id}&audience={chosen.audience}" if chosen and before else "",
            "review_url": reverse("review_trail", args=[chosen.space_id, chosen.audience])
            if chosen and request.actor.holds(chosen.space_id, *TRAIL_REVIEWERS)
            else "",
            "may_hold": may_hold(request.actor),
            "lede": _("Every change is sealed by the database in the transaction that made it."),
        }


@dataclass(frozen=True, slots=True)
class KeyCard:
    """The envelope keys of the reader's own organisation; `present` is None when their file is gone."""

    present: EnvelopeKey | None
    count: int
    is_with_service: bool

    @property
    def since(self) -> datetime | None:
        """Return when the present key was made, None when that was not written down yet."""
        return self.present.made_at if self.present and self.present.made_at > EPOCH else None


def show_keys(actor: Actor) -> KeyCard | None:
    """Return what the reader's organisation may know of its keys, None for a reader without one."""
    if actor.organisation_id is None:
        return None
    try:
        keys = list_keys(actor.organisation_id)
    except KeyUnavailable:
        return KeyCard(None, 0, is_with_service=False)
    return KeyCard(keys[0], len(keys), is_with_service=all(each.service != "file" for each in keys))


@dataclass(frozen=True, slots=True)
class LogCard:
    """The newest checkpoint of a chain; `fault` says how it contradicts the chain."""

    published: Published
    fault: str
    key: str
    cosignatures: list[Cosignature]
    cosigned: int
    newest: list[Cosigned]
    holders: list[Holder]
    seen: int | None
    checkpoint_url: str
    entries_url: str
    export_url: str

    @property
    def root(self) -> str:
        """Return the root in hexadecimal."""
        return self.published.root.hex()


def show_log(actor: Actor, chosen: Chain) -> LogCard | None:
    """Return what the page says of a chain as a log, None before its first checkpoint. Raises: NotFound."""
    chain = ChainKey(chosen.space_id, chosen.audience)
    published = find_newest(actor, chain)
    if published is None:
        return None
    try:
        key = str(verifiers(chain)[0])
    except LogKeyError:
        key = ""
    place = [chain.space_id, chain.audience]
    holders = list_holders(actor, chain)
    return LogCard(
        published=published,
        fault=fault_of(chain, published, chosen.head),
        key=key,
        cosignatures=list_cosignatures(actor, chain, published.number),
        cosigned=count_cosigned(actor, chain),
        newest=list_cosigned(actor, chain, most=CHECKPOINTS),
        holders=holders,
        seen=seen_by(actor, holders),
        checkpoint_url=reverse("ledger-checkpoint", args=place),
        entries_url=reverse("ledger-entries", args=place),
        export_url=reverse("ledger-export", args=place),
    )


def seen_by(actor: Actor, holders: Sequence[Holder]) -> int | None:
    """Return over how many entries the reader's organisation holds a checkpoint; None for who has none.

    It is what nobody can take back: a chain that no longer begins with these entries contradicts the note.
    """
    if actor.organisation_id is None:
        return None
    return max((each.size for each in holders if each.organisation_id == actor.organisation_id), default=0)


def _first_of_each_space(chains: list[Chain]) -> list[Chain]:
    found: dict[UUID, Chain] = {}
    for chain in chains:
        found.setdefault(chain.space_id, chain)
    return list(found.values())


def _choose(chains: list[Chain], space: str, audience: str) -> Chain | None:
    for chain in chains:
        if (str(chain.space_id), chain.audience) == (space, audience):
            return chain
    if space or audience:
        raise NotFound
    return chains[0] if chains else None


class LedgerEntryPage(Page):
    """One entry: its header as sealed, its items as they stand, and its leaf hash."""

    here: ClassVar[str] = "ledger"
    template_name: ClassVar[str] = "portal/ledger_entry.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the entry with its items."""
        space_id: UUID = kwargs["space_id"]
        return {"entry": show_entry(request.actor, space_id, kwargs["audience"], kwargs["seq"])}
