"""A watch learned from good batches, signed by both sides, tells both of what is news in a running one."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from batches import tasks
from batches.access import get_batch
from batches.actions.watches import keep_watch_news, withdraw_watch_model
from batches.models import WatchCourse, WatchDocument, WatchModel, WatchNews
from batches.queries.watches import watching_of
from batches.watched import working
from batches.watched.learning import read_document
from batches.watched.words import failure_of, whole_batch
from batches.watched.working import judge_batch, learn_model
from deviations.models import EarlySignal
from portal.action import reading
from portal.errors import Conflict, DomainError, Invalid, NotFound, Refused
from portal.models import Alert
from portal.states import Meaning
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast, disposing, watches
from tests.factories.signing import make_signer, sign


@pytest.fixture
def of(database):
    return watches.recipe()


@pytest.fixture
def training(of):
    return watches.good(3, of)


@pytest.fixture
def model(of):
    return watches.standing(of)


def seen(reader, kind, **given):
    with reading(reader):
        return list(kind.objects.visible_to(reader).filter(**given).order_by("pk"))


def news(reader, batch):
    return sorted(seen(reader, WatchNews, batch=batch), key=lambda each: (each.known_at, each.sign))


def test_both_signatures_put_a_model_in_force_and_the_next_one_follows_it(training, cdmo_qa, sponsor_viewer):
    first = watches.in_force(training)
    assert (first.state, first.number, first.learned["components"]) == ("in_force", "W-MBR-W-01", 0)
    assert sorted(first.learned["lines"]) == ["TEMP", "VALVE", "VALVE~"]
    facts = [name for name, _ in make.facts(first) if name.startswith("watch_model.")]
    assert facts == [
        "watch_model.asked",
        "watch_model.learned",
        "watch_model.proposed",
        "watch_model.approved",
    ]
    second = watches.in_force(training[:2], are_signers=True)
    assert (second.revision, second.state) == (2, "in_force")
    assert make.fresh(sponsor_viewer, first).state == "superseded"


def test_a_good_batch_says_nothing(of, model, cdmo_qa):
    batch = watches.batch(1, of)
    assert judge_batch(batch.space_id, batch.pk) == []
    (course,) = seen(cdmo_qa, WatchCourse, batch=batch)
    assert (course.model_id, course.is_over) == (model.pk, False)


def test_what_a_watch_notices_is_told_to_both_sides_once_a_cause(of, model, cdmo_qa, sponsor_qa):
    batch = watches.batch(1, of, swing=6, since=50)
    assert tasks.judge_watches() == 1
    found = news(sponsor_qa, batch)
    assert {each.parameter for each in found} <= {"VALVE", "VALVE~"}
    assert ("envelope", "VALVE~", "high") in {(each.sign, each.parameter, each.direction) for each in found}
    begun = batch.started_at + timedelta(minutes=50)
    first = min(found, key=lambda each: each.begins_at)
    assert abs(first.begins_at - begun) <= timedelta(minutes=3)
    assert min(each.known_at for each in found) <= begun + timedelta(minutes=8)
    (told,) = seen(sponsor_qa, EarlySignal)
    assert {each.told_id for each in found} == {told.pk}
    assert told.title.startswith("Jacket valve output swings more than in good batches")
    assert (told.side, told.asked_side, told.raised_code) == ("manufacturer", "manufacturer", model.number)
    (alert,) = seen(cdmo_qa, Alert, subject_id=told.pk)
    assert (alert.kind, alert.side, alert.clause) == ("watch", "manufacturer", "7.2")
    # Another run, later or a second time, tells nothing again.
    assert judge_batch(batch.space_id, batch.pk) == []
    assert [each.pk for each in seen(sponsor_qa, EarlySignal)] == [told.pk]
    assert tasks.judge_watches() == 0


def test_late_readings_that_change_what_was_seen_take_it_back_and_the_signal_stays(of, model, sponsor_qa):
    """A gap is filled with what good batches do: the stretch is no news any more."""
    batch = watches.batch(1, of, warmer=1.0, since=50)
    assert judge_batch(batch.space_id, batch.pk)
    begun = {each.pk for each in news(sponsor_qa, batch)}
    # What came late lies between the readings that were there and pulls the means back.
    late = [
        (code, at + timedelta(seconds=1 + each), 36.5 - 0.2)
        for code, at, _ in watches.rows(1, batch.started_at, watches.LONG)
        if code == "TEMP"
        for each in range(5)
    ]
    watches.send(batch, late)
    judge_batch(batch.space_id, batch.pk)
    gone = [each for each in news(sponsor_qa, batch) if each.pk in begun and each.state == "withdrawn"]
    assert gone
    assert [each.state for each in seen(sponsor_qa, EarlySignal)] == ["open"]
    assert ("watch.ended", True) in [
        (name, payload.get("is_withdrawn")) for name, payload in make.facts(gone[0])
    ]


def test_an_older_judgement_never_replaces_a_newer_one(of, model, sponsor_qa, monkeypatch):
    batch = watches.batch(1, of, minutes=45)
    held = []
    monkeypatch.setattr(working, "keep_watch_news", lambda *args, **given: held.append((args, given)))
    judge_batch(batch.space_id, batch.pk)
    monkeypatch.undo()
    more = watches.rows(1, batch.started_at, watches.LONG, warmer=1.0, since=50)
    watches.send(batch, more)
    assert judge_batch(batch.space_id, batch.pk)
    ((args, given),) = held
    assert keep_watch_news(*args, **given) == []
    assert {each.state for each in news(sponsor_qa, batch)} == {"open"}


def test_a_model_that_follows_judges_anew_and_tells_nothing_twice(of, model, sponsor_qa):
    batch = watches.batch(1, of, warmer=1.0, since=50)
    assert judge_batch(batch.space_id, batch.pk)
    watches.follow(model)
    second = watches.standing(of, first=200, revision=2)
    assert tasks.judge_watches() == 1
    by_model = {model_id: [] for model_id in (model.pk, second.pk)}
    for each in news(sponsor_qa, batch):
        by_model[each.model_id].append(each.state)
    assert set(by_model[model.pk]) == {"over"}
    assert "open" in by_model[second.pk]
    assert len(seen(sponsor_qa, EarlySignal)) == 1


def test_a_run_that_dies_before_its_action_loses_nothing(of, model, sponsor_qa, monkeypatch):
    batch = watches.batch(1, of, warmer=1.0, since=50)

    def die(*_args, **_given):
        raise OperationalError

    monkeypatch.setattr(working, "keep_watch_news", die)
    assert tasks.judge_watches() == 0
    assert news(sponsor_qa, batch) == []
    monkeypatch.undo()
    assert tasks.judge_watches() == 1
    assert len(seen(sponsor_qa, EarlySignal)) == 1


def test_a_batch_that_ends_is_judged_once_more_and_then_no_longer(of, model, cdmo_shift_lead, sponsor_qa):
    batch = watches.batch(1, of)
    assert (tasks.judge_watches(), tasks.judge_watches()) == (1, 0)
    disposing.complete(cdmo_shift_lead, batch)
    assert (tasks.judge_watches(), tasks.judge_watches()) == (1, 0)
    (course,) = seen(sponsor_qa, WatchCourse, batch=batch)
    assert (course.is_over, course.forecasts) == (True, [])


def test_a_withdrawn_model_watches_nothing(of, model, cdmo_qa):
    watches.batch(1, of, warmer=1.0, since=50)
    withdraw_watch_model(cdmo_qa, model.pk, reason="Learned from the wrong reactor.", version=model.version)
    assert tasks.judge_watches() == 0


@pytest.mark.parametrize(
    ("who", "refusal"), [("sponsor_qa", Refused), ("cdmo_operator", Refused), ("rival_sponsor_qa", NotFound)]
)
def test_only_the_manufacturers_quality_and_science_choose_what_teaches(training, who, refusal):
    with pytest.raises(refusal):
        watches.asked(actor(who), training)


def test_what_is_no_good_batch_of_the_recipe_teaches_nothing(of, training, cdmo_qa):
    running = watches.batch(1, of)
    for wrong in ([*training, running], training[:1], [training[0], training[0]]):
        with pytest.raises(Invalid):
            watches.asked(cdmo_qa, wrong)
    with pytest.raises(Invalid):
        watches.asked(cdmo_qa, training, swings=["NONE"])
    watches.asked(cdmo_qa, training)
    with pytest.raises(Conflict):
        watches.asked(cdmo_qa, training)
    assert len(seen(cdmo_qa, WatchModel)) == 1


def test_batches_without_readings_in_common_teach_nothing_and_it_is_said(of, cdmo_qa):
    lead = actor("cdmo_shift_lead")
    empty = [disposing.complete(lead, make.batch(number=f"E-{each}", of=of)) for each in range(2)]
    model = watches.learned(cdmo_qa, empty)
    assert (model.state, model.why, model.digest) == ("failed", "too_little", "")
    assert "Nothing was learned" in failure_of(model)


def test_learning_twice_changes_nothing(training, cdmo_qa):
    model = watches.asked(cdmo_qa, training)
    assert (tasks.learn_watches(), tasks.learn_watches()) == (1, 0)
    first = make.fresh(cdmo_qa, model)
    again = learn_model(model.space_id, model.pk)
    assert (again.digest, again.version, again.state) == (first.digest, first.version, "drafted")
    assert "it takes 20 batches, there are 3" in whole_batch(again.learned)


def test_neither_side_signs_for_the_other(training, cdmo_qa, sponsor_qa):
    model = watches.learned(cdmo_qa, training)
    make_signer(sponsor_qa, cast.ARVO)
    with pytest.raises(DomainError):
        sign(sponsor_qa, model, Meaning.APPROVED, kind="watch_model")
    with pytest.raises(DomainError):
        sign(sponsor_qa, model, Meaning.AUTHORED, kind="watch_model")
    assert make.fresh(cdmo_qa, model).state == "drafted"


def test_a_rival_reads_nothing_of_it(of, model, rival_sponsor_qa):
    batch = watches.batch(1, of, warmer=1.0, since=50)
    judge_batch(batch.space_id, batch.pk)
    for kind in (WatchModel, WatchNews, WatchCourse, WatchDocument):
        assert seen(rival_sponsor_qa, kind) == []


def test_a_document_that_was_changed_is_not_judged_by(model):
    with pytest.raises(ValueError, match="digest"):
        read_document('{"format": 1}', model.digest)


def test_a_limit_that_comes_near_is_forecast_with_its_times(of, model, sponsor_qa):
    batch = watches.batch(1, of, minutes=60)
    rising = [
        ("TEMP", batch.started_at + timedelta(minutes=each), 36.5 + 0.025 * (each - 30))
        for each in range(60, 66)
    ]
    watches.send(batch, rising)
    judge_batch(batch.space_id, batch.pk)
    (course,) = seen(sponsor_qa, WatchCourse, batch=batch)
    coming = {(each["parameter"], each["kind"], each["is_high"]): each for each in course.forecasts}
    for each in coming.values():
        times = [each[name] for name in ("earliest_s", "expected_s", "latest_s") if each[name] is not None]
        assert times == sorted(times)
    with reading(sponsor_qa):
        found = watching_of(sponsor_qa, get_batch(sponsor_qa, batch.pk))
    assert len(found.coming) == len(coming)
