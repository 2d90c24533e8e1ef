# ruff: noqa: E501 - a sentence stands as it reads
"""Every rule reads as one sentence, and no code of ours stands in it."""

import pytest

from portal.agreements.applying import notices_by_class
from portal.agreements.document import Clause, Document, clause_of
from portal.agreements.durations import Duration
from portal.agreements.rules import KINDS, Notification
from portal.agreements.terms import TEMPLATES, Terms, template
from portal.agreements.words import rule_words


def said(rule):
    clause = clause_of(f"{{code: 1.1, heading: scope, title: T, text: T, rules: [{{{rule}}}]}}")
    return rule_words(clause.rules[0])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            (
                "kind: notification, of: [deviation], classification: [critical], within: {hours: 24},"
                " to: [sponsor.qa, sponsor.cmc], released_by: [manufacturer.qa]"
            ),
            (
                "Sponsor QA and sponsor CMC are told of critical deviations within 24 hours after awareness,"
                " on screen and by e-mail; CDMO QA releases the notice, and its own heads are asked after 50 % of"
                " the time."
            ),
        ),
        (
            "kind: notification, of: [deviation], classification: [minor], in_list: both, to: [sponsor.qa]",
            (
                "Sponsor QA are told of minor deviations in the monthly list and the batch package, on screen and"
                " by e-mail."
            ),
        ),
        (
            (
                "kind: notification, of: [excursion.par], within: {minutes: 1}, since: detected,"
                " to: [sponsor.qa], channels: [in_app], at_once: [cpp_outside_par]"
            ),
            (
                "Sponsor QA are told of live alerts outside the proven range within 1 minute after the detection,"
                " on screen; a critical parameter outside its proven range releases it at once."
            ),
        ),
        (
            "kind: disclosure, of: [parameter], to: shared, parameter: [TEMP, PH], delay: {hours: 1}",
            "Both sides see process data (TEMP, PH) after 1 hour.",
        ),
        (
            "kind: class_map, side: sponsor, names: {A: critical, B: minor}",
            "Of the classes of the sponsor: A reads critical and B reads minor.",
        ),
        (
            (
                "kind: judgement, judgement: confirmed_class, by: [sponsor.quality_head], is_blind: true,"
                " classification: [major, critical], within: {business_days: 2}, since: report"
            ),
            (
                "Sponsor quality head give the confirmed class of major or critical deviations within 2 business"
                " days of the site after the report without seeing the other side's."
            ),
        ),
        (
            (
                "kind: responsibility, activity: [capa], accountable: manufacturer, responsible:"
                " [manufacturer.qa], approves: [manufacturer.quality_head], informed: [sponsor.qa],"
                " signs: {manufacturer.quality_head: approved},"
                " consulted: [{role: sponsor.cmc, within: {business_days: 5, calendar: sponsor}}]"
            ),
            (
                "The CDMO answers for Corrective and preventive action; CDMO QA do it; asked before: sponsor CMC"
                " (5 business days of the sponsor); CDMO quality head approve; CDMO quality head sign as approved;"
                " told: sponsor QA."
            ),
        ),
        (
            (
                "kind: ladder, of: [decision], side: sponsor, wakes: true,"
                " steps: [{roles: [qa, cmc], wait: {minutes: 30}}, {roles: [quality_head], wait: {hours: 1}}]"
            ),
            (
                "For decision requests the sponsor's side is asked: QA and CMC for 30 minutes, then quality head"
                " for 1 hour (wakes people)."
            ),
        ),
        (
            (
                "kind: timeline, activity: [sponsor_review], within: {business_days: 5, calendar: sponsor},"
                " held_by: sponsor, since: draft, rounds: 2, classification: [major]"
            ),
            (
                "Sponsor's review of the report: within 5 business days of the sponsor after the draft (major)"
                " by the sponsor in 2 rounds."
            ),
        ),
        (
            "kind: hold, classification: [major, critical], blocks: disposition",
            (
                "On an open major or critical deviation disposition is blocked until the impact conclusion is"
                " approved."
            ),
        ),
        (
            "kind: disposition, step: qp_certification, by: [sponsor.qp], markets: [EU, UK]",
            "Sponsor QP sign the QP certification for EU and UK.",
        ),
        (
            "kind: early_signal, by: [manufacturer.shift_lead], within: {hours: 8}",
            "CDMO shift lead answer an early signal within 8 hours; it counts on no scorecard.",
        ),
        (
            "kind: no_reply, activity: [decision], outcome: go_on, not_for: [critical, disposition]",
            (
                "Without a reply (Answer to a decision request) the work goes on, recorded as no reply and never"
                " as agreement (not for: critical and disposition)."
            ),
        ),
        (
            "kind: retention, of: [batch, result], years: 1, after: expiry",
            "Batch records and results are kept for 1 year after expiry.",
        ),
    ],
    ids=lambda each: each[:24],
)
def test_a_rule_reads_as_one_sentence(rule, words):
    assert said(rule) == words


def test_every_kind_of_rule_has_its_sentence():
    assert {kind for kind, rule in KINDS.items() if type(rule) is type} == set(KINDS)
    assert set(KINDS.values()) <= set(rule_words.registry)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name == "commercial"])
def test_no_code_stands_in_the_words_of_a_template(name):
    words = [rule_words(rule) for clause in template(name).clauses for rule in clause.rules]
    assert [each for each in words if "_" in each or "  " in each or "%(" in each] == []
    assert all(each[0].isupper() and each.endswith(".") for each in words)


def test_each_class_is_said_with_its_time_and_clause_the_gravest_first():
    own = Clause(
        "5.1",
        "quality_unit",
        "T",
        "T.",
        (Notification(("deviation",), ("sponsor.qa",), ("critical",), Duration(4, "hours")),),
    )
    listed = Clause(
        "5.3",
        "quality_unit",
        "T",
        "T.",
        (Notification(("deviation",), ("sponsor.qa",), ("minor",), in_list="both"),),
    )
    assert notices_by_class(Terms(5, Document("T", "commercial", (own, listed)))) == (
        "critical within 4 hours after awareness (clause 5.1); major by no clause; "
        "minor in the monthly list and the batch package (clause 5.3)"
    )
