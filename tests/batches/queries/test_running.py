"""Since when a batch is in its phase, and which culture day it is."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from batches.models import Batch, PhaseRun, ProcedureStep
from batches.queries import running_since
from batches.views.words import phase_note

START = datetime(2026, 11, 1, tzinfo=UTC)
CULTURE, SEED = uuid.uuid4(), uuid.uuid4()
LONG_S = 6 * 86_400


def run(parent, day, ended=None):
    at = START + timedelta(days=day)
    return PhaseRun(
        phase=ProcedureStep(parent_id=parent, planned_s=LONG_S),
        started_at=at,
        ended_at=None if ended is None else START + timedelta(days=ended),
    )


def test_a_culture_day_counts_from_the_first_phase_of_its_unit_procedure():
    runs = [run(SEED, 0, 3), run(CULTURE, 3, 9), run(CULTURE, 9)]
    running = running_since(runs)
    assert running.phase_since == START + timedelta(days=9)
    batch = Batch(phase=runs[-1].phase)
    assert phase_note(batch, running, START + timedelta(days=13, hours=2)) == "day 10"


def test_a_batch_between_phases_is_in_none():
    assert running_since([run(SEED, 0, 3)]) is None
    assert running_since([]) is None
    assert phase_note(Batch(phase=None), None, START) == ""
