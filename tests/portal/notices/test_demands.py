"""What the clauses in force in a program demand of how people are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.agreements.durations import Duration
from portal.agreements.rules import Ladder, LadderStep, Notification
from portal.agreements.terms import Terms, default_terms, template
from portal.notices.choices import SORTS
from portal.notices.demands import Demand, demand_of


def terms_with(*rules):
    """An agreement that says nothing but these rules, all in clause 5.9."""
    commercial = template("commercial")
    clause = replace(commercial.clauses[0], code="5.9", rules=tuple(rules))
    return Terms(7, replace(commercial, clauses=(clause,)))


def demanded(terms, side):
    found = {each.code: demand_of(terms, side, each.code) for each in SORTS}
    return {code: (each.channels, each.wakes) for code, each in found.items() if each != Demand()}


def test_the_default_rules_demand_mail_for_what_is_told_and_wake_for_what_is_critical():
    assert demanded(default_terms(), "sponsor") == {
        "critical": (("email",), True),
        "major": (("email",), False),
    }
    assert demanded(default_terms(), "manufacturer") == {"critical": ((), True)}
    assert "5.1" in demand_of(default_terms(), "sponsor", "critical").clauses


def test_an_agreement_that_demands_nothing_locks_nothing():
    told = Notification(
        of=("deviation",), to=("sponsor.qa",), within=Duration(1, "hours"), channels=("in_app",)
    )
    assert demanded(terms_with(told), "sponsor") == {}


def test_a_clause_of_a_program_may_demand_more_than_the_defaults():
    told = Notification(
        of=("deviation",),
        classification=("minor",),
        to=("sponsor.qa",),
        within=Duration(1, "hours"),
        channels=("email", "web_push"),
    )
    step = LadderStep(("qa",), Duration(10, "minutes"), ("sms",))
    ladder = Ladder(of=("excursion.par",), side="sponsor", wakes=True, steps=(step,))
    terms = terms_with(told, ladder)
    assert demanded(terms, "sponsor") == {"minor": (("email", "push"), False), "live": (("chat",), True)}
    assert demand_of(terms, "sponsor", "live").clauses == ("5.9",)
    assert demanded(terms, "manufacturer") == {}


@pytest.mark.parametrize("in_list", ["monthly", "both"])
def test_what_only_stands_in_a_list_demands_no_message(in_list):
    told = Notification(of=("deviation",), to=("sponsor.qa",), in_list=in_list)
    assert demanded(terms_with(told), "sponsor") == {}
