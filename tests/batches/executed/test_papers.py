import io

import pytest
from pypdf import PdfReader, PdfWriter

from batches.actions.papers import (
    accept_correction,
    answer_comment,
    comment_page,
    enter_scan,
    put_back_comment,
    take_back_comment,
)
from batches.errors import SamePerson
from batches.executed.pages import digests_of
from portal.errors import Invalid, InvalidTransition, NotFound, Refused, TooLarge
from tests.factories import batches as make
from tests.factories import executed

WHY = "Page 2 was folded over."
PDF = "application/pdf"


def pdf(pages=3, *, size=200):
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(size, size)
    body = io.BytesIO()
    writer.write(body)
    return body.getvalue()


def test_each_page_has_a_digest_and_an_exchanged_one_shows():
    whole = digests_of(pdf(300), PDF)
    assert len(whole) == 300
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(3))))
    writer.insert_blank_page(100, 100, 1)
    body = io.BytesIO()
    writer.write(body)
    before, after = digests_of(pdf(3), PDF), digests_of(body.getvalue(), PDF)
    assert (after[0], after[2:]) == (before[0], before[1:])
    assert after[1] not in before


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing", b"%PDF-", pdf()[:-400], b"%PDF-1.4\n" + b"<<" * 5000])
def test_what_is_no_pdf_is_refused_in_words(data):
    with pytest.raises(Invalid):
        digests_of(data, PDF)


def test_a_scan_without_end_is_refused():
    with pytest.raises(TooLarge):
        digests_of(pdf(1001), PDF)


@pytest.fixture
def scan(database):
    return executed.scan(make.batch(), pdf(), PDF, name="record.pdf")


def test_a_comment_is_answered_and_accepted_by_the_side_that_made_it(
    scan, cdmo_qa, sponsor_qa, cdmo_shift_lead
):
    comment = executed.comment(scan, page=2)
    assert (comment.side, comment.code, comment.state) == ("sponsor", "Sponsor QA 03", "open")
    with pytest.raises(Refused):
        answer_comment(sponsor_qa, comment.pk, version=1, correction="Done.")
    answer_comment(cdmo_shift_lead, comment.pk, version=1, correction="Page 2 line 4, dated again.")
    with pytest.raises(Refused):
        accept_correction(cdmo_qa, comment.pk, version=2)
    put_back_comment(sponsor_qa, comment.pk, version=2)
    answer_comment(cdmo_shift_lead, comment.pk, version=3, correction="Page 2 line 4, signed too.")
    closed = accept_correction(sponsor_qa, comment.pk, version=4)
    assert (closed.state, closed.corrected_code, closed.closed_code) == (
        "accepted",
        "Shift lead 04",
        "Sponsor QA 03",
    )
    assert [fact["state"] for name, fact in make.facts(comment) if name == "page_comment.moved"] == [
        "corrected",
        "open",
        "corrected",
        "accepted",
    ]


def test_nobody_accepts_their_own_correction_or_takes_back_anothers_comment(scan, cdmo_qa, cdmo_quality_head):
    comment = executed.comment(scan, by="cdmo_qa")
    with pytest.raises(Refused):
        take_back_comment(cdmo_quality_head, comment.pk, version=1)
    answer_comment(cdmo_qa, comment.pk, version=1, correction="Corrected on page 1.")
    with pytest.raises(SamePerson):
        accept_correction(cdmo_qa, comment.pk, version=2)
    accept_correction(cdmo_quality_head, comment.pk, version=2)
    with pytest.raises(InvalidTransition):
        take_back_comment(cdmo_qa, comment.pk, version=3)


def test_a_better_scan_takes_the_place_of_one_with_a_reason(scan, cdmo_operator):
    batch = scan.batch
    with pytest.raises(Invalid):
        executed.scan(batch, pdf(4), PDF, replaces_id=scan.pk)
    later = executed.scan(batch, pdf(4), PDF, replaces_id=scan.pk, reason=WHY)
    assert (later.replaces_id, later.page_count) == (scan.pk, 4)


def test_sponsor_and_rival_enter_no_scan_and_the_rival_comments_on_none(scan, sponsor_qa, rival_sponsor_qa):
    for by, refusal in ((sponsor_qa, Refused), (rival_sponsor_qa, NotFound)):
        given = {"title": "T", "name": "a.pdf", "media_type": PDF, "kept": None, "pages": ["0"]}
        with pytest.raises(refusal):
            enter_scan(by, scan.batch_id, **given)
    with pytest.raises(NotFound):
        executed.comment(scan, by="rival_sponsor_qa")
    with pytest.raises(Invalid):
        comment_page(sponsor_qa, scan.pk, page=4, x=0, y=0, text="No such page.")
