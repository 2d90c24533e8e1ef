import pytest

from deviations.models import Deviation
from deviations.queries import notice_preview
from deviations.queries.preview import LEAVING
from portal.action import reading
from tests.factories import batches as plant
from tests.factories import deviations as make

# What every record has, what ends one (a notice leaves before), the reporter's account (the code is told),
# and what the clause makes of the class.
UNTOLD = {"id", "space", "audience", "version", "ended_at", "end_text", "reporter", "needs_notice"}
# A report is submitted after the notice, and a class takes a proposed dismissal back.
UNTOLD |= {"submitted_at", "approved_at", "review", "dismissal", "dismissed_code", "class_standing"}


def test_every_column_of_the_record_is_told_to_whoever_releases_it():
    assert set(LEAVING) | UNTOLD == {each.name for each in Deviation._meta.fields}
    assert not set(LEAVING) & UNTOLD


def test_an_empty_field_is_listed_as_empty(triaged, cdmo_qa):
    with reading(cdmo_qa):
        preview = notice_preview(cdmo_qa, triaged.pk)
    assert [each.field for each in preview.leaves] == [*LEAVING, "deadlines"]
    empty = [each.field for each in preview.leaves if each.value is None]
    assert empty == [
        "immediate_action",
        "batch",
        "phase",
        "excursion",
        "late_reason",
        "entered_at",
        "asset",
        "investigated_at",
        "summarised_at",
        "lead_code",
        "scoped_at",
        "impact_concluded_at",
        "triggers",
        "external_id",
        "external_status",
        "external_as_of",
        "external_opened_at",
        "external_told_at",
        "external_closed_at",
    ]


def test_the_batch_is_told_by_its_number(database, cdmo_operator, cdmo_qa):
    batch = plant.batch(number="B-2417")
    found = make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk))
    with reading(cdmo_qa):
        preview = notice_preview(cdmo_qa, found.pk)
    assert {each.field: each.value for each in preview.leaves}["batch"] == "B-2417"


def test_an_internal_excursion_is_named_as_staying(cdmo_operator, cdmo_qa, api, signed_in, database):
    from datetime import timedelta

    from batches.models import Excursion
    from tests.deviations.conftest import only

    batch = plant.batch(number="B-1")
    rows = plant.course([95.0] * 5, code="LOAD", start=plant.now() - timedelta(minutes=5))
    url = f"/api/v1/batches/{batch.pk}/readings/"
    api("gateway").post(url, plant.frame(*rows), content_type="application/json")
    excursion = only(cdmo_operator, Excursion)
    assert excursion.audience == "manufacturer"
    found = make.triage(cdmo_qa, make.report(cdmo_operator, excursion_id=excursion.pk))
    with reading(cdmo_qa):
        preview = notice_preview(cdmo_qa, found.pk)
    assert {each.field: each.value for each in preview.leaves}["excursion"] is None
    assert preview.withheld[0] == "The excursion it refers to, which is CDMO internal"
    make.release(cdmo_qa, found)
    shown = signed_in("sponsor_qa").get(f"/api/v1/deviations/{found.pk}/").json()
    assert (shown["excursion"], shown["batch"]["number"]) == (None, "B-1")


@pytest.mark.parametrize("classification", ["minor", "major", "critical"])
def test_the_clause_follows_the_class(reported, cdmo_qa, classification):
    found = make.triage(cdmo_qa, reported, classification)
    with reading(cdmo_qa):
        preview = notice_preview(cdmo_qa, found.pk)
    assert preview.clause == {"minor": "5.3", "major": "5.2", "critical": "5.1"}[classification]
