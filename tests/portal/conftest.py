"""What tests of the portal stand on: a stack a module, a database of its own, a mail server."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests import database as databases
from tests.conftest import OwnDatabase, _point_to
from tests.factories.mail import MailServer
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


@pytest.fixture
def mail_server():
    """A real mail server; `box` holds what arrived."""
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox(settings, mail_server):
    """What arrives of the mail that this process sends."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_server.port
    return mail_server.box
