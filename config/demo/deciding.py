"""Ask the questions of the demo, and answer the one that the story answers, as its people would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from batches.models import Batch
from config.demo.crew import Crew, setup_actor
from config.demo.questions import Question
from config.demo.signing import prove_as, ready_to_sign
from deviations.models import Deviation
from portal.action import reading
from portal.actions.deciding import answer_decision, ask_decision, draft_decision, write_message
from portal.actor import Actor
from portal.decisions.wording import Evidence, Wording
from portal.models import DecisionRequest
from portal.queries.decisions import answer_to_sign


def is_asked(questions: Sequence[Question]) -> bool:
    """Say whether all of them are there."""
    setup = setup_actor()
    with reading(setup):
        known = set(DecisionRequest.objects.visible_to(setup).values_list("title", flat=True))
    return {each.title for each in questions} <= known


def ask_all(
    crew: Crew, batches: Mapping[str, Batch], moment: datetime, questions: Sequence[Question]
) -> None:
    """Ask what is not asked yet."""
    for each in questions:
        if not is_asked([each]):
            _ask(crew, batches[each.lot], moment, each)


def _ask(crew: Crew, batch: Batch, moment: datetime, question: Question) -> None:
    asker, answerer = crew[question.asker], crew[question.answerer]
    subject = batch.pk
    evidence = []
    if question.external_id:
        with reading(asker):
            found = Deviation.objects.visible_to(asker).filter(batch_id=batch.pk).order_by("recorded_at")
            subject = next(each.pk for each in found if each.external_id.endswith(question.external_id[-5:]))
        evidence.append(Evidence("record", batch.pk))
    since = moment if question.from_now else batch.started_at or moment
    wording = Wording(
        title=question.title,
        details=question.details,
        options=question.options,
        recommended=question.options[0].code,
        recommendation=question.recommendation,
        meanwhile=question.meanwhile,
        if_lost=question.if_lost,
        lost_at=since + timedelta(seconds=question.lost_s),
        evidence=tuple(evidence),
    )
    draft = draft_decision(asker, subject, wording=wording)
    request = ask_decision(asker, draft.pk, version=draft.version)
    for person, text in zip((answerer, asker), question.reply or (), strict=False):
        write_message(person, request.pk, text=text, version=request.version)
    if question.option:
        _answer(answerer, request, question)


def _answer(person: Actor, request: DecisionRequest, question: Question) -> None:
    """Accept the statement of signers, then sign the answer."""
    ready_to_sign(person, question.answerer)
    with reading(person):
        found = answer_to_sign(person, request.pk, option=question.option, reason=question.reason)
    prove_as(
        person,
        question.answerer,
        lambda **proof: answer_decision(
            person,
            request.pk,
            option=question.option,
            reason=question.reason,
            version=request.version,
            digest=found.digest,
            **proof,
        ),
    )
