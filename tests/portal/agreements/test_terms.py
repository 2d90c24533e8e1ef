"""What the rules say of a case: the narrower rule first, and never an alert that ends in nobody."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.action import reading
from portal.agreements.document import Document
from portal.agreements.durations import Duration
from portal.agreements.rules import Ladder, Notification
from portal.agreements.terms import Terms, default_terms, plan_of
from portal.business_time import Calendar, due_at
from portal.states import ROLES, Classification
from portal.terms import clause_words, terms_at, terms_of
from tests.factories import cast
from tests.factories.agreements import agree

pytestmark = pytest.mark.django_db
MALMO = "Europe/Stockholm"
DEFAULT = default_terms()


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(MALMO))


@pytest.mark.parametrize(
    ("classification", "code", "within"),
    [
        ("critical", "5.1", Duration(24, "hours")),
        ("major", "5.2", Duration(1, "business_days")),
        ("minor", "5.3", None),
    ],
)
def test_each_class_has_its_notice_clause(classification, code, within):
    found = DEFAULT.notice(Classification(classification))
    assert (found.clause.code, found.rule.within) == (code, within)


def test_a_class_nobody_agreed_on_has_no_notice_clause():
    assert DEFAULT.notice("severe") is None


def test_a_live_alert_outside_the_proven_range_names_its_clause():
    assert DEFAULT.notice(None, of="excursion.par").clause.code == "5.7"


def test_the_narrower_rule_goes_before_the_wider_one():
    assert DEFAULT.timeline("preliminary_summary", "critical").rule.within.amount == 3
    assert DEFAULT.timeline("preliminary_summary", "major").rule.within.amount == 5
    assert DEFAULT.ladder("deviation.notice", "sponsor", "critical").rule.wakes is True
    assert DEFAULT.ladder("deviation.notice", "sponsor", "major").rule.wakes is False


def test_only_what_the_clause_names_blocks():
    assert [DEFAULT.hold(classification=each) is not None for each in ("minor", "major", "critical")] == [
        *(False, True, True)
    ]
    assert DEFAULT.hold(trigger="grade_a_growth").clause.code == "8.2"
    assert DEFAULT.hold(trigger="cpp_outside_par") is None


@pytest.mark.parametrize("side", ["manufacturer", "sponsor"])
def test_a_ladder_asks_working_roles_and_then_the_quality_head_of_one_side(settings, side):
    settings.LADDER_WAIT = None
    first, last = plan_of(DEFAULT.ladder("excursion.par", side, None))
    assert (first["wait_s"], last["wait_s"]) == (1800, 1800)
    assert last["roles"] == ["quality_head"]
    assert "operator" not in first["roles"]
    assert set(first["roles"]) <= set(ROLES[side])


def test_a_demonstration_shortens_every_wait(settings):
    settings.LADDER_WAIT = timedelta(minutes=2)
    assert {step["wait_s"] for step in plan_of(DEFAULT.ladder("decision", "sponsor", None))} == {120}


def test_an_alert_without_a_ladder_asks_the_heads():
    bare = Terms(1, Document("Bare", "commercial", DEFAULT.document.clauses[:1]))
    (only,) = plan_of(bare.ladder("excursion.par", "sponsor", None))
    assert only["roles"] == ["quality_head"]


def test_rules_of_other_kinds_are_not_mixed_up():
    assert {type(each.rule) for each in DEFAULT.applying(Ladder)} == {Ladder}
    assert {each.clause.code for each in DEFAULT.applying(Notification, of="inspection")} == {"15.1"}


def test_a_critical_notice_is_due_24_hours_later_whatever_the_calendar():
    since = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert due_at(Duration(24, "hours"), since, Calendar(MALMO)) == since + timedelta(hours=24)


@pytest.fixture
def signed():
    """Versions 3 and 4 of an agreement in the program, the second from an hour ahead."""

    now = datetime.now(UTC)
    agree(number=3, title="third", effective_from=now - timedelta(days=1))
    agree(number=4, title="fourth", effective_from=now + timedelta(hours=1))
    return now


def test_a_record_keeps_the_version_under_which_it_began(signed, cdmo_qa):
    hour = timedelta(hours=1)
    asked = {"before": signed - 48 * hour, "now": signed, "then": signed + 2 * hour}
    with reading(cdmo_qa):
        found = {name: terms_at(cdmo_qa, cast.PROGRAM, at).version for name, at in asked.items()}
        assert terms_of(cdmo_qa, cast.PROGRAM, 3).document.title == "third"
    assert found == {"before": None, "now": 3, "then": 4}


def test_another_client_is_told_the_default_rules_and_no_more(signed, rival_sponsor_qa):
    with reading(rival_sponsor_qa):
        assert terms_at(rival_sponsor_qa, cast.PROGRAM, signed).is_default


def test_a_clause_is_cited_with_its_version():
    assert clause_words("5.1", 4) == "clause 5.1, agreement v4"
    assert clause_words("5.1", None) == "clause 5.1, default rule"
    assert clause_words("", 4) == ""
