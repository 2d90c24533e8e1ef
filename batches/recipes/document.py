"""A recipe as plain JSON of format 1 and back, without loss; hashed as canonical JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NoReturn

import rfc8785
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from batches.recipes.checks import FAULTS_MAX
from batches.recipes.schema import FORMAT, SCHEMA
from batches.specs import (
    HoldTimeSpec,
    KnotSpec,
    LimitSpec,
    MaterialSpec,
    ParameterSpec,
    RecipeSpec,
    StepSpec,
    Unread,
)
from batches.states import DataKind, Level, LimitKind, LimitMeasure, MaterialUse, ParameterKind
from portal.errors import Invalid
from portal.states import Audience, SeatSide

BYTES_MAX: Final = 16_000_000
DEPTH_MAX: Final = 12
_VALIDATOR: Final = Draft202012Validator(SCHEMA)
Json = dict[str, Any]


def exact(value: Decimal | None) -> str | None:
    """Return a number as it is written, without zeros that say nothing."""
    if value is None:
        return None
    return "0" if value == 0 else f"{value.normalize():f}"


def plain(spec: RecipeSpec) -> Json:
    """Return a recipe as JSON has it; what says nothing is left out."""
    return {
        "format": FORMAT,
        "number": spec.number,
        "title": spec.title,
        **_said({"product": spec.product}),
        "procedure": [_step(each) for each in spec.steps],
        "parameters": [_parameter(each) for each in spec.parameters],
        "materials": [_material(each) for each in spec.materials],
        "hold_times": [_hold_time(each) for each in spec.hold_times],
        **_said({"not_understood": unread(spec)}),
    }


def unread(spec: RecipeSpec) -> list[Json]:
    """Return what was not understood as JSON has it."""
    return [{"where": each.where, "what": each.what} for each in spec.not_understood]


def digest_of(spec: RecipeSpec) -> str:
    """Return the SHA-256 of the canonical JSON (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(plain(spec))).hexdigest()


def to_text(spec: RecipeSpec) -> str:
    """Return the recipe as JSON for people and files."""
    return json.dumps(plain(spec), ensure_ascii=False, indent=1)


def read_text(body: bytes | str) -> RecipeSpec:
    """Return the recipe that JSON text holds. Raises: Invalid (`recipe_invalid`), faults by their place."""
    if len(body) > BYTES_MAX:
        _refuse("", f"A recipe has at most {BYTES_MAX:,} bytes.")
    try:
        found = json.loads(body, parse_float=Decimal, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        _refuse("", f"This is no JSON: {str(error) or 'nested too deeply'}.")
    return read_plain(found)


def read_plain(given: Any) -> RecipeSpec:
    """Return the recipe that plain JSON holds. Raises: Invalid (`recipe_invalid`)."""
    if not isinstance(given, dict):
        _refuse("", "A recipe is one JSON object of the format covalent.recipe/1.")
    if _is_deep(given):
        _refuse("procedure", f"Steps stand at most {DEPTH_MAX} deep.")
    faults = [_fault(error) for error in _first(_VALIDATOR.iter_errors(given))]
    if faults:
        errors: dict[str, list[str]] = {}
        for where, words in faults:
            errors.setdefault(where, []).append(words)
        where, words = faults[0]
        raise Invalid(f"{where}: {words}" if where else words, code="recipe_invalid", errors=errors)
    return _read(given)


def read_own(text: str) -> RecipeSpec:
    """Return the recipe that JSON text of ours holds: it was checked when it was written."""
    return _read(json.loads(text))


def _read(given: Json) -> RecipeSpec:
    return RecipeSpec(
        number=given["number"],
        title=given["title"],
        product=given.get("product", ""),
        steps=tuple(_read_step(each) for each in given.get("procedure", ())),
        parameters=tuple(_read_parameter(each) for each in given.get("parameters", ())),
        materials=tuple(_read_material(each) for each in given.get("materials", ())),
        hold_times=tuple(HoldTimeSpec(**{"before": None, **each}) for each in given.get("hold_times", ())),
        not_understood=tuple(Unread(**each) for each in given.get("not_understood", ())),
    )


def _said(members: Mapping[str, Any]) -> Json:
    return {name: value for name, value in members.items() if value not in ("", None, False, [], 0)}


def _step(step: StepSpec) -> Json:
    return {
        "code": step.code,
        "title": step.title,
        "level": str(step.level),
        **_said(
            {
                "planned_s": step.planned_s,
                "equipment_class": step.equipment_class,
                "instruction": step.instruction,
                "needs_second_check": step.needs_second_check,
                "steps": [_step(each) for each in step.children],
            }
        ),
    }


def _parameter(parameter: ParameterSpec) -> Json:
    return {
        "code": parameter.code,
        "title": parameter.title,
        "unit": parameter.unit,
        "kind": str(parameter.kind),
        "data_kind": str(parameter.data_kind),
        "expected_interval_s": parameter.expected_interval_s,
        "decimals": parameter.decimals,
        "audience": str(parameter.audience),
        **_said({"target": exact(parameter.target), "rationale": parameter.rationale}),
        "limits": [_limit(each) for each in parameter.limits],
    }


def _limit(limit: LimitSpec) -> Json:
    return {
        "kind": str(limit.kind),
        **_said(
            {
                "low": exact(limit.low),
                "high": exact(limit.high),
                "phase": limit.phase,
                "delay_s": limit.delay_s,
                "min_duration_s": limit.min_duration_s,
                "measure": "" if limit.measure == LimitMeasure.VALUE else str(limit.measure),
                "window_s": limit.window_s,
                "above": exact(limit.above),
                "knots": [_knot(each) for each in limit.knots],
                "every_s": limit.every_s,
                "settle_s": limit.settle_s,
                "rationale": limit.rationale,
            }
        ),
    }


def _knot(knot: KnotSpec) -> Json:
    return {"at_s": knot.at_s, **_said({"low": exact(knot.low), "high": exact(knot.high)})}


def _material(material: MaterialSpec) -> Json:
    return {
        "code": material.code,
        "title": material.title,
        "use": str(material.use),
        **_said({"quantity": exact(material.quantity), "unit": material.unit, "step": material.step}),
        "supplied_by": str(material.supplied_by),
        **_said({"specification": material.specification}),
    }


def _hold_time(hold: HoldTimeSpec) -> Json:
    return {
        "code": hold.code,
        "title": hold.title,
        "after": hold.after,
        **_said({"before": hold.before}),
        "longest_s": hold.longest_s,
        **_said({"condition": hold.condition, "rationale": hold.rationale}),
    }


def _read_step(given: Json) -> StepSpec:
    rest = {name: value for name, value in given.items() if name not in ("level", "steps")}
    children = tuple(_read_step(each) for each in given.get("steps", ()))
    return StepSpec(level=Level(given["level"]), children=children, **rest)


def _read_parameter(given: Json) -> ParameterSpec:
    rest = {
        name: value
        for name, value in given.items()
        if name in ("code", "title", "unit", "expected_interval_s", "decimals", "rationale")
    }
    return ParameterSpec(
        kind=ParameterKind(given.get("kind", ParameterKind.OTHER)),
        data_kind=DataKind(given.get("data_kind", DataKind.ONLINE)),
        audience=Audience(given.get("audience", Audience.SHARED)),
        target=number(given.get("target")),
        limits=tuple(_read_limit(each) for each in given.get("limits", ())),
        **rest,
    )


def _read_limit(given: Json) -> LimitSpec:
    special = ("kind", "low", "high", "measure", "above", "knots")
    rest = {name: value for name, value in given.items() if name not in special}
    return LimitSpec(
        LimitKind(given["kind"]),
        number(given.get("low")),
        number(given.get("high")),
        measure=LimitMeasure(given.get("measure", LimitMeasure.VALUE)),
        above=number(given.get("above")),
        knots=tuple(
            KnotSpec(each["at_s"], number(each.get("low")), number(each.get("high")))
            for each in given.get("knots", ())
        ),
        **rest,
    )


def _read_material(given: Json) -> MaterialSpec:
    rest = {name: value for name, value in given.items() if name not in ("use", "quantity", "supplied_by")}
    return MaterialSpec(
        use=MaterialUse(given.get("use", MaterialUse.INPUT)),
        quantity=number(given.get("quantity")),
        supplied_by=SeatSide(given.get("supplied_by", SeatSide.MANUFACTURER)),
        **rest,
    )


def number(given: Any) -> Decimal | None:
    """Return a number exactly as it was written, None for none."""
    return None if given is None else Decimal(str(given))


def _once(pairs: Sequence[tuple[str, Any]]) -> Json:
    found = {name: _lines(value) for name, value in pairs}
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice} stands twice in one object")
    return found


def _lines(value: Any) -> Any:
    # One form of line ends: XML knows no other.
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _no_number(given: str) -> NoReturn:
    raise ValueError(f"{given} is no number")


def _is_deep(given: Json) -> bool:
    level = [each for each in _list(given.get("procedure")) if isinstance(each, dict)]
    for _depth in range(DEPTH_MAX):
        level = [each for step in level for each in _list(step.get("steps")) if isinstance(each, dict)]
    return bool(level)


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _first(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    for _place, error in zip(range(FAULTS_MAX), errors, strict=False):
        yield error


def _fault(error: ValidationError) -> tuple[str, str]:
    found = best_match([error]) or error
    return "/".join(map(str, found.absolute_path)), found.message[:300]


def _refuse(where: str, words: str) -> NoReturn:
    raise Invalid(words, code="recipe_invalid", errors={where or "text": [words]})
