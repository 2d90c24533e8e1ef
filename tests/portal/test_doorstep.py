"""What is refused before a view looks at it: half a sign-in, too large a body, an address that is none."""

from __future__ import annotations

import http.client
import json
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from portal.action import reading
from portal.actions import people
from portal.actor import system_actor
from portal.models import Assignment
from portal.signing_in import SealedSecrets
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.servers import bearer
from tests.sockets import Listener, news, session_of

DEVIATIONS = "/api/v1/deviations/"
LISTS = ("deviations", "batches", "alerts", "excursions", "programs", "recipes", "attachments")


def drop_factor(key):
    Authenticator.objects.filter(user_id=cast.person_id(key)).delete()


class TestWhoHasNoSecondFactor:
    def test_is_nobody_to_the_api(self, database, signed_in, cdmo_qa):
        make.report(cdmo_qa)
        client = signed_in("cdmo_qa")
        assert client.get(DEVIATIONS).status_code == 200
        drop_factor("cdmo_qa")
        for answer in (client.get(DEVIATIONS), signed_in("cdmo_qa").get(DEVIATIONS)):
            assert answer.status_code == 401
            assert make.TITLE not in answer.content.decode()

    def test_is_nobody_to_the_stream(self, stack):
        cookie, origin = session_of("sponsor_quality_head"), stack.url
        with Listener(stack, cookie=cookie, origin=origin) as listener:
            assert listener.subscribe()
        drop_factor("sponsor_quality_head")
        with Listener(stack, cookie=cookie, origin=origin) as listener:
            assert listener.close_code() == 4401

    def test_cannot_come_about_by_taking_it_off(self, database):
        found = Authenticator.objects.filter(user_id=cast.person_id("cdmo_qa")).first()
        assert not SealedSecrets().can_delete_authenticator(found)


class TestARepeatUnderAKey:
    def test_with_another_query_is_another_request(self, database, api, cdmo_qa):
        first, second = make.report(cdmo_qa), make.report(cdmo_qa)
        client, key = api("cdmo_system"), {"Idempotency-Key": "one"}

        def attach(deviation):
            file = SimpleUploadedFile("trend.csv", b"a,b\n1,2\n", "text/csv")
            return client.post(f"/api/v1/attachments/?subject={deviation.pk}", {"file": file}, headers=key)

        taken = attach(first)
        assert taken.status_code == 201, taken.json()
        assert attach(second).status_code == 422
        # Django's client draws no new boundary, other clients do: what counts is the file.
        assert attach(first).headers["Idempotent-Replayed"] == "true"

    def test_with_a_long_key_is_refused_not_cut(self, database, api):
        answer = api("cdmo_system").post(
            DEVIATIONS, {}, content_type="application/json", headers={"Idempotency-Key": "k" * 201}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_key")


class TestABadQuery:
    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("place", ["notadate", "", "\x00", "9" * 40])
    def test_a_forged_cursor_is_a_problem_not_a_fault(self, database, api, name, place):
        cursor = b64encode(urlencode({"p": place}).encode()).decode()
        answer = api("cdmo_system").get(f"/api/v1/{name}/", {"cursor": cursor})
        assert answer.status_code in (200, 400, 404), answer.content

    @pytest.mark.parametrize("name", LISTS)
    def test_the_nul_character_is_refused_wherever_it_stands(self, database, api, name):
        answer = api("cdmo_system").get(f"/api/v1/{name}/?q=%00")
        assert (answer.status_code, answer.json()["code"]) == (400, "nul_character")


class TestAnAddressThatIsNone:
    @pytest.mark.parametrize("path", ["nothing/", "deviations/abc/", "batches/1/"])
    def test_is_a_problem_under_the_api(self, database, api, path):
        answer = api("cdmo_system").get(f"/api/v1/{path}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_a_forgotten_slash_is_told_not_redirected(self, database, api):
        answer = api("cdmo_system").post("/api/v1/deviations", {}, content_type="application/json")
        assert answer.status_code == 404
        assert "slash" in answer.json()["detail"]

    def test_is_a_page_elsewhere(self, database, signed_in):
        answer = signed_in("cdmo_qa").get("/nothing/")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("accept", ["application/json", "application/yaml", "*/*"])
def test_the_description_comes_in_the_form_that_is_asked_for(database, api, accept):
    answer = api("cdmo_system").get("/api/v1/schema/", headers={"Accept": accept})
    assert answer.status_code == 200
    assert "3.1.1" in answer.content.decode()[:400]


class TestABody:
    def test_that_is_announced_too_large_is_not_waited_for(self, stack):
        line = http.client.HTTPConnection(urlsplit(stack.url).netloc, timeout=5)
        line.putrequest("POST", DEVIATIONS)
        line.putheader("Content-Length", "1000000000")
        line.endheaders(b"{")
        answer = line.getresponse()
        assert answer.status == 413
        assert json.load(answer)["limit"] == 1024 * 1024
        line.close()

    def test_that_grows_too_large_in_chunks_is_not_kept(self, stack):
        def chunks():
            for _ in range(64):
                yield b"x" * 65_536

        try:
            status = httpx.post(stack.url + DEVIATIONS, content=chunks(), timeout=10).status_code
        except (httpx.WriteError, httpx.ReadError):
            status = 413  # the answer was given and the line closed while we still sent
        assert status == 413

    def test_that_comes_in_chunks_is_read_whole(self, stack):
        at = make.now().isoformat()
        stated = {"program": str(cast.PROGRAM), "title": make.TITLE, "description": make.WORDS}
        body = json.dumps(stated | {"occurred_at": at, "detected_at": at}).encode()
        headers = bearer("cdmo_system") | {"Content-Type": "application/json"}
        parts = (body[place : place + 50] for place in range(0, len(body), 50))
        answer = httpx.post(stack.url + DEVIATIONS, content=parts, headers=headers)
        assert answer.status_code == 201, answer.text


def test_a_seat_that_ended_while_a_poll_waited_is_told_nothing(stack):
    """A session's poll looks again at who asks before it answers."""
    client = httpx.Client(base_url=stack.url, cookies={"sessionid": session_of("inspector")}, timeout=30)
    query = {"program": str(cast.PROGRAM)}
    head = client.get("/api/v1/events/", params=query).json()["head"]
    setup = system_actor("setup", cast.ARVO, cast.PROGRAM)
    with reading(setup):
        seats = Assignment.objects.visible_to(setup).filter(person_id=cast.person_id("inspector"))
        ids = list(seats.values_list("pk", flat=True))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.get, "/api/v1/events/", params=query | {"after": head, "wait": 10})
        time.sleep(0.7)
        for seat in ids:
            people.end_assignment(setup, seat, reason="Inspection over.")
        news()
        assert asked.result(12).status_code in (401, 404)


class TestARefusal:
    def test_tells_the_organisation_no_words_of_the_program(self, database, api, cdmo_qa):
        deviation = make.triage(cdmo_qa, make.report(cdmo_qa), "critical")
        deviation = make.investigate(cdmo_qa, deviation)
        client = api("cdmo_system")
        answer = client.post(
            f"{DEVIATIONS}{deviation.pk}/close/",
            {"summary": make.SUMMARY},
            content_type="application/json",
            headers={"If-Match": f'"{deviation.version}"'},
        )
        assert deviation.number in answer.json()["detail"]
        with reading(system_actor("relay", cast.CDMO)), connection.cursor() as cursor:
            cursor.execute("select convert_from(body, 'UTF8') from ledger.item where name = 'action.refused'")
            items = cursor.fetchall()
        assert items
        for (body,) in items:
            assert deviation.number not in body
            assert "critical" not in body


class TestASharedEntry:
    def test_shows_the_other_side_what_was_done_but_not_how_the_company_works(
        self, database, signed_in, cdmo_qa
    ):
        make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
        pages = {key: _newest_shared(signed_in(key)) for key in ("sponsor_viewer", "cdmo_qa")}
        person = str(cdmo_qa.person_id)
        own, other = pages["cdmo_qa"], pages["sponsor_viewer"]
        assert f'"value": "{person}"' in own.replace("&quot;", '"')
        assert f'"value": "{person}"' not in other.replace("&quot;", '"')
        assert other.count("Known to the side that acted") == 7
        assert own.count("Known to the side that acted") == 0


def _newest_shared(client: Client) -> str:
    seq = next(seq for seq, kind, _, _ in reversed(entries_of(cast.PROGRAM)) if kind == "notice.released")
    return client.get(f"/ledger/{cast.PROGRAM}/shared/{seq}/").content.decode()


def test_a_repeat_by_who_no_longer_sees_the_record_is_not_found(database, api, cdmo_system):
    """An answer from before is looked up with the rights of now."""
    at = make.now().isoformat()
    stated = {"program": str(cast.PROGRAM), "title": make.TITLE, "description": make.WORDS}
    body = stated | {"occurred_at": at, "detected_at": at}
    sent = {"content_type": "application/json", "headers": {"Idempotency-Key": "again"}}
    assert api("cdmo_system").post(DEVIATIONS, body, **sent).status_code == 201
    setup = system_actor("setup", cast.CDMO, cast.PROGRAM)
    with reading(setup):
        seats = Assignment.objects.visible_to(setup).filter(person_id=cdmo_system.person_id)
        ids = list(seats.values_list("pk", flat=True))
    for seat in ids:
        people.end_assignment(setup, seat, reason="System replaced.")
    assert api("cdmo_system").post(DEVIATIONS, body, **sent).status_code == 404
