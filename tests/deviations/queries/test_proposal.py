from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from batches.models import Excursion
from batches.specs import StepSpec
from deviations.models import Deviation
from deviations.queries import propose_from_excursion
from deviations.queries.board import facts_of_batches
from deviations.queries.sources import evidence_from
from portal.action import reading
from portal.errors import NotFound, Refused
from tests.deviations.conftest import only, seen_by
from tests.factories import batches as plant
from tests.factories import deviations as make

SITE = ZoneInfo("Europe/Stockholm")
# Minutes from which the vessel has a temperature: story A, its minute 0 at 04:40.
COURSE = [
    (0, 34.2),
    (10, 34.6),
    (34, 34.9),
    (50, 35.2),
    (70, 35.3),
    (71, 35.2),
    (92, 34.9),
    (104, 34.6),
    (122, 34.2),
]
MINUTES = 125


def value_at(minute):
    return [value for since, value in COURSE if since <= minute][-1]


@pytest.fixture
def story(database, cdmo_operator, api):
    """The batch of story A on culture day 9 after its valve stuck; returns batch and start."""
    limits = (
        plant.limit("nor", 33.5, 34.5, delay_s=600),
        plant.limit("action", 33.2, 34.8),
        plant.limit("par", 33.0, 35.0),
    )
    step = StepSpec("production", "Production bioreactor (N)", planned_s=14 * 86_400)
    recipe = plant.recipe(steps=[step], measured=[plant.temperature(*limits)])
    batch = plant.batch(number="B-2417", of=recipe, running=timedelta(days=9, hours=6))
    start = (plant.now() - timedelta(hours=4)).replace(second=0, microsecond=0)
    if start.astimezone(SITE).date() != (start + timedelta(minutes=MINUTES)).astimezone(SITE).date():
        # Of two days the words name both.
        start -= timedelta(minutes=MINUTES)
    values = [value_at(place / 6) for place in range(MINUTES * 6)]
    body = plant.frame(*plant.course(values, start=start))
    answer = api("gateway").post(
        f"/api/v1/batches/{batch.pk}/readings/", body, content_type="application/json"
    )
    assert answer.json()["accepted"] == len(values)
    return batch, start


def excursion(actor, kind):
    return only(actor, Excursion, limit_kind=kind)


def test_an_excursion_fills_a_deviation_with_times_limit_extreme_and_duration(story, cdmo_operator):
    _, start = story
    found = excursion(cdmo_operator, "par")
    with reading(cdmo_operator):
        proposal = propose_from_excursion(cdmo_operator, found.pk)
    local = start.astimezone(SITE)

    def at(minute):
        return local + timedelta(minutes=minute)

    assert proposal.title == "B-2417: temperature outside PAR for 42 min"
    assert proposal.description == (
        "During Production bioreactor (N), day 9, of B-2417 the temperature exceeded the PAR of 33.0-35.0 °C"
        f" for 42 min ({at(50):%-d %b %Y %H:%M} to {at(92):%H:%M %Z}, maximum 35.3 °C)."
        f" The NOR of 33.5-34.5 °C was left for 112 min ({at(10):%-d %b %Y %H:%M} to {at(122):%H:%M %Z})."
        f" The action limit of 33.2-34.8 °C was left for 70 min"
        f" ({at(34):%-d %b %Y %H:%M} to {at(104):%H:%M %Z})."
    )
    assert proposal.occurred_at == start + timedelta(minutes=10)
    assert proposal.occurred_at <= proposal.detected_at <= make.now()


def test_what_is_proposed_can_be_logged_as_it_is(story, cdmo_operator):
    batch, _ = story
    found = excursion(cdmo_operator, "par")
    with reading(cdmo_operator):
        proposal = propose_from_excursion(cdmo_operator, found.pk)
    made = make.report(
        cdmo_operator,
        title=proposal.title,
        description=proposal.description,
        occurred_at=proposal.occurred_at,
        detected_at=proposal.detected_at,
        phase_id=proposal.phase_id,
        excursion_id=proposal.excursion_id,
    )
    row = only(cdmo_operator, Deviation)
    assert (row.pk, row.batch_id, row.excursion_id) == (made.pk, batch.pk, found.pk)
    assert row.phase_id == proposal.phase_id


def test_the_address_answers_by_the_names_a_report_takes(story, signed_in, cdmo_operator):
    found = excursion(cdmo_operator, "par")
    url = f"/api/v1/deviations/proposal/?excursion={found.pk}"
    shown = signed_in("cdmo_operator").get(url).json()
    assert sorted(shown) == [
        "batch",
        "description",
        "detected_at",
        "excursion",
        "occurred_at",
        "phase",
        "program",
        "title",
    ]
    assert signed_in("rival_sponsor_qa").get(url).status_code == 404
    assert signed_in("cdmo_operator").get("/api/v1/deviations/proposal/").status_code == 400


def test_an_open_excursion_says_so_far(database, cdmo_operator, api):
    batch = plant.batch(
        number="B-2418", of=plant.recipe(measured=[plant.temperature(plant.limit("par", 35.5, 37.5))])
    )
    start = (plant.now() - timedelta(minutes=20)).replace(second=0, microsecond=0)
    body = plant.frame(*plant.course([34.9] * 60, start=start))
    api("gateway").post(f"/api/v1/batches/{batch.pk}/readings/", body, content_type="application/json")
    found = excursion(cdmo_operator, "par")
    with reading(cdmo_operator):
        proposal = propose_from_excursion(cdmo_operator, found.pk)
    since = f"{start.astimezone(SITE):%-d %b %Y %H:%M %Z}"
    assert "fell below the PAR of 35.5-37.5 °C for" in proposal.description
    assert f"so far (since {since}, minimum 34.9 °C)" in proposal.description


def test_only_who_may_log_is_proposed_to(story, sponsor_qa, rival_sponsor_qa, cdmo_operator):
    found = excursion(cdmo_operator, "par")
    with pytest.raises(Refused), reading(sponsor_qa):
        propose_from_excursion(sponsor_qa, found.pk)
    with pytest.raises(NotFound), reading(rival_sponsor_qa):
        propose_from_excursion(rival_sponsor_qa, found.pk)


def test_an_excursion_of_another_batch_or_program_is_not_taken(story, cdmo_operator, cdmo_qa):
    from tests.factories import cast

    batch, _ = story
    other = plant.batch(number="B-9")
    found = excursion(cdmo_operator, "par")
    with pytest.raises(NotFound) as refused:
        make.report(cdmo_operator, excursion_id=found.pk, batch_id=other.pk)
    assert list(refused.value.errors) == ["excursion"]
    for field, row in (("excursion_id", found), ("batch_id", batch)):
        with pytest.raises(NotFound):
            make.report(cdmo_qa, cast.RIVAL_PROGRAM, **{field: row.pk})
    assert seen_by(cdmo_qa, Deviation) == []


def test_a_phase_is_one_of_the_batchs_own_recipe(story, cdmo_operator):
    from batches.models import ProcedureStep

    batch, _ = story
    other = plant.batch(number="B-9")
    strange = seen_by(cdmo_operator, ProcedureStep, recipe_version_id=other.recipe_version_id)[0]
    for given in ({"phase_id": strange.pk, "batch_id": batch.pk}, {"phase_id": strange.pk}):
        with pytest.raises(NotFound) as refused:
            make.report(cdmo_operator, **given)
        assert list(refused.value.errors) == ["phase"]


def test_a_tile_counts_open_deviations_by_the_class_its_reader_may_see(
    story, cdmo_operator, cdmo_qa, sponsor_qa
):
    batch, _ = story
    made = [make.report(cdmo_operator, batch_id=batch.pk) for _ in range(4)]
    make.triage(cdmo_qa, made[0], "minor")
    major = make.triage(cdmo_qa, made[1], "major")
    make.cancel(cdmo_qa, made[2])

    def counts(actor):
        with reading(actor):
            found = facts_of_batches(actor, [batch.pk]).get(batch.pk)
        return found and (found.open_minor, found.open_major, found.open_critical, found.unclassified)

    assert counts(cdmo_qa) == (1, 1, 0, 1)
    assert counts(sponsor_qa) is None
    make.release(cdmo_qa, major)
    assert counts(sponsor_qa) == (0, 1, 0, 0)


def test_a_tile_shows_the_deadline_that_comes_first(story, cdmo_operator, cdmo_qa):
    batch, _ = story
    for given in ("critical", "major"):
        make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk), given)
    with reading(cdmo_qa):
        found = facts_of_batches(cdmo_qa, [batch.pk])[batch.pk]
    assert found.next_due_clause == "5.1"


@pytest.mark.parametrize("count", [1, 3])
def test_a_board_asks_three_queries_however_many(
    story, cdmo_operator, cdmo_qa, django_assert_num_queries, count
):
    batch, _ = story
    for _ in range(count):
        make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk))
    with reading(cdmo_qa), django_assert_num_queries(3):
        facts_of_batches(cdmo_qa, [batch.pk])


def test_the_readings_around_an_excursion_are_its_evidence(story, cdmo_operator, rival_sponsor_qa):
    found = excursion(cdmo_operator, "par")
    with reading(cdmo_operator):
        evidence = evidence_from(cdmo_operator, "excursion", found.pk)
    lines = evidence.data.decode("utf-8-sig").splitlines()
    assert evidence.name == "readings-TEMP.csv"
    assert lines[0].startswith('"at","TEMP (')
    assert max(float(line.rsplit('"', 2)[1]) for line in lines[1:] if not line.endswith('""')) == 35.3
    with reading(rival_sponsor_qa), pytest.raises(NotFound):
        evidence_from(rival_sponsor_qa, "excursion", found.pk)
