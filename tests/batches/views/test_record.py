from __future__ import annotations

import re
from decimal import Decimal

import pytest

from batches.actions.entries import correct_entry
from tests.conftest import actor
from tests.factories import batches, executed


@pytest.fixture
def batch(database):
    return batches.batch()


def address(batch, more=""):
    return f"/batches/{batch.pk}/record/{more}"


def offered(text):
    return sorted(set(re.findall(r'name="do" value="(\w+)"', text)))


def test_who_may_do_what_is_offered_it_and_the_sponsor_reads(batch, page):
    assert offered(page("cdmo_operator", address(batch))[1]) == ["entry", "result", "scan", "start"]
    assert offered(page("cdmo_qa", address(batch))[1]) == ["entry", "result", "scan", "skip", "start"]
    executed.done(batch)
    assert "verify" not in offered(page("cdmo_operator", address(batch))[1])
    assert "verify" in offered(page("cdmo_shift_lead", address(batch))[1])
    status, text = page("sponsor_viewer", address(batch))
    assert (status, offered(text)) == (200, [])
    assert "done by Operator 31" in text
    assert page("rival_sponsor_qa", address(batch))[0] == 404


def test_a_step_is_begun_on_the_page_and_a_late_one_asks_why(batch, signed_in):
    client = signed_in("cdmo_operator")
    given = {"do": "start", "step": "growth", "equipment": "BR-203, TCU-3", "at": "2026-01-01T08:00"}
    late = client.post(address(batch), given)
    assert late.status_code == 400
    begun = client.post(address(batch), given | {"at": ""})
    assert begun.status_code == 303
    text = client.get(address(batch)).content.decode()
    assert "BR-203, TCU-3" in text
    assert {"finish", "abort", "entry"} <= set(offered(text))


def test_a_corrected_entry_is_struck_out_and_stays_with_its_reason(batch, page):
    first = executed.entry(batch, title="Feed", value="42", unit="L")
    why = "Read from the wrong line."
    correct_entry(actor("cdmo_operator"), first.pk, version=1, value=Decimal(24), reason=why)
    _, text = page("sponsor_viewer", address(batch))
    assert "<s>42 L</s>" in text
    assert why in text


def test_what_is_the_cdmos_own_is_on_its_page_alone(batch, page):
    executed.entry(batch, parameter="LOAD", value=95)
    executed.entry(batch, title="Own note", text="Own words", audience="manufacturer")
    for key, is_there in (("cdmo_qa", True), ("sponsor_qa", False)):
        _, text = page(key, address(batch))
        assert [each in text for each in ("Own note", "Line load")] == [is_there, is_there]


def test_the_page_asks_as_much_for_many_entries_as_for_one(batch, page, queries):
    def asked():
        with queries() as found:
            page("sponsor_viewer", address(batch))
        return len(found)

    executed.entry(batch, title="One", text="Word")
    executed.result(batch, sample="S-0")
    asked()
    few = asked()
    for place in range(3):
        executed.entry(batch, title=f"Line {place}", value=place)
        executed.result(batch, sample=f"S-{place + 1}")
    assert asked() == few


def test_a_line_that_is_chosen_has_its_forms_and_the_others_a_link(batch, page):
    chosen, other = (executed.entry(batch, title=name, text="Word") for name in ("One", "Two"))
    _, text = page("cdmo_shift_lead", address(batch, f"?on={chosen.pk}"))
    assert {"correct", "check"} <= set(offered(text))
    assert f"on={other.pk}#on-{other.pk}" in text
    assert "correct" not in offered(page("cdmo_shift_lead", address(batch))[1])
