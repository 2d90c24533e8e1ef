"""What the design system writes on a page: icons, times, small charts, and the pages' promises about them."""

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

import portal
from portal.specimens import specimens
from portal.templatetags import icons, sparklines, times, words

NOW = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)
ROOT = Path(portal.__file__).parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((ROOT / "static/portal/js").glob("*.js"))
SHEETS = sorted((ROOT / "static/portal/css").glob("*.css"))
SPARK = re.compile(r'class="spark-line" d="([^"]*)"')


@dataclass(frozen=True)
class Phase:
    name: str
    weight: float
    state: str
    part: float = 0.0


def render(source: str, **context):
    return Template("{% load i18n icons times sparklines words %}" + source).render(Context(context))


def of(seconds):
    return NOW - timedelta(seconds=seconds)


class TestIcons:
    def test_an_icon_is_decoration_unless_it_has_a_label(self):
        assert 'aria-hidden="true"' in render('{% icon "house" %}')
        assert 'role="img" aria-label="Close"' in render('{% icon "x" label="Close" %}')

    def test_a_label_cannot_leave_its_attribute(self):
        drawn = render('{% icon "x" label=label %}', label='"><script>')

        assert "<script>" not in drawn
        assert html.escape('"><script>') in drawn

    @pytest.mark.parametrize("name", ["no-such-icon", "../../settings", "", "House"])
    def test_an_unknown_name_leaves_an_empty_box_and_reads_no_other_file(self, name):
        assert icons.drawing(name) is None
        assert re.fullmatch(r'<svg class="icon"[^>]*></svg>', render("{% icon name %}", name=name))

    def test_our_own_drawings_need_no_package(self):
        assert "circle" in icons.drawing("covalent")
        assert "path" in icons.drawing("stairs")

    def test_every_icon_that_a_template_names_is_installed(self):
        named = {
            (path.name, name)
            for path in TEMPLATES
            for name in re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8"))
        }

        assert len(named) > 20
        assert [pair for pair in sorted(named) if icons.drawing(pair[1]) is None] == []

    def test_a_generated_picture_is_shown_inline_without_its_prologue(self):
        picture = '<?xml version="1.0"?><svg viewBox="0 0 49 49" onload="x"><path d="M4 4h1"/></svg>'

        assert render('{% svg_image svg "Code" %}', svg=picture) == (
            '<svg viewBox="0 0 49 49" role="img" aria-label="Code"><path d="M4 4h1"/></svg>'
        )


class TestDurations:
    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [
            (0, "0 s"),
            (59.9, "59 s"),
            (60, "1 min"),
            (2_520, "42 min"),
            (3_600, "1 h"),
            (23_280, "6 h 28 min"),
            (172_799, "47 h 59 min"),
            (172_800, "2 days"),
            (-90, "1 min"),
        ],
    )
    def test_a_stretch_is_written_in_at_most_two_units(self, seconds, expected):
        assert times.duration(seconds) == expected
        assert times.duration(timedelta(seconds=seconds)) == expected

    def test_no_stretch_is_no_text(self):
        assert times.duration(None) == ""

    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [
            (0, "now"),
            (4, "4 s ago"),
            (75, "1 min ago"),
            (7_300, "2 h ago"),
            (100_000, "27 h ago"),
            (200_000, "2 days ago"),
        ],
    )
    def test_an_age_is_written_in_one_unit(self, seconds, expected):
        assert times.age_in_words(seconds) == expected


class TestAges:
    def test_an_age_carries_its_instant_and_limit_for_the_page_to_go_on(self):
        assert render("{% age at 30 %}", at=of(4), now=NOW) == (
            '<time class="age" datetime="2026-11-22T06:31:56+00:00" data-age data-stale-after="30"'
            ' data-state="fresh">4 s ago</time>'
        )

    @pytest.mark.parametrize(("seconds", "state"), [(30, "fresh"), (31, "stale")])
    def test_a_datum_is_stale_only_after_its_own_limit(self, seconds, state):
        assert f'data-state="{state}"' in render("{% age at 30 %}", at=of(seconds), now=NOW)

    def test_without_a_limit_nothing_is_called_stale(self):
        drawn = render("{% age at %}", at=of(999_999), now=NOW)

        assert 'data-state="fresh"' in drawn
        assert "stale-after" not in drawn

    def test_a_datum_from_the_future_is_now(self):
        assert ">now</time>" in render("{% age at 30 %}", at=NOW + timedelta(seconds=9), now=NOW)

    def test_no_datum_says_so(self):
        assert render("{% age None %}") == '<span class="age" data-state="none">no data yet</span>'


class TestTimeLeft:
    def test_time_left_comes_before_the_time_of_day(self):
        due = NOW + timedelta(hours=6, minutes=28)

        assert render("{% time_left due %}", due=due, now=NOW) == (
            '<time class="left" datetime="2026-11-22T13:00:00+00:00" data-due>6 h 28 min</time>'
        )

    def test_a_passed_deadline_says_how_late_it_is(self):
        drawn = render("{% time_left due %}", due=NOW - timedelta(hours=2, minutes=10), now=NOW)

        assert 'data-state="late">2 h 10 min late</time>' in drawn


class TestSiteTime:
    def test_the_viewers_time_stands_beside_the_sites_where_it_differs(self):
        drawn = render('{% site_time at "Europe/Stockholm" "America/New_York" %}', at=NOW, now=NOW)

        assert drawn == (
            '<time class="at" datetime="2026-11-22T06:32:00+00:00">07:32 CET</time>'
            ' <span class="yours">(yours 01:32 EST)</span>'
        )

    def test_the_zone_of_the_viewer_comes_from_the_page(self):
        drawn = render('{% site_time at "Europe/Stockholm" %}', at=NOW, now=NOW, viewer_zone="Europe/Dublin")

        assert "yours 06:32 GMT" in drawn

    def test_two_names_of_the_same_time_are_not_written_twice(self):
        drawn = render('{% site_time at "Europe/Stockholm" "Europe/Zurich" %}', at=NOW, now=NOW)

        assert "yours" not in drawn

    def test_another_day_is_named(self):
        drawn = render('{% site_time at "Europe/Stockholm" %}', at=NOW - timedelta(days=1), now=NOW)

        assert ">21 Nov 2026, 07:32 CET<" in drawn

    def test_no_time_is_no_text(self):
        assert render('{% site_time None "Europe/Stockholm" %}') == ""


class TestSparklines:
    def test_the_scale_holds_values_and_limits(self):
        scale = sparklines.scale_of([(0, 34.0), (10, 35.3)], (0, 10), [33.0, 35.0])

        assert scale == (0, 10, 33.0, 35.3)

    def test_a_flat_line_sits_in_the_middle(self):
        drawn = sparklines.sparkline([(0, 5.0), (10, 5.0)], 0, 10)

        assert SPARK.search(drawn).group(1) == "M0 170L1400 170"

    def test_a_missing_value_is_a_gap_and_not_a_zero(self):
        drawn = sparklines.sparkline([(0, 1.0), (4, None), (8, 2.0), (10, 1.0)], 0, 10)

        assert SPARK.search(drawn).group(1) == "M0 310M1120 30L1400 310"

    def test_samples_are_dots_and_not_a_course(self):
        drawn = sparklines.sparkline([(5, 1.0), (10, 2.0)], 0, 10, dots=True)

        assert 'class="spark-dots" d="M700 310h0M1400 30h0"' in drawn
        assert "spark-line" not in drawn

    def test_band_limits_and_mark_are_drawn_where_they_are_given(self):
        drawn = sparklines.sparkline(
            [(0, 34.0)], 0, 10, nor=(33.5, 34.5), limits=(33.0, 35.0), marked_at=5, css="big"
        )

        assert '<rect class="spark-band" y="100" width="1400" height="140"/>' in drawn
        assert '<path class="spark-limit" d="M0 310H1400M0 30H1400"/>' in drawn
        assert '<path class="spark-mark" data-at="5" d="M700 0V340"/>' in drawn
        assert 'class="spark big"' in drawn

    def test_the_scale_stands_in_the_drawing_for_live_readings(self):
        drawn = sparklines.sparkline([(0, 34.0)], 0, 10, nor=(33.5, 34.5))

        assert 'data-from="0" data-to="10" data-low="33.5" data-high="34.5"' in drawn

    @pytest.mark.parametrize("points", [[], [(0, None)]])
    def test_nothing_yet_is_an_empty_drawing(self, points):
        assert SPARK.search(sparklines.sparkline(points, 0, 0)).group(1) == ""


class TestPhaseLine:
    def test_the_marker_stands_in_the_phase_that_runs(self):
        drawn = sparklines.phase_line([Phase("Seed", 1, "done"), Phase("Production", 1, "now", 0.5)])

        assert 'aria-label="Phase 2 of 2: Production"' in drawn
        assert '<path class="phase-mark" d="M263.2 0V8"/>' in drawn

    def test_a_short_phase_stays_visible(self):
        drawn = sparklines.phase_line([Phase("Production", 1_000, "done"), Phase("Fill", 0.001, "ahead")])
        left, right = re.search(r'phase-ahead" d="M([\d.]+) 4H([\d.]+)"', drawn).groups()

        assert float(right) - float(left) > 10

    def test_names_are_escaped(self):
        drawn = sparklines.phase_line([Phase("<script>", 1, "now")])

        assert "<script>" not in drawn

    def test_a_batch_without_phases_has_an_empty_line(self):
        assert 'aria-label="Phases"' in sparklines.phase_line([])


class TestWords:
    def test_the_words_of_the_modules_are_data_and_not_script(self):
        block = render("{% words %}")
        found = re.fullmatch(r'<script id="words" type="application/json">(.*)</script>', block, re.DOTALL)

        assert json.loads(found.group(1)) == {key: str(text) for key, text in words.WORDS.items()}

    def test_every_word_that_a_module_says_is_in_the_dictionary(self):
        said = {
            (path.name, key)
            for path in MODULES
            for key in re.findall(r'\bsay\("([a-z_]+)"', path.read_text(encoding="utf-8"))
        }

        assert len(said) > 15
        assert [pair for pair in sorted(said) if pair[1] not in words.WORDS] == []


class TestPromises:
    """The content security policy is `default-src 'self'`: what it would block must not be written at all."""

    @pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
    def test_no_template_carries_inline_script_or_style(self, path):
        source = path.read_text(encoding="utf-8")

        assert re.findall(r"<script(?![^>]*\bsrc=)", source) == []
        assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=|hx-on|javascript:", source) == []

    @pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
    def test_no_module_writes_markup_from_text(self, path):
        source = path.read_text(encoding="utf-8")

        assert (
            re.findall(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(", source) == []
        )

    @pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
    def test_every_rule_stands_in_a_layer_and_colours_come_from_tokens(self, path):
        source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)

        assert re.match(r"\s*(@layer|@import|@font-face)", source)
        if path.name not in {"tokens.css", "print.css"}:
            assert set(re.findall(r"#[0-9a-f]{3,8}\b", source)) <= {"#ffffff"}

    @pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
    def test_error_pages_need_no_context_at_all(self, name):
        drawn = Template('{% extends "' + name + '.html" %}').render(Context())

        assert "<h1>" in drawn
        assert name[:3] in drawn


class TestStyleGuide:
    @pytest.fixture
    def page(self):
        # The guide keeps its shell apart so that a signed-in page shows its own.
        context = specimens(NOW)
        with translation.override("en"):
            return Template('{% extends "portal/styleguide.html" %}').render(
                Context({**context, "shell": {**context["guide_shell"], "person": None}})
            )

    def test_every_component_stands_in_the_guide(self, page):
        for mark in (
            "tile-b-2417",
            "notice-preview",
            "keyboard-help",
            "data-picker",
            "states",
            "clock-terms",
        ):
            assert mark in page

    def test_no_id_is_given_twice(self, page):
        ids = re.findall(r'\sid="([^"]+)"', page)

        assert sorted({name for name in ids if ids.count(name) > 1}) == []

    def test_a_page_has_one_filled_button_in_its_header(self, page):
        header = page[page.index('class="page-header"') : page.index("</header>")]

        assert header.count("button primary") == 1

    def test_what_waits_for_me_is_counted_and_read_aloud(self, page):
        assert re.search(r'data-mine data-count="home">3<span class="sr"> waiting for you</span>', page)

    def test_what_people_wrote_is_never_markup(self):
        drawn = render(
            '{% include "portal/components/tag.html" with tone="major" text=evil url="" %}'
            '{% include "portal/components/alert.html" %}'
            '{% include "portal/components/private.html" with readers=evil text=evil %}',
            evil="<img src=x onerror=alert(1)>",
            alert={"id": 1, "title": "<b>x</b>", "detail": "<script>"},
        )

        assert "<img" not in drawn
        assert "<b>" not in drawn
        assert "<script>" not in drawn


def test_a_code_stays_in_one_piece_and_brings_no_markup():
    assert words.whole("all of AV-101, <b>-") == (
        'all of <span class="whole">AV-101,</span> <span class="whole">&lt;b&gt;-</span>'
    )
