"""The count of who looks now, as the pages of a batch and the board ask for it."""

from __future__ import annotations

import re

import pytest

from portal.models import Look
from tests.conftest import head_of
from tests.factories import batches, cast
from tests.portal.test_presence import away  # noqa: F401 - a fixture


@pytest.fixture
def looking(database, signed_in):
    """looking("cdmo_qa", "/board/looking/") gives status and the counts."""

    def get(key, address):
        answer = signed_in(key).get(address, headers={"X-Covalent-Background": "1"})
        return answer.status_code, answer.json()["looking"] if answer.status_code == 200 else None

    return get


def test_both_sides_see_how_many_of_each_look_at_a_batch(looking):
    batch = batches.batch()
    address = f"/batches/{batch.pk}/looking/"
    assert looking("cdmo_qa", address) == (200, {str(batch.pk): {"manufacturer": 1, "sponsor": 0}})
    assert looking("sponsor_viewer", address) == (200, {str(batch.pk): {"manufacturer": 1, "sponsor": 1}})


def test_who_looks_at_the_board_looks_at_each_running_batch(looking):
    running, planned = batches.batch(number="B-1"), batches.batch(number="B-2", running=None)
    both = {"manufacturer": 1, "sponsor": 1}
    looking("cdmo_qa", f"/batches/{running.pk}/looking/")
    assert looking("sponsor_qa", "/board/looking/") == (200, {str(running.pk): both})
    assert looking("sponsor_qa", f"/batches/{planned.pk}/looking/")[1][str(planned.pk)]["manufacturer"] == 0


def test_of_a_chosen_program_only_its_batches_are_looked_at(looking):
    batches.batch(number="B-1")
    second = batches.batch(cast.SECOND_PROGRAM, number="B-2")
    status, found = looking("sponsor_qa", f"/board/looking/?program={cast.SECOND_PROGRAM}")
    assert (status, list(found)) == (200, [str(second.pk)])


def test_the_rival_is_told_nothing_and_is_not_counted(looking):
    batch = batches.batch()
    assert looking("rival_sponsor_qa", f"/batches/{batch.pk}/looking/") == (404, None)
    assert looking("rival_sponsor_qa", f"/board/looking/?program={cast.PROGRAM}") == (404, None)
    assert looking("rival_sponsor_qa", "/board/looking/") == (200, {})
    assert looking("cdmo_qa", f"/batches/{batch.pk}/looking/")[1] == {
        str(batch.pk): {"manufacturer": 1, "sponsor": 0}
    }


def test_a_stranger_is_sent_to_sign_in(database, client):
    assert client.get("/board/looking/").status_code == 302


def test_looking_leaves_no_trace_in_the_database(looking):
    batch = batches.batch()
    heads = [head_of(cast.PROGRAM, audience) for audience in ("shared", "manufacturer", "sponsor")]
    looking("sponsor_qa", f"/batches/{batch.pk}/looking/")
    looking("sponsor_qa", "/board/looking/")
    assert [head_of(cast.PROGRAM, audience) for audience in ("shared", "manufacturer", "sponsor")] == heads
    assert not Look.objects.exists()


def test_while_redis_is_away_the_answer_is_that_nobody_knows(looking, away):  # noqa: F811 - the fixture
    batch = batches.batch()
    assert looking("cdmo_qa", f"/batches/{batch.pk}/looking/") == (200, None)
    assert looking("cdmo_qa", "/board/looking/") == (200, None)


def test_page_and_tile_keep_a_place_that_shows_nothing_before_it_is_known(page):
    batch = batches.batch()
    for address, asks in (
        (f"/batches/{batch.pk}/", f"/batches/{batch.pk}/looking/"),
        ("/board/", "/board/looking/"),
        (f"/board/?program={cast.PROGRAM}", f"/board/looking/?program={cast.PROGRAM}"),
    ):
        _, text = page("sponsor_viewer", address)
        assert f'data-looking="{asks}"' in text
        (place,) = re.findall(rf'<span class="presence" data-presence="{batch.pk}"[^>]*>', text)
        assert "data-known" not in place
