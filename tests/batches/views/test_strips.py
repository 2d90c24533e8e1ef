"""The strip of clocks on batch, alert and excursion pages, and what is overdue on the board."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from deviations.states import NOTICE_CLOCK
from portal.actions.clocks import breach_clock
from portal.actor import Side, system_actor
from tests.batches.views.scenes import excursions_of, feed, outside
from tests.factories import alerts, batches, cast, deviations
from tests.factories.clocks import hours
from tests.portal.views.test_clock_pages import words

SWEEP = system_actor("sweep", cast.PROGRAM)


@pytest.fixture
def batch(database):
    return batches.batch(number="B-2417")


def strip(client, address):
    """The words of the strip of a page, without its tags."""
    text = words(client.get(address))
    found = re.search(r'<section class="card" id="clocks".*?</section>', text)[0]
    said = re.sub(r"<[^>]+>", " ", re.sub(r"</?(a|strong|span)\b[^>]*>", "", found))
    return re.sub(r"\s+", " ", said), found


def test_a_batch_shows_the_clocks_of_what_happened_in_it_with_clause_ball_and_history(
    batch, cdmo_qa, signed_in
):
    said, _ = strip(signed_in("cdmo_qa"), f"/batches/{batch.pk}/")
    assert "None by clause: nothing is due here as it stands." in said
    found = deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk), "major")
    said, raw = strip(signed_in("cdmo_qa"), f"/batches/{batch.pk}/")
    assert "Release the notice" in said
    assert found.number in said
    assert "your side, clause 5.2, default rule" in said
    assert "History" in said
    assert f'href="/deviations/{found.pk}/"' in raw
    # What the sponsor was not told of has no clock for them.
    said, _ = strip(signed_in("sponsor_qa"), f"/batches/{batch.pk}/")
    assert "None by clause" in said
    released = deviations.release(cdmo_qa, found)
    said, _ = strip(signed_in("sponsor_qa"), f"/batches/{batch.pk}/")
    assert "Acknowledge: Notice of a deviation" in said
    assert released.number in said


def test_an_excursion_shows_what_its_alert_waits_for_and_nothing_of_others(batch, signed_in):
    feed(batch, *outside())
    par = excursions_of(batch, limit_kind="par")[0]
    said, _ = strip(signed_in("sponsor_qa"), f"/excursions/{par.pk}/")
    assert "Acknowledge: Outside PAR" in said
    assert "your side, clause 5.7, default rule, then the next role is told" in said
    assert "Norrsund Biologics, clause 5.7" in said
    nor = excursions_of(batch, limit_kind="nor")[0]
    assert "None by clause" in strip(signed_in("sponsor_qa"), f"/excursions/{nor.pk}/")[0]


def test_an_alert_shows_its_own_time_with_the_steps_taken_and_those_of_its_record(database, signed_in):
    found = alerts.raised(Side.SPONSOR)
    said, _ = strip(signed_in("sponsor_qa"), f"/alerts/{found.pk}/")
    assert "your side, clause 5.7, default rule, then the next role is told" in said
    assert "Step 1: QA, sponsor viewer, CMC" in said
    signed_in("sponsor_qa").post(f"/alerts/{found.pk}/acknowledge/")
    said, _ = strip(signed_in("sponsor_qa"), f"/alerts/{found.pk}/")
    assert "given" in said
    assert "Acknowledged, Sponsor QA 03" in said


def test_what_is_overdue_stays_on_the_board_comes_first_and_says_so(batch, cdmo_qa, signed_in, clock):
    first = deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk), "critical")
    said = re.sub(r"<[^>]+>", "", words(signed_in("cdmo_qa").get("/board/")))
    assert "clause 5.1: " in said
    assert "overdue" not in said
    clock.move(hours(25))
    notice = deviations_clock(first)
    assert breach_clock(SWEEP, notice) is not None
    deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk), "major")
    said = re.sub(r"<[^>]+>", "", words(signed_in("cdmo_qa").get("/board/")))
    assert re.search(r"overdue, clause 5\.1: [^:]* late", said), said
    # Done after all, it makes room for what comes next.
    deviations.release(cdmo_qa, first)
    said = re.sub(r"<[^>]+>", "", words(signed_in("cdmo_qa").get("/board/")))
    assert "overdue" not in said
    assert "clause 5.2: " in said


def deviations_clock(deviation):
    from portal.action import reading
    from portal.models import Clock

    watcher = system_actor("watchdog", cast.PROGRAM)
    with reading(watcher):
        return Clock.objects.visible_to(watcher).get(subject_id=deviation.pk, kind=NOTICE_CLOCK).pk


def test_a_rival_reads_no_strip(batch, signed_in):
    feed(batch, *outside(ago=timedelta(minutes=5)))
    par = excursions_of(batch, limit_kind="par")[0]
    rival = signed_in("rival_sponsor_qa")
    assert [rival.get(each).status_code for each in (f"/batches/{batch.pk}/", f"/excursions/{par.pk}/")] == [
        404,
        404,
    ]
