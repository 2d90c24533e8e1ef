"""The log page: who may open it, what it fills, one deviation however often the form arrives."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from batches.models import BatchSample
from deviations.actions.signals import raise_signal
from deviations.models import Deviation
from portal.action import reading
from portal.models import Attachment
from tests.deviations.conftest import kinds, seen_by
from tests.factories import batches, cast, executed, monitoring
from tests.factories import deviations as make

PNG = b"\x89PNG\r\n\x1a\n a photo of the display"
SITE = ZoneInfo("Europe/Stockholm")
URL = "/deviations/new/"


def site(at):
    return at.astimezone(SITE).strftime("%Y-%m-%dT%H:%M")


def filled(where, **given):
    at = make.now()
    return {
        "token": "0123456789abcdef",
        "title": "Agitator stopped for 40 s",
        "description": "The agitator stopped at the change of the feed line.",
        "where": str(where),
        "occurred_at": site(at - timedelta(hours=2)),
        "detected_at": site(at - timedelta(hours=1)),
    } | given


@pytest.fixture
def running(database):
    return batches.batch(number="B-2417")


def test_the_form_offers_the_batches_of_ones_own_programs_and_starts_now(running, signed_in):
    page = signed_in("cdmo_shift_lead").get(URL)
    text = page.content.decode()
    assert page.status_code == 200
    assert "B-2417" in text
    assert "CANARY" not in text
    assert f'value="{site(make.now())}"' in text


def test_standing_at_a_batch_fills_batch_and_steps(running, signed_in):
    page = signed_in("cdmo_operator").get(f"{URL}?batch={running.pk}")
    text = page.content.decode()
    assert f'<option value="{running.pk}" selected>' in text
    assert "Production</option>" in text


def test_another_batch_asks_for_its_steps_and_keeps_the_times(running, signed_in):
    page = signed_in("cdmo_operator").get(
        f"{URL}?where={running.pk}&occurred_at=2026-01-02T03:04", headers={"HX-Request": "true"}
    )
    text = page.content.decode()
    assert text.lstrip().startswith('<div class="form" id="place">')
    assert "Harvest</option>" in text
    assert 'value="2026-01-02T03:04"' in text


def test_a_batch_that_is_not_to_be_seen_is_not_there(running, signed_in):
    foreign = batches.batch(cast.RIVAL_PROGRAM, number="CANARY-1")
    client = signed_in("cdmo_shift_lead")
    assert client.get(f"{URL}?batch={foreign.pk}").status_code == 404
    assert client.get(f"{URL}?batch={make.unknown_id()}").status_code == 404
    assert client.get(f"{URL}?excursion={make.unknown_id()}").status_code == 404


@pytest.mark.parametrize("key", ["sponsor_qa", "sponsor_viewer", "rival_sponsor_qa", "inspector"])
def test_whoever_reports_nothing_is_told_whose_step_it_is(running, signed_in, key):
    client = signed_in(key)
    for page in (client.get(URL), client.post(URL, filled(running.pk))):
        assert page.status_code == 403
        assert "Your role here does not include it" in page.content.decode()
    assert kinds(cast.PROGRAM).count("deviation.reported") == 0


def test_sending_logs_it_with_batch_step_and_site_time(running, signed_in, cdmo_operator):
    client = signed_in("cdmo_operator")
    sent = filled(running.pk, suggested_class="minor")
    page = client.post(URL, sent)
    (found,) = seen_by(cdmo_operator, Deviation)
    assert page.status_code == 303
    assert page.headers["Location"] == f"/deviations/{found.pk}/logged/?draft="
    assert (found.batch_id, found.phase_id, found.audience) == (
        running.pk,
        running.phase_id,
        "manufacturer",
    )
    assert (site(found.occurred_at), site(found.detected_at)) == (sent["occurred_at"], sent["detected_at"])
    confirmation = client.get(page.headers["Location"]).content.decode()
    assert found.number in confirmation
    assert "CDMO QA gives the class" in confirmation
    assert f'data-draft-clear="log-deviation-{cdmo_operator.person_id}-plain"' in confirmation


def test_something_without_a_batch_belongs_to_the_program(running, signed_in, cdmo_operator):
    signed_in("cdmo_operator").post(URL, filled(cast.SECOND_PROGRAM))
    (found,) = seen_by(cdmo_operator, Deviation)
    assert (found.space_id, found.batch_id) == (cast.SECOND_PROGRAM, None)


def test_the_same_form_sent_twice_makes_one_deviation_and_one_photo(running, signed_in, cdmo_operator):
    client = signed_in("cdmo_operator")
    sent = filled(running.pk)
    first = client.post(URL, sent | {"photos": SimpleUploadedFile("display.png", PNG)})
    second = client.post(URL, sent | {"photos": SimpleUploadedFile("display.png", PNG)})
    assert first.headers["Location"] == second.headers["Location"]
    assert len(seen_by(cdmo_operator, Deviation)) == 1
    assert len(seen_by(cdmo_operator, Attachment)) == 1
    assert kinds()[-2:] == ["deviation.reported", "file.attached"]
    assert kinds().count("file.attached") == 1


def test_a_spent_form_with_other_words_is_asked_about_not_swallowed(running, signed_in, cdmo_operator):
    client = signed_in("cdmo_operator")
    client.post(URL, filled(running.pk))
    changed = filled(running.pk, title="Another thing altogether")
    page = client.post(URL, changed)
    text = page.content.decode()
    assert page.status_code == 422
    assert "This form has made a deviation already" in text
    assert "Another thing altogether" in text
    assert changed["token"] not in text
    assert len(seen_by(cdmo_operator, Deviation)) == 1


def test_a_photo_that_is_refused_is_named_and_the_deviation_stands(running, signed_in, cdmo_operator):
    client = signed_in("cdmo_operator")
    files = [SimpleUploadedFile("a.html", b"<script>alert(1)</script>"), SimpleUploadedFile("b.png", PNG)]
    page = client.post(URL, filled(running.pk) | {"photos": files}, follow=True)
    text = page.content.decode()
    assert "a.html was not attached" in text
    assert "<script>alert(1)" not in text
    assert [str(each.name) for each in seen_by(cdmo_operator, Attachment)] == ["b.png"]
    assert len(seen_by(cdmo_operator, Deviation)) == 1


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(running, signed_in, cdmo_operator):
    at = make.now()
    late = {
        "title": "ab",
        "occurred_at": site(at),
        "detected_at": site(at - timedelta(days=2)),
        "where": str(running.pk),
    }
    page = signed_in("cdmo_operator").post(URL, filled(running.pk) | late)
    text = page.content.decode()
    assert page.status_code == 400
    assert "At least 3 characters." in text
    assert "The agitator stopped at the change of the feed line." in text
    assert seen_by(cdmo_operator, Deviation) == []


def test_what_the_action_refuses_is_said_at_the_field(running, signed_in):
    at = make.now()
    sent = filled(
        running.pk, occurred_at=site(at - timedelta(days=3)), detected_at=site(at - timedelta(days=2))
    )
    page = signed_in("cdmo_operator").post(URL, sent)
    text = page.content.decode()
    assert page.status_code == 400
    assert "Recorded more than 24 h after awareness" in text
    assert '<details class="more" open>' in text


@pytest.mark.parametrize("where", ["", "nonsense", "12", str(cast.RIVAL_PROGRAM), "\x00"])
def test_a_place_that_is_not_offered_is_refused_at_its_field(running, signed_in, cdmo_shift_lead, where):
    page = signed_in("cdmo_shift_lead").post(URL, filled(where))
    assert page.status_code == 400
    assert seen_by(cdmo_shift_lead, Deviation) == []


def test_a_text_of_20000_characters_with_line_breaks_is_taken(running, signed_in, cdmo_operator):
    words = "\r\n".join(["x" * 9_999, "y" * 10_000])
    page = signed_in("cdmo_operator").post(URL, filled(running.pk, description=words))
    (found,) = seen_by(cdmo_operator, Deviation)
    assert page.status_code == 303
    assert found.description == words.replace("\r\n", "\n")


def test_only_who_may_log_one_has_a_confirmation(running, signed_in, cdmo_qa):
    page = signed_in("cdmo_operator").post(URL, filled(running.pk))
    (found,) = seen_by(cdmo_qa, Deviation)
    make.release(cdmo_qa, make.triage(cdmo_qa, found))
    for key in ("sponsor_qa", "sponsor_viewer", "rival_sponsor_qa"):
        assert signed_in(key).get(page.headers["Location"]).status_code == 404


def test_an_excursion_fills_the_form(running, signed_in, gateway, cdmo_operator):
    from batches.actions.readings import take_frame
    from batches.models import Excursion

    start = batches.now() - timedelta(hours=2)
    body = batches.frame(*batches.course([36.5] * 20 + [38.0] * 200 + [36.5] * 20, start=start))
    take_frame(gateway, running.pk, body=body, media_type="application/json")
    with reading(cdmo_operator):
        found = Excursion.objects.visible_to(cdmo_operator).get(limit_kind="par")
    client = signed_in("cdmo_operator")
    page = client.get(f"{URL}?excursion={found.pk}")
    text = page.content.decode()
    assert "B-2417: temperature outside PAR" in text
    assert "exceeded the PAR of 35.5-37.5" in text
    assert f'name="excursion_id" value="{found.pk}"' in text
    sent = filled(running.pk, excursion_id=str(found.pk))
    client.post(f"{URL}?excursion={found.pk}", sent)
    (made,) = seen_by(cdmo_operator, Deviation)
    assert made.excursion_id == found.pk


def test_two_clicks_at_the_same_moment_make_one_deviation(own_database, signed_in, cdmo_operator):
    running = batches.batch(number="B-2417")
    client = signed_in("cdmo_operator")
    sent = filled(running.pk)

    def click(_number):
        try:
            return client.post(URL, sent).headers["Location"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        addresses = set(pool.map(click, range(2)))
    (found,) = seen_by(cdmo_operator, Deviation)
    assert addresses == {f"/deviations/{found.pk}/logged/?draft="}


def test_a_label_brings_the_batch_that_runs_on_the_equipment_and_names_it(database, signed_in, cdmo_operator):
    running = batches.batch(number="B-2417", equipment="BR-203")
    client = signed_in("cdmo_operator")
    for label in ("B-2417", "BR-203", " BR-203 "):
        text = client.get(URL, {"at": label}).content.decode()
        assert f'<option value="{running.pk}" selected>' in text
        assert 'name="asset" value="BR-203"' in text
    client.post(URL, filled(running.pk, asset="BR-203"))
    (found,) = seen_by(cdmo_operator, Deviation)
    assert found.asset == "BR-203"


def test_equipment_on_which_two_batches_run_brings_none_of_them(database, signed_in):
    for number in ("B-2417", "B-2418"):
        batches.batch(number=number, equipment="BR-203")
    text = signed_in("cdmo_operator").get(URL, {"at": "BR-203"}).content.decode()
    assert 'name="asset" value="BR-203"' in text
    assert "selected>B-24" not in text


def test_a_label_of_another_client_reads_like_one_of_nobody(running, signed_in):
    batches.batch(cast.RIVAL_PROGRAM, number="CANARY-1", equipment="CANARY-BR")
    client = signed_in("cdmo_shift_lead")
    told = []
    for label in ("CANARY-1", "CANARY-BR", "NOTHING-1"):
        page = client.get(URL, {"at": label})
        assert page.status_code == 200
        text = page.content.decode()
        assert f"No batch, equipment or room here has the code {label}." in text
        told.append(text.count("selected"))
    assert len(set(told)) == 1


def test_labels_are_printed_for_ones_own_ground_alone(database, signed_in):
    batches.batch(number="B-2417", equipment="BR-203")
    batches.batch(cast.RIVAL_PROGRAM, number="CANARY-1", equipment="CANARY-BR")
    text = signed_in("cdmo_shift_lead").get("/deviations/labels/").content.decode()
    codes = re.findall(r'class="label-code">([^<]*)<', text)
    assert codes[:2] == ["B-2417", "BR-203"]
    assert text.count('<svg class="qr"') == len(codes)
    assert "CANARY" not in text
    assert (
        signed_in("cdmo_shift_lead").get("/deviations/labels/?code=BR-203").content.count(b"label-code") == 1
    )
    assert signed_in("rival_sponsor_qa").get("/deviations/labels/").status_code == 403


def test_a_copy_from_the_queue_of_a_device_is_the_deviation_that_was_made_at_once(
    running, signed_in, cdmo_operator
):
    client, at = signed_in("cdmo_operator"), make.now() - timedelta(minutes=20)
    sent = filled(running.pk)
    client.post(URL, sent)
    entered = sent | {"entered_at": at.isoformat(), "queue_person": str(cdmo_operator.person_id)}
    again = client.post(URL, entered, headers={"Accept": "application/json"})
    (found,) = seen_by(cdmo_operator, Deviation)
    assert (again.status_code, again.json()["url"]) == (201, f"/deviations/{found.pk}/logged/")
    assert found.entered_at is None


def test_a_device_without_connection_keeps_the_time_at_which_it_took_the_draft(
    running, signed_in, cdmo_operator
):
    at = (make.now() - timedelta(minutes=20)).replace(microsecond=0)
    client = signed_in("cdmo_operator")
    client.post(URL, filled(running.pk, entered_at=at.isoformat()), headers={"Accept": "application/json"})
    (found,) = seen_by(cdmo_operator, Deviation)
    assert found.entered_at == at < found.recorded_at
    assert "On a device without connection" in client.get(f"/deviations/{found.pk}/").content.decode()


@pytest.mark.parametrize("said", ["yesterday", "2031-01-01T00:00:00+00:00", "2026-01-01T00:00:00"])
def test_a_device_whose_clock_cannot_be_right_states_no_time(running, signed_in, cdmo_operator, said):
    signed_in("cdmo_operator").post(URL, filled(running.pk, entered_at=said))
    (found,) = seen_by(cdmo_operator, Deviation)
    assert found.entered_at is None


def test_a_draft_that_is_refused_comes_back_to_its_device_in_words(running, signed_in, cdmo_operator):
    client = signed_in("cdmo_operator")
    page = client.post(URL, filled(running.pk, title="X"), headers={"Accept": "application/json"})
    assert page.status_code == 400
    assert page.json() == {"errors": ["What happened, in one line: At least 3 characters."]}
    assert seen_by(cdmo_operator, Deviation) == []


def test_a_photo_of_sixty_megabytes_is_refused_in_words_and_the_deviation_stands(
    running, signed_in, cdmo_operator
):
    large = SimpleUploadedFile("hall.jpg", b"\xff\xd8\xff" + bytes(60_000_000))
    sent = filled(running.pk) | {"photos": large}
    said = signed_in("cdmo_operator").post(URL, sent, headers={"Accept": "application/json"}).json()
    assert said["refused"] == [
        "hall.jpg was not attached: It has 60000003 bytes; at most 15728640 are taken."
    ]
    assert len(seen_by(cdmo_operator, Deviation)) == 1
    assert seen_by(cdmo_operator, Attachment) == []


def test_the_queue_of_a_device_learns_who_is_signed_in_and_nothing_else(running, signed_in, cdmo_operator):
    page = signed_in("cdmo_operator").get(f"{URL}ready/")
    assert page.json().keys() == {"person", "csrf"}
    assert page.json()["person"] == str(cdmo_operator.person_id)
    assert page.headers["Cache-Control"] == "no-store"
    for key in ("sponsor_qa", "rival_sponsor_qa", "inspector"):
        assert signed_in(key).get(f"{URL}ready/").status_code == 403


def test_a_laboratory_result_becomes_a_deviation_in_one_step_with_its_values_attached(
    running, signed_in, cdmo_operator, cdmo_qa
):
    result = executed.result(running, sample="S-7", parameter="TEMP", value="12.5")
    client = signed_in("cdmo_operator")
    page = client.get(URL, {"result": str(result.pk)}).content.decode()
    assert "sample S-7" in page
    assert f'<option value="{running.pk}" selected>' in page
    assert f'name="source" value="result:{result.pk}"' in page
    sent = filled(running.pk, source=f"result:{result.pk}")
    for _turn in range(2):
        client.post(URL, sent)
    (file,) = seen_by(cdmo_qa, Attachment)
    assert file.name == "result-S-7.csv"
    assert file.media_type == "text/csv"
    (found,) = seen_by(cdmo_qa, Deviation)
    assert file.subject_id == found.pk


def test_a_signal_is_logged_from_and_a_foreign_source_is_not_there(
    running, signed_in, cdmo_shift_lead, cdmo_qa
):
    said = {"title": "The curve looks odd", "description": "It rises faster than on other days."}
    signal = raise_signal(cdmo_shift_lead, cast.PROGRAM, batch_id=running.pk, **said)
    client = signed_in("cdmo_shift_lead")
    page = client.get(URL, {"signal": str(signal.pk)}).content.decode()
    assert f"Opened from early signal {signal.number}" in page
    client.post(URL, filled(running.pk, source=f"signal:{signal.pk}"))
    assert [each.name for each in seen_by(cdmo_qa, Attachment)] == [f"signal-{signal.number}.csv"]
    foreign = batches.batch(cast.RIVAL_PROGRAM, number="CANARY-1")
    hidden = executed.result(foreign, "cdmo_qa", sample="CANARY-S", parameter="TEMP", value="1")
    assert client.get(URL, {"result": str(hidden.pk)}).status_code == 404
    client.post(URL, filled(running.pk, token="f" * 16, source=f"result:{hidden.pk}"))
    assert len(seen_by(cdmo_qa, Attachment)) == 1


def test_a_plate_of_the_monitoring_becomes_a_deviation_in_one_step(running, signed_in, cdmo_qa):
    monitoring.point()
    session = monitoring.session()
    monitoring.confirmed(monitoring.grown(session, "SP-3", value=1))
    monitoring.covered(session, running)
    (sample,) = seen_by(cdmo_qa, BatchSample)
    client = signed_in("cdmo_qa")
    page = client.get(URL, {"sample": str(sample.pk)}).content.decode()
    assert "SP-3 at L4-A1" in page
    before = len(seen_by(cdmo_qa, Attachment))
    client.post(URL, filled(running.pk, source=f"sample:{sample.pk}"))
    assert len(seen_by(cdmo_qa, Attachment)) == before + 1
    shown = client.get(f"/batches/{running.pk}/environment/").content.decode()
    assert f"/deviations/new/?sample={sample.pk}" in shown
