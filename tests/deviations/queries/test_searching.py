"""Search and likeness find what the asker may read, by words as people write them, and nothing else."""

import pytest

from deviations.queries import list_deviations
from deviations.queries.similar import similar_to
from deviations.queries.words import ASKED_MOST, asked_terms, stem, terms_of
from portal.action import reading
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.batches import batch

RIVAL = cast.RIVAL_PROGRAM


def found(actor, words):
    with reading(actor):
        return {each.number for each in list_deviations(actor, words=words)}


def alike(actor, deviation):
    with reading(actor):
        rows = similar_to(actor, deviation)
        return [(each.deviation.number, each.recurs) for each in rows]


def test_words_of_a_shared_deviation_are_found_by_both_sides_and_by_nobody_else(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    shared = make.report(cdmo_qa, title="Jacket valve TV-203 stuck", batch_id=batch(number="B-2417").pk)
    shared = make.release(cdmo_qa, make.triage(cdmo_qa, shared))
    for words in ("jacket", "valves", "TV-203", "b-24", "stuck jack", shared.number, shared.number[-4:]):
        assert found(cdmo_qa, words) == found(sponsor_qa, words) == {shared.number}, words
        assert found(rival_sponsor_qa, words) == set()
    assert found(sponsor_qa, "jacket agitator") == set()


def test_words_of_a_private_deviation_are_found_by_its_own_side_until_it_is_disclosed(
    database, cdmo_qa, sponsor_qa
):
    hidden = make.triage(cdmo_qa, make.report(cdmo_qa, title="Centrifuge bowl cracked"))
    for words in ("centrifuge", hidden.number):
        assert (found(cdmo_qa, words), found(sponsor_qa, words)) == ({hidden.number}, set())
    make.release(cdmo_qa, hidden)
    assert found(sponsor_qa, "centrifuge") == {hidden.number}


@pytest.mark.parametrize("words", ["'", "\\", "a' | 'b", "!:*&|()<->", "%", "\x00'", "''", "\\':*", "ÅÄÖ ß"])
def test_a_hostile_search_finds_nothing_and_breaks_nothing(database, cdmo_qa, words):
    make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
    assert found(cdmo_qa, words) == set()


def test_likeness_is_of_what_the_asker_may_read_and_a_year_makes_a_recurrence(
    database, clock, cdmo_qa, sponsor_qa
):
    told = {
        "title": "Jacket valve stuck, temperature above its range",
        "description": "Seal of the valve worn.",
    }
    earlier = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, **told)))
    hidden = make.report(cdmo_qa, **told)
    later = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, **told)))
    other = make.release(
        cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, title="Label of a drum illegible"))
    )
    assert alike(sponsor_qa, later) == [(earlier.number, True)]
    assert dict(alike(cdmo_qa, later)) == {earlier.number: True, hidden.number: True}
    assert dict(alike(cdmo_qa, earlier))[later.number] is False
    assert other.number not in dict(alike(cdmo_qa, later))


def test_terms_are_short_words_each_once():
    assert terms_of("The valve TV-203, the VALVE and 42 min") == ["valve", "tv-203"]
    assert len(asked_terms(" ".join(map(str, range(50))))) == ASKED_MOST
    assert (stem("valves"), stem("gas"), stem("cracking")) == ("valv", "gas", "crack")
