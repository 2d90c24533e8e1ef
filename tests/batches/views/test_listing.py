from __future__ import annotations

import re
from datetime import timedelta

import pytest

from batches.views import cursors
from tests.batches.views.scenes import feed, fresh
from tests.factories import batches, cast, deviations


def numbers(text):
    return re.findall(r'<td class="number"><a href="/batches/[^"]+">([^<]+)</a>', text)


def test_each_side_lists_its_batches_and_the_rival_none_of_them(page):
    batches.batch(number="B-OURS")
    batches.batch(cast.RIVAL_PROGRAM, number="B-THEIRS")
    for key in ("cdmo_shift_lead", "sponsor_viewer"):
        status, text = page(key, "/batches/")
        assert (status, numbers(text)) == (200, ["B-OURS"])
    status, text = page("rival_sponsor_qa", "/batches/")
    assert (status, numbers(text)) == (200, ["B-THEIRS"])
    assert page("rival_sponsor_qa", f"/batches/?program={cast.PROGRAM}")[0] == 404


def test_the_list_says_the_state_as_the_trade_does(page):
    batches.batch()
    _, text = page("sponsor_viewer", "/batches/")
    assert '<td class="state" data-label="State">In process</td>' in text


def test_state_program_and_words_choose(page):
    batches.batch(number="B-1", title="Antibody")
    batches.batch(number="B-2", running=None)
    batches.batch(cast.SECOND_PROGRAM, number="C-1")
    assert numbers(page("sponsor_viewer", "/batches/?state=planned")[1]) == ["B-2"]
    assert numbers(page("sponsor_viewer", f"/batches/?program={cast.SECOND_PROGRAM}")[1]) == ["C-1"]
    assert numbers(page("sponsor_viewer", "/batches/?q=antiBODY")[1]) == ["B-1"]
    assert numbers(page("sponsor_viewer", "/batches/?q=b-&state=in_process")[1]) == ["B-1"]
    assert "No batch fits" in page("sponsor_viewer", "/batches/?q=nothing")[1]


def test_naughty_words_are_looked_for_and_never_rendered_raw(page):
    for words in ("%00", "%25%25", "'%20or%201=1--", "<script>alert(1)</script>", "x" * 5000, "%F0%9F%92%A5"):
        status, text = page("sponsor_viewer", f"/batches/?q={words}&state={words}&cursor={words}")
        assert status == 200
        assert "<script>alert(1)" not in text


def test_pages_lead_on_and_back_and_lose_none(page, monkeypatch):
    monkeypatch.setattr(cursors, "PAGE", 2)
    recipe = batches.recipe()
    for place in range(5):
        at = batches.now() - timedelta(days=place)
        batches.batch(number=f"B-{place}", of=recipe, running=None, planned_start=at)

    def onward(text, kind):
        found = re.search(rf'rel="{kind}" href="([^"]+)"', text)
        return "/batches/" + found[1].replace("&amp;", "&") if found else ""

    _, first = page("sponsor_viewer", "/batches/?state=planned")
    assert (numbers(first), onward(first, "prev")) == (["B-0", "B-1"], "")
    _, second = page("sponsor_viewer", onward(first, "next"))
    assert numbers(second) == ["B-2", "B-3"]
    _, third = page("sponsor_viewer", onward(second, "next"))
    assert (numbers(third), onward(third, "next")) == (["B-4"], "")
    assert numbers(page("sponsor_viewer", onward(third, "prev"))[1]) == ["B-2", "B-3"]
    assert numbers(page("sponsor_viewer", onward(second, "prev"))[1]) == ["B-0", "B-1"]


@pytest.mark.parametrize(
    "cursor",
    [
        f"older.-99999999999999999.{cast.PROGRAM}",
        f"newer.-99999999999999999.{cast.PROGRAM}",
        "older.0." + "-" * 36,
        "older.0." + "a" * 36,
        "older.99999999999999999." + "-a" * 18,
        "older.1.%00",
    ],
)
def test_a_cursor_that_is_none_of_ours_leads_to_the_first_page(page, cursor):
    batches.batch(number="B-1")
    batches.batch(cast.RIVAL_PROGRAM, number="CANARY-1")
    status, text = page("sponsor_viewer", f"/batches/?cursor={cursor}")
    assert (status, numbers(text)) == (200, ["B-1"])


def test_batches_that_start_together_are_neither_lost_nor_doubled(page, monkeypatch):
    monkeypatch.setattr(cursors, "PAGE", 2)
    recipe, at = batches.recipe(), batches.now()
    for place in range(5):
        batches.batch(number=f"B-{place}", of=recipe, running=None, planned_start=at)
    seen, address = [], "/batches/"
    while address:
        _, text = page("sponsor_viewer", address)
        seen += numbers(text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        address = "/batches/" + found[1].replace("&amp;", "&") if found else ""
    assert sorted(seen) == [f"B-{place}" for place in range(5)]


def test_an_empty_list_says_how_it_fills(page):
    assert "A batch appears here when the CDMO plans one" in page("sponsor_viewer", "/batches/")[1]


def test_only_a_running_batch_has_a_stale_datum(page):
    batch = batches.batch()
    feed(batch, *fresh(ago=timedelta(minutes=9)))
    assert 'data-state="stale"' in page("sponsor_viewer", "/batches/")[1]


def test_the_list_asks_the_same_for_one_batch_and_for_three(page, queries, cdmo_qa):
    def counted():
        with queries() as asked:
            page("sponsor_viewer", "/batches/")
        return len(asked)

    recipe = batches.recipe()
    first = batches.batch(number="B-1", of=recipe)
    feed(first, *fresh())
    deviations.release(cdmo_qa, deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=first.pk)))
    counted()
    one = counted()
    for number in ("B-2", "B-3"):
        more = batches.batch(number=number, of=recipe)
        feed(more, *fresh())
        deviations.release(cdmo_qa, deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=more.pk)))
    assert counted() == one
