"""Two versions are compared clause by clause: what stays, goes and comes, in words and in rules."""

from hypothesis import given
from hypothesis import strategies as st

from portal.agreements.diff import compare, pieces
from portal.agreements.document import Document, read_yaml
from portal.agreements.terms import template

OLD = template("commercial")


def changed(*pairs):
    text = OLD.to_yaml()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return read_yaml(text)


def test_a_version_compared_with_itself_changes_nothing():
    assert compare(OLD, OLD) == []


def test_another_time_is_shown_as_the_rule_and_the_word_that_changed():
    (change,) = compare(
        OLD, changed(("within 24 hours after", "within 4 hours after"), ("hours: 24", "hours: 4"))
    )
    assert (change.code, change.kind) == ("5.1", "changed")
    assert [piece for piece in change.text if piece[0] != "same"] == [("out", "24"), ("in", "4")]
    (rule,) = change.rules
    assert (rule.kind, rule.values) == ("changed", (("within", {"hours": 24}, {"hours": 4}),))


def test_a_rule_for_another_class_is_another_rule():
    new = changed(
        (
            "classification:\n    - major\n    within:\n      business_days: 1",
            "within:\n      business_days: 1",
        )
    )
    (change,) = compare(OLD, new)
    assert sorted(each.kind for each in change.rules) == ["added", "removed"]


def test_clauses_come_and_go():
    fewer = Document(OLD.title, OLD.phase, OLD.clauses[1:])
    assert [(each.code, each.kind) for each in compare(OLD, fewer)] == [("1.1", "removed")]
    assert [(each.code, each.kind) for each in compare(fewer, OLD)] == [("1.1", "added")]


@given(st.text(alphabet="ab \n", max_size=40), st.text(alphabet="ab \n", max_size=40))
def test_the_pieces_hold_both_texts_whole(old, new):
    found = list(pieces(old, new))
    assert "".join(text for kind, text in found if kind != "in") == old
    assert "".join(text for kind, text in found if kind != "out") == new
