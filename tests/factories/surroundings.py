"""Media fills, interventions and sheets for tests: dull, with what matters given by the test."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from batches.actions.aseptic import record_intervention, state_media_fill
from batches.actions.footprint import state_factors, state_footprint
from batches.aseptic.states import InterventionKind
from tests.conftest import actor
from tests.factories import batches


def media_fill(batch, *, number="APS-1", title="Stopper jam", by="cdmo_qa", **given):
    """A media fill of the batch's line: one jam of at most a minute, twice."""
    today = batches.now().date()
    said = {"filled_on": today - timedelta(days=60), "valid_until": today + timedelta(days=120)} | given
    jam = {"code": "C-1", "title": title, "kind": "corrective", "most": 2, "longest_s": 60}
    lines = said.pop("interventions", [jam])
    said = {"line": batch.equipment, "vials": 9000} | said
    return state_media_fill(actor(by), batch.space_id, number=number, interventions=lines, **said)


def intervention(batch, *, code="C-1", seconds=40, by="cdmo_operator", **given):
    """Somebody put a stopper right."""
    said = {"station": "Stopper bowl", "kind": InterventionKind.CORRECTIVE} | given
    return record_intervention(actor(by), batch.pk, code=code, seconds=seconds, **said)


def factors(batch, *, by="cdmo_qa", source="Stated by the plant", **given):
    """A version of factors: power alone."""
    power = {"key": "power", "title": "Power", "unit": "kWh", "kg_co2e": "0.25", "source": source}
    said = {"number": "EF-1", "title": "Factors", "factors": [power]} | given
    day = batches.now().date()
    return state_factors(actor(by), batch.space_id, effective_from=day, **said)


def footprint(batch, *, title="Power", source="Stated by the plant", by="cdmo_qa", **given):
    """What a batch took: 400 kWh, 1,000 kg of water, and what it gave: 2 kg."""
    lines = [
        {"kind": "energy", "title": title, "amount": "400", "unit": "kWh", "factor": "power"},
        {"kind": "water", "title": "WFI", "amount": "1000", "unit": "L", "kg": "1000"},
    ]
    said = {"lines": lines, "product_kg": Decimal(2)} | given
    found = said.pop("factor_set", None) or factors(batch, source=source, by=by).pk
    return state_footprint(actor(by), batch.pk, factor_set=found, **said)
