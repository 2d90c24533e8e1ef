from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import batches as make
from tests.factories import cast

URL = "/api/v1/batches/"
JSON = "application/json"


@pytest.fixture
def planned(database):
    return make.batch(running=None)


@pytest.fixture
def running(database):
    return make.batch()


def of(batch, step=""):
    return f"{URL}{batch.pk}/{step}"


def plan_body(recipe, **changed):
    given = {
        "program": str(cast.PROGRAM),
        "recipe_version": str(recipe.pk),
        "number": "B-7",
        "planned_start": (make.now() + timedelta(days=1)).isoformat(),
    }
    return given | changed


class TestRead:
    def test_a_batch_is_shown_with_parameters_and_offers(self, running, api, gateway):
        make.send(gateway, running, [("TEMP", make.now(), 36.6)])
        answer = api("cdmo_system").get(of(running))
        body = answer.json()
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
        assert (body["number"], body["state"], body["phase"]["code"]) == ("B-1", "in_process", "growth")
        temperature = body["parameters"][0]
        assert {name: temperature[name] for name in ("code", "unit", "kind", "data_kind")} == {
            "code": "TEMP",
            "unit": "°C",
            "kind": "cpp",
            "data_kind": "online",
        }
        assert temperature["expected_interval_s"] == 10
        assert (temperature["latest"]["value"], temperature["latest"]["is_stale"]) == (36.6, False)
        assert temperature["limits"][-1] == {
            "kind": "par",
            "phase": None,
            "low": "35.5",
            "high": "37.5",
            "delay_s": 0,
            "min_duration_s": 0,
            "measure": "value",
            "window_s": 0,
            "above": None,
            "knots": [],
            "every_s": 0,
            "settle_s": 0,
        }
        assert body["parameters"][1]["latest"] is None
        assert [offer["name"] for offer in body["available_actions"]] == ["phase", "complete", "discontinue"]
        assert body["available_actions"][0]["schema"]["required"] == ["phase"]
        assert body["available_actions"][0]["href"] == of(running, "phase/")

    def test_the_sponsor_sees_neither_offers_nor_internal_parameters(self, running, api):
        body = api("sponsor_system").get(of(running)).json()
        assert body["available_actions"] == []
        assert [parameter["code"] for parameter in body["parameters"]] == ["TEMP", "PH", "VALVE", "VCD"]

    def test_lists_are_filtered(self, running, api):
        make.batch(number="B-2", running=None)
        listed = api("cdmo_system").get(URL, {"state": "planned", "program": str(cast.PROGRAM)}).json()
        assert [row["number"] for row in listed["results"]] == ["B-2"]
        assert (listed["next"], listed["previous"]) == (None, None)
        assert api("cdmo_system").get(URL, {"state": "gone"}).status_code == 400
        assert api("cdmo_system").get(URL, {"program": "x"}).status_code == 400
        assert api("cdmo_system").get(URL, {"program": str(uuid4())}).json()["results"] == []

    def test_pages_follow_each_other(self, database, api):
        recipe = make.recipe()
        for number in range(3):
            make.batch(of=recipe, number=f"B-{number}")
        first = api("gateway").get(URL, {"page_size": 2}).json()
        second = api("gateway").get(first["next"]).json()
        numbers = [row["number"] for page in (first, second) for row in page["results"]]
        assert sorted(numbers) == ["B-0", "B-1", "B-2"]

    def test_a_rival_and_a_stranger_get_the_same_answer(self, running, api):
        foreign = api("rival_system").get(of(running))
        unknown = api("rival_system").get(f"{URL}{uuid4()}/")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json() == unknown.json()
        assert api("rival_system").get(URL).json()["results"] == []

    def test_the_list_costs_the_same_queries_for_one_row_and_for_three(self, database, api, counted):
        recipe, counts = make.recipe(), []
        for number in range(3):
            make.batch(of=recipe, number=f"B-{number}")
            if number in (0, 2):
                counts.append(counted(lambda: api("cdmo_system").get(URL)))
        assert counts[0] == counts[1]


class TestPlan:
    def test_a_batch_is_entered(self, database, api):
        answer = api("cdmo_system").post(URL, plan_body(make.recipe()), content_type=JSON)
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert (body["number"], body["state"], body["version"]) == ("B-7", "planned", 1)
        assert answer.headers["ETag"] == '"1"'

    def test_one_that_runs_is_entered(self, database, api):
        since = (make.now() - timedelta(days=2)).isoformat()
        body = plan_body(make.recipe(), started_at=since, external_id="MES-7")
        answer = api("cdmo_system").post(URL, body, content_type=JSON).json()
        assert (answer["state"], answer["external_id"]) == ("in_process", "MES-7")

    def test_the_same_request_is_done_once(self, database, api):
        headers = {"Idempotency-Key": "plan-1"}
        body = plan_body(make.recipe())
        first = api("cdmo_system").post(URL, body, content_type=JSON, headers=headers)
        again = api("cdmo_system").post(URL, body, content_type=JSON, headers=headers)
        other = api("cdmo_system").post(URL, body | {"number": "B-8"}, content_type=JSON, headers=headers)
        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.json()["id"], again.json()["version"]) == (first.json()["id"], 1)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"number": ""}, "number"),
            ({"number": "x" * 61}, "number"),
            ({"number": None}, "number"),
            ({"planned_start": "soon"}, "planned_start"),
            ({"planned_start": None}, "planned_start"),
            ({"recipe_version": str(uuid4())}, "recipe_version"),
            ({"site": str(uuid4())}, "site"),
            ({"started_at": "2999-01-01T00:00:00Z"}, "started_at"),
            ({"started_at": "0001-01-01T00:00:00Z"}, "started_at"),
            ({"started_at": "2026-03-01T08:00:00"}, "started_at"),
            ({"planned_start": "0001-01-01T00:00:00Z"}, "planned_start"),
            ({"planned_start": "0001-01-01T00:00:00+14:00"}, "planned_start"),
            ({"planned_start": "9999-12-31T23:59:59Z"}, "planned_start"),
            ({"planned_start": "2026-03-01T08:00:00"}, "planned_start"),
            ({"state": "complete"}, "state"),
        ],
    )
    def test_bad_input_names_its_field(self, database, api, changed, field):
        answer = api("cdmo_system").post(URL, plan_body(make.recipe(), **changed), content_type=JSON)
        assert answer.status_code == 400
        assert field in answer.json()["errors"]

    @pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    def test_a_mistyped_year_takes_no_page_down(self, database, api, signed_in, at):
        recipe, planned = make.recipe(), make.batch(running=None)
        client, seen = api("cdmo_system"), {"If-Match": '"1"'}
        for changed in ({"planned_start": at}, {"started_at": at}):
            assert client.post(URL, plan_body(recipe, **changed), content_type=JSON).status_code == 400
        for step in ("start", "discontinue"):
            answer = client.post(of(planned, f"{step}/"), {"at": at}, content_type=JSON, headers=seen)
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["at"])
        for key in ("cdmo_qa", "sponsor_viewer", "rival_sponsor_qa"):
            for page in ("/batches/", "/board/"):
                assert signed_in(key).get(page).status_code == 200

    def test_wrong_hands_are_refused(self, database, api, signed_in):
        body = plan_body(make.recipe())
        assert api("gateway").post(URL, body, content_type=JSON).json()["code"] == "scope_missing"
        assert api("rival_system").post(URL, body, content_type=JSON).status_code == 403
        assert signed_in("sponsor_qa").post(URL, body, content_type=JSON).status_code == 403
        assert signed_in("rival_sponsor_qa").post(URL, body, content_type=JSON).status_code == 404
        assert signed_in("cdmo_qa").post(URL, body, content_type=JSON).status_code == 201


class TestMirror:
    def put(self, client, body, external_id="MES-1", program=cast.PROGRAM, **headers):
        url = f"{URL}?program={program}&external_id={external_id}"
        return client.put(url, body, content_type=JSON, headers=headers)

    def test_it_enters_then_updates(self, database, api):
        new = plan_body(make.recipe()) | {"external_status": "Released"}
        new.pop("program")
        first = self.put(api("cdmo_system"), new)
        again = self.put(api("cdmo_system"), {"external_status": "Running"})
        assert (first.status_code, again.status_code) == (201, 200)
        assert (again.json()["external_status"], again.json()["version"]) == ("Running", 2)
        assert again.json()["id"] == first.json()["id"]

    def test_a_version_is_compared_where_it_is_sent(self, database, api):
        make.batch(external_id="MES-1")
        stale = self.put(api("cdmo_system"), {"external_status": "x"}, **{"If-Match": '"7"'})
        assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')

    def test_a_version_of_what_is_not_here_is_412_and_enters_nothing(self, database, api):
        new = plan_body(make.recipe())
        new.pop("program")
        answer = self.put(api("cdmo_system"), new, **{"If-Match": '"77"'})
        assert (answer.status_code, answer.json()["code"]) == (412, "nothing_to_match")
        assert api("cdmo_system").get(URL).json()["results"] == []

    def test_a_rival_learns_nothing_of_an_external_id_by_a_version(self, database, signed_in):
        make.batch(external_id="MES-1")
        answers = [
            self.put(signed_in("rival_sponsor_qa"), {}, external_id=known, **{"If-Match": '"77"'})
            for known in ("MES-1", "MES-2")
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()

    @pytest.mark.parametrize("body", [{}, {"external_status": None}])
    def test_a_status_that_is_not_sent_stays(self, database, api, body):
        make.batch(external_id="MES-1")
        self.put(api("cdmo_system"), {"external_status": "Running"})
        again = self.put(api("cdmo_system"), body)
        assert (again.json()["external_status"], again.json()["version"]) == ("Running", 3)

    def test_an_older_copy_is_a_conflict_and_changes_nothing(self, database, api):
        batch = make.batch(external_id="MES-1")
        at = make.now()
        self.put(api("cdmo_system"), {"external_status": "CLOSED", "as_of": at.isoformat()})
        older = {"external_status": "OPEN", "as_of": (at - timedelta(hours=5)).isoformat()}
        answer = self.put(api("cdmo_system"), older)
        assert (answer.status_code, answer.json()["code"]) == (409, "older_copy")
        assert api("cdmo_system").get(of(batch)).json()["external_status"] == "CLOSED"

    def test_repeats_answer_the_first_status(self, database, api):
        new = plan_body(make.recipe())
        new.pop("program")
        entered = [self.put(api("cdmo_system"), new, **{"Idempotency-Key": "m1"}) for _ in range(2)]
        known = [self.put(api("cdmo_system"), {}, **{"Idempotency-Key": "m2"}) for _ in range(2)]
        assert [answer.status_code for answer in entered + known] == [201, 201, 200, 200]
        assert [answer.json()["version"] for answer in entered + known] == [1, 1, 2, 2]
        assert [answer.headers.get("Idempotent-Replayed") for answer in entered] == [None, "true"]

    @pytest.mark.parametrize("at", ["2026-03-01T08:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    def test_a_copy_says_an_instant_of_our_days(self, database, api, at):
        make.batch(external_id="MES-1")
        answer = self.put(api("cdmo_system"), {"as_of": at})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["as_of"])

    def test_it_needs_to_know_which(self, database, api):
        assert self.put(api("cdmo_system"), {}, external_id="").status_code == 400
        assert self.put(api("cdmo_system"), {}, external_id="%00").status_code == 400
        assert self.put(api("cdmo_system"), {}, program="").status_code == 400
        assert self.put(api("cdmo_system"), {}, program=uuid4()).status_code == 404
        unknown = self.put(api("cdmo_system"), {})
        assert set(unknown.json()["errors"]) == {"recipe_version", "number", "planned_start"}


class TestCycle:
    def step(self, client, batch, step, body=None, version="1", **headers):
        headers = headers | ({"If-Match": f'"{version}"'} if version else {})
        return client.post(of(batch, f"{step}/"), body or {}, content_type=JSON, headers=headers)

    def test_a_batch_goes_through_its_life(self, planned, api):
        client = api("cdmo_system")
        seen = [
            self.step(client, planned, "start"),
            self.step(client, planned, "phase", {"phase": "production"}, "2"),
            self.step(client, planned, "complete", version="3"),
        ]
        assert [answer.status_code for answer in seen] == [200, 200, 200]
        states = [(answer.json()["state"], answer.json()["version"]) for answer in seen]
        assert states == [("in_process", 2), ("in_process", 3), ("complete", 4)]
        assert seen[-1].json()["available_actions"] == []
        assert [run["phase"] for run in seen[-1].json()["phase_runs"]] == ["growth", "production"]

    def test_a_batch_is_discontinued_with_a_reason(self, planned, api):
        answer = self.step(api("cdmo_system"), planned, "discontinue", {"reason": "Not needed"})
        assert answer.json()["state"] == "discontinued"

    @pytest.mark.parametrize("step", ["start", "phase", "complete", "discontinue"])
    def test_each_step_is_guarded(self, planned, running_two, api, signed_in, step):
        batch = planned if step == "start" else running_two
        body = {"phase": "production"} if step == "phase" else {}
        assert self.step(api("rival_system"), batch, step, body).status_code == 403
        assert self.step(signed_in("rival_sponsor_qa"), batch, step, body).status_code == 404
        assert self.step(signed_in("sponsor_qa"), batch, step, body).status_code == 403
        assert self.step(signed_in("cdmo_operator"), batch, step, body).status_code == 403
        missing = self.step(api("cdmo_system"), batch, step, body, version="")
        assert (missing.status_code, missing.json()["code"]) == (428, "version_required")
        stale = self.step(api("cdmo_system"), batch, step, body, version="9")
        assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
        assert self.step(api("cdmo_system"), batch, step, body | {"x": 1}).status_code == 400
        key = {"Idempotency-Key": f"{step}-1"}
        first = self.step(api("cdmo_system"), batch, step, body, **key)
        again = self.step(api("cdmo_system"), batch, step, body, **key)
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["version"] == first.json()["version"] == 2

    @pytest.fixture
    def running_two(self, database):
        return make.batch(number="B-2")

    def test_a_step_from_the_wrong_state_is_a_conflict(self, planned, api):
        answer = self.step(api("cdmo_system"), planned, "complete")
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")

    def test_bad_values_are_named(self, running, api):
        unknown = self.step(api("cdmo_system"), running, "phase", {"phase": "drying"})
        assert unknown.json()["errors"] == {"phase": ["The phases are: growth, production, harvest."]}
        odd = self.step(api("cdmo_system"), running, "complete", {"at": "yesterday"})
        assert "at" in odd.json()["errors"]
        local = make.now().replace(tzinfo=None).isoformat()
        naive = self.step(api("cdmo_system"), running, "complete", {"at": local})
        assert (naive.status_code, naive.json()["errors"]["at"][0][:20]) == (400, "Give the offset too,")
        future = self.step(api("cdmo_system"), running, "complete", {"at": "2999-01-01T00:00:00Z"})
        assert (future.status_code, "at" in future.json()["errors"]) == (400, True)


def test_recipes_are_listed_with_their_phases(database, api):
    make.recipe(number="MBR-2")
    make.recipe(cast.RIVAL_PROGRAM, number="CANARY-9")
    answer = api("sponsor_system").get("/api/v1/recipes/", {"program": str(cast.PROGRAM)})
    (recipe,) = answer.json()["results"]
    assert (recipe["number"], recipe["state"], recipe["revision"]) == ("MBR-2", "effective", 1)
    assert [phase["code"] for phase in recipe["phases"]] == ["growth", "production", "harvest"]
    assert "CANARY" not in answer.content.decode()
    assert api("rival_system").get("/api/v1/recipes/", {"program": str(cast.PROGRAM)}).json()["results"] == []
