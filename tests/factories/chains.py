"""Chains with many entries, checkpoints, and witnesses."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from portal.action import action, reading
from portal.actions.publishing import publish_checkpoint
from portal.actor import system_actor
from portal.checkpoints import find_newest
from portal.models import Program
from portal.notes import COSIGNER, Signer
from portal.streams import ChainKey
from tests.factories import cast

SHARED = ChainKey(cast.PROGRAM, "shared")
PRIVATE = ChainKey(cast.PROGRAM, "manufacturer")
TOLD = """
do $$ begin
    for n in 1..{times} loop
        perform ledger.record('{space}', '{audience}', 'test.told', 1, true,
            json_build_object('type', 'program', 'id', '{subject}', 'number', 'T-' || n, 'version', 1)::jsonb,
            null, '', json_build_object('n', n::text));
        set constraints ledger.seal immediate;
        set constraints ledger.seal deferred;
    end loop;
end $$
"""


@action("test.told")
def tell(actor, chain, *, times, subject):
    with connection.cursor() as cursor:
        cursor.execute(
            TOLD.format(times=times, space=chain.space_id, audience=chain.audience, subject=subject)
        )


def grow(chain=SHARED, times=1, subject=None):
    """Add entries to a chain, each with one fact."""
    tell(system_actor("setup", chain.space_id), chain, times=times, subject=subject or chain.space_id)


@action("test.renamed")
def rename(actor, chain, *, title):
    program = Program.objects.visible_to(actor).get(pk=chain.space_id)
    program.title = title
    program.save(update_fields=["title"])
    return program


def publish(chain=SHARED):
    """Sign the present head of a chain."""
    return publish_checkpoint(system_actor("sealer", chain.space_id), chain.space_id, audience=chain.audience)


def newest(chain=SHARED):
    """The newest checkpoint."""
    sealer = system_actor("sealer", chain.space_id)
    with reading(sealer):
        return find_newest(sealer, chain)


def witness(name="witness.arvo.example"):
    """A witness with a key of its own."""
    return Signer(name, Ed25519PrivateKey.generate(), COSIGNER)


def cosigned(signer, published, at=1_800_000_000):
    """A checkpoint's note with the witness's line."""
    return published.note + signer.line(published.text, at)
