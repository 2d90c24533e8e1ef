from __future__ import annotations

import re
from datetime import timedelta

from tests.batches.views.scenes import feed, fresh, outside
from tests.factories import batches, cast, deviations

TILE = re.compile(r'<article class="tile".*?</article>', re.DOTALL)


def tiles(text):
    return TILE.findall(text)


def numbers(text):
    return re.findall(r'class="tile-link" href="[^"]+">([^<]+)<', text)


def test_a_tile_shows_value_unit_phase_and_age_to_both_sides(page):
    batch = batches.batch(number="B-2417", title="AV-101 drug substance, 2,000 L")
    feed(batch, *fresh())
    for key in ("cdmo_shift_lead", "sponsor_viewer", "inspector"):
        status, text = page(key, "/board/")
        assert status == 200
        (tile,) = tiles(text)
        assert '<b data-value>36.5</b> <span class="unit">°C</span>' in tile
        assert "<strong>Growth</strong>" in tile
        assert "AV-101 drug substance, 2,000 L" in tile
        assert 'data-stale-after="20"' in tile


def test_the_page_says_that_it_is_an_unreviewed_copy_without_instruction(page):
    _, text = page("sponsor_viewer", "/board/")
    assert "Unreviewed copy, for information; no instruction to the floor." in text


def test_the_rival_sees_no_tile_and_no_other_program(page):
    feed(batches.batch(number="B-OURS"), *fresh())
    status, text = page("rival_sponsor_qa", "/board/")
    assert (status, numbers(text)) == (200, [])
    assert "B-OURS" not in text
    assert page("rival_sponsor_qa", f"/board/?program={cast.PROGRAM}")[0] == 404


def test_a_filter_that_is_no_program_is_not_found(page):
    assert page("sponsor_viewer", "/board/?program=nonsense")[0] == 404
    assert page("sponsor_viewer", f"/board/?program={cast.RIVAL_PROGRAM}")[0] == 404


def test_tiles_stand_by_program_then_number(page):
    batches.batch(cast.SECOND_PROGRAM, number="A-9")
    batches.batch(number="B-2")
    batches.batch(number="B-1")
    assert numbers(page("sponsor_viewer", "/board/")[1]) == ["B-1", "B-2", "A-9"]
    only = page("sponsor_viewer", f"/board/?program={cast.SECOND_PROGRAM}")[1]
    assert numbers(only) == ["A-9"]


def test_a_parameter_inside_the_cdmo_is_never_shown_to_the_sponsor(page):
    measured = (batches.temperature(), *[each for each in batches.parameters() if each.code == "LOAD"])
    batch = batches.batch(of=batches.recipe(measured=measured))
    feed(batch, *fresh(), *fresh("LOAD", (95.0, 96.0, 97.0)))
    inside, outside_ = page("cdmo_shift_lead", "/board/")[1], page("sponsor_viewer", "/board/")[1]
    assert "Line load" in inside
    assert "97.0" in inside
    assert "Line load" not in outside_
    assert 'data-parameter="LOAD"' not in outside_
    assert "97.0" not in outside_
    assert "above action limit" in inside
    assert "above action limit" not in outside_


def test_a_title_is_never_rendered_raw(page):
    batches.batch(number="<i>B</i>", title="<script>alert(1)</script>", equipment="<b>")
    _, text = page("cdmo_qa", "/board/")
    assert "<script>alert(1)" not in text
    assert "<i>B</i>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_an_empty_board_says_what_will_appear(page):
    _, text = page("sponsor_viewer", "/board/")
    assert "No batch is running" in text
    assert "A tile appears here" in text
    batches.batch(running=None)
    assert "See planned batches" in page("sponsor_viewer", "/board/")[1]


def test_a_value_from_a_sample_has_its_time_and_one_from_a_sensor_its_age(page):
    sampled = [each for each in batches.parameters() if each.code == "VCD"]
    batch = batches.batch(of=batches.recipe(measured=(batches.temperature(), *sampled)))
    feed(batch, *fresh(), ("VCD", batches.now() - timedelta(hours=3), 6.4))
    (tile,) = tiles(page("sponsor_viewer", "/board/")[1])
    assert '<span class="reading-when">sampled ' in tile
    assert tile.count("reading-when") == 1
    assert "spark-dots" in tile


def test_a_batch_outside_par_says_so_in_words_and_in_range_is_said_only_when_it_is(page):
    calm = batches.batch(number="B-1", of=batches.recipe(number="M", measured=(batches.temperature(),)))
    hot = batches.batch(number="B-2", of=batches.recipe(number="N", measured=(batches.temperature(),)))
    feed(calm, *fresh())
    feed(hot, *outside())
    first, second = tiles(page("sponsor_viewer", "/board/")[1])
    assert "in range" in first
    assert 'data-tone="warn"' in second
    assert "Temperature outside PAR" in second
    assert "in range" not in second


def test_a_stale_batch_is_not_called_in_range(page):
    batch = batches.batch(of=batches.recipe(measured=(batches.temperature(),)))
    feed(batch, *fresh(ago=timedelta(minutes=9)))
    (tile,) = tiles(page("sponsor_viewer", "/board/")[1])
    assert "in range" not in tile
    assert 'data-state="stale"' in tile


def test_open_deviations_are_counted_by_class_and_undisclosed_ones_stay_inside(page, cdmo_qa):
    batch = batches.batch()
    deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk))
    (inside,) = tiles(page("cdmo_shift_lead", "/board/")[1])
    assert "1 major" in inside
    assert 'data-tone="major" aria-labelledby' in inside
    (shown,) = tiles(page("sponsor_viewer", "/board/")[1])
    assert "major" not in shown


def test_the_newest_open_alert_stands_above_with_its_button(page):
    feed(batches.batch(number="B-7"), *outside())
    _, text = page("sponsor_viewer", "/board/")
    assert 'class="alert"' in text
    assert "Acknowledge" in text
    _, operator = page("cdmo_operator", "/board/")
    assert 'class="alert"' in operator
    assert "Acknowledge" not in operator


def test_a_live_part_is_the_tiles_alone(page):
    feed(batches.batch(), *fresh())
    status, text = page("sponsor_viewer", "/board/?part=tiles")
    assert status == 200
    assert text.strip().startswith('<div id="tiles"')
    assert "<html" not in text


def test_the_log_button_is_for_those_who_may_log(page):
    assert 'class="button primary" href="/deviations/new/"' in page("cdmo_operator", "/board/")[1]
    assert 'class="button primary"' not in page("sponsor_viewer", "/board/")[1]


def test_a_stranger_is_sent_to_sign_in(database, client):
    answer = client.get("/board/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/login/")


def test_the_board_asks_the_same_for_one_batch_and_for_three(page, queries, cdmo_qa):
    def counted():
        with queries() as asked:
            page("cdmo_shift_lead", "/board/")
        return len(asked)

    recipe = batches.recipe()
    one = batches.batch(number="B-1", of=recipe)
    feed(one, *outside())
    deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=one.pk))
    counted()
    first = counted()
    for number in ("B-2", "B-3"):
        more = batches.batch(number=number, of=recipe)
        feed(more, *outside())
        deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=more.pk))
    assert counted() == first
