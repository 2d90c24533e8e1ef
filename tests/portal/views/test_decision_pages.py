"""The pages of decision requests: read as the other side will, choose, say why, sign."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.action import reading
from portal.actor import system_actor
from portal.models import DecisionRequest
from portal.papers import read_words
from tests.factories import batches, cast, deviations
from tests.factories import decisions as make
from tests.factories.signing import fresh, make_signer

GIVEN = {
    "title": "B-2417: continue, harvest early, or stop?",
    "option_A": "Continue to day 14",
    "option_B": "Harvest on day 12",
    "recommended": "A",
    "recommendation": "The culture recovered.",
    "meanwhile": "The culture goes on.",
    "if_lost": "It goes on as in A.",
    "roles": ["cmc", "qa"],
}


@pytest.fixture
def batch(database):
    return batches.batch(number="B-2417")


@pytest.fixture
def asked(batch, cdmo_qa):
    return make.asked(cdmo_qa, batch)


@pytest.fixture
def answerer(database, sponsor_qa):
    make_signer(sponsor_qa, cast.ARVO)
    return sponsor_qa


def page(client, address):
    answer = client.get(address)
    return answer.status_code, unescape(answer.content.decode())


def field(text, name):
    return re.search(rf'name="{name}" value="([^"]*)"', text)[1]


def row(request):
    watcher = system_actor("watchdog", cast.PROGRAM)
    with reading(watcher):
        return read_words(watcher, DecisionRequest.objects.visible_to(watcher).get(pk=request.pk))


def site_time(by):
    return (batches.now() + by).strftime("%Y-%m-%dT%H:%M")


def test_from_a_batch_to_a_question_the_draft_is_read_as_they_will_see_it_then_asked(batch, signed_in):
    client = signed_in("cdmo_qa")
    _, text = page(client, f"/batches/{batch.pk}/")
    ask_url = re.search(r'href="(/decisions/new/\?subject=[^"]+)"', text)[1]
    assert "Ask Arvo Therapeutics for a decision" in page(client, ask_url)[1]
    drafted = client.post(ask_url, {**GIVEN, "lost_at": site_time(timedelta(hours=30))})
    assert drafted.status_code == 303
    _, text = page(client, drafted["Location"])
    assert "This is all that Arvo Therapeutics will see, word for word" in text
    for words in ("Continue to day 14", "Harvest on day 12", "It goes on as in A.", "quality head"):
        assert words in text
    assert page(signed_in("sponsor_qa"), drafted["Location"])[0] == 404
    sent = client.post(f"{drafted['Location']}ask/", {"version": field(text, "version")})
    assert sent.status_code == 303
    status, text = page(signed_in("sponsor_qa"), drafted["Location"])
    assert (status, "asks you to choose" in text) == (200, True)
    assert page(signed_in("rival_sponsor_qa"), drafted["Location"])[0] == 404


def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(batch, signed_in):
    client = signed_in("cdmo_qa")
    given = {**GIVEN, "recommendation": "", "lost_at": site_time(timedelta(hours=-30))}
    answer = client.post(f"/decisions/new/?subject={batch.pk}", given)
    text = unescape(answer.content.decode())
    assert answer.status_code == 400
    assert "Say why it is recommended." in text
    assert "A time to come: after it the choice is lost." in text
    assert "Continue to day 14" in text


def test_a_draft_is_changed_and_an_asked_one_is_not(batch, cdmo_qa, signed_in):
    client, draft = signed_in("cdmo_qa"), make.draft(cdmo_qa, batch)
    address = f"/decisions/{draft.pk}/change/"
    _, text = page(client, address)
    assert "Harvest on day 12" in text
    given = {**GIVEN, "lost_at": site_time(timedelta(hours=30)), "version": field(text, "version")}
    assert client.post(address, given).status_code == 303
    changed = row(draft)
    assert (changed.version, [each.code for each in changed.choices]) == (2, ["A", "B"])
    asked = make.ask(cdmo_qa, changed)
    assert client.get(address).status_code == 302
    assert client.post(address, {**given, "version": asked.version}).status_code == 409
    assert row(asked).title == GIVEN["title"]


def test_an_answer_is_chosen_read_and_signed(asked, answerer, signed_in):
    client = signed_in("sponsor_qa")
    _, text = page(client, f"/decisions/{asked.pk}/")
    address = re.search(r'href="(/decisions/[^"]+/answer/\?option=B)"', text)[1]
    assert "The culture goes on as in A." in text
    chosen = client.post(address, {"option": "B", "reason": "Day 12 fits the fill slot."})
    text = unescape(chosen.content.decode())
    assert chosen.status_code == 200
    assert "B: Harvest on day 12" in text
    assert row(asked).state == "asked"
    stated = {each: field(text, each) for each in ("option", "reason", "version", "digest")}
    signed = fresh(lambda **proof: client.post(address, {**stated, **proof}))
    assert (signed.status_code, signed["Location"]) == (303, f"/decisions/{asked.pk}/")
    assert (row(asked).state, row(asked).option) == ("answered", "B")
    for key in ("sponsor_viewer", "cdmo_operator"):
        _, text = page(signed_in(key), f"/decisions/{asked.pk}/")
        assert "Day 12 fits the fill slot." in text
        assert "Name of sponsor_qa" in text
        assert text.count("Name of") == text.count("Name of sponsor_qa") + text.count(f"Name of {key}")


def test_a_wrong_code_is_said_with_the_answer_kept_and_no_secret_shown(asked, answerer, signed_in):
    client, address = signed_in("sponsor_qa"), f"/decisions/{asked.pk}/answer/"
    given = {"option": "A", "reason": make.REASON}
    text = unescape(client.post(address, given).content.decode())
    stated = {each: field(text, each) for each in ("option", "reason", "version", "digest")}
    wrong = client.post(address, {**stated, "password": "not the password", "code": "000000"})
    text = unescape(wrong.content.decode())
    assert (wrong.status_code, row(asked).state) == (403, "asked")
    assert "The password or the second component is wrong." in text
    assert field(text, "reason") == make.REASON
    assert "not the password" not in text


def test_an_answer_without_a_reason_is_not_shown_for_signing(asked, answerer, signed_in):
    answer = signed_in("sponsor_qa").post(f"/decisions/{asked.pk}/answer/", {"option": "A", "reason": ""})
    assert answer.status_code == 400
    assert 'name="password"' not in answer.content.decode()


def test_a_late_answer_is_refused_in_words(asked, answerer, signed_in, clock):
    client, address = signed_in("sponsor_qa"), f"/decisions/{asked.pk}/answer/"
    given = {"option": "A", "reason": make.REASON}
    text = unescape(client.post(address, given).content.decode())
    stated = {each: field(text, each) for each in ("option", "reason", "version", "digest")}
    clock.move(timedelta(hours=3))
    late = fresh(lambda **proof: client.post(address, {**stated, **proof}))
    assert late.status_code == 409
    assert "The choice was lost at" in unescape(late.content.decode())
    assert "the time is over" in page(client, f"/decisions/{asked.pk}/")[1]


@pytest.mark.parametrize("key", ["sponsor_viewer", "cdmo_qa", "inspector"])
def test_who_may_not_answer_sees_no_buttons(asked, signed_in, key):
    client = signed_in(key)
    assert "asks you to choose" not in page(client, f"/decisions/{asked.pk}/")[1]
    status, text = page(client, f"/decisions/{asked.pk}/answer/")
    assert (status, "Nothing to answer as you" in text) == (200, True)


def test_a_lost_choice_reads_as_no_reply_and_never_as_agreement(asked, signed_in, clock):
    from portal.actions.deciding import CLOCK, watch_decision
    from portal.models import Clock

    watcher = system_actor("sweep", cast.PROGRAM)
    with reading(watcher):
        watched = Clock.objects.visible_to(watcher).get(subject_id=asked.pk, kind=CLOCK).pk
    clock.move(timedelta(hours=3))
    watch_decision(watcher, watched)
    for key in ("cdmo_qa", "sponsor_qa"):
        _, text = page(signed_in(key), f"/decisions/{asked.pk}/")
        assert "No reply; the choice is lost" in text
        assert "It went on under clause 9.1" in text
        assert "This is recorded as no reply, never as agreement." in text


def test_talk_and_withdrawal_go_through_the_page(asked, signed_in):
    address = f"/decisions/{asked.pk}/"
    sponsor, cdmo = signed_in("sponsor_qa"), signed_in("cdmo_qa")
    said = sponsor.post(
        f"{address}message/", {"text": "Which samples are at hand?", "version": asked.version}
    )
    assert said.status_code == 303
    assert "Which samples are at hand?" in page(cdmo, address)[1]
    short = cdmo.post(f"{address}withdraw/", {"reason": "", "version": asked.version})
    assert short.status_code == 400
    back = cdmo.post(f"{address}withdraw/", {"reason": "Asked anew.", "version": asked.version})
    assert back.status_code == 303
    assert "Asked anew." in page(sponsor, address)[1]


def test_it_stands_on_its_record_its_batch_and_in_the_list_of_both_sides(batch, cdmo_qa, signed_in):
    released = deviations.release(
        cdmo_qa, deviations.triage(cdmo_qa, deviations.report(cdmo_qa, batch_id=batch.pk))
    )
    asked = make.asked(cdmo_qa, released)
    draft = make.draft(cdmo_qa, batch, title="Not theirs to read yet")
    for key in ("sponsor_viewer", "cdmo_operator"):
        for address in (f"/deviations/{released.pk}/", f"/batches/{batch.pk}/", "/decisions/"):
            _, text = page(signed_in(key), address)
            assert asked.number in text, (key, address)
            assert (draft.title in text) == (
                key == "cdmo_operator" and address != f"/deviations/{released.pk}/"
            )
    _, text = page(signed_in("sponsor_viewer"), f"/batches/{batch.pk}/")
    assert "CDMO asks for a decision" in text
    _, text = page(signed_in("sponsor_viewer"), f"/deviations/{released.pk}/")
    assert "CDMO asks for a decision" in text
    assert asked.number not in page(signed_in("rival_sponsor_qa"), "/decisions/")[1]


def test_the_list_asks_the_same_queries_for_one_and_for_three(batch, cdmo_qa, signed_in):
    client = signed_in("sponsor_qa")
    client.get("/decisions/")

    def queries():
        with CaptureQueriesContext(connection) as counted:
            assert client.get("/decisions/").status_code == 200
        return len(counted)

    make.asked(cdmo_qa, batch)
    one = queries()
    for _ in range(2):
        make.asked(cdmo_qa, batch)
    assert queries() == one


def test_only_who_speaks_for_a_side_is_offered_to_ask(batch, signed_in):
    _, text = page(signed_in("cdmo_operator"), f"/batches/{batch.pk}/")
    assert "/decisions/new/" not in text
    status, text = page(signed_in("cdmo_operator"), f"/decisions/new/?subject={batch.pk}")
    assert (status, "About which record?" in text) == (200, True)
    refused = signed_in("cdmo_operator").post(f"/decisions/new/?subject={batch.pk}", GIVEN)
    assert refused.status_code in (400, 403)
