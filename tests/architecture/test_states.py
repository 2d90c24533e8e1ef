"""One table of transitions: actions, database guard and README come from it (house-style 3)."""

import re
from pathlib import Path

import pytest

from batches import states as batch_states
from batches.custody.states import CHECK_TRANSITIONS, STOP_TRANSITIONS
from batches.environment import states as environment_states
from batches.laboratory.states import COA_TRANSITIONS, SAMPLE_TRANSITIONS
from batches.reviewing.states import NOTE_TRANSITIONS
from batches.schedule.states import SLOT_TRANSITIONS
from batches.watched.states import WATCH_TRANSITIONS
from deviations import states as deviation_states
from deviations.capa.states import CAPA_TRANSITIONS, MEASURE_TRANSITIONS
from deviations.dockets.asking.states import QUERY_TRANSITIONS
from deviations.dockets.changing.states import CHANGE_TRANSITIONS
from deviations.dockets.complaining.states import COMPLAINT_TRANSITIONS
from deviations.dockets.laboratory.states import LAB_TRANSITIONS
from deviations.dockets.site.states import SITE_EVENT_TRANSITIONS, STATEMENT_TRANSITIONS
from deviations.mirroring.states import CONFLICT_TRANSITIONS
from portal.states import edges

ROOT = Path(__file__).resolve().parents[2]
TABLES = {
    "batches_recipeversion": ("batches", batch_states.RECIPE_TRANSITIONS),
    "batches_batch": ("batches", batch_states.TRANSITIONS),
    "batches_stepexecution": ("batches", batch_states.STEP_TRANSITIONS),
    "batches_stepentry": ("batches", batch_states.ENTRY_TRANSITIONS),
    "batches_sampleresult": ("batches", batch_states.RESULT_TRANSITIONS),
    "batches_pagecomment": ("batches", batch_states.COMMENT_TRANSITIONS),
    "batches_suiteslot": ("batches", SLOT_TRANSITIONS),
    "batches_monitoringsession": ("batches", environment_states.SESSION_TRANSITIONS),
    "batches_reviewnote": ("batches", NOTE_TRANSITIONS),
    "batches_sample": ("batches", SAMPLE_TRANSITIONS),
    "batches_coa": ("batches", COA_TRANSITIONS),
    "batches_identitycheck": ("batches", CHECK_TRANSITIONS),
    "batches_identitystop": ("batches", STOP_TRANSITIONS),
    "deviations_deviation": ("deviations", deviation_states.TRANSITIONS),
    "deviations_capa": ("deviations/capa", CAPA_TRANSITIONS),
    "deviations_measure": ("deviations/capa", MEASURE_TRANSITIONS),
    "deviations_query": ("deviations/dockets/asking", QUERY_TRANSITIONS),
    "deviations_change": ("deviations/dockets/changing", CHANGE_TRANSITIONS),
    "deviations_complaint": ("deviations/dockets/complaining", COMPLAINT_TRANSITIONS),
    "deviations_labinvestigation": ("deviations/dockets/laboratory", LAB_TRANSITIONS),
    "deviations_impactstatement": ("deviations/dockets/site", STATEMENT_TRANSITIONS),
}
# Edges that nobody takes by a step of one's own: a signature does, or two equal words.
CONSEQUENCES = {"deviations_deviation": deviation_states.CONSEQUENCES}


# Its steps are called as those of a recipe version; the README says them in words.
GUARDED = TABLES | {
    # A later copy that agrees ends it, or a person settles it; neither is a step of the deviation.
    "deviations_mirrorconflict": ("deviations", CONFLICT_TRANSITIONS),
    # Its steps are reach and close; the README says them in words.
    "deviations_siteevent": ("deviations/dockets/site", SITE_EVENT_TRANSITIONS),
    # Its second reader confirms as the second reader of an identity does; the README says both.
    "batches_monitoringsample": ("batches", environment_states.SAMPLE_TRANSITIONS),
    "batches_watchmodel": ("batches", WATCH_TRANSITIONS),
}


@pytest.mark.parametrize("table", GUARDED)
def test_the_database_guards_exactly_the_edges_of_the_table(database, as_owner, table):
    _, transitions = GUARDED[table]
    (arguments,) = as_owner.execute(
        "select tgargs from pg_trigger where tgname = 'guard_state' and tgrelid = %s::regclass", [table]
    ).fetchone()
    guarded = [each.decode() for each in bytes(arguments).split(b"\x00") if each]
    assert sorted(guarded) == edges({**transitions, **CONSEQUENCES.get(table, {})})


@pytest.mark.parametrize("table", TABLES)
def test_the_readme_states_each_step_as_the_table_does(table):
    app, transitions = TABLES[table]
    rows = re.findall(
        r"^\| (\w+) \| ([\w, ]+) \| ([\w()]+)", (ROOT / app / "README.md").read_text("utf-8"), re.MULTILINE
    )
    told = {
        step: (tuple(sources.split(", ")), target) for step, sources, target in rows if step in transitions
    }
    meant = {
        name: (tuple(str(source) for source in step.sources), str(step.target) if step.target else "(stays)")
        for name, step in transitions.items()
    }
    assert told == meant
