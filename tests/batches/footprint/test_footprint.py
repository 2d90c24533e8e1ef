"""A sheet says what a batch took, by which factors, and never hides what it could not reckon."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.footprint.reckoning import Factor, Line, reckon
from batches.footprint.states import InputKind
from batches.queries.footprint import find_sheet
from portal.action import reading
from portal.errors import Invalid, NotFound, Refused
from tests.factories import batches as make
from tests.factories import surroundings

POWER = Factor("power", "Power", "kWh", Decimal("0.25"), "Stated")
amounts = st.decimals(min_value=0, max_value=10_000, places=3)
lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(list(InputKind)),
        st.just("Input"),
        amounts,
        st.sampled_from(["kWh", "kg"]),
        st.none() | amounts,
        st.sampled_from(["power", "steam", ""]),
    ),
    max_size=8,
)


@given(lines, st.none() | st.decimals(min_value="0.001", max_value=100, places=3))
def test_nothing_is_lost_and_only_what_has_a_factor_of_its_unit_counts(stated, product):
    found = reckon(stated, {"power": POWER}, product)
    assert [each.line for each in found.lines] == stated
    counted = [each for each in stated if each.factor == "power" and each.unit == "kWh"]
    assert found.kg_co2e == sum((each.amount * POWER.kg_co2e for each in counted), Decimal(0))
    assert found.kg_co2e == sum(found.by_kind.values(), Decimal(0))
    assert len(found.unreckoned) == len(stated) - len(counted)
    assert found.water_kg <= found.input_kg
    assert (found.pmi is None) == (product is None)


def test_energy_and_waste_weigh_nothing_in_the_mass_intensity():
    stated = [
        Line(kind, "Input", Decimal(1), "kg", Decimal(10))
        for kind in ("energy", "waste", "water", "material", "solvent", "single_use")
    ]
    found = reckon(stated, {}, Decimal(2))
    assert (found.input_kg, found.pmi) == (40, 20)
    assert [each.why for each in found.lines] == ["factor"] * 6


@pytest.fixture
def batch(database):
    return make.batch()


def test_both_sides_read_the_sheet_and_a_rival_none(batch, sponsor_qa, rival_sponsor_qa):
    surroundings.footprint(batch)
    with reading(sponsor_qa):
        found = find_sheet(sponsor_qa, batch.pk).footprint
        assert (found.kg_co2e, found.pmi, found.co2e_to_product) == (100, 500, 50)
        assert [each.line.title for each in found.unreckoned] == ["WFI"]
    with reading(rival_sponsor_qa):
        assert find_sheet(rival_sponsor_qa, batch.pk) is None


def test_stated_anew_it_says_why_and_keeps_its_own_factors(batch, cdmo_qa):
    first = surroundings.footprint(batch)
    with pytest.raises(Invalid, match="why"):
        surroundings.footprint(batch, factor_set=first.factor_set_id)
    dearer = surroundings.factors(
        batch, factors=[{"key": "power", "title": "P", "unit": "kWh", "kg_co2e": "1", "source": "S"}]
    )
    assert dearer.revision == 2
    with reading(cdmo_qa):
        assert find_sheet(cdmo_qa, batch.pk).footprint.kg_co2e == 100
    again = surroundings.footprint(batch, factor_set=dearer.pk, reason="The meter was read again.")
    with reading(cdmo_qa):
        sheet = find_sheet(cdmo_qa, batch.pk)
    assert (again.revision, sheet.footprint.kg_co2e, [each.pk for each in sheet.earlier]) == (
        2,
        400,
        [first.pk],
    )


@pytest.mark.parametrize("wrong", ["-1", "NaN", "many", "Infinity"])
def test_an_amount_is_a_number_that_can_be(batch, wrong):
    with pytest.raises(Invalid):
        surroundings.footprint(
            batch, lines=[{"kind": "energy", "title": "P", "amount": wrong, "unit": "kWh"}]
        )


def test_the_sponsor_states_none_and_a_rival_finds_no_batch(batch):
    made = surroundings.factors(batch)
    for by, error in (("sponsor_qa", Refused), ("rival_sponsor_qa", NotFound)):
        with pytest.raises(error):
            surroundings.footprint(batch, by=by, factor_set=made.pk)


def test_the_page_and_its_export_say_each_factor_with_its_source(batch, signed_in, api):
    surroundings.footprint(batch, source="Grid mix of the plant, 2025", title="=Power")
    client, page = signed_in("sponsor_qa"), f"/batches/{batch.pk}/footprint/"
    assert "Grid mix of the plant, 2025" in client.get(page).content.decode()
    table = client.get(f"{page}export/").content.decode("utf-8-sig")
    assert "'=Power" in table
    assert "Grid mix of the plant, 2025" in table
    assert signed_in("rival_sponsor_qa").get(page).status_code == 404
    told = api("sponsor_system").get(f"/api/v1{page}").json()
    assert (told["kg_co2e"], told["pmi"], told["unreckoned"]) == ("100", "500", 1)
    other = make.batch(number="B-9")
    assert signed_in("sponsor_qa").get(f"/batches/{other.pk}/footprint/export/").status_code == 404
    assert "Nothing is stated" in client.get(f"/batches/{other.pk}/footprint/").content.decode()
