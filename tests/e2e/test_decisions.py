"""A decision asked from a batch is answered on a phone, with a signature, in under a minute."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from tests.conftest import actor
from tests.factories import cast
from tests.factories.signing import code_at, enable

QUESTION = "B-2417: continue, harvest early, or stop?"
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", autouse=True)
def _signer(own_clone):
    """The one who answers may sign; the code that accepted the statement is of a day nobody gets to."""
    from portal.actions.signing import accept_statement
    from portal.signable import STATEMENT

    person = actor("sponsor_qa")
    enable(person, cast.ARVO)
    later = time.time() + timedelta(days=2).total_seconds()
    with time_machine.travel(later, tick=False):
        accept_statement(person, statement=STATEMENT, password=cast.PASSWORD, code=code_at(later))


def test_a_question_reaches_a_phone_and_its_answer_the_plant_while_both_pages_stand(stage, person):
    phone = person("sponsor_qa", width=390, height=844)
    qa = person("cdmo_qa", to=f"/batches/{stage.batch_id}/")
    phone.stay()
    address = asks(qa)
    qa.stay()
    inbox = phone.page.get_by_role("region", name="Waits for you")
    row = inbox.get_by_role("listitem").filter(has_text=QUESTION)
    expect(row).to_contain_text("the choice is lost then")
    assert phone.has_stayed()
    code, began = stage.code_for("sponsor_qa"), time.monotonic()
    row.get_by_role("link", name=re.compile(re.escape(QUESTION))).click()
    answers(phone.page, code)
    assert time.monotonic() - began < 60
    expect(qa.page.get_by_role("heading", name="Arvo Therapeutics answered")).to_be_visible()
    expect(qa.page.get_by_text("B: Harvest on day 12")).to_be_visible()
    expect(qa.page.get_by_text("Name of sponsor_qa")).to_be_visible()
    assert qa.has_stayed()
    assert qa.page.url.endswith(address)


def asks(qa):
    page = qa.page
    page.get_by_role("region", name="Decision requests").get_by_role("link", name="Ask").click()
    page.get_by_label("The question, in one line").fill(QUESTION)
    page.get_by_label("Option A").fill("Continue to day 14")
    page.get_by_label("Option B").fill("Harvest on day 12")
    page.get_by_label("Your side recommends").select_option("A")
    page.get_by_label("Because").fill("The culture recovered.")
    lost_at = datetime.now(UTC) + timedelta(hours=30)
    page.get_by_label("The choice is lost at").fill(f"{lost_at:%Y-%m-%dT%H:%M}")
    page.get_by_label("What happens until then").fill("The culture goes on.")
    page.get_by_role("button", name="Keep the draft and read it").click()
    expect(page.get_by_text("This is all that Arvo Therapeutics will see, word for word")).to_be_visible()
    page.get_by_role("button", name="Ask Arvo Therapeutics").click()
    expect(page.get_by_role("heading", name="Waits for Arvo Therapeutics")).to_be_visible()
    return page.url.partition("/decisions/")[2]


def answers(page, code):
    choice = page.get_by_role("link", name=re.compile("Harvest on day 12"))
    expect(choice).to_be_visible()
    assert choice.bounding_box()["height"] >= 56
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    choice.click()
    page.get_by_label("Because").fill("Day 12 fits the fill slot.")
    page.get_by_role("button", name="Read and sign").click()
    expect(page.get_by_text("Binds like your handwritten signature.")).to_be_visible()
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Sign the answer").click()
    expect(page.get_by_text("Answered and signed.")).to_be_visible()
