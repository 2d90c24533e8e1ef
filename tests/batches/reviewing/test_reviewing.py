"""One list of exceptions, worked through by both sides; what is one side's own stays there."""

from datetime import timedelta

import pytest

from batches import tasks
from batches.access import get_batch
from batches.actions.holds import lift_batch_hold, place_batch_hold
from batches.actions.reviewing import (
    answer_question,
    ask_about_record,
    comment_on_record,
    look_at,
    review_sections,
    settle_question,
)
from batches.models import ExceptionLook, ReviewNote
from batches.queries.reviewing import review_of
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from portal.models import Clock
from tests.factories import batches as make
from tests.factories import custody, deviations, monitoring, surroundings
from tests.factories.disposing import complete, review

REASON = "Label of the bag does not match."


@pytest.fixture
def batch(database):
    return make.batch(number="B-7", running=timedelta(hours=3))


@pytest.fixture
def held(batch, cdmo_qa):
    return place_batch_hold(cdmo_qa, batch.pk, kind="status", reason=REASON)


def seen(actor, batch):
    with reading(actor):
        return review_of(actor, get_batch(actor, batch.pk))


def stands(actor, batch):
    return {each.section.code: each.stand for each in seen(actor, batch).sections}


def test_excursions_deviations_and_holds_are_on_one_list_while_the_batch_runs(
    batch, held, cdmo_qa, sponsor_qa
):
    start = make.now() - timedelta(hours=2)
    make.send(cdmo_qa, batch, make.course([36.5, 38.0, 38.0, 36.5], start=start))
    deviations.report(cdmo_qa, batch_id=batch.pk)
    kinds = [str(each.kind) for each in seen(cdmo_qa, batch).findings]
    assert sorted(set(kinds)) == ["deviation", "excursion", "hold"]
    sections = {str(each.kind): each.section for each in seen(cdmo_qa, batch).findings}
    assert sections == {"deviation": "events", "excursion": "growth", "hold": "events"}
    # The deviation is the manufacturer's own so far: neither it nor its count travels.
    assert "deviation" not in [str(each.kind) for each in seen(sponsor_qa, batch).findings]


def test_what_departs_around_a_batch_is_on_the_list_of_both_and_of_no_other_client(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    batch = custody.lot()
    monitoring.point()
    hours = monitoring.session()
    monitoring.covered(hours, batch)
    monitoring.confirmed(monitoring.grown(hours, "SP-1", value=0))
    monitoring.grown(hours, "SP-2", value=0)
    surroundings.intervention(batch)
    custody.checked(custody.handed(batch), custody.OTHER)
    tasks.carry_sessions()
    for reader in (cdmo_qa, sponsor_qa):
        found = {str(each.kind): each for each in seen(reader, batch).findings}
        assert {"environment", "intervention", "identity"} <= set(found)
        plates = [each for each in seen(reader, batch).findings if each.kind == "environment"]
        assert [each.words for each in plates] == ["L4-A1, settle plate: not read twice yet"]
        assert (
            "not in the list" in found["intervention"].words or "no media fill" in found["intervention"].words
        )
        assert found["identity"].tone == "warn"
    with pytest.raises(NotFound):
        seen(rival_sponsor_qa, batch)


def test_each_side_knows_who_of_its_own_looked_and_no_more(
    batch, held, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    key = f"hold:{held.pk}"
    look_at(cdmo_qa, batch.pk, keys=[key, key])
    assert [each.key for each in seen(cdmo_qa, batch).unseen] == []
    assert seen(cdmo_qa, batch).looks[key].code == "QA floor 07"
    assert seen(sponsor_qa, batch).looks == {}
    assert [each.key for each in seen(sponsor_qa, batch).unseen] == [key]
    look_at(cdmo_qa, batch.pk, keys=[key])
    with reading(cdmo_qa):
        assert ExceptionLook.objects.visible_to(cdmo_qa).count() == 1
    with pytest.raises(Invalid):
        look_at(cdmo_qa, batch.pk, keys=["hold:nothing"])
    with pytest.raises(NotFound):
        look_at(rival_sponsor_qa, batch.pk, keys=[key])


def test_what_changed_since_is_to_be_looked_at_again(batch, held, cdmo_qa):
    look_at(cdmo_qa, batch.pk, keys=[f"hold:{held.pk}"])
    lift_batch_hold(cdmo_qa, held.pk, version=1, reason="The label was read wrongly.")
    assert [each.key for each in seen(cdmo_qa, batch).unseen] == [f"hold:{held.pk}"]


def test_a_section_is_reviewed_by_the_manufacturer_first_and_falls_back_when_it_changes(
    batch, held, cdmo_qa, sponsor_qa
):
    with pytest.raises(Conflict) as early:
        review_sections(cdmo_qa, batch.pk, sections=["materials"])
    assert early.value.problem_code == "not_ended"
    complete(cdmo_qa, batch)
    with pytest.raises(Conflict) as unseen:
        review_sections(cdmo_qa, batch.pk, sections=["events"])
    assert unseen.value.problem_code == "not_seen"
    with pytest.raises(Conflict) as first:
        review_sections(sponsor_qa, batch.pk, sections=["materials"])
    assert first.value.problem_code == "not_its_turn"
    review(cdmo_qa, batch)
    assert set(stands(sponsor_qa, batch).values()) == {"cdmo_reviewed"}
    review(sponsor_qa, batch)
    assert set(stands(cdmo_qa, batch).values()) == {"sponsor_reviewed"}
    lift_batch_hold(cdmo_qa, held.pk, version=1, reason="The label was read wrongly.")
    assert stands(cdmo_qa, batch)["events"] == "not_reviewed"
    assert stands(cdmo_qa, batch)["materials"] == "sponsor_reviewed"


def test_a_record_that_was_not_enforced_is_reviewed_in_full(batch, cdmo_qa):
    complete(cdmo_qa, batch)
    with pytest.raises(Invalid, match="in full"):
        review_sections(cdmo_qa, batch.pk, sections=["materials"], mode="exception")


def test_a_question_runs_against_the_other_side_until_it_is_answered_and_who_asked_settles_it(
    batch, held, cdmo_qa, sponsor_qa
):
    note = ask_about_record(sponsor_qa, batch.pk, text="Which bag?", key=f"hold:{held.pk}")
    with reading(sponsor_qa):
        clock = Clock.objects.visible_to(sponsor_qa).get(subject_id=note.pk)
        assert (clock.side, clock.kind, clock.clause) == ("manufacturer", "review_question", "13.1")
    with pytest.raises(Refused):
        answer_question(sponsor_qa, note.pk, text="This one.", version=1)
    with pytest.raises(Refused):
        settle_question(cdmo_qa, note.pk, text="Settled.", version=1)
    answered = answer_question(cdmo_qa, note.pk, text="The second one.", version=1)
    with reading(sponsor_qa):
        assert Clock.objects.visible_to(sponsor_qa).get(subject_id=note.pk).state == "met"
    with pytest.raises(InvalidTransition):
        answer_question(cdmo_qa, note.pk, text="The third one.", version=answered.version)
    settle_question(sponsor_qa, note.pk, text="Seen on the photo.", version=answered.version)
    assert seen(sponsor_qa, batch).open_questions == []
    named = [name for name, _ in make.facts(batch)][-3:]
    assert named == ["review.asked", "review.answered", "review.settled"]


def test_a_comment_for_the_own_side_never_leaves_it(batch, held, cdmo_qa, sponsor_qa):
    comment_on_record(cdmo_qa, batch.pk, text="Compare with B-6.", audience="own")
    comment_on_record(cdmo_qa, batch.pk, text="The photo is attached.")
    found = deviations.report(cdmo_qa, batch_id=batch.pk)
    comment_on_record(cdmo_qa, batch.pk, text="Seen before.", key=f"deviation:{found.pk}")
    with reading(sponsor_qa):
        assert [str(each.text) for each in ReviewNote.objects.visible_to(sponsor_qa)] == [
            "The photo is attached."
        ]
    with pytest.raises(Invalid):
        ask_about_record(cdmo_qa, batch.pk, text="Why?", key=f"deviation:{found.pk}")
    with pytest.raises(Invalid):
        comment_on_record(cdmo_qa, batch.pk, text="?")


def test_reviewing_is_for_the_quality_units(batch, held, cdmo_operator, sponsor_viewer):
    for stranger in (cdmo_operator, sponsor_viewer):
        with pytest.raises(Refused):
            look_at(stranger, batch.pk, keys=[f"hold:{held.pk}"])
        with pytest.raises(Refused):
            ask_about_record(stranger, batch.pk, text="Why was it held?")
