"""A site event is one record inside the site; each client reads its own statement, and nothing of another."""

import json

import pytest

from deviations.actions.dockets.site import (
    close_site_event,
    link_statement,
    open_site_event,
    open_statement,
    reopen_statement,
)
from deviations.dockets.site.rules import SITE_EVENTS, STATEMENTS
from deviations.models import DocketLink, ImpactStatement, SiteEvent, SiteReach
from deviations.queries.dockets import docket_detail, dockets_about, dockets_waiting, list_dockets
from portal.action import reading
from portal.errors import DomainError
from portal.models import Record
from tests.conftest import actor, entries_of
from tests.deviations.conftest import seen_by
from tests.factories import batches, cast, signing
from tests.factories import deviations as make
from tests.factories import dockets as file
from tests.factories.alerts import facts_of


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def told(reader, statement):
    """All that a reader is told of a statement, as one text."""
    with reading(reader):
        found = docket_detail(STATEMENTS, reader, statement.pk)
        return json.dumps([[each.label, each.words, str(each.value)] for each in found.said], default=str)


@pytest.fixture
def event(database, cdmo_operator):
    return file.event(cdmo_operator)


@pytest.fixture
def both(event, cdmo_qa):
    """The statements of the client and of the rival."""
    own = file.reached(cdmo_qa, event)
    return own, file.reached(cdmo_qa, event, cast.RIVAL_PROGRAM, title="RIVAL words of it")


def test_a_site_event_is_read_on_the_floor_of_the_site_alone(
    event, cdmo_qa, cdmo_admin, sponsor_qa, rival_sponsor_qa
):
    assert (event.number[:3], event.space_id) == ("SE-", cast.CDMO)
    with reading(cdmo_qa):
        assert list(list_dockets(SITE_EVENTS, cdmo_qa)) == [event]
    for stranger in (cdmo_admin, sponsor_qa, rival_sponsor_qa):
        with reading(stranger):
            assert list(list_dockets(SITE_EVENTS, stranger)) == []
    assert refusal(file.event, sponsor_qa) == refusal(file.event, cdmo_admin) == "not_found"


def test_a_statement_is_cdmo_internal_until_it_is_shared(both, cdmo_qa, sponsor_qa, rival_sponsor_qa):
    own, theirs = both
    assert seen_by(sponsor_qa, ImpactStatement) == []
    assert seen_by(sponsor_qa, Record, pk=own.pk) == []
    file.shared(cdmo_qa, own)
    assert seen_by(sponsor_qa, ImpactStatement) == [own]
    assert seen_by(rival_sponsor_qa, ImpactStatement) == []
    file.shared(cdmo_qa, theirs)
    assert seen_by(rival_sponsor_qa, ImpactStatement) == [theirs]


def test_what_a_client_reads_holds_nothing_of_the_event_or_of_another_client(
    event, both, cdmo_qa, cdmo_quality_head, sponsor_qa
):
    own, theirs = both
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    for each in both:
        file.concluded(cdmo_qa, each)
    file.shared(cdmo_qa, own)
    signature = file.sign(cdmo_quality_head, own, "impact_statement")
    found = told(sponsor_qa, own)
    for word in (event.number, str(event.pk), str(theirs.pk), "RIVAL", "TB-22"):
        assert word not in found
    assert own.number == theirs.number
    with reading(sponsor_qa):
        shown = json.dumps(list(signature.content["shown"])) if hasattr(signature, "content") else ""
        assert SiteReach.objects.visible_to(sponsor_qa).count() == 0
    assert event.number not in shown
    shared = json.dumps(facts_of(cast.PROGRAM, after=0), default=str)
    assert str(event.pk) not in shared
    assert event.number not in shared
    assert "Complete" in found


def test_the_word_on_other_product_waits_for_all_statements_inside_the_site(
    both, cdmo_qa, cdmo_quality_head, sponsor_qa
):
    own, theirs = both
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    file.shared(cdmo_qa, own)
    file.concluded(cdmo_qa, own)
    before = entries_of(cast.PROGRAM)
    assert refusal(file.sign, cdmo_quality_head, own, "impact_statement") == "invalid_transition"
    assert file.again(own).others_assessed is False
    assert entries_of(cast.PROGRAM) == before
    file.concluded(cdmo_qa, theirs)
    assert entries_of(cast.PROGRAM) == before
    file.sign(cdmo_quality_head, own, "impact_statement")
    assert (file.again(own).state, file.again(own).others_assessed) == ("signed", True)
    assert file.again(theirs).others_assessed is False


def test_who_concluded_a_statement_does_not_sign_it(event, cdmo_qa, cdmo_quality_head):
    own = file.reached(cdmo_qa, event)
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    file.concluded(cdmo_quality_head, own)
    assert refusal(file.sign, cdmo_quality_head, own, "impact_statement") == "own_work"


def test_a_program_has_one_statement_of_an_event(event, both, cdmo_qa):
    given = file.STATED | {"program_id": cast.PROGRAM, "version": file.again(event).version}
    assert refusal(open_statement, cdmo_qa, event.pk, **given) == "stated_already"


def test_a_statement_names_batches_of_its_own_program_alone(event, cdmo_qa):
    theirs = batches.batch(cast.RIVAL_PROGRAM)
    given = file.STATED | {"batch_ids": [theirs.pk], "version": event.version}
    assert refusal(open_statement, cdmo_qa, event.pk, program_id=cast.PROGRAM, **given) == "not_found"


def test_an_event_closes_when_each_statement_has_its_conclusion(event, both, cdmo_qa):
    version = file.again(event).version
    given = {"text": "Regulator changed.", "version": version}
    assert refusal(close_site_event, cdmo_qa, event.pk, **given) == "invalid_transition"
    for each in both:
        file.concluded(cdmo_qa, each)
    reopened = file.again(both[0])
    reopen_statement(cdmo_qa, reopened.pk, reason="A second incubator is found.", version=reopened.version)
    assert refusal(close_site_event, cdmo_qa, event.pk, **given) == "invalid_transition"
    file.concluded(cdmo_qa, both[0])
    closed = close_site_event(cdmo_qa, event.pk, **given)
    assert (closed.state, closed.ended_at is not None) == ("closed", True)


def test_a_link_to_a_deviation_is_read_by_who_knows_both(event, cdmo_qa, sponsor_qa):
    own = file.shared(cdmo_qa, file.reached(cdmo_qa, event))
    deviation = make.triage(cdmo_qa, make.report(cdmo_qa))
    version = file.again(own).version
    link_statement(cdmo_qa, own.pk, other_id=deviation.pk, version=version)
    assert seen_by(sponsor_qa, DocketLink) == []
    assert file.again(own).version == version
    make.release(cdmo_qa, deviation)
    link_statement(cdmo_qa, own.pk, other_id=deviation.pk, version=version)
    assert len(seen_by(sponsor_qa, DocketLink)) == 1
    with reading(sponsor_qa):
        (line,) = dockets_about(sponsor_qa, deviation.pk)
        assert line.docket.pk == own.pk
    assert refusal(link_statement, cdmo_qa, own.pk, other_id=deviation.pk, version=version + 1) == "linked"


def test_what_waits_is_the_conclusion_then_the_signature(event, cdmo_qa, cdmo_quality_head, sponsor_qa):
    own = file.reached(cdmo_qa, event)

    def waits(reader):
        with reading(reader):
            return [each.why.split(":")[0] for each in dockets_waiting(reader)]

    assert waits(cdmo_qa) == ["Conclude the impact"]
    file.concluded(cdmo_qa, own)
    assert (waits(cdmo_qa), waits(cdmo_quality_head), waits(sponsor_qa)) == ([], ["Sign"], [])


@pytest.mark.parametrize(
    ("given", "field"),
    [({"kind": "moon"}, "kind"), ({"place": ""}, "place"), ({"description": "short"}, "description")],
)
def test_a_site_event_says_what_where_and_when(database, cdmo_qa, given, field):
    with pytest.raises(DomainError) as refused:
        open_site_event(cdmo_qa, cast.CDMO, **file.EVENT | {"occurred_at": make.now()} | given)
    assert list(refused.value.errors) == [field]


def test_numbers_of_the_site_follow_each_other_and_a_programs_count_its_own(database, cdmo_qa):
    first, second = file.event(cdmo_qa), file.event(cdmo_qa)
    assert [each.number[-3:] for each in (first, second)] == ["001", "002"]
    file.reached(cdmo_qa, first, cast.RIVAL_PROGRAM)
    own = file.reached(cdmo_qa, second)
    assert own.number.endswith("0001")


def test_the_pages_and_rest_keep_the_event_inside_the_site(event, cdmo_qa, signed_in, api):
    own = file.reached(cdmo_qa, event)
    address = f"/site-events/{event.pk}/"
    cdmo, sponsor, rival = (signed_in(each) for each in ("cdmo_qa", "sponsor_qa", "rival_sponsor_qa"))
    assert event.number in cdmo.get("/site-events/").content.decode()
    assert own.number in cdmo.get(address).content.decode()
    for stranger in (sponsor, rival, signed_in("cdmo_admin")):
        assert stranger.get(address).status_code == 404
        assert event.number not in stranger.get("/site-events/").content.decode()
    statement = f"/impact-statements/{own.pk}/"
    assert sponsor.get(statement).status_code == 404
    typed = {"version": str(file.again(own).version)}
    assert cdmo.post(f"{statement}share/", typed).status_code == 303
    page = sponsor.get(statement).content.decode()
    assert own.number in page
    assert event.number not in page
    assert str(event.pk) not in page
    assert rival.get(statement).status_code == 404
    shown = api("sponsor_system").get(f"/api/v1{statement}").json()
    assert "site_event" not in shown["stated"]
    assert api("rival_system").get(f"/api/v1{statement}").status_code == 404
    assert api("cdmo_system").get(f"/api/v1{address}").json()["number"] == event.number
    assert api("sponsor_system").get("/api/v1/site-events/").json()["results"] == []
    assert actor("sponsor_qa").holds(cast.CDMO) is False
    assert len(seen_by(cdmo_qa, SiteEvent)) == 1
