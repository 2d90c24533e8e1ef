"""Keeping a roster: who may, what is kept, who is told of a gap, what the other side learns."""

from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from django.db import connection

from portal import tasks
from portal.action import reading
from portal.actions.delegating import delegate_roles
from portal.actions.rostering import (
    look_for_gaps,
    note_absence,
    set_duty_card,
    set_stand_in,
    withdraw_stretch,
)
from portal.actor import Side, system_actor
from portal.errors import DomainError
from portal.models import Alert, DutyCard, Roster, RosterVersion
from portal.rosters.plan import Plan
from tests.conftest import actor, entries_of, head_of
from tests.factories import batches, cast
from tests.factories.alerts import facts_of, rows_of
from tests.factories.rosters import cover, gaps_of, hours, joined, kept, versions_of
from tests.races.test_ladder_races import at_once

NOW = batches.now


@pytest.fixture
def second(database):
    return joined("QA floor 09")


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def on_duty(role="qa", side="manufacturer", *, at=None, space=cast.PROGRAM):
    duty = cover(space).duty(side, role, at or NOW())
    return duty and tuple(each and each.code for each in (duty.primary, duty.backup))


def turn_of(roster, person):
    """The beginning of the next turn but one or two that is this person's: nobody's today."""
    turns = Plan.of(versions_of(roster)[-1].plan).rotation
    turn = turns.turn_at(NOW()) + 2
    own = next(
        each for each in (turn, turn + 1) if turns.order_at(turns.handover(each))[0] == person.person_id
    )
    return turns.handover(own)


def test_a_roster_says_who_of_a_role_has_duty(second, cdmo_quality_head):
    head, other = head_of(cast.PROGRAM, "manufacturer"), head_of(cast.PROGRAM)
    roster = kept(cdmo_quality_head, "cdmo_qa", second)
    assert (roster.side, roster.role, roster.audience, roster.version) == (
        "manufacturer",
        "qa",
        "manufacturer",
        1,
    )
    (version,) = versions_of(roster)
    assert (version.number, version.made_code) == (1, "Quality head 01")
    assert facts_of(cast.PROGRAM, "manufacturer", after=head) == [
        ("roster.set", {"side": "manufacturer", "role": "qa", "people": "2"})
    ]
    assert on_duty(at=turn_of(roster, actor("cdmo_qa"))) == ("QA floor 07", "QA floor 09")
    assert on_duty(at=turn_of(roster, second)) == ("QA floor 09", "QA floor 07")
    assert head_of(cast.PROGRAM) == other
    assert gaps_of(roster) == []


def test_every_change_is_a_version_and_the_old_ones_stay(second, cdmo_qa):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    kept(cdmo_qa, second, "cdmo_qa", version=1)
    at = NOW() + hours(1)
    changed = set_stand_in(
        cdmo_qa, roster.pk, person_id=cdmo_qa.person_id, begins_at=at, ends_at=at + hours(2), version=2
    )
    assert changed.version == 3
    plans = [each.plan for each in versions_of(roster)]
    assert [each["rotation"]["people"][0] for each in plans] == [
        str(cdmo_qa.person_id),
        str(second.person_id),
        str(second.person_id),
    ]
    assert [len(each["stand_ins"]) for each in plans] == [0, 0, 1]
    with reading(cdmo_qa), connection.cursor() as cursor:
        cursor.execute("select has_any_column_privilege('portal_rosterversion', 'update')")
        assert cursor.fetchone() == (False,)


def test_who_saw_an_older_version_does_not_overwrite_a_newer_one(second, cdmo_qa):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    kept(cdmo_qa, second, version=1)
    assert refusal(kept, cdmo_qa, "cdmo_qa", version=1) == "stale_version"
    assert refusal(kept, cdmo_qa, "cdmo_qa") == "version_required"
    assert len(versions_of(roster)) == 2


@pytest.mark.parametrize("key", ["cdmo_operator", "cdmo_shift_lead", "sponsor_viewer", "inspector"])
def test_nobody_else_keeps_a_roster(database, key):
    for side in (Side.MANUFACTURER, Side.SPONSOR):
        assert refusal(kept, actor(key), "cdmo_qa", side=side) == "refused"


def test_neither_side_keeps_the_others_and_a_rival_finds_nothing(
    second, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    assert refusal(kept, sponsor_qa, "cdmo_qa", version=1) == "refused"
    assert refusal(kept, cdmo_qa, "sponsor_qa", side=Side.SPONSOR) == "refused"
    assert refusal(kept, rival_sponsor_qa, "cdmo_qa", version=1) == "not_found"
    at = NOW()
    said = {"person_id": cdmo_qa.person_id, "begins_at": at, "ends_at": at + hours(2), "version": 1}
    for person in (sponsor_qa, rival_sponsor_qa):
        for change in (set_stand_in, note_absence):
            assert refusal(change, person, roster.pk, **said) == "not_found"
        withdrawal = {"person_id": cdmo_qa.person_id, "begins_at": at, "version": 1}
        assert refusal(withdraw_stretch, person, roster.pk, **withdrawal) == "not_found"
        with reading(person):
            assert not Roster.objects.visible_to(person).exists()
            assert not RosterVersion.objects.visible_to(person).exists()
    with reading(rival_sponsor_qa), connection.cursor() as cursor:
        for door in ("rosters_of", "holders_of", "zones_of"):
            cursor.execute(f"select * from door.{door}(%s)", [[cast.PROGRAM, cast.PARTNERSHIP]])  # noqa: S608 - fixed names
            assert cursor.fetchall() == []
    assert len(versions_of(roster)) == 1


def test_the_other_side_learns_who_has_duty_by_code(second, cdmo_qa, sponsor_qa):
    from portal.rosters.cover import cover_of

    kept(cdmo_qa, "cdmo_qa", second)
    with reading(sponsor_qa):
        duty = cover_of(cast.PROGRAM).duty("manufacturer", "qa", NOW())
    assert {duty.primary.code, duty.backup.code} == {"QA floor 07", "QA floor 09"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": "operator", "keys": ("cdmo_operator",)}, "role"),
        ({"keys": ()}, "people"),
        ({"keys": ("cdmo_qa", "cdmo_qa")}, "people"),
        ({"keys": ("cdmo_shift_lead",)}, "people"),
        ({"keys": ("sponsor_qa",)}, "people"),
        ({"days": 0}, "days"),
        ({"days": 29}, "days"),
        ({"zone": "Mars/Olympus"}, "zone"),
    ],
)
def test_a_roster_that_cannot_work_is_refused_in_words(database, cdmo_qa, given, field):
    keys = given.pop("keys", ("cdmo_qa",))
    with pytest.raises(DomainError) as refused:
        kept(cdmo_qa, *keys, **given)
    assert list(refused.value.errors) == [field]


def test_a_programs_own_roster_goes_before_that_of_the_partnership(second, cdmo_qa):
    kept(cdmo_qa, "cdmo_qa", space=cast.PARTNERSHIP)
    assert on_duty() == ("QA floor 07", None)
    assert on_duty(space=cast.SECOND_PROGRAM) == ("QA floor 07", None)
    kept(cdmo_qa, second)
    assert on_duty() == ("QA floor 09", None)
    assert on_duty(space=cast.SECOND_PROGRAM) == ("QA floor 07", None)
    assert on_duty(space=cast.RIVAL_PROGRAM) is None


def test_who_is_away_says_so_and_the_next_has_duty(second, cdmo_qa):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    at, first, next_, who = turn_of(roster, second), "QA floor 09", "QA floor 07", second
    assert on_duty(at=at) == (first, next_)
    head = head_of(cast.PROGRAM, "manufacturer")
    said = {"person_id": who.person_id, "begins_at": at, "ends_at": at + hours(48)}
    noted = note_absence(who, roster.pk, **said, version=1)
    assert (noted.version, on_duty(at=at), on_duty(at=at + hours(48))) == (2, (next_, None), (first, next_))
    assert facts_of(cast.PROGRAM, "manufacturer", after=head) == [
        (
            "roster.absence_noted",
            {
                "role": "qa",
                "person_id": str(who.person_id),
                "begins_at": at.isoformat(),
                "ends_at": (at + hours(48)).isoformat(),
            },
        )
    ]
    withdraw_stretch(who, roster.pk, person_id=who.person_id, begins_at=at, version=2)
    assert on_duty(at=at) == (first, next_)
    again = {"person_id": who.person_id, "begins_at": at, "version": 3}
    assert refusal(withdraw_stretch, who, roster.pk, **again) == "not_found"


def test_nobody_notes_a_colleagues_absence_but_who_keeps_the_roster(second, cdmo_shift_lead, cdmo_qa):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    said = {"person_id": second.person_id, "begins_at": NOW(), "ends_at": NOW() + hours(2), "version": 1}
    assert refusal(note_absence, cdmo_shift_lead, roster.pk, **said) == "refused"
    assert refusal(set_stand_in, cdmo_shift_lead, roster.pk, **said) == "refused"
    assert note_absence(cdmo_qa, roster.pk, **said).version == 2


@pytest.mark.parametrize("change", [set_stand_in, note_absence])
def test_a_stretch_has_a_length_a_future_and_a_person_of_the_role(second, cdmo_qa, cdmo_shift_lead, change):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    at = NOW()
    wrong = partial(refusal, change, cdmo_qa, roster.pk, version=1)
    said = {"person_id": cdmo_qa.person_id, "begins_at": at, "ends_at": at + hours(1)}
    assert wrong(**said | {"ends_at": at}) == "invalid"
    assert wrong(**said | {"begins_at": at - hours(3), "ends_at": at - hours(2)}) == "invalid"
    assert wrong(**said | {"ends_at": at + timedelta(days=500)}) == "invalid"
    assert wrong(**said | {"person_id": cdmo_shift_lead.person_id}) == "invalid"
    assert len(versions_of(roster)) == 1


def test_whom_a_role_was_lent_to_has_duty_while_the_lender_is_away(second, cdmo_qa, cdmo_shift_lead):
    roster = kept(cdmo_qa, "cdmo_qa")
    delegate_roles(
        cdmo_qa,
        cast.PROGRAM,
        delegate_id=cdmo_shift_lead.person_id,
        roles=["qa"],
        reason="At a training for a week.",
        valid_until=NOW() + timedelta(days=5),
    )
    said = {"person_id": cdmo_qa.person_id, "begins_at": NOW(), "ends_at": NOW() + timedelta(days=4)}
    note_absence(cdmo_qa, roster.pk, **said, version=1)
    assert on_duty(at=NOW() + hours(1)) == ("Shift lead 04", None)
    assert gaps_of(roster) == []
    assert on_duty(at=NOW() + timedelta(days=4, hours=1)) == ("QA floor 07", None)


def test_a_gap_in_cover_asks_the_own_head_of_quality_and_nobody_else(second, cdmo_qa, sponsor_qa):
    roster = kept(cdmo_qa, "cdmo_qa")
    begins = (NOW() + timedelta(days=2)).replace(microsecond=0)
    shared, head = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
    said = {"person_id": cdmo_qa.person_id, "begins_at": begins, "ends_at": begins + hours(8)}
    note_absence(cdmo_qa, roster.pk, **said, version=1)
    (gap,) = gaps_of(roster)
    assert (gap.begins_at, gap.ends_at) == (begins, begins + hours(8))
    rows = rows_of(SimpleNamespace(pk=gap.alert_id, space_id=gap.space_id))
    assert [each.code for each in rows["receipts"]] == ["Quality head 01"]
    assert (rows["alert"].kind, rows["alert"].side, rows["alert"].audience) == (
        "roster_gap",
        "manufacturer",
        "manufacturer",
    )
    assert "Nobody on duty as qa" in rows["alert"].title
    assert [name for name, _ in facts_of(cast.PROGRAM, "manufacturer", after=head)] == [
        "alert.raised",
        "roster.gap_found",
        "roster.absence_noted",
    ]
    (entry,) = entries_of(cast.PROGRAM, "manufacturer", after=head)
    assert (entry[1], entry[3]) == ("alert.raised", True)
    assert head_of(cast.PROGRAM) == shared
    with reading(sponsor_qa):
        assert not Alert.objects.visible_to(sponsor_qa).filter(kind="roster_gap").exists()


def test_a_gap_is_told_of_once_and_a_further_one_again(second, cdmo_qa, clock):
    roster = kept(cdmo_qa, "cdmo_qa")
    begins = NOW() + timedelta(days=9)
    said = {"person_id": cdmo_qa.person_id, "begins_at": begins, "ends_at": begins + timedelta(days=9)}
    note_absence(cdmo_qa, roster.pk, **said, version=1)
    assert (gaps_of(roster), tasks.find_gaps()) == ([], 0)
    clock.move(timedelta(days=3))
    assert [tasks.find_gaps() for _ in range(2)] == [1, 0]
    clock.move(timedelta(days=5))
    assert tasks.find_gaps() == 0
    assert len(gaps_of(roster)) == 1


def test_a_seat_that_ends_is_a_gap_that_is_found_ahead(database, cdmo_qa):
    leaver = joined("QA floor 10", valid_until=NOW() + timedelta(days=3))
    roster = kept(cdmo_qa, leaver)
    (gap,) = gaps_of(roster)
    assert gap.begins_at > NOW() + timedelta(days=2)


def test_gaps_are_looked_for_by_the_system_alone(second, cdmo_qa, rival_sponsor_qa):
    roster = kept(cdmo_qa, "cdmo_qa")
    assert refusal(look_for_gaps, cdmo_qa, roster.pk) == "refused"
    assert look_for_gaps(rival_sponsor_qa, roster.pk) == 0
    assert look_for_gaps(system_actor("sweep", cast.PROGRAM), roster.pk) == 0


def cards(key):
    reader = actor(key)
    with reading(reader):
        rows = DutyCard.objects.visible_to(reader).order_by("audience")
        return [(each.audience, each.languages, each.telephone) for each in rows]


def card(by, person, **given):
    said = {"languages": "Swedish, English", "telephone": "+46 40 555 0107", "audience": "manufacturer"}
    return set_duty_card(by, cast.PROGRAM, person_id=person.person_id, **said | given)


def test_a_telephone_is_for_the_own_side_and_languages_for_both(database, cdmo_qa):
    head = head_of(cast.PROGRAM)
    card(cdmo_qa, cdmo_qa)
    assert cards("cdmo_operator") == [
        ("manufacturer", "", "+46 40 555 0107"),
        ("shared", "Swedish, English", ""),
    ]
    assert cards("sponsor_qa") == [("shared", "Swedish, English", "")]
    assert cards("rival_sponsor_qa") == []
    assert facts_of(cast.PROGRAM, after=head) == [
        ("duty_card.set", {"person_id": str(cdmo_qa.person_id), "is_shared": False})
    ]


def test_a_shared_telephone_is_read_by_both_until_it_is_taken_back(database, cdmo_qa):
    card(cdmo_qa, cdmo_qa, audience="shared")
    assert cards("sponsor_qa") == [("shared", "Swedish, English", "+46 40 555 0107")]
    card(cdmo_qa, cdmo_qa)
    assert cards("sponsor_qa") == [("shared", "Swedish, English", "")]
    assert cards("cdmo_operator")[0] == ("manufacturer", "", "+46 40 555 0107")


def test_a_card_is_filled_in_by_its_person_or_by_who_keeps_the_rosters(
    database, cdmo_qa, cdmo_operator, sponsor_qa, rival_sponsor_qa
):
    card(cdmo_operator, cdmo_operator)
    card(cdmo_qa, cdmo_operator, telephone="")
    assert refusal(card, cdmo_operator, cdmo_qa) == "refused"
    assert refusal(card, sponsor_qa, cdmo_qa) == "refused"
    assert refusal(card, rival_sponsor_qa, cdmo_qa) == "not_found"
    assert refusal(card, cdmo_qa, rival_sponsor_qa) == "refused"
    assert refusal(card, cdmo_qa, cdmo_qa, audience="sponsor") == "invalid"
    assert refusal(card, cdmo_qa, cdmo_qa, telephone="call me") == "invalid"


def test_two_who_keep_the_first_roster_at_once_keep_one(own_database):
    people = [actor("cdmo_qa"), actor("cdmo_quality_head")]
    failed = at_once(*[partial(kept, each, "cdmo_qa") for each in people])
    assert [each.problem_code for each in failed] == ["version_required"]
    with reading(people[0]):
        assert Roster.objects.visible_to(people[0]).count() == 1


def test_two_changes_at_once_are_one_change_and_one_refusal(own_database):
    person = actor("cdmo_qa")
    roster = kept(person, "cdmo_qa")
    at = NOW() + timedelta(days=20)
    said = {"person_id": person.person_id, "begins_at": at, "ends_at": at + hours(2), "version": 1}
    failed = at_once(*[partial(change, person, roster.pk, **said) for change in (set_stand_in, note_absence)])
    assert [each.problem_code for each in failed] == ["stale_version"]
    assert [each.number for each in versions_of(roster)] == [1, 2]


def test_two_sweeps_at_once_tell_of_a_gap_once(own_database, clock):
    person = actor("cdmo_qa")
    roster = kept(person, "cdmo_qa")
    at = NOW() + timedelta(days=9)
    note_absence(
        person, roster.pk, person_id=person.person_id, begins_at=at, ends_at=at + hours(9), version=1
    )
    clock.move(timedelta(days=4))
    assert at_once(*[tasks.find_gaps] * 3) == []
    assert len(gaps_of(roster)) == 1


def test_the_zone_of_each_side_is_where_its_people_are(database):
    assert cover().zones == {"manufacturer": "Europe/Stockholm", "sponsor": "America/New_York"}
