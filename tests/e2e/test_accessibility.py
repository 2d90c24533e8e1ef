"""Pages of batches, of proof and access, and the style guide by WCAG 2.2 AA, on two screens, both themes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import axe_core_python
import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from portal.specimens import specimens
from tests.e2e.conftest import Screen
from tests.factories import batches, cast

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = """async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations.map(
  ({id, nodes}) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
WIDER = "document.documentElement.scrollWidth > innerWidth"
SIZES = {"screen": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def outside(stage):
    """The batch of the stage leaves PAR."""
    stage.send(*batches.course([38.2] * 12, start=batches.now() - timedelta(minutes=10)))


def faults(screen):
    """What the page does wrong, in words; a page that is wider than the screen is a fault too."""
    screen.page.evaluate(AXE)
    found = screen.page.evaluate(ASK, RULES)
    return found + (["wider than the screen"] if screen.page.evaluate(WIDER) else [])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_pages_of_a_batch_have_no_faults(stage, outside, person, size, theme):
    screen = person("cdmo_qa", to="/board/", **SIZES[size])
    page = screen.page
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto("/board/")
    found = {"board": faults(screen)}
    page.goto("/batches/")
    found["batches"] = faults(screen)
    page.goto(f"/batches/{stage.batch_id}/")
    page.locator(".chart-marker").first.wait_for()
    for step in page.locator(".batch-step > summary").all():
        step.click()
    found["batch"] = faults(screen)
    page.locator("#outside").get_by_role("link", name="Temperature outside PAR").first.click()
    page.get_by_role("heading", level=1, name="Temperature outside PAR").wait_for()
    page.locator(".chart-marker").first.wait_for()
    found["excursion"] = faults(screen)
    assert found == {"board": [], "batches": [], "batch": [], "excursion": []}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_style_guide_has_no_faults(stage, person, theme):
    guide = render_to_string("portal/styleguide.html", specimens(timezone.now()))
    screen = person("sponsor_viewer", to="/board/")
    screen.page.route("**/styleguide/", lambda route: route.fulfill(body=guide, content_type="text/html"))
    screen.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    screen.page.goto("/styleguide/")
    screen.page.get_by_role("heading", level=1, name="Style guide").wait_for()
    assert faults(screen) == []


def test_the_keys_reach_board_and_batch_without_a_mouse(stage, person):
    screen = person("sponsor_viewer", to="/batches/")
    page = screen.page
    screen.is_live()
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/board/")
    tile = page.locator(".tile-link").first
    tile.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/batches/{stage.batch_id}/")


# Of each kind of page one in the default run; every page in the long form.
PLACES = {
    "cdmo_quality_head": [
        "/ledger/",
        "/ledger/?tab=readers",
        "/security/",
    ],
    "cdmo_admin": [
        "/administration/",
        "/administration/?tab=four_eyes",
    ],
}
MORE = {
    "cdmo_quality_head": [
        f"/ledger/{cast.PROGRAM}/shared/1/",
        f"/ledger/{cast.PROGRAM}/shared/review/",
        "/ledger/reviews/",
        "/holds/",
        "/delegations/",
        "/inspections/",
        "/escalations/",
        "/decisions/",
    ],
    "cdmo_admin": [
        "/",
        "/administration/?tab=keys",
        "/administration/?tab=sites",
        "/administration/reviews/",
        "/administration/signers/",
    ],
}
OUTSIDE = ["/account/login/"]
MORE_OUTSIDE = ["/account/company/", "/account/join/"]
SHORT = [("screen", "light"), ("phone", "dark")]
LONG = [(size, theme) for size in SIZES for theme in ("light", "dark")]


def faults_of(screen, addresses, looks):
    """The faults of each address in each look; a page is loaded once and then looked at anew."""
    found = {}
    for address in addresses:
        screen.page.goto(address)
        screen.page.get_by_role("heading", level=1).first.wait_for()
        for size, theme in looks:
            screen.page.set_viewport_size(SIZES[size])
            screen.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            if wrong := faults(screen):
                found[address, size, theme] = wrong
    return found


@pytest.mark.parametrize(
    ("more", "looks"),
    [pytest.param(False, SHORT, id="short"), pytest.param(True, LONG, id="long", marks=pytest.mark.matrix)],
)
@pytest.mark.parametrize("key", list(PLACES))
def test_the_pages_of_proof_and_access_have_no_faults(person, key, more, looks):
    addresses = PLACES[key] + (MORE[key] if more else [])
    assert faults_of(person(key, to=addresses[0]), addresses, looks) == {}


@pytest.mark.parametrize(
    ("more", "looks"),
    [pytest.param(False, SHORT, id="short"), pytest.param(True, LONG, id="long", marks=pytest.mark.matrix)],
)
def test_the_pages_of_signing_in_have_no_faults(stage, more, looks):
    screen = Screen(stage, "stranger")
    found = faults_of(screen, OUTSIDE + (MORE_OUTSIDE if more else []), looks)
    screen.close()
    assert found == {}
