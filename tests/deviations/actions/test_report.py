import json
from datetime import UTC, datetime, timedelta

import pytest

from deviations.models import Deviation, Judgement, Numbering
from portal.errors import Conflict, Invalid, NotFound, Refused
from tests.conftest import entries_of
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make


def test_a_report_is_a_row_inside_the_cdmo_with_its_facts_as_stated(database, cdmo_operator):
    at = make.now()
    made = make.report(
        cdmo_operator,
        occurred_at=at - timedelta(hours=3),
        detected_at=at - timedelta(hours=2),
        aware_at=at - timedelta(hours=1),
        immediate_action="Line isolated by hand.",
    )
    row = only(cdmo_operator, Deviation)
    assert row.pk == made.pk
    assert row.number == f"DEV-{row.recorded_at.year}-0001"
    assert (row.audience, row.state, row.version) == ("manufacturer", "reported", 1)
    assert (row.title, row.description) == (make.TITLE, make.WORDS)
    assert row.immediate_action == "Line isolated by hand."
    assert (row.occurred_at, row.detected_at) == (at - timedelta(hours=3), at - timedelta(hours=2))
    assert row.aware_at == at - timedelta(hours=1)
    assert at <= row.recorded_at < at + timedelta(seconds=30)
    assert (row.reporter_id, row.reporter_code) == (cdmo_operator.person_id, "Operator 31")


def test_a_report_is_one_entry_on_the_cdmos_chain_and_none_on_the_shared_one(database, cdmo_operator):
    shared, internal = entries_of(cast.PROGRAM), entries_of(cast.PROGRAM, "manufacturer")
    made = make.report(cdmo_operator)
    assert entries_of(cast.PROGRAM) == shared
    (entry,) = entries_of(cast.PROGRAM, "manufacturer")[len(internal) :]
    _, kind, summary, is_news = entry
    assert (kind, is_news) == ("deviation.reported", True)
    summary = json.loads(summary)
    assert summary["subject"] == {
        "type": "deviation",
        "id": str(made.pk),
        "number": made.number,
        "version": 1,
    }
    assert summary["classification"] is None


def test_a_report_records_exactly_its_times_and_references(reported):
    assert facts() == [
        (
            "deviation.reported",
            {
                "batch_id": None,
                "phase_id": None,
                "excursion_id": None,
                "occurred_at": reported.occurred_at.isoformat(),
                "detected_at": reported.detected_at.isoformat(),
                "aware_at": reported.detected_at.isoformat(),
                "recorded_at": reported.recorded_at.isoformat(),
                "is_late": False,
            },
        )
    ]


def test_a_suggested_class_is_a_row_of_its_own_and_changes_nothing_else(database, cdmo_operator):
    made = make.report(cdmo_operator, suggested_class="critical")
    row = only(cdmo_operator, Judgement)
    assert (row.deviation_id, row.kind, row.classification) == (made.pk, "suggested", "critical")
    assert (row.audience, row.code) == ("manufacturer", "Operator 31")
    assert only(cdmo_operator, Deviation).state == "reported"
    assert [name for name, _ in facts()] == ["deviation.reported"]


def test_numbers_run_per_program_and_site_year(database, clock, cdmo_operator, cdmo_qa):
    first, second = make.report(cdmo_operator), make.report(cdmo_qa)
    other = make.report(cdmo_qa, cast.RIVAL_PROGRAM)
    year = first.recorded_at.year
    assert [first.number, second.number] == [f"DEV-{year}-0001", f"DEV-{year}-0002"]
    assert other.number == f"DEV-{year}-0001"
    clock.move(timedelta(days=366))
    assert make.report(cdmo_operator).number == f"DEV-{year + 1}-0001"


def test_the_year_of_a_number_is_the_sites(database, clock, cdmo_operator):
    # 23:30 UTC on New Year's Eve is half past midnight in Malmö.
    eve = datetime(make.now().year, 12, 31, 23, 30, tzinfo=UTC)
    clock.move(eve - make.now())
    assert make.report(cdmo_operator).number == f"DEV-{eve.year + 1}-0001"


def test_the_sponsor_cannot_count_the_numbers_that_were_drawn(reported, sponsor_qa, cdmo_qa):
    assert seen_by(sponsor_qa, Numbering) == []
    assert only(cdmo_qa, Numbering).last == 1


@pytest.mark.parametrize(
    "key", ["cdmo_operator", "cdmo_shift_lead", "cdmo_qa", "cdmo_quality_head", "cdmo_system"]
)
def test_the_cdmos_people_may_log(database, request, key):
    assert make.report(request.getfixturevalue(key)).state == "reported"


@pytest.mark.parametrize(
    "key", ["sponsor_qa", "sponsor_viewer", "sponsor_quality_head", "inspector", "gateway"]
)
def test_others_in_the_program_are_refused(database, request, key):
    with pytest.raises(Refused):
        make.report(request.getfixturevalue(key))


@pytest.mark.parametrize("key", ["rival_sponsor_qa", "rival_system", "cdmo_admin"])
def test_who_is_not_in_the_program_finds_nothing(database, request, key):
    with pytest.raises(NotFound):
        make.report(request.getfixturevalue(key))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("title", "ab"),
        ("title", "  a  "),
        ("title", "x" * 201),
        ("title", "nul \x00 inside"),
        ("description", "too short"),
        ("description", "x" * 20_001),
        ("immediate_action", "x" * 20_001),
        ("late_reason", "x" * 4_001),
        ("external_id", "x" * 121),
    ],
)
def test_words_of_the_wrong_length_are_refused_by_field(database, cdmo_operator, field, words):
    with pytest.raises(Invalid) as refused:
        make.report(cdmo_operator, **{field: words})
    assert list(refused.value.errors) == [field]
    assert seen_by(cdmo_operator, Deviation) == []


def test_words_are_kept_verbatim(database, cdmo_operator):
    title = "<script>alert('x')</script> & \"quotes\""
    text = "  naïve \u202e 漢字 🧪 \n\n" + "x" * 19_900
    made = make.report(cdmo_operator, title=title, description=text)
    row = only(cdmo_operator, Deviation, pk=made.pk)
    assert (row.title, row.description) == (title, text)


def hours_ago(hours):
    return make.now() - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"occurred_at": 1, "detected_at": 2}, "detected_at"),
        ({"occurred_at": 2, "detected_at": 1, "aware_at": 1.5}, "aware_at"),
        ({"occurred_at": 2, "detected_at": -0.1}, "detected_at"),
        ({"occurred_at": 2, "detected_at": 1, "aware_at": -0.1}, "aware_at"),
        ({"occurred_at": 24 * 365 * 40, "detected_at": 1}, "occurred_at"),
    ],
)
def test_times_that_cannot_be_are_refused_by_field(database, cdmo_operator, times, field):
    with pytest.raises(Invalid) as refused:
        make.report(cdmo_operator, **{name: hours_ago(hours) for name, hours in times.items()})
    assert list(refused.value.errors) == [field]


def test_a_clock_that_runs_four_minutes_ahead_is_accepted(database, cdmo_operator):
    made = make.report(cdmo_operator, detected_at=make.now() + timedelta(minutes=4))
    assert made.detected_at > made.recorded_at


def test_a_late_entry_needs_a_reason(database, cdmo_operator):
    late = {"occurred_at": hours_ago(30), "detected_at": hours_ago(25)}
    with pytest.raises(Invalid) as refused:
        make.report(cdmo_operator, **late)
    assert list(refused.value.errors) == ["late_reason"]
    made = make.report(cdmo_operator, late_reason="Found at the record's review.", **late)
    assert made.late_reason == "Found at the record's review."
    assert facts()[0][1]["is_late"] is True


def test_awareness_counts_for_lateness_not_occurrence(database, cdmo_operator):
    made = make.report(
        cdmo_operator, occurred_at=hours_ago(72), detected_at=hours_ago(71), aware_at=hours_ago(1)
    )
    assert made.late_reason == ""


@pytest.mark.parametrize("field", ["batch_id", "excursion_id"])
def test_a_reference_that_is_not_there_is_not_found_by_field(database, cdmo_operator, field):
    with pytest.raises(NotFound) as refused:
        make.report(cdmo_operator, **{field: make.unknown_id()})
    assert list(refused.value.errors) == [field.removesuffix("_id")]


def test_an_external_record_is_logged_once(database, cdmo_qa):
    made = make.report(cdmo_qa, external_id="DV-26-0457", external_status="open")
    assert (made.external_id, made.external_status) == ("DV-26-0457", "open")
    assert made.external_as_of == made.recorded_at
    with pytest.raises(Conflict):
        make.report(cdmo_qa, external_id="DV-26-0457")
