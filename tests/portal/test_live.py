"""Readings to open charts: to whoever may see them, thinned, never in the way of the ingest."""

import time
from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from portal.live import publish_readings, thinned
from tests.factories import cast
from tests.sockets import Listener


def test_few_points_are_kept_as_they_are():
    points = [(n, float(n)) for n in range(240)]
    assert thinned(points) == points


def test_many_points_keep_their_extremes_and_their_order():
    points = [(n, 0.0) for n in range(10_000)]
    points[4321], points[8765] = (4321, 99.0), (8765, -99.0)
    kept = thinned(points)
    assert len(kept) <= 240
    assert kept == sorted(kept)
    assert {(4321, 99.0), (8765, -99.0)} <= set(kept)


def test_without_redis_the_ingest_is_not_disturbed(settings):
    from portal import wake

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    wake._client.cache_clear()
    try:
        publish_readings(uuid4(), cast.PROGRAM, "shared", {"TEMP": [(1, 37.0)]})
    finally:
        wake._client.cache_clear()
        wake._breaker.until = 0.0


def a_batch(database, program=cast.PROGRAM):
    """The thin row of a batch, which is all that watching asks for."""
    batch_id = uuid4()
    with database.connect("owner") as owner:
        owner.execute(
            "insert into portal_record (id, space_id, type, audience, number, title, version)"
            " values (%s, %s, 'batch', 'shared', 'B-1', '', 1)",
            [batch_id, program],
        )
    return batch_id


def publish_until_heard(listener, batch_id, series_of):
    until = time.monotonic() + 8
    while time.monotonic() < until:
        for audience, series in series_of.items():
            publish_readings(batch_id, cast.PROGRAM, audience, series)
        try:
            return listener.next("readings", within=1.5)
        except TimeoutError:
            continue
    raise AssertionError("no readings came")


def test_a_watched_batch_sends_each_side_the_parameters_it_may_see(stack, module_database):
    batch_id = a_batch(module_database)
    now = int(timezone.now().timestamp() * 1000)
    series = {"shared": {"TEMP": [[now, 37.1]]}, "manufacturer": {"TRICK": [[now, 1.0]]}}
    with Listener(stack, "cdmo_system") as maker, Listener(stack, "sponsor_system") as sponsor:
        for each in (maker, sponsor):
            each.say(type="watch", batch=str(batch_id))
        own = publish_until_heard(maker, batch_id, series)
        shared = sponsor.next("readings")
        assert set(own["series"]) == {"TEMP", "TRICK"}
        assert own["series"]["TEMP"][0] == [now, 37.1]
        assert {each for frame in sponsor.heard for each in frame.get("series", ())} == {"TEMP"}
        assert shared["batch"] == str(batch_id)
        sponsor.say(type="unwatch", batch=str(batch_id))
        time.sleep(1.5)
        heard = len(sponsor.heard)
        publish_until_heard(maker, batch_id, series)
        sponsor.say(type="watch", batch="x")
        sponsor.next("error")
        assert [each for each in sponsor.heard[heard:] if each["type"] == "readings"] == []


def test_readings_come_about_once_a_second(stack, module_database):
    batch_id = a_batch(module_database)
    with Listener(stack, "sponsor_system") as listener:
        listener.say(type="watch", batch=str(batch_id))
        time.sleep(0.3)
        began = timezone.now()
        for number in range(60):
            at = int((began + timedelta(milliseconds=50 * number)).timestamp() * 1000)
            publish_readings(batch_id, cast.PROGRAM, "shared", {"TEMP": [(at, float(number))]})
            time.sleep(0.05)
        listener.next("readings")
        time.sleep(1.2)
        listener.say(type="watch", batch="x")
        listener.next("error")
    frames = [each["series"]["TEMP"] for each in listener.heard if each["type"] == "readings"]
    assert 2 <= len(frames) <= 6
    assert [value for frame in frames for _, value in frame] == [float(n) for n in range(60)]
