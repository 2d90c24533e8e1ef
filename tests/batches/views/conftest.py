from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def queries():
    """How many queries a block asks."""

    @contextmanager
    def counted():
        with CaptureQueriesContext(connection) as asked:
            yield asked

    return counted


@pytest.fixture
def page(database, signed_in):
    """page("sponsor_viewer", "/board/") gives status and text."""

    def get(key, address, **given):
        answer = signed_in(key).get(address, **given)
        return answer.status_code, answer.content.decode()

    return get
