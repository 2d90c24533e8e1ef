"""Web push by the standard: opened here with the browser's own key, sent by nobody but this installation."""

from __future__ import annotations

import base64
import json
import stat
import time
from datetime import timedelta

import pytest

from portal import tasks
from portal.actions.notices import add_device, choose_notices
from portal.models import PushDevice
from portal.notices import push
from portal.notices.carrying import carry_channel
from portal.notices.choices import Choices
from tests.factories import cast
from tests.factories.alerts import raised, rows_of
from tests.factories.push import Browser, PushService, claims_of, unb64

ONLY_PUSH = Choices(None, {"live": ("push",)})


@pytest.fixture(autouse=True)
def own_key(settings, tmp_path):
    settings.PUSH_KEY_FILE = tmp_path / "push.key"


@pytest.fixture
def service():
    found = PushService()
    yield found
    found.stop()


@pytest.fixture
def browser(database, service, sponsor_qa):
    found = service.browser()
    add_device(sponsor_qa, **found.subscription())
    choose_notices(sponsor_qa, choices=ONLY_PUSH)
    return found


def pushes(alert):
    found = (each for each in rows_of(alert)["deliveries"] if each.channel == "push")
    return [(str(each.state), each.attempts, each.error) for each in found]


def test_what_arrives_opens_with_the_browsers_key_and_holds_nothing_of_the_product(browser, service):
    alert = raised(title="CANARY TEMP 37.9 on B-2417")
    carry_channel("push", until=time.monotonic() + 20)
    ((_path, _headers, body),) = service.came
    said = browser.opened(body)
    assert said == {
        "title": "Covalent",
        "body": "One notification waits in Covalent.",
        "url": f"/alerts/{alert.pk}/",
        "tag": str(next(each.pk for each in rows_of(alert)["deliveries"] if each.channel == "push")),
    }
    assert b"CANARY" not in body
    assert pushes(alert) == [("sent", 1, "")]


def test_the_push_service_is_told_who_sends_it_and_until_when_it_is_worth_keeping(browser, service):
    raised()
    carry_channel("push", until=time.monotonic() + 20)
    ((_path, headers, _body),) = service.came
    claims, key = claims_of(headers["Authorization"])
    origin = browser.endpoint.split("/push/")[0]
    assert (claims["aud"], key) == (origin, push.public_key())
    assert time.time() < claims["exp"] <= time.time() + 24 * 3600
    assert claims["sub"].startswith(("mailto:", "https://"))
    assert (headers["Content-Encoding"], headers["TTL"], headers["Urgency"]) == (
        "aes128gcm",
        "86400",
        "normal",
    )


def test_a_critical_one_is_urgent(browser, service, sponsor_qa):
    choose_notices(sponsor_qa, choices=Choices(None))
    raised(classification="critical")
    carry_channel("push", until=time.monotonic() + 20)
    assert [headers["Urgency"] for _, headers, _ in service.came] == ["high"]


def test_a_browser_that_is_gone_is_forgotten_and_the_other_one_told(browser, service, sponsor_qa):
    other = service.browser()
    add_device(sponsor_qa, **other.subscription())
    service.status["/push/" + browser.endpoint.rpartition("/")[2]] = 410
    alert = raised()
    carry_channel("push", until=time.monotonic() + 20)
    assert pushes(alert) == [("sent", 1, "")]
    assert other.opened(service.came[0][2])["title"] == "Covalent"
    assert PushDevice.objects.count() == 1


@pytest.mark.parametrize(("status", "error"), [(500, "push_500"), (429, "push_429"), (301, "push_301")])
def test_a_push_service_in_trouble_is_tried_again(browser, service, status, error):
    service.status["/push/" + browser.endpoint.rpartition("/")[2]] = status
    alert = raised()
    carry_channel("push", until=time.monotonic() + 20)
    assert pushes(alert) == [("waiting", 1, error)]
    assert service.came == []
    assert PushDevice.objects.count() == 1


def test_without_a_browser_there_is_no_message_and_one_that_lost_it_is_not_tried_for_days(
    browser, service, clock
):

    alert = raised()
    PushDevice.objects.all().delete()
    carry_channel("push", until=time.monotonic() + 20)
    assert pushes(alert) == [("failed", 0, "no_device")]
    clock.move(timedelta(minutes=1))
    assert pushes(raised()) == []


def test_the_encryption_is_that_of_the_standards_own_example():
    """RFC 8291, section 5: what its user agent can open, ours makes; here its keys open our message."""
    from cryptography.hazmat.primitives.asymmetric import ec

    private = int.from_bytes(unb64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
    browser = Browser("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV")
    browser.key = ec.derive_private_key(private, ec.SECP256R1())
    browser.auth = unb64("BTBZMqHH6r4Tts7J_aSIgg")
    theirs = unb64(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert opened_raw(browser, theirs) == b"When I grow up, I want to be a watermelon"
    given = browser.subscription()
    said = json.dumps({"title": "ours"}).encode()
    made = push.encrypt(said, p256dh=unb64(given["p256dh"]), auth=unb64(given["auth"]))
    assert browser.opened(made) == {"title": "ours"}
    assert push.encrypt(said, p256dh=unb64(given["p256dh"]), auth=unb64(given["auth"])) != made


def opened_raw(browser, body):
    """The example's plain text is no JSON."""
    original = json.loads
    try:
        json.loads = lambda raw: raw
        return browser.opened(body)
    finally:
        json.loads = original


def test_the_key_is_made_once_lies_private_and_stays(settings):
    first = push.public_key()
    assert len(base64.urlsafe_b64decode(first + "=")) == 65
    assert push.public_key() == first
    assert stat.S_IMODE(settings.PUSH_KEY_FILE.stat().st_mode) == 0o600
    assert [each.name for each in settings.PUSH_KEY_FILE.parent.iterdir()] == ["push.key"]


def test_whom_the_clause_reaches_by_mail_is_reached_also_while_push_hangs(own_database, service, settings):
    """The channels run side by side: the mail is out while the push service still holds the line."""
    from tests.conftest import actor
    from tests.factories.mail import MailServer

    mail = MailServer()
    mail.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
    seen = []
    mail.box.on_message = lambda: (seen.append(len(service.came)), service.hold.set())
    try:
        add_device(actor("sponsor_qa"), **service.browser().subscription())
        service.hold.clear()
        alert = raised()
        tasks.deliver()
    finally:
        mail.stop()
    assert seen[0] == 0
    assert len(service.came) == 1
    assert {(each.channel, str(each.state)) for each in rows_of(alert)["deliveries"]} == {
        ("email", "sent"),
        ("push", "sent"),
    }
    assert cast.EMAILS["sponsor_qa"] in {to for tos, _ in mail.box.messages for to in tos}
