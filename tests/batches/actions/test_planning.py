from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from batches.actions.planning import mirror_batch, plan_batch
from batches.errors import NothingToMatch
from batches.models import Batch, PhaseRun
from portal.action import reading
from portal.errors import Conflict, Invalid, NotFound, Refused, StaleVersion
from portal.models import ProgramSite
from tests.factories import batches as make
from tests.factories import cast


@pytest.fixture
def recipe(database):
    return make.recipe()


def plan(actor, recipe, program=cast.PROGRAM, **changed):
    given = {"recipe_version_id": recipe.pk, "number": "B-7", "planned_start": make.now() + timedelta(days=2)}
    return plan_batch(actor, program, **(given | changed))


def runs(actor, batch):
    with reading(actor):
        rows = PhaseRun.objects.filter(batch=batch).select_related("phase").order_by("started_at")
        return [(row.phase.code, row.started_at, row.ended_at) for row in rows]


def test_a_planned_batch_stands_in_the_record(recipe, cdmo_shift_lead):
    batch = plan(cdmo_shift_lead, recipe)
    assert (batch.state, batch.version, batch.phase, batch.started_at) == ("planned", 1, None, None)
    assert batch.title == "AV-101 drug substance"
    assert [name for name, _ in make.facts(batch)] == ["batch.planned"]
    assert runs(cdmo_shift_lead, batch) == []


def test_a_batch_that_runs_already_is_in_its_first_phase(recipe, cdmo_qa):
    since = make.now() - timedelta(days=3)
    batch = plan(cdmo_qa, recipe, started_at=since)
    assert (batch.state, batch.version, batch.started_at, batch.phase.code) == (
        "in_process",
        1,
        since,
        "growth",
    )
    assert runs(cdmo_qa, batch) == [("growth", since, None)]
    assert [name for name, _ in make.facts(batch)] == ["batch.planned", "batch.started"]


def test_the_phases_it_went_through_may_be_told(recipe, cdmo_qa):
    since = make.now() - timedelta(days=3)
    later = since + timedelta(days=2)
    batch = plan(cdmo_qa, recipe, phases=[("growth", since), ("production", later)])
    assert (batch.started_at, batch.phase.code, batch.version) == (since, "production", 1)
    assert runs(cdmo_qa, batch) == [("growth", since, later), ("production", later, None)]


@pytest.mark.parametrize(
    "phases",
    [
        [("growth", timedelta(days=-3)), ("production", timedelta(days=-4))],
        [("growth", timedelta(days=-2))],
        [("drying", timedelta(days=-3))],
        [("growth", timedelta(days=-3)), ("production", timedelta(days=1))],
    ],
)
def test_phases_out_of_order_unknown_or_to_come_are_refused(recipe, cdmo_qa, phases):
    now = make.now()
    history = [(code, now + away) for code, away in phases]
    with pytest.raises(Invalid):
        plan(cdmo_qa, recipe, started_at=now + timedelta(days=-3), phases=history)


def test_a_start_to_come_is_no_start(recipe, cdmo_qa):
    with pytest.raises(Invalid, match="future"):
        plan(cdmo_qa, recipe, started_at=make.now() + timedelta(minutes=6))


def test_the_clock_of_the_plant_may_run_some_minutes_ahead_of_ours(recipe, cdmo_qa):
    soon = make.now() + timedelta(minutes=4)
    assert plan(cdmo_qa, recipe, started_at=soon).started_at == soon


@pytest.mark.parametrize("field", ["planned_start", "started_at", "phases"])
@pytest.mark.parametrize("year", [1, 1999, 2050, 9999])
def test_a_time_out_of_all_reach_is_refused_by_its_field_and_enters_no_batch(recipe, cdmo_qa, field, year):
    at = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        plan(cdmo_qa, recipe, **{field: [("growth", at)] if field == "phases" else at})
    assert list(refused.value.errors) == [{"phases": "started_at"}.get(field, field)]
    with reading(cdmo_qa):
        assert Batch.objects.count() == 0


def test_a_plan_reaches_twenty_years_ahead(recipe, cdmo_qa):
    far = make.now() + timedelta(days=20 * 365)
    assert plan(cdmo_qa, recipe, planned_start=far).planned_start == far
    with pytest.raises(Invalid, match="20 years"):
        plan(cdmo_qa, recipe, number="B-8", planned_start=far + timedelta(days=6))


def test_a_number_and_an_external_id_are_given_once_in_a_program(recipe, cdmo_qa):
    plan(cdmo_qa, recipe, external_id="MES-1")
    with pytest.raises(Conflict, match="B-7 already"):
        plan(cdmo_qa, recipe)
    with pytest.raises(Conflict, match="external id"):
        plan(cdmo_qa, recipe, number="B-8", external_id="MES-1")
    other = make.recipe(cast.SECOND_PROGRAM)
    assert plan(cdmo_qa, other, cast.SECOND_PROGRAM, external_id="MES-1").number == "B-7"


def test_only_a_recipe_in_force_of_the_program_is_taken(recipe, cdmo_qa):
    foreign = make.recipe(cast.RIVAL_PROGRAM, number="MBR-2")
    for version_id in (foreign.pk, uuid4()):
        with pytest.raises(Invalid, match="no such recipe version"):
            plan(cdmo_qa, recipe, recipe_version_id=version_id)
    make.recipe()
    with pytest.raises(Invalid, match="no such recipe version"):
        plan(cdmo_qa, recipe)


def test_a_site_belongs_to_the_program(recipe, cdmo_qa):
    with reading(cdmo_qa):
        site = ProgramSite.objects.get(space_id=cast.PROGRAM)
        foreign = ProgramSite.objects.get(space_id=cast.RIVAL_PROGRAM)
    assert plan(cdmo_qa, recipe, site_id=site.pk).site == site
    with pytest.raises(Invalid, match="no such site"):
        plan(cdmo_qa, recipe, number="B-8", site_id=foreign.pk)


@pytest.mark.parametrize("role", ["cdmo_operator", "gateway", "sponsor_qa", "sponsor_viewer", "inspector"])
def test_other_roles_neither_plan_nor_mirror(recipe, request, role):
    actor = request.getfixturevalue(role)
    with pytest.raises(Refused, match="plan batches"):
        plan(actor, recipe)
    with pytest.raises(Refused, match="mirror batches"):
        mirror_batch(actor, cast.PROGRAM, external_id="X")


def test_a_rival_finds_no_such_program(recipe, rival_sponsor_qa):
    with pytest.raises(NotFound):
        plan(rival_sponsor_qa, recipe)
    with pytest.raises(NotFound):
        mirror_batch(rival_sponsor_qa, cast.PROGRAM, external_id="X")


class TestMirror:
    def test_an_unknown_batch_is_entered(self, recipe, cdmo_system):
        as_of = make.now() - timedelta(minutes=3)
        batch = mirror_batch(
            cdmo_system,
            cast.PROGRAM,
            external_id="MES-4",
            external_status="Released to production",
            as_of=as_of,
            recipe_version_id=recipe.pk,
            number="B-4",
            planned_start=as_of,
        )
        assert (batch.version, batch.state, batch.external_status) == (1, "planned", "Released to production")
        assert make.facts(batch)[1:] == [("batch.mirrored", {"as_of": as_of.isoformat()})]

    def test_a_known_batch_gets_the_copy_and_keeps_the_rest(self, recipe, cdmo_system):
        batch = plan(cdmo_system, recipe, external_id="MES-1")
        again = mirror_batch(
            cdmo_system, cast.PROGRAM, external_id="MES-1", external_status="Running", number="other"
        )
        assert (again.pk, again.version, again.number) == (batch.pk, 2, "B-7")
        assert (again.external_status, again.state) == ("Running", "planned")

    def test_an_older_copy_never_replaces_a_newer_one(self, recipe, cdmo_system):
        plan(cdmo_system, recipe, external_id="MES-1")
        now = make.now()
        mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", external_status="New", as_of=now)
        with pytest.raises(Conflict, match="older") as refused:
            mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", as_of=now - timedelta(seconds=1))
        assert refused.value.problem_code == "older_copy"

    def test_a_copy_that_does_not_say_when_is_the_newest_even_beside_a_clock_ahead(self, recipe, cdmo_system):
        plan(cdmo_system, recipe, external_id="MES-1")
        ahead = make.now() + timedelta(minutes=4)
        mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", external_status="A", as_of=ahead)
        again = mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", external_status="B")
        assert (again.external_status, again.external_as_of) == ("B", ahead)

    def test_a_status_that_is_not_said_stays_and_an_empty_one_is_taken(self, recipe, cdmo_system):
        plan(cdmo_system, recipe, external_id="MES-1")
        told = [
            mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", external_status=status)
            for status in ("Running", None, "")
        ]
        assert [batch.external_status for batch in told] == ["Running", "Running", ""]
        assert [batch.version for batch in told] == [2, 3, 4]

    def test_a_version_of_a_batch_that_is_not_here_enters_none(self, recipe, cdmo_system):
        with pytest.raises(NothingToMatch):
            mirror_batch(
                cdmo_system,
                cast.PROGRAM,
                external_id="MES-9",
                version=77,
                recipe_version_id=recipe.pk,
                number="B-9",
                planned_start=make.now(),
            )
        with reading(cdmo_system):
            assert Batch.objects.count() == 0

    @pytest.mark.parametrize("year", [1, 1999, 9999])
    def test_a_copy_of_another_age_is_refused(self, recipe, cdmo_system, year):
        batch = plan(cdmo_system, recipe, external_id="MES-1")
        at = datetime(year, 12, 31, tzinfo=UTC)
        with pytest.raises(Invalid) as refused:
            mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", as_of=at)
        assert list(refused.value.errors) == ["as_of"]
        assert make.fresh(cdmo_system, batch).external_as_of is None

    def test_what_is_needed_to_enter_a_batch_is_named(self, recipe, cdmo_system):
        with pytest.raises(Invalid) as refused:
            mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-9", number="B-9")
        assert set(refused.value.errors) == {"recipe_version", "planned_start"}
        with reading(cdmo_system):
            assert Batch.objects.count() == 0

    def test_copies_of_the_future_of_nothing_and_of_a_stale_version_are_refused(self, recipe, cdmo_system):
        plan(cdmo_system, recipe, external_id="MES-1")
        with pytest.raises(Invalid, match="future"):
            mirror_batch(
                cdmo_system, cast.PROGRAM, external_id="MES-1", as_of=make.now() + timedelta(hours=1)
            )
        with pytest.raises(Invalid, match="which batch"):
            mirror_batch(cdmo_system, cast.PROGRAM, external_id="")
        with pytest.raises(StaleVersion):
            mirror_batch(cdmo_system, cast.PROGRAM, external_id="MES-1", version=4)
