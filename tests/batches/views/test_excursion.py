from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from batches.actions.cycle import move_phase
from tests.batches.views.scenes import excursions_of, feed, outside
from tests.factories import batches, deviations


@pytest.fixture
def batch(database):
    return batches.batch(number="B-2417")


def par_of(batch):
    return excursions_of(batch, limit_kind="par")[0]


def address(excursion):
    return f"/excursions/{excursion.pk}/"


def test_both_sides_read_what_crossed_what_when_and_how_far(page, batch):
    feed(batch, *outside((38.2, 38.9, 38.2, 36.5)))
    for key in ("cdmo_operator", "sponsor_viewer", "inspector"):
        status, text = page(key, address(par_of(batch)))
        assert status == 200
        for words in (
            "Temperature outside PAR",
            "35.5 to 37.5 °C",
            "38.9 °C",
            "30 s",
            "B-2417",
            "Back inside",
        ):
            assert words in text


def test_the_rival_finds_nothing_and_an_internal_one_is_not_there_for_the_sponsor(page, batch):
    feed(batch, *outside(), *batches.course([95.0], code="LOAD", start=batches.now() - timedelta(minutes=5)))
    assert page("rival_sponsor_qa", address(par_of(batch)))[0] == 404
    (internal,) = excursions_of(batch, audience="manufacturer")
    assert page("sponsor_viewer", address(internal))[0] == 404
    status, text = page("cdmo_qa", address(internal))
    assert status == 200
    assert "CDMO internal" in text


def test_the_limits_around_it_are_of_the_same_cause(page, batch):
    feed(batch, *outside((37.1, 37.4, 38.2, 38.3)))
    nor, par = excursions_of(batch, limit_kind="nor")[0], par_of(batch)
    _, text = page("sponsor_viewer", address(par))
    assert "Of the same cause" in text
    assert address(nor) in text
    assert "An early word: by itself no deviation. QA decides." in page("sponsor_viewer", address(nor))[1]


def test_the_chart_shows_the_window_of_the_one_parameter(page, batch):
    feed(batch, *outside((38.2, 36.5), ago=timedelta(hours=4)))
    par = par_of(batch)
    _, text = page("sponsor_viewer", address(par))
    chart = json.loads(re.search(r'type="application/json">(\{"batch".*?)</script>', text, re.DOTALL)[1])
    assert [each["code"] for each in chart["parameters"]] == ["TEMP"]
    assert chart["since"] < par.started_at.timestamp() * 1000 < chart["until"]
    assert [each["url"] for each in chart["markers"]] == [address(par)]


def test_an_open_one_follows_and_says_so(page, batch):
    feed(batch, *outside())
    _, text = page("sponsor_viewer", address(par_of(batch)))
    assert "goes on" in text
    assert '"until"' not in text


def test_a_deviation_is_logged_from_it_by_the_cdmo_alone(page, batch):
    feed(batch, *outside())
    par = par_of(batch)
    link = f"/deviations/new/?excursion={par.pk}"
    for key in ("cdmo_operator", "cdmo_shift_lead", "cdmo_qa"):
        assert link in page(key, address(par))[1]
    for key in ("sponsor_viewer", "sponsor_qa", "inspector"):
        assert link not in page(key, address(par))[1]


def test_the_alert_stands_above_with_its_button(page, batch):
    feed(batch, *outside())
    _, text = page("sponsor_viewer", address(par_of(batch)))
    assert "Acknowledge" in text
    assert "clause 5.7" in text


def test_deviations_from_it_are_listed_once_this_side_may_know(page, batch, cdmo_qa):
    feed(batch, *outside())
    par = par_of(batch)
    found = deviations.report(cdmo_qa, batch_id=batch.pk, excursion_id=par.pk, title="Valve stuck")
    assert "Valve stuck" in page("cdmo_qa", address(par))[1]
    assert "Valve stuck" not in page("sponsor_viewer", address(par))[1]
    deviations.release(cdmo_qa, deviations.triage(cdmo_qa, found))
    assert "Valve stuck" in page("sponsor_viewer", address(par))[1]


def withdrawn(cdmo_qa):
    """An excursion that a change of phase, entered late, has taken back."""
    wide = batches.limit("par", 30, 40, phase="production")
    measured = [batches.temperature(batches.limit("par", 35.5, 37.5), wide)]
    batch = batches.batch(of=batches.recipe(measured=measured))
    feed(batch, *outside())
    earlier = batches.now() - timedelta(minutes=30)
    move_phase(cdmo_qa, batch.pk, phase="production", version=batch.version, at=earlier)
    (excursion,) = excursions_of(batch)
    return excursion


def test_one_that_no_longer_stands_says_so_and_offers_no_deviation(page, database, cdmo_qa):
    status, text = page("cdmo_qa", address(withdrawn(cdmo_qa)))
    assert status == 200
    assert "It no longer stands" in text
    assert "/deviations/new/?excursion=" not in text


def test_one_that_no_longer_stands_is_listed_and_leaves_no_mark_in_the_curve(page, database, cdmo_qa):
    _, text = page("cdmo_qa", f"/batches/{withdrawn(cdmo_qa).batch_id}/")
    assert '"markers": []' in text
    assert '<td data-label="State">withdrawn</td>' in text


def test_the_live_part_is_that_part_alone(page, batch):
    feed(batch, *outside())
    status, text = page("sponsor_viewer", f"{address(par_of(batch))}?part=excursion")
    assert status == 200
    assert text.strip().startswith('<div class="stack aside" id="excursion"')
