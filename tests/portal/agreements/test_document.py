"""An agreement is read strictly, written back without loss, and its faults are said in words."""

import pytest

from portal.agreements.document import DOCUMENT_BYTES_MAX, DocumentInvalid, read_plain, read_yaml
from portal.agreements.prose import unwrapped
from portal.agreements.terms import TEMPLATES, template

COMMERCIAL = template("commercial")


def faults_of(text):
    with pytest.raises(DocumentInvalid) as caught:
        read_yaml(text)
    return [(each.where, each.words) for each in caught.value.faults]


def changed(old, new):
    text = COMMERCIAL.to_yaml()
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


def test_what_is_written_reads_as_the_same_agreement():
    assert read_yaml(COMMERCIAL.to_yaml()) == COMMERCIAL
    assert read_plain(COMMERCIAL.plain()) == COMMERCIAL
    assert read_yaml(COMMERCIAL.to_yaml()).digest() == COMMERCIAL.digest()


def test_a_changed_word_and_a_changed_value_change_the_digest():
    for old, new in (("within 24 hours", "within 24 h"), ("hours: 24", "hours: 23")):
        assert read_yaml(changed(old, new)).digest() != COMMERCIAL.digest()


def test_the_number_of_a_clause_is_text_however_it_is_written():
    assert [each.code for each in read_yaml(changed("code: '10.1'", "code: 10.10")).clauses][22] == "10.10"


def test_a_paragraph_reads_on_and_lists_keep_their_lines():
    written = "One line\nand the next.\n\n- a\n- b\n  c\n1. first\n2) second\n15 days\n| t |\n> said\n"
    read = "One line and the next.\n\n- a\n- b\n  c\n1. first\n2) second 15 days\n| t |\n> said\n"
    assert unwrapped(written) == read


def test_prose_that_says_no_stays_prose():
    assert read_yaml(changed("title: No reply", "title: no")).clauses[15].title == "no"


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("[", "line 1", "This is no YAML"),
        ("a: &x 1\nb: *x", "", "anchors and aliases are not read"),
        ("format: a\nformat: b", "", "format stands twice"),
        ("!!python/object/apply:os.system [ls]", "line 1", "tags like !!python are not read"),
        ("- 1", "", "[1] is not members with their values."),
        ("", "", "There is no text."),
        (" \n\n", "", "There is no text."),
        ("title: T", "", "This is missing: format, phase, clauses."),
        ("[" * 5000, "", "This is no YAML"),
        ("a" * (DOCUMENT_BYTES_MAX + 1), "", "at most 1,000,000 bytes"),
        (
            changed("hours: 24", "hours: 0"),
            "clauses/5/rules/0/within/hours",
            "0 is too little; the least is 1.",
        ),
        (changed("hours: 24", "hours: 1.5"), "clauses/5/rules/0/within/hours", "1.5 is not a whole number."),
        (changed("hours: 24", "hours: 1000001"), "clauses/5/rules/0/within/hours", "the most is 100000."),
        (
            changed("kind: hold", "kind: holds"),
            "clauses/18/rules/0/kind",
            "accepted: disclosure, notification",
        ),
        (
            changed("- sponsor.qa", "- sponsor.boss"),
            "clauses/5/rules/0/to/0",
            "accepted: manufacturer.operator",
        ),
        (changed("code: '5.2'", "code: '5.1'"), "clauses", "Clause 5.1 stands twice"),
        (
            changed("is_blind: true", "is_blind: maybe"),
            "clauses/10/rules/0/is_blind",
            "is not true or false.",
        ),
        (changed("is_blind: true", "blindfold: true"), "clauses/10/rules/0", "accepted: kind, judgement"),
        (
            changed("phase: commercial", "phase: lunar"),
            "phase",
            "accepted: clinical, commercial, cell_therapy",
        ),
    ],
)
def test_what_is_no_agreement_is_refused_with_where_and_what_would_be_accepted(text, where, words):
    found = faults_of(text)
    assert any(place == where and words in said for place, said in found), found


def test_an_annex_goes_before_the_clause_of_the_same_number():
    annex = read_yaml(
        "format: covalent.agreement/1\ntitle: Annex\nphase: cell_therapy\nclauses:\n"
        "- {code: 5.1, heading: quality_unit, title: First notice, text: At once.}\n"
        "- {code: 5.8, heading: quality_unit, title: More, text: More.}\n"
    )
    whole = COMMERCIAL.with_annex(annex)
    codes = [each.code for each in whole.clauses]
    assert (codes.index("5.8"), codes.count("5.1")) == (codes.index("5.7") + 1, 1)
    assert next(each for each in whole.clauses if each.code == "5.1").text == "At once."
    assert next(each for each in whole.clauses if each.code == "5.2") == COMMERCIAL.clauses[6]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_marks_its_values_as_defaults(name):
    assert all(each.is_default for each in template(name).clauses)
