"""Which certificate the decisions of a batch bear."""

import pytest

from batches.disposition.certificate import Word, certificate_kind

CDMO, SPONSOR = Word("cdmo", "released"), Word("sponsor", "released")
CONFIRMED, CERTIFIED = Word("qp_confirmation", "confirmed"), Word("qp_certification", "certified")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([], None),
        ([SPONSOR], None),
        ([CDMO], "conformance"),
        ([CDMO, SPONSOR], "conformance"),
        ([CDMO, SPONSOR, CONFIRMED], "partial"),
        ([CDMO, SPONSOR, CONFIRMED, CERTIFIED], "batch"),
        ([CDMO, SPONSOR, CERTIFIED], "batch"),
        ([Word("cdmo", "reprocess")], None),
    ],
)
def test_the_gravest_word_of_a_qualified_person_names_the_certificate(words, kind):
    assert certificate_kind(words) == kind


@pytest.mark.parametrize("step", ["cdmo", "sponsor", "qp_confirmation", "qp_certification", "green_light"])
def test_a_batch_that_anybody_rejected_has_none(step):
    assert certificate_kind([CDMO, SPONSOR, CERTIFIED, Word(step, "rejected")]) is None


def test_what_is_supplied_out_of_specification_is_never_certified():
    assert certificate_kind([Word("risk_evaluation", "recorded"), Word("supply", "supplied")]) is None
    assert certificate_kind([CDMO, CERTIFIED, Word("supply", "supplied")]) is None
