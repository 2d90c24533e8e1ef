"""How many people look now, in two browsers at once: it comes, follows and goes by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


def counts(screen):
    return screen.page.locator("[data-presence][data-known]").first


def test_both_sides_see_how_many_look_and_see_them_go(stage, person):
    floor = person("cdmo_operator", to=f"/batches/{stage.batch_id}/")
    expect(counts(floor)).to_contain_text("CDMO 1, sponsor 0")
    board = person("sponsor_viewer", to="/board/")
    expect(counts(board)).to_contain_text("CDMO 1, sponsor 1")
    expect(counts(floor)).to_contain_text("CDMO 1, sponsor 1")
    # The tile is drawn anew when something happens in the batch, and knows at once what was known.
    with board.page.expect_response(lambda answer: "part=tiles" in answer.url):
        board.page.evaluate("htmx.trigger('#tiles', 'refresh')")
    expect(counts(board)).to_contain_text("CDMO 1, sponsor 1")
    board.page.goto("/ledger/")
    expect(counts(floor)).to_contain_text("CDMO 1, sponsor 0")


def test_without_redis_no_number_is_shown(stage, person):
    floor = person("cdmo_operator", to=f"/batches/{stage.batch_id}/")
    expect(counts(floor)).to_be_visible()
    stage.stack.kill("valkey")
    expect(counts(floor)).to_have_count(0)
    stage.stack.restart("valkey")
    expect(counts(floor)).to_be_visible()
