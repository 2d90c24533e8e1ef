"""Author the recipes of the demo, enter its batches, and send the readings of their past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batches.actions.cycle import complete_batch, discontinue_batch
from batches.actions.planning import plan_batch
from batches.actions.readings import take_frame
from batches.frames import MAX_ROWS
from batches.models import Batch, RecipeVersion
from batches.plant.catalogue import find_signal, walk
from batches.plant.feed import seed_of
from batches.plant.signal import Signal, Story, Vessel
from batches.states import BatchState, LimitKind, RecipeState
from config.demo.companies import PROGRAMS, TB22, Project
from config.demo.crew import Crew, setup_actor
from config.demo.lots import FROZEN_LOT, Dots, Lot, Stretch
from config.demo.recipes import DRUG_SUBSTANCE_NEXT, RECIPES, Recipe
from config.demo.recipes.approving import put_in_force, submit
from portal.action import reading
from portal.models import ProgramSite

Floats = NDArray[np.float64]
RANGES: Final = (LimitKind.NOR, LimitKind.ALERT, LimitKind.ACTION, LimitKind.PAR)


class FrameNotTaken(RuntimeError):
    """The product refused readings of the demo's own data: data and recipe do not fit."""


def makers_of(project: Project) -> dict[str, str]:
    """Return who works on a program: the rival's work is done by people of its own."""
    prefix = "rival_cdmo" if project is TB22 else "cdmo"
    return {role: f"{prefix}_{role}" for role in ("qa", "shift_lead")}


class Making:
    """Enters recipes and batches; what is there is left as it is."""

    def __init__(self, crew: Crew, moment: datetime) -> None:
        self._crew = crew
        setup = setup_actor()
        with reading(setup):
            self._recipes = {
                (recipe.space_id, recipe.number): recipe.pk
                for recipe in RecipeVersion.objects.visible_to(setup).filter(state=RecipeState.EFFECTIVE)
            }
            self.batches: dict[str, Batch] = {
                batch.number: batch
                for batch in Batch.objects.visible_to(setup).filter(
                    space_id__in=[each.id for each in PROGRAMS]
                )
            }
            frozen = self.batches.get(FROZEN_LOT.number)
            self._sites = {
                (site.space_id, site.name): site.pk for site in ProgramSite.objects.visible_to(setup)
            }

        started_at = frozen.started_at if frozen is not None else None
        # A load that goes on keeps the moment at which it began.
        self.moment = moment if started_at is None else started_at + timedelta(seconds=FROZEN_LOT.age_s)

    def is_over(self, lot: Lot) -> bool:
        """Say whether a finished batch is there whole."""
        batch = self.batches.get(lot.number)
        return batch is not None and batch.state != BatchState.IN_PROCESS

    def author_recipes(self) -> None:
        """Let QA draft, the heads sign and QA put in force what is missing."""
        for recipe in RECIPES:
            key = (recipe.project.id, recipe.number)
            if key not in self._recipes:
                self._recipes[key] = put_in_force(self._crew, recipe, makers_of(recipe.project)["qa"])

    def review_recipes(self) -> None:
        """Let QA submit the next version of the recipe of story A, if it is not there."""
        submit(self._crew, DRUG_SUBSTANCE_NEXT, makers_of(DRUG_SUBSTANCE_NEXT.project)["qa"])

    def start_of(self, lot: Lot) -> datetime:
        """Return when a batch of the demo started, at a full minute."""
        return self.moment - timedelta(seconds=lot.age_s)

    def run(self, lot: Lot) -> Batch:
        """Enter a batch that is in process, with the readings of its past."""
        batch = self.batches.get(lot.number) or self._plan(lot)
        if batch.state == BatchState.IN_PROCESS:
            self._send_past(lot, batch)
        return batch

    def finish(self, lot: Lot) -> None:
        """Enter a batch that is over."""
        batch = self.batches.get(lot.number) or self._plan(lot)
        if batch.state != BatchState.IN_PROCESS or batch.started_at is None or lot.ended_s is None:
            return
        self._send_past(lot, batch)
        makers = makers_of(lot.recipe.project)
        ended_at = batch.started_at + timedelta(seconds=lot.ended_s)
        if lot.discontinued:
            discontinue_batch(
                self._crew[makers["qa"]],
                batch.pk,
                version=batch.version,
                reason=lot.discontinued,
                at=ended_at,
            )
        else:
            complete_batch(self._crew[makers["shift_lead"]], batch.pk, version=batch.version, at=ended_at)

    def _plan(self, lot: Lot) -> Batch:
        started_at, space_id = self.start_of(lot), lot.recipe.project.id
        batch = plan_batch(
            self._crew[makers_of(lot.recipe.project)["shift_lead"]],
            space_id,
            recipe_version_id=self._recipes[space_id, lot.recipe.number],
            number=lot.number,
            title=lot.title,
            equipment=lot.equipment,
            site_id=self._sites[space_id, lot.site.name],
            planned_start=started_at,
            phases=[(code, started_at + timedelta(seconds=at_s)) for code, at_s in lot.phases],
        )
        self.batches[lot.number] = batch
        return batch

    def _send_past(self, lot: Lot, batch: Batch) -> None:
        if batch.started_at is None:
            return
        until_s = min((self.moment - batch.started_at).total_seconds(), lot.ended_s or np.inf)
        sender = self._crew[makers_of(lot.recipe.project)["shift_lead"]]
        for body in frames_of(lot, batch.started_at, until_s):
            outcome = take_frame(sender, batch.pk, body=body, media_type="application/json")
            if outcome.refused:
                raise FrameNotTaken(f"{lot.number}: {outcome.refused[0]['detail']}")


def frames_of(lot: Lot, started_at: datetime, until_s: float) -> Iterator[bytes]:
    """Give the readings of a batch's past as frames in JSON, none larger than the product takes."""
    rows: list[str] = []
    for code, at_s, values in _columns(lot, until_s):
        lines = _lines(code, started_at, at_s, values)
        if rows and len(rows) + len(lines) > MAX_ROWS:
            yield _body(rows)
            rows = []
        rows += lines
    if rows:
        yield _body(rows)


def _body(rows: Iterable[str]) -> bytes:
    # The quickest of the three forms to read.
    return ('{"readings":[' + ",".join(rows) + "]}").encode()


def _lines(code: str, started_at: datetime, at_s: Floats, values: Floats) -> list[str]:
    start = np.datetime64(started_at.replace(tzinfo=None), "ms")
    times = np.datetime_as_string(start + (at_s * 1000).astype("timedelta64[ms]"))
    return [
        f'{{"parameter":"{code}","at":"{at}Z","value":{value}}}'
        for at, value in zip(times.tolist(), values.tolist(), strict=True)
    ]


def _columns(lot: Lot, until_s: float) -> Iterator[tuple[str, Floats, Floats]]:
    vessel = Vessel(seed_of(lot.number), Story(lot.valve_fault_s) if lot.valve_fault_s is not None else None)
    for stretch in lot.stretches:
        end_s = until_s if stretch.until_s is None else min(stretch.until_s, until_s)
        at_s = np.arange(stretch.from_s, end_s, stretch.step_s, dtype=np.float64)
        for code in stretch.codes:
            signal = _signal(lot.recipe, code)
            measured = at_s[at_s >= signal.from_s]
            yield code, measured, _bent(lot, stretch, code, measured, signal.values(vessel, measured))
    for dots in lot.dots:
        yield dots.code, *_given(dots)


def _given(dots: Dots) -> tuple[Floats, Floats]:
    at_s, values = zip(*dots.points, strict=True)
    return np.array(at_s, dtype=np.float64), np.array(values, dtype=np.float64)


def _bent(lot: Lot, stretch: Stretch, code: str, at_s: Floats, values: Floats) -> Floats:
    for bend in lot.bends:
        if bend.code == code and code in stretch.codes:
            times, told = zip(*bend.knots, strict=True)
            inside = (at_s >= times[0]) & (at_s <= times[-1])
            values = np.where(inside, np.round(np.interp(at_s, times, told), 2), values)
    return values


def _signal(recipe: Recipe, code: str) -> Signal:
    """Return the model's signal of a parameter; what no model knows wanders in the middle of its range."""
    found = find_signal(recipe.model, code)
    if found is not None:
        return found
    limits = {each.code: each.limits for each in recipe.parameters}[code]
    narrowest = next((limit for kind in RANGES for limit in limits if limit.kind == kind), None)
    if narrowest is None:
        return walk(code, None, None)
    low, high = (None if end is None else float(end) for end in (narrowest.low, narrowest.high))
    return walk(code, low, high)
