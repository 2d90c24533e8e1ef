"""What the walls are tried on: one committing clone for a module with both programs filled."""

from __future__ import annotations

import uuid

import pytest

from tests import database as databases
from tests.conftest import _point_to
from tests.factories import cast, world


@pytest.fixture(scope="module")
def filled():
    """The clone's name and the ids of what lies in it."""
    name = f"walls_{uuid.uuid4().hex[:12]}"
    databases.clone(name)
    _point_to(name)
    ids = world.build()
    ids["organisations"] = {
        each: world.organisation_records(each) for each in (cast.CDMO, cast.ARVO, cast.TESSEL)
    }
    yield name, ids
    _point_to(databases.OWN)
    databases.drop(name)
