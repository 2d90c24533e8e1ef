"""Lint finds the hole in an agreement before an inspector does."""

import pytest

from portal.agreements.document import Clause, Document, read_plain, read_yaml
from portal.agreements.durations import Duration
from portal.agreements.headings import ACTIVITIES, HEADINGS
from portal.agreements.lint import lint, may_be_signed
from portal.agreements.rules import ClassMap, Disclosure, Judgement, NoReply, Notification
from portal.agreements.terms import TEMPLATES, template
from portal.states import ROLES

COMMERCIAL = template("commercial")
SILENCE = "silence_decides"
# Places in the YAML of the template that tests edit.
IMPACT = "judgement: product_impact\n    by:\n    - "
NEXT = "  - kind: responsibility\n    activity:\n    - notice_release"
IN_A_DAY = "    within:\n      business_days: 1\n      calendar: site\n    released_by"
EVERYBODY = {f"{side}.{code}": 1 for side, codes in ROLES.items() for code in codes}


def codes_of(document, seated=None):
    return {each.code for each in lint(document, seated) if each.gravity != "advice"}


def without(*codes, of=COMMERCIAL):
    return Document(of.title, of.phase, tuple(each for each in of.clauses if each.code not in codes))


def changed(old, new, of=COMMERCIAL):
    text = of.to_yaml()
    assert old in text
    return read_yaml(text.replace(old, new, 1))


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_may_be_signed_when_everybody_is_seated(name):
    findings = lint(template(name), EVERYBODY)
    assert may_be_signed(findings), findings
    assert {each.code for each in findings} == {"default_left"}


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_heading_of_the_guidance_is_missed(heading):
    left = [each.code for each in COMMERCIAL.clauses if each.heading == heading]
    assert left
    assert "missing_heading" in codes_of(without(*left))


def test_a_heading_of_the_fda_alone_is_advice_in_a_trial():
    clinical = template("clinical")
    bare = without(*(each.code for each in clinical.clauses if each.heading == "revisions"), of=clinical)
    assert {(each.code, each.gravity) for each in lint(bare)} == {
        ("missing_heading", "advice"),
        ("default_left", "advice"),
    }


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_every_activity_has_exactly_one_accountable_party(activity):
    plain = COMMERCIAL.plain()
    for clause in plain["clauses"]:
        rules = clause.get("rules", [])
        clause["rules"] = [each for each in rules if activity not in each.get("activity", [])]
    bare = read_plain(plain)
    assert "nobody_accountable" in codes_of(bare)
    other = (
        "format: covalent.agreement/1\ntitle: x\nphase: commercial\nclauses:\n"
        f"- {{code: 90.1, heading: scope, title: x, text: x, rules: [{{kind: responsibility,"
        f" activity: [{activity}], accountable: sponsor}}, {{kind: responsibility, activity: [{activity}],"
        " accountable: manufacturer}]}\n"
    )
    assert "two_accountable" in codes_of(COMMERCIAL.with_annex(read_yaml(other)))


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("5.1", "class_without_notice"),
        ("5.2", "class_without_notice"),
        ("5.3", "class_without_notice"),
        ("4.2", "class_without_ladder"),
    ],
)
def test_a_class_nobody_is_told_of_is_found(code, finding):
    assert finding in codes_of(without(code))


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        (("    in_list: both\n", ""), "notice_without_time"),
        (
            ("    - draft_comments\n    - sponsor_review\n    outcome", "    - disposition\n    outcome"),
            SILENCE,
        ),
        (("    - critical\n    - disposition\n- code: '7.1'", "    - disposition\n- code: '7.1'"), SILENCE),
        (("      - quality_head\n      wait:", "      - qa\n      wait:"), "ladder_in_a_circle"),
        ((f"{IMPACT}sponsor.qa", f"{IMPACT}manufacturer.qa"), "wrong_side"),
        ((f"manufacturer.qa\n{NEXT}", f"sponsor.qa\n{NEXT}"), "told_by_oneself"),
        ((f"- major\n{IN_A_DAY}", f"- critical\n{IN_A_DAY}"), "contradiction"),
    ],
)
def test_a_rule_that_breaks_the_agreement_is_found(edit, finding):
    assert finding in codes_of(changed(*edit))


def added(*rules):
    own = Clause("5.9", "quality_unit", "Own", "Own.", rules)
    return COMMERCIAL.with_clauses([*COMMERCIAL.clauses, own])


@pytest.mark.parametrize(
    ("rule", "code", "gravity"),
    [
        (ClassMap("manufacturer", {}), "names_no_class", "hole"),
        (ClassMap("manufacturer", {"1": "critical", "2": "major"}), "class_not_given", "advice"),
        (Judgement("classification", ("manufacturer.quality_head",)), "nobody_able", "contradiction"),
        (Disclosure(("capa",), "shared"), "not_shared_by_rule", "advice"),
        (Disclosure(("deviation",), "manufacturer"), "never_narrows", "advice"),
        (Disclosure(("deviation",), "shared", state=("opened",)), "unknown_state", "hole"),
        (Disclosure(("parameter",), "shared", delay=Duration(1, "hours")), "delay_not_kept", "contradiction"),
        (Notification(("watch",), ("sponsor.qa",), at_once=("patient_lot",)), "at_once_never", "advice"),
        (Notification(("deviation",), ("sponsor.qa",), at_once=("patient_lot",)), "leaves_unread", "advice"),
        (NoReply(("decision",), "go_on", ("disposition",)), SILENCE, "hole"),
    ],
)
def test_what_would_act_on_nobody_or_on_nothing_is_found(rule, code, gravity):
    found = {(each.code, each.gravity) for each in lint(added(rule)) if each.clause == "5.9"}
    assert (code, gravity) in found
    assert not {each.code for each in lint(COMMERCIAL)} & {code}


def test_a_rule_that_narrower_ones_leave_nothing_is_named():
    wide = changed("    classification:\n    - critical\n    wakes: true\n", "    wakes: true\n")
    assert {"said_twice", "contradiction", "unreachable"} & {each.code for each in lint(wide)}


def test_a_cell_therapy_without_a_rule_for_patient_lots_is_found():
    assert "no_patient_lot" in codes_of(without("5.4", of=template("cell_therapy")))
    assert "no_patient_lot" not in codes_of(without("5.4"))


def test_a_ladder_that_ends_in_nobody_is_a_hole_and_an_empty_role_is_advice():
    seated = EVERYBODY | {"sponsor.quality_head": 0}
    findings = lint(COMMERCIAL, seated)
    assert {each.clause for each in findings if each.code == "ends_in_nobody"} == {"4.2"}
    (empty,) = (each for each in findings if each.code == "role_without_people")
    assert (empty.gravity, "sponsor quality head" in empty.words) == ("advice", True)
