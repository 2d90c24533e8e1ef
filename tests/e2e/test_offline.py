"""A cut on the floor: what is written without connection waits on the device and is sent once, by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PATIENCE_MS, Screen
from tests.factories import batches

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]
SEEN = "The agitator of BR-203 stopped at the change of the feed line and started again by itself."
PHOTO = {
    "name": "display.png",
    "mimeType": "image/png",
    "buffer": b"\x89PNG\r\n\x1a\n a photo of the display",
}
SCRIPT = {"name": "photo.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
WAITING = "[data-queue-list]"
LISTED = """
  const found = [];
  for (let url = "/api/v1/deviations/?state=open"; url; ) {
    const said = await (await fetch(url)).json();
    found.push(...said.results);
    url = said.next;
  }
  const ours = found.filter(({ title }) => titles.includes(title));
"""
FOUND = f"async (titles) => {{ {LISTED} return ours.length >= titles.length; }}"
WHOLE = f"""async (titles) => {{ {LISTED}
  return Promise.all(ours.map(async ({{ id }}) => (await fetch(`/api/v1/deviations/${{id}}/`)).json()));
}}"""


@pytest.fixture
def tablet(stage):
    """An operator's tablet; what a cut makes the browser complain of is not held against it."""
    screen = Screen(stage, "cdmo_operator", width=820, height=1180)
    screen.sign_in("/deviations/new/")
    expect(screen.page.locator("form[data-queue-ready]")).to_be_attached()
    yield screen
    screen.context.set_offline(False)
    screen.close()


def write(page, title, *files):
    """Fill the three steps as on any day and send."""
    page.get_by_label("What happened, in one line").fill(title)
    page.get_by_label("What was seen").fill(SEEN)
    if files:
        page.locator("#photos").set_input_files(list(files))
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("drafts", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_drafts_written_during_a_cut_are_sent_exactly_once_with_their_own_time(stage, tablet, drafts):
    page, begun = tablet.page, batches.now()
    titles = [f"Cut of {drafts}, draft {n:02}" for n in range(drafts)]
    tablet.context.set_offline(True)
    for n, title in enumerate(titles, start=1):
        page.goto("/deviations/new/?at=B-2417")
        expect(page.get_by_text("No connection: this page is the copy on this device.")).to_be_visible()
        write(page, title, *([PHOTO, SCRIPT] if n == 1 else []))
        expect(page.locator(WAITING)).to_have_attribute("data-waiting", str(n))
    tablet.context.set_offline(False)
    # Two pages ask for it at once, as a reload during the sending would.
    other = tablet.context.new_page()
    other.goto("/deviations/new/")
    page.goto("/deviations/new/")
    expect(page.locator(WAITING)).to_contain_text("Logged. photo.png was not attached", timeout=PATIENCE_MS)
    page.wait_for_function(FOUND, arg=titles)
    page.reload()
    expect(page.locator(WAITING)).to_have_attribute("data-waiting", "1")
    page.get_by_role("button", name="Seen").click()
    expect(page.locator(WAITING)).to_be_hidden()
    rows = page.evaluate(WHOLE, titles)
    ours = sorted(rows, key=lambda each: each["title"])
    assert [each["title"] for each in ours] == titles
    assert {each["batch"]["number"] for each in ours} == {"B-2417"}
    entered = [each["entered_at"] for each in ours]
    assert entered == sorted(entered)
    assert all(
        begun.isoformat()[:16] <= at <= each["recorded_at"] for at, each in zip(entered, ours, strict=True)
    )
    assert [file["name"] for file in ours[0]["attachments"]] == ["display.png"]
