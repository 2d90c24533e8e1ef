"""Interventions are held against what a media fill qualified: which, how long, how often."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.aseptic.judging import Done, Line, judge, rate
from batches.queries.aseptic import aseptic_of
from portal.action import reading
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.models import Alert
from tests.factories import batches as make
from tests.factories import surroundings

JAM = Line("C-1", "Jam", "corrective", most=2, longest_s=60)
LINES = {"C-1": JAM}


def test_each_stands_as_the_list_says():
    done = [Done("C-1", 60), Done("C-1", 61), Done("C-9", 5), Done("C-1", 10)]
    assert judge(done, LINES) == ["yes", "longer", "unknown", "oftener"]
    assert judge(done, None) == ["no_list"] * 4


@given(st.lists(st.builds(Done, st.sampled_from(["C-1", "C-2"]), st.integers(1, 120)), max_size=12))
def test_no_more_are_qualified_than_the_media_fill_simulated(done):
    found = judge(done, LINES)
    assert len(found) == len(done)
    assert found.count("yes") <= JAM.most
    for each, stands in zip(done, found, strict=True):
        assert (stands == "unknown") == (each.code != "C-1")


def test_the_rate_is_of_corrective_ones_to_ten_thousand_vials():
    assert rate(["corrective"] * 4 + ["inherent"], 6240) == Decimal("6.4")
    assert rate(["corrective"], 0) is None


@pytest.fixture
def batch(database):
    return make.batch(equipment="Isolator line 4")


def alerts(batch):
    with reading(make.setup()) as by:
        rows = Alert.objects.visible_to(by).filter(subject_id=batch.pk, kind="intervention.unqualified")
        return list(rows.values_list("side", "audience"))


def test_what_is_qualified_is_recorded_and_read_by_both_sides(batch, sponsor_qa, rival_sponsor_qa):
    fill = surroundings.media_fill(batch, alert_rate=Decimal(3), action_rate=Decimal(5))
    made = surroundings.intervention(batch, filled=5000, glove="G4", done_by="Operator 44")
    assert (made.qualified, made.media_fill_id, made.title) == ("yes", fill.pk, "Stopper jam")
    assert (made.done_code, made.entered_code) == ("Operator 44", "Operator 31")
    assert alerts(batch) == []
    with reading(sponsor_qa):
        found = aseptic_of(sponsor_qa, batch)
        assert (found.corrective, found.unqualified, found.rate, found.verdict) == (1, 0, 2, "within")
    with reading(rival_sponsor_qa):
        assert aseptic_of(rival_sponsor_qa, batch).rows == []


def test_what_is_not_qualified_is_told_to_the_manufacturers_quality_unit(batch):
    surroundings.media_fill(batch)
    assert surroundings.intervention(batch, seconds=61).qualified == "longer"
    assert surroundings.intervention(batch, code="C-9").qualified == "unknown"
    assert alerts(batch) == [("manufacturer", "manufacturer")] * 2


def test_a_media_fill_of_another_line_or_another_time_qualifies_nothing(batch):
    today = make.now().date()
    surroundings.media_fill(batch, line="Isolator line 5")
    surroundings.media_fill(batch, number="APS-2", filled_on=today, valid_until=today)
    assert surroundings.intervention(batch).qualified == "yes"
    other = make.batch(number="F-2", equipment="Isolator line 6")
    assert surroundings.intervention(other).qualified == "no_list"


def test_a_media_fill_is_stated_once_and_by_quality(batch):
    surroundings.media_fill(batch)
    with pytest.raises(Conflict, match="never changed"):
        surroundings.media_fill(batch)
    with pytest.raises(Refused):
        surroundings.media_fill(batch, number="APS-3", by="cdmo_operator")
    with pytest.raises(Invalid):
        surroundings.media_fill(batch, number="APS-3", interventions=[{"code": "C-1", "kind": "corrective"}])


def test_the_sponsor_records_none_and_a_rival_finds_no_batch(batch):
    with pytest.raises(Refused):
        surroundings.intervention(batch, by="sponsor_qa")
    with pytest.raises(NotFound):
        surroundings.intervention(batch, by="rival_sponsor_qa")


def test_the_page_takes_an_intervention_on_the_floor(batch, signed_in, api):
    surroundings.media_fill(batch)
    page = f"/batches/{batch.pk}/environment/"
    sent = {"code": "C-1", "station": "Stopper bowl", "seconds": "20", "glove": "G4", "filled": "14170"}
    assert signed_in("cdmo_operator").post(page, sent).status_code == 303
    assert signed_in("cdmo_operator").post(page, sent | {"seconds": "0"}).status_code == 400
    assert signed_in("sponsor_qa").post(page, sent).status_code == 403
    shown = signed_in("sponsor_qa").get(page).content.decode()
    assert "Stopper bowl" in shown
    assert "APS-1" in shown
    address = f"/api/v1/batches/{batch.pk}/interventions/"
    (told,) = api("sponsor_system").get(address).json()["results"]
    assert (told["code"], told["filled"], told["qualified"]) == ("C-1", 14170, "yes")
    assert api("rival_system").get(address).status_code == 404
    assert api("rival_system").get("/api/v1/media-fills/").json()["results"] == []
