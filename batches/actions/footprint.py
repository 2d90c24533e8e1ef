"""State emission factors by version, and what a batch took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from batches.access import lock_batch_of, lock_program
from batches.footprint.facts import FactorsStated, FootprintStated
from batches.footprint.reckoning import factors_from, lines_from, reckon
from batches.footprint.states import WRITERS, InputKind
from batches.models import FactorSet, FootprintSheet
from batches.states import REASON_LEAST
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Invalid, refuse_field

LINES_MOST: Final = 500


@action("factors.state")
def state_factors(
    actor: Actor,
    program_id: UUID,
    *,
    number: str,
    title: str,
    effective_from: date,
    factors: Sequence[Mapping[str, Any]],
) -> FactorSet:
    """State a version of emission factors, each with unit, kg CO2e and source; earlier versions stay.

    Raises: NotFound, Refused, Invalid. Records: factors.stated v1. Source: ISO 14067 6.3.5 (data quality).
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *WRITERS, to="state emission factors")
    kept = [_factor(each) for each in factors]
    if not kept or len({each["key"] for each in kept}) < len(kept):
        refuse_field("factors", "At least one, and each key once.")
    before = FactorSet.objects.visible_to(actor).filter(space_id=program.pk, number=number).count()
    made = FactorSet.objects.create(
        space_id=program.pk,
        number=number,
        revision=before + 1,
        title=title,
        effective_from=effective_from,
        factors=kept,
        stated_code=actor.code(program.pk),
        stated_at=instant(),
    )
    fact = FactorsStated(
        number=number, revision=made.revision, effective_from=effective_from, factors=len(kept)
    )
    ledger.record(made, fact)
    return made


@action("footprint.state")
def state_footprint(
    actor: Actor,
    batch_id: UUID,
    *,
    factor_set: UUID,
    lines: Sequence[Mapping[str, Any]],
    product_kg: Decimal | None = None,
    reason: str = "",
) -> FootprintSheet:
    """State what a batch took; stated again, it needs a reason, and what was said before stays.

    `lines` have `kind`, `title`, `amount`, `unit`, and where known `kg` and `factor`. A line whose factor is
    not stated, or of another unit, is kept and listed, not reckoned. Raises: NotFound, Refused, Invalid.
    Records: footprint.stated v1.
    """
    batch = lock_batch_of(actor, batch_id)
    require_role(actor, batch.space_id, *WRITERS, to="state what a batch took")
    rows = FactorSet.objects.visible_to(actor).filter(space_id=batch.space_id)
    factors = rows.with_id(factor_set)
    if factors is None:
        refuse_field("factor_set", "The program has no such version of factors.")
    if product_kg is not None and product_kg <= 0:
        refuse_field("product_kg", "More than 0.")
    if not 0 < len(lines) <= LINES_MOST:
        refuse_field("lines", f"1 to {LINES_MOST} lines.")
    kept = [_line(each) for each in lines]
    before = FootprintSheet.objects.visible_to(actor).filter(batch=batch).count()
    if before and len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why it is stated anew, in {REASON_LEAST} characters or more.")
    sheet = FootprintSheet.objects.create(
        space_id=batch.space_id,
        batch=batch,
        factor_set=factors,
        revision=before + 1,
        lines=kept,
        product_kg=product_kg,
        reason=reason.strip(),
        stated_code=actor.code(batch.space_id),
        stated_at=instant(),
    )
    total = reckon(lines_from(kept), factors_from(factors.factors), product_kg).kg_co2e
    fact = FootprintStated(batch_id=batch.pk, revision=sheet.revision, lines=len(kept), kg_co2e=total)
    ledger.record(sheet, fact)
    return sheet


def _factor(given: Mapping[str, Any]) -> dict[str, str]:
    stated = {name: str(given.get(name, "")).strip() for name in ("key", "title", "unit", "source")}
    if not all(stated.values()):
        refuse_field("factors", "Each has key, title, unit, kg_co2e and source.")
    return stated | {"kg_co2e": _number(given.get("kg_co2e"), "factors")}


def _line(given: Mapping[str, Any]) -> dict[str, str]:
    if given.get("kind") not in InputKind.values or not given.get("title"):
        raise Invalid("Not a line.", errors={"lines": [f"Kinds: {', '.join(InputKind.values)}."]})
    kg = given.get("kg")
    return {
        "kind": str(given["kind"]),
        "title": str(given["title"])[:200],
        "amount": _number(given.get("amount"), "lines"),
        "unit": str(given.get("unit", ""))[:20],
        "kg": _number(kg, "lines") if kg not in (None, "") else "",
        "factor": str(given.get("factor") or "")[:60],
    }


def _number(given: Any, field: str) -> str:
    """Return a decimal as it is kept; raises Invalid for what is none, or negative."""
    try:
        found = Decimal(str(given))
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        refuse_field(field, "Amounts are decimal numbers, 0 or more.")
    return f"{found:f}"
