"""Duties to report: facts start clocks of the law, a signed decision ends each."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deviations.actions.regulatory import assess_reporting, decide_reporting
from deviations.models import ReportingDecision, ReportingFacts
from deviations.queries.regulatory import reporting_of
from deviations.reporting import RULES, ProductKind, Reach, ReportingEvent, called_for
from portal.action import reading
from portal.actions.calendars import set_calendar
from portal.actions.clocks import breach_clock, pause_clock
from portal.actor import system_actor
from portal.business_time import Calendar
from portal.errors import DomainError
from portal.states import Meaning
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories.alerts import facts_of
from tests.factories.clocks import lines_of, seen

BECAUSE = "The lot was not distributed and stays in quarantine."
FAR = {"kinds": ["nda"], "reach": "distributed", "events": ["out_of_specification"]}


@pytest.fixture
def disclosed(database, cdmo_qa):
    return make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))


@pytest.fixture
def regulatory(sponsor_quality_head):
    """The sponsor's head of quality, seated in regulatory affairs."""
    (seat,) = sponsor_quality_head.seats[cast.PROGRAM]
    seats = {**sponsor_quality_head.seats, cast.PROGRAM: (replace(seat, roles=frozenset(["regulatory"])),)}
    return replace(sponsor_quality_head, seats=seats)


def assess(who, deviation, **given):
    stated = FAR | {"aware_at": make.now() - timedelta(hours=1)} | given
    return assess_reporting(who, deviation.pk, **stated)


def decide(who, deviation, rule="field_alert", **given):
    stated = {"decision": "not_reportable", "because": BECAUSE} | given
    return decide_reporting(who, deviation.pk, rule=rule, **stated)


def duties(who, deviation):
    with reading(who):
        return [
            (each.rule.code, str(each.clock.state), each.decision is not None, len(each.signatures))
            for each in reporting_of(who, deviation.pk).duties
        ]


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


@pytest.mark.parametrize(
    ("kinds", "reach", "events", "codes"),
    [
        (["nda"], "distributed", ["mix_up"], ["field_alert"]),
        (["nda"], "not_left", ["mix_up"], []),
        (["nda"], "distributed", ["safety"], []),
        (["bla"], "distributed", ["safety"], ["bpdr"]),
        (["blood"], "distributed", ["safety"], ["blood"]),
        (["hctp"], "distributed", ["core_cgtp", "adverse_reaction"], ["hctp_deviation", "hctp_reaction"]),
        (["eu_atmp"], "distributed", ["supplied", "defect"], ["eu_defect", "eu_atmp"]),
        (["eu_trial"], "investigational", ["supplied", "serious_breach"], ["eu_atmp_trial", "eu_breach"]),
        (["eu_trial"], "distributed", ["serious_breach"], []),
        (["bla"], "not_left", ["shortage"], ["us_shortage"]),
        (
            ["nda", "eu_authorised"],
            "distributed",
            ["out_of_specification", "defect"],
            ["field_alert", "eu_defect"],
        ),
    ],
)
def test_the_facts_say_which_clocks_run(kinds, reach, events, codes):
    assert [each.code for each in called_for(kinds, reach, events)] == codes


def test_every_duty_names_its_source_and_facts_that_exist():
    assert len({each.code for each in RULES}) == len(RULES)
    for each in RULES:
        assert each.source
        assert {*each.kinds} <= {*ProductKind.values}
        assert {*each.reach} <= {*Reach.values}
        assert {*each.events} <= {*ReportingEvent.values}


def test_facts_start_a_clock_that_only_the_sponsor_knows(disclosed, regulatory, cdmo_qa):
    shared, own = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "sponsor")
    assess(regulatory, disclosed)
    assert duties(regulatory, disclosed) == [("field_alert", "running", False, 0)]
    assert duties(cdmo_qa, disclosed) == []
    assert entries_of(cast.PROGRAM, after=shared) == []
    ((name, payload),) = facts_of(cast.PROGRAM, "sponsor", after=own)
    assert (name, payload["reach"], payload["rules"]) == (
        "reporting.assessed",
        "distributed",
        ["field_alert"],
    )
    with reading(cdmo_qa):
        assert list(ReportingFacts.objects.visible_to(cdmo_qa)) == []


def test_a_field_alert_runs_three_working_days_of_the_sponsors_calendar(
    disclosed, regulatory, sponsor_quality_head
):
    boston = ZoneInfo("America/New_York")
    set_calendar(
        sponsor_quality_head,
        cast.PROGRAM,
        calendar=Calendar("America/New_York", country="US"),
        effective_on=make.now().astimezone(boston).date(),
        reason="The holidays of the United States.",
    )
    assess(regulatory, disclosed, aware_at=datetime(2025, 11, 26, 10, tzinfo=boston))
    with reading(regulatory):
        clock = reporting_of(regulatory, disclosed.pk).duties[0].clock
    # Thanksgiving and the weekend do not count.
    assert clock.due_at == datetime(2025, 12, 2, 10, tzinfo=boston)
    assert (clock.calendar, clock.is_regulatory, clock.audience) == (1, True, "sponsor")
    assert clock.inputs["source"] == "21 CFR 314.81(b)(1)"


def test_a_signed_decision_ends_the_clock_and_an_unsigned_one_does_not(disclosed, regulatory, monkeypatch):
    signing.make_signer(actor("sponsor_quality_head"), cast.ARVO)
    assess(regulatory, disclosed)
    decided = decide(regulatory, disclosed)
    assert duties(regulatory, disclosed) == [("field_alert", "running", True, 0)]
    signing.sign(regulatory, decided, Meaning.APPROVED, kind="reporting_decision")
    assert duties(regulatory, disclosed) == [("field_alert", "met", True, 1)]
    assert [line[0] for line in lines_of(_clock(regulatory, disclosed))] == ["started", "met"]
    assert refusal(decide, regulatory, disclosed) == "invalid_transition"


def test_a_decision_signed_too_late_leaves_the_breach(disclosed, regulatory, clock):
    signing.make_signer(actor("sponsor_quality_head"), cast.ARVO)
    assess(regulatory, disclosed)
    clock.move(timedelta(days=8))
    found = _clock(regulatory, disclosed)
    breach_clock(system_actor("sweep", cast.PROGRAM), found.pk)
    signing.sign(regulatory, decide(regulatory, disclosed), Meaning.APPROVED, kind="reporting_decision")
    row = seen(found)
    assert (row.state, row.done_at is not None) == ("breached", True)
    assert [line[0] for line in lines_of(found)] == ["started", "breached", "done_late"]


def _clock(who, deviation):
    with reading(who):
        return reporting_of(who, deviation.pk).duties[0].clock


def test_corrected_facts_withdraw_what_they_call_for_no_more_and_leave_the_rest(disclosed, regulatory):
    assess(regulatory, disclosed, kinds=["nda", "bla"], events=["out_of_specification", "safety"])
    first = {code: state for code, state, *_ in duties(regulatory, disclosed)}
    assess(regulatory, disclosed, kinds=["bla"], events=["safety"])
    assert first == {"field_alert": "running", "bpdr": "running"}
    assert {code: state for code, state, *_ in duties(regulatory, disclosed)} == {
        "field_alert": "withdrawn",
        "bpdr": "running",
    }


def test_a_clock_of_the_law_rests_for_nobody(disclosed, regulatory, sponsor_quality_head):
    assess(regulatory, disclosed)
    found = _clock(regulatory, disclosed)
    assert (
        refusal(pause_clock, sponsor_quality_head, found.pk, reason="Waiting for data.", version=1)
        == "invalid_transition"
    )


@pytest.mark.parametrize("key", ["sponsor_qa", "sponsor_viewer", "cdmo_quality_head"])
def test_nobody_but_regulatory_affairs_gives_facts_or_decides(disclosed, key):
    assert refusal(assess, actor(key), disclosed) == "refused"
    assert refusal(decide, actor(key), disclosed) == "refused"


def test_what_is_not_disclosed_and_what_is_a_rivals_is_not_there(disclosed, regulatory, cdmo_qa):
    assert refusal(assess, regulatory, make.report(cdmo_qa)) == "not_found"
    assert refusal(assess, actor("rival_sponsor_qa"), disclosed) == "not_found"


@pytest.mark.parametrize(
    "given",
    [
        {"kinds": []},
        {"kinds": ["vaccine"]},
        {"reach": "moon"},
        {"events": ["fire"]},
        {"aware_at": datetime(2090, 1, 1, tzinfo=ZoneInfo("UTC"))},
    ],
)
def test_facts_that_say_too_little_are_refused(disclosed, regulatory, given):
    assert refusal(assess, regulatory, disclosed, **given) == "invalid"
    assert duties(regulatory, disclosed) == []


@pytest.mark.parametrize("given", [{"decision": "perhaps"}, {"because": "no"}])
def test_a_decision_says_what_and_why(disclosed, regulatory, given):
    assess(regulatory, disclosed)
    assert refusal(decide, regulatory, disclosed, **given) == "invalid"
    with reading(regulatory):
        assert list(ReportingDecision.objects.visible_to(regulatory)) == []


def test_both_sides_may_ask_and_only_one_is_told(disclosed, regulatory, api):
    assess(regulatory, disclosed)
    address = f"/api/v1/deviations/{disclosed.pk}/reporting/"
    told = api("sponsor_system").get(address).json()
    assert [(each["rule"], each["state"], each["signed"]) for each in told["duties"]] == [
        ("field_alert", "running", False)
    ]
    assert told["facts"]["reach"] == "distributed"
    assert api("cdmo_system").get(address).json() == {"facts": None, "duties": []}
    assert api("rival_system").get(address).status_code == 404
