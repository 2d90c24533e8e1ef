"""What people do with a clock: each step with its row, its line, its fact, and what it leaves alone."""

import json
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from portal.actions.clocks import (
    breach_clock,
    breach_clocks,
    consent_to_pause,
    decline_pause,
    extend_clock,
    move_clock,
    pause_clock,
    resume_clock,
    take_pause_back,
)
from portal.actor import Side, system_actor
from portal.errors import DomainError
from portal.models import Alert
from portal.states import CLOCK_KEEPERS, CLOCK_TRANSITIONS, ClockState, clock_keepers, edges
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import facts_of, raised, rows_of
from tests.factories.clocks import DAY, FIVE_DAYS, WORDS, hours, lines_of, seen, started

SWEEP = system_actor("sweep", cast.PROGRAM)
QA = {"manufacturer": "cdmo_qa", "sponsor": "sponsor_qa"}


def pause(key, found, **given):
    return pause_clock(actor(key), found.pk, **{"reason": WORDS, "version": found.version} | given)


def consent(key, found, **given):
    return consent_to_pause(actor(key), found.pk, **{"version": found.version} | given)


def decline(key, found, **given):
    return decline_pause(actor(key), found.pk, **{"reason": WORDS, "version": found.version} | given)


def take_back(key, found, **given):
    return take_pause_back(actor(key), found.pk, **{"version": found.version} | given)


def resume(key, found, **given):
    return resume_clock(actor(key), found.pk, **{"version": found.version} | given)


def extend(key, found, by=None, **given):
    stated = {
        "due_at": found.due_at + (hours(24) if by is None else by),
        "reason": WORDS,
        "version": found.version,
    }
    return extend_clock(actor(key), found.pk, **stated | given)


def move(key, found, **given):
    return move_clock(actor(key), found.pk, **{"reason": WORDS, "version": found.version} | given)


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def alerts(kind="clock.extended_again"):
    from portal.action import reading

    watcher = system_actor("watchdog", cast.PROGRAM)
    with reading(watcher):
        rows = Alert.objects.visible_to(watcher).filter(kind=kind).order_by("side")
        return [(each.side, each.audience, str(each.title)) for each in rows]


@pytest.mark.parametrize("side", Side.__members__.values())
def test_quality_of_a_side_lets_its_own_clock_rest(database, side):
    if side == Side.BOTH:
        return
    found, head = started(side=side), None
    head = head_of(cast.PROGRAM)
    rested = pause(QA[side], found)
    row = seen(found)
    assert (row.state, row.paused_at, row.paused_next_at, row.next_at) == (
        ClockState.PAUSED,
        rested.paused_at,
        found.due_at,
        None,
    )
    assert facts_of(cast.PROGRAM, after=head) == [
        ("clock.paused", {"kind": "test.reply", "side": side.value})
    ]
    assert len(entries_of(cast.PROGRAM, after=head)) == 1
    code = actor(QA[side]).code(cast.PROGRAM)
    assert lines_of(found) == [
        ("started", "system setup", side, None, found.due_at),
        ("paused", code, side, found.due_at, None),
    ]
    assert (row.due_at, row.side, row.version, row.extensions) == (found.due_at, side, 2, 0)


def test_a_clock_that_goes_on_has_the_time_that_was_left(database, clock):
    found = started(DAY)
    rested = pause("cdmo_qa", found)
    left = found.due_at - rested.paused_at
    clock.move(hours(100))
    head = head_of(cast.PROGRAM)
    gone_on = resume("cdmo_qa", rested, reason="The sample arrived.")
    row = seen(found)
    assert (row.state, row.paused_at, row.paused_next_at) == (ClockState.RUNNING, None, None)
    assert row.due_at == row.next_at == gone_on.due_at
    assert hours(99) < row.due_at - found.due_at < hours(101)
    assert row.due_at - left > found.due_at
    assert facts_of(cast.PROGRAM, after=head) == [
        ("clock.resumed", {"kind": "test.reply", "due_at": row.due_at.isoformat()})
    ]
    assert lines_of(found)[-1] == ("resumed", "QA floor 07", "manufacturer", found.due_at, row.due_at)
    assert (row.started_at, row.calendar, row.duration) == (found.started_at, None, {"hours": 24})


def test_the_sweep_comes_again_after_a_pause_when_it_would_have_come_before(database, clock):
    found = started(DAY)
    half = started(DAY, next_at=found.started_at + hours(12))
    rested = pause("cdmo_qa", half)
    clock.move(hours(1000))
    assert breach_clock(SWEEP, half.pk) is None
    row = seen(resume("cdmo_qa", rested))
    assert hours(11.9) < row.due_at - row.next_at < hours(12.1)


def test_a_joint_clock_rests_only_by_the_word_of_both_sides(database):
    found = started(is_joint=True)
    head = head_of(cast.PROGRAM)
    asked = pause("sponsor_qa", found)
    row = seen(found)
    assert (row.state, row.pause_asked_by, row.next_at) == (ClockState.RUNNING, "sponsor", found.next_at)
    assert refusal(consent, "sponsor_qa", asked) == "invalid_transition"
    assert refusal(pause, "cdmo_qa", asked) == "invalid_transition"
    rested = consent("cdmo_qa", asked)
    assert (seen(found).state, seen(found).pause_asked_by) == (ClockState.PAUSED, "")
    assert facts_of(cast.PROGRAM, after=head) == [
        ("clock.pause_asked", {"kind": "test.reply", "side": "sponsor"}),
        ("clock.paused", {"kind": "test.reply", "side": "manufacturer"}),
    ]
    assert [line[:2] for line in lines_of(found)] == [
        ("started", "system setup"),
        ("pause_asked", "Sponsor QA 03"),
        ("paused", "QA floor 07"),
    ]
    assert seen(resume("sponsor_qa", rested)).state == ClockState.RUNNING


def test_the_other_side_declines_a_pause_and_who_asked_is_told_why(database):
    found = started(is_joint=True)
    asked = pause("sponsor_qa", found)
    head = head_of(cast.PROGRAM)
    assert refusal(decline, "sponsor_qa", asked) == "invalid_transition"
    assert refusal(decline, "cdmo_qa", asked, reason="short") == "invalid"
    decline("cdmo_qa", asked)
    row = seen(found)
    assert (row.state, row.pause_asked_by, row.due_at, row.version) == ("running", "", found.due_at, 3)
    assert facts_of(cast.PROGRAM, after=head)[0] == (
        "clock.pause_declined",
        {"kind": "test.reply", "side": "manufacturer"},
    )
    assert lines_of(found)[-1] == ("declined", "QA floor 07", "manufacturer", found.due_at, None)
    words = "AV-101: the pause that your side asked for is declined"
    assert alerts("clock.pause_declined") == [("sponsor", "shared", words)]
    assert {each.role for each in rows_of(_alert("sponsor", "clock.pause_declined"))["receipts"]} == {"qa"}
    assert refusal(consent, "cdmo_qa", row) == "invalid_transition"


def test_who_asked_for_a_pause_takes_that_back_and_may_ask_again(database):
    found = started(is_joint=True)
    asked = pause("sponsor_qa", found)
    head = head_of(cast.PROGRAM)
    assert refusal(take_back, "cdmo_qa", asked) == "invalid_transition"
    taken = take_back("sponsor_qa", asked)
    assert (seen(found).state, seen(found).pause_asked_by) == ("running", "")
    assert facts_of(cast.PROGRAM, after=head)[0] == (
        "clock.pause_taken_back",
        {"kind": "test.reply", "side": "sponsor"},
    )
    assert lines_of(found)[-1] == ("taken_back", "Sponsor QA 03", "manufacturer", found.due_at, None)
    words = "AV-101: a pause is not asked for any more"
    assert alerts("clock.pause_taken_back") == [("manufacturer", "shared", words)]
    assert refusal(consent, "cdmo_qa", taken) == "invalid_transition"
    assert pause("sponsor_qa", taken).pause_asked_by == "sponsor"


@pytest.mark.parametrize("key", ["cdmo_operator", "sponsor_viewer", "inspector"])
def test_nobody_else_answers_for_a_side(database, key):
    asked = pause("sponsor_qa", started(is_joint=True))
    assert {refusal(each, key, asked) for each in (consent, decline, take_back)} == {"refused"}


def test_silence_is_no_consent(database, clock):
    found = started(is_joint=True)
    pause("sponsor_qa", found)
    clock.move(hours(25))
    assert breach_clock(SWEEP, found.pk).state == ClockState.BREACHED
    assert refusal(consent, "cdmo_qa", seen(found)) == "invalid_transition"


def test_nobody_consents_to_what_nobody_asked(database):
    assert refusal(consent, "cdmo_qa", started(is_joint=True)) == "invalid_transition"


def test_a_regulatory_clock_rests_for_nobody_and_gets_no_more_time(database, as_owner):
    found = started(side=Side.SPONSOR, is_regulatory=True, audience="sponsor")
    before = lines_of(found)
    assert refusal(pause, "sponsor_qa", found) == "invalid_transition"
    assert refusal(extend, "sponsor_qa", found) == "invalid_transition"
    assert (seen(found).version, lines_of(found)) == (1, before)


def test_the_database_lets_no_regulatory_clock_rest(own_database):
    found = started(side=Side.SPONSOR, is_regulatory=True, audience="sponsor")
    with (
        own_database.connect("owner") as raw,
        pytest.raises(psycopg.errors.CheckViolation, match="regulatory"),
    ):
        raw.execute(
            "update portal_clock set state = 'paused', paused_at = now(), next_at = null where id = %s",
            [found.pk],
        )


def test_more_time_is_given_before_the_time_is_over(database):
    found = started(FIVE_DAYS)
    head = head_of(cast.PROGRAM)
    later = extend("cdmo_quality_head", found, timedelta(days=3))
    row = seen(found)
    told = f"AV-101: a deadline is put off to {row.due_at:%Y-%m-%d %H:%M} UTC"
    assert (row.due_at, row.next_at, row.extensions) == (found.due_at + timedelta(days=3), later.due_at, 1)
    assert [each for each in facts_of(cast.PROGRAM, after=head) if each[0] != "alert.raised"] == [
        (
            "clock.extended",
            {
                "kind": "test.reply",
                "due_before": found.due_at.isoformat(),
                "due_at": row.due_at.isoformat(),
                "extensions": "1",
            },
        )
    ]
    assert lines_of(found)[-1][:1] + lines_of(found)[-1][3:] == ("extended", found.due_at, row.due_at)
    assert (row.state, row.side, row.started_at, alerts()) == ("running", found.side, found.started_at, [])
    assert alerts("clock.extended") == [("sponsor", "shared", told)]
    assert {each.role for each in rows_of(_alert("sponsor", "clock.extended"))["receipts"]} == {"qa"}


def test_the_second_extension_climbs_to_the_heads_of_both_sides(database):
    found = extend("cdmo_qa", started())
    assert alerts() == []
    extend("cdmo_qa", found)
    words = "AV-101: a deadline was extended for the second time"
    assert alerts() == [("manufacturer", "shared", words), ("sponsor", "shared", words)]
    told = rows_of(_alert("sponsor"))
    assert [each.role for each in told["receipts"]] == ["quality_head"]


def test_of_an_internal_clock_only_the_own_heads_hear(database):
    found = extend("cdmo_qa", extend("cdmo_qa", started(audience="manufacturer")))
    assert [each[:2] for each in alerts()] == [("manufacturer", "manufacturer")]
    assert alerts("clock.extended") == []
    assert found.extensions == 2


def _alert(side, kind="clock.extended_again"):
    from portal.action import reading

    watcher = system_actor("watchdog", cast.PROGRAM)
    with reading(watcher):
        return Alert.objects.visible_to(watcher).get(kind=kind, side=side)


def test_an_extension_does_not_move_a_visit_that_comes_before_the_old_due_time(database):
    found = started(DAY)
    half = started(DAY, next_at=found.started_at + hours(12))
    assert seen(extend("cdmo_qa", half)).next_at == half.next_at


@pytest.mark.parametrize("by", [hours(0), hours(-1)])
def test_an_extension_gives_more_time_and_never_less(database, by):
    assert refusal(extend, "cdmo_qa", started(), by) == "invalid"


def test_when_the_time_is_over_it_is_too_late_to_extend_or_pause(database, clock):
    found = started(DAY)
    clock.move(hours(25))
    assert refusal(extend, "cdmo_qa", found, hours(48)) == "invalid_transition"
    assert refusal(pause, "cdmo_qa", found) == "invalid_transition"
    assert seen(found).version == 1


def test_the_ball_of_a_joint_clock_passes_and_its_time_runs_on(database):
    found = started(is_joint=True)
    head = head_of(cast.PROGRAM)
    move("cdmo_qa", found)
    row = seen(found)
    assert (row.side, row.due_at, row.next_at) == ("sponsor", found.due_at, found.next_at)
    assert facts_of(cast.PROGRAM, after=head) == [("clock.moved", {"kind": "test.reply", "side": "sponsor"})]
    assert lines_of(found)[-1] == ("moved", "QA floor 07", "sponsor", found.due_at, None)
    assert refusal(move, "cdmo_qa", row) == "refused"
    assert seen(move("sponsor_qa", row)).side == "manufacturer"


def test_a_clock_of_one_side_passes_to_nobody(database):
    assert refusal(move, "cdmo_qa", started()) == "invalid_transition"


@pytest.mark.parametrize("key", ["cdmo_operator", "sponsor_qa", "sponsor_viewer", "inspector"])
def test_nobody_else_touches_a_clock_of_the_manufacturer(database, key):
    found = started()
    assert {refusal(each, key, found) for each in (pause, extend, move)} == {"refused"}
    assert seen(found).version == 1


def test_a_rival_and_the_other_side_do_not_find_an_internal_clock(database):
    found = started(audience="manufacturer")
    for key in ("sponsor_qa", "rival_sponsor_qa"):
        assert {
            refusal(each, key, found) for each in (pause, extend, move, resume, consent, decline, take_back)
        } == {"not_found"}


def test_a_ladders_clock_belongs_to_its_alert_alone(database):
    watch = rows_of(raised(Side.MANUFACTURER))["clock"]
    assert {refusal(each, "cdmo_qa", watch) for each in (pause, extend, move)} == {"not_found"}


def test_a_step_names_the_version_that_was_seen(database):
    found = started()
    assert refusal(pause, "cdmo_qa", found, version=None) == "version_required"
    extend("cdmo_qa", found)
    assert refusal(pause, "cdmo_qa", found) == "stale_version"


@pytest.mark.parametrize("words", ["", "too short", "x" * 4001])
def test_a_step_says_why(database, words):
    found = started(is_joint=True)
    assert {refusal(each, "cdmo_qa", found, reason=words) for each in (pause, extend, move)} == {"invalid"}


def test_a_breach_stays_and_is_told_once(database, clock):
    found = started(DAY)
    clock.move(hours(25))
    head = head_of(cast.PROGRAM)
    breach_clock(SWEEP, found.pk)
    row = seen(found)
    assert (row.state, row.next_at, row.done_at) == (ClockState.BREACHED, None, None)
    assert row.ended_at > found.due_at
    assert facts_of(cast.PROGRAM, after=head) == [
        ("clock.breached", {"kind": "test.reply", "clause": "6.2", "due_at": found.due_at.isoformat()})
    ]
    assert lines_of(found)[-1] == ("breached", "system sweep", "manufacturer", found.due_at, None)
    assert breach_clock(SWEEP, found.pk) is None
    assert (seen(found).version, seen(found).due_at) == (row.version, found.due_at)


def test_many_breaches_are_each_an_entry_of_their_own(database, clock):
    found = [started(DAY) for _ in range(3)]
    early = started(FIVE_DAYS)
    clock.move(hours(25))
    head = head_of(cast.PROGRAM)
    assert breach_clocks(SWEEP, [each.pk for each in (*found, early)]) == 3
    sealed = entries_of(cast.PROGRAM, after=head)
    assert [kind for _, kind, _, _ in sealed] == ["clock.breached"] * 3
    assert [json.loads(summary)["subject"]["number"] for _, _, summary, _ in sealed] == ["AV-101"] * 3
    assert {seen(each).state for each in found} == {ClockState.BREACHED}
    assert (seen(early).state, seen(early).version) == (ClockState.RUNNING, 1)


def test_only_the_sweep_breaches(database, clock):
    found = started(DAY)
    clock.move(hours(25))
    assert refusal(breach_clock, actor("cdmo_qa"), found.pk) == "refused"


def test_what_was_written_of_a_clock_is_never_rewritten(database):
    started()
    for table in ("portal_clockmove", "portal_businesscalendar"):
        with connection.cursor() as cursor:
            cursor.execute("select has_table_privilege('covalent_app', %s, 'update')", [table])
            assert cursor.fetchone() == (False,)


def test_the_database_guards_exactly_the_edges_of_the_table(database, as_owner):
    (arguments,) = as_owner.execute(
        "select tgargs from pg_trigger where tgname = 'guard_state' and tgrelid = 'portal_clock'::regclass"
    ).fetchone()
    guarded = [each.decode() for each in bytes(arguments).split(b"\x00") if each]
    assert sorted(guarded) == edges(CLOCK_TRANSITIONS)


def test_each_step_is_for_quality_of_the_side_that_holds_the_ball(database):
    found = started()
    for to in ("pause", "resume", "extend", "move"):
        assert {role.side for role in clock_keepers(found, to)} == {Side.MANUFACTURER}
    found.is_joint = True
    assert clock_keepers(found, "pause") == CLOCK_KEEPERS
