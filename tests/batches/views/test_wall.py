"""The wall: a display key opens running batches and their values, and nothing that is written or named."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from portal.action import reading
from portal.actions.people import add_member, fresh_token, give_assignment, issue_key, revoke_key
from portal.actor import Side, system_actor
from portal.admission import TurnedAway, admit, find_doubtful
from portal.chains import frame_of
from portal.displays import COOKIE, display_by_key
from portal.errors import Invalid
from portal.follower import Follower, Subscription
from portal.models import ApiKey
from portal.states import PersonKind
from portal.streams import ChainKey, Entry, find_watched
from tests.factories import batches as make
from tests.factories import cast, deviations


def display(program=cast.PROGRAM, organisation=cast.CDMO, side=Side.MANUFACTURER, **given):
    """A display key of a program; its token."""
    setup = system_actor("setup", organisation, program)
    token, email = fresh_token(), f"wall-{uuid4().hex}@service.invalid"
    member = add_member(setup, organisation, email=email, name="Wall", kind=PersonKind.SERVICE)
    role = "gateway" if side == Side.MANUFACTURER else "viewer"
    give_assignment(
        setup,
        organisation,
        person_id=member.person_id,
        target_id=program,
        side=side,
        role=role,
        code="Wall 1",
    )
    issue_key(
        setup,
        organisation,
        person_id=member.person_id,
        label="wall",
        token=token,
        program_ids=[program],
        **{"scopes": ["display"], "expires_at": make.now() + timedelta(days=1)} | given,
    )
    return token


def revoke(token):
    setup = system_actor("setup", cast.CDMO)
    with reading(setup):
        key = ApiKey.objects.visible_to(setup).get(hint=token[:8])
    revoke_key(setup, key.pk, reason="The screen is taken down.")


def wall(token):
    client = Client()
    client.cookies[COOKIE] = token
    return client.get("/wall/")


@pytest.fixture
def batch(database):
    return make.batch(title="Penned title", equipment="BR-203")


def test_a_display_shows_numbers_phases_and_values_and_nothing_that_is_written(batch, gateway, cdmo_qa):
    make.send(gateway, batch, make.course([36.5], start=make.now()))
    deviations.report(cdmo_qa, cast.PROGRAM, title="Penned words", batch_id=batch.pk)
    page = wall(display()).content.decode()
    assert "B-1" in page
    assert "36.5" in page
    assert "1 not classified" in page
    for word in ("Penned", "BR-203", "CDMO QA", 'href="/batches/', 'href="/deviations/', 'href="/account/'):
        assert word not in page, word


def test_it_shows_the_batches_of_its_programs_or_of_these_only_those_chosen(batch):
    make.batch(number="B-2")
    make.batch(cast.RIVAL_PROGRAM, number="B-3")
    every = wall(display()).content.decode()
    assert ("B-1" in every, "B-2" in every, "B-3" in every) == (True, True, False)
    chosen = wall(display(shows=["B-2"])).content.decode()
    assert ("B-1" in chosen, "B-2" in chosen, "B-3" in chosen) == (False, True, False)


def test_the_sponsors_wall_shows_no_value_of_the_cdmo_alone(batch, gateway):
    make.send(gateway, batch, make.course([50.0], code="LOAD", start=make.now()))
    assert "Line load" not in wall(display(organisation=cast.ARVO, side=Side.SPONSOR)).content.decode()


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 300], ids=len)
def test_without_a_key_there_is_a_form_and_nothing_else(batch, token):
    answer = wall(token)
    assert answer.status_code == 401
    assert "B-1" not in answer.content.decode()


def test_a_key_of_another_kind_opens_no_wall_and_a_display_key_nothing_else(batch, api):
    assert display_by_key(cast.TOKENS["cdmo_system"]) is None
    bearer = Client(headers={"Authorization": f"Bearer {display()}"})
    assert bearer.get("/api/v1/batches/").status_code == 403
    assert bearer.post("/api/v1/deviations/", {}, content_type="application/json").status_code == 403
    with pytest.raises(TurnedAway):
        admit({"authorization": f"Bearer {display()}"})
    with pytest.raises(Invalid):
        display(scopes=["display", "read"])


def test_the_key_is_kept_where_no_script_reads_it_and_is_forgotten_once_withdrawn(batch):
    token, client = display(), Client()
    assert client.post("/wall/", {"key": token}).status_code == 303
    kept = client.cookies[COOKIE]
    assert (kept["httponly"], kept["samesite"]) == (True, "Strict")
    assert client.get("/wall/").status_code == 200
    revoke(token)
    answer = client.get("/wall/")
    assert answer.status_code == 401
    assert "was withdrawn" in answer.content.decode()
    assert client.cookies[COOKIE].value == ""
    assert client.post("/wall/", {"key": token}).status_code == 401


class TestStream:
    def headers(self, token):
        return {"origin": "http://testserver", "host": "testserver", "cookie": f"{COOKIE}={token}"}

    def test_a_display_is_let_in_from_our_own_page_alone_and_out_with_its_key(self, batch):
        token = display()
        admitted = admit(self.headers(token), as_display=True)
        assert admitted.display is not None
        assert find_doubtful([admitted], with_seats=True) == []
        with pytest.raises(TurnedAway):
            admit(self.headers(token) | {"origin": "http://elsewhere"}, as_display=True)
        revoke(token)
        assert find_doubtful([admitted], with_seats=False) == [admitted]
        with pytest.raises(TurnedAway):
            admitted.renew()

    async def test_it_hears_that_something_happened_and_not_what(self):
        sent = []

        class Admitted:
            actor, display = None, object()

        async def send(message):
            sent.append(message["text"])

        follower = Follower(Admitted(), send, None)
        key = ChainKey(cast.PROGRAM, "shared")
        subject = {"type": "deviation", "id": "1", "number": "DEV-1", "version": 1}
        entry = Entry(7, "2026-03-01T12:00:00Z", "deviation.reported", True, subject, "major", "Words", False)

        class Chain:
            pass

        chain = Chain()
        chain.key = key
        shown = follower._shown(Subscription(chain, 6), frame_of(key, entry))
        assert '"type":"skip"' in shown["text"]
        assert "Words" not in shown["text"]
        assert "DEV-1" not in shown["text"]

    def test_it_watches_what_it_shows_alone(self, batch):
        other = make.batch(number="B-2")
        shown = display_by_key(display(shows=["B-2"]))
        with reading(shown.actor):
            assert find_watched(shown.actor, batch.pk, shown.numbers) is None
            assert find_watched(shown.actor, other.pk, shown.numbers) == cast.PROGRAM
