"""Legal holds: one side's word that a record is kept, with all that belongs to it, until it is released."""

import re
from dataclasses import replace
from functools import partial
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from portal.action import reading
from portal.actions.holding import place_hold, release_hold
from portal.actor import Role, Side, system_actor
from portal.errors import DomainError
from portal.models import Alert
from portal.queries.holds import list_holds, list_kept
from portal.states import HOLD_TRANSITIONS, HOLDERS, HoldState, edges
from tests.conftest import actor, entries_of, head_of
from tests.factories import batches, cast
from tests.factories import deviations as make
from tests.races.test_deviation_races import at_once, split

REASON = "Letter of the court of 3 November: keep everything."
OVER = "The case was settled on 20 November."
PLACERS = [("cdmo_quality_head", "manufacturer"), ("sponsor_quality_head", "sponsor")]


@pytest.fixture
def batch(database):
    return batches.batch(number="B-2417")


@pytest.fixture
def internal(batch, cdmo_operator):
    return make.report(cdmo_operator, batch_id=batch.pk)


@pytest.fixture
def disclosed(internal, cdmo_qa):
    return make.release(cdmo_qa, make.triage(cdmo_qa, internal))


def place(key, record, **given):
    return place_hold(actor(key), getattr(record, "pk", record), **{"reason": REASON} | given)


def release(key, hold, **given):
    return release_hold(actor(key), hold.pk, **{"reason": OVER, "version": hold.version} | given)


def known_to(key):
    with reading(actor(key)) as reader:
        return [each.pk for each in list_holds(reader)]


def kept(space=cast.PROGRAM):
    with reading(system_actor("watchdog", space)) as watcher:
        return {each.record_id: each for each in list_kept(watcher, space)}


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def page(signed_in, key, address):
    answer = signed_in(key).get(address)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(("key", "side"), PLACERS)
def test_the_heads_of_quality_place_one_for_their_own_side(batch, key, side):
    hold = place(key, batch)
    assert (hold.audience, hold.side, hold.number, hold.state) == (side, side, "B-2417", HoldState.PLACED)
    assert (hold.placed_code, hold.reason) == (actor(key).code(cast.PROGRAM), REASON)
    assert entries_of(cast.PROGRAM, side)[-1][1] == "hold.placed"


def test_regulatory_affairs_of_the_sponsor_places_one_too(batch, sponsor_viewer):
    (seat,) = sponsor_viewer.seats[cast.PROGRAM]
    lawyer = replace(sponsor_viewer, seats={cast.PROGRAM: (replace(seat, roles=frozenset(["regulatory"])),)})
    assert place_hold(lawyer, batch.pk, reason=REASON).side == "sponsor"


@pytest.mark.parametrize(
    "key", ["cdmo_operator", "cdmo_qa", "cdmo_admin", "sponsor_qa", "sponsor_viewer", "inspector"]
)
def test_nobody_else_places_or_releases_one(batch, key):
    held = place("sponsor_quality_head", batch, audience="shared")
    expected = "not_found" if key == "cdmo_admin" else "refused"
    assert refusal(place, key, batch) == expected
    assert refusal(release, key, held) == expected


def test_a_rival_finds_neither_the_record_nor_the_hold(batch):
    held = place("cdmo_quality_head", batch, audience="shared")
    assert refusal(place, "rival_sponsor_qa", batch) == "not_found"
    assert refusal(release, "rival_sponsor_qa", held) == "not_found"


def test_the_other_side_and_a_rival_know_nothing_of_a_private_hold(batch, disclosed, signed_in, api):
    pages = ["/holds/", f"/batches/{batch.pk}/", f"/deviations/{disclosed.pk}/"]
    address = f"/api/v1/events/?program={cast.PROGRAM}&audience=shared&after=0"
    readers = ("sponsor_quality_head", "sponsor_viewer", "rival_sponsor_qa")
    words = re.compile(r"court of 3|>legal hold<|On this record|Quality head 01, since")
    for each in ("sponsor_quality_head", "sponsor_viewer"):
        signed_in(each).get(pages[-1])  # the first look at a notice is an entry of its own
    before = head_of(cast.PROGRAM), api("sponsor_system").get(address).json()
    hold = place("cdmo_quality_head", batch)
    place("cdmo_quality_head", disclosed)
    for key in readers:
        assert known_to(key) == []
        for each in pages:
            status, text = page(signed_in, key, each)
            assert status in (200, 404)
            assert not words.search(text), (key, each)
        released = signed_in(key).post(f"/holds/{hold.pk}/release/", {"reason": OVER, "version": 1})
        assert released.status_code == 404
    assert (head_of(cast.PROGRAM), api("sponsor_system").get(address).json()) == before
    assert len(known_to("cdmo_operator")) == 2
    assert words.search(page(signed_in, "cdmo_operator", pages[1])[1])


def test_a_side_does_not_learn_of_the_others_hold_by_placing_its_own(batch):
    place("cdmo_quality_head", batch)
    assert place("sponsor_quality_head", batch).state == HoldState.PLACED


def test_a_shared_hold_is_seen_by_both_and_released_by_its_own_side_alone(batch, signed_in):
    hold = place("sponsor_quality_head", batch, audience="shared")
    for key in ("cdmo_operator", "sponsor_viewer"):
        assert known_to(key) == [hold.pk]
        for address in ("/holds/", f"/batches/{batch.pk}/"):
            text = page(signed_in, key, address)[1]
            assert ("Sponsor quality head 01" in text, "legal hold" in text.lower()) == (True, True)
            assert "Name of sponsor_quality_head" not in text
    assert known_to("rival_sponsor_qa") == []
    assert refusal(release, "cdmo_quality_head", hold) == "refused"
    assert release("sponsor_quality_head", hold).state == HoldState.RELEASED


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reason": "Court"}, "invalid"),
        ({"reason": "x" * 4001}, "invalid"),
        ({"audience": "sponsor"}, "invalid"),
        ({"audience": "shared"}, "invalid"),
    ],
)
def test_what_is_no_reason_or_would_tell_of_a_private_record_is_refused(internal, given, code):
    assert refusal(place, "cdmo_quality_head", internal, **given) == code


def test_an_alert_is_kept_with_its_record_and_not_by_itself(batch, disclosed):
    with reading(actor("sponsor_quality_head")) as reader:
        alert = Alert.objects.visible_to(reader).filter(subject_id=disclosed.pk).first()
    assert refusal(place, "sponsor_quality_head", alert) == "invalid"


def test_a_side_has_one_standing_hold_on_a_record(batch):
    hold = place("cdmo_quality_head", batch)
    assert refusal(place, "cdmo_quality_head", batch) == "conflict"
    assert refusal(place, "cdmo_quality_head", batch, audience="shared") == "conflict"
    release("cdmo_quality_head", hold)
    assert place("cdmo_quality_head", batch).pk != hold.pk


def test_it_is_released_once_with_a_reason_by_who_saw_it_as_it_stands(batch):
    hold = place("cdmo_quality_head", batch)
    assert refusal(release, "cdmo_quality_head", hold, reason="Over") == "invalid"
    assert refusal(release, "cdmo_quality_head", hold, version=None) == "version_required"
    assert refusal(release, "cdmo_quality_head", hold, version=7) == "stale_version"
    over = release("cdmo_quality_head", hold)
    assert (over.state, over.version, over.release_reason) == (HoldState.RELEASED, 2, OVER)
    assert entries_of(cast.PROGRAM, "manufacturer")[-1][1] == "hold.released"
    assert refusal(release, "cdmo_quality_head", over) == "invalid_transition"


def test_two_hands_at_once_place_one_and_release_it_once(own_database):
    head = actor("cdmo_quality_head")
    batch = batches.batch(number="B-2417")
    for _ in range(3):
        done, refused = split(at_once(*[partial(place_hold, head, batch.pk, reason=REASON)] * 2))
        assert (len(done), refused) == (1, [409])
        given = {"reason": OVER, "version": done[0].version}
        done, refused = split(at_once(*[partial(release_hold, head, done[0].pk, **given)] * 2))
        assert (len(done), refused) == (1, [409])


@pytest.mark.parametrize("column", ["reason", "placed_at", "side", "audience"])
def test_what_was_placed_is_never_rewritten(own_database, column):
    with own_database.connect("app") as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(sql.SQL("update portal_legalhold set {0} = {0}").format(sql.Identifier(column)))


def test_the_database_guards_the_table_of_states(database, as_owner):
    (arguments,) = as_owner.execute(
        "select tgargs from pg_trigger"
        " where tgname = 'guard_state' and tgrelid = 'portal_legalhold'::regclass"
    ).fetchone()
    assert bytes(arguments).decode().split("\x00")[:-1] == edges(HOLD_TRANSITIONS)
    assert {role for each in HOLD_TRANSITIONS.values() for role in each.roles} == set(HOLDERS)
    assert Role(Side.SPONSOR, "regulatory") in HOLDERS


def test_reasons_are_stored_sealed_while_the_hold_is_private(batch):
    place("cdmo_quality_head", batch)
    with reading(actor("cdmo_quality_head")), connection.cursor() as cursor:
        cursor.execute("select reason from portal_legalhold")
        assert "court" not in cursor.fetchone()[0]


def test_a_hold_on_a_batch_keeps_what_happened_in_it_and_nothing_else(batch, disclosed, cdmo_operator):
    elsewhere = make.report(cdmo_operator)
    hold = place("cdmo_quality_head", batch)
    found = kept()
    assert {batch.pk, disclosed.pk} <= found.keys()
    assert not {elsewhere.pk, cast.PROGRAM} & found.keys()
    with reading(actor("sponsor_quality_head")) as reader:
        alerts = Alert.objects.visible_to(reader).filter(subject_id=disclosed.pk)
        assert {each.pk for each in alerts} <= found.keys()
    assert found[disclosed.pk].since == hold.placed_at
    assert (found[batch.pk].type, found[batch.pk].retention.title) == (
        "batch", "Batch records, readings, excursions",
    )  # fmt: skip
    release("cdmo_quality_head", hold)
    assert kept() == {}


def test_a_hold_on_a_deviation_keeps_it_and_one_on_the_program_everything(batch, disclosed, cdmo_operator):
    place("sponsor_quality_head", disclosed)
    assert batch.pk not in kept()
    elsewhere = make.report(cdmo_operator)
    place("cdmo_quality_head", cast.PROGRAM)
    assert {batch.pk, disclosed.pk, elsewhere.pk, cast.PROGRAM} <= kept().keys()
    assert kept(cast.RIVAL_PROGRAM) == {}


def held(*records):
    out, code = StringIO(), 0
    try:
        call_command("holds", *map(str, records), stdout=out)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue()


def test_the_owner_lists_what_must_not_be_archived_and_asks_for_one_record(batch, disclosed):
    assert held() == (0, "")
    assert held(batch.pk) == (0, "")
    place("cdmo_quality_head", batch)
    code, listed = held()
    assert code == 0
    assert re.search(
        rf"^{disclosed.pk}  deviation  \d{{4}}-\d\d-\d\dT[\d:]+Z  Deviations", listed, re.MULTILINE
    )
    # Ids and classes alone: the owner of the installation is neither side.
    assert "B-2417" not in listed
    assert "court" not in listed
    assert held(disclosed.pk)[0] == 1
    assert held(cast.PROGRAM) == (0, "")


def test_the_page_of_a_deviation_says_that_its_batch_is_on_hold(batch, disclosed, signed_in):
    place("cdmo_quality_head", batch)
    text = page(signed_in, "cdmo_operator", f"/deviations/{disclosed.pk}/")[1]
    assert "On B-2417, and so on this record" in text
    assert "Place a legal hold" not in text


def test_a_person_places_one_from_the_record_and_releases_it(batch, signed_in):
    browser = signed_in("sponsor_quality_head")
    link = re.search(
        r'href="(/holds/\?record=[^"#]+)#place"', browser.get(f"/batches/{batch.pk}/").content.decode()
    )
    form = browser.get(link[1]).content.decode()
    assert 'value="B-2417"' in form
    given = {"program": cast.PROGRAM, "number": "B-2417", "reason": REASON, "audience": "own"}
    unknown = browser.post("/holds/", given | {"number": "B-9"})
    assert (unknown.status_code, "is called so" in unknown.content.decode()) == (400, True)
    placed = browser.post("/holds/", given, follow=True).content.decode()
    assert (REASON in placed, "sponsor internal" in placed) == (True, True)
    assert "Place a legal hold" not in browser.get(f"/batches/{batch.pk}/").content.decode()
    again = browser.post("/holds/", given)
    assert (again.status_code, "already" in again.content.decode()) == (400, True)
    address = re.search(r'action="(/holds/[^"]+/release/)"', placed)[1]
    short = browser.post(address, {"reason": "Over", "version": 1})
    assert (short.status_code, "10 to 4000 characters" in short.content.decode()) == (400, True)
    after = browser.post(address, {"reason": OVER, "version": 1}, follow=True).content.decode()
    assert OVER in after
    assert "/release/" not in after


def test_who_places_none_gets_no_form_and_no_link(batch, signed_in):
    for key in ("cdmo_qa", "sponsor_viewer", "inspector", "rival_sponsor_qa"):
        status, text = page(signed_in, key, "/holds/")
        assert (status, "Place a hold" in text) == (200, False)
        refused = signed_in(key).post("/holds/", {"program": cast.PROGRAM, "number": "B-2417"})
        assert refused.status_code == 403
    assert 'href="/holds/"' in page(signed_in, "cdmo_quality_head", "/ledger/")[1]
    assert 'href="/holds/"' not in page(signed_in, "cdmo_qa", "/ledger/")[1]


def test_three_holds_cost_as_many_queries_as_one(batch, disclosed, signed_in):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            signed_in("cdmo_quality_head").get("/holds/")
        return len(queries)

    place("cdmo_quality_head", batch)
    asked()
    one = asked()
    place("cdmo_quality_head", disclosed)
    place("cdmo_quality_head", cast.PROGRAM)
    assert asked() == one
