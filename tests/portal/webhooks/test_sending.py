"""A webhook is told what its side may read, in order, at least once, until it was taken."""

from datetime import timedelta

import pytest
from django.db import connection
from standardwebhooks import Webhook as Unrelated

from portal import keyring
from portal.action import reading
from portal.actions import people, webhooks
from portal.actions.telling import LEASE, LOG_KEPT, claim_stream, settle_stream
from portal.actor import system_actor
from portal.models import ApiKey, Assignment
from portal.streams import ChainKey, message, read_entries
from portal.tasks import publish
from portal.webhooks import running
from portal.webhooks.sending import take_turn
from portal.webhooks.verdicts import ATTEMPTS_MAX, RESTS
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.alerts import raised
from tests.factories.keys import lose, own_folder
from tests.factories.receivers import OK, RESET, receiving
from tests.factories.webhooks import cursor_of, fresh, keeper, send_all, tries_of, webhook

COURIER = system_actor("courier", cast.PROGRAM)


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def stream(audience="shared", after=0):
    """What the stream shows to a side, as the contract has it."""
    with reading(system_actor("relay", cast.PROGRAM)) as relay:
        key = ChainKey(cast.PROGRAM, audience)
        return [message(key, each) for each in read_entries(relay, key, after)]


def news(audience="shared", after=0):
    return [each for each in stream(audience, after) if each["type"] == "event"]


def test_each_entry_is_told_as_the_stream_shows_it_and_signed(database, receiver):
    hook = webhook(receiver)
    before = head_of(cast.PROGRAM)
    raised(title="TEMP 37.9")
    send_all()
    expected = news(after=before)
    assert expected
    assert [each.json for each in receiver.came if each.json["audience"] == "shared"] == expected
    for each in receiver.came:
        assert Unrelated(str(hook.secret)).verify(each.body, each.headers) == each.json
        assert each.headers["content-type"] == "application/json"
        assert each.id == f"evt_{cast.PROGRAM.hex}_{each.json['audience']}_{each.json['seq']}"


def test_an_entry_that_is_no_news_is_passed_over(database, receiver, sponsor_qa):
    hook = webhook(receiver)
    place = head_of(cast.PROGRAM, "sponsor")
    webhooks.rotate_secret(sponsor_qa, hook.pk)  # an entry of the sponsor's chain, and no news
    assert [each["type"] for each in stream("sponsor", place)] == ["skip"]
    send_all()
    assert receiver.came == []
    assert cursor_of(hook, chain="sponsor").after == head_of(cast.PROGRAM, "sponsor")


def test_a_side_is_told_of_its_own_chain_and_never_of_the_others(database):
    with receiving() as sponsors, receiving() as cdmos, receiving() as rivals:
        webhook(sponsors)
        webhook(cdmos, by="cdmo_qa")
        webhook(rivals, by="rival_system", program=cast.RIVAL_PROGRAM)
        make.report(actor("cdmo_qa"), title="CANARY not disclosed")
        send_all()
        assert [each.json["kind"] for each in cdmos.came] == ["deviation.reported"]
        assert cdmos.came[0].json["title"] == "CANARY not disclosed"
        assert sponsors.came == []
        assert rivals.came == []


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["*"], True),
        (["alert.raised"], True),
        (["alert.*"], True),
        (["deviation.*", "alert.raised"], True),
        (["alert"], False),
        (["alert.raised.*"], False),
        (["deviation.*"], False),
        (["ledger.checkpoint"], False),
    ],
)
def test_a_webhook_is_told_of_the_kinds_it_asks_for(database, receiver, kinds, told):
    webhook(receiver, kinds=kinds)
    raised()
    send_all()
    assert ("alert.raised" in [each.json["kind"] for each in receiver.came]) is told


def test_what_is_not_taken_holds_up_what_follows_and_is_tried_again_under_its_id(database, receiver, clock):
    receiver.script = [OK, (500, {}), (500, {})]
    hook = webhook(receiver)
    for _ in range(3):
        raised()
    send_all()
    assert len(receiver.came) == 2
    first, second = (each["seq"] for each in news(after=cursor_of(hook).after - 1)[:2])
    assert receiver.seqs == [first, second]
    stuck = cursor_of(hook)
    assert (stuck.after, stuck.attempts, stuck.status, stuck.error) == (second - 1, 1, 500, "receiver_failed")
    assert stuck.failing_since is not None
    assert stuck.sent_at is not None
    clock.move(timedelta(seconds=6))
    send_all()
    assert receiver.seqs == [first, second, second]
    clock.move(timedelta(seconds=6 + 331))
    send_all()
    assert receiver.seqs[:4] == [first, second, second, second]
    assert receiver.ids[1] == receiver.ids[2] == receiver.ids[3]
    assert receiver.taken == list(dict.fromkeys(receiver.ids))
    healed = cursor_of(hook)
    assert (healed.after, healed.attempts, healed.failing_since, healed.error) == (
        head_of(cast.PROGRAM),
        0,
        None,
        "",
    )


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ((302, {"Location": "/elsewhere"}), 302, "redirected"),
        ((308, {"Location": "/elsewhere"}), 308, "redirected"),
        ((404, {}), 404, "refused"),
        ((503, {}), 503, "receiver_failed"),
        (RESET, None, "not_reached"),
    ],
)
def test_what_is_no_2xx_is_not_taken_and_no_redirect_is_followed(database, receiver, answer, status, error):
    receiver.otherwise = answer
    hook = webhook(receiver)
    raised()
    send_all()
    assert [each.path for each in receiver.came] == ["/hook"]
    (tried,) = tries_of(hook)
    assert (tried.status, tried.attempt) == (status, 1)
    assert tried.error in (error, "bad_answer") if answer is RESET else tried.error == error


def test_a_receiver_that_says_when_is_left_alone_until_then(database, receiver, clock):
    receiver.script = [(429, {"Retry-After": "3600"})]
    webhook(receiver)
    raised()
    send_all()
    clock.move(timedelta(minutes=59))
    send_all()
    assert len(receiver.came) == 1
    clock.move(timedelta(minutes=61))
    send_all()
    assert receiver.ids[0] == receiver.ids[1]


def test_a_receiver_that_is_gone_ends_it_at_once_and_nothing_is_lost(database, receiver, sponsor_qa):
    receiver.script = [(410, {})]
    hook = webhook(receiver)
    raised()
    send_all()
    assert len(receiver.came) == 1
    assert fresh(hook).state == "gone"
    assert [(each.status, each.error) for each in tries_of(hook)] == [(410, "gone")]
    assert entries_of(cast.PROGRAM, "sponsor")[-1][1] == "webhook.stopped"
    webhooks.enable_webhook(sponsor_qa, hook.pk)
    send_all()
    assert receiver.ids[0] in receiver.taken
    assert "webhook.stopped" in [each.json["kind"] for each in receiver.came]
    assert cursor_of(hook).after == head_of(cast.PROGRAM)


def test_after_75_hours_it_stops_and_shows_it_and_goes_on_when_switched_on(database, receiver, clock):
    receiver.otherwise = (500, {})
    hook = webhook(receiver)
    raised()
    passed = timedelta(0)
    for attempt in range(ATTEMPTS_MAX):
        send_all()
        assert len(receiver.came) == attempt + 1
        passed += RESTS[min(attempt, len(RESTS) - 1)] * 1.11
        clock.move(passed)
    assert fresh(hook).state == "exhausted"
    send_all()
    assert len(receiver.came) == ATTEMPTS_MAX
    assert [each.attempt for each in tries_of(hook)] == list(range(1, ATTEMPTS_MAX + 1))
    assert len(set(receiver.ids)) == 1
    receiver.otherwise = OK
    webhooks.enable_webhook(keeper("sponsor_system"), hook.pk)
    send_all()
    assert set(receiver.taken) == set(receiver.ids)
    assert cursor_of(hook).after == head_of(cast.PROGRAM)


def test_it_is_sent_again_from_a_number_under_the_same_ids(database, receiver, sponsor_qa):
    hook = webhook(receiver)
    start = head_of(cast.PROGRAM)
    raised()
    raised()
    send_all()
    sent = receiver.ids
    webhooks.replay_webhook(sponsor_qa, hook.pk, after={"shared": start})
    receiver.came = []
    send_all()
    assert receiver.ids == [each for each in sent if "_shared_" in each]
    assert receiver.ids


def test_it_may_be_set_past_what_a_receiver_never_takes(database, receiver, sponsor_qa):
    receiver.script = [(400, {})]
    hook = webhook(receiver)
    raised()
    send_all()
    bad = receiver.seqs[0]
    webhooks.replay_webhook(sponsor_qa, hook.pk, after={"shared": bad})
    raised()
    send_all()
    assert bad not in receiver.seqs[1:]
    assert cursor_of(hook).after == head_of(cast.PROGRAM)


def test_a_courier_that_dies_is_followed_by_another_that_sends_the_same_again(database, receiver, clock):
    hook = webhook(receiver)
    raised()
    dead = claim_stream(COURIER, cast.PROGRAM, cursor_of(hook).pk)
    assert claim_stream(COURIER, cast.PROGRAM, cursor_of(hook).pk) is None
    send_all()
    assert [each for each in receiver.came if each.json["audience"] == "shared"] == []
    clock.move(LEASE + timedelta(seconds=1))
    send_all()
    assert cursor_of(hook).after == head_of(cast.PROGRAM)
    assert receiver.seqs
    # The first one wakes up late: what it says no longer counts.
    assert settle_stream(COURIER, dead, upto=dead.place.after, tries=[]) is False
    assert cursor_of(hook).after == head_of(cast.PROGRAM)


def test_both_secrets_sign_until_the_overlap_ends(database, receiver, clock, sponsor_qa):
    hook = webhook(receiver)
    old = str(hook.secret)
    new = str(webhooks.rotate_secret(sponsor_qa, hook.pk).secret)
    assert new != old
    raised()
    send_all()
    for secret in (old, new):
        Unrelated(secret).verify(receiver.came[-1].body, receiver.came[-1].headers)
    clock.move(timedelta(hours=24, seconds=1))
    raised()
    send_all()
    assert len(receiver.came[-1].headers["webhook-signature"].split(" ")) == 1
    Unrelated(new).verify(receiver.came[-1].body, receiver.came[-1].headers)


def test_a_test_holds_nothing_is_logged_and_never_repeated(database, receiver, clock, sponsor_qa):
    receiver.script = [(500, {})]
    hook = webhook(receiver)
    webhooks.ask_for_test(sponsor_qa, hook.pk)
    send_all()
    clock.move(timedelta(days=1))
    send_all()
    (came,) = receiver.came
    assert set(came.json) == {"type", "program", "at", "kind"}
    assert (came.json["type"], came.json["kind"]) == ("test", "webhook.test")
    (tried,) = tries_of(hook)
    assert (tried.stream, tried.status, tried.message) == ("tests", 500, came.id)
    webhooks.ask_for_test(sponsor_qa, hook.pk)
    send_all()
    assert len(set(receiver.ids)) == 2


def test_what_is_switched_off_waits_and_follows_when_it_is_switched_on(database, receiver, sponsor_qa):
    hook = webhook(receiver)
    webhooks.disable_webhook(sponsor_qa, hook.pk)
    raised()
    send_all()
    assert receiver.came == []
    webhooks.enable_webhook(sponsor_qa, hook.pk)
    send_all()
    assert receiver.came


def test_sending_stops_with_the_key_it_was_set_up_by(database, receiver, cdmo_admin):
    hook = webhook(receiver, by="cdmo_system")
    with reading(cdmo_admin):
        key = ApiKey.objects.visible_to(cdmo_admin).get(label="cdmo_system")
    people.revoke_key(cdmo_admin, key.pk, reason="The system was replaced.")
    raised()
    send_all()
    assert receiver.came == []
    assert fresh(hook).state == "withdrawn"
    webhooks.enable_webhook(actor("cdmo_qa"), hook.pk)
    send_all()
    assert receiver.came
    assert fresh(hook).owner_code == "QA floor 07"


def test_sending_stops_with_the_seat_it_was_set_up_from(database, receiver, cdmo_admin):
    hook = webhook(receiver, by="cdmo_qa")
    raised()
    send_all()
    before = len(receiver.came)
    assert before
    with reading(cdmo_admin):
        seats = Assignment.objects.visible_to(cdmo_admin).filter(
            person_id=cast.person_id("cdmo_qa"), target_id=cast.PARTNERSHIP
        )
        seat = seats.get()
    people.end_assignment(cdmo_admin, seat.pk, reason="Left the program.")
    raised()
    send_all()
    assert len(receiver.came) == before
    assert fresh(hook).state == "withdrawn"


def test_without_the_key_of_its_side_it_waits_and_then_goes_on(database, receiver, settings, tmp_path, clock):
    hook = webhook(receiver)
    folder = own_folder(settings, tmp_path / "keys")
    kept = (folder / f"{cast.ARVO}.key").read_bytes()
    lose(cast.ARVO)
    keyring.forget()
    raised()
    send_all()
    assert receiver.came == []
    assert cursor_of(hook).error == "key_away"
    (folder / f"{cast.ARVO}.key").write_bytes(kept)
    keyring.forget()
    clock.move(timedelta(seconds=61))
    send_all()
    assert receiver.came


def test_each_checkpoint_is_sent_to_who_asks_and_noted_as_held(database, receiver, clock):
    raised()
    clock.move(timedelta(minutes=2))
    publish()
    hook = webhook(receiver, kinds=["ledger.checkpoint"])
    send_all()
    raised()
    clock.move(timedelta(minutes=4))
    publish()
    send_all()
    shared = [each.json for each in receiver.came if each.json["audience"] == "shared"]
    assert len(shared) == 2
    assert {each["kind"] for each in shared} == {"ledger.checkpoint"}
    with connection.cursor() as cursor, reading(system_actor("watchdog", cast.PROGRAM)):
        cursor.execute(
            "select note from ledger.checkpoint where space_id = %s and audience = 'shared' order by number",
            [cast.PROGRAM],
        )
        notes = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "select size, organisation_id from ledger.holder"
            " where space_id = %s and audience = 'shared' and how = 'webhook' order by size",
            [cast.PROGRAM],
        )
        held = cursor.fetchall()
    assert [each["note"] for each in shared] == notes[-2:]
    assert held == [(each["size"], cast.ARVO) for each in shared]
    assert {each.kind for each in tries_of(hook)} == {"ledger.checkpoint"}


def test_a_checkpoint_that_was_not_taken_is_held_by_nobody(database, receiver, clock):
    receiver.otherwise = (500, {})
    raised()
    clock.move(timedelta(minutes=2))
    publish()
    webhook(receiver, kinds=["ledger.checkpoint"])
    send_all()
    assert receiver.came
    with connection.cursor() as cursor, reading(system_actor("watchdog", cast.PROGRAM)):
        cursor.execute("select count(*) from ledger.holder where how = 'webhook'")
        assert cursor.fetchone() == (0,)


def test_the_log_says_what_came_of_each_try_and_goes_after_30_days(database, receiver, clock):
    hook = webhook(receiver)
    raised()
    send_all()
    old = tries_of(hook)
    assert all((each.status, each.error, each.attempt) == (200, "", 1) for each in old)
    assert all(0 <= each.ms < 10_000 for each in old)
    assert {each.seq for each in old} == set(receiver.seqs)
    clock.move(LOG_KEPT + timedelta(hours=1))
    raised()
    send_all()
    assert {each.pk for each in tries_of(hook)}.isdisjoint(each.pk for each in old)


def test_an_address_that_leads_inside_is_never_called(database, receiver, settings):
    hook = webhook(receiver)
    settings.WEBHOOK_ALLOW = []
    raised()
    send_all()
    assert receiver.came == []
    assert {each.error for each in tries_of(hook)} == {"not_https"}


def test_a_turn_ends_in_time_and_the_next_goes_on(database, receiver, monkeypatch):
    from portal.webhooks import sending

    monkeypatch.setattr(sending, "TURN_S", 0.0)
    hook = webhook(receiver)
    for _ in range(3):
        raised()
    seqs = [each["seq"] for each in news(after=cursor_of(hook).after)]
    take_turn(cast.PROGRAM, cursor_of(hook).pk)
    assert receiver.seqs == seqs[:1]
    take_turn(cast.PROGRAM, cursor_of(hook).pk)
    assert receiver.seqs == seqs[:2]


def test_nothing_is_due_when_everything_was_told(database, receiver):
    webhook(receiver)
    raised()
    assert running.list_due(10)
    send_all()
    assert running.list_due(10) == []
