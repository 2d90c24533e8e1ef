"""Running processes for the tests of the stream: one stack a module, on a database of its own."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests import database as databases
from tests.conftest import OwnDatabase, _point_to
from tests.servers import start_stack


@pytest.fixture(scope="module")
def module_database():
    """As `own_database`, for a whole module."""
    name = f"own_{uuid4().hex[:12]}"
    databases.clone(name)
    _point_to(name)
    yield OwnDatabase(name)
    _point_to(databases.OWN)
    databases.drop(name)


@pytest.fixture(scope="module")
def stack(module_database):
    """Web and relay."""
    with start_stack(module_database, ("web", "relay")) as running:
        yield running
