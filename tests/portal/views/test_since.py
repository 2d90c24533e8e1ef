"""Since you last looked: a sheet per batch with what happened, what came in, what is ahead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.actions.cycle import complete_batch, move_phase
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.actor import Side
from portal.models import Look
from portal.queries.since import since_sheets
from portal.views.since import span_of
from tests.conftest import actor
from tests.factories import alerts, batches, cast
from tests.factories import deviations as make

DAY = timedelta(days=1)


def page_of(client, span="yesterday"):
    answer = client.get("/since/", {"span": span} if span else {})
    assert answer.status_code == 200
    return answer.content.decode()


def sheets(person, since=None):
    with reading(person):
        return {
            each.batch.number: each for each in since_sheets(person, since or datetime.now(UTC) - DAY).sheets
        }


def words(lines):
    return [(each.kind, each.words) for each in lines]


def test_a_sheet_tells_what_happened_what_came_in_and_what_is_ahead(
    database, cdmo_operator, cdmo_qa, sponsor_qa
):
    batch = batches.batch()
    move_phase(cdmo_qa, batch.pk, phase="production", version=batch.version)
    deviation = make.triage(
        cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk, title="Valve stuck"), "major"
    )
    (sheet,) = sheets(cdmo_qa).values()
    assert ("milestone", "Phase entered: Production") in words(sheet.happened)
    assert ("deviation", f"{deviation.number} Valve stuck") in words(sheet.happened)
    assert [
        (each.kind, each.words, each.side, each.clause) for each in sheet.coming if each.kind == "clock"
    ] == [("clock", f"{deviation.number} Valve stuck", "manufacturer", "5.2")]
    # The sponsor has heard of none of it but the batch's own course.
    (theirs,) = sheets(sponsor_qa).values()
    assert deviation.number not in repr(theirs)
    assert ("milestone", "Phase entered: Production") in words(theirs.happened)


def test_a_released_notice_and_its_receipt_come_in_for_both_sides(
    database, cdmo_operator, cdmo_qa, sponsor_qa
):
    batch = batches.batch()
    deviation = make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk), "major")
    make.release(cdmo_qa, deviation)
    with reading(sponsor_qa):
        (told,) = (each for each in sheets_alerts(sponsor_qa))
    acknowledge_alert(sponsor_qa, told.pk)
    for person in (cdmo_qa, sponsor_qa):
        (sheet,) = sheets(person).values()
        kinds = [each.kind for each in sheet.came_in]
        assert ("notice", f"{deviation.number} Notice released, major (clause 5.2)") in words(sheet.came_in)
        assert kinds.count("answer") == 1
        assert [each.detail for each in sheet.came_in if each.kind == "answer"] == [
            "received by Sponsor QA 03"
        ]


def sheets_alerts(person):
    from portal.queries import list_alerts

    return list(list_alerts(person, side="mine"))


def test_a_result_names_its_sample_and_comes_when_it_came(database, sponsor_qa):
    batch = batches.batch(running=5 * DAY)
    sampled = datetime.now(UTC) - 3 * DAY
    batches.send(
        batches.setup(),
        batch,
        [("VCD", sampled, 20.5), ("TEMP", sampled, 36.5)],
    )
    (sheet,) = sheets(sponsor_qa, datetime.now(UTC) - timedelta(hours=1)).values()
    assert words(sheet.came_in) == [("result", "Viable cells 20.5 10⁶/mL")]
    assert re.fullmatch(r"sample of \d+ \w+ \d\d:\d\d", sheet.came_in[0].detail)
    (later,) = sheets(sponsor_qa, datetime.now(UTC) + timedelta(minutes=1)).values()
    assert later.is_quiet


def test_a_batch_that_ended_meanwhile_has_a_sheet_and_nothing_ahead(database, cdmo_qa):
    batch = batches.batch()
    assert sheets(cdmo_qa)["B-1"].is_running
    complete_batch(cdmo_qa, batch.pk, version=batch.version)
    (sheet,) = sheets(cdmo_qa).values()
    assert (sheet.is_running, sheet.coming) == (False, ())
    assert ("milestone", "Completed") in words(sheet.happened)
    assert sheets(cdmo_qa, datetime.now(UTC) + timedelta(minutes=1)) == {}


def test_a_rival_reads_nothing_of_it(database, cdmo_operator, cdmo_qa, signed_in):
    batch = batches.batch(number="B-CANARY")
    make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk, title="CANARY valve"), "critical")
    alerts.raised(Side.SPONSOR)
    assert "CANARY" in page_of(signed_in("cdmo_qa"))
    text = page_of(signed_in("rival_sponsor_qa"))
    assert "B-CANARY" not in text
    assert "CANARY valve" not in text
    assert "No batch is in process" in text


def test_the_spans_of_the_viewer_are_in_the_viewers_zone():
    now = datetime(
        2026, 3, 29, 22, 30, tzinfo=UTC
    )  # 00:30 of the 30th in Stockholm, just after the clocks changed
    assert span_of("yesterday", "Europe/Stockholm", now).since == datetime(2026, 3, 29, 5, tzinfo=UTC)
    assert span_of("2026-03-29", "Europe/Stockholm", now).since == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert span_of("2026-03-29", "America/New_York", now).since == datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert span_of("", "UTC", now).since is None


@pytest.mark.parametrize(
    "asked", ["tomorrow", "2026-13-01", "2040-01-01", "1999-01-01", "0001-01-01", "\x00"]
)
def test_a_span_that_is_none_is_said_and_the_last_look_shown(database, signed_in, asked):
    text = page_of(signed_in("cdmo_qa"), asked)
    assert "That is no day of the last three months." in text
    assert 'href="?span=look" aria-current="true"' in text


def test_to_open_the_sheets_is_a_look_and_a_poll_is_none(database, signed_in):
    client = signed_in("sponsor_viewer")
    client.get("/since/", headers={"X-Covalent-Background": "1"})
    assert Look.objects.filter(person_id=cast.person_id("sponsor_viewer")).count() == 0
    page_of(client, "")
    assert Look.objects.filter(person_id=cast.person_id("sponsor_viewer")).count() == 1


def test_three_batches_cost_as_many_queries_as_one(database, cdmo_operator, signed_in):
    client = signed_in("cdmo_qa")
    page_of(client)

    def one(number):
        batch = batches.batch(number=number)
        qa = actor("cdmo_qa")
        make.release(qa, make.triage(qa, make.report(cdmo_operator, batch_id=batch.pk), "major"))

    def queries():
        with CaptureQueriesContext(connection) as found:
            page_of(client)
        return len(found)

    one("B-1")
    first = queries()
    one("B-2")
    one("B-3")
    assert queries() == first


def test_the_sheets_can_be_printed_one_page_a_batch(database, signed_in):
    batches.batch(number="B-1")
    batches.batch(number="B-2")
    text = page_of(signed_in("sponsor_qa"))
    assert text.count('class="card batch-sheet"') == 2
    assert "portal/css/since.css" in text
