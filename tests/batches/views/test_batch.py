from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from batches.actions.cycle import complete_batch
from batches.specs import StepSpec
from batches.states import Level
from tests.batches.views.scenes import excursions_of, feed, fresh, outside, state_of
from tests.factories import batches, cast, deviations
from tests.factories.disposing import complete


def chart_of(text):
    found = re.search(r'<script[^>]*type="application/json">(\{"batch".*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def address(batch):
    return f"/batches/{batch.pk}/"


@pytest.fixture
def batch(database):
    return batches.batch(
        number="B-2417", title="AV-101 drug substance", equipment="BR-203", external_id="LOT-7"
    )


class TestReading:
    def test_both_sides_read_what_stands_in_the_head(self, page, batch):
        for key in ("cdmo_shift_lead", "cdmo_operator", "sponsor_viewer", "inspector"):
            status, text = page(key, address(batch))
            assert status == 200
            for words in ("B-2417 AV-101 drug substance", "BR-203", "LOT-7", "MBR-B-2417", "In process"):
                assert words in text
            assert "Unreviewed copy, for information; no instruction to the floor." in text

    def test_the_rival_and_strangers_read_nothing(self, page, batch, client):
        assert page("rival_sponsor_qa", address(batch))[0] == 404
        assert page("sponsor_viewer", f"/batches/{deviations.unknown_id()}/")[0] == 404
        assert client.get(address(batch)).status_code == 302

    def test_parameters_show_value_unit_age_and_the_limits_of_the_phase(self, page, batch):
        feed(batch, *fresh())
        _, text = page("sponsor_viewer", address(batch))
        row = re.search(r'<tr data-parameter="TEMP".*?</tr>', text, re.DOTALL)[0]
        assert "<strong>Temperature</strong>" in row
        assert "CPP, online, every 10 s" in row
        assert '<b data-value>36.5</b> <span class="unit">°C</span>' in row
        assert "36.0 to 37.0" in row
        assert "35.5 to 37.5" in row
        assert "data-stale-after" in row

    def test_a_parameter_inside_the_cdmo_is_nowhere_on_the_sponsors_page(self, page, batch):
        feed(batch, *fresh(), *fresh("LOAD", (95.0, 97.0, 99.5)))
        inside, shown = page("cdmo_qa", address(batch))[1], page("sponsor_viewer", address(batch))[1]
        assert "Line load" in inside
        assert "CDMO internal" in inside
        assert [each["code"] for each in chart_of(inside)["parameters"]][-1] == "LOAD"
        for words in ("Line load", "LOAD", "99.5", "CDMO internal"):
            assert words not in shown
        assert [each["code"] for each in chart_of(shown)["parameters"]] == ["TEMP", "PH", "VALVE", "VCD"]

    def test_finished_batches_of_the_same_record_may_lie_under_the_chart(self, page, batch, cdmo_qa):
        feed(batch, *fresh())
        record = batches.recipe(number="MBR-9")
        here, before, running, dry = (
            batches.batch(number=number, of=record, running=timedelta(days=days))
            for number, days in (("B-1", 1), ("B-2", 9), ("B-3", 2), ("B-4", 8))
        )
        for each in (here, before, running):
            feed(each, *fresh())
        complete(cdmo_qa, before)
        complete(cdmo_qa, dry)
        (under,) = chart_of(page("sponsor_viewer", address(here))[1])["references"]
        assert (under["number"], under["series_url"]) == ("B-2", f"/api/v1/batches/{before.pk}/series/")
        assert [code for code, _at in under["phases"]] == ["growth"]
        # Another record is another process.
        assert chart_of(page("sponsor_viewer", address(batch))[1])["references"] == []

    def test_the_chart_asks_the_series_and_knows_phases_limits_and_marks(self, page, batch):
        feed(batch, *outside())
        chart = chart_of(page("sponsor_viewer", address(batch))[1])
        assert chart["series_url"] == f"/api/v1/batches/{batch.pk}/series/"
        (phase,) = chart["phases"]
        assert phase["name"] == "Growth"
        assert phase["limits"]["TEMP"] == {"action": [35.7, 37.3], "nor": [36.0, 37.0], "par": [35.5, 37.5]}
        labels = {each["label"] for each in chart["markers"]}
        assert labels == {
            f"Temperature {what}" for what in ("outside PAR", "above action limit", "outside NOR")
        }
        assert {each["tone"] for each in chart["markers"]} == {"warn", "watch"}
        # Nested stretches: only the gravest is tinted.
        assert [each["label"] for each in chart["markers"] if "to" in each] == ["Temperature outside PAR"]

    def test_the_series_answers_the_reader_of_the_page(self, page, batch, signed_in):
        feed(batch, *fresh())
        chart = chart_of(page("sponsor_viewer", address(batch))[1])
        answer = signed_in("sponsor_viewer").get(chart["series_url"], {"parameter": "TEMP", "points": 500})
        assert answer.status_code == 200
        assert [value for _, value in answer.json()["points"]] == [36.5, 36.6, 36.5]

    def test_excursions_are_listed_with_their_length_and_extreme(self, page, batch):
        feed(batch, *outside((38.2, 38.9, 38.2, 36.5)))
        par = excursions_of(batch, limit_kind="par")[0]
        _, text = page("sponsor_viewer", address(batch))
        assert f'<a href="/excursions/{par.pk}/">Temperature outside PAR</a>' in text
        assert "38.9 °C" in text
        assert "30 s" in text

    def test_deviations_are_listed_to_the_sponsor_once_released(self, page, batch, cdmo_qa):
        found = deviations.triage(
            cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk, title="Jacket valve stuck")
        )
        assert "Jacket valve stuck" in page("cdmo_operator", address(batch))[1]
        assert "Jacket valve stuck" not in page("sponsor_viewer", address(batch))[1]
        deviations.release(cdmo_qa, found)
        _, text = page("sponsor_viewer", address(batch))
        assert "Jacket valve stuck" in text
        assert found.number in text

    def test_the_timeline_tells_what_this_side_may_know(self, page, batch, cdmo_qa):
        feed(batch, *outside())
        deviations.report(cdmo_qa, batch_id=batch.pk)
        inside, shown = page("cdmo_qa", address(batch))[1], page("sponsor_viewer", address(batch))[1]
        for text in (inside, shown):
            assert "<strong>Started</strong> Growth" in text
            assert "<strong>Limit left</strong>" in text
        assert "Deviation opened" in inside
        assert "Deviation opened" not in shown

    def test_texts_are_never_rendered_raw(self, page, database):
        words = "<script>alert(1)</script>"
        hostile = batches.batch(number="<b>1</b>", title=words, equipment=words, external_id=words)
        for key in ("cdmo_qa", "sponsor_viewer"):
            _, text = page(key, address(hostile))
            assert "<script>alert(1)" not in text
            assert "<b>1</b>" not in text
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text

    def test_nothing_measured_says_when_the_curve_begins(self, page, database):
        planned = batches.batch(number="B-1", running=None)
        assert "The curve begins when the batch is started" in page("sponsor_viewer", address(planned))[1]
        assert "No readings have come" in page("sponsor_viewer", address(batches.batch(number="B-2")))[1]

    def test_a_live_part_is_that_part_alone(self, page, batch):
        for part in ("stand", "curve", "parameters", "outside", "deviations", "aside"):
            status, text = page("sponsor_viewer", f"{address(batch)}?part={part}")
            assert status == 200
            assert f'id="{part}"' in text
            assert "<html" not in text
        assert "<html" in page("sponsor_viewer", f"{address(batch)}?part=nonsense")[1]

    def test_a_limit_that_stands_in_for_another_is_named(self, page, database):
        measured = [batches.temperature(batches.limit("alert", 36.5, 37.5), batches.limit("spec", high=39))]
        found = batches.batch(of=batches.recipe(measured=measured))
        _, text = page("sponsor_viewer", address(found))
        assert "alert limit: 36.5 to 37.5" in text
        assert "specification: at most 39.0" in text

    def test_values_of_a_batch_that_is_over_have_a_time_and_no_age(self, page, batch, cdmo_qa):
        feed(batch, *fresh())
        complete_batch(cdmo_qa, batch.pk, version=batch.version)
        row = re.search(r'<tr data-parameter="TEMP".*?</tr>', page("cdmo_qa", address(batch))[1], re.DOTALL)[
            0
        ]
        assert "data-age" not in row
        assert '<time class="at"' in row

    def test_the_log_button_names_the_batch_and_is_for_the_cdmo(self, page, batch):
        link = f"/deviations/new/?batch={batch.pk}"
        assert link in page("cdmo_operator", address(batch))[1]
        assert link not in page("sponsor_viewer", address(batch))[1]

    def test_the_page_asks_the_same_for_one_of_each_and_for_three(self, page, batch, cdmo_qa, queries):
        def counted():
            with queries() as asked:
                page("cdmo_qa", address(batch))
            return len(asked)

        feed(batch, *outside((38.2, 36.5), ago=timedelta(minutes=50)))
        deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk))
        counted()
        one = counted()
        for minutes in (40, 30):
            feed(batch, *outside((38.2, 36.5), ago=timedelta(minutes=minutes)))
            deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk))
        assert counted() == one


class TestSteps:
    def post(self, client, batch, step, **given):
        return client.post(f"{address(batch)}{step}/", {"version": batch.version, **given})

    def test_each_reader_is_offered_what_their_role_may_do(self, page, batch):
        def offered(key):
            return re.findall(r'action="/batches/[^/]+/(\w+)/"', page(key, address(batch))[1])

        assert offered("cdmo_qa") == ["phase", "complete", "discontinue", "hold", "shelve"]
        assert offered("cdmo_shift_lead") == ["phase", "complete", "shelve"]
        for key in ("cdmo_operator", "sponsor_viewer", "sponsor_qa", "inspector"):
            assert offered(key) == []

    def test_a_binding_step_says_what_it_binds(self, page, batch):
        _, text = page("cdmo_qa", address(batch))
        assert "Binds: no more readings are taken, open excursions end, the readings are sealed." in text
        assert "It cannot be taken back." in text

    def test_a_planned_batch_is_started_in_its_first_phase(self, signed_in, database):
        planned = batches.batch(running=None)
        answer = self.post(signed_in("cdmo_shift_lead"), planned, "start")
        assert (answer.status_code, answer.headers["Location"]) == (303, address(planned))
        assert state_of(planned) == ("in_process", "growth", 2)

    def test_the_next_phase_is_chosen_already_and_moved_to(self, signed_in, page, batch):
        assert '<option value="production" selected>' in page("cdmo_shift_lead", address(batch))[1]
        client = signed_in("cdmo_shift_lead")
        assert self.post(client, batch, "phase", phase="production").status_code == 303
        assert "B-2417 is in Production; its limits apply." in client.get(address(batch)).content.decode()
        assert state_of(batch) == ("in_process", "production", 2)

    def test_a_time_at_the_site_is_the_instant_meant(self, signed_in, batch):
        from zoneinfo import ZoneInfo

        at = (
            (batches.now() - timedelta(minutes=30)).astimezone(ZoneInfo("Europe/Stockholm")).replace(second=0)
        )
        client = signed_in("cdmo_shift_lead")
        self.post(client, batch, "phase", phase="production", at=at.strftime("%Y-%m-%dT%H:%M"))
        states = client.get(address(batch)).content.decode()
        assert f"since {at.day} {at:%b}, {at:%H:%M}" in states

    def test_a_batch_is_completed_once(self, signed_in, batch):
        client = signed_in("cdmo_qa")
        assert self.post(client, batch, "complete").status_code == 303
        assert state_of(batch)[0] == "complete"
        again = self.post(client, batch, "complete")
        assert again.status_code == 409
        assert "starts from in_process; this record is complete" in again.content.decode()

    def test_discontinuing_asks_for_a_reason_and_keeps_what_was_typed(self, signed_in, batch):
        client = signed_in("cdmo_qa")
        refused = self.post(client, batch, "discontinue", reason="short")
        assert refused.status_code == 400
        text = refused.content.decode()
        assert ">\nshort</textarea>" in text
        assert "at least 10 characters" in text
        assert state_of(batch)[0] == "in_process"
        given = self.post(client, batch, "discontinue", reason="Contaminated in the seed train.")
        assert given.status_code == 303
        assert state_of(batch)[0] == "discontinued"

    @pytest.mark.parametrize("key", ["sponsor_viewer", "sponsor_qa", "cdmo_operator", "inspector"])
    @pytest.mark.parametrize("step", ["phase", "complete", "discontinue"])
    def test_the_wrong_role_is_refused_in_words_and_nothing_changes(self, signed_in, batch, key, step):
        before = state_of(batch)
        answer = self.post(signed_in(key), batch, step, phase="production", reason="Because I would like to.")
        assert answer.status_code == 403
        text = answer.content.decode()
        assert 'role="alert"' in text
        assert "Your role here does not include it." in text
        assert state_of(batch) == before

    @pytest.mark.parametrize("step", ["start", "phase", "complete", "discontinue"])
    def test_the_rival_finds_no_such_batch(self, signed_in, batch, step):
        client = signed_in("rival_sponsor_qa")
        assert self.post(client, batch, step, phase="production").status_code == 404
        assert client.get(f"{address(batch)}{step}/").status_code == 404

    def test_a_stale_version_is_said_and_the_page_is_fresh(self, signed_in, batch):
        client = signed_in("cdmo_shift_lead")
        self.post(client, batch, "phase", phase="production")
        answer = self.post(client, batch, "phase", phase="harvest")
        assert answer.status_code == 412
        text = answer.content.decode()
        assert "The record is at version 2, you saw 1." in text
        assert 'name="version" value="2"' in text
        assert state_of(batch)[1] == "production"

    def test_what_no_action_takes_stands_beside_its_field(self, signed_in, batch):
        client = signed_in("cdmo_qa")
        future = (batches.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
        late = self.post(client, batch, "complete", at=future)
        assert late.status_code == 400
        assert "the time lies in the future" in late.content.decode()
        for given in (
            {"phase": "nowhere"},
            {"phase": ""},
            {"phase": "pro\0"},
            {"at": "yesterday", "phase": "harvest"},
        ):
            assert self.post(client, batch, "phase", **given).status_code == 400
        assert client.post(f"{address(batch)}complete/", {}).status_code == 400
        assert client.post(f"{address(batch)}complete/", {"version": "x"}).status_code == 400
        assert state_of(batch) == ("in_process", "growth", 1)

    def test_a_mistyped_year_is_said_beside_its_field_and_takes_no_page_down(self, signed_in, page, database):
        planned = batches.batch(running=None)
        for at in ("0001-01-01T00:00", "1999-12-31T00:00"):
            early = self.post(signed_in("cdmo_qa"), planned, "start", at=at)
            assert (early.status_code, "Not before 1 January 2000." in early.content.decode()) == (400, True)
        late = self.post(signed_in("cdmo_qa"), planned, "start", at="9999-12-31T23:59")
        assert (late.status_code, "lies in the future" in late.content.decode()) == (400, True)
        assert state_of(planned) == ("planned", "", 1)
        for key, listed in (("cdmo_qa", True), ("sponsor_viewer", True), ("rival_sponsor_qa", False)):
            status, text = page(key, "/batches/")
            assert (status, planned.number in text) == (200, listed)

    def test_a_phase_that_begins_in_a_minute_has_just_begun(self, signed_in, page, database):
        phases = [StepSpec("culture", "Culture", planned_s=14 * 86_400)]
        steps = [StepSpec("make", "Make it", Level.PROCEDURE, children=phases)]
        batches.batch(of=batches.recipe(steps=steps), running=-timedelta(minutes=4))
        status, text = page("cdmo_qa", "/board/")
        assert (status, "day -1" in text, "day 0" in text) == (200, False, True)

    def test_a_step_by_address_opens_its_form(self, page, batch):
        status, text = page("cdmo_qa", f"{address(batch)}complete/")
        assert status == 200
        assert '<details class="batch-step" open>' in text

    def test_a_form_without_its_token_is_refused(self, batch):
        from django.test import Client

        from portal.models import Person

        client = Client(enforce_csrf_checks=True)
        person = Person.objects.get(pk=cast.person_id("cdmo_qa"))
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.post(f"{address(batch)}complete/", {"version": 1}).status_code == 403
        assert state_of(batch)[0] == "in_process"
