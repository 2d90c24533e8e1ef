"""How I am told: chosen by oneself, on the record, never less than a clause demands."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client

from portal.actions.notices import add_device, choose_notices, remove_device
from portal.actor import system_actor
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.models import NoticeSetting, Person, PushDevice
from portal.notices.choices import Choices, QuietHours
from portal.notices.devices import devices_of
from tests.conftest import head_of
from tests.factories import cast
from tests.factories.alerts import facts_of, raised, rows_of
from tests.factories.push import Browser

QUIET = QuietHours(time(19), time(7))
FORM = {"is_quiet": "on", "quiet_since": "20:00", "quiet_until": "06:30", "digest_hour": "7"}


def stored(key):
    return NoticeSetting.objects.get(pk=cast.person_id(key))


def messages(alert, key):
    return sorted(
        (each.channel, str(each.state))
        for each in rows_of(alert)["deliveries"]
        if each.person_id == cast.person_id(key)
    )


def test_choosing_is_recorded_in_the_own_organisation_and_nowhere_else(database, sponsor_qa):
    own, program = head_of(cast.ARVO), head_of(cast.PROGRAM)
    choose_notices(sponsor_qa, choices=Choices(QUIET, {"live": ("push",)}, {"live": True}, 7))
    assert facts_of(cast.ARVO, after=own) == [
        (
            "notices.chosen",
            {
                "email": ["critical", "decision", "major", "minor", "other"],
                "push": ["critical", "decision", "major", "minor", "live", "other"],
                "chat": ["critical", "decision", "major", "minor", "other"],
                "wakes": ["critical", "live"],
                "quiet": "19:00-07:00 weekends",
                "digest_hour": "7",
            },
        )
    ]
    assert head_of(cast.PROGRAM) == program
    kept = stored("sponsor_qa")
    assert kept.digest_at > datetime.now(UTC)


def test_a_chosen_channel_is_used_and_one_that_was_not_is_not(database, sponsor_qa, sponsor_viewer):
    add_device(sponsor_qa, **Browser("http://127.0.0.1/push/1").subscription())
    choose_notices(sponsor_qa, choices=Choices(None, {"live": ("push",)}))
    alert = raised()
    assert messages(alert, "sponsor_qa") == [("push", "waiting")]
    assert messages(alert, "sponsor_viewer") == [("email", "waiting")]
    # A critical one goes by mail all the same: clause 5.1 demands it.
    choose_notices(sponsor_qa, choices=Choices(None, {"critical": ()}))
    assert messages(raised(classification="critical"), "sponsor_qa") == [("email", "waiting")]


def test_at_night_a_live_alert_waits_and_a_critical_one_goes(database, sponsor_qa, clock, settings):
    settings.QUIET = "19:00-07:00 weekends"
    now = datetime.now(UTC)
    # Three in the morning of the next Wednesday, in Stockholm.
    night = (now + timedelta(days=(2 - now.weekday()) % 7 + 7)).replace(hour=2, minute=0)
    clock.move(night - now)
    waits = [
        each.next_at - each_alert.raised_at
        for each_alert in (raised(),)
        for each in rows_of(each_alert)["deliveries"]
    ]
    assert all(timedelta(hours=2) < each < timedelta(hours=6) for each in waits)
    alert = raised(classification="critical")
    assert {each.next_at - alert.raised_at for each in rows_of(alert)["deliveries"]} == {timedelta(0)}


def test_who_has_a_morning_mail_finds_in_it_what_came_at_night(database, sponsor_qa):
    always = QuietHours(time(0), time(23, 59))
    choose_notices(sponsor_qa, choices=Choices(always, digest_hour=7))
    alert = raised()
    assert messages(alert, "sponsor_qa") in (
        [("email", "digest")],
        [("email", "waiting")],
    )  # 23:59 is not quiet
    assert len(rows_of(alert)["receipts"]) == 2


def test_the_page_keeps_what_was_chosen_and_locks_what_a_clause_demands(database, signed_in):
    client = signed_in("sponsor_qa")
    page = client.get("/notices/settings/").content.decode()
    assert re.search(r"AV-101[^<]*: <a [^>]*>clause 5\.1, default rule</a>", page)
    assert 'name="critical-email"' in page
    assert page.count(" disabled") == 3  # mail and waking of critical, mail of major
    answer = client.post("/notices/settings/", FORM | {"live-push": "on", "wants_digest": "on"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices/settings/")
    kept = stored("sponsor_qa")
    assert kept.given["channels"] == {
        "critical": ["email"],
        "decision": [],
        "major": ["email"],
        "minor": [],
        "live": ["push"],
        "other": [],
    }
    assert kept.given["wakes"]["critical"] is True
    assert kept.given["quiet"] == {"since": "20:00", "until": "06:30", "weekends": False}
    assert kept.digest_hour == 7
    assert "Kept." in client.get("/notices/settings/").content.decode()


@pytest.mark.parametrize("wrong", [{"quiet_since": "25:00"}, {"digest_hour": "24"}, {"quiet_until": ""}])
def test_what_cannot_be_read_is_said_and_nothing_kept(database, signed_in, wrong):
    answer = signed_in("sponsor_qa").post("/notices/settings/", FORM | wrong)
    assert answer.status_code == 422
    assert not NoticeSetting.objects.exists()


def test_a_guest_chooses_nothing(database, signed_in):
    guest = Person.objects.get(pk=cast.person_id("inspector"))
    guest.is_guest = True
    guest.save(update_fields=["is_guest"])
    client = signed_in("inspector")
    assert client.get("/notices/settings/").status_code == 200
    assert client.post("/notices/settings/", FORM).status_code == 403
    assert not NoticeSetting.objects.exists()


def test_a_browser_is_kept_hidden_and_removed_by_its_owner_alone(
    database, sponsor_qa, rival_sponsor_qa, as_owner
):
    browser = Browser("http://127.0.0.1/push/secret-address")
    head = head_of(cast.ARVO)
    device = add_device(sponsor_qa, **browser.subscription())
    row = PushDevice.objects.get(pk=device.pk)
    assert "secret-address" not in row.hidden
    assert [each.endpoint for each in devices_of(sponsor_qa.person_id)] == [browser.endpoint]
    with pytest.raises(NotFound):
        remove_device(rival_sponsor_qa, device.pk)
    remove_device(sponsor_qa, device.pk)
    assert not PushDevice.objects.exists()
    assert [name for name, _ in facts_of(cast.ARVO, after=head)] == [
        "push_device.added",
        "push_device.removed",
    ]


def test_a_browser_takes_notifications_for_whom_it_was_asked_last(database, sponsor_qa, sponsor_viewer):
    browser = Browser("http://127.0.0.1/push/shared")
    add_device(sponsor_qa, **browser.subscription())
    add_device(sponsor_viewer, **browser.subscription())
    assert devices_of(sponsor_qa.person_id) == []
    assert len(devices_of(sponsor_viewer.person_id)) == 1


def test_twenty_browsers_are_enough(database, sponsor_qa):
    for place in range(20):
        add_device(sponsor_qa, **Browser(f"http://127.0.0.1/push/{place}").subscription())
    add_device(sponsor_qa, **Browser("http://127.0.0.1/push/3").subscription())
    with pytest.raises(Conflict):
        add_device(sponsor_qa, **Browser("http://127.0.0.1/push/20").subscription())


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://169.254.169.254/latest"},
        {"endpoint": "https://10.0.0.1/push"},
        {"endpoint": "file:///etc/passwd"},
        {"endpoint": ""},
        {"p256dh": "AAAA"},
        {"p256dh": "B" * 87},
        {"auth": "!!"},
    ],
)
def test_what_is_no_push_service_or_no_key_is_refused(database, sponsor_qa, wrong):
    with pytest.raises(Invalid):
        add_device(sponsor_qa, **Browser("http://127.0.0.1/push/1").subscription() | wrong)
    assert not PushDevice.objects.exists()


def test_the_worker_of_the_browser_stands_at_the_root_and_needs_no_sign_in(database):
    answer = Client().get("/push-worker.js")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/javascript")
    assert b"showNotification" in b"".join(answer.streaming_content)


def test_the_list_has_every_notice_and_what_became_of_each_message(database, signed_in):
    alert = raised()
    text = signed_in("sponsor_viewer").get("/notices/").content.decode()
    assert f'href="/alerts/{alert.pk}/"' in text
    assert "on screen, e-mail on its way" in text
    for other in ("cdmo_qa", "rival_sponsor_qa", "sponsor_quality_head"):
        assert "Nothing has come to you yet" in signed_in(other).get("/notices/").content.decode()


def test_who_is_no_member_of_an_organisation_is_refused(database):
    with pytest.raises(Refused):
        choose_notices(system_actor("sweep", cast.PROGRAM), choices=Choices(None))


def test_the_list_comes_in_pages_that_lead_on(database, signed_in, monkeypatch):
    from portal.queries import notices as queries

    monkeypatch.setattr(queries, "LINES_A_PAGE", 2)
    found = [raised() for _ in range(3)]
    client = signed_in("sponsor_viewer")
    first = client.get("/notices/").content.decode()
    shown = [f"/alerts/{each.pk}/" in first for each in found]
    assert shown == [False, True, True]
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = client.get(f"/notices/{older}").content.decode()
    assert [f"/alerts/{each.pk}/" in second for each in found] == [True, False, False]
    assert 'rel="next"' not in second
    assert 'rel="prev" href="/notices/"' in second
    assert client.get("/notices/?after=nonsense").status_code == 200
