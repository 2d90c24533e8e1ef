"""What drafts of agreements and decision requests say stands outside the ledger, and goes with the draft."""

import pytest
from django.db import connection

from portal.action import reading
from portal.actions import agreeing
from portal.actions.deciding import withdraw_decision
from portal.agreements.signing import get_agreement
from portal.decisions.access import get_request
from portal.models import AgreementVersion, DecisionRequest, Paper, Record
from portal.papers import with_words
from portal.queries.decisions import decisions_about
from tests.conftest import actor, entries_of
from tests.factories import agreements, batches, cast
from tests.factories import decisions as make

WORDS = "The reason of a few words."
TITLE = "Quality agreement, draft of the CDMO"
OTHERS = ("sponsor_qa", "rival_sponsor_qa", "inspector")


@pytest.fixture
def asking(database, cdmo_qa):
    return make.draft(cdmo_qa, batches.batch(number="B-2417"))


@pytest.fixture
def agreement(database, cdmo_quality_head):
    found = agreements.draft(cdmo_quality_head)
    return agreements.edited(cdmo_quality_head, found, [(found.title, TITLE)])


def papers(key="cdmo_quality_head"):
    with reading(actor(key)):
        return list(Paper.objects.visible_to(actor(key)))


def stored_papers():
    """The papers as who reads the database finds them."""
    with reading(actor("cdmo_quality_head")), connection.cursor() as cursor:
        cursor.execute("select text from portal_paper")
        return [text for (text,) in cursor.fetchall()]


def row(model, record_id, key="cdmo_quality_head"):
    with reading(actor(key)):
        return model.objects.visible_to(actor(key)).get(pk=record_id)


def told(space):
    chains = ("shared", "manufacturer", "sponsor")
    return "".join(str(entry) for chain in chains for entry in entries_of(space, chain))


def words_of(model, record_id):
    found = row(model, record_id)
    return {name: str(getattr(found, name)) for name in model.WORDS}


def test_a_draft_of_an_agreement_says_nothing_in_its_row_and_all_to_its_side(agreement, cdmo_quality_head):
    assert set(words_of(AgreementVersion, agreement.pk).values()) == {""}
    assert str(row(Record, agreement.pk).title) == ""
    with reading(cdmo_quality_head):
        read = get_agreement(cdmo_quality_head, agreement.pk)
    assert (read.title, read.document.digest()) == (TITLE, agreement.digest)
    assert TITLE not in told(cast.PARTNERSHIP)
    assert [TITLE in each for each in stored_papers()] == [False]
    assert [papers(key) for key in OTHERS] == [[], [], []]


def test_submitted_it_says_the_same_in_its_row_and_the_paper_is_gone(agreement, cdmo_quality_head):
    found = agreeing.state_date(
        cdmo_quality_head, agreement.pk, not_before=None, note="What it is for.", version=agreement.version
    )
    agreeing.submit_agreement(cdmo_quality_head, found.pk, version=found.version)
    seen = row(AgreementVersion, agreement.pk, "sponsor_qa")
    assert (seen.title, seen.note, seen.document.digest()) == (TITLE, "What it is for.", agreement.digest)
    assert papers() == []


def test_a_draft_that_goes_into_the_review_leaves_no_paper(database, cdmo_quality_head, sponsor_quality_head):
    reviewed = agreements.in_review(cdmo_quality_head)
    own = agreements.edited(
        sponsor_quality_head, agreements.draft(sponsor_quality_head), [(reviewed.title, TITLE)]
    )
    agreeing.put_into_review(sponsor_quality_head, own.pk, version=own.version)
    assert row(AgreementVersion, reviewed.pk).title == TITLE
    assert papers("sponsor_quality_head") == []


def test_given_up_it_is_known_that_there_was_a_draft_and_no_more(agreement, cdmo_quality_head):
    agreeing.withdraw_agreement(cdmo_quality_head, agreement.pk, reason=WORDS, version=agreement.version)
    with reading(cdmo_quality_head):
        read = get_agreement(cdmo_quality_head, agreement.pk)
        assert (read.title, read.document.clauses) == ("Draft, given up", ())
    assert papers() == []


def test_the_page_of_a_draft_given_up_opens(agreement, cdmo_quality_head, signed_in):
    agreeing.withdraw_agreement(cdmo_quality_head, agreement.pk, reason=WORDS, version=agreement.version)
    text = signed_in("cdmo_quality_head").get(f"/agreement/{agreement.pk}/").content.decode()
    assert "Draft, given up" in text
    assert TITLE not in text


def test_a_draft_of_a_question_says_nothing_in_its_row_and_all_to_its_side(asking, cdmo_qa):
    said = {name: str(getattr(asking, name)) for name in DecisionRequest.WORDS}
    assert set(words_of(DecisionRequest, asking.pk).values()) == {""}
    with reading(cdmo_qa):
        read = get_request(cdmo_qa, asking.pk)
        listed = decisions_about(cdmo_qa, [asking.subject_id])
    assert {name: str(getattr(read, name)) for name in said} == said
    assert [str(each.title) for each in listed] == [said["title"]]
    assert said["title"] not in told(cast.PROGRAM)
    assert [papers(key) for key in OTHERS] == [[], [], []]


def test_asked_it_says_the_same_in_its_row_and_the_paper_is_gone(asking, cdmo_qa):
    said = {name: str(getattr(asking, name)) for name in DecisionRequest.WORDS}
    make.ask(cdmo_qa, asking)
    assert words_of(DecisionRequest, asking.pk) == said
    assert papers() == []


def test_a_question_given_up_says_nothing_any_more(asking, cdmo_qa):
    withdraw_decision(cdmo_qa, asking.pk, reason=WORDS, version=asking.version)
    with reading(cdmo_qa):
        read = get_request(cdmo_qa, asking.pk)
    assert (read.title, read.choices, papers()) == ("Draft, given up", (), [])


def test_many_drafts_are_read_by_one_query_and_none_by_none(asking, cdmo_qa, django_assert_num_queries):
    with reading(cdmo_qa):
        drafts = list(DecisionRequest.objects.visible_to(cdmo_qa))
        with django_assert_num_queries(1):
            assert [str(each.title) for each in with_words(cdmo_qa, drafts)] == [str(asking.title)]
        with django_assert_num_queries(0):
            assert with_words(cdmo_qa, []) == []
