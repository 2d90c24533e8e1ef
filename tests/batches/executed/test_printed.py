"""A batch on paper: its executed record for each side, and its certificate once it is released."""

import io
from datetime import timedelta
from decimal import Decimal

import pypdf
import pytest

from batches.actions.adopting import adopt_record
from batches.actions.entries import make_entry
from batches.executed.adopting import StatedEntry, StatedResult, StatedStep
from tests.factories import batches as make
from tests.factories import cast, lots
from tests.factories.chains import PRIVATE, SHARED, publish
from tests.factories.disposing import complete, decide, review
from tests.factories.signing import make_signer
from tests.portal.test_exports import words_of

HOUR = timedelta(hours=1)


@pytest.fixture
def batch(database, cdmo_operator):
    """A batch with a corrected entry, one of the CDMO's own, a result, a material, a product."""
    made = make.batch(number="B-7")
    begun = made.started_at
    adopt_record(
        make.setup(),
        made.pk,
        steps=[
            StatedStep("growth", begun, begun + HOUR, "Operator 1", "Shift lead 2", ["BR-1"], ["R-1"]),
            StatedStep("production", begun + HOUR, None, "Operator 1"),
        ],
        entries=[
            StatedEntry(
                "growth",
                "Feed 6",
                begun,
                "Operator 1",
                Decimal(24),
                "L",
                corrects=Decimal(42),
                reason="Digits exchanged.",
            )
        ],
        results=[
            StatedResult("VCD", "S-1", Decimal("20.1"), begun, begun + HOUR, "QC 3", reviewed_code="QA 7")
        ],
    )
    make_entry(cdmo_operator, made.pk, title="Load cell", value=Decimal(7), parameter="LOAD", step="growth")
    lots.use(made, lots.lot())
    lots.product(made, released=False)
    return made


def printed(client, batch, chain, form):
    url = f"/api/v1/ledger/{chain.space_id}/{chain.audience}/export?record={batch.pk}&as={form}"
    answer = client.get(url)
    return answer.status_code, answer.content


def attached(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf)).attachments["record.json"][0]


def test_on_paper_the_record_is_whole_for_each_side_but_for_what_is_the_others(batch, signed_in):
    publish(SHARED), publish(PRIVATE)
    status, pdf = printed(signed_in("sponsor_qa"), batch, SHARED, "pdf")
    text = " ".join(words_of(pdf).split())
    assert status == 200
    for said in (
        *(
            "Steps as executed",
            "Shift lead 2",
            "BR-1, R-1",
            "Digits exchanged.",
            "corrected; stays to be read",
        ),
        *("Results of samples", "20.1", "reviewed by QA 7", "LOT-1", "DS-1", "whether there is any"),
    ):
        assert said in text, said
    assert "Load cell" not in text
    assert b"Load cell" not in attached(pdf)
    assert b"Digits exchanged." in attached(pdf)
    assert "Load cell" in words_of(printed(signed_in("cdmo_qa"), batch, PRIVATE, "pdf")[1])
    assert printed(signed_in("rival_sponsor_qa"), batch, SHARED, "pdf")[0] == 404
    # As of an instant the page tells the same record.
    now = make.now().isoformat().replace("+", "%2B")
    page = signed_in("sponsor_qa").get(f"/batches/{batch.pk}/?as_of={now}").content.decode()
    assert ("Digits exchanged." in page, "Load cell" in page) == (True, False)


def test_a_certificate_is_of_what_was_signed_and_only_then(
    batch, signed_in, cdmo_qa, sponsor_qa, cdmo_quality_head
):
    make_signer(cdmo_quality_head, cast.CDMO)
    complete(cdmo_qa, batch)
    review(cdmo_qa, batch, mode="full")
    review(sponsor_qa, batch, mode="full")
    publish(SHARED), publish(PRIVATE)
    assert printed(signed_in("sponsor_qa"), batch, SHARED, "certificate")[0] == 404
    decide(cdmo_quality_head, batch, "cdmo", "released")
    publish(SHARED), publish(PRIVATE)
    status, pdf = printed(signed_in("sponsor_qa"), batch, SHARED, "certificate")
    text = words_of(pdf)
    assert status == 200
    for said in ("Certificate of conformance", "Name of cdmo_quality_head", "Approved", "UTC", "DS-1"):
        assert said in text, said
    # It is handed on, so there is none with what is private to a side, nor one for a stranger.
    assert printed(signed_in("cdmo_qa"), batch, PRIVATE, "certificate")[0] == 404
    assert printed(signed_in("rival_sponsor_qa"), batch, SHARED, "certificate")[0] == 404
    page = signed_in("sponsor_viewer").get(f"/batches/{batch.pk}/disposition/").content.decode()
    assert "Certificate of conformance" in page
