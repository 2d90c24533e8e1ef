import pytest

from deviations.access import class_of
from deviations.actions.assess import assess_impact
from deviations.models import Judgement
from portal.action import reading
from portal.errors import Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import Clock
from tests.factories import batches as make
from tests.factories import deviations

WHY = "No registered detail is touched; one more stability time point."


@pytest.fixture
def told(database, cdmo_qa):
    found = deviations.triage(cdmo_qa, deviations.report(cdmo_qa), "major")
    return deviations.release(cdmo_qa, found)


def assess(actor, deviation, **changed):
    given = {"classification": "minor", "rationale": WHY, "version": deviation.version}
    return assess_impact(actor, deviation.pk, **(given | changed))


def clock(actor, deviation):
    with reading(actor):
        rows = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind="product_impact")
        return [(each.state, each.clause, each.side, each.audience) for each in rows]


def test_its_clock_runs_from_the_notice_and_is_met_by_the_word_of_the_sponsor(told, sponsor_qa, cdmo_qa):
    assert clock(cdmo_qa, told) == [("running", "5.5", "sponsor", "shared")]
    after = assess(sponsor_qa, told)
    assert after.version == told.version + 1
    assert clock(cdmo_qa, told) == [("met", "5.5", "sponsor", "shared")]
    assert make.facts(told)[-1] == ("deviation.impact_assessed", {"impact": "minor", "clause": "5.5"})


def test_it_is_no_class_of_the_deviation(told, sponsor_qa, cdmo_qa):
    after = assess(sponsor_qa, told, classification="critical")
    with reading(cdmo_qa):
        assert class_of(cdmo_qa, after) == "major"
        given = Judgement.objects.visible_to(cdmo_qa).get(deviation=told.pk, kind="impact")
    assert (given.classification, given.side, given.audience) == ("critical", "sponsor", "shared")


def test_the_cdmo_never_gives_it_nor_does_a_viewer_or_the_rival(
    told, cdmo_qa, sponsor_viewer, rival_sponsor_qa
):
    for stranger in (cdmo_qa, sponsor_viewer):
        with pytest.raises(Refused):
            assess(stranger, told)
    with pytest.raises(NotFound):
        assess(rival_sponsor_qa, told)


def test_the_clause_says_who_of_the_sponsor_gives_it(told, sponsor_quality_head):
    with pytest.raises(Refused):
        assess(sponsor_quality_head, told)


def test_before_the_notice_there_is_nothing_to_assess(database, cdmo_qa, sponsor_qa):
    hidden = deviations.triage(cdmo_qa, deviations.report(cdmo_qa), "major")
    with pytest.raises(NotFound):
        assess(sponsor_qa, hidden)
    assert clock(cdmo_qa, hidden) == []


def test_a_minor_one_has_no_clock_by_this_clause(database, cdmo_qa):
    found = deviations.triage(cdmo_qa, deviations.report(cdmo_qa), "minor")
    assert clock(cdmo_qa, deviations.release(cdmo_qa, found)) == []


def test_words_and_version_are_asked_for(told, sponsor_qa):
    with pytest.raises(Invalid):
        assess(sponsor_qa, told, rationale="Too short.")
    with pytest.raises(StaleVersion):
        assess(sponsor_qa, told, version=told.version - 1)


def test_a_cancelled_one_is_not_assessed_and_its_clock_is_withdrawn(told, cdmo_qa, sponsor_qa):
    from deviations.actions.investigate import cancel_deviation

    after = cancel_deviation(cdmo_qa, told.pk, reason="Logged for the wrong batch.", version=told.version)
    assert clock(cdmo_qa, told)[0][0] == "withdrawn"
    with pytest.raises(InvalidTransition):
        assess(sponsor_qa, after)
