"""The deviation page: each side sees its own, each step goes through its form, refusals in words."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deviations.models import Deviation, Judgement, Notice
from portal.models import Attachment, Opening
from tests.conftest import entries_of
from tests.deviations.conftest import kinds, only, seen_by
from tests.factories import batches, cast
from tests.factories import deviations as make

HOSTILE = '<script>alert("x")</script>'
PNG = b"\x89PNG\r\n\x1a\n a photo"


def url(deviation, step=""):
    return f"/deviations/{deviation.pk}/{step}"


def text_of(page):
    return page.content.decode()


def shown(text):
    """What a reader sees of it: a clause is cited by a link."""
    return re.sub("<[^>]+>", "", text)


def test_the_cdmo_reads_an_undisclosed_deviation_marked_as_internal(triaged, signed_in):
    page = signed_in("cdmo_operator").get(url(triaged))
    text = text_of(page)
    assert page.status_code == 200
    assert make.WORDS in text
    assert "CDMO internal" in text
    assert "Arvo Therapeutics sees nothing of this" in text


@pytest.mark.parametrize("key", ["sponsor_qa", "sponsor_viewer", "sponsor_quality_head", "rival_sponsor_qa"])
def test_what_is_not_disclosed_is_not_there_for_the_other_side(triaged, signed_in, key):
    client = signed_in(key)
    for step in ("", "notice/"):
        page = client.get(url(triaged, step))
        assert page.status_code == 404
        assert triaged.number not in text_of(page)
    assert client.post(url(triaged, "triage/"), {"version": 1}).status_code in (400, 404)
    assert client.post(url(triaged, "release/"), {"version": triaged.version}).status_code == 404
    assert client.post(url(triaged, "files/")).status_code == 404


def test_a_stranger_is_sent_to_sign_in(triaged, client):
    page = client.get(url(triaged))
    assert page.status_code == 302
    assert page.headers["Location"].startswith("/account/login/?next=/deviations/")


def test_the_sponsor_reads_a_released_one_without_a_hint_of_what_stays(
    database, cdmo_operator, cdmo_qa, signed_in
):
    found = make.report(cdmo_operator, suggested_class="critical")
    make.attach(cdmo_operator, found, name="display.png")
    found = make.triage(cdmo_qa, only(cdmo_qa, Deviation))
    make.release(cdmo_qa, found)
    text = text_of(signed_in("sponsor_viewer").get(url(found)))
    assert make.WORDS in text
    assert "display.png" in text
    assert "released" in text
    assert "Suggested class" not in text
    assert "critical" not in text
    assert "CDMO internal" not in text
    assert "Triaged, provisional" not in text
    assert "Name of cdmo" not in text


def test_detected_and_released_stand_side_by_side(released, signed_in):
    text = text_of(signed_in("sponsor_viewer").get(url(released)))
    detected, let_go = text.index("<dt>Detected</dt>"), text.index("<dt>Released</dt>")
    assert detected < let_go
    assert "QA floor 07, clause 5.2, default rule" in shown(text)


def test_hostile_words_are_shown_as_words(database, cdmo_operator, cdmo_qa, signed_in):
    found = make.report(cdmo_operator, title=HOSTILE, description=HOSTILE * 3, immediate_action=HOSTILE)
    found = make.triage(cdmo_qa, found, rationale=HOSTILE * 2)
    pages = [signed_in("cdmo_qa").get(url(found)), signed_in("cdmo_qa").get(url(found, "notice/"))]
    make.release(cdmo_qa, found)
    pages += [signed_in("sponsor_qa").get(url(found)), signed_in("cdmo_qa").get("/deviations/")]
    pages += [signed_in("sponsor_qa").get("/"), signed_in("sponsor_qa").get("/escalations/")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in text_of(page)
        assert "&lt;script&gt;" in text_of(page)


def test_opening_the_record_notes_that_the_notice_was_opened(released, signed_in, sponsor_viewer, sponsor_qa):
    client = signed_in("sponsor_viewer")
    client.get(url(released))
    client.get(url(released))
    assert len(seen_by(sponsor_viewer, Opening)) == 1
    assert [kind for _, kind, _, _ in entries_of(cast.PROGRAM, "sponsor")] == ["alert.opened"]
    assert "What was opened stays with Arvo Therapeutics" in text_of(signed_in("cdmo_qa").get(url(released)))


def test_triage_from_the_page_gives_the_class_and_leads_back(reported, signed_in, cdmo_qa):
    client = signed_in("cdmo_qa")
    page = client.get(url(reported))
    assert 'href="#triage">Give the class' in text_of(page)
    sent = {"classification": "critical", "rationale": make.RATIONALE, "version": reported.version}
    page = client.post(url(reported, "triage/"), sent)
    assert (page.status_code, page.headers["Location"]) == (303, url(reported))
    assert only(cdmo_qa, Judgement).classification == "critical"
    after = text_of(client.get(url(reported)))
    assert "The class is given" in after
    assert "Preview the notice" in after


def test_a_short_rationale_is_asked_for_in_words_and_kept(reported, signed_in, cdmo_qa):
    sent = {"classification": "major", "rationale": "too short", "version": reported.version}
    page = signed_in("cdmo_qa").post(url(reported, "triage/"), sent)
    text = text_of(page)
    assert page.status_code == 400
    assert "At least 20 characters." in text
    assert "too short</textarea>" in text
    assert '<input type="radio" name="classification" value="major"' in text.split(" checked")[0][-200:]
    assert seen_by(cdmo_qa, Judgement) == []


def test_a_stale_version_is_said_and_what_was_typed_stays(reported, signed_in, cdmo_operator):
    make.attach(cdmo_operator, reported)
    words = "CPP outside PAR for 42 minutes, words that took long to type."
    sent = {"classification": "major", "rationale": words, "version": 1}
    page = signed_in("cdmo_qa").post(url(reported, "triage/"), sent)
    text = text_of(page)
    assert page.status_code == 412
    assert "Changed meanwhile" in text
    assert "The record is at version 2, you saw 1" in text
    assert f"{words}</textarea>" in text
    assert '<input type="hidden" name="version" value="2">' in text


def test_what_was_typed_is_shown_even_where_the_step_is_over(triaged, signed_in):
    words = "CPP outside PAR, typed while another one gave the class."
    sent = {"classification": "major", "rationale": words, "version": 1}
    page = signed_in("cdmo_qa").post(url(triaged, "triage/"), sent)
    assert page.status_code == 409
    assert "What you had typed" in text_of(page)
    assert words in text_of(page)


@pytest.mark.parametrize(
    ("step", "sent"),
    [
        ("triage/", {"classification": "minor", "rationale": make.RATIONALE}),
        ("release/", {}),
        ("investigate/", {"lead_code": "QA floor 07"}),
        ("cancel/", {"reason": make.REASON}),
        ("close/", {"summary": make.SUMMARY}),
    ],
)
def test_a_step_of_another_role_is_refused_in_words_and_changes_nothing(released, signed_in, step, sent):
    before = kinds(audience="shared")
    for key in ("cdmo_operator", "sponsor_qa", "sponsor_viewer"):
        page = signed_in(key).post(url(released, step), sent | {"version": released.version})
        assert page.status_code == 403
        assert "Your role here does not include it" in text_of(page)
    assert kinds(audience="shared") == before


def test_a_form_without_a_version_is_refused(reported, signed_in):
    for version in ("", "abc", "1e9", "9" * 30):
        sent = {"classification": "major", "rationale": make.RATIONALE, "version": version}
        assert signed_in("cdmo_qa").post(url(reported, "triage/"), sent).status_code == 428


def test_the_preview_says_word_for_word_what_leaves_and_what_stays(triaged, signed_in):
    client = signed_in("cdmo_qa")
    for headers in ({}, {"HX-Request": "true"}):
        text = text_of(client.get(url(triaged, "notice/"), headers=headers))
        assert make.WORDS in text
        assert make.RATIONALE in text
        assert "This is all that Arvo Therapeutics will see" in text
        assert "Names of people: their codes stand" in text
        assert "Releasing binds" in text
        assert f'name="version" value="{triaged.version}"' in text
    assert text.lstrip().startswith('<dialog class="dialog" id="notice-preview"')


def test_the_preview_is_refused_to_other_roles_and_after_the_release(released, triaged, signed_in):
    assert signed_in("cdmo_operator").get(url(released, "notice/")).status_code == 403
    page = signed_in("cdmo_qa").get(url(released, "notice/"))
    assert page.status_code == 409
    assert "has been released; it leaves once" in text_of(page)


def test_releasing_from_the_page_tells_the_sponsor(triaged, signed_in, cdmo_qa):
    page = signed_in("cdmo_qa").post(url(triaged, "release/"), {"version": triaged.version})
    assert page.status_code == 303
    assert only(cdmo_qa, Notice).released_by == "QA floor 07"
    text = text_of(signed_in("sponsor_viewer").get(url(triaged)))
    assert "Acknowledge the notice" in text
    assert "your side, clause 5.2, default rule, then the next role is told" in shown(text)


def test_releasing_what_was_changed_since_the_preview_is_refused(triaged, signed_in, cdmo_operator, cdmo_qa):
    make.attach(cdmo_operator, triaged)
    page = signed_in("cdmo_qa").post(url(triaged, "release/"), {"version": triaged.version})
    assert page.status_code == 412
    assert "Changed meanwhile" in text_of(page)
    assert seen_by(cdmo_qa, Notice) == []


def test_investigate_then_close_through_the_page(released, signed_in, cdmo_qa):
    client = signed_in("cdmo_qa")
    sent = {"lead_code": "QA floor 07", "version": released.version}
    assert client.post(url(released, "investigate/"), sent).status_code == 303
    found = make.review(cdmo_qa, only(cdmo_qa, Deviation))
    sent = {"summary": make.SUMMARY, "version": found.version}
    assert client.post(url(released, "close/"), sent).status_code == 303
    text = text_of(client.get(url(released)))
    assert make.SUMMARY in text
    assert 'id="close"' not in text
    assert 'id="cancel"' not in text


def test_an_unknown_lead_is_refused_with_those_who_may(released, signed_in):
    page = signed_in("cdmo_qa").post(
        url(released, "investigate/"), {"lead_code": HOSTILE, "version": released.version}
    )
    assert page.status_code == 400
    assert HOSTILE not in text_of(page)


def test_a_major_one_is_not_closed_before_the_sponsor_was_told(triaged, signed_in, cdmo_qa):
    found = make.investigate(cdmo_qa, triaged)
    client = signed_in("cdmo_qa")
    assert "It can be closed once the sponsor has been told" in text_of(client.get(url(found)))
    page = client.post(url(found, "close/"), {"summary": make.SUMMARY, "version": found.version})
    assert page.status_code == 409
    assert "Release the notice" in text_of(page)


def test_cancelling_needs_a_reason_and_ends_the_state_line(reported, signed_in):
    client = signed_in("cdmo_qa")
    page = client.post(url(reported, "cancel/"), {"reason": "no", "version": reported.version})
    assert page.status_code == 400
    page = client.post(url(reported, "cancel/"), {"reason": make.REASON, "version": reported.version})
    assert page.status_code == 303
    text = text_of(client.get(url(reported)))
    assert '<li data-state="ended">' in text
    assert make.REASON in text


def test_files_are_added_and_a_refused_one_is_named(reported, signed_in, cdmo_operator):
    client = signed_in("cdmo_operator")
    files = [SimpleUploadedFile("good.png", PNG), SimpleUploadedFile("bad.exe", b"MZ\x00\x01")]
    page = client.post(url(reported, "files/"), {"photos": files}, follow=True)
    assert "bad.exe was not attached" in text_of(page)
    (kept,) = seen_by(cdmo_operator, Attachment)
    assert str(kept.name) == "good.png"
    assert f"/attachments/{kept.pk}/content/" in text_of(page)
    empty = client.post(url(reported, "files/"), follow=True)
    assert "Choose a photo or a file first" in text_of(empty)


def test_a_viewer_adds_no_files(released, signed_in, sponsor_viewer):
    client = signed_in("sponsor_viewer")
    assert 'name="photos"' not in text_of(client.get(url(released)))
    client.post(url(released, "files/"), {"photos": SimpleUploadedFile("a.png", PNG)})
    assert seen_by(sponsor_viewer, Attachment) == []


def test_the_live_part_alone_is_answered_to_the_page_itself(released, signed_in):
    page = signed_in("sponsor_viewer").get(url(released), headers={"HX-Request": "true"})
    assert text_of(page).lstrip().startswith('<div id="record" data-live-on=')
    assert "<html" not in text_of(page)


def test_a_long_history_and_many_files_cost_no_more_queries(database, cdmo_operator, cdmo_qa, signed_in):
    batch = batches.batch(number="B-2417")
    found = make.report(cdmo_operator, batch_id=batch.pk)
    make.attach(cdmo_operator, found, name="one.png")
    found = make.release(cdmo_qa, make.triage(cdmo_qa, only(cdmo_qa, Deviation)))
    client = signed_in("cdmo_qa")
    client.get(url(found))
    with CaptureQueriesContext(connection) as few:
        client.get(url(found))
    for number in range(3):
        make.attach(cdmo_operator, found, name=f"{number}.png", data=PNG + bytes([number]))
    with CaptureQueriesContext(connection) as many:
        client.get(url(found))
    assert len(many) == len(few)
