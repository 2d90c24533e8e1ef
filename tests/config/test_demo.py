"""The demo as it stands after loading: what outside checks read of it, and what story A promises."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.db import connection
from django.test import override_settings

from batches.actions.readings import take_frame
from batches.models import Batch, Excursion
from config.demo import loading
from config.demo.companies import ARVO_PROGRAMS, AV101, COMPANIES, PROGRAMS, TB22
from config.demo.crew import EMAILS, Crew, setup_actor
from config.demo.judging import class_at_end
from config.demo.lots import DEMO_LOT, FINISHED, FINISHED_COPIES, FROZEN_LOT, RUNNING
from config.demo.lots.writing import clock
from config.demo.making import Making
from config.demo.past import past_incidents
from config.demo.secrets import token_of
from deviations.models import Deviation, Judgement
from portal.action import reading
from portal.api.authentication import actor_by_key
from portal.models import (
    AgreementVersion,
    Alert,
    BusinessCalendar,
    Clock,
    DecisionRequest,
    Person,
    Program,
    ProgramTerms,
    SigningTry,
)
from portal.queries.signatures import signatures_of
from portal.states import Audience
from tests import conftest, database

URL = "http://127.0.0.1:8000"
KEYS_OF_THE_CONTRACT = {"gateway", "cdmo_system", "sponsor_system", "rival_system"}
PEOPLE_OF_THE_CONTRACT = {
    "cdmo_operator",
    "cdmo_qa",
    "cdmo_quality_head",
    "sponsor_qa",
    "sponsor_viewer",
    "sponsor_quality_head",
    "rival_sponsor_qa",
    "inspector",
}


class PowerCut(Exception):
    """Stands for whatever ends a load half-way."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A database of its own with the demo but its history, loaded in two goes; the folder of demo.json."""
    name, folder = f"demo_{os.getpid()}", tmp_path_factory.mktemp("demo")
    database.clone(name)
    conftest._point_to(name)
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Making, "run", _first_batches_only(Making.run))
            with pytest.raises(PowerCut):
                loading.load(folder, URL, with_history=False)
        assert not (folder / "demo.json").exists()
        loading.load(folder, URL, with_history=False)
        yield folder
    conftest._point_to(database.OWN)
    database.drop(name)


def _first_batches_only(run):
    def cut(making, lot):
        if lot.number == DEMO_LOT.number:
            raise PowerCut
        return run(making, lot)

    return cut


@pytest.fixture
def crew(demo):
    return Crew()


@pytest.fixture
def described(demo):
    return json.loads((demo / "demo.json").read_text())


def entries():
    """How many entries all chains of the demo hold."""
    setup = setup_actor()
    with reading(setup), connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger.entry")
        return cursor.fetchone()[0]


def test_demo_json_has_the_form_of_the_contract_and_is_its_owners_alone(demo, described):
    path = demo / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(described) == ["url", "program", "rival_program", "batch", "people", "keys"]
    assert described["url"] == URL
    assert described["program"] == {"id": str(AV101.id), "code": "AV-101"}
    assert described["rival_program"] == {"id": str(TB22.id), "code": "TB-22"}
    assert described["batch"]["number"] == "B-2420"
    assert set(described["people"]) >= PEOPLE_OF_THE_CONTRACT
    assert set(described["keys"]) == KEYS_OF_THE_CONTRACT
    for person in described["people"].values():
        assert set(person) == {"email", "password", "totp_secret", "side", "roles"}
        assert len(person["password"]) >= 15
    for key in described["keys"].values():
        assert set(key) == {"token", "scopes"}
    assert described["people"]["cdmo_qa"]["side"] == "manufacturer"
    assert described["people"]["inspector"]["roles"] == ["inspector"]


def test_everybody_signs_in_with_what_demo_json_says(described):
    for login in described["people"].values():
        person = Person.objects.get(email=login["email"])
        factor = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP)
        assert person.check_password(login["password"])
        assert decrypt(factor.data["secret"]) == login["totp_secret"]


def test_each_key_opens_its_own_programs_alone(described):
    programs = {each.id for each in PROGRAMS}
    seen = {
        key: set(actor_by_key(given["token"]).seats) & programs for key, given in described["keys"].items()
    }
    ours = {each.id for each in ARVO_PROGRAMS}
    assert seen == {
        "gateway": ours,
        "cdmo_system": ours,
        "sponsor_system": ours,
        "rival_system": {TB22.id},
    }


def test_the_fault_of_story_a_is_judged_to_the_minutes_of_the_story(crew):
    actor = crew["sponsor_viewer"]
    with reading(actor):
        batch = Batch.objects.visible_to(actor).get(number="B-2417")
        rows = Excursion.objects.visible_to(actor).filter(batch=batch).select_related("parameter")
        found = {
            row.limit_kind: (row.parameter.code, row.started_at, row.ended_at, row.extreme) for row in rows
        }
    told = {"nor": ("04:50", "06:42"), "action": ("05:14", "06:24"), "par": ("05:30", "06:12")}
    assert set(found) == set(told)
    for kind, (left, back) in told.items():
        code, started_at, ended_at, extreme = found[kind]
        assert (code, extreme) == ("TEMP", 35.3)
        for at, time in ((started_at, left), (ended_at, back)):
            expected = batch.started_at + timedelta(seconds=clock(9, time))
            assert abs(at - expected) <= timedelta(seconds=10)


def test_the_deviation_of_story_a_is_told_triaged_released_and_acknowledged(crew):
    actor = crew["sponsor_qa"]
    with reading(actor):
        batch = Batch.objects.visible_to(actor).get(number="B-2417")
        deviation = Deviation.objects.visible_to(actor).get(batch=batch)
        judgement = Judgement.objects.visible_to(actor).get(deviation=deviation)
        alert = Alert.objects.visible_to(actor).get(subject_id=deviation.pk, kind="deviation.notice")
        limit = deviation.excursion.limit_kind
    start = batch.started_at
    stated = (deviation.occurred_at, deviation.detected_at, deviation.aware_at)
    assert [(at - start).total_seconds() for at in stated] == [
        clock(9, time) for time in ("04:50", "04:50", "05:14")
    ]
    assert (deviation.state, deviation.audience, limit) == ("triaged", "shared", "par")
    assert judgement.classification == "major"
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "Sponsor QA 03")
    assert "for 42 min" in deviation.description
    assert "{" not in deviation.description
    assert deviation.external_id.startswith("DV-")


def test_the_frozen_batch_stands_at_its_step_since_the_moment_of_loading(crew):
    actor = crew["sponsor_viewer"]
    with reading(actor):
        batch = Batch.objects.visible_to(actor).select_related("phase").get(number="B-2417")
    age_s = (datetime.now(UTC) - batch.started_at).total_seconds()
    assert clock(9, "15:30") <= age_s < clock(9, "15:30") + 600
    assert (batch.state, batch.phase.code) == ("in_process", "PRODUCTION")


def test_something_waits_for_each_role(crew):
    qa, viewer = crew["cdmo_qa"], crew["sponsor_viewer"]
    with reading(qa):
        rows = Deviation.objects.visible_to(qa).filter(space_id=AV101.id)
        states = Counter(rows.values_list("state", "audience"))
    with reading(viewer):
        alerts = Alert.objects.visible_to(viewer).exclude(state="acknowledged")
        waiting = [(alert.kind, alert.side) for alert in alerts]
    assert states == {
        ("reported", "manufacturer"): 1,
        ("triaged", "manufacturer"): 1,
        ("triaged", "shared"): 2,
    }
    assert sorted(waiting) == [
        ("decision.answered", "manufacturer"),
        ("decision.asked", "sponsor"),
        ("decision.asked", "sponsor"),
        ("deviation.notice", "sponsor"),
        ("patient_lot", "manufacturer"),
        ("patient_lot", "sponsor"),
    ]


def test_story_c_waits_for_the_choice_of_the_harvest_day(crew):
    sponsor = crew["sponsor_cmc"]
    with reading(sponsor):
        lot = Batch.objects.visible_to(sponsor).get(number="P-0091")
        alert = Alert.objects.visible_to(sponsor).get(kind="patient_lot", side="sponsor")
        told = Deviation.objects.visible_to(sponsor).get(batch=lot, title__startswith="CO₂ of INC-12")
        asked = DecisionRequest.objects.visible_to(sponsor).get(subject_id=told.pk)
    assert lot.is_patient_lot
    assert (str(alert.title), alert.clause) == ("P-0091: Viability below action limit (80 %)", "5.4")
    assert (asked.state, str(asked.title)) == ("asked", "P-0091: harvest today, tomorrow, or stop?")


def test_both_plants_and_both_sponsors_have_calendars(demo):
    setup = setup_actor()
    with reading(setup):
        rows = BusinessCalendar.objects.visible_to(setup).select_related("site")
        found = {(each.side, each.content["country"], each.site.name if each.site else "") for each in rows}
    assert found == {
        ("manufacturer", "SE", ""),
        ("manufacturer", "IE", "Cork"),
        ("sponsor", "US", ""),
        ("sponsor", "CH", ""),
    }


def test_old_readings_leave_no_alert_behind(demo):
    setup = setup_actor()
    with reading(setup):
        assert not Alert.objects.visible_to(setup).filter(kind="excursion.par").exists()
        numbers = set(Excursion.objects.visible_to(setup).values_list("batch__number", flat=True))
    assert numbers == {FROZEN_LOT.number, "P-0091"}


def test_the_sponsor_sees_no_word_of_the_rival(crew):
    for key in ("sponsor_qa", "sponsor_viewer", "sponsor_quality_head", "inspector"):
        actor = crew[key]
        with reading(actor):
            words = " ".join(
                f"{row.number} {row.title} {row.description} {row.reporter_code}"
                for row in Deviation.objects.visible_to(actor)
            )
            words += " ".join(
                f"{row.number} {row.title} {row.equipment}" for row in Batch.objects.visible_to(actor)
            )
            words += " ".join(f"{row.code} {row.title}" for row in Program.objects.visible_to(actor))
            words += " ".join(str(row.title) for row in Alert.objects.visible_to(actor))
        assert "B-2417" in words
        assert not [canary for canary in ("TB-", "Tessel", "TDV", "BR-301") if canary in words]


def test_the_rival_sees_its_own_and_nothing_else(crew):
    actor = crew["rival_sponsor_qa"]
    with reading(actor):
        assert [row.code for row in Program.objects.visible_to(actor)] == ["TB-22"]
        assert [row.number for row in Batch.objects.visible_to(actor)] == ["TB-0111"]
        assert {row.space_id for row in Deviation.objects.visible_to(actor)} == {TB22.id}


def test_readings_sent_with_the_gateways_key_alert_both_sides_of_the_demo_batch(described, crew):
    gateway, viewer = actor_by_key(token_of("gateway")), crew["sponsor_viewer"]
    at = datetime.now(UTC)
    rows = [
        {
            "parameter": "TEMP",
            "at": (at - timedelta(seconds=50 - 10 * place)).isoformat(),
            "value": 38.2,
        }
        for place in range(6)
    ]
    body = json.dumps({"readings": rows}).encode()
    outcome = take_frame(gateway, described["batch"]["id"], body=body, media_type="application/json")
    assert (outcome.accepted, outcome.refused) == (6, [])
    with reading(viewer):
        kinds = Excursion.objects.visible_to(viewer).filter(batch__number="B-2420", state="open")
        alerts = Alert.objects.visible_to(viewer).filter(kind="excursion.par", title__startswith="B-2420")
        assert set(kinds.values_list("limit_kind", flat=True)) == {"nor", "action", "par"}
        assert {alert.side for alert in alerts} == {"manufacturer", "sponsor"}


def test_loading_again_writes_nothing_but_a_missing_demo_json(demo):
    before, path = entries(), demo / "demo.json"
    text = path.read_text()
    path.unlink()
    loaded = loading.load(demo, URL, with_history=False)
    assert path.read_text() == text
    assert entries() == before
    assert loaded.batches == len(RUNNING)


def test_another_address_is_written_into_demo_json(demo):
    loading.load(demo, "http://127.0.0.1:9000", with_history=False)
    assert json.loads((demo / "demo.json").read_text())["url"] == "http://127.0.0.1:9000"
    loading.load(demo, URL, with_history=False)


def test_the_demo_is_not_loaded_beside_other_peoples_work(own_database):
    with pytest.raises(loading.NotADemo):
        loading.require_demo()


def test_the_printed_names_are_roles():
    from config.demo.people import PEOPLE, SERVICES

    for each in (*PEOPLE, *SERVICES):
        assert each.name.split()[0].split(",")[0].lower() in {
            *("operator", "shift", "qa", "quality", "process", "qc", "head", "qualified", "site", "program"),
            *("cmc", "msat", "contract", "regulatory", "administrator", "inspector", "plant"),
        }


def test_the_years_deviations_have_the_classes_of_the_trade():
    ours = [each for each in past_incidents(datetime.now(UTC)) if each.project is AV101]
    shares = Counter(class_at_end(each) for each in ours)
    assert 2.5 <= len(ours) / sum(lot.recipe.project is AV101 for lot in (*FINISHED, *FINISHED_COPIES)) <= 3.5
    assert 0.68 <= shares["minor"] / len(ours) <= 0.80
    assert 0.18 <= shares["major"] / len(ours) <= 0.30
    assert 1 <= shares["critical"] <= 3
    assert len({each.external_id for each in ours}) >= 0.9 * len(ours)


def test_the_plants_own_system_states_when_it_opened_told_and_closed_and_a_few_notices_came_late():
    ours = [each for each in past_incidents(datetime.now(UTC)) if each.project is AV101]
    lots = {lot.number: lot for lot in (*FINISHED, *FINISHED_COPIES)}
    told = [each for each in ours if each.is_told]
    late = [each for each in told if each.told_s - each.aware_s > timedelta(days=3).total_seconds()]
    assert 1 <= len(late) <= len(told) // 6
    for each in ours:
        stated = [at_s for at_s in (each.opened_s, each.told_s, each.closed_s) if at_s]
        assert all(each.aware_s <= at_s <= lots[each.lot].age_s for at_s in stated)
        assert bool(each.told_s) == each.is_told
        assert bool(each.closed_s) == bool(each.summary)


def test_no_word_of_a_rival_stands_in_data_of_another_program():
    names = {"TB-", "TB22", "TB-22", "Tessel", "TDV"}
    for each in past_incidents(datetime.now(UTC)):
        if each.project is not TB22:
            text = f"{each.external_id} {each.title} {each.description} {each.summary} {each.lot}"
            assert not [name for name in names if name in text]
    assert {company.name for company in COMPANIES} == {
        "Norrsund Biologics",
        "Arvo Therapeutics",
        "Tessel Bio",
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_history_holds_a_year_of_three_programs(demo, crew):
    loaded = loading.load(demo, URL)
    again = loading.load(demo, URL)
    setup = setup_actor()
    with reading(setup):
        batches = Counter(Batch.objects.visible_to(setup).values_list("recipe_version__number", "state"))
        rows = Deviation.objects.visible_to(setup)
        ends = Counter(rows.filter(space_id=AV101.id).values_list("state", flat=True))
        undisclosed = rows.filter(state="closed", audience=Audience.MANUFACTURER)
        classes = set(
            Judgement.objects.visible_to(setup)
            .filter(deviation__in=undisclosed)
            .values_list("classification", flat=True)
        )
        unanswered = Alert.objects.visible_to(setup).filter(kind="notice.unreleased", state="open").exists()
    assert loaded == again
    assert batches["MBR-AV101-DS", "complete"] == 23
    assert batches["MBR-AV101-ST", "discontinued"] == 2
    assert batches["MBR-AV101-DP", "complete"] == 15
    assert (batches["MBR-AV310-PL", "complete"], batches["MBR-AV310-PL", "discontinued"]) == (37, 1)
    assert batches["MBR-TB22-DS", "complete"] == 8
    assert ends["closed"] >= 80
    assert ends["under_investigation"] >= 3
    assert classes == {"minor"}
    assert not unanswered
    actor = crew["sponsor_qa"]
    with reading(actor):
        fault = Excursion.objects.visible_to(actor).filter(batch__number="B-2391", limit_kind="par")
        assert [(row.extreme, row.alerted_at) for row in fault] == [(35.3, None)]
        titles = " ".join(str(row.title) for row in Deviation.objects.visible_to(actor))
    assert "TB-22" not in titles


def test_every_program_runs_under_an_agreement_that_both_heads_signed(demo):
    setup = setup_actor()
    numbers = {each.id: 4 for each in ARVO_PROGRAMS} | {TB22.id: 1}
    with reading(setup):
        terms = list(ProgramTerms.objects.visible_to(setup))
        versions = list(AgreementVersion.objects.visible_to(setup).order_by("number"))
        lines = {each.number: signatures_of(setup, each.pk, each.version) for each in versions}
        signed = {
            number: [line.signature.side for line in found if line.holds] for number, found in lines.items()
        }
        first = Deviation.objects.visible_to(setup).order_by("recorded_at").first()
        clocks = set(Clock.objects.visible_to(setup).exclude(clause="").values_list("space_id", "terms"))
    assert {each.space_id: each.number for each in terms} == numbers
    assert [(each.number, each.state) for each in versions] == [(1, "effective"), (4, "effective")]
    assert signed == {number: ["manufacturer", "sponsor"] for number in (1, 4)}
    assert max(each.effective_from for each in terms) < first.recorded_at
    assert clocks
    assert {(space, number) for space, number in clocks if numbers.get(space) != number} == set()
    assert not any(clause.is_default for each in versions for clause in each.document.clauses)


def test_the_heads_codes_are_theirs_again_after_the_load(demo):
    heads = [f"{side}_quality_head" for side in ("cdmo", "sponsor", "rival")]
    people = Person.objects.filter(email__in=[EMAILS[key] for key in heads])
    assert people.count() == len(heads)
    assert not SigningTry.objects.filter(person_id__in=people.values("pk")).exists()
