"""Integrations: whoever looks after the link sees at once whether it is healthy, and mends it there."""

import re
from datetime import timedelta

import pytest

from batches.actions.readings import take_frame
from portal.actor import system_actor
from portal.models import Webhook
from tests.conftest import entries_of
from tests.factories import batches, cast
from tests.factories.alerts import raised
from tests.factories.receivers import receiving
from tests.factories.webhooks import fresh, rows, send_all, tries_of, webhook

PAGE = "/integrations/"
URL = "http://127.0.0.1:9/hook"


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def add(client, **given):
    return client.post(PAGE, {"program": str(cast.PROGRAM), "url": URL, "kinds": "*"} | given)


@pytest.mark.parametrize(
    ("key", "keeps", "nav"),
    [("cdmo_qa", True, True), ("sponsor_qa", True, True), ("cdmo_admin", False, True),
     ("cdmo_operator", False, False), ("sponsor_viewer", False, False), ("inspector", False, False)],
)  # fmt: skip
def test_who_looks_after_links_finds_the_page_and_who_keeps_webhooks_the_form(
    database, signed_in, key, keeps, nav
):
    answer = signed_in(key).get(PAGE)
    assert answer.status_code == 200
    assert ("Set up a webhook" in text(answer)) is keeps
    assert ('href="/integrations/"' in signed_in(key).get("/").content.decode()) is nav
    assert ("Keys of your systems" in text(answer)) is nav


def test_an_empty_page_says_what_will_appear(database, signed_in):
    shown = text(signed_in("sponsor_qa").get(PAGE))
    for words in ("No webhooks yet", "No batch is running"):
        assert words in shown


def test_setting_one_up_shows_its_secret_once(database, signed_in):
    client = signed_in("sponsor_qa")
    made = add(client, kinds="deviation.*, alert.raised", checkpoints="on")
    assert made.status_code == 201
    (hook,) = rows(Webhook)
    assert str(hook.secret) in made.content.decode()
    assert "is set up, but nobody answers there" in text(made)
    assert hook.kinds == ["alert.raised", "deviation.*", "ledger.checkpoint"]
    for address in (PAGE, f"{PAGE}webhooks/{hook.pk}/"):
        assert str(hook.secret) not in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "http://10.0.0.1/"}, "begins with https"),
        ({"url": "https://10.0.0.1/"}, "none of the open internet"),
        ({"url": ""}, "required"),
        ({"kinds": "Deviation"}, "Give 1 to 50 kinds"),
        ({"program": str(cast.RIVAL_PROGRAM)}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_the_form_and_nothing_typed_is_lost(database, signed_in, given, words):
    answer = add(signed_in("sponsor_qa"), **given)
    assert answer.status_code == 400
    assert words in text(answer)
    assert f'value="{given.get("url", URL)}"' in answer.content.decode() or not given.get("url", URL)
    assert rows(Webhook) == []


def test_who_does_not_keep_webhooks_sets_none_up(database, signed_in):
    assert add(signed_in("sponsor_viewer")).status_code == 403
    assert add(signed_in("cdmo_admin")).status_code == 403
    assert rows(Webhook) == []


def test_the_page_of_one_tells_how_it_does_and_why(database, signed_in, clock):
    with receiving(script=[(503, {})]) as receiver:
        hook = webhook(receiver, by="sponsor_qa")
        page = f"{PAGE}webhooks/{hook.pk}/"
        assert "Nothing sent yet" in text(signed_in("sponsor_qa").get(page))
        raised()
        send_all()
        for address in (PAGE, page):
            assert "fails, tried again" in text(signed_in("sponsor_qa").get(address))
        shown = text(signed_in("sponsor_qa").get(page))
        assert "503, the receiver failed" in shown
        assert "try 2 of 10" in shown
        clock.move(timedelta(minutes=1))
        send_all()
        for address in (PAGE, page):
            assert "healthy" in text(signed_in("sponsor_qa").get(address))
        failed = text(signed_in("sponsor_qa").get(f"{page}?tries=failed"))
        assert failed.count("not taken") == 1


def test_one_that_stopped_says_why_and_is_switched_on_there(database, signed_in):
    with receiving(script=[(410, {})]) as receiver:
        hook = webhook(receiver, by="sponsor_qa")
        raised()
        send_all()
        client, page = signed_in("sponsor_qa"), f"{PAGE}webhooks/{hook.pk}/"
        for address in (PAGE, page):
            assert "the receiver said that it is gone" in text(client.get(address))
        assert "Send a test" not in text(client.get(page))
        assert client.post(f"{page}enable/").status_code == 303
        assert fresh(hook).state == "active"
        send_all()
        assert receiver.taken


@pytest.mark.parametrize(
    ("step", "state", "kind"),
    [("test", "active", None), ("disable", "disabled", "webhook.disabled"),
     ("remove", "removed", "webhook.removed"), ("rotate", "active", "webhook.rotated")],
)  # fmt: skip
def test_each_step_is_taken_from_the_page(database, signed_in, step, state, kind):
    hook = webhook(URL, by="sponsor_qa")
    before = str(hook.secret)
    answer = signed_in("sponsor_qa").post(f"{PAGE}webhooks/{hook.pk}/{step}/")
    assert answer.status_code == (200 if step == "rotate" else 303)
    assert fresh(hook).state == state
    if kind:
        assert entries_of(cast.PROGRAM, "sponsor")[-1][1] == kind
    if step == "rotate":
        secret = str(fresh(hook).secret)
        assert secret != before
        assert secret in answer.content.decode()
        assert before not in answer.content.decode()
    if step == "test":
        send_all()
        assert [each.kind for each in tries_of(hook)] == ["webhook.test"]


@pytest.mark.parametrize(
    ("after", "status"), [("0", 303), ("", 400), ("-1", 400), ("999999", 400), ("x", 400)]
)
def test_sending_again_from_a_number(database, signed_in, after, status):
    hook = webhook(URL, by="sponsor_qa")
    address = f"{PAGE}webhooks/{hook.pk}/replay/"
    answer = signed_in("sponsor_qa").post(address, {"chain": "shared", "after": after})
    assert answer.status_code == status
    assert (entries_of(cast.PROGRAM, "sponsor")[-1][1] == "webhook.replayed") is (status == 303)
    foreign = signed_in("sponsor_qa").post(address, {"chain": "manufacturer", "after": "0"})
    assert foreign.status_code == 400


@pytest.mark.parametrize("key", ["cdmo_qa", "sponsor_viewer", "rival_sponsor_qa", "inspector"])
def test_for_anybody_else_there_is_no_such_webhook(database, signed_in, key):
    hook = webhook(URL, by="sponsor_qa")
    client, page = signed_in(key), f"{PAGE}webhooks/{hook.pk}/"
    assert client.get(page).status_code == 404
    for step in ("test", "disable", "remove", "rotate", "replay", "enable"):
        assert client.post(f"{page}{step}/", {"chain": "shared", "after": "0"}).status_code in (403, 404)
    assert "127.0.0.1" not in client.get(PAGE).content.decode()
    assert fresh(hook).state == "active"


def test_a_key_shows_when_it_last_spoke_and_when_it_ends(database, signed_in, api, clock, cdmo_admin):
    client = signed_in("cdmo_admin")
    assert "never" in text(client.get(PAGE))
    api("gateway").get("/api/v1/programs/")
    shown = text(client.get(PAGE))
    row = shown[shown.index("gateway") : shown.index("Ends") + 900]
    assert re.search(r"gateway .{0,160}?(now|s ago)", row)
    clock.move(timedelta(days=295))
    assert "soon" in text(signed_in("cdmo_qa").get(PAGE))


def test_a_key_is_let_in_although_nothing_can_be_written(own_database, api):
    with own_database.connect("owner") as raw:
        raw.execute("revoke insert on portal_keyuse from covalent_app")
    assert api("gateway").get("/api/v1/programs/").status_code == 200


def test_feeds_show_the_age_of_each_datum_and_what_was_refused(database, signed_in, clock):
    running = batches.batch(number="B-2417")
    frame = batches.frame(*batches.course([36.5] * 3, start=batches.now()))
    take_frame(system_actor("setup", cast.PROGRAM), running.pk, body=frame, media_type="application/json")
    for key in ("cdmo_qa", "sponsor_qa"):
        shown = text(signed_in(key).get(PAGE))
        assert "B-2417" in shown
        assert "TEMP" in shown
        assert ("Rows refused" in shown) is (key == "cdmo_qa")
        assert "none yet" in shown
    assert "B-2417" not in text(signed_in("rival_sponsor_qa").get(PAGE))
    late = re.compile(r"(\d+) of \d+ late")
    before = int(late.search(text(signed_in("cdmo_qa").get(PAGE)))[1])
    clock.move(timedelta(minutes=30))
    assert int(late.search(text(signed_in("cdmo_qa").get(PAGE)))[1]) > before


def test_rows_that_were_refused_are_counted_for_who_sends_them(database, signed_in, api):
    running = batches.batch(number="B-2417")
    body = {"readings": [{"parameter": "NOPE", "at": batches.now().isoformat(), "value": 1.0}] * 2}
    address = f"/api/v1/batches/{running.pk}/readings/"
    sent = api("gateway").post(
        address, body, content_type="application/json", headers={"Idempotency-Key": "frame 1"}
    )
    assert len(sent.json()["refused"]) == 2
    code = sent.json()["refused"][0]["code"]
    assert f" 2 {code} " in text(signed_in("cdmo_qa").get(PAGE))
    assert code not in text(signed_in("sponsor_qa").get(PAGE))
