"""How long a record is kept: by its class, longer where the clause under which it began says so."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.action import reading
from portal.actions.holding import place_hold
from portal.actor import system_actor
from portal.agreements.document import Clause
from portal.agreements.rules import Retention
from portal.agreements.schema import RECORDS
from portal.queries.holds import list_kept
from portal.retention import CLASSES, NAMED, SINCE, Term
from tests.conftest import actor
from tests.factories import batches, cast
from tests.factories import deviations as make
from tests.factories.agreements import agree

AFTER = st.sampled_from(sorted(SINCE))
QUALITY = CLASSES["quality"]


def kept_for(years, after="closing", of=("deviation",), code="13.1"):
    return Clause(code, "documentation", "Records", "Kept.", (Retention(of=of, years=years, after=after),))


@given(st.sampled_from(sorted(CLASSES)), st.lists(st.tuples(st.integers(1, 100), AFTER), max_size=5))
def test_no_clause_has_anything_kept_shorter_and_the_longest_that_was_asked_holds(name, asked):
    kept = CLASSES[name]
    for years, after in asked:
        kept = kept.with_clause(Retention(of=("deviation",), years=years, after=after))
    found = {each.since: each.years for each in kept.terms}
    assert len(found) == len(kept.terms)
    for term in CLASSES[name].terms:
        assert found[term.since] >= term.years
    for years, after in asked:
        assert found[SINCE[after]] >= years
    assert set(found.items()) <= {
        *((term.since, term.years) for term in CLASSES[name].terms),
        *((SINCE[after], years) for years, after in asked),
    }


def test_a_clause_that_asks_for_no_more_changes_nothing():
    assert QUALITY.with_clause(Retention(of=("deviation",), years=1, after="expiry")) is QUALITY
    longer = QUALITY.with_clause(Retention(of=("deviation",), years=15, after="expiry"))
    assert longer.terms == (*QUALITY.terms[1:], Term(15, "expiry of the batch"))
    assert longer.words.endswith("; 15 years after expiry of the batch")


def test_every_type_that_a_clause_names_is_one_of_the_schema():
    assert set(NAMED.values()) <= set(RECORDS)


@pytest.fixture
def two(database, cdmo_quality_head):
    """A deviation from before version 9 and one of its time, both in a batch on hold."""
    batch = batches.batch(number="B-2417")
    found = [make.report(actor("cdmo_operator"), batch_id=batch.pk)]
    agree(kept_for(12), number=9, effective_from=datetime.now(UTC))
    found.append(make.report(actor("cdmo_operator"), batch_id=batch.pk))
    place_hold(cdmo_quality_head, batch.pk, reason="Letter of the court of 3 November.")
    return found


def test_a_record_is_kept_by_the_version_under_which_it_began(two):
    before, after = two
    with reading(system_actor("watchdog", cast.PROGRAM)) as watcher:
        kept = {each.record_id: each.retention for each in list_kept(watcher, cast.PROGRAM)}
    assert kept[before.pk] == QUALITY
    assert kept[after.pk].terms == (*QUALITY.terms, Term(12, "closing of the record"))


def test_what_applies_says_how_long_and_by_which_clause(two, signed_in):
    said = [signed_in("cdmo_qa").get(f"/deviations/{each.pk}/terms/").content.decode() for each in two]
    assert ["12 years after closing of the record" in each for each in said] == [False, True]
    assert all("5 years after certification or rejection of the batch" in each for each in said)


def test_the_page_of_holds_says_how_long_it_is_kept_else(two, signed_in, cdmo_quality_head):
    place_hold(cdmo_quality_head, two[1].pk, reason="Letter of the court of 3 November.")
    text = signed_in("cdmo_quality_head").get("/holds/").content.decode()
    assert "12 years after closing of the record (<a " in text
    assert "clause 13.1, agreement v9" in text
    assert "12 years" not in signed_in("sponsor_quality_head").get("/holds/").content.decode()
