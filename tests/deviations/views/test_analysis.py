"""Pictures and files of the list: counts of what the reader sees, a table beside each, no formulas."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.factories import batches, cast
from tests.factories import deviations as make

URL = "/deviations/analysis/"
API = "/api/v1/deviations/analysis/"
FILES = "/deviations/export/"


def sheet(answer):
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        names = [name for name in book.namelist() if name.startswith("xl/") and name.endswith(".xml")]
        return "".join(book.read(name).decode() for name in names)


@pytest.fixture
def floor(database, cdmo_operator, cdmo_qa):
    """Two on BR-203, one of them told to the sponsor; one of another client."""
    batch = batches.batch(number="B-2417", equipment="BR-203")
    make.report(cdmo_operator, title="INTERNAL agitator stopped", batch_id=batch.pk)
    told = make.report(cdmo_operator, title="=SUM(A1:A9)+cmd|' /C calc'!A0", batch_id=batch.pk)
    make.release(cdmo_qa, make.triage(cdmo_qa, told))
    foreign = batches.batch(cast.RIVAL_PROGRAM, number="CANARY-1", equipment="CANARY-BR")
    make.report(cdmo_operator, cast.RIVAL_PROGRAM, title="CANARY title", batch_id=foreign.pk)
    return batch


def test_each_side_counts_what_it_sees(floor, api):
    told = {
        key: api(key).get(f"{API}?by=equipment").json()
        for key in ("cdmo_system", "sponsor_system", "rival_system")
    }
    assert (told["cdmo_system"]["total"], told["cdmo_system"]["pareto"][0]["count"]) == (2, 2)
    assert (told["sponsor_system"]["total"], told["sponsor_system"]["pareto"][0]["count"]) == (1, 1)
    assert (told["rival_system"]["total"], told["rival_system"]["pareto"]) == (0, [])
    assert told["sponsor_system"]["trend"][-1]["counts"] == {
        "critical": 0, "major": 1, "minor": 0, "none": 0,
    }  # fmt: skip
    assert told["cdmo_system"]["trend"][-1]["counts"]["none"] == 1
    assert sum(each["open"] for each in told["sponsor_system"]["ages"]) == 1


def test_each_picture_has_its_table_and_names_nobody_elses_place(floor, signed_in):
    text = signed_in("cdmo_shift_lead").get(f"{URL}?by=equipment").content.decode()
    assert text.count('<svg class="drawn"') == 4
    assert text.count("As a table") == 4
    assert "BR-203" in text
    assert "CANARY" not in text
    empty = signed_in("rival_sponsor_qa").get(f"{URL}?by=equipment&program={cast.PROGRAM}").content.decode()
    assert "BR-203" not in empty
    assert "Nothing to count yet" in empty


def test_the_analysis_asks_as_often_for_many_as_for_one(
    floor, api, django_assert_max_num_queries, cdmo_operator
):
    client = api("cdmo_system")

    def asked():
        with django_assert_max_num_queries(200) as caught:
            assert client.get(f"{API}?by=equipment").status_code == 200
        return len(caught)

    before = asked()
    for number in range(3):
        batch = batches.batch(number=f"B-{number}", equipment=f"BR-{number}")
        make.report(cdmo_operator, batch_id=batch.pk)
    assert asked() == before


def test_a_title_that_is_a_formula_leaves_as_text_in_both_forms(floor, signed_in):
    client = signed_in("sponsor_qa")
    told = client.get(f"{FILES}?filter=all&format=csv")
    text = told.content.decode("utf-8-sig")
    assert "\"'=SUM(A1:A9)" in text
    assert text.count("\r\n") == 2
    assert told.headers["Content-Disposition"] == 'attachment; filename="deviations.csv"'
    book = sheet(client.get(f"{FILES}?filter=all&format=xlsx"))
    assert "=SUM(A1:A9)" in book
    assert "<f>" not in book
    for words in (text, book):
        assert "INTERNAL" not in words
        assert "CANARY" not in words


def test_a_rival_takes_away_an_empty_list(floor, signed_in):
    text = signed_in("rival_sponsor_qa").get(f"{FILES}?filter=all&format=csv").content.decode("utf-8-sig")
    assert text.count("\r\n") == 1
    assert signed_in("rival_sponsor_qa").get(f"{FILES}?filter=secret").status_code == 400
    assert signed_in("rival_sponsor_qa").get(f"{FILES}?format=exe").status_code == 400
