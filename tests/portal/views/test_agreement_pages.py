"""The agreement's pages: read by whoever is seated, drafted by form and as text, signed by both."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from portal.action import reading
from portal.agreements.document import DocumentInvalid, clause_of, read_yaml
from portal.agreements.lines import lines_of
from portal.agreements.prose import prose
from portal.agreements.terms import TEMPLATES, template
from portal.forms_agreement import ClauseForm
from portal.models import AgreementVersion
from portal.papers import read_words
from tests.factories import agreements as make
from tests.factories import cast
from tests.factories import deviations as report

HEADING = "Quality agreement, commercial manufacture"


def page(client, where, status=200):
    answer = client.get(where)
    assert answer.status_code == status, (where, answer.status_code)
    return answer.content.decode()


def only(actor):
    with reading(actor):
        found = AgreementVersion.objects.visible_to(actor).order_by("-drafted_at").first()
        return found and read_words(actor, found)


@pytest.fixture
def both(database, cdmo_quality_head, sponsor_quality_head):
    return make.heads(cdmo_quality_head, sponsor_quality_head)


class TestReading:
    def test_each_clause_stands_with_its_rules_in_words(self, database, cdmo_qa, signed_in):
        found = make.in_review(cdmo_qa, number=4)
        shown = page(signed_in("sponsor_viewer"), f"/agreement/{found.pk}/")
        assert 'id="clause-5.1"' in shown
        assert "are told of critical deviations within 24 hours after awareness" in shown
        assert "Words alone: no rule runs." in shown
        assert ">v4<" in shown

    def test_a_draft_of_the_other_side_is_not_found(self, database, cdmo_qa, signed_in):
        found = make.draft(cdmo_qa)
        page(signed_in("cdmo_qa"), f"/agreement/{found.pk}/")
        for where in ("", "edit/", "backtest/", "clauses/5.1/", "withdraw/"):
            page(signed_in("sponsor_qa"), f"/agreement/{found.pk}/{where}", 404)
        assert HEADING not in page(signed_in("sponsor_qa"), "/agreement/")

    def test_what_is_signed_is_read_from_every_seat_in_the_program(self, both, signed_in):
        make.both_sign(*both, make.in_review(both[0], number=4))
        shown = page(signed_in("inspector"), f"/agreement/terms/{cast.PROGRAM}/4/")
        assert 'id="clause-5.1"' in shown
        assert f"/agreement/terms/{cast.PROGRAM}/4/" in page(signed_in("inspector"), "/agreement/")
        for key in ("rival_sponsor_qa", "cdmo_admin"):
            page(signed_in(key), f"/agreement/terms/{cast.PROGRAM}/4/", 404)
        page(signed_in("inspector"), f"/agreement/terms/{cast.PROGRAM}/5/", 404)

    def test_the_default_rules_are_read_where_nothing_is_signed(self, database, signed_in):
        shown = page(signed_in("inspector"), f"/agreement/terms/{cast.PROGRAM}/default/")
        assert "until the parties sign theirs" in shown

    def test_running_clocks_stand_at_their_clause_and_link(self, both, cdmo_operator, cdmo_qa, signed_in):
        make.both_sign(*both, make.in_review(both[0], number=4))
        deviation = report.triage(cdmo_qa, report.report(cdmo_operator), "critical")
        where = f"/agreement/{only(cdmo_qa).pk}/"
        shown = page(signed_in("cdmo_qa"), where)
        assert "One clock runs by this clause" in shown
        assert f'href="/deviations/{deviation.pk}/">{deviation.number}' in shown
        assert "clock runs" not in page(signed_in("sponsor_qa"), where)

    def test_a_citation_leads_to_the_clause_in_the_cited_version(
        self, both, cdmo_operator, cdmo_qa, signed_in
    ):
        make.both_sign(*both, make.in_review(both[0], number=4))
        deviation = report.triage(cdmo_qa, report.report(cdmo_operator), "critical")
        shown = page(signed_in("cdmo_qa"), f"/deviations/{deviation.pk}/")
        assert (
            f'<a href="/agreement/terms/{cast.PROGRAM}/4/#clause-5.1">clause 5.1, agreement v4</a>' in shown
        )

    def test_what_a_version_changes_is_shown(self, both, signed_in):
        make.both_sign(*both, make.in_review(both[0]))
        found = make.in_review(
            both[0], edits=[("within 24 hours", "within 4 hours"), ("hours: 24", "hours: 4")]
        )
        shown = page(signed_in("sponsor_qa"), f"/agreement/{found.pk}/")
        assert "One clause changed since v1" in shown
        assert "<ins>4</ins>" in shown
        assert "<del>24</del>" in shown

    def test_prose_shows_markup_as_it_was_written(self):
        assert prose("<script>alert(1)</script> **now**\n\n![x](y)") == (
            '<p>&lt;script&gt;alert(1)&lt;/script&gt; <strong>now</strong></p>\n<p>!<a href="y">x</a></p>\n'
        )
        assert "<a" not in prose("[x](javascript:alert)")


class TestDrafting:
    def test_from_a_template_to_signatures(self, both, signed_in):
        maker, sponsor = signed_in("cdmo_quality_head"), signed_in("sponsor_quality_head")
        given = {"partnership": str(cast.PARTNERSHIP), "begin": "commercial", "program": "", "text": ""}
        assert maker.post("/agreement/draft/", given).status_code == 303
        found = only(both[0])
        where = f"/agreement/{found.pk}/"
        assert (
            maker.post(f"{where}edit/", {"version": 1, "not_before": "", "note": "First."}).status_code == 303
        )
        assert maker.post(f"{where}submit/", {"version": 2, "number": "4"}).status_code == 303
        assert f'href="/sign/agreement_version/{found.pk}/?meaning=approved"' in page(sponsor, where)
        assert "5.1 First notice, critical (default)" in page(sponsor, f"/sign/agreement_version/{found.pk}/")
        make.approve(both[1], found)
        assert "/sign/agreement_version/" not in page(sponsor, where)
        make.approve(both[0], found)
        shown = page(sponsor, where)
        assert "in force" in shown
        assert "Name of cdmo_quality_head" in shown

    def test_a_fault_is_shown_with_its_line_and_nothing_typed_is_lost(self, database, cdmo_qa, signed_in):
        found = make.draft(cdmo_qa)
        text = template("commercial").to_yaml().replace("hours: 24", "hours: soon", 1)
        line = text[: text.index("hours: soon")].count("\n") + 1
        answer = signed_in("cdmo_qa").post(f"/agreement/{found.pk}/edit/", {"version": 1, "text": text})
        shown = answer.content.decode()
        assert answer.status_code == 400
        assert f'data-line="{line}"' in shown
        assert "hours: soon" in shown
        assert only(cdmo_qa).version == 1

    def test_a_clause_by_form_is_the_same_clause(self, database, cdmo_qa, signed_in):
        found = make.draft(cdmo_qa)
        client = signed_in("cdmo_qa")
        for code in ("5.1", "4.2", "5.5", "6.4"):
            where = f"/agreement/{found.pk}/clauses/{code}/"
            page(client, where)
            answer = client.post(where, sent(clause_of_(found, code), version=only(cdmo_qa).version))
            assert answer.status_code == 303, answer.content.decode()[:3000]
        assert only(cdmo_qa).document == template("commercial")

    def test_a_clause_by_form_is_changed_refused_and_taken_out(self, database, cdmo_qa, signed_in):
        found = make.draft(cdmo_qa)
        client, where = signed_in("cdmo_qa"), f"/agreement/{found.pk}/clauses/5.1/"
        given = sent(clause_of_(found, "5.1"), version=1)
        bad = client.post(where, {**given, "rule-0-within_0": "0"})
        assert (bad.status_code, "0 is too little; the least is 1." in bad.content.decode()) == (400, True)
        more = client.post(where, {**given, "add": "hold"})
        assert (more.status_code, "<h2>Block</h2>" in more.content.decode()) == (200, True)
        assert client.post(where, {**given, "rule-0-within_0": "4"}).status_code == 303
        clause = next(each for each in only(cdmo_qa).document.clauses if each.code == "5.1")
        assert clause.rules[0].within.amount == 4
        assert client.post(where, {"version": "2", "remove_clause": "1"}).status_code == 303
        assert "5.1" not in [each.code for each in only(cdmo_qa).document.clauses]

    def test_who_comes_late_is_shown_what_keeping_theirs_would_change(self, database, cdmo_qa, signed_in):
        found, client = make.draft(cdmo_qa), signed_in("cdmo_qa")
        where, clause = f"/agreement/{found.pk}/clauses/5.2/", clause_of_(found, "5.2")
        mine = {**sent(clause, version=1), "text": "Mine, which came late."}
        theirs = {**sent(clause, version=1), "text": "Theirs, kept first."}
        assert client.post(where, theirs).status_code == 303
        late = client.post(where, mine)
        shown = late.content.decode()
        assert (late.status_code, "<del>Theirs,</del>" in shown) == (412, True)
        assert ("Mine, which came late.</textarea>" in shown, 'name="version" value="2"' in shown) == (
            True,
            True,
        )
        text = template("commercial").to_yaml().replace("Purpose and scope", "Scope")
        whole = client.post(f"/agreement/{found.pk}/edit/", {"version": 1, "text": text}).content.decode()
        assert ("<del>Theirs," in whole, "title: Scope" in whole, 'value="2"' in whole) == (True, True, True)

    def test_a_row_more_and_faults_of_rows_stand_at_their_rule(self, database, cdmo_qa, signed_in):
        found, client = make.draft(cdmo_qa), signed_in("cdmo_qa")
        where, given = f"/agreement/{found.pk}/clauses/4.2/", sent(clause_of_(found, "4.2"), version=1)
        more = client.post(where, {**given, "more": "rule-0-steps"}).content.decode()
        assert 'name="rule-0-steps-rows" value="4"' in more
        bad = client.post(where, {**given, "rule-0-steps-2-roles": ["qp"]})
        assert (bad.status_code, "Steps: This is missing: wait." in bad.content.decode()) == (400, True)
        third = {
            "rule-0-steps-2-roles": ["qp"],
            "rule-0-steps-2-wait_0": "2",
            "rule-0-steps-2-wait_1": "hours",
        }
        assert client.post(where, {**given, **third}).status_code == 303
        step = clause_of_(only(cdmo_qa), "4.2").rules[0].steps[2]
        assert (step.roles, step.wait.amount, step.wait.unit) == (("qp",), 2, "hours")
        assert clause_of_(only(cdmo_qa), "4.2").rules[1:] == clause_of_(found, "4.2").rules[1:]

    def test_what_contradicts_itself_is_not_offered_to_sign(self, both, signed_in):
        climbs = "      - shift_lead\n      wait:\n        minutes: 30\n    - roles:\n      - quality_head\n"
        found = make.in_review(both[0], edits=[(climbs, climbs.replace("quality_head", "qa"))])
        shown = page(signed_in("cdmo_quality_head"), f"/agreement/{found.pk}/")
        assert ("/sign/" in shown, "nobody can sign it before that is mended" in shown) == (False, True)

    def test_without_the_pen_nothing_is_offered_to_edit(self, database, cdmo_qa, signed_in):
        found = make.in_review(cdmo_qa)
        assert "readonly" in page(signed_in("cdmo_qa"), f"/agreement/{found.pk}/edit/")
        assert "readonly" not in page(signed_in("sponsor_qa"), f"/agreement/{found.pk}/edit/")
        assert "/edit/" not in page(signed_in("sponsor_viewer"), f"/agreement/{found.pk}/")

    def test_a_refused_step_says_why_on_the_page(self, database, cdmo_qa, signed_in):
        found = make.in_review(cdmo_qa)
        answer = signed_in("cdmo_qa").post(f"/agreement/{found.pk}/withdraw/", {"version": 2, "reason": "no"})
        assert (answer.status_code, "Say why" in answer.content.decode()) == (400, True)

    @pytest.mark.parametrize("name", TEMPLATES)
    def test_every_clause_of_a_template_goes_through_its_form_without_loss(self, name):
        for clause in template(name).clauses:
            bound = ClauseForm(QueryDict(urlencode(sent(clause), doseq=True)))
            assert bound.is_valid(), (clause.code, bound.errors, [each.errors for each in bound.rules])
            assert clause_of(bound.as_text()) == clause


def clause_of_(version, code):
    return next(each for each in version.document.clauses if each.code == code)


def sent(clause, **more):
    """What a browser sends of a clause's form as it is shown."""
    form = ClauseForm(clause=clause)
    data = {"rule": [each.kind for each in form.rules], **more}
    for each in (form, *form.rules):
        for field in each:
            _fill(data, field)
        for rows in getattr(each, "rows", {}).values():
            data[f"{rows.prefix}-rows"] = str(len(rows.rows))
            for field in (field for row in rows.rows for field in row):
                _fill(data, field)
    return data


def _fill(data, field):
    value = field.value()
    if field.widget_type == "duration":
        for at, part in enumerate(field.field.widget.decompress(value)):
            data[f"{field.html_name}_{at}"] = "" if part is None else str(part)
    elif field.widget_type == "checkbox":
        if value:
            data[field.html_name] = "on"
    elif field.widget_type == "checkboxselectmultiple":
        # A browser sends boxes in the order in which they stand.
        data[field.html_name] = [code for code, _words in field.field.choices if code in (value or ())]
    else:
        data[field.html_name] = "" if value is None else str(value)


def test_a_fault_in_yaml_has_its_line():
    text = "format: covalent.agreement/1\ntitle: T\nphase: lunar\nclauses:\n- {code: 1.1}\n"
    with pytest.raises(DocumentInvalid) as caught:
        read_yaml(text)
    found = {fault.where: line for line, fault in lines_of(text, caught.value.faults)}
    assert (found["phase"], found["clauses/0"]) == (3, 5)


def test_the_backtest_counts_and_draws(database, cdmo_operator, cdmo_qa, signed_in):
    found = make.in_review(cdmo_qa, edits=[("hours: 24", "minutes: 1")])
    report.triage(cdmo_qa, report.report(cdmo_operator), "critical")
    shown = page(signed_in("cdmo_qa"), f"/agreement/{found.pk}/backtest/")
    assert "1 notices, " in shown
    assert "<circle" in shown


def test_what_applies_to_a_deviation_says_clause_rule_and_why(both, cdmo_operator, cdmo_qa, signed_in):
    make.both_sign(*both, make.in_review(both[0], number=4))
    deviation = report.triage(cdmo_qa, report.report(cdmo_operator), "critical")
    shown = page(signed_in("cdmo_qa"), f"/deviations/{deviation.pk}/terms/")
    assert f"/agreement/terms/{cast.PROGRAM}/4/#clause-5.1" in shown
    assert "within 3 business days of the site after awareness (critical)" in shown
    assert "its class is critical" in shown
    page(signed_in("rival_sponsor_qa"), f"/deviations/{deviation.pk}/terms/", 404)
