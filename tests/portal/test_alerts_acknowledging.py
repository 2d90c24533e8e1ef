from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from portal.action import action, reading
from portal.actions.alerts import acknowledge_alert, climb_ladder, note_delivered, open_alert
from portal.actor import Side, system_actor
from portal.errors import NotFound, Refused
from portal.models import Alert, Opening
from tests.conftest import entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import facts_of, raised, rows_of

SWEEP = system_actor("sweep", cast.PROGRAM)


def receipts_by_code(alert):
    return {each.code: each for each in rows_of(alert)["receipts"]}


def test_acknowledging_notes_who_and_when_and_ends_the_ladder(database, sponsor_qa):
    alert = raised()
    head = head_of(cast.PROGRAM)
    answered = acknowledge_alert(sponsor_qa, alert.pk)
    rows = rows_of(alert)
    assert (rows["alert"].state, rows["alert"].acknowledged_by) == ("acknowledged", "Sponsor QA 03")
    assert rows["alert"].acknowledged_at == answered.acknowledged_at > alert.raised_at
    assert (rows["alert"].version, answered.version) == (2, 2)
    assert (rows["clock"].state, rows["clock"].next_at) == ("met", None)
    assert rows["clock"].ended_at == answered.acknowledged_at
    assert [kind for _, kind, _, _ in entries_of(cast.PROGRAM, after=head)] == ["alert.acknowledged"]
    assert facts_of(cast.PROGRAM, after=head) == [("alert.acknowledged", {"code": "Sponsor QA 03"})]


def test_acknowledging_leaves_the_receipts_of_others_and_the_deliveries_as_they_were(database, sponsor_qa):
    alert = raised()
    before = rows_of(alert)
    acknowledge_alert(sponsor_qa, alert.pk)
    after = rows_of(alert)
    mine, other = (receipts_by_code(alert)[code] for code in ("Sponsor QA 03", "Sponsor viewer 11"))
    assert (mine.acknowledged_at, mine.delivered_at) == (after["alert"].acknowledged_at, None)
    assert after["openings"] == []
    assert (other.acknowledged_at, other.version) == (None, 1)
    assert [each.state for each in after["deliveries"]] == [each.state for each in before["deliveries"]]
    assert [each.taken_at for each in after["steps"]] == [each.taken_at for each in before["steps"]]


def test_a_second_acknowledgement_answers_the_same_and_leaves_no_entry(database, sponsor_qa, sponsor_viewer):
    alert = raised()
    first = acknowledge_alert(sponsor_qa, alert.pk)
    head = head_of(cast.PROGRAM)
    for again in (sponsor_qa, sponsor_viewer):
        second = acknowledge_alert(again, alert.pk)
        assert (second.pk, second.version, second.acknowledged_by, second.acknowledged_at) == (
            first.pk,
            first.version,
            first.acknowledged_by,
            first.acknowledged_at,
        )
    assert entries_of(cast.PROGRAM, after=head) == []


@pytest.mark.parametrize("key", ["sponsor_qa", "sponsor_viewer", "sponsor_quality_head", "sponsor_system"])
def test_each_role_of_the_sponsor_that_may_gives_receipt(database, request, key):
    alert = raised(Side.SPONSOR)
    assert acknowledge_alert(request.getfixturevalue(key), alert.pk).state == "acknowledged"


@pytest.mark.parametrize("key", ["cdmo_qa", "cdmo_shift_lead", "cdmo_quality_head", "cdmo_system"])
def test_each_role_of_the_manufacturer_that_may_gives_receipt(database, request, key):
    alert = raised(Side.MANUFACTURER)
    assert acknowledge_alert(request.getfixturevalue(key), alert.pk).state == "acknowledged"


@pytest.mark.parametrize("key", ["cdmo_operator", "gateway"])
def test_an_operator_and_a_gateway_do_not_acknowledge_for_the_manufacturer(database, request, key):
    actor, alert = request.getfixturevalue(key), raised(Side.MANUFACTURER)
    with pytest.raises(Refused, match="manufacturer qa"):
        acknowledge_alert(actor, alert.pk)
    assert rows_of(alert)["alert"].state == "open"


def test_an_inspector_reads_and_does_not_acknowledge(database, inspector):
    alert = raised(Side.SPONSOR)
    with reading(inspector):
        assert Alert.objects.visible_to(inspector).filter(pk=alert.pk).exists()
    with pytest.raises(Refused):
        acknowledge_alert(inspector, alert.pk)


def test_the_other_side_is_refused_and_the_refusal_stands_in_its_own_organisation(database, cdmo_qa):
    alert = raised(Side.SPONSOR)
    shared, own = head_of(cast.PROGRAM), head_of(cast.CDMO)
    with pytest.raises(Refused, match="asks the sponsor"):
        acknowledge_alert(cdmo_qa, alert.pk)
    with connection.cursor() as cursor:
        # What seals at commit is looked at before this test is rolled back.
        cursor.execute("set constraints ledger.seal immediate; set constraints ledger.seal deferred")
    assert entries_of(cast.PROGRAM, after=shared) == []
    assert [kind for _, kind, _, _ in entries_of(cast.CDMO, after=own)] == ["action.refused"]
    assert rows_of(alert)["alert"].state == "open"


def test_the_other_side_opens_nothing_of_an_alert_that_asks_us(database, cdmo_qa):
    alert = raised(Side.SPONSOR)
    with pytest.raises(Refused, match="asks the sponsor"):
        open_alert(cdmo_qa, alert.pk)
    assert rows_of(alert)["openings"] == []


def test_a_rival_finds_nothing_to_acknowledge_or_to_open(database, rival_sponsor_qa):
    alert = raised()
    for step in (acknowledge_alert, open_alert):
        with pytest.raises(NotFound):
            step(rival_sponsor_qa, alert.pk)
    assert rows_of(alert)["alert"].state == "open"


def test_the_sponsor_finds_no_internal_alert_of_the_manufacturer(database, sponsor_qa):
    alert = raised(Side.MANUFACTURER, audience="manufacturer")
    with pytest.raises(NotFound):
        acknowledge_alert(sponsor_qa, alert.pk)


def test_an_internal_alert_is_acknowledged_on_the_internal_chain(database, cdmo_qa):
    alert = raised(Side.MANUFACTURER, audience="manufacturer")
    shared, internal = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
    acknowledge_alert(cdmo_qa, alert.pk)
    assert entries_of(cast.PROGRAM, after=shared) == []
    assert [kind for _, kind, _, _ in entries_of(cast.PROGRAM, "manufacturer", after=internal)] == [
        "alert.acknowledged"
    ]


def test_a_late_receipt_is_taken_and_the_breached_clock_stays(database, clock, sponsor_quality_head):
    alert = raised()
    watch = rows_of(alert)["clock"].pk
    for minutes in (3, 6):
        clock.move(timedelta(minutes=minutes))
        climb_ladder(SWEEP, watch)
    assert rows_of(alert)["alert"].state == "unanswered"
    acknowledge_alert(sponsor_quality_head, alert.pk)
    rows = rows_of(alert)
    assert (rows["alert"].state, rows["clock"].state) == ("acknowledged", "breached")


@action("test.take_back")
def take_back(actor, alert_id):
    alert = Alert.objects.visible_to(actor).get(pk=alert_id)
    alert.state, alert.acknowledged_at = "open", None
    alert.save(update_fields=["state", "acknowledged_at"])


def test_the_database_knows_no_way_back_from_acknowledged(database, sponsor_qa):
    alert = acknowledge_alert(sponsor_qa, raised().pk)
    with pytest.raises(IntegrityError, match="no transition from acknowledged to open"):
        take_back(sponsor_qa, alert.pk)


def test_opening_is_noted_once_on_the_openers_own_chain(database, sponsor_qa):
    alert = raised()
    shared, own = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "sponsor")
    open_alert(sponsor_qa, alert.pk)
    (opening,) = rows_of(alert)["openings"]
    open_alert(sponsor_qa, alert.pk)
    (again,) = rows_of(alert)["openings"]
    assert again.opened_at == opening.opened_at > alert.raised_at
    assert opening.receipt_id == receipts_by_code(alert)["Sponsor QA 03"].pk
    assert facts_of(cast.PROGRAM, "sponsor", after=own) == [("alert.opened", {"code": "Sponsor QA 03"})]
    assert entries_of(cast.PROGRAM, after=shared) == []


def test_what_was_opened_is_not_seen_from_the_other_side(database, sponsor_qa, cdmo_qa):
    open_alert(sponsor_qa, raised().pk)
    with reading(cdmo_qa):
        assert list(Opening.objects.visible_to(cdmo_qa)) == []
        assert list(Opening.objects.all()) == []


def test_opening_is_no_acknowledgement(database, sponsor_qa):
    alert = raised()
    open_alert(sponsor_qa, alert.pk)
    rows = rows_of(alert)
    assert (rows["alert"].state, rows["clock"].state) == ("open", "running")
    assert [each.acknowledged_at for each in rows["receipts"]] == [None, None]


def test_who_was_not_told_opens_without_a_trace(database, sponsor_quality_head, inspector):
    alert = raised()
    own = head_of(cast.PROGRAM, "sponsor")
    for looker in (sponsor_quality_head, inspector):
        assert open_alert(looker, alert.pk).pk == alert.pk
    assert rows_of(alert)["openings"] == []
    assert entries_of(cast.PROGRAM, "sponsor", after=own) == []


def test_delivered_means_that_the_persons_client_has_the_entry_that_told_them(database, sponsor_qa):
    alert = raised()
    told_in = head_of(cast.PROGRAM)
    assert note_delivered(sponsor_qa, cast.PROGRAM, "shared", told_in - 1) == 0
    assert receipts_by_code(alert)["Sponsor QA 03"].delivered_at is None
    assert note_delivered(sponsor_qa, cast.PROGRAM, "shared", told_in) == 1
    receipts = receipts_by_code(alert)
    assert receipts["Sponsor QA 03"].delivered_at > alert.raised_at
    assert receipts["Sponsor viewer 11"].delivered_at is None
    assert facts_of(cast.PROGRAM, after=told_in) == [("alert.delivered", {"code": "Sponsor QA 03"})]
    assert [is_news for *_, is_news in entries_of(cast.PROGRAM, after=told_in)] == [False]


def test_delivered_twice_is_noted_once(database, sponsor_qa):
    alert = raised()
    head = head_of(cast.PROGRAM)
    note_delivered(sponsor_qa, cast.PROGRAM, "shared", head)
    first = receipts_by_code(alert)["Sponsor QA 03"].delivered_at
    sealed = head_of(cast.PROGRAM)
    assert note_delivered(sponsor_qa, cast.PROGRAM, "shared", head + 10) == 0
    assert receipts_by_code(alert)["Sponsor QA 03"].delivered_at == first
    assert head_of(cast.PROGRAM) == sealed


def test_several_alerts_are_delivered_by_one_acknowledged_number(database, sponsor_qa):
    alerts = [raised() for _ in range(3)]
    assert note_delivered(sponsor_qa, cast.PROGRAM, "shared", head_of(cast.PROGRAM)) == 3
    assert all(receipts_by_code(each)["Sponsor QA 03"].delivered_at for each in alerts)


def test_an_earlier_entry_on_ones_screen_does_not_deliver_a_later_step(database, clock, sponsor_quality_head):
    alert = raised()
    seen = head_of(cast.PROGRAM)
    clock.move(timedelta(minutes=3))
    climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    assert note_delivered(sponsor_quality_head, cast.PROGRAM, "shared", seen) == 0
    assert note_delivered(sponsor_quality_head, cast.PROGRAM, "shared", seen + 1) == 1


def test_a_number_on_another_chain_delivers_nothing(database, sponsor_qa, cdmo_qa):
    raised()
    assert note_delivered(sponsor_qa, cast.PROGRAM, "sponsor", 10**6) == 0
    assert note_delivered(sponsor_qa, cast.SECOND_PROGRAM, "shared", 10**6) == 0
    assert note_delivered(cdmo_qa, cast.PROGRAM, "shared", 10**6) == 0


def test_a_rivals_number_delivers_nothing(database, rival_sponsor_qa):
    alert = raised()
    assert note_delivered(rival_sponsor_qa, cast.PROGRAM, "shared", 10**6) == 0
    assert [each.delivered_at for each in rows_of(alert)["receipts"]] == [None, None]


def test_with_nothing_waiting_a_delivery_costs_one_query(database, sponsor_qa, django_assert_num_queries):
    seen = head_of(cast.PROGRAM)
    with django_assert_num_queries(7) as asked:
        note_delivered(sponsor_qa, cast.PROGRAM, "shared", seen)
    assert [each["sql"] for each in asked if "portal_receipt" in each["sql"]] == [asked[3]["sql"]]
