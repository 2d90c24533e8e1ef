"""An annex is looked at as it will hold: worked into the agreement that both have signed."""

import pytest

from portal.action import reading
from portal.actions import agreeing
from portal.agreements.annexes import findings_of, held_in
from portal.errors import Conflict
from portal.queries.agreements import count_seated
from tests.factories import agreements as make
from tests.factories import cast

HOUR = """format: covalent.agreement/1
title: Annex for AV-310
phase: cell_therapy
clauses:
- code: "5.1"
  heading: quality_unit
  title: First notice, critical
  text: |
    Within one hour.
  rules:
  - kind: notification
    of: [deviation]
    classification: [critical]
    within: {hours: 1}
    to: [sponsor.qa]
    released_by: [manufacturer.qa]
"""
ANSWERED = """  - kind: responsibility
    activity: [notice_release]
    accountable: manufacturer
    responsible: [manufacturer.qa]
"""
TWICE = (
    HOUR
    + """- code: "5.9"
  heading: quality_unit
  title: Again
  text: |
    Within two hours.
  rules:
  - kind: notification
    of: [deviation]
    classification: [critical]
    within: {hours: 2}
    to: [sponsor.qa]
    released_by: [manufacturer.qa]
"""
)


@pytest.fixture
def heads(database, cdmo_quality_head, sponsor_quality_head):
    maker, sponsor = make.heads(cdmo_quality_head, sponsor_quality_head)
    make.both_sign(maker, sponsor, make.in_review(maker, number=4))
    return maker, sponsor


def annex(maker, text):
    return agreeing.draft_from_text(maker, cast.PARTNERSHIP, program_id=cast.SECOND_PROGRAM, text=text)


def test_lint_says_of_an_annex_what_its_clauses_bring_about_and_nothing_of_what_it_leaves_alone(heads):
    maker, _sponsor = heads
    whole, hole = annex(maker, HOUR + ANSWERED), annex(maker, HOUR)
    with reading(maker):
        seated = count_seated(maker, cast.PARTNERSHIP)
        found = [findings_of(maker, each, seated) for each in (whole, hole)]
    grave = [[(each.code, each.words) for each in of if each.gravity != "advice"] for of in found]
    # In place of clause 5.1, which says who answers for the notice, the second one says nothing of that.
    assert grave == [[], [("nobody_accountable", "Nobody is accountable for “Releasing a notice”.")]]


def test_an_annex_that_contradicts_itself_or_the_agreement_is_signed_by_nobody(heads):
    maker, _sponsor = heads
    found = annex(maker, TWICE)
    with reading(maker):
        wrong = [each for each in findings_of(maker, found) if each.gravity == "contradiction"]
    assert {each.clause for each in wrong} == {"5.9"}
    submitted = agreeing.submit_agreement(maker, found.pk, version=found.version)
    with pytest.raises(Conflict) as refused:
        make.approve(maker, submitted)
    assert refused.value.problem_code == "contradiction"


def test_a_version_is_run_over_each_program_with_the_annex_it_has(heads):
    maker, sponsor = heads
    signed = annex(maker, HOUR)
    make.both_sign(maker, sponsor, agreeing.submit_agreement(maker, signed.pk, version=signed.version))
    draft = make.draft(maker)
    with reading(maker):
        plain = held_in(maker, draft, cast.PROGRAM)
        own = held_in(maker, draft, cast.SECOND_PROGRAM)
    assert plain == draft.document
    assert [each.text for each in own.clauses if each.code == "5.1"] == ["Within one hour.\n"]


def test_the_page_of_a_first_annex_says_what_it_changes_in_the_agreement(heads, signed_in):
    maker, _sponsor = heads
    found = annex(maker, HOUR + ANSWERED)
    text = signed_in("cdmo_quality_head").get(f"/agreement/{found.pk}/").content.decode()
    assert "One clause changed since v4" in text
    assert "Nobody is accountable" not in text
