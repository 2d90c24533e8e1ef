"""Three people at once: a deviation is logged, released and known; then a reading leaves its limit."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.factories import batches

TITLE = "Agitator stopped for 40 s"
SEEN = "The agitator of BR-203 stopped at the change of the feed line and started again by itself."
DONE = "Feed stopped, agitator checked, feed started again."
RATIONALE = "CPP touched for less than a minute, impact on quality unlikely."
OUTSIDE = "B-2417: Temperature above PAR (37.5 °C)"
LADDER_WAIT = timedelta(seconds=120)
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


def test_three_people_know_of_a_deviation_and_of_an_excursion_as_they_happen(stage, person):
    viewer = person("sponsor_viewer", to="/board/")
    qa = person("cdmo_qa")
    operator = person("cdmo_operator", to="/batches/")
    viewer.stay()
    qa.stay()
    inside_at = a_tile_moves(stage, viewer)
    number = logs_a_deviation(operator)
    assert number not in viewer.page.content()
    triages_what_came_up(qa, number)
    sees_what_leaves_and_releases_it(qa, number)
    is_told_in_words_with_a_link(viewer, number)
    acknowledges(viewer, qa, number)
    viewer.page.goto("/board/")
    qa.page.goto("/")
    viewer.stay()
    qa.stay()
    is_alerted_at_once_with_the_other_side(stage, viewer, qa, inside_at)
    is_offered_a_filled_deviation(qa)
    the_ladder_climbs_while_nobody_answers(stage, viewer)


def a_tile_moves(stage, viewer):
    shown = viewer.page.locator("article.tile", has_text="B-2417").locator(
        "[data-parameter=TEMP] [data-value]"
    )
    expect(shown).to_have_text("36.6")
    inside_at = batches.now()
    stage.send(("TEMP", inside_at, 36.3))
    expect(shown).to_have_text("36.3")
    return inside_at


def logs_a_deviation(operator):
    page = operator.page
    page.get_by_role("link", name="B-2417").first.click()
    began = time.monotonic()
    page.get_by_role("link", name="Log a deviation").click()
    page.get_by_label("What happened, in one line").fill(TITLE)
    page.get_by_label("What was seen").fill(SEEN)
    page.get_by_label("Immediate action").fill(DONE)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("combobox", name="Batch")).to_contain_text("B-2417")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("radio", name="Minor").check()
    expect(page.locator("[data-review]")).to_contain_text(TITLE)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    assert time.monotonic() - began < 60
    number = page.get_by_role("heading", level=1).inner_text()
    assert re.fullmatch(r"DEV-\d{4}-\d{4}", number)
    return number


def triages_what_came_up(qa, number):
    inbox = qa.page.get_by_role("region", name="Waits for you")
    row = inbox.get_by_role("listitem").filter(has_text=number)
    expect(row).to_contain_text(TITLE)
    assert qa.has_stayed()
    row.get_by_role("link", name=f"{number} {TITLE}").click()
    page = qa.page
    page.get_by_role("radio", name=re.compile("^Major")).check()
    page.get_by_label("Rationale").fill(RATIONALE)
    page.get_by_role("button", name="Give the class").click()
    expect(page.get_by_text("The class is given.")).to_be_visible()


def sees_what_leaves_and_releases_it(qa, number):
    page = qa.page
    page.get_by_role("link", name="Preview the notice").click()
    dialog = page.get_by_role("dialog", name=f"Notice of {number}")
    expect(dialog).to_contain_text("This is all that Arvo Therapeutics will see, word for word.")
    leaves, stays = dialog.locator(".leaves"), dialog.locator(".withheld")
    for words in (number, TITLE, SEEN, DONE, "B-2417", RATIONALE, "Operator 31"):
        expect(leaves).to_contain_text(words)
    assert "Name of" not in leaves.inner_text()
    assert "inor" not in leaves.inner_text()
    expect(stays).to_contain_text("The class that was suggested at logging")
    dialog.get_by_role("button", name="Release the notice").click()
    expect(page.get_by_text("The notice is released; the sponsor is asked for receipt.")).to_be_visible()


def is_told_in_words_with_a_link(viewer, number):
    card = viewer.cards().filter(has_text=number)
    expect(card).to_contain_text(TITLE)
    assert viewer.has_stayed()
    card.get_by_role("link", name="Open").click()
    heading = viewer.page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(number)
    expect(heading).to_contain_text(TITLE)


def acknowledges(viewer, qa, number):
    expect(viewer.page.get_by_text(SEEN).first).to_be_visible()
    qa.stay()
    viewer.page.get_by_role("button", name="Acknowledge the notice").click()
    expect(viewer.page.get_by_text(f"Receipt given: {number}: {TITLE}")).to_be_visible()
    expect(
        qa.page.get_by_text(re.compile("acknowledged by Sponsor viewer 11", re.IGNORECASE)).first
    ).to_be_visible()
    assert qa.has_stayed()


def is_alerted_at_once_with_the_other_side(stage, viewer, qa, inside_at):
    # One stretch outside, all of it after the reading inside: with that one in its midst it would be two.
    at = max(batches.now() - timedelta(minutes=3), inside_at + timedelta(seconds=1))
    stage.send(*batches.course([38.2] * 18, start=at, every=(batches.now() - at) / 18))
    for each in (viewer, qa):
        expect(each.cards().filter(has_text="Temperature above PAR").first).to_be_visible()
        assert each.has_stayed()
    expect(qa.page.get_by_role("listitem").filter(has_text=OUTSIDE).first).to_be_visible()


def is_offered_a_filled_deviation(qa):
    page = qa.page
    page.get_by_role("listitem").filter(has_text=OUTSIDE).get_by_role("link", name=OUTSIDE).first.click()
    page.get_by_role("link", name="Log a deviation from it").click()
    expect(page.get_by_text("Filled from what was measured.")).to_be_visible()
    expect(page.get_by_label("What happened, in one line")).to_have_value(
        re.compile("^B-2417: temperature outside PAR")
    )
    expect(page.get_by_label("What was seen")).to_have_value(re.compile(r"38\.2"))
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("combobox", name="Batch")).to_have_value(str(qa.stage.batch_id))
    for label in ("Date of occurrence", "Date of discovery"):
        expect(page.get_by_label(label)).to_have_value(re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d"))


def the_ladder_climbs_while_nobody_answers(stage, viewer):
    page = viewer.page
    page.goto("/escalations/")
    viewer.stay()
    ladder = page.get_by_role("article", name=OUTSIDE).filter(has_text="Sponsor QA 03")
    expect(ladder).to_contain_text("Sponsor viewer 11")
    if not ladder.locator("details[open]").count():
        ladder.locator("summary").click()
    assert "Sponsor quality head 01" not in ladder.inner_text()
    later = LADDER_WAIT + timedelta(seconds=10)
    with stage.database.connect("owner") as owner:
        owner.execute("update portal.clock_offset set shift = %s", [later])
    told = ladder.get_by_role("row").filter(has_text="Sponsor quality head 01")
    expect(told).to_contain_text(re.compile(r"\d\d:\d\d"))
    assert viewer.has_stayed()
    expect(ladder.get_by_role("row").filter(has_text="Sponsor viewer 11")).to_contain_text("not yet")


PAGES = (
    "/",
    "/board/",
    "/batches/",
    "/batches/{batch}/",
    "/deviations/new/?batch={batch}",
    "/deviations/",
    "/escalations/",
    "/ledger/",
    "/integrations/",
)


@pytest.mark.parametrize("key", ["cdmo_quality_head", "sponsor_quality_head"])
def test_no_page_is_wider_than_a_phone(stage, person, key):
    screen = person(key, width=390, height=844)
    pages = [each for each in PAGES if key.startswith("cdmo") or "new" not in each]
    found = {}
    for address in pages:
        screen.page.goto(address.format(batch=stage.batch_id))
        screen.is_live()
        found[address] = screen.page.evaluate("document.documentElement.scrollWidth")
    for link in ("a[href^='/deviations/']:visible", "a[href^='/alerts/']:visible"):
        screen.page.goto("/deviations/" if "deviations" in link else "/escalations/")
        first = screen.page.locator("main " + link).first
        first.click()
        screen.is_live()
        found[link] = screen.page.evaluate("document.documentElement.scrollWidth")
    assert {address: width for address, width in found.items() if width > 390} == {}


def test_administration_is_not_wider_than_a_phone(stage, person):
    screen = person("cdmo_admin", to="/administration/", width=390, height=844)
    for tab in ("people", "keys", "sites"):
        screen.page.goto(f"/administration/?tab={tab}")
        expect(screen.page.get_by_role("heading", name="Administration")).to_be_visible()
        assert (tab, screen.page.evaluate("document.documentElement.scrollWidth")) == (tab, 390)
