"""A docket is taken away as it stood, and nothing that is inside the site goes with it."""

import json

import pytest

from deviations.actions.dockets.asking import close_query
from portal.action import reading
from portal.dossiers import find_dossier
from portal.errors import NotFound
from portal.tasks import publish
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories import dockets as file


def taken(reader, docket, at=None, chains=None):
    publish()
    with reading(reader):
        return find_dossier(reader, docket.pk, at or make.now(), chains)


def test_a_query_is_taken_away_as_it_stood(database, sponsor_qa, cdmo_qa, rival_sponsor_qa):
    query = file.answered(cdmo_qa, file.asked(sponsor_qa))
    before = make.now()
    close_query(sponsor_qa, query.pk, version=query.version)
    now, then = taken(sponsor_qa, query), taken(sponsor_qa, query, before)
    assert [dict(each.facts)["State"] for each in (now, then)] == ["Closed", "Answered"]
    assert now.data["entries"][0]["text"] == file.ANSWER
    assert taken(rival_sponsor_qa, query) is None


def test_a_statement_is_taken_away_without_what_is_inside_the_site(
    database, cdmo_qa, cdmo_quality_head, sponsor_qa
):
    event = file.event(cdmo_qa)
    own = file.reached(cdmo_qa, event)
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    file.concluded(cdmo_qa, own)
    file.shared(cdmo_qa, own)
    file.sign(cdmo_quality_head, own, "impact_statement")
    for reader in (sponsor_qa, cdmo_qa):
        found = taken(reader, own)
        text = json.dumps([found.facts, found.data, [each.rows for each in found.sections]], default=str)
        assert event.number not in text
        assert str(event.pk) not in text
        assert len(found.signatures) == 1
    with pytest.raises(NotFound):
        taken(cdmo_qa, file.reached(cdmo_qa, file.event(cdmo_qa)), chains=["shared"])
