import pytest

from portal.action import OutsideContextError, reading
from portal.actions.people import end_assignment
from portal.models import Assignment, Program
from tests.conftest import entries_of
from tests.factories import cast


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
