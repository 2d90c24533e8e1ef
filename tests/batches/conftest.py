"""What the tests of batches share."""

import pytest
from django.db import connection


@pytest.fixture
def counted():
    """Return how many queries a call makes through Django's cursors."""

    def count(call):
        seen = []

        def note(execute, sql, params, many, context):
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            call()
        return len(seen)

    return count
