"""Goal G26, teeth of the first wall: each filter alone stops strangers, and is missed once it is gone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.apps import apps

from portal.action import reading
from portal.models.base import RecordQuerySet
from tests import database as databases
from tests.conftest import _point_to, actor
from tests.factories import cast
from tests.walls.probing import FORBIDDEN, ask, client_of, past_row_security, text

FILTERED = {
    model.__name__: model
    for model in apps.get_models()
    if hasattr(getattr(model, "objects", None), "visible_to")
}
STRANGERS = ("sponsor_viewer", "rival_sponsor_qa", "inspector", "cdmo_admin")
# What nobody has done in the world that the walls are tried on.
WITHOUT_ROWS = {
    *("Disposition", "SectionReview"),
    *("CapaKin", "EffectivenessData", "MonthlyLine", "MonthlyList", "Retest"),
    *("FrameAnswer", "Opening", "Signature", "Signer"),
    *("ReportComment", "Settlement"),
    *("ClassWord", "ImpactFinding", "Precedent"),
    *("DutyCard", "ProgramTerms", "Refusal", "ReportingDecision", "ReportingFacts", "RosterGap"),
}
# Filter -> who reads what is not theirs without it, and where.
BETRAYED = {
    "Alert": ("sponsor_viewer", "/api/v1/alerts/"),
    "Attachment": ("sponsor_viewer", "/api/v1/attachments/"),
    "Batch": ("sponsor_viewer", "/api/v1/batches/"),
    "Deviation": ("sponsor_viewer", "/api/v1/deviations/"),
    "Excursion": ("sponsor_viewer", "/api/v1/excursions/"),
    "Lot": ("sponsor_viewer", "/api/v1/lots/"),
    "Organisation": ("sponsor_viewer", "/ledger/"),
    "Partnership": ("sponsor_viewer", "/ledger/"),
    "RecipeVersion": ("sponsor_viewer", "/api/v1/recipes/"),
    "Program": ("sponsor_viewer", "/api/v1/programs/"),
}
# Filter -> the act on what is of another organisation that is no longer answered as on what does not exist.
ACTED_ON = {
    "ApiKey": ("key", "/administration/keys/{}/revoke/"),
    "Assignment": ("assignment", "/administration/seats/{}/end/"),
}


@pytest.fixture
def past(filled):
    """The world of the walls, seen by who is stopped by no policy."""
    _point_to(filled[0])
    with past_row_security(filled[0]):
        yield
    _point_to(databases.OWN)


@pytest.fixture
def drop(monkeypatch):
    """Take the filter of one model away."""

    def run(model):
        keep = RecordQuerySet.visible_to
        monkeypatch.setattr(
            RecordQuerySet, "visible_to", lambda self, by: self if self.model is model else keep(self, by)
        )

    return run


def reached(model):
    """Who of the strangers gets how many rows that are not theirs."""
    found = {}
    for key in STRANGERS:
        by = actor(key)
        with reading(by):
            rows = list(model.objects.visible_to(by).values_list("space_id", "audience"))
        foreign = [row for row in rows if not is_theirs(by, *row)]
        if foreign:
            found[key] = len(foreign)
    return found


def is_theirs(by, space, audience):
    """The rule of ground 2, said once more in other words."""
    sides = [
        side
        for side, spaces in (("sponsor", by.as_sponsor), ("manufacturer", by.as_manufacturer))
        if space in spaces
    ]
    return bool(sides) and (audience == "shared" or audience in sides)


def test_every_filter_alone_stops_every_stranger(past):
    assert {name: found for name, model in FILTERED.items() if (found := reached(model))} == {}
    assert len(FILTERED) > 40


def test_every_filter_that_is_gone_is_found_gone(past, monkeypatch):
    monkeypatch.setattr(RecordQuerySet, "visible_to", lambda self, _by: self)
    assert {name for name, model in FILTERED.items() if not reached(model)} == WITHOUT_ROWS


@pytest.mark.parametrize("name", BETRAYED)
def test_a_route_betrays_the_filter_that_it_lost(past, drop, name):
    key, path = BETRAYED[name]
    client = client_of(key)

    def told():
        return [word for word in FORBIDDEN[key] if word in text(ask(client, "GET", path))]

    assert told() == []
    drop(FILTERED[name])
    assert told() != []


@pytest.mark.parametrize("name", ACTED_ON)
def test_an_act_betrays_the_filter_that_it_lost(past, filled, drop, name):
    which, address = ACTED_ON[name]
    client = client_of("cdmo_admin")

    def answer(record_id):
        body = {"reason": "Reason of a few words."}
        return ask(client, "POST", address.format(record_id), body).status_code

    foreign = filled[1]["organisations"][cast.TESSEL][which]
    assert (answer(foreign), answer(uuid4())) == (400, 400)
    drop(FILTERED[name])
    assert (answer(foreign), answer(uuid4())) == (403, 400)
