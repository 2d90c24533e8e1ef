"""Dockets in each state, dull on purpose; what matters to a test stands in the test."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import cast, signing
from tests.factories import deviations as make

QUESTION = {
    "title": "DO and gas-flow trend 04:00 to 08:00",
    "description": "Please add the trend to the record.",
}
ANSWER = "Attached: trend of both, and PC-118, 24 h at 36.5 °C."
EVENT = {
    "kind": "utility",
    "title": "CO2 manifold below pressure",
    "description": "Regulator of bank B stood closed from 02:05 to 03:31.",
    "place": "CO2 manifold, suite 3",
}
STATED = {"title": "CO2 supply of the incubators failed", "description": "CO2 fell in INC-12 for 86 minutes."}


def again(row):
    """The row as it stands."""
    from portal.action import reading
    from portal.actor import system_actor

    watcher = system_actor("watchdog", row.space_id)
    with reading(watcher):
        return type(row).objects.visible_to(watcher).get(pk=row.pk)


def asked(by, program=cast.PROGRAM, **given):
    """A query that waits for its answer."""
    from deviations.actions.dockets.asking import ask

    return ask(by, program, **QUESTION | given)


def answered(by, query, **given):
    """The query with its answer."""
    from deviations.actions.dockets.asking import answer_query

    return answer_query(by, query.pk, **{"text": ANSWER, "version": query.version} | given)


def event(by, **given):
    """An open site event."""
    from deviations.actions.dockets.site import open_site_event

    return open_site_event(by, cast.CDMO, **EVENT | {"occurred_at": make.now() - timedelta(hours=2)} | given)


def reached(by, found, program=cast.PROGRAM, **given):
    """The impact statement of a program, opened from a site event."""
    from deviations.actions.dockets.site import open_statement
    from deviations.models import ImpactStatement
    from portal.action import reading

    open_statement(by, found.pk, program_id=program, **STATED | {"version": again(found).version} | given)
    with reading(by):
        rows = ImpactStatement.objects.visible_to(by).filter(space_id=program)
        return rows.order_by("-recorded_at").first()


def concluded(by, statement, text="The culture stayed within its ranges; no impact on the product."):
    """The statement with its conclusion."""
    from deviations.actions.dockets.site import conclude_statement

    return conclude_statement(by, statement.pk, text=text, version=again(statement).version)


def shared(by, statement):
    """The statement as the sponsor reads it."""
    from deviations.actions.dockets.site import share_statement

    return share_statement(by, statement.pk, version=again(statement).version)


def sign(by, docket, kind):
    """The docket signed as approved, by the one ceremony."""
    from portal.states import Meaning

    return signing.sign(by, docket, Meaning.APPROVED, kind=kind)


CHANGE = {
    "title": "Resin lot from a second site",
    "description": "The supplier moves slurry lots to site two.",
}
COMPLAINT = {
    "kind": "appearance",
    "title": "Haze in one vial",
    "description": "One vial of a box of ten was hazy on receipt at the depot.",
}
HYPOTHESIS = {"title": "HMW outside", "description": "Integration or column; sample checked first."}


def drafted(by, program=cast.PROGRAM, **given):
    """A change that its own side alone knows."""
    from deviations.actions.dockets.changing import draft_change

    return draft_change(by, program, **CHANGE | {"implement_from": make.now()} | given)


def proposed(by, program=cast.PROGRAM, **given):
    """A change that both sides read."""
    from deviations.actions.dockets.changing import propose_change

    found = drafted(by, program, **given)
    return propose_change(by, found.pk, version=found.version)


def complaint(by, program=cast.PROGRAM, **given):
    """A complaint about a batch."""
    from deviations.actions.dockets.complaining import receive_complaint
    from tests.factories import batches

    batch_id = given.pop("batch_id", None) or batches.batch(program).pk
    return receive_complaint(by, program, **COMPLAINT | {"batch_id": batch_id} | given)


def oos(batch=None, value=50):
    """A result outside specification."""
    from tests.factories import batches, executed

    return executed.result(batch or batches.batch(), value=value, sample="S-OOS")


def investigated(by, result, **given):
    """Phase I of its investigation."""
    from deviations.actions.dockets.laboratory import open_investigation

    return open_investigation(by, result.space_id, **HYPOTHESIS | {"result_id": result.pk} | given)


def planned(by, found, retests=2, **given):
    """The investigation with a plan that waits for its approval."""
    from deviations.actions.dockets.laboratory import plan_retest

    said = {"retest_kind": "retest", "method": "Same sample, second analyst, two preparations."}
    return plan_retest(by, found.pk, **said | {"retests": retests, "version": again(found).version} | given)
