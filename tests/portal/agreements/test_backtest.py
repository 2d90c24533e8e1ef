"""A draft is run over what happened before anybody signs it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from portal.agreements.backtest import Case, backtest
from portal.agreements.document import Clause, Document, read_yaml
from portal.agreements.rules import Notification
from portal.agreements.terms import Terms, default_terms
from portal.business_time import Calendar, due_at

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = MONDAY + timedelta(days=200)
HOUR = timedelta(hours=1)
DEFAULT = default_terms()


def case(classification="major", **given):
    given = {name: MONDAY + value for name, value in given.items()}
    return Case(uuid4(), "DEV-2026-0001", classification, MONDAY, **given)


def _due_at(lasts, since):
    return due_at(lasts, since, Calendar("UTC"))


def counts(*cases, terms=DEFAULT, now=NOW):
    return dict(
        backtest(terms, cases, lambda lasts, since: due_at(lasts, since, Calendar("UTC")), now).counts
    )


CLOSED = {"closed_at": timedelta(days=20)}


@pytest.mark.parametrize(
    ("found", "outcomes"),
    [
        (case("critical", told_at=23 * HOUR, **CLOSED), {"notice_in_time": 1}),
        (case("critical", told_at=24 * HOUR, **CLOSED), {"notice_in_time": 1}),
        (case("critical", told_at=25 * HOUR, **CLOSED), {"notice_late": 1}),
        (case("critical", **CLOSED), {"notice_late": 1}),
        (case("major", told_at=24 * HOUR, **CLOSED), {"notice_in_time": 1}),
        (case("minor", **CLOSED), {"in_list": 1}),
        (case(None, told_at=HOUR), {}),
        (case("minor", closed_at=timedelta(days=31)), {"in_list": 1, "closing_late": 1}),
        (case("minor"), {"in_list": 1, "closing_late": 1, "summary_late": 1}),
        (case("minor", summarised_at=timedelta(days=7), **CLOSED), {"in_list": 1}),
        (case("minor", summarised_at=timedelta(days=8), **CLOSED), {"in_list": 1, "summary_late": 1}),
        (case(told_at=HOUR, acknowledged_at=1.4 * HOUR, **CLOSED), {"notice_in_time": 1}),
        (
            case(told_at=HOUR, acknowledged_at=1.6 * HOUR, **CLOSED),
            {"notice_in_time": 1, "ladder_climbed": 1},
        ),
        (case(told_at=HOUR, acknowledged_at=2.1 * HOUR, **CLOSED), {"notice_in_time": 1, "ladder_ended": 1}),
        (
            case(told_at=HOUR, completed_at=9 * HOUR, **CLOSED),
            {"notice_in_time": 1, "disposition_blocked": 1},
        ),
        (case("minor", completed_at=9 * HOUR, **CLOSED), {"in_list": 1}),
        (case(told_at=HOUR, completed_at=timedelta(days=21), **CLOSED), {"notice_in_time": 1}),
    ],
)
def test_a_past_case_is_judged_by_the_draft(settings, found, outcomes):
    settings.LADDER_WAIT = None
    assert counts(found) == outcomes


def test_a_notice_whose_time_runs_is_neither_late_nor_in_time():
    assert counts(case("critical"), now=MONDAY + HOUR) == {"notice_open": 1}


def test_a_stricter_draft_makes_late_what_was_in_time():
    strict = Terms(5, read_yaml(DEFAULT.document.to_yaml().replace("hours: 24", "hours: 4", 1)))
    told = case("critical", told_at=5 * HOUR, **CLOSED)
    assert (counts(told), counts(told, terms=strict)) == ({"notice_in_time": 1}, {"notice_late": 1})


def test_the_report_says_how_many_notices_there_would_have_been():
    cases = [case("critical", told_at=HOUR), case("critical"), case("minor")]
    report = backtest(DEFAULT, cases, _due_at, NOW)
    assert (report.notices, report.counts["notice_late"]) == (2, 1)
    assert {line.clause for line in report.lines if line.outcome == "notice_late"} == {"5.1"}


def test_a_patient_lot_is_told_by_the_stricter_clause_and_a_trigger_at_once():
    lot = replace(case("major", told_at=3 * HOUR, **CLOSED), triggers=("patient_lot",))
    assert counts(lot) == {"notice_late": 1}
    rule = Notification(("deviation",), ("sponsor.qa",), classification=("major",), at_once=("patient_lot",))
    own = Clause("5.2", "quality_unit", "Major", "Major.", (rule,))
    drafted = Terms(None, Document("Draft", "commercial", (own,)))
    assert counts(lot, terms=drafted) == {"notice_at_once": 1}
    assert counts(replace(lot, triggers=("data_integrity",)), terms=drafted) == {"in_list": 1}
