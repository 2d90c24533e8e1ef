from datetime import timedelta

import pytest

from portal.action import reading
from portal.actions.alerts import acknowledge_alert, climb_ladder, open_alert
from portal.actor import Actor, Side, system_actor
from portal.errors import NotFound
from portal.queries import escalation, escalations, list_inbox, open_alerts
from portal.slots import InboxItem, Slot
from tests.factories import cast
from tests.factories.alerts import TITLE, raised, rows_of

SWEEP = system_actor("sweep", cast.PROGRAM)


def inbox(actor: Actor) -> list[InboxItem]:
    with reading(actor):
        return [each for each in list_inbox(actor) if each.subject_type == "alert"]


def test_the_inbox_holds_the_alerts_of_which_one_was_told(database, sponsor_qa):
    alert = raised(classification="major")
    assert inbox(sponsor_qa) == [
        InboxItem(
            subject_type="alert",
            subject_id=alert.pk,
            number="AV-101",
            title=TITLE,
            kind="excursion.par",
            why="Live alert outside the proven range",
            clause="5.7",
            side="sponsor",
            due_at=rows_of(alert)["clock"].next_at,
            url=f"/alerts/{alert.pk}/",
            classification="major",
            space_id=cast.PROGRAM,
        )
    ]


def test_least_time_left_stands_first(database, clock, sponsor_qa):
    first = raised()
    clock.move(timedelta(minutes=1))
    second = raised()
    assert [each.subject_id for each in inbox(sponsor_qa)] == [first.pk, second.pk]


def test_who_is_not_yet_told_has_nothing_waiting(database, clock, sponsor_quality_head):
    alert = raised()
    assert inbox(sponsor_quality_head) == []
    clock.move(timedelta(minutes=3))
    climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    assert [each.subject_id for each in inbox(sponsor_quality_head)] == [alert.pk]


def test_a_receipt_of_one_takes_the_alert_from_everybodys_inbox(database, sponsor_qa, sponsor_viewer):
    alert = raised()
    acknowledge_alert(sponsor_qa, alert.pk)
    assert inbox(sponsor_qa) == inbox(sponsor_viewer) == []


def test_an_unanswered_alert_goes_on_waiting_and_says_so(database, clock, sponsor_qa):
    alert = raised()
    for minutes in (3, 6):
        clock.move(timedelta(minutes=minutes))
        climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    (item,) = inbox(sponsor_qa)
    assert item.why == "nobody has acknowledged it; the ladder has ended"
    assert item.due_at == rows_of(alert)["clock"].ended_at


def test_the_other_side_and_the_rival_have_nothing_waiting(
    database, cdmo_qa, rival_sponsor_qa, inspector, sponsor_system
):
    raised(Side.SPONSOR)
    for reader in (cdmo_qa, rival_sponsor_qa, inspector, sponsor_system):
        assert inbox(reader) == []


def test_the_banner_shows_the_open_alerts_of_ones_own_side(database, sponsor_qa, cdmo_qa, rival_sponsor_qa):
    asked, other = raised(Side.SPONSOR), raised(Side.MANUFACTURER)
    for reader, expected in ((sponsor_qa, [asked.pk]), (cdmo_qa, [other.pk]), (rival_sponsor_qa, [])):
        with reading(reader):
            assert [each.alert.pk for each in open_alerts(reader)] == expected


def test_an_escalation_says_who_was_told_when_and_what_comes_next(database, sponsor_qa):
    alert = raised()
    open_alert(sponsor_qa, alert.pk)
    with reading(sponsor_qa):
        found = escalation(sponsor_qa, alert.pk)
    clock = rows_of(alert)["clock"]
    assert [(each.number, each.taken_at, each.due_at, each.told) for each in found.steps] == [
        (0, alert.raised_at, alert.raised_at, 2),
        (1, None, clock.next_at, None),
    ]
    assert [(each.code, each.opened_at is None) for each in found.receipts] == [
        ("Sponsor QA 03", False),
        ("Sponsor viewer 11", True),
    ]
    assert (found.line.next_at, found.clock_state, found.ended_at) == (clock.next_at, "running", None)
    assert found.line.may_acknowledge is True


def test_an_answered_ladder_shows_no_step_ahead(database, sponsor_qa):
    alert = acknowledge_alert(sponsor_qa, raised().pk)
    with reading(sponsor_qa):
        found = escalation(sponsor_qa, alert.pk)
    assert [each.number for each in found.steps] == [0]
    assert (found.clock_state, found.ended_at) == ("met", alert.acknowledged_at)
    assert found.line.may_acknowledge is False


def test_a_rival_reads_no_escalation(database, rival_sponsor_qa):
    alert = raised()
    with reading(rival_sponsor_qa):
        assert escalations(rival_sponsor_qa) == []
        with pytest.raises(NotFound):
            escalation(rival_sponsor_qa, alert.pk)


def test_the_escalations_page_costs_the_same_for_one_ladder_and_for_three(
    database, cdmo_quality_head, django_assert_num_queries
):
    for count in (1, 2):
        for _ in range(count):
            raised()
        with reading(cdmo_quality_head), django_assert_num_queries(9):
            assert len(escalations(cdmo_quality_head)) == 2 * count - 1


def test_a_slot_asks_each_provider_once_in_the_order_of_registration():
    slot: Slot[[int], str] = Slot("test")
    slot.register(lambda number: f"first {number}")
    second = slot.register(lambda number: f"second {number}")
    slot.register(second)
    assert slot(7) == ["first 7", "second 7"]
