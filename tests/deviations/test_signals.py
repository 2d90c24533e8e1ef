"""An early signal is shared at once, answered within the clause's hours, and is no deviation."""

import re
from datetime import timedelta

import pytest

from batches.queries.board import board
from deviations.actions.signals import answer_signal, answerers, raise_signal
from deviations.models import Deviation, EarlySignal
from deviations.queries.signals import count_signals, find_signal, signals_of_batch, signals_waiting
from portal import tasks
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.actions.clocks import breach_clock
from portal.actor import Side, system_actor
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import EarlySignal as Rule
from portal.errors import DomainError
from portal.models import Alert, Clock
from portal.queries.inbox import list_inbox
from portal.queries.waiting import count_inbox
from tests.conftest import actor, entries_of, head_of
from tests.deviations.conftest import seen_by
from tests.factories import batches, cast
from tests.factories.agreements import agree
from tests.factories.alerts import facts_of
from tests.factories.deviations import now

TITLE = "Jacket valve output swings 4 to 19 % every 12 min"
WORDS = "Temperature still 33.9 to 34.1 °C; the valve hunts since 03:05."
ANSWER = "Seen, automation is on call at 06:00."


def raised(by, **given):
    return raise_signal(
        by, given.pop("program", cast.PROGRAM), **{"title": TITLE, "description": WORDS} | given
    )


def answered(by, signal, **given):
    return answer_signal(by, signal.pk, **{"answer": ANSWER, "version": signal.version} | given)


def clause(*by, hours=1):
    return Clause("7.2", "product", "Early signals", "Soon.", (Rule(by=by, within=Duration(hours, "hours")),))


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def clock_of(reader, signal):
    with reading(reader):
        return find_signal(reader, signal.pk).clock


@pytest.mark.parametrize(
    ("by", "raised_by", "expected"),
    [
        (("manufacturer.qa",), Side.SPONSOR, (Side.MANUFACTURER, ("manufacturer.qa",))),
        (("manufacturer.qa",), Side.MANUFACTURER, (Side.MANUFACTURER, ("manufacturer.qa",))),
        (("manufacturer.qa", "sponsor.cmc"), Side.MANUFACTURER, (Side.SPONSOR, ("sponsor.cmc",))),
        (("manufacturer.qa", "sponsor.cmc"), Side.SPONSOR, (Side.MANUFACTURER, ("manufacturer.qa",))),
    ],
)
def test_the_other_side_answers_where_the_clause_names_it(by, raised_by, expected):
    assert answerers(by, raised_by) == expected


def test_a_signal_is_shared_at_once_and_is_no_deviation(database, cdmo_operator, sponsor_viewer):
    before, inside = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
    signal = raised(cdmo_operator)
    (row,) = seen_by(sponsor_viewer, EarlySignal)
    assert (row.pk, row.title, row.description) == (signal.pk, TITLE, WORDS)
    assert (row.number[:4], row.state, row.side, row.raised_code) == (
        "SIG-",
        "open",
        "manufacturer",
        "Operator 31",
    )
    (name, payload), (second, _) = facts_of(cast.PROGRAM, after=before)
    assert (name, second) == ("signal.raised", "alert.raised")
    assert (payload["side"], payload["asked_side"]) == ("manufacturer", "manufacturer")
    assert (payload["clause"], payload["batch_id"]) == ("7.2", None)
    _seq, kind, _summary, is_news = entries_of(cast.PROGRAM, after=before)[0]
    assert (kind, is_news) == ("signal.raised", True)
    assert head_of(cast.PROGRAM, "manufacturer") == inside
    assert seen_by(cdmo_operator, Deviation) == []


def test_the_clause_sets_the_hours_and_the_ball_is_with_who_answers(database, sponsor_qa, cdmo_qa):
    signal = raised(sponsor_qa)
    clock = clock_of(sponsor_qa, signal)
    assert (clock.due_at - signal.raised_at, clock.side, clock.clause, clock.terms) == (
        timedelta(hours=8),
        "manufacturer",
        "7.2",
        None,
    )
    with reading(cdmo_qa):
        (alert,) = Alert.objects.visible_to(cdmo_qa).filter(subject_id=signal.pk)
    assert (alert.kind, alert.side, alert.clause) == ("watch", "manufacturer", "7.2")


def test_a_new_version_gives_new_signals_its_hours_and_a_running_one_keeps_its_own(database, sponsor_qa):
    older = raised(sponsor_qa)
    agree(clause("manufacturer.qa"), number=5, effective_from=older.raised_at + timedelta(microseconds=1))
    newer = raised(sponsor_qa)
    found = [clock_of(sponsor_qa, each) for each in (older, newer)]
    assert [(each.terms, each.due_at - each.started_at) for each in found] == [
        (None, timedelta(hours=8)),
        (5, timedelta(hours=1)),
    ]
    assert newer.roles == ["manufacturer.qa"]


def test_an_agreement_that_names_the_sponsor_gives_it_the_ball(database, cdmo_qa, sponsor_qa):
    agree(clause("manufacturer.qa", "sponsor.qa"))
    signal = raised(cdmo_qa)
    assert clock_of(cdmo_qa, signal).side == "sponsor"
    assert refusal(answered, cdmo_qa, signal) == "refused"
    assert answered(sponsor_qa, signal).state == "answered"


def test_it_waits_once_in_the_inbox_the_receipt_first_and_then_the_answer(
    database, sponsor_qa, cdmo_qa, rival_sponsor_qa
):
    signal = raised(sponsor_qa)
    due_at = clock_of(cdmo_qa, signal).due_at
    (item,) = waits(cdmo_qa)
    with reading(cdmo_qa):
        (alert,) = Alert.objects.visible_to(cdmo_qa).filter(subject_id=signal.pk)
        ladder = Clock.objects.visible_to(cdmo_qa).get(alert=alert)
        assert count_inbox(cdmo_qa) == len(list_inbox(cdmo_qa))
    assert (item.subject_id, item.due_at) == (signal.pk, ladder.next_at)
    assert item.why == "Early signal: acknowledge it first, then answer it"
    acknowledge_alert(cdmo_qa, alert.pk)
    (item,) = waits(cdmo_qa)
    assert (item.subject_id, item.due_at) == (signal.pk, due_at)
    assert waits(sponsor_qa) == waits(rival_sponsor_qa) == []


def test_who_is_told_and_may_not_answer_has_the_alert_in_the_inbox(database, sponsor_qa, clock):
    agree(clause("manufacturer.qa"))
    raised(sponsor_qa)
    for _step in range(4):
        clock.move(timedelta(hours=9))
        tasks.sweep()
    head = actor("cdmo_quality_head")
    assert [(each.subject_type, each.kind) for each in waits(head)] == [("alert", "watch")]


def waits(reader):
    with reading(reader):
        return [each for each in list_inbox(reader) if each.kind in ("watch", "early_signal")]


def test_the_page_of_a_signal_takes_the_receipt_too(database, sponsor_qa, signed_in):
    signal = raised(sponsor_qa)
    client, address = signed_in("cdmo_qa"), f"/signals/{signal.pk}/"
    page = client.get(address).content.decode()
    (receipt,) = re.findall(r'action="(/alerts/[^"]+/acknowledge/)"', page)
    assert client.post(receipt, {"next": address}).status_code == 303
    assert "/acknowledge/" not in client.get(address).content.decode()
    assert "/acknowledge/" not in signed_in("sponsor_qa").get(address).content.decode()


def test_the_answer_meets_the_clock_gives_receipt_and_stands(database, sponsor_qa, cdmo_qa):
    signal = raised(sponsor_qa)
    before = head_of(cast.PROGRAM)
    found = answered(cdmo_qa, signal)
    assert (found.state, found.answer, found.answered_code) == ("answered", ANSWER, "QA floor 07")
    assert clock_of(sponsor_qa, signal).state == "met"
    with reading(cdmo_qa):
        (alert,) = Alert.objects.visible_to(cdmo_qa).filter(subject_id=signal.pk)
        ladder = Clock.objects.visible_to(cdmo_qa).get(alert=alert)
    assert (alert.state, ladder.state) == ("acknowledged", "met")
    assert [name for name, _ in facts_of(cast.PROGRAM, after=before)] == [
        "signal.answered",
        "alert.acknowledged",
    ]
    assert refusal(answered, cdmo_qa, found) == "invalid_transition"


def test_an_answer_too_late_leaves_the_breach(database, sponsor_qa, cdmo_qa, clock):
    signal = raised(sponsor_qa)
    clock.move(timedelta(hours=9))
    breach_clock(system_actor("sweep", cast.PROGRAM), clock_of(sponsor_qa, signal).pk)
    assert clock_of(sponsor_qa, signal).state == "breached"
    with reading(cdmo_qa):
        assert [each.subject_id for each in signals_waiting(cdmo_qa)] == [signal.pk]
    answered(cdmo_qa, signal)
    row = clock_of(sponsor_qa, signal)
    assert (row.state, row.done_at is not None) == ("breached", True)


@pytest.mark.parametrize(
    ("key", "raises", "answers"),
    [
        ("cdmo_operator", True, False),
        ("cdmo_shift_lead", True, True),
        ("cdmo_qa", True, True),
        ("sponsor_qa", True, False),
        ("sponsor_viewer", False, False),
        ("inspector", False, False),
        ("gateway", False, False),
    ],
)
def test_who_watches_raises_and_who_the_clause_names_answers(
    database, sponsor_quality_head, key, raises, answers
):
    signal, by = raised(sponsor_quality_head), actor(key)
    assert (refusal(raised, by) if not raises else raised(by).state) == ("open" if raises else "refused")
    if answers:
        assert answered(by, signal).answered_code == by.code(cast.PROGRAM)
    else:
        assert refusal(answered, by, signal) == "refused"


def test_nobody_answers_the_own_signal(database, cdmo_qa, cdmo_shift_lead):
    signal = raised(cdmo_qa)
    assert refusal(answered, cdmo_qa, signal) == "refused"
    with reading(cdmo_qa):
        assert signals_waiting(cdmo_qa) == []
        assert count_signals(cdmo_qa) == 0
    assert answered(cdmo_shift_lead, signal).state == "answered"


def test_a_rival_is_told_nothing(database, sponsor_qa, rival_sponsor_qa):
    signal = raised(sponsor_qa)
    assert seen_by(rival_sponsor_qa, EarlySignal) == []
    assert refusal(answered, rival_sponsor_qa, signal) == "not_found"
    assert refusal(raised, rival_sponsor_qa) == "not_found"
    rivals = raised(rival_sponsor_qa, program=cast.RIVAL_PROGRAM)
    assert rivals.number == signal.number
    assert seen_by(sponsor_qa, EarlySignal) == [signal]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "no"}, "title"),
        ({"description": "short"}, "description"),
        ({"noticed_at": timedelta(hours=1)}, "noticed_at"),
    ],
)
def test_a_signal_says_what_and_when(database, sponsor_qa, given, field):
    stated = {name: now() + each if isinstance(each, timedelta) else each for name, each in given.items()}
    with pytest.raises(DomainError) as refused:
        raised(sponsor_qa, **stated)
    assert list(refused.value.errors) == [field]


def test_a_batch_of_another_client_is_not_there(database, sponsor_qa):
    theirs = batches.batch(cast.RIVAL_PROGRAM)
    assert refusal(raised, sponsor_qa, batch_id=theirs.pk) == "not_found"


def test_numbers_follow_each_other(database, sponsor_qa, cdmo_operator):
    found = [raised(by).number[-4:] for by in (sponsor_qa, cdmo_operator, sponsor_qa)]
    assert found == ["0001", "0002", "0003"]


def test_board_and_batch_show_what_waits_and_no_class(database, sponsor_qa, cdmo_qa):
    batch = batches.batch()
    signal = raised(sponsor_qa, batch_id=batch.pk)
    with reading(sponsor_qa):
        (tile,) = board(sponsor_qa)
        facts = tile.facts
        of_batch = signals_of_batch(sponsor_qa, cast.PROGRAM, batch.pk)
    assert (facts.early_signals, facts.unclassified, facts.open_minor) == (1, 0, 0)
    assert (facts.next_due_clause, tile.next_clock.clause) == ("7.2", "7.2")
    assert [(each.number, each.is_open) for each in of_batch.lines] == [(signal.number, True)]
    answered(cdmo_qa, signal)
    with reading(sponsor_qa):
        assert board(sponsor_qa)[0].facts.early_signals == 0


def test_over_rest_it_is_raised_once_and_answered_by_version(database, api, sponsor_qa):
    batch = batches.batch()
    body = {"program": str(cast.PROGRAM), "batch": str(batch.pk), "title": TITLE, "description": WORDS}
    keyed = {"content_type": "application/json", "headers": {"Idempotency-Key": "one"}}
    made = api("cdmo_system").post("/api/v1/early_signals/", body, **keyed)
    again = api("cdmo_system").post("/api/v1/early_signals/", body, **keyed)
    assert (made.status_code, again.json()["id"]) == (201, made.json()["id"])
    shown = api("sponsor_system").get(f"/api/v1/early_signals/?batch={batch.pk}").json()["results"]
    assert [(each["number"], each["clause"], each["state"]) for each in shown] == [
        (made.json()["number"], "7.2", "open")
    ]
    signal = raised(sponsor_qa)
    address = f"/api/v1/early_signals/{signal.pk}/"
    offered = api("cdmo_system").get(address)
    assert [each["name"] for each in offered.json()["available_actions"]] == ["answer"]
    assert api("sponsor_system").get(address).json()["available_actions"] == []
    assert api("rival_system").get(address).status_code == 404
    sent = {"content_type": "application/json"}
    assert api("cdmo_system").post(f"{address}answer/", {"answer": ANSWER}, **sent).status_code == 428
    stated = {**sent, "headers": {"If-Match": offered["ETag"]}}
    told = api("cdmo_system").post(f"{address}answer/", {"answer": ANSWER}, **stated).json()
    assert (told["state"], told["answer"], told["answered_by"]) == ("answered", ANSWER, "QA system 01")


def test_the_pages_raise_show_and_answer_it(database, signed_in):
    batch = batches.batch()
    sponsor, cdmo = signed_in("sponsor_qa"), signed_in("cdmo_qa")
    form = sponsor.get(f"/signals/new/?batch={batch.pk}").content.decode()
    assert f'value="{cast.PROGRAM}:{batch.pk}" selected' in form
    given = {"where": f"{cast.PROGRAM}:{batch.pk}", "title": TITLE, "description": WORDS}
    assert sponsor.post("/signals/new/", given | {"title": "no"}).status_code == 400
    address = sponsor.post("/signals/new/", given)["Location"]
    assert "Answered by" in sponsor.get(address).content.decode()
    assert 'name="answer"' not in sponsor.get(address).content.decode()
    assert 'name="answer"' in cdmo.get(address).content.decode()
    assert TITLE in cdmo.get(f"/batches/{batch.pk}/").content.decode()
    assert TITLE in cdmo.get("/").content.decode()
    typed = {"answer": ANSWER, "version": "7"}
    stale = cdmo.post(f"{address}answer/", typed)
    assert (stale.status_code, ANSWER in stale.content.decode()) == (412, True)
    assert cdmo.post(f"{address}answer/", typed | {"version": "1"}).status_code == 303
    assert ANSWER in sponsor.get("/signals/").content.decode()
    assert signed_in("sponsor_viewer").get("/signals/new/").status_code == 403
    rival = signed_in("rival_sponsor_qa")
    assert rival.get(address).status_code == 404
    assert TITLE not in rival.get("/signals/").content.decode()
