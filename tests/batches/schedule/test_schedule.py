"""Slots are planned by the manufacturer and read by both sides of their program, and by no other client."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batches.actions import schedule
from batches.models import Campaign, SuiteSlot
from batches.queries.schedule import in_area, list_slots, schedule_of
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, VersionMissing
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast

HOUR = timedelta(hours=1)


@pytest.fixture
def batch(database):
    return make.batch()


def planned(batch=None, *, by="cdmo_qa", program=cast.PROGRAM, suite="LINE-4", ahead=2, lasts=4, **given):
    start = make.now() + HOUR * ahead
    return schedule.plan_slot(
        actor(by),
        program,
        suite=suite,
        title="Fill",
        planned_start=start,
        planned_end=start + HOUR * lasts,
        batch_id=batch.pk if batch is not None else None,
        **given,
    )


def seen(key):
    with reading(actor(key)) as by:
        return list(list_slots(by).order_by("planned_start").values_list("suite", flat=True))


def scheduled(slot, key):
    with reading(actor(key)) as by:
        (found,) = schedule_of(by, list(list_slots(by).filter(pk=slot.pk)))
        return found


def test_a_client_reads_its_own_slots_and_nothing_of_anothers(batch):
    planned(batch)
    planned(program=cast.RIVAL_PROGRAM, ahead=10)
    assert seen("sponsor_qa") == seen("rival_sponsor_qa") == ["LINE-4"]
    assert len(seen("cdmo_qa")) == 2
    for key in ("sponsor_qa", "rival_sponsor_qa"):
        with reading(actor(key)) as by:
            assert SuiteSlot.objects.visible_to(by).count() == 1


def test_a_suite_is_taken_once_and_nobody_says_by_whom(batch):
    planned(program=cast.RIVAL_PROGRAM)
    with pytest.raises(Conflict) as refused:
        planned(batch, ahead=4)
    assert str(refused.value.detail) == "LINE-4 is taken then."
    assert planned(batch, ahead=6).pk
    assert planned(batch, suite="LINE-5", ahead=4).pk


def test_a_processing_hold_moves_what_its_reader_may_know_of(batch):
    from batches.actions.holds import place_batch_hold

    slot = planned(batch)
    slot = schedule.take_slot(actor("cdmo_qa"), slot.pk, to="begin", version=1)
    given = {"kind": "processing", "scope": "Filling", "audience": "manufacturer"}
    place_batch_hold(actor("cdmo_qa"), batch.pk, **given, reason="Glove failed after use.")
    assert (scheduled(slot, "cdmo_qa").expected.is_held, scheduled(slot, "sponsor_qa").expected.is_held) == (
        True,
        False,
    )


def test_a_status_hold_stops_no_process(batch):
    from batches.actions.holds import place_batch_hold

    slot = schedule.take_slot(actor("cdmo_qa"), planned(batch).pk, to="begin", version=1)
    place_batch_hold(
        actor("cdmo_qa"), batch.pk, kind="status", audience="shared", reason="Deviation is open."
    )
    assert not scheduled(slot, "cdmo_qa").expected.is_held


def test_a_move_says_why_and_keeps_what_was_planned_at_first(batch, cdmo_qa):
    slot = planned(batch)
    first, later = slot.planned_start, slot.planned_start + HOUR * 24
    given = {"version": 1, "planned_start": later, "planned_end": later + HOUR * 4}
    with pytest.raises(Invalid, match="Say why"):
        schedule.move_slot(cdmo_qa, slot.pk, **given, reason="Late.")
    moved = schedule.move_slot(cdmo_qa, slot.pk, **given, reason="The line is cleaned once more.")
    assert (moved.first_start, moved.planned_start, moved.version) == (first, later, 2)
    assert (moved.moved_why, moved.moved_code) == ("The line is cleaned once more.", "QA floor 07")


def test_a_slot_begins_ends_and_is_over(batch, cdmo_qa):
    slot = planned(batch)
    with pytest.raises(InvalidTransition):
        schedule.take_slot(cdmo_qa, slot.pk, to="end", version=1)
    slot = schedule.take_slot(cdmo_qa, slot.pk, to="begin", version=1, at=make.now() - HOUR)
    with pytest.raises(Invalid, match="after it began"):
        schedule.take_slot(cdmo_qa, slot.pk, to="end", version=2, at=make.now() - 2 * HOUR)
    slot = schedule.take_slot(cdmo_qa, slot.pk, to="end", version=2)
    assert slot.state == "done"
    for to in ("begin", "give_up"):
        with pytest.raises(InvalidTransition):
            schedule.take_slot(cdmo_qa, slot.pk, to=to, version=3)
    times = {"planned_start": slot.planned_start, "planned_end": slot.planned_end + HOUR}
    with pytest.raises(InvalidTransition):
        schedule.move_slot(cdmo_qa, slot.pk, version=3, **times, reason="It took one hour more.")


def test_a_campaign_is_stated_anew_by_who_read_it(batch, cdmo_qa):
    start = make.now()
    given = {"number": "C-26-1", "title": "Campaign", "begins_at": start, "ends_at": start + 30 * 24 * HOUR}
    made = schedule.plan_campaign(cdmo_qa, cast.PROGRAM, **given)
    with pytest.raises(VersionMissing):
        schedule.plan_campaign(cdmo_qa, cast.PROGRAM, **given)
    schedule.plan_campaign(cdmo_qa, cast.PROGRAM, **given | {"title": "Campaign of spring"}, version=1)
    slot = planned(batch, campaign="C-26-1")
    assert slot.campaign_id == made.pk
    with pytest.raises(Invalid, match="campaign"):
        planned(batch, suite="LINE-5", campaign="C-26-2")
    with reading(actor("rival_sponsor_qa")) as by:
        assert not Campaign.objects.visible_to(by).exists()


@pytest.mark.parametrize("key", ["sponsor_qa", "cdmo_operator"])
def test_who_does_not_plan_only_reads(batch, key):
    slot = planned(batch)
    with pytest.raises(Refused):
        planned(batch, by=key, suite="LINE-5")
    with pytest.raises(Refused):
        schedule.take_slot(actor(key), slot.pk, to="begin", version=1)


def test_a_rival_meets_nothing(batch, rival_sponsor_qa):
    slot = planned(batch)
    with pytest.raises(NotFound):
        schedule.take_slot(rival_sponsor_qa, slot.pk, to="begin", version=1)
    with pytest.raises(NotFound):
        planned(batch, by="rival_sponsor_qa")


def test_who_was_in_an_area_is_known_by_what_happened_not_by_the_plan(batch, cdmo_qa):
    slot = planned(batch)
    now = make.now()

    def there(since, until):
        with reading(cdmo_qa):
            return in_area(cdmo_qa, ["LINE-4"], now + HOUR * since, now + HOUR * until).exists()

    assert not there(-5, 5)
    schedule.take_slot(cdmo_qa, slot.pk, to="begin", version=1, at=now - 3 * HOUR)
    assert (there(-5, -4), there(-5, -2), there(4, 5)) == (False, True, True)
    schedule.take_slot(cdmo_qa, slot.pk, to="end", version=2, at=now - 2 * HOUR)
    assert (there(-1, 5), there(-2.5, 5)) == (False, True)
