"""Who sets up webhooks of a side, through the interface; the other side and a rival know of none."""

import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.action import action, reading
from portal.actions import people, telling, webhooks
from portal.actor import Side, system_actor
from portal.errors import DomainError
from portal.models import Webhook
from portal.queries.webhooks import list_webhooks
from portal.states import WEBHOOK_TRANSITIONS, WebhookState, edges
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import raised
from tests.factories.receivers import receiving
from tests.factories.webhooks import cursor_of, fresh, keeper, rows, send_all, webhook

ADDRESS = "/api/v1/webhooks/"
URL = "http://127.0.0.1:9/hook"
JSON = {"content_type": "application/json"}


def make(api, key="sponsor_system", **given):
    body = {"program": str(cast.PROGRAM), "url": URL} | given
    return api(key).post(ADDRESS, body, **JSON)


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def test_the_answer_to_setting_one_up_holds_its_secret_once(database, api):
    answer = make(api)
    assert answer.status_code == 201
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["events"], made["state"]) == (URL, ["*"], "active")
    assert answer["ETag"] == '"1"'
    assert answer["Cache-Control"] == "no-store"
    for address in (ADDRESS, f"{ADDRESS}{made['id']}/"):
        shown = api("sponsor_system").get(address)
        assert shown.status_code == 200
        assert "secret" not in shown.json()
        assert made["secret"] not in shown.content.decode()


def test_a_repeat_answers_the_same_webhook_without_its_secret(database, api):
    client = api("sponsor_system")
    body = {"program": str(cast.PROGRAM), "url": URL}
    first, again = (client.post(ADDRESS, body, headers={"Idempotency-Key": "once"}, **JSON) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert first.json()["id"] == again.json()["id"]
    assert "secret" not in again.json()
    assert len(rows(Webhook)) == 1


def test_secret_and_address_are_nowhere_in_clear(database, api, as_owner):
    secret = make(api).json()["secret"]
    stored = fresh(rows(Webhook)[0])
    assert str(stored.secret) == secret
    with reading(actor("sponsor_qa")), connection.cursor() as cursor:
        cursor.execute("select url || secret || previous_secret from portal_webhook")
        (words,) = cursor.fetchone()
        cursor.execute(
            "select convert_from(body, 'utf8') from ledger.item where space_id = %s", [cast.PROGRAM]
        )
        sealed = " ".join(row[0] for row in cursor.fetchall())
    for clear in (secret, secret.removeprefix("whsec_"), "127.0.0.1:9"):
        assert clear not in words
        assert clear not in sealed


@pytest.mark.parametrize(
    ("key", "status"),
    [("sponsor_system", 201), ("cdmo_system", 201), ("gateway", 403), ("rival_system", 404)],
)
def test_a_key_sets_one_up_by_its_scope_in_its_own_programs(database, api, key, status):
    assert make(api, key).status_code == status


@pytest.mark.parametrize(
    ("key", "code"),
    [("cdmo_qa", ""), ("cdmo_quality_head", ""), ("sponsor_qa", ""), ("sponsor_quality_head", ""),
     ("cdmo_operator", "refused"), ("sponsor_viewer", "refused"), ("inspector", "refused"),
     ("cdmo_admin", "not_found"), ("rival_sponsor_qa", "not_found")],
)  # fmt: skip
def test_of_people_the_quality_unit_of_a_side_does(database, key, code):
    if code:
        assert refusal(webhook, URL, by=key) == code
    else:
        made = webhook(URL, by=key)
        assert (made.side, made.audience) == (actor(key).side(cast.PROGRAM),) * 2


def test_an_administrator_with_a_seat_there_does_too(database):
    people.give_assignment(
        system_actor("setup", cast.CDMO, cast.PROGRAM),
        cast.CDMO,
        person_id=cast.person_id("cdmo_admin"),
        target_id=cast.PROGRAM,
        side=Side.MANUFACTURER,
        role="client_lead",
        code="Client lead 02",
    )
    assert webhook(URL, by="cdmo_admin").side == "manufacturer"


def test_neither_the_other_side_nor_a_rival_finds_it(database, api):
    made = make(api).json()["id"]
    before = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
    for key in ("cdmo_system", "rival_system"):
        client = api(key)
        assert client.get(ADDRESS).json()["results"] == []
        for address in (f"{ADDRESS}{made}/", f"{ADDRESS}{made}/deliveries/"):
            assert client.get(address).status_code == 404
        assert client.delete(f"{ADDRESS}{made}/").status_code == 404
        for step in ("replay", "test", "rotate", "disable", "enable"):
            body = {"after": 0} if step == "replay" else {}
            assert client.post(f"{ADDRESS}{made}/{step}/", body, **JSON).status_code == 404
    assert (head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")) == before
    assert fresh(rows(Webhook)[0]).state == "active"


def test_who_may_not_keep_them_does_not_read_their_addresses(database, api):
    made = webhook(URL, by="sponsor_qa")
    for key in ("sponsor_viewer", "inspector", "cdmo_qa"):
        with reading(actor(key)) as reader:
            assert list(list_webhooks(reader)) == []
    assert refusal(webhooks.disable_webhook, actor("sponsor_viewer"), made.pk) == "refused"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "not_https"),
        ("https://10.0.0.1/", "not_public"),
        ("https://169.254.169.254/latest/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://example.com:25/", "port_not_allowed"),
        ("https://user:pass@example.com/", "not_an_address"),
        ("ftp://example.com/", "not_https"),
        ("https://localhost/", "not_a_host"),
        ("not an address", "not_an_address"),
    ],
)
def test_an_address_that_is_never_called_is_refused(database, api, url, code):
    answer = make(api, url=url)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert list(answer.json()["errors"]) == ["url"]


def test_a_name_that_nobody_knows_yet_is_taken(database, api, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert make(api, url="https://hooks.new-customer.example/in").status_code == 201


def test_who_sets_one_up_reads_at_once_whether_it_can_be_reached(database, api, monkeypatch):
    with receiving() as receiver:
        made = make(api, url=receiver.url)
        assert (made.status_code, made.json()["unreachable"]) == (201, "")
        assert receiver.came == []
    gone = make(api, url=receiver.url)
    assert (gone.status_code, gone.json()["unreachable"]) == (201, "not_reached")

    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert make(api, url="https://hooks.new-customer.example/in").json()["unreachable"] == "no_such_host"


def test_nobody_goes_out_for_who_may_not_set_one_up(database, api, monkeypatch):
    def knocked(_url):
        raise AssertionError

    monkeypatch.setattr("portal.api.webhooks.unreachable", knocked)
    assert make(api, "rival_system").status_code in (403, 404)


@pytest.mark.parametrize("events", [["Alert"], [""], ["a" * 200], ["alert."], ["alert.*.x"], [1, None], "x"])
def test_kinds_that_are_none_are_refused(database, api, events):
    assert make(api, events=events).status_code == 400


def test_a_side_has_at_most_twenty_in_a_program(database, monkeypatch):
    monkeypatch.setattr(webhooks, "WEBHOOKS_MAX", 2)
    first = webhook(URL)
    webhook(URL)
    assert refusal(webhook, URL) == "conflict"
    webhook(URL, by="cdmo_qa")
    webhooks.remove_webhook(keeper("sponsor_system"), first.pk)
    assert webhook(URL).state == "active"


@pytest.mark.parametrize("after", [0, {"shared": 0}, {"shared": 0, "sponsor": 0}])
def test_a_replay_is_asked_for_by_a_number_or_one_for_each_chain(database, api, after):
    made = make(api).json()["id"]
    raised()
    send_all(3)
    answer = api("sponsor_system").post(f"{ADDRESS}{made}/replay/", {"after": after}, **JSON)
    assert answer.status_code == 200
    streams = {(each["stream"], each["audience"]): each for each in answer.json()["streams"]}
    assert streams["entries", "shared"]["after"] == 0
    assert streams["entries", "shared"]["waiting"] == head_of(cast.PROGRAM)
    assert entries_of(cast.PROGRAM, "sponsor")[-1][1] == "webhook.replayed"


@pytest.mark.parametrize(
    "after",
    [-1, "0", None, True, 1.5, 10**6, 2**63, {}, {"manufacturer": 0}, {"moon": 0}, {"shared": "0"}, []],
)
def test_a_replay_from_nowhere_is_refused_and_changes_nothing(database, api, after):
    made = make(api).json()["id"]
    before = cursor_of(rows(Webhook)[0]).after
    answer = api("sponsor_system").post(f"{ADDRESS}{made}/replay/", {"after": after}, **JSON)
    assert answer.status_code == 400, answer.content
    assert cursor_of(rows(Webhook)[0]).after == before


def test_its_life_through_the_interface(database, api):
    client = api("sponsor_system")
    made = make(api).json()
    item = f"{ADDRESS}{made['id']}/"

    def step(name, **more):
        return client.post(f"{item}{name}/", {}, **JSON, **more)

    assert step("enable").status_code == 409
    assert step("test").status_code == 200
    rotated = step("rotate").json()
    assert rotated["secret"] not in (made["secret"], None)
    assert rotated["previous_secret_until"]
    off = step("disable", headers={"If-Match": f'"{rotated["version"]}"'})
    assert (off.status_code, off.json()["state"]) == (200, "disabled")
    assert step("enable", headers={"If-Match": '"1"'}).status_code == 412
    assert step("test").status_code == 409
    assert [each["name"] for each in off.json()["available_actions"]] == [
        "replay",
        "rotate",
        "enable",
        "remove",
    ]
    assert step("enable").json()["state"] == "active"
    assert client.delete(item).status_code == 204
    assert client.get(item).status_code == 404
    assert client.delete(item).status_code == 404
    gone = rows(Webhook)[0]
    assert (gone.state, str(gone.secret), str(gone.previous_secret)) == ("removed", "", "")
    kinds = [each[1] for each in entries_of(cast.PROGRAM, "sponsor")]
    assert [each for each in kinds if each.startswith("webhook.")] == [
        "webhook.added", "webhook.rotated", "webhook.disabled", "webhook.enabled", "webhook.removed"
    ]  # fmt: skip


def test_the_deliveries_say_what_came_of_each_try(database, api):
    with receiving(script=[(500, {})]) as receiver:
        made = make(api, url=receiver.url).json()["id"]
        raised()
        send_all()
    answer = api("sponsor_system").get(f"{ADDRESS}{made}/deliveries/").json()
    failed = next(each for each in answer["results"] if each["status"] == 500)
    assert failed == {
        "id": receiver.came[0].id,
        "stream": "entries",
        "audience": "shared",
        "seq": receiver.seqs[0],
        "kind": receiver.came[0].json["kind"],
        "attempt": 1,
        "at": failed["at"],
        "duration_ms": failed["duration_ms"],
        "status": 500,
        "error": "receiver_failed",
    }
    stream = api("sponsor_system").get(f"{ADDRESS}{made}/").json()["streams"][0]
    assert (stream["attempts"], stream["status"], stream["error"]) == (1, 500, "receiver_failed")
    assert stream["next_attempt_at"] > stream["failing_since"]


def test_a_key_without_the_scope_changes_nothing(database, api, cdmo_admin):
    made = make(api, "cdmo_system").json()["id"]
    token = "cov_" + "r" * 40
    people.issue_key(
        cdmo_admin,
        cast.CDMO,
        person_id=cast.person_id("cdmo_system"),
        label="reader",
        token=token,
        scopes=["read"],
        program_ids=[cast.PROGRAM],
        expires_at=timezone.now() + timedelta(days=3),
    )
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.post(f"{ADDRESS}{made}/disable/", {}, **JSON).status_code == 403
    assert client.get(ADDRESS).json()["results"] == []


def test_the_database_guards_the_table_of_states(database, as_owner):
    row = as_owner.execute(
        "select tgargs from pg_trigger where tgname = 'guard_state' and tgrelid = 'portal_webhook'::regclass"
    ).fetchone()
    assert bytes(row[0]).decode().split("\x00")[:-1] == edges(WEBHOOK_TRANSITIONS)


@pytest.mark.parametrize("state", WebhookState.values)
@pytest.mark.parametrize("step", ["test", "replay", "rotate", "disable", "enable", "remove"])
def test_each_step_starts_from_the_states_of_the_table(database, as_owner, step, state):
    made = webhook(URL, by="sponsor_qa")
    calls = {
        "test": webhooks.ask_for_test,
        "rotate": webhooks.rotate_secret,
        "disable": webhooks.disable_webhook,
        "enable": webhooks.enable_webhook,
        "remove": webhooks.remove_webhook,
        "replay": lambda by, pk: webhooks.replay_webhook(by, pk, after={"shared": 0}),
    }
    _bring(made, state)
    if state in WEBHOOK_TRANSITIONS[step].sources:
        calls[step](actor("sponsor_qa"), made.pk)
        assert fresh(made).state == (WEBHOOK_TRANSITIONS[step].target or state)
    else:
        expected = "not_found" if state == "removed" else "invalid_transition"
        assert refusal(calls[step], actor("sponsor_qa"), made.pk) == expected
        assert fresh(made).state == state


def _bring(made, state):
    """Bring a webhook into a state as the product does."""
    if state == "disabled":
        webhooks.disable_webhook(actor("sponsor_qa"), made.pk)
    elif state == "removed":
        webhooks.remove_webhook(actor("sponsor_qa"), made.pk)
    elif state != "active":
        _stop(system_actor("courier", cast.PROGRAM), made.pk, WebhookState(state))


@action("test.stop")
def _stop(actor, webhook_id, state):
    telling._stop(actor, webhook_id, state)
