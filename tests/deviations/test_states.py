"""The table of a deviation's life: every state, every step, every role; and the database behind it."""

import importlib
from copy import copy
from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction

from deviations.models import Deviation
from deviations.states import CONSEQUENCES, TRANSITIONS, DeviationState
from portal.action import action
from portal.actor import Actor, Role, Seat, Side
from portal.errors import InvalidTransition, NotFound, Refused
from portal.states import ROLES, edges
from tests.deviations.conftest import only
from tests.factories import cast
from tests.factories import deviations as make

STANDS = [
    ("reported", False),
    ("triaged", False),
    ("triaged", True),
    ("under_investigation", False),
    ("under_investigation", True),
    ("cdmo_qa_review", True),
    ("sponsor_review", True),
    ("closed", True),
    ("cancelled", False),
    ("no_deviation", False),
]
STEPS = {
    "triage": make.triage,
    "release_notice": make.release,
    "investigate": make.investigate,
    "assess_impact": make.assess,
    "summarise": make.summarise,
    "dismiss": make.dismiss,
    "conclude_impact": make.conclude_impact,
    "look_around": make.look_around,
    "name_batch": make.name_batch,
    "decide_batch": make.decide_batch,
    "reclassify": make.reclassify,
    "confirm_class": make.confirm_class,
    "decide_class": make.decide_class,
    "assess_risk": make.assess_risk,
    "link": make.link,
    "merge": make.merge,
    "share_draft": make.share_draft,
    "comment": make.comment,
    "finish_comments": make.finish_comments,
    "answer_comment": make.answer_comment,
    "submit_report": lambda actor, found: make.submit(actor, found, version=found.version),
    "return_report": make.return_report,
    "object_report": make.object_report,
    "settle": make.settle,
    "close": make.close,
    "cancel": make.cancel,
}
ALL = {**TRANSITIONS, **CONSEQUENCES}
ALL_ROLES = [Role(side, code) for side in (Side.MANUFACTURER, Side.SPONSOR) for code in ROLES[side]]


def holder(role, like):
    """Somebody who holds this one role in the program and nothing else anywhere."""
    seat = Seat(cast.PROGRAM, role.side, frozenset({role.code}), "Seat 01")
    return Actor(like.person_id, "human", None, {cast.PROGRAM: (seat,)})


def expected(step, state, role, *, released):
    """What the table and the clauses say, in the order in which it is asked."""
    if role.side == Side.SPONSOR and not released:
        return NotFound
    if role not in TRANSITIONS[step].roles:
        return Refused
    if state not in TRANSITIONS[step].sources:
        return InvalidTransition
    # No draft waits for comments, nobody objects, and nobody has reviewed a major one yet.
    waiting = ("finish_comments", "settle", "close", "decide_class")
    only = {("release_notice", True), ("summarise", False), ("share_draft", False), ("submit_report", False)}
    only |= {("confirm_class", False)}
    if step in waiting or (step, released) in only or (step, state) == ("comment", "under_investigation"):
        return InvalidTransition
    # Nobody commented, and nobody has such a batch or record; clauses 5.5 and 5.6 name who judges.
    unknown = ("answer_comment", "name_batch", "decide_batch", "link", "merge")
    if step in unknown:
        return NotFound
    named = {"assess_impact": ("qa", "cmc"), "confirm_class": ("quality_head",)}
    return Refused if role.code not in named.get(step, role.code) else None


def test_every_step_of_the_table_has_an_action():
    assert sorted(STEPS) == sorted(TRANSITIONS)


@pytest.mark.parametrize(("state", "released"), STANDS)
def test_a_step_is_taken_from_its_states_by_its_roles_alone(database, cdmo_qa, state, released):
    found = make.in_state(state, cdmo_qa, released=released)
    if (state, released) == ("under_investigation", True):
        found = make.judged(cdmo_qa, found)
    allowed = []
    for step, role in product(STEPS, ALL_ROLES):
        error = expected(step, state, role, released=released)
        if error is None:
            allowed.append((step, role))
            continue
        with pytest.raises(error):
            STEPS[step](holder(role, cdmo_qa), found)
    row = only(cdmo_qa, Deviation, pk=found.pk)
    assert (row.state, row.version) == (state, found.version)
    for step, role in allowed:
        before = transaction.savepoint()
        moved = STEPS[step](holder(role, cdmo_qa), copy(found))
        assert moved.state == (TRANSITIONS[step].target or state)
        transaction.savepoint_rollback(before)


def test_the_guard_of_the_database_holds_the_edges_of_the_table():
    walls = importlib.import_module("deviations.migrations.0009_reviews")
    (guard,) = [each for each in walls.Migration.operations if type(each).__name__ == "StateGuard"]
    assert guard.options["edges"] == edges(ALL)


@action("test.force")
def force(actor, deviation_id, *, state):
    """Set the state as a program would that goes round the actions."""
    sql = "update deviations_deviation set state = %s, version = version + 1 where id = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [state, deviation_id])


@pytest.mark.parametrize(("state", "released"), [each for each in STANDS if each != ("triaged", True)])
def test_the_database_refuses_every_other_edge(database, cdmo_qa, state, released):
    found = make.in_state(state, cdmo_qa, released=released)
    for target in DeviationState.values:
        if target == state or f"{state}>{target}" in edges(ALL):
            continue
        with pytest.raises(DatabaseError, match=f"no transition from {state} to {target}"):
            force(cdmo_qa, found.pk, state=target)


@pytest.mark.parametrize(
    ("assignment", "rule"),
    [
        ("audience = 'sponsor'", "row-level security"),
        ("occurred_at = detected_at + interval '1 hour'", "deviation_occurs_before_detected"),
        ("ended_at = now()", "deviation_ended_at_a_time"),
        ("state = 'triaged'", "deviation_triaged_at_a_time"),
        ("space_id = gen_random_uuid()", "row-level security"),
    ],
)
def test_the_database_refuses_what_one_row_cannot_be(reported, cdmo_qa, assignment, rule):
    @action("test.break")
    def break_it(actor, deviation_id):
        with connection.cursor() as cursor:
            sql = f"update deviations_deviation set {assignment} where id = %s"  # noqa: S608 - fixed words
            cursor.execute(sql, [deviation_id])

    with pytest.raises(DatabaseError, match=rule):
        break_it(cdmo_qa, reported.pk)


def test_the_database_refuses_a_second_notice_and_a_second_number(released, cdmo_qa):
    from deviations.models import Notice

    notice = only(cdmo_qa, Notice)

    @action("test.double")
    def double(actor, row, **changed):
        row.pk = make.unknown_id()
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    with pytest.raises(DatabaseError, match="notice_once"):
        double(cdmo_qa, notice)
    with pytest.raises(DatabaseError, match="deviation_number_once"):
        double(cdmo_qa, only(cdmo_qa, Deviation))


def test_no_row_is_deleted_and_nothing_shared_becomes_private_again(released, cdmo_qa):
    @action("test.undo")
    def undo(actor, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    with pytest.raises(DatabaseError, match="permission denied"):
        undo(cdmo_qa, "delete from deviations_deviation")
    with pytest.raises(DatabaseError, match="only ever widens"):
        undo(cdmo_qa, "update deviations_deviation set audience = 'manufacturer'")
