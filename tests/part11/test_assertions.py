"""Every assertion holds, and each can fail: with its guard taken away it does."""

import pytest

from tests.part11.assertions import ASSERTIONS
from tests.part11.room import Room

EVERY = pytest.mark.parametrize("each", ASSERTIONS, ids=lambda each: f"{each.number} {each.words}")


@pytest.fixture
def room(request, clock, tmp_path):
    each = request.getfixturevalue("each")
    request.getfixturevalue("own_database" if each.by_owner else "database")
    return Room(clock, tmp_path)


@EVERY
def test_it_holds(each, room):
    each.holds(room)


@EVERY
def test_it_can_fail(each, room, monkeypatch):
    each.mutate(monkeypatch, room)
    with pytest.raises(AssertionError):
        each.holds(room)


def test_none_is_left_out():
    assert sorted(each.number for each in ASSERTIONS) == list(range(1, 28))
