import time
from datetime import timedelta
from uuid import uuid4

import pytest

from portal import tasks
from portal.action import reading
from portal.actions import deliveries
from portal.actions.alerts import acknowledge_alert
from portal.actions.deliveries import (
    ATTEMPTS_MAX,
    LEASE,
    LOST_MAX,
    claim_deliveries,
    note_sent,
    put_off_delivery,
)
from portal.actions.people import close_member
from portal.actor import Side, system_actor
from portal.courier import carry
from portal.errors import Refused
from portal.models import Delivery, Member
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import raised, rows_of

COURIER = system_actor("courier", cast.PROGRAM)
QA, VIEWER = cast.EMAILS["sponsor_qa"], cast.EMAILS["sponsor_viewer"]


def addressees(box):
    return sorted(to for tos, _ in box.messages for to in tos)


def states(alert):
    return sorted((each.state, each.attempts, each.error) for each in rows_of(alert)["deliveries"])


def claim(alert):
    ids = [each.pk for each in rows_of(alert)["deliveries"]]
    return claim_deliveries(COURIER, alert.space_id, delivery_ids=ids, courier_id=uuid4())


def test_each_told_person_gets_one_mail_and_nobody_else(database, mailbox):
    alert = raised()
    assert tasks.deliver() == 2
    assert addressees(mailbox) == [QA, VIEWER]
    assert states(alert) == [("sent", 1, ""), ("sent", 1, "")]
    assert all(each.sent_at > alert.raised_at for each in rows_of(alert)["deliveries"])
    assert tasks.deliver() == 0
    assert len(mailbox.messages) == 2


def test_what_waited_for_the_morning_is_not_sent_once_receipt_is_given(
    database, mailbox, settings, clock, signed_in
):
    settings.QUIET = "00:00-23:59"
    alert = raised()
    assert tasks.deliver() == 0
    acknowledge_alert(actor("sponsor_qa"), alert.pk)
    clock.move(timedelta(days=1))
    assert tasks.deliver() == 0
    assert mailbox.messages == []
    assert states(alert) == [("needless", 0, ""), ("needless", 0, "")]
    page = signed_in("sponsor_qa").get(f"/alerts/{alert.pk}/").content.decode()
    assert page.count("e-mail not sent: acknowledged while it waited") == 2


def test_a_receipt_stops_no_message_that_was_to_go_at_once(database, mailbox):
    alert = raised()
    acknowledge_alert(actor("sponsor_qa"), alert.pk)
    assert tasks.deliver() == 2
    assert [state for state, _, _ in states(alert)] == ["sent", "sent"]


def test_a_mail_holds_a_neutral_line_and_a_link_and_nothing_of_the_product(database, mailbox):
    alert = raised(title="CANARY TEMP 37.9 on B-2417", classification="critical")
    tasks.deliver()
    _, message = mailbox.messages[0]
    assert message["Subject"] == "You have a new notification in Covalent"
    assert message.get_content_type() == "text/plain"
    assert (
        message.get_content().split()
        == (
            "You have a new notification in Covalent. It asks for your receipt."
            f" http://testserver/alerts/{alert.pk}/"
            " For confidentiality this message says nothing of its content. Please sign in to read it."
        ).split()
    )
    for whole in (each.as_string() for _, each in mailbox.messages):
        for word in (
            "CANARY",
            "TEMP",
            "B-2417",
            "critical",
            "AV-101",
            "Norrsund",
            "Arvo",
            "5.7",
            "excursion",
        ):
            assert word not in whole


def test_the_message_id_is_the_deliverys_in_every_attempt(database, mailbox, clock):
    alert = raised()
    letters = claim(alert)
    list(carry(letters, until=time.monotonic() + 5))
    clock.move(timedelta(minutes=2))  # the courier died before it noted that: the lease runs out
    tasks.deliver()
    ids = [message["Message-ID"] for _, message in mailbox.messages]
    assert sorted(ids) == sorted(2 * [f"<{each.delivery_id}@testserver>" for each in letters])


def test_while_one_courier_holds_a_letter_no_other_takes_it(database, clock):
    alert = raised()
    first = claim(alert)
    assert len(first) == 2
    assert claim(alert) == []
    clock.move(timedelta(seconds=100))
    assert [each.attempt for each in claim(alert)] == [2, 2]


def test_a_courier_whose_lease_ran_out_changes_nothing(database, clock):
    alert = raised()
    old = claim(alert)
    clock.move(timedelta(seconds=100))
    claim(alert)
    for letter in old:
        assert note_sent(COURIER, letter.delivery_id, attempt=letter.attempt) is None
        assert put_off_delivery(COURIER, letter.delivery_id, attempt=letter.attempt, error="x") is None
    assert states(alert) == [("waiting", 2, ""), ("waiting", 2, "")]


def test_a_refused_address_is_tried_again_later_and_stops_no_other(database, mailbox):
    alert = raised()
    mailbox.refused.add(QA)
    assert tasks.deliver() == 1
    assert addressees(mailbox) == [VIEWER]
    assert states(alert) == [("sent", 1, ""), ("waiting", 1, "SMTPRecipientsRefused 550")]
    waiting = next(each for each in rows_of(alert)["deliveries"] if each.state == "waiting")
    assert timedelta(seconds=29) < waiting.next_at - alert.raised_at < timedelta(seconds=40)


def test_a_server_that_hangs_up_on_one_letter_gets_the_next(database, mailbox):
    alert = raised()
    mailbox.hang_up_on.add(QA)
    assert tasks.deliver() == 1
    assert addressees(mailbox) == [VIEWER]
    assert states(alert)[1] == ("waiting", 1, "SMTPServerDisconnected")


def test_the_servers_words_stay_out_of_the_record(database, mailbox):
    alert = raised()
    mailbox.refused.update({QA, VIEWER})
    tasks.deliver()
    assert all("@" not in each.error for each in rows_of(alert)["deliveries"])


def test_a_server_that_is_away_costs_one_try_for_all_letters(database, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    alert = raised()
    assert tasks.deliver() == 0
    assert states(alert) == [("waiting", 1, "ConnectionRefusedError")] * 2


def test_a_mailbox_that_is_down_for_a_day_and_a_night_loses_nothing(database, clock, mailbox):
    alert = raised()
    mailbox.refused.update({QA, VIEWER})
    moved, attempts = timedelta(0), 0
    while moved < timedelta(hours=36):
        tasks.deliver()
        attempts += 1
        assert states(alert) == [("waiting", attempts, "SMTPRecipientsRefused 550")] * 2
        moved += timedelta(minutes=31)
        clock.move(moved)
    mailbox.refused.clear()
    assert tasks.deliver() == 2
    assert addressees(mailbox) == [QA, VIEWER]
    assert states(alert) == [("sent", attempts + 1, "")] * 2


def test_after_the_last_attempt_a_letter_is_given_up_and_says_why(database, clock, monkeypatch):
    monkeypatch.setattr(deliveries, "ATTEMPTS_MAX", 4)
    alert, moved = raised(), timedelta(0)
    for _ in range(4):
        for letter in claim(alert):
            put_off_delivery(COURIER, letter.delivery_id, attempt=letter.attempt, error="OSError")
        moved += timedelta(minutes=31)
        clock.move(moved)
    assert states(alert) == [("failed", 4, "OSError")] * 2
    assert claim(alert) == []


def test_the_rest_between_attempts_doubles_up_to_half_an_hour(database, clock):
    alert = raised()
    rests = []
    for attempt in range(1, 10):
        letter = claim(alert)[0]
        leased = {each.pk: each.next_at for each in rows_of(alert)["deliveries"]}[letter.delivery_id]
        found = put_off_delivery(COURIER, letter.delivery_id, attempt=letter.attempt, error="x")
        rests.append(round((found.next_at - leased + LEASE).total_seconds()))
        clock.move(attempt * timedelta(hours=1, minutes=1))
    assert rests == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert sum(rests) + (ATTEMPTS_MAX - 10) * 1800 > 70 * 3600


def test_letters_that_crash_their_courier_end_after_the_third_attempt(database, clock):
    alert = raised()
    moved = timedelta(0)
    for _ in range(LOST_MAX):
        assert len(claim(alert)) == 2
        moved += timedelta(minutes=2)
        clock.move(moved)
    assert claim(alert) == []
    assert states(alert) == [("failed", LOST_MAX, "courier_lost")] * 2


def test_a_closed_account_gets_no_mail(database, mailbox):
    alert = raised()
    setup = system_actor("setup", cast.ARVO)
    with reading(setup):
        member = Member.objects.visible_to(setup).get(person_id=cast.person_id("sponsor_qa"))
    close_member(setup, member.pk, reason="left")
    assert tasks.deliver() == 1
    assert addressees(mailbox) == [VIEWER]
    assert ("failed", 0, "no_address") in states(alert)


def test_when_the_time_of_a_run_is_over_the_rest_is_left_to_the_next(database, mailbox):
    alert = raised()
    letters = claim(alert)
    assert list(carry(letters, until=time.monotonic() - 1)) == []
    assert mailbox.messages == []
    assert states(alert) == [("waiting", 1, "")] * 2


def test_a_person_claims_no_letters(database, sponsor_qa, cdmo_admin, rival_sponsor_qa):
    alert = raised()
    ids = [each.pk for each in rows_of(alert)["deliveries"]]
    for person in (sponsor_qa, cdmo_admin, rival_sponsor_qa):
        with pytest.raises(Refused):
            claim_deliveries(person, cast.PROGRAM, delivery_ids=ids, courier_id=uuid4())
    (letter, _) = claim(alert)
    with pytest.raises(Refused):
        note_sent(sponsor_qa, letter.delivery_id, attempt=1)
    assert put_off_delivery(rival_sponsor_qa, letter.delivery_id, attempt=1, error="x") is None


def test_a_courier_of_one_program_takes_no_letter_of_another(database):
    rivals = raised(program=cast.RIVAL_PROGRAM)
    ids = [each.pk for each in rows_of(rivals)["deliveries"]]
    assert claim_deliveries(COURIER, cast.PROGRAM, delivery_ids=ids, courier_id=uuid4()) == []
    with pytest.raises(Refused):
        claim_deliveries(COURIER, cast.RIVAL_PROGRAM, delivery_ids=ids, courier_id=uuid4())


def test_letters_leave_no_news_on_the_chain(database, mailbox):
    raised()
    head = head_of(cast.PROGRAM)
    tasks.deliver()
    assert {is_news for *_, is_news in entries_of(cast.PROGRAM, after=head)} == {False}


def test_letters_of_an_internal_alert_are_seen_on_its_side_alone(database, mailbox, sponsor_qa, cdmo_qa):
    raised(Side.MANUFACTURER, audience="manufacturer")
    tasks.deliver()
    for reader, seen in ((sponsor_qa, 0), (cdmo_qa, 2)):
        with reading(reader):
            assert Delivery.objects.visible_to(reader).count() == seen


def test_the_sweep_sends_the_courier_off_when_letters_wait(database, settings):
    import redis

    import config.celery  # noqa: F401 - the broker's configuration

    queue = redis.Redis.from_url(settings.REDIS_URL)
    before = queue.llen("covalent")
    tasks.sweep()
    assert queue.llen("covalent") == before
    raised()
    tasks.sweep()
    assert queue.llen("covalent") == before + 1
    assert b"portal.deliver" in queue.lpop("covalent")
