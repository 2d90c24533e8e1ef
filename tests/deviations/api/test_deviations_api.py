import json
from datetime import timedelta

import pytest

from deviations.actions import report
from deviations.models import Deviation
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make

URL = "/api/v1/deviations/"


def body(**given):
    at = make.now()
    stated = {
        "program": str(cast.PROGRAM),
        "title": make.TITLE,
        "description": make.WORDS,
        "occurred_at": (at - timedelta(hours=2)).isoformat(),
        "detected_at": (at - timedelta(hours=1)).isoformat(),
    }
    return stated | given


def post(client, url, given=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(url, json.dumps(given or {}), content_type="application/json", headers=named)


def step(client, deviation, name, given=None, version=None, **headers):
    seen = {} if version == "none" else {"If_Match": f'"{version or deviation.version}"'}
    return post(client, f"{URL}{deviation.pk}/{name}/", given, **seen | headers)


BODIES = {
    "triage": {"classification": "major", "rationale": make.RATIONALE},
    "release_notice": {},
    "investigate": {},
    "close": {"summary": make.SUMMARY},
    "cancel": {"reason": make.REASON},
}
BEFORE = {
    "triage": "reported",
    "release_notice": "triaged",
    "investigate": "triaged",
    "close": "under_investigation",
    "cancel": "reported",
}
AFTER = {
    "triage": "triaged",
    "release_notice": "triaged",
    "investigate": "under_investigation",
    "close": "closed",
    "cancel": "cancelled",
}


def before(name, qa):
    given = "minor" if name == "close" else "major"
    return make.in_state(BEFORE[name], qa, classification=given)


def test_a_system_logs_a_deviation_and_reads_it_back(database, api):
    answer = post(api("cdmo_system"), URL, body(suggested_class="minor"))
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert (made["state"], made["audience"], made["classification"]) == ("reported", "manufacturer", None)
    assert [each["kind"] for each in made["judgements"]] == ["suggested"]
    shown = api("cdmo_system").get(f"{URL}{made['id']}/")
    assert shown.json() == made
    assert shown.headers["ETag"] == '"1"'


def test_the_answer_names_the_steps_with_the_schema_of_their_bodies(database, api):
    made = post(api("cdmo_system"), URL, body()).json()
    offered = {each["name"]: each for each in made["available_actions"]}
    assert list(offered) == ["triage", "dismiss", "link", "cancel"]
    assert offered["triage"]["href"] == f"{URL}{made['id']}/triage/"
    schema = offered["triage"]["schema"]
    assert schema["required"] == ["classification", "rationale"]
    assert schema["properties"]["classification"]["enum"] == ["minor", "major", "critical"]
    assert (schema["properties"]["rationale"]["minLength"], schema["additionalProperties"]) == (20, False)


def test_no_step_is_offered_that_would_be_refused(database, api, cdmo_qa):
    def offered(found):
        return [
            each["name"] for each in api("cdmo_system").get(f"{URL}{found.pk}/").json()["available_actions"]
        ]

    found = make.triage(cdmo_qa, make.report(cdmo_qa), "critical")
    judging = ["look_around", "name_batch", "reclassify", "assess_risk", "link", "merge"]
    assert offered(found) == ["release_notice", "investigate", *judging, "cancel"]
    concluding = ["conclude_impact", *judging]
    found = make.investigate(cdmo_qa, found)
    assert offered(found) == ["release_notice", *concluding, "cancel"]
    found = make.release(cdmo_qa, found)
    assert offered(found) == ["summarise", *concluding, "share_draft", "cancel"]
    found = make.judged(cdmo_qa, found)
    assert offered(found) == ["summarise", *concluding, "share_draft", "submit_report", "cancel"]
    found = make.submit(cdmo_qa, found)
    assert offered(found) == [*concluding, "return_report", "cancel"]
    found = make.approve(cdmo_qa, found)
    assert offered(found) == [*concluding, "return_report", "cancel"]
    found = make.concur(cdmo_qa, found)
    assert offered(found) == [*concluding, "return_report", "close", "cancel"]
    make.close(cdmo_qa, found)
    assert offered(found) == []


def test_a_minor_one_goes_straight(database, api, cdmo_qa):
    found = make.in_state("under_investigation", cdmo_qa, classification="minor")
    shown = api("cdmo_system").get(f"{URL}{found.pk}/").json()
    assert "close" in [each["name"] for each in shown["available_actions"]]


@pytest.mark.parametrize("name", list(BODIES))
class TestEachStep:
    def test_it_is_taken_by_qa_with_the_version_that_was_seen(self, database, api, cdmo_qa, name):
        found = before(name, cdmo_qa)
        answer = step(api("cdmo_system"), found, name, BODIES[name])
        assert answer.status_code == 200, answer.content
        assert answer.json()["state"] == AFTER[name]
        assert answer.headers["ETag"] == f'"{found.version + 1}"'

    def test_a_missing_version_is_428_and_a_stale_one_412_with_the_present_one(
        self, database, api, cdmo_qa, name
    ):
        found = before(name, cdmo_qa)
        missing = step(api("cdmo_system"), found, name, BODIES[name], version="none")
        stale = step(api("cdmo_system"), found, name, BODIES[name], version=77)
        assert (missing.status_code, missing.json()["code"]) == (428, "version_required")
        assert (stale.status_code, stale.headers["ETag"]) == (412, f'"{found.version}"')
        assert only(cdmo_qa, Deviation).version == found.version

    def test_a_key_without_the_scope_is_403(self, database, api, cdmo_qa, name):
        found = before(name, cdmo_qa)
        answer = step(api("rival_system"), found, name, BODIES[name])
        assert answer.status_code == 403
        assert only(cdmo_qa, Deviation).version == found.version

    def test_a_rival_who_may_write_gets_the_same_404(self, database, signed_in, api, cdmo_qa, name):
        found = before(name, cdmo_qa)
        unknown = post(api("cdmo_system"), f"{URL}{make.unknown_id()}/{name}/", BODIES[name], If_Match='"1"')
        answer = step(signed_in("rival_sponsor_qa"), found, name, BODIES[name])
        assert (answer.status_code, answer.json()) == (404, unknown.json())

    def test_another_role_of_the_cdmo_is_403(self, database, signed_in, cdmo_qa, name):
        found = before(name, cdmo_qa)
        answer = step(signed_in("cdmo_operator"), found, name, BODIES[name])
        assert (answer.status_code, answer.json()["code"]) == (403, "refused")

    def test_a_repeat_answers_the_same_and_acts_once(self, database, api, cdmo_qa, name):
        found = before(name, cdmo_qa)
        first = step(api("cdmo_system"), found, name, BODIES[name], Idempotency_Key="k1")
        count = len(facts(audience="shared")) + len(facts())
        again = step(api("cdmo_system"), found, name, BODIES[name], Idempotency_Key="k1")
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
        assert again.json()["version"] == first.json()["version"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(facts(audience="shared")) + len(facts()) == count

    def test_members_that_are_not_known_are_refused_by_name(self, database, api, cdmo_qa, name):
        found = before(name, cdmo_qa)
        answer = step(api("cdmo_system"), found, name, BODIES[name] | {"state": "closed"})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["state"])


def test_the_same_key_with_another_body_is_422(database, api):
    client = api("cdmo_system")
    given = body()
    first = post(client, URL, given, Idempotency_Key="k2")
    again = post(client, URL, given, Idempotency_Key="k2")
    other = post(client, URL, given | {"title": "Another title"}, Idempotency_Key="k2")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "x"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"occurred_at": "2026-03-01T08:00:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "1970-01-01T00:00:00Z"}, "occurred_at"),
        ({"detected_at": "9999-12-31T23:59:59-14:00"}, "detected_at"),
        ({"detected_at": 17}, "detected_at"),
        ({"suggested_class": "terrible"}, "suggested_class"),
        ({"batch": "B-2417"}, "batch"),
        ({"program": "AV-101"}, "program"),
        ({"number": "DEV-2026-0001"}, "number"),
        ({"recorded_at": "2026-03-01T08:00:00Z"}, "recorded_at"),
    ],
)
def test_what_is_not_accepted_is_named_by_field(database, api, cdmo_qa, given, field):
    answer = post(api("cdmo_system"), URL, body(**given))
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert list(answer.json()["errors"]) == [field]
    assert seen_by(cdmo_qa, Deviation) == []


def test_script_and_long_texts_come_back_as_they_were_sent(database, api):
    title, text = "<script>alert(1)</script>", "<b>bold?</b> " + "y" * 19_000
    made = post(api("cdmo_system"), URL, body(title=title, description=text)).json()
    assert (made["title"], made["description"]) == (title, text)


@pytest.mark.parametrize("key", ["rival_system", "sponsor_system", "gateway"])
def test_keys_without_the_scope_do_not_log(database, api, key):
    answer = post(api(key), URL, body())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_logging_in_a_foreign_program_is_the_404_of_an_unknown_one(database, signed_in):
    client = signed_in("rival_sponsor_qa")
    foreign = post(client, URL, body())
    unknown = post(client, URL, body(program=str(make.unknown_id())))
    assert (foreign.status_code, foreign.json()) == (404, unknown.json())


def test_a_batch_that_is_not_there_is_404_by_field(database, api):
    answer = post(api("cdmo_system"), URL, body(batch=str(make.unknown_id())))
    assert (answer.status_code, list(answer.json()["errors"])) == (404, ["batch"])


class TestTheList:
    def results(self, client, query=""):
        answer = client.get(f"{URL}?{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    def test_it_is_newest_first_with_the_class_that_may_be_seen(self, database, api, cdmo_qa):
        first = make.triage(cdmo_qa, make.report(cdmo_qa), "critical")
        second = make.report(cdmo_qa)
        rows = self.results(api("cdmo_system"))
        assert [(each["number"], each["classification"]) for each in rows] == [
            (second.number, None),
            (first.number, "critical"),
        ]

    def test_it_is_filtered_by_program_state_class_and_number(self, database, api, cdmo_qa):
        first = make.triage(cdmo_qa, make.report(cdmo_qa), "critical")
        second = make.cancel(cdmo_qa, make.report(cdmo_qa))
        third = make.report(cdmo_qa, cast.SECOND_PROGRAM)

        def numbers(query):
            return sorted(each["id"] for each in self.results(api("cdmo_system"), query))

        def ids(*found):
            return sorted(str(each.pk) for each in found)

        assert numbers("") == ids(first, second, third)
        assert numbers(f"program={cast.PROGRAM}") == ids(first, second)
        assert numbers("state=triaged") == ids(first)
        assert numbers("state=open") == ids(first, third)
        assert numbers("classification=critical") == ids(first)
        assert numbers("classification=minor") == []
        assert numbers(f"q={second.number[-4:]}") == ids(second)
        assert numbers(f"batch={make.unknown_id()}") == []

    @pytest.mark.parametrize("query", ["state=on_fire", "classification=big", "program=x", "batch=1"])
    def test_a_filter_that_is_not_known_is_400(self, database, api, query):
        assert api("cdmo_system").get(f"{URL}?{query}").status_code == 400

    def test_pages_follow_each_other_without_loss(self, database, api, cdmo_qa):
        made = {str(make.report(cdmo_qa).pk) for _ in range(5)}
        found, url = [], f"{URL}?page_size=2"
        while url:
            page = api("cdmo_system").get(url).json()
            found += [each["id"] for each in page["results"]]
            url = page["next"]
        assert len(found) == 5
        assert set(found) == made

    def test_one_row_and_three_rows_ask_the_same_queries(
        self, database, api, cdmo_qa, django_assert_num_queries
    ):
        client = api("cdmo_system")
        make.triage(cdmo_qa, make.report(cdmo_qa))
        with django_assert_num_queries(LIST_QUERIES):
            assert len(self.results(client)) == 1
        make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
        make.report(cdmo_qa)
        with django_assert_num_queries(LIST_QUERIES):
            assert len(self.results(client)) == 3


# Two of the key, savepoint, context, page, classes, rollback, release.
LIST_QUERIES = 7


class TestTheMirror:
    def put(self, client, given, external_id="DV-26-0457", program=cast.PROGRAM, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{URL}?program={program}&external_id={external_id}"
        return client.put(url, json.dumps(given), content_type="application/json", headers=named)

    def given(self, **more):
        stated = body(**more)
        del stated["program"]
        return stated

    def test_it_logs_once_and_then_only_takes_the_state_there(self, database, api, cdmo_qa):
        client = api("cdmo_system")
        first = self.put(client, self.given(external_status="open"))
        again = self.put(client, self.given(external_status="in review", title="Renamed there"))
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["id"] == first.json()["id"]
        assert (again.json()["external_status"], again.json()["title"]) == ("in review", make.TITLE)
        assert again.json()["mastered_elsewhere"] == [
            *("external_id", "external_status", "external_class"),
            *("external_opened_at", "external_told_at", "external_closed_at"),
        ]
        assert len(seen_by(cdmo_qa, Deviation)) == 1

    def test_a_state_alone_is_enough_for_a_known_one(self, database, api):
        client = api("cdmo_system")
        self.put(client, self.given())
        answer = self.put(client, {"external_status": "closed"})
        assert (answer.status_code, answer.json()["external_status"]) == (200, "closed")

    def test_a_version_is_held_to_when_it_is_sent(self, database, api):
        client = api("cdmo_system")
        self.put(client, self.given())
        assert self.put(client, {}, If_Match='"9"').status_code == 412
        assert self.put(client, {}, If_Match='"1"').status_code == 200

    def test_a_version_of_what_is_not_here_is_412_and_logs_nothing(self, database, api, cdmo_qa):
        answer = self.put(api("cdmo_system"), self.given(), If_Match='"77"')
        assert (answer.status_code, answer.json()["code"]) == (412, "nothing_to_match")
        assert seen_by(cdmo_qa, Deviation) == []

    def test_an_older_copy_is_a_conflict_and_changes_nothing(self, database, api, cdmo_qa):
        client, at = api("cdmo_system"), make.now()
        self.put(client, self.given(external_status="CLOSED", external_as_of=at.isoformat()))
        older = {"external_status": "OPEN", "external_as_of": (at - timedelta(hours=5)).isoformat()}
        answer = self.put(client, older)
        assert (answer.status_code, answer.json()["code"]) == (409, "older_copy")
        assert only(cdmo_qa, Deviation).external_status == "CLOSED"

    def test_repeats_answer_the_first_status(self, database, api):
        client = api("cdmo_system")
        given = self.given()
        statuses = [self.put(client, given, Idempotency_Key="p1").status_code for _ in range(2)]
        known = [self.put(client, {}, Idempotency_Key="p2").status_code for _ in range(2)]
        assert (statuses, known) == ([201, 201], [200, 200])

    def test_one_that_is_made_and_leaves_at_once_is_new_all_the_same(
        self, database, api, cdmo_qa, monkeypatch
    ):
        def leave(actor, deviation, terms, given):
            deviation.bump()
            deviation.save(update_fields=["version"])
            return True

        monkeypatch.setattr(report, "send_at_once", leave)
        client, given = api("cdmo_system"), self.given()
        told = [self.put(client, given, Idempotency_Key="p1") for _ in range(2)]
        assert [(each.status_code, each.json()["version"]) for each in told] == [(201, 2), (201, 2)]
        assert self.put(client, {}).status_code == 200

    def test_conflicts_are_read_and_settled_by_the_cdmo_alone(self, database, api, cdmo_qa):
        client = api("cdmo_system")
        given = self.given()
        self.put(client, given)
        self.put(client, given | {"title": "Another title there", "external_class": "Major"})
        url = f"{URL}mirror/conflicts/"
        (found,) = client.get(url, {"state": "open", "program": str(cast.PROGRAM)}).json()["results"]
        assert (found["field"], found["here"], found["there"]) == ("title", make.TITLE, "Another title there")
        for outsider in ("sponsor_system", "rival_system"):
            assert api(outsider).get(url).json()["results"] == []
            settle = {"outcome": "noted", "reason": "It was shortened there."}
            answer = api(outsider).post(
                f"{url}{found['id']}/settle/", json.dumps(settle), content_type="application/json"
            )
            assert answer.status_code in (403, 404)
        settled = client.post(
            f"{url}{found['id']}/settle/",
            json.dumps({"outcome": "noted", "reason": "It was shortened there."}),
            content_type="application/json",
            headers={"If-Match": '"1"'},
        )
        assert (settled.status_code, settled.json()["state"]) == (200, "settled")
        masters = {each["field"]: each["master"] for each in client.get(f"{URL}mirror/mastership/").json()}
        assert (masters["external_status"], masters["title"]) == ("there", "here")

    def test_a_table_under_one_key_takes_all_its_rows_once(self, database, api, cdmo_qa):
        at = (make.now() - timedelta(hours=1)).isoformat()
        lines = ["external_id,title,description,occurred_at,detected_at"]
        lines += [f"DV-{n},Agitator stopped,The agitator stopped for 40 s.,{at},{at}" for n in (1, 2)]
        url, table = f"{URL}mirror/?program={cast.PROGRAM}", "\n".join(lines)
        for _turn in range(2):
            answer = api("cdmo_system").post(
                url, table, content_type="text/csv", headers={"Idempotency-Key": "t1"}
            )
            assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "made": 2, "refused": []})
        assert [each.version for each in seen_by(cdmo_qa, Deviation)] == [1, 1]
        for outsider in ("sponsor_system", "rival_system"):
            assert api(outsider).post(url, table, content_type="text/csv").status_code in (403, 404)

    def test_what_is_copied_must_be_named(self, database, api):
        client = api("cdmo_system")
        assert self.put(client, self.given(), external_id="").status_code == 400
        assert client.put(URL, "{}", content_type="application/json").status_code == 400

    def test_others_do_not_copy(self, database, signed_in):
        assert self.put(signed_in("cdmo_operator"), self.given()).status_code == 403
        assert self.put(signed_in("sponsor_qa"), self.given()).status_code == 403
        assert self.put(signed_in("rival_sponsor_qa"), self.given()).status_code == 404


def test_the_preview_names_every_field_that_leaves_and_what_stays(database, api, cdmo_operator, cdmo_qa):
    found = make.triage(cdmo_qa, make.report(cdmo_operator, suggested_class="critical"))
    answer = api("cdmo_system").get(f"{URL}{found.pk}/notice_preview/")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"2"'
    shown = answer.json()
    values = {each["field"]: each["value"] for each in shown["fields_leaving"]}
    assert (values["title"], values["reporter_code"]) == (make.TITLE, "Operator 31")
    assert (shown["classification"], shown["clause"], shown["recipient"]) == (
        "major",
        "5.2",
        "Arvo Therapeutics",
    )
    assert shown["withheld"] == [
        "The class that was suggested at logging",
        "Names of people: their codes stand",
        "The history before the release, also that of its clocks, and the clock of the notice",
    ]


@pytest.mark.parametrize(
    ("key", "status"), [("cdmo_operator", 403), ("sponsor_qa", 404), ("rival_sponsor_qa", 404)]
)
def test_the_preview_is_for_who_releases(triaged, signed_in, key, status):
    assert signed_in(key).get(f"{URL}{triaged.pk}/notice_preview/").status_code == status


def test_the_detail_of_a_released_one_keeps_the_seven_times_apart(released, signed_in):
    shown = signed_in("sponsor_qa").get(f"{URL}{released.pk}/").json()
    times = shown["times"]
    assert times["disclosed_at"] == shown["notice"]["released_at"]
    assert (times["delivered_at"], times["acknowledged_at"]) == (None, None)
    assert shown["notice"]["content"]["released_at"]
    assert [each["name"] for each in shown["available_actions"]] == ["assess_impact", "assess_risk"]


def test_an_acknowledgement_is_a_time_of_the_record(released, sponsor_qa, signed_in):
    from portal.actions.alerts import acknowledge_alert
    from portal.models import Alert

    acknowledge_alert(sponsor_qa, only(sponsor_qa, Alert).pk)
    times = signed_in("cdmo_qa").get(f"{URL}{released.pk}/").json()["times"]
    assert times["acknowledged_at"] is not None
    assert times["delivered_at"] is None
