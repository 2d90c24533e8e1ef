"""Monitoring over REST and on its pages, as each side reads it."""

from __future__ import annotations

import pytest

from batches import tasks
from tests.factories import batches as make
from tests.factories import monitoring as monitor

API = "/api/v1"
POINT = {"code": "L4-A1", "title": "Stopper bowl", "area": "LINE-4", "grade": "A", "strategy": "CCS-04"}


@pytest.fixture
def batch(database):
    return make.batch()


def post(client, path, body, version=None):
    headers = {"If-Match": f'"{version}"'} if version else {}
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers)


def test_a_session_is_kept_by_rest_and_read_by_the_client_of_its_batch(batch, api):
    site, sponsor, rival = api("cdmo_system"), api("sponsor_system"), api("rival_system")
    assert post(site, "/monitoring/points/", POINT).json()["version"] == 1
    assert post(site, "/monitoring/points/", POINT).status_code == 428
    session = post(site, "/monitoring/sessions/", {"area": "LINE-4"}).json()
    assert session["number"].startswith("EMS-")
    address = f"/monitoring/sessions/{session['id']}"
    told = {"batch": str(batch.pk), "note": "Filling"}
    assert post(site, f"{address}/batches/", told).json()["note"] == "Filling"
    given = {"point": "L4-A1", "kind": "glove", "code": "G-4"}
    plate = post(site, f"{address}/samples/", given).json()
    steps = f"/monitoring/samples/{plate['id']}"
    assert post(site, f"{steps}/collect/", {}).status_code == 428
    assert post(site, f"{steps}/collect/", {}, version=1).json()["state"] == "incubating"
    read = post(site, f"{steps}/read/", {"value": "2"}, version=2).json()
    assert (read["verdict"], read["counted"], read["bounds"]["action_high"]) == ("action", "2", "0")
    assert post(site, f"{steps}/confirm/", {"value": "2"}, version=3).status_code == 403
    assert post(site, f"{steps}/melt/", {}, version=3).status_code == 404
    tasks.carry_sessions()
    (seen,) = sponsor.get(f"{API}/batches/{batch.pk}/monitoring/").json()
    assert [(each["code"], each["state"], each["counted"]) for each in seen["samples"]] == [
        ("G-4", "incubating", None)
    ]
    assert [each["number"] for each in site.get(f"{API}{address}/").json()["covers"]] == [batch.number]
    for client in (sponsor, rival):
        assert client.get(f"{API}{address}/").status_code == 404
        assert client.get(f"{API}/monitoring/sessions/").json()["results"] == []
        assert client.get(f"{API}/monitoring/points/").json()["results"] == []
    assert rival.get(f"{API}/batches/{batch.pk}/monitoring/").status_code == 404


def test_the_page_of_a_session_takes_a_plate_from_the_bowl_to_its_count(batch, signed_in):
    monitor.point()
    session = monitor.session()
    client, page = signed_in("cdmo_qa"), f"/monitoring/{session.pk}/"
    sent = {"do": "expose", "point": "L4-A1", "kind": "settle", "code": "SP-3"}
    assert client.post(page, sent).status_code == 303
    assert client.post(page, {"do": "cover", "batch_id": str(batch.pk)}).status_code == 303
    shown = client.get(page).content.decode()
    assert "SP-3" in shown
    assert batch.number in shown
    assert client.post(page, {"do": "expose", "code": "SP-4"}).status_code == 400
    assert client.post(page, {"do": "melt"}).status_code == 404
    tasks.carry_sessions()
    environment = signed_in("sponsor_qa").get(f"/batches/{batch.pk}/environment/").content.decode()
    assert "SP-3" in environment
    assert page not in environment


def test_trends_are_the_floors_and_a_client_reads_its_sessions(batch, signed_in):
    monitor.point()
    session = monitor.session()
    monitor.grown(session)
    monitor.covered(session, batch)
    floor = signed_in("cdmo_qa").get("/monitoring/").content.decode()
    assert "Stopper bowl" in floor
    assert "EU GMP Annex 1" in floor
    client = signed_in("sponsor_qa").get("/monitoring/").content.decode()
    assert session.number in client
    assert "Stopper bowl" not in client
    assert session.number not in signed_in("rival_sponsor_qa").get("/monitoring/").content.decode()
