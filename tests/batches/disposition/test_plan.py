"""The chain of a disposition, as pure rules."""

from datetime import UTC, datetime

import pytest

from batches.disposition.plan import Given, Planned, chain, next_step, open_steps, outcome, plan_of
from batches.disposition.states import Decision, ReleaseStepCode
from portal.agreements.terms import Terms, template

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def given(*words):
    """Decisions as step[@market]=decision[:market+market]."""
    found = []
    for word in words:
        step, _eq, said = word.partition("=")
        step, _at, market = step.partition("@")
        decision, _colon, markets = said.partition(":")
        chosen = tuple(markets.split("+")) if markets else ()
        found.append(Given(step, market, Decision(decision), chosen, AT, "QP 02"))
    return found


def plan(name="commercial", **given):
    given.setdefault("out_of_specification", False)
    return plan_of(Terms(None, template(name)), **given)


def stands(*words, of=None):
    links = chain(of or plan(), given(*words))
    return [
        f"{each.planned.step}{'@' + each.planned.market if each.planned.market else ''} {each.stand}"
        for each in links
    ]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("commercial", ["cdmo", "sponsor", "qp_certification@EU"]),
        ("clinical", ["cdmo", "sponsor", "qp_certification", "green_light"]),
        ("cell_therapy", ["cdmo", "sponsor", "qp_certification"]),
    ],
)
def test_each_template_names_the_steps_and_their_clause(name, steps):
    found = plan(name)
    assert [f"{each.step}{'@' + each.market if each.market else ''}" for each in found] == steps
    assert {each.clause for each in found} == {"8.4"}


def test_a_lot_out_of_specification_goes_another_way_in_which_nobody_releases():
    found = plan("cell_therapy", out_of_specification=True)
    assert [str(each.step) for each in found] == [
        "physician_request",
        "risk_evaluation",
        "physician_acceptance",
        "supply",
    ]
    says = {decision for each in chain(found, []) for decision in each.may_say}
    assert says == {Decision.RECORDED, Decision.REJECTED}
    # Without a clause the same people sign.
    assert [each.by for each in plan("commercial", out_of_specification=True)] == [each.by for each in found]


def test_an_agreement_without_such_a_clause_is_read_by_who_approves():
    document = template("commercial")
    without = document.with_clauses([each for each in document.clauses if each.code != "8.4"])
    found = plan_of(Terms(None, without), out_of_specification=False)
    assert [(each.step, each.by, each.clause) for each in found] == [
        ("cdmo", ("manufacturer.quality_head",), "4.1"),
        ("sponsor", ("sponsor.quality_head",), "4.1"),
    ]


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        ((), ["cdmo open", "sponsor waits", "qp_certification@EU waits"], None),
        (("cdmo=released",), ["cdmo done", "sponsor open", "qp_certification@EU waits"], None),
        (("cdmo=reprocess",), ["cdmo done", "sponsor waits", "qp_certification@EU waits"], "reprocess"),
        (("cdmo=rejected",), ["cdmo done", "sponsor open", "qp_certification@EU off"], "rejected"),
        (
            ("cdmo=released", "sponsor=released"),
            ["cdmo done", "sponsor done", "qp_certification@EU open"],
            "restricted",
        ),
        (
            ("cdmo=released", "sponsor=restricted:US"),
            ["cdmo done", "sponsor done", "qp_certification@EU off"],
            "restricted",
        ),
        (
            ("cdmo=released", "sponsor=conditional"),
            ["cdmo done", "sponsor done", "qp_certification@EU waits"],
            "conditional",
        ),
        (
            ("cdmo=released", "sponsor=released", "qp_certification@EU=certified"),
            ["cdmo done", "sponsor done", "qp_certification@EU done"],
            "released",
        ),
        (
            ("cdmo=released", "sponsor=released", "qp_certification@EU=rejected"),
            ["cdmo done", "sponsor done", "qp_certification@EU done"],
            "restricted",
        ),
        (
            ("cdmo=rejected", "sponsor=rejected"),
            ["cdmo done", "sponsor done", "qp_certification@EU off"],
            "rejected",
        ),
    ],
)
def test_each_step_waits_for_those_before_it(words, expected, said):
    assert stands(*words) == expected
    assert outcome(chain(plan(), given(*words))) == said


def test_after_the_manufacturers_rejection_the_sponsor_can_only_reject():
    links = chain(plan(), given("cdmo=rejected"))
    assert [(each.planned.step, each.may_say) for each in open_steps(links)] == [
        (ReleaseStepCode.SPONSOR, (Decision.REJECTED,))
    ]
    assert open_steps(chain(plan(), given("cdmo=rejected", "sponsor=rejected"))) == []


def test_what_is_not_final_may_be_decided_again_until_the_chain_has_gone_on():
    conditional = chain(plan(), given("cdmo=released", "sponsor=conditional"))
    assert [each.planned.step for each in open_steps(conditional)] == ["sponsor"]
    assert next_step(conditional).planned.step == "sponsor"
    both = plan("clinical")
    restricted = chain(both, given("cdmo=released", "sponsor=restricted:US", "qp_certification=certified"))
    assert [each.planned.step for each in open_steps(restricted)] == ["green_light"]


def test_one_market_does_not_wait_for_another():
    of = [
        Planned(ReleaseStepCode.CDMO, "", ("manufacturer.qa",)),
        Planned(ReleaseStepCode.QP_CERTIFICATION, "EU", ("sponsor.qp",)),
        Planned(ReleaseStepCode.QP_CERTIFICATION, "UK", ("sponsor.qp",)),
        Planned(ReleaseStepCode.GREEN_LIGHT, "UK", ("sponsor.regulatory",)),
    ]
    assert stands("cdmo=released", "qp_certification@UK=certified", of=of) == [
        "cdmo done",
        "qp_certification@EU open",
        "qp_certification@UK done",
        "green_light@UK open",
    ]
