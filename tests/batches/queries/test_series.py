from datetime import timedelta

import pytest

from batches.actions.cycle import complete_batch
from batches.columns import microseconds
from batches.queries import series
from portal.action import reading
from portal.errors import Invalid, NotFound
from tests.factories import batches as make

TEN = timedelta(seconds=10)


@pytest.fixture
def start():
    return (make.now() - timedelta(hours=2)).replace(microsecond=0)


@pytest.fixture
def fed(database, gateway, start):
    batch = make.batch()
    values = [36.5] * 400
    values[123], values[321] = 38.5, 35.1
    rows = make.course(values, start=start)
    make.send(gateway, batch, [row for place, row in enumerate(rows) if not 200 <= place < 260])
    return batch


def ms(instant):
    return microseconds(instant) // 1000


def ask(actor, batch, code="TEMP", *window, **given):
    with reading(actor):
        return series(actor, batch.pk, code, *window, **given)


def test_few_readings_come_as_they_are(fed, start, sponsor_viewer):
    found = ask(sponsor_viewer, fed, "TEMP", start, start + 3 * TEN)
    assert found.points == [(ms(start + place * TEN), 36.5) for place in range(3)]


def test_many_are_thinned_and_keep_extremes_and_gaps(fed, start, sponsor_viewer):
    found = ask(sponsor_viewer, fed, points=40)
    values = [value for _, value in found.points]
    assert len([value for value in values if value is not None]) <= 40
    assert (max(filter(None, values)), min(filter(None, values))) == (38.5, 35.1)
    assert values.count(None) == 1
    gap = found.points[values.index(None)][0]
    assert ms(start + 199 * TEN) < gap < ms(start + 260 * TEN)
    instants = [at for at, _ in found.points]
    assert instants == sorted(set(instants))


def test_the_window_ends_before_its_end(fed, start, sponsor_viewer):
    found = ask(sponsor_viewer, fed, "TEMP", start, start + TEN)
    assert [at for at, _ in found.points] == [ms(start)]


def test_limits_and_phases_of_the_window_come_along(database, sponsor_viewer, start):
    later = start + timedelta(hours=1)
    cold = make.limit("par", 33, 35, phase="production")
    measured = [make.temperature(make.limit("par", 35.5, 37.5), make.limit("nor", high=37), cold)]
    phases = [("growth", start), ("production", later)]
    batch = make.batch(of=make.recipe(measured=measured), running=None, phases=phases)
    found = ask(sponsor_viewer, batch)
    plain = {"measure": "value", "course": []}
    assert found.limits == [
        {"kind": "nor", "low": None, "high": 37.0, "from": None, "to": None} | plain,
        {"kind": "par", "low": 35.5, "high": 37.5, "from": None, "to": ms(later)} | plain,
        {"kind": "par", "low": 33.0, "high": 35.0, "from": ms(later), "to": None} | plain,
    ]
    assert found.phases == [
        {"code": "growth", "title": "Growth", "from": ms(start), "to": ms(later)},
        {"code": "production", "title": "Production", "from": ms(later), "to": None},
    ]
    early = ask(sponsor_viewer, batch, "TEMP", start, start + TEN)
    assert [phase["code"] for phase in early.phases] == ["growth"]
    assert [limit["high"] for limit in early.limits] == [37.0, 37.5]


def test_without_readings_there_are_no_points(database, sponsor_viewer):
    assert ask(sponsor_viewer, make.batch(), "VCD").points == []


def test_a_batch_that_is_over_ends_the_window(database, gateway, cdmo_qa):
    batch = complete_batch(cdmo_qa, make.batch().pk, version=1)
    found = ask(cdmo_qa, batch)
    assert found.until_ms == ms(batch.ended_at)
    assert {limit["to"] for limit in found.limits} == {ms(batch.ended_at)}


def test_what_cannot_be_shown_is_said(fed, start, sponsor_viewer):
    for code in ("NONE", "", "LOAD", "temp", "\x00", "TEMP\x00"):
        with pytest.raises(Invalid) as refused:
            ask(sponsor_viewer, fed, code)
        assert refused.value.errors == {"parameter": ["Choose one of: TEMP, PH, VALVE, VCD."]}
    for points in (9, 2001):
        with pytest.raises(Invalid, match="points"):
            ask(sponsor_viewer, fed, points=points)
    with pytest.raises(Invalid, match="empty"):
        ask(sponsor_viewer, fed, "TEMP", start, start)


def test_a_rival_finds_nothing(fed, rival_sponsor_qa):
    with pytest.raises(NotFound):
        ask(rival_sponsor_qa, fed)


def test_the_owner_side_reads_its_internal_parameter(database, gateway, cdmo_qa):
    batch, at = make.batch(), make.now()
    make.send(gateway, batch, [("LOAD", at, 50.0)])
    assert [value for _, value in ask(cdmo_qa, batch, "LOAD").points] == [50.0]
