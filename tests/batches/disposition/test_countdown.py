"""One date, and what decides it."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from batches.disposition.countdown import Item, countdown, lasting, until

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def item(code, days, *after, side="manufacturer"):
    return Item(code, code, side, lasting(days * DAY), after)


def test_what_waits_for_the_longest_decides_the_date():
    found = countdown(
        [
            item("harvest", 2),
            item("sterility", 14, "harvest"),
            item("deviation", 9),
            item("cdmo", 1, "harvest", "sterility", "deviation"),
            item("sponsor", 3, "cdmo", side="sponsor"),
        ],
        NOW,
    )
    assert found.at == NOW + 20 * DAY
    assert [each.item.code for each in found.path] == ["harvest", "sterility", "cdmo", "sponsor"]
    assert next(each.item.code for each in found.lines) == "harvest"
    assert found.holders == ["manufacturer"]


def test_nothing_missing_is_no_date():
    assert countdown([], NOW).at is None


def test_what_was_expected_before_now_is_expected_now():
    assert countdown([Item("late", "late", "sponsor", until(NOW - DAY))], NOW).at == NOW


@given(st.lists(st.tuples(st.integers(0, 30), st.sets(st.integers(0, 9))), min_size=1, max_size=10))
def test_the_date_is_never_before_any_item_and_the_path_reaches_it_without_a_gap(drawn):
    items = [
        item(str(place), days, *(str(each) for each in sorted(after) if each < place))
        for place, (days, after) in enumerate(drawn)
    ]
    found = countdown(items, NOW)
    assert found.at == max(each.ends for each in found.lines)
    path = sorted(found.path, key=lambda each: int(each.item.code))
    assert (path[0].begins, path[-1].ends) == (NOW, found.at)
    assert all(one.ends == two.begins for one, two in itertools.pairwise(path))
    by_code = {each.item.code: each for each in found.lines}
    assert all(by_code[code].ends <= each.begins for each in found.lines for code in each.item.after)
