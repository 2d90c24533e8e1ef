from datetime import timedelta

import pytest

from deviations.actions.release import chase_notice
from deviations.models import Deviation, Judgement, Notice
from deviations.queries import notice_preview
from portal.action import reading
from portal.actor import system_actor
from portal.errors import InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import Alert, Attachment, Clock
from tests.conftest import entries_of
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make


def test_a_release_makes_the_record_shared_and_keeps_its_state(triaged, cdmo_qa, sponsor_qa):
    before = only(cdmo_qa, Deviation)
    make.release(cdmo_qa, triaged)
    row = only(sponsor_qa, Deviation)
    assert (row.audience, row.version, row.state) == ("shared", 3, "triaged")
    kept = [each.attname for each in Deviation._meta.fields if each.attname not in ("audience", "version")]
    assert [getattr(row, name) for name in kept] == [getattr(before, name) for name in kept]


def test_the_provisional_class_leaves_and_the_suggested_one_stays(
    database, cdmo_operator, cdmo_qa, sponsor_qa
):
    found = make.report(cdmo_operator, suggested_class="critical")
    make.release(cdmo_qa, make.triage(cdmo_qa, found, "major"))
    given = only(sponsor_qa, Judgement)
    assert (given.kind, given.classification, given.rationale) == ("provisional", "major", make.RATIONALE)
    assert sorted(each.kind for each in seen_by(cdmo_qa, Judgement)) == ["provisional", "suggested"]


def test_the_notice_keeps_the_words_that_left(triaged, cdmo_qa, sponsor_qa):
    made = make.release(cdmo_qa, triaged)
    notice = only(sponsor_qa, Notice)
    assert (notice.deviation_id, notice.classification, notice.clause) == (made.pk, "major", "5.2")
    assert notice.released_by == "QA floor 07"
    content = notice.content
    assert content["recipient"] == "Arvo Therapeutics"
    assert (content["fields"]["title"], content["fields"]["description"]) == (make.TITLE, make.WORDS)
    assert content["rationale"] == make.RATIONALE
    assert content["detected_at"] == triaged.detected_at.isoformat()
    assert content["released_at"] == notice.released_at.isoformat()


def test_the_sponsor_is_asked_for_receipt(triaged, cdmo_qa, sponsor_qa):
    made = make.release(cdmo_qa, triaged)
    alert = only(sponsor_qa, Alert)
    assert (alert.kind, alert.side, alert.audience, alert.state) == (
        "deviation.notice",
        "sponsor",
        "shared",
        "open",
    )
    assert (alert.classification, alert.clause, alert.subject_id) == ("major", "5.2", made.pk)
    assert alert.title == f"{made.number}: {make.TITLE}"
    assert only(sponsor_qa, Notice).alert_id == alert.pk


def test_a_release_is_one_shared_entry_that_announces_the_notice(triaged, cdmo_qa):
    before = entries_of(cast.PROGRAM)
    make.release(cdmo_qa, triaged)
    notice = only(cdmo_qa, Notice)
    added = entries_of(cast.PROGRAM)[len(before) :]
    assert [kind for _, kind, _, _ in added] == ["notice.released"]
    assert [name for name, _ in facts(audience="shared")][-2:] == ["notice.released", "alert.raised"]
    assert facts(audience="shared")[-2][1] == {
        "notice_id": str(notice.pk),
        "classification": "major",
        "clause": "5.2",
        "detected_at": triaged.detected_at.isoformat(),
        "released_at": notice.released_at.isoformat(),
        "terms": None,
        "trigger": "",
    }
    assert [name for name, _ in facts()] == ["deviation.reported", "deviation.triaged"]


def test_a_release_meets_its_clock_which_stays_inside(triaged, cdmo_qa, sponsor_qa, clock):
    running = only(cdmo_qa, Clock, kind="notice_release")
    make.release(cdmo_qa, triaged)
    met = only(cdmo_qa, Clock, kind="notice_release")
    assert (met.state, met.next_at) == ("met", None)
    assert seen_by(sponsor_qa, Clock, kind="notice_release") == []
    clock.move(timedelta(days=10))
    chase_notice(system_actor("sweep", cast.PROGRAM), running.pk)
    assert [each.kind for each in seen_by(cdmo_qa, Alert)] == ["deviation.notice"]


def test_files_leave_with_the_notice(triaged, cdmo_qa, cdmo_operator, sponsor_qa):
    file = make.attach(cdmo_operator, triaged)
    make.release(cdmo_qa, only(cdmo_qa, Deviation))
    row = only(sponsor_qa, Attachment)
    assert (row.pk, row.name, row.file_key) == (file.pk, "photo.png", file.file_key)


def test_what_leaves_is_what_the_preview_showed(triaged, cdmo_qa, cdmo_operator):
    make.attach(cdmo_operator, triaged)
    with reading(cdmo_qa):
        preview = notice_preview(cdmo_qa, triaged.pk)
    make.release(cdmo_qa, preview.deviation)
    content = only(cdmo_qa, Notice).content
    shown = {
        each.field: each.value.isoformat() if hasattr(each.value, "isoformat") else each.value
        for each in preview.leaves
    }
    assert content["fields"] == shown
    assert [each["id"] for each in content["attachments"]] == [str(each.pk) for each in preview.files]
    assert (content["clause"], content["rationale"]) == (preview.clause, preview.judgement.rationale)


def test_a_file_added_after_the_preview_stops_the_release(triaged, cdmo_qa, cdmo_operator):
    make.attach(cdmo_operator, triaged)
    with pytest.raises(StaleVersion):
        make.release(cdmo_qa, triaged)


def test_a_notice_leaves_once_whatever_version_was_seen(released, triaged, cdmo_qa):
    for version in (released.version, 2, 99):
        with pytest.raises(InvalidTransition) as refused:
            make.release(cdmo_qa, released, version=version)
        assert refused.value.problem_code == "notice_released"
    assert len(seen_by(cdmo_qa, Notice)) == len(seen_by(cdmo_qa, Alert)) == 1


def test_a_notice_is_not_released_before_triage(reported, cdmo_qa):
    with pytest.raises(InvalidTransition):
        make.release(cdmo_qa, reported)


@pytest.mark.parametrize("key", ["cdmo_operator", "cdmo_quality_head"])
def test_only_qa_of_the_cdmo_releases_and_previews(triaged, request, key):
    actor = request.getfixturevalue(key)
    with pytest.raises(Refused):
        make.release(actor, triaged)
    with pytest.raises(Refused), reading(actor):
        notice_preview(actor, triaged.pk)


@pytest.mark.parametrize("key", ["sponsor_qa", "rival_sponsor_qa"])
def test_the_other_side_finds_no_preview(triaged, request, key):
    actor = request.getfixturevalue(key)
    with pytest.raises(NotFound), reading(actor):
        notice_preview(actor, triaged.pk)
    with pytest.raises(NotFound):
        make.release(actor, triaged)


def test_a_minor_notice_may_be_released_too(reported, cdmo_qa, sponsor_qa):
    make.release(cdmo_qa, make.triage(cdmo_qa, reported, "minor"))
    assert only(sponsor_qa, Notice).clause == "5.3"


def test_a_notice_may_be_released_under_investigation(triaged, cdmo_qa, sponsor_qa):
    make.release(cdmo_qa, make.investigate(cdmo_qa, triaged))
    assert only(sponsor_qa, Deviation).state == "under_investigation"
