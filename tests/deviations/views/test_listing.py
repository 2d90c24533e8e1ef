"""The list of deviations: filters, search, pages; one side's list never hints at the other's."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import batches, cast
from tests.factories import deviations as make


def numbers(client, query=""):
    text = client.get(f"/deviations/{query}").content.decode()
    rows = text.split('<td class="number">')[1:]
    return [row.split(">")[1].split("<")[0] for row in rows]


def test_each_side_lists_what_it_may_see(database, cdmo_operator, cdmo_qa, signed_in):
    make.report(cdmo_qa, cast.RIVAL_PROGRAM, title="CANARY rival")
    hidden = make.report(cdmo_operator)
    shown = make.in_state("triaged", cdmo_qa, released=True)
    assert numbers(signed_in("sponsor_viewer")) == [shown.number]
    assert numbers(signed_in("cdmo_shift_lead")) == [shown.number, hidden.number]
    text = signed_in("sponsor_viewer").get("/deviations/").content.decode()
    assert "CANARY" not in text
    assert hidden.number not in text
    assert "1 open" in text


def test_saved_filters_narrow_the_list(database, cdmo_qa, cdmo_operator, signed_in):
    reported = make.report(cdmo_operator)
    minor = make.triage(cdmo_qa, make.report(cdmo_operator), "minor")
    told = make.in_state("triaged", cdmo_qa, released=True)
    closed = make.in_state("closed", cdmo_qa)
    cancelled = make.in_state("cancelled", cdmo_qa)
    qa, sponsor, operator = signed_in("cdmo_qa"), signed_in("sponsor_qa"), signed_in("cdmo_operator")
    assert numbers(qa) == [told.number, minor.number, reported.number]
    assert numbers(qa, "?filter=grave") == [told.number]
    assert numbers(qa, "?filter=closed") == [cancelled.number, closed.number]
    assert numbers(qa, "?filter=mine") == [told.number, minor.number, reported.number]
    assert len(numbers(qa, "?filter=all")) == 5
    assert numbers(operator, "?filter=mine") == []
    assert numbers(sponsor, "?filter=mine") == [closed.number, told.number]
    assert numbers(qa, "?filter=late") == []
    assert numbers(qa, "?filter=nonsense") == numbers(qa)


def test_a_notice_past_its_time_is_in_the_late_filter(triaged, signed_in, clock):
    from datetime import timedelta

    clock.move(timedelta(days=5))
    client = signed_in("cdmo_qa")
    assert numbers(client, "?filter=late") == [triaged.number]
    assert "late</time>" in client.get("/deviations/").content.decode()


def test_search_finds_by_number_and_batch(database, cdmo_operator, signed_in):
    batch = batches.batch(number="B-2417")
    first = make.report(cdmo_operator)
    second = make.report(cdmo_operator, batch_id=batch.pk)
    client = signed_in("cdmo_operator")
    assert numbers(client, f"?q={first.number[-4:]}") == [first.number]
    assert numbers(client, "?q=b-24") == [second.number]
    assert numbers(client, "?q=%00%27") == []
    assert "Nothing found" in client.get("/deviations/?q=zzz").content.decode()


def test_pages_follow_a_cursor_and_lose_nothing(database, cdmo_operator, signed_in, monkeypatch):
    monkeypatch.setattr("deviations.views.listing.PAGE", 2)
    made = [make.report(cdmo_operator).number for _ in range(5)][::-1]
    client = signed_in("cdmo_operator")
    seen, query = [], ""
    for _turn in range(3):
        page = client.get(f"/deviations/{query}")
        seen += numbers(client, query)
        query = page.context["older_url"]
    assert seen == made
    assert query == ""
    assert numbers(client, "?after=nonsense") == made[:2]
    assert numbers(client, "?after=2026-01-01T00:00:00~x") == made[:2]


def test_the_empty_list_says_what_will_appear(database, signed_in):
    assert "as soon as its notice is released" in signed_in("sponsor_qa").get("/deviations/").content.decode()
    assert "Log one from a batch" in signed_in("cdmo_operator").get("/deviations/").content.decode()
    mine = signed_in("sponsor_qa").get("/deviations/?filter=mine").content.decode()
    assert "Nothing is yours to do" in mine


@pytest.mark.parametrize("filtered", ["open", "mine", "grave", "all"])
def test_three_rows_cost_as_many_queries_as_one(database, cdmo_operator, cdmo_qa, signed_in, filtered):
    batch = batches.batch(number="B-2417")
    client = signed_in("cdmo_qa")

    def one():
        made = make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk))
        make.release(cdmo_qa, made)

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/deviations/?filter={filtered}").status_code == 200
        return len(found)

    one()
    queries()
    few = queries()
    one()
    one()
    assert queries() == few
