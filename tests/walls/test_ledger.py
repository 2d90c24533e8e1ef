from datetime import UTC, datetime

import pytest
from django.db import ProgrammingError, connection
from django.db.models import F

from config.keeping.ledger_state import read_ledger
from portal import ledger
from portal.action import OutsideContextError, action, reading
from portal.actions.people import end_assignment
from portal.actor import system_actor
from portal.facts import ClockBreached
from portal.models import Assignment, Program, Record, Space
from tests.conftest import entries_of, head_of
from tests.factories import cast

SEALED = """
select e.audience, e.seq, e.kind, e.schema_version, e.seat, e.is_outside, e.is_news, e.summary,
    convert_from(e.header, 'UTF8')::jsonb - array['seq', 'sealed_at', 'items'],
    array(select (class, name, row_id, summary,
                  case class when 'change' then '' else convert_from(body, 'UTF8') end)::text
          from ledger.item i where i.marker_id = e.marker_id order by id),
    e.sealed_at
from ledger.entry e where space_id = %s order by e.audience, e.seq
"""


def test_an_action_seals_exactly_one_entry_on_the_chain_it_touched(database, cdmo_admin):
    before = entries_of(cast.CDMO)
    with reading(cdmo_admin):
        seat = Assignment.objects.visible_to(cdmo_admin).get(code="Operator 31")
    end_assignment(cdmo_admin, seat.pk, reason="left the shift")
    after = entries_of(cast.CDMO)
    assert len(after) == len(before) + 1
    assert after[-1][1] == "assignment.ended"


def test_a_query_outside_the_two_contexts_is_refused(database):
    with pytest.raises(OutsideContextError):
        list(Program.objects.all())


def test_a_rival_sees_one_program_and_it_is_their_own(database, rival_sponsor_qa):
    with reading(rival_sponsor_qa):
        assert [each.pk for each in Program.objects.visible_to(rival_sponsor_qa)] == [cast.RIVAL_PROGRAM]
        assert [each.pk for each in Program.objects.all()] == [cast.RIVAL_PROGRAM]


def test_without_context_no_row_is_visible(own_database):
    with own_database.connect() as raw:
        assert raw.execute("select count(*) from portal_program").fetchone() == (0,)
        assert raw.execute("select count(*) from ledger.entry").fetchone() == (0,)


def breached(kind="test.reply"):
    return ClockBreached(kind=kind, clause="6.2", due_at=datetime(2026, 3, 1, tzinfo=UTC))


@action("test.reported_together")
def report_together(actor, facts):
    """Change a row, then record all facts at once."""
    Space.objects.visible_to(actor).filter(pk=cast.PROGRAM).update(version=F("version") + 1)
    ledger.record_each(facts)


@action("test.reported_together")
def report_apart(actor, facts):
    """Change a row, then record the facts one by one, each sealed before the next."""
    Space.objects.visible_to(actor).filter(pk=cast.PROGRAM).update(version=F("version") + 1)
    for subject, fact, chain in facts:
        ledger.record(subject, fact, audience=chain)
        with connection.cursor() as cursor:
            cursor.execute("set constraints ledger.seal immediate; set constraints ledger.seal deferred")


def sealed_by(report, facts):
    """Return what a reader finds of the entries: headers without their numbers, items without their salts."""
    chains = ("shared", "manufacturer")
    before = {chain: head_of(cast.PROGRAM, chain) for chain in chains}
    actor = system_actor("sweep", cast.PROGRAM)
    report(actor, facts)
    with reading(actor), connection.cursor() as cursor:
        cursor.execute(SEALED, [cast.PROGRAM])
        found = [row for row in cursor.fetchall() if row[1] > before.get(row[0], 0)]
        for chain in chains:
            times = [sealed_at for audience, *_, sealed_at in found if audience == chain]
            assert times == sorted(set(times))
        ledger_now = read_ledger(connection.connection)
    assert [each.faults for each in ledger_now.chains if each.faults] == []
    assert ledger_now.changed_items == 0
    return [(audience, seq - before[audience], *rest) for audience, seq, *rest, _ in found]


def test_facts_recorded_at_once_are_sealed_as_if_one_by_one(database):
    untitled = Record(pk=cast.PROGRAM, space_id=cast.PROGRAM, type="program", version=1)
    chains = ["shared", "manufacturer", "shared", "shared", "manufacturer"]
    facts = [(untitled, breached(f"test.{place}"), chain) for place, chain in enumerate(chains)]
    apart, together = sealed_by(report_apart, facts), sealed_by(report_together, facts)
    assert len(together) == len(facts)
    assert together == apart


def test_no_fact_is_recorded_on_a_chain_without_a_seat_there(database, cdmo_qa):
    with reading(cdmo_qa):
        program = Program.objects.visible_to(cdmo_qa).get(pk=cast.PROGRAM)
    with pytest.raises(ProgrammingError, match="no seat for this chain"):
        report_together(cdmo_qa, [(program, breached(), chain) for chain in ("shared", "sponsor")])
