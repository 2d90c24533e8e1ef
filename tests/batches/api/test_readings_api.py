import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from batches.actions.cycle import complete_batch
from batches.frames import MAX_BYTES
from batches.models import FrameAnswer
from batches.queries.frames import frame_answer
from config.handler import body_bytes_max
from portal.action import reading
from portal.actions.people import end_assignment
from portal.actor import system_actor
from portal.errors import NotFound
from portal.models import Assignment
from tests.factories import batches as make
from tests.factories import cast

JSON = "application/json"
NAUGHTY = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "naughty-inputs" / "blns.json"
# A few of the same kind, so that the test stands without the file too.
WORDS = [
    "",
    "NaN",
    "1/0",
    "\u202etest",
    "𝕋𝕖𝕞𝕡",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "../../etc",
    "null",
]


@pytest.fixture
def batch(database):
    return make.batch()


@pytest.fixture
def start():
    return make.now() - timedelta(minutes=10)


def answers(actor):
    """What frames were answered, as far as the actor sees it."""
    with reading(actor):
        return list(FrameAnswer.objects.visible_to(actor))


def url(batch, what="readings"):
    return f"/api/v1/batches/{batch.pk}/{what}/"


def post(client, batch, body, media_type=JSON, **headers):
    return client.post(url(batch), body, content_type=media_type, headers=headers)


class TestReadings:
    def test_a_frame_is_answered_as_promised(self, batch, start, api):
        rows = [*make.course([36.5, 36.6], start=start), ("NONE", start, 1.0)]
        answer = post(api("gateway"), batch, make.frame(*rows))
        assert answer.status_code == 200
        body = answer.json()
        assert set(body) == {"accepted", "duplicates", "refused"}
        assert (body["accepted"], body["duplicates"]) == (2, 0)
        (refused,) = body["refused"]
        assert (refused["row"], refused["code"]) == (2, "unknown_parameter")
        assert '"NONE"' in refused["detail"]

    def test_a_repeat_under_the_same_key_answers_the_same(self, batch, start, api):
        rows = [("TEMP", start, 36.5), ("LOAD", start, 5.0), ("NONE", start, 1.0), ("TEMP", start, 36.5)]
        body, key = make.frame(*rows), {"Idempotency-Key": "frame-1"}
        first = post(api("gateway"), batch, body, **key)
        again = post(api("gateway"), batch, body, **key)
        assert first.json() == again.json()
        assert (first.json()["accepted"], first.json()["duplicates"]) == (2, 1)
        assert again.headers["Idempotent-Replayed"] == "true"
        other = post(api("gateway"), batch, make.frame(("TEMP", start, 1.0)), **key)
        assert other.status_code == 422

    def test_a_frame_of_which_nothing_was_new_repeats_as_well(self, batch, start, api):
        body = make.frame(("TEMP", start, 36.5))
        post(api("gateway"), batch, body)
        first = post(api("gateway"), batch, body, **{"Idempotency-Key": "frame-2"})
        again = post(api("gateway"), batch, body, **{"Idempotency-Key": "frame-2"})
        assert first.json() == again.json() == {"accepted": 0, "duplicates": 1, "refused": []}

    def test_a_gateway_may_repeat_its_frame_when_the_batch_has_ended(self, batch, start, api, cdmo_qa):
        rows = [("TEMP", start, 36.5), ("LOAD", start, 5.0), ("NONE", start, 1.0), ("TEMP", start, 36.5)]
        body, key = make.frame(*rows), {"Idempotency-Key": "frame-1"}
        first = post(api("gateway"), batch, body, **key)
        complete_batch(cdmo_qa, batch.pk, version=1)
        told = make.facts(batch)
        again = post(api("gateway"), batch, body, **key)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
        assert again.json() == first.json()
        assert [row["row"] for row in again.json()["refused"]] == [2]
        assert make.facts(batch) == told
        new = post(api("gateway"), batch, body, **{"Idempotency-Key": "frame-2"})
        assert (new.status_code, new.json()["code"]) == (409, "batch_not_running")

    def test_a_frame_of_which_nothing_could_be_taken_repeats_as_well(self, batch, start, api, cdmo_qa):
        body, key = make.frame(("NONE", start, 1.0)), {"Idempotency-Key": "frame-3"}
        first = post(api("gateway"), batch, body, **key)
        complete_batch(cdmo_qa, batch.pk, version=1)
        again = post(api("gateway"), batch, body, **key)
        assert first.json() == again.json()
        assert (again.json()["accepted"], again.json()["refused"][0]["code"]) == (0, "unknown_parameter")

    def test_a_repeat_says_what_was_taken_then_and_not_what_would_be_taken_now(self, batch, start, api):
        key, rows = {"Idempotency-Key": "frame-4"}, make.course([36.5, 36.6], start=start)
        first = post(api("gateway"), batch, make.frame(*rows), **key)
        post(api("gateway"), batch, make.frame(*make.course([36.5], start=start + timedelta(minutes=1))))
        again = post(api("gateway"), batch, make.frame(*rows), **key)
        assert first.json() == again.json() == {"accepted": 2, "duplicates": 0, "refused": []}

    def test_a_gateway_that_has_lost_its_seat_repeats_into_a_404(self, batch, start, api, gateway):
        body, key = make.frame(("TEMP", start, 36.5)), {"Idempotency-Key": "frame-5"}
        post(api("gateway"), batch, body, **key)
        admin = system_actor("setup", cast.CDMO, cast.PARTNERSHIP, cast.PROGRAM)
        with reading(admin):
            seats = list(Assignment.objects.visible_to(admin).filter(person_id=gateway.person_id))
        for seat in seats:
            end_assignment(admin, seat.pk, reason="The gateway is taken down.")
        assert post(api("gateway"), batch, body, **key).status_code == 404

    def test_what_a_frame_was_told_is_nothing_for_the_rival(
        self, batch, start, api, gateway, rival_sponsor_qa
    ):
        post(api("gateway"), batch, make.frame(("TEMP", start, 36.5)), **{"Idempotency-Key": "frame-7"})
        (kept,) = answers(gateway)
        assert answers(rival_sponsor_qa) == []
        with reading(rival_sponsor_qa), pytest.raises(NotFound):
            frame_answer(rival_sponsor_qa, kept.pk)

    def test_what_a_frame_was_told_is_nothing_for_the_sponsor(self, batch, start, api, gateway, sponsor_qa):
        post(api("gateway"), batch, make.frame(("LOAD", start, 5.0)), **{"Idempotency-Key": "frame-6"})
        assert len(answers(gateway)) == 1
        assert answers(sponsor_qa) == []

    def test_without_a_key_nothing_is_kept_for_a_repeat(self, batch, start, api, gateway):
        post(api("gateway"), batch, make.frame(("TEMP", start, 36.5)))
        assert answers(gateway) == []

    def test_wrong_hands_are_refused(self, batch, start, api, signed_in):
        body = make.frame(("TEMP", start, 36.5))
        for key in ("cdmo_system", "sponsor_system", "rival_system"):
            assert post(api(key), batch, body).json()["code"] == "scope_missing"
        assert post(signed_in("sponsor_qa"), batch, body).status_code == 403
        assert post(signed_in("rival_sponsor_qa"), batch, body).status_code == 404
        assert post(signed_in("cdmo_shift_lead"), batch, body).status_code == 200

    def test_an_unknown_and_a_foreign_batch_are_one_answer(self, batch, start, api):
        foreign = make.batch(cast.RIVAL_PROGRAM, number="CANARY-1")
        unknown = api("gateway").post(f"/api/v1/batches/{uuid4()}/readings/", b"{}", content_type=JSON)
        theirs = post(api("gateway"), foreign, make.frame(("TEMP", start, 36.5)))
        assert (unknown.status_code, theirs.status_code) == (404, 404)
        assert unknown.json() == theirs.json()

    def test_a_completed_batch_is_refused_by_name(self, batch, start, api, cdmo_qa):
        complete_batch(cdmo_qa, batch.pk, version=1)
        answer = post(api("gateway"), batch, make.frame(("TEMP", start, 36.5)))
        assert (answer.status_code, answer.json()["code"]) == (409, "batch_not_running")
        assert "B-1 is complete" in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("frame", "status", "code"),
        [
            ((b"{", JSON), 400, "broken_json"),
            ((b" ", JSON), 400, "broken_json"),
            ((b"[]", JSON), 400, "wrong_shape"),
            ((b'{"readings":[],"x":1}', JSON), 400, "wrong_shape"),
            ((b"\xff", JSON), 400, "not_utf8"),
            ((b"a\x00b", JSON), 400, "nul_character"),
            ((b"x", "text/plain"), 415, "unsupported_media_type"),
            ((b"x", "multipart/form-data"), 415, "unsupported_media_type"),
            ((b"temp,at,value\n", "text/csv"), 400, "no_header"),
        ],
    )
    def test_what_cannot_be_read_is_a_problem_that_says_why(self, batch, api, frame, status, code):
        answer = post(api("gateway"), batch, *frame)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_a_hundred_thousand_rows_are_taken_and_one_more_is_not(self, batch, api):
        began = batch.started_at.replace(microsecond=0)
        stamps = [(began + timedelta(milliseconds=500 * n)).isoformat() for n in range(100_001)]
        lines = [f"TEMP,{stamp},36.5" for stamp in stamps]
        most = "\n".join(["parameter,at,value", *lines[:100_000]])
        taken = post(api("gateway"), batch, most.encode(), "text/csv")
        assert taken.json() == {"accepted": 100_000, "duplicates": 0, "refused": []}
        more = "\n".join(["parameter,at,value", *lines])
        refused = post(api("gateway"), batch, more.encode(), "text/csv")
        assert (refused.status_code, refused.json()["code"]) == (413, "too_many_rows")
        assert "100,000 rows" in refused.json()["detail"]

    def test_the_door_lets_in_sixteen_megabytes_of_readings_and_no_more(self, batch):
        # That it holds to this is seen at a real server: tests/portal/test_doorstep.py.
        assert body_bytes_max(url(batch), {}) == MAX_BYTES == 16 * 1024 * 1024

    def test_naughty_words_never_break_it(self, batch, start, api):
        words = json.loads(NAUGHTY.read_text()) if NAUGHTY.exists() else WORDS
        at = start.isoformat()
        rows = [{"parameter": word, "at": at, "value": 1} for word in words]
        rows += [{"parameter": "TEMP", "at": word, "value": 1} for word in words]
        rows += [{"parameter": "TEMP", "at": at, "value": word} for word in words]
        rows += [{"parameter": "TEMP", "at": at, "value": 1, "unit": word} for word in words]
        rows += [{"parameter": "TEMP", "at": at, "value": 36.5, word: 1} for word in words]
        frame, key = json.dumps({"readings": rows}).encode(), {"Idempotency-Key": "naughty"}
        answer = post(api("gateway"), batch, frame, **key)
        assert answer.status_code == 200
        body = answer.json()
        assert post(api("gateway"), batch, frame, **key).json() == body
        # Only the rows with an empty unit, or with none, can be taken: all of one instant.
        assert body["accepted"] <= 1
        assert body["accepted"] + body["duplicates"] + len(body["refused"]) == len(rows)
        for word in words[::40]:
            for media_type in (JSON, "application/x-ndjson", "text/csv"):
                assert post(api("gateway"), batch, word.encode() or b" ", media_type).status_code < 500
        for word in ("", "\n", "parameter,at,value\n"):
            lines = word + "\n".join(words)
            for media_type in (JSON, "application/x-ndjson", "text/csv"):
                assert post(api("gateway"), batch, lines.encode(), media_type).status_code in (200, 400)

    def test_naughty_query_strings_never_break_it(self, batch, api):
        words = json.loads(NAUGHTY.read_text())[::40] if NAUGHTY.exists() else WORDS
        client = api("gateway")
        for word in words:
            for name in ("parameter", "from", "to", "points"):
                given = {"parameter": "TEMP"} | {name: word}
                assert client.get(url(batch, "series"), given).status_code in (200, 400)
            for path in ("batches", "excursions", "recipes"):
                for name in ("program", "state", "batch", "cursor", "page_size"):
                    status = client.get(f"/api/v1/{path}/", {name: word}).status_code
                    assert status in (200, 400, 404), (path, name, word)


class TestSeries:
    def test_a_window_is_answered_in_milliseconds(self, batch, start, api, gateway):
        start = start.replace(microsecond=0)
        make.send(gateway, batch, make.course([36.5, 36.6], start=start))
        given = {"parameter": "TEMP", "from": start.isoformat(), "points": "10"}
        body = api("sponsor_system").get(url(batch, "series"), given).json()
        ms = int(start.timestamp() * 1000)
        members = {"parameter", "unit", "data_kind", "from", "to", "points", "limits", "phases", "marks"}
        assert set(body) == members
        assert (body["parameter"], body["unit"], body["data_kind"]) == ("TEMP", "°C", "online")
        assert body["points"] == [[ms, 36.5], [ms + 10_000, 36.6]]
        assert body["from"] == ms
        assert [limit["kind"] for limit in body["limits"]] == ["action", "nor", "par"]

    def test_a_plus_in_the_query_may_come_as_a_space(self, batch, start, api):
        given = {"parameter": "TEMP", "from": start.isoformat().replace("+", " ")}
        assert api("gateway").get(url(batch, "series"), given).status_code == 200

    @pytest.mark.parametrize(
        ("name", "word"),
        [
            ("from", "yesterday"),
            ("from", "2026-03-01T08:00:00"),
            ("to", "0001-01-01T00:00:00+14:00"),
            ("to", "9999-12-31T23:59:59-12:00"),
            ("points", "-5"),
            ("points", "1e3"),
            ("points", "99999999999"),
            ("points", "9"),
            ("parameter", "NONE"),
        ],
    )
    def test_bad_values_are_named(self, batch, api, name, word):
        answer = api("gateway").get(url(batch, "series"), {"parameter": "TEMP"} | {name: word})
        assert answer.status_code == 400
        assert name in answer.json()["errors"]

    def test_a_nul_character_is_refused_and_is_no_fault_of_ours(self, batch, api):
        assert api("gateway").get(url(batch, "series"), {"parameter": "\x00"}).status_code == 400

    def test_a_rival_finds_nothing(self, batch, api):
        assert api("rival_system").get(url(batch, "series"), {"parameter": "TEMP"}).status_code == 404


class TestExcursions:
    def test_they_are_listed_and_shown_as_they_stand(self, batch, start, api, gateway):
        for place, value in enumerate([37.1, 37.2]):
            make.send(gateway, batch, make.course([value], start=start + timedelta(seconds=10 * place)))
        answer = api("sponsor_system").get("/api/v1/excursions/", {"batch": str(batch.pk)})
        (row,) = answer.json()["results"]
        assert (row["state"], row["direction"], row["bound"], row["extreme"]) == ("open", "high", "37", 37.2)
        assert (row["readings"], row["duration_s"], row["ended_at"]) == (2, 10.0, None)
        assert row["batch"] == {"id": str(batch.pk), "number": "B-1"}
        assert row["limit"]["kind"] == "nor"
        shown = api("sponsor_system").get(f"/api/v1/excursions/{row['id']}/")
        assert shown.json() == row
        assert api("rival_system").get(f"/api/v1/excursions/{row['id']}/").status_code == 404
        assert api("rival_system").get("/api/v1/excursions/").json()["results"] == []

    def test_they_are_filtered(self, batch, start, api, gateway):
        make.send(gateway, batch, make.course([37.1, 36.5], start=start))
        client = api("gateway")
        assert len(client.get("/api/v1/excursions/", {"state": "closed"}).json()["results"]) == 1
        assert client.get("/api/v1/excursions/", {"state": "open"}).json()["results"] == []
        assert client.get("/api/v1/excursions/", {"batch": str(uuid4())}).json()["results"] == []
        assert client.get("/api/v1/excursions/", {"state": "odd"}).status_code == 400
