"""Deviations to start from, and what the ledger and the database hold of them."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from portal.action import reading
from portal.actor import system_actor
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories import deviations as make


@pytest.fixture
def reported(database, cdmo_operator):
    return make.report(cdmo_operator)


@pytest.fixture
def triaged(reported, cdmo_qa):
    return make.triage(cdmo_qa, reported)


@pytest.fixture
def released(triaged, cdmo_qa):
    return make.release(cdmo_qa, triaged)


def kinds(space=cast.PROGRAM, audience="manufacturer"):
    """The kinds of the entries of a chain, oldest first."""
    return [kind for _, kind, _, _ in entries_of(space, audience)]


def facts(space=cast.PROGRAM, audience="manufacturer"):
    """The facts of a chain as (name, payload), oldest first."""
    with reading(system_actor("relay", space)), connection.cursor() as cursor:
        cursor.execute(
            "select i.name, convert_from(i.body, 'UTF8') from ledger.item i join ledger.entry e"
            " on e.marker_id = i.marker_id and e.space_id = i.space_id and e.audience = i.audience"
            " where i.class = 'fact' and i.space_id = %s and i.audience = %s order by e.seq, i.id",
            [space, audience],
        )
        return [(name, json.loads(body)["payload"]) for name, body in cursor.fetchall()]


def seen_by(actor, model, **wanted):
    """The rows of a model that the actor may see."""
    with reading(actor):
        return list(model.objects.visible_to(actor).filter(**wanted))


def only(actor, model, **wanted):
    """The one row of a model that the actor may see."""
    (found,) = seen_by(actor, model, **wanted)
    return found
