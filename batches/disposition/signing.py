"""How a step of a disposition is signed: what is decided and what it rests on, in one ceremony.

It is no ceremony of the general page: a step is signed by deciding it and in no other way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from django.urls import reverse

from batches.disposition.blocks import blocking
from batches.disposition.plan import Link, open_steps
from batches.disposition.states import (
    FAVOURABLE,
    QP_STEPS,
    SAYS,
    Decision,
    DecisionState,
    ReleaseStepCode,
)
from batches.errors import Blocked, NotItsTurn
from batches.models import Disposition
from batches.queries.disposition import Standing, recurring
from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.errors import Invalid
from portal.signable import Rule, Shown, Signable
from portal.states import Audience, Meaning

REASON_LEAST: Final = 20
REASON_MOST: Final = 4000
# Shown to both sides, so it is signed in the words of the trade whatever language a signer reads.
MARKETS_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody decides at a step, as it was stated."""

    step: str
    decision: str
    reason: str
    market: str = ""
    markets: tuple[str, ...] = ()
    condition: str = ""
    answer: str = ""


def take_word(actor: Actor, standing: Standing, word: Word, at: datetime) -> Disposition:
    """Return the decision as a row, in memory alone: whether it may be made is looked at here.

    Raises: Invalid, NotItsTurn, Blocked.
    """
    link = _link(standing, word)
    decision = Decision(word.decision)
    _check(standing, link, word, decision)
    in_way = blocking(standing.blocks, link.planned.step)
    if in_way and decision in FAVOURABLE:
        raise Blocked.by(in_way)
    before = [each for each in standing.rows if (each.step, each.market) == (word.step, word.market)]
    batch = standing.batch
    return Disposition(
        # Known before the row is there: what is shown is signed with its id.
        id=uuid5(batch.pk, f"{word.step}/{word.market}/{len(before)}"),
        space_id=batch.space_id,
        audience=Audience.SHARED,
        batch=batch,
        number=batch.number,
        title=ReleaseStepCode(word.step).name.replace("_", " ").capitalize(),
        step=word.step,
        market=word.market,
        ordinal=len(before),
        decision=decision,
        markets=sorted(set(word.markets)) if decision == Decision.RESTRICTED else [],
        reason=word.reason.strip(),
        condition=word.condition.strip() if decision == Decision.CONDITIONAL else "",
        answer=word.answer.strip(),
        clause=link.planned.clause,
        terms=standing.terms if link.planned.clause else None,
        decided_by=actor.person_id,
        decided_code=actor.code(batch.space_id),
        decided_at=at,
    )


def _link(standing: Standing, word: Word) -> Link:
    if word.step not in ReleaseStepCode.values:
        raise Invalid("Unknown step.", errors={"step": [f"One of: {', '.join(ReleaseStepCode.values)}."]})
    links = [
        each
        for each in standing.links
        if (each.planned.step, each.planned.market) == (word.step, word.market)
    ]
    if not links:
        detail = "The disposition of this batch has no such step."
        raise Invalid(detail, errors={"step": [detail]})
    link = links[0]
    if link not in open_steps(standing.links):
        raise NotItsTurn.of(link)
    if word.decision not in link.may_say:
        words = f"One of: {', '.join(link.may_say)}."
        raise Invalid("This is not what this step says.", errors={"decision": [words]})
    return link


def _check(standing: Standing, link: Link, word: Word, decision: Decision) -> None:
    errors: dict[str, list[str]] = {}
    if not REASON_LEAST <= len(word.reason.strip()) <= REASON_MOST:
        errors["reason"] = [f"Say why, in {REASON_LEAST} to {REASON_MOST} characters."]
    if decision == Decision.RESTRICTED and not word.markets:
        errors["markets"] = ["Name the markets it is restricted to."]
    if any(not each.strip() or len(each) > MARKETS_MOST for each in word.markets):
        errors["markets"] = ["A market is named by a word or two."]
    if decision == Decision.CONDITIONAL and not word.condition.strip():
        errors["condition"] = ["Say what has to be fulfilled."]
    if max(len(word.condition), len(word.answer)) > REASON_MOST:
        errors["answer"] = [f"At most {REASON_MOST} characters."]
    if needs_answer(standing, link, decision) and len(word.answer.strip()) < REASON_LEAST:
        names = ", ".join(each.number for each in recurring(standing.deviations))
        errors["answer"] = [
            f"{names} happened before: say why it is unexpected all the same (Annex 16, 3.1)."
        ]
    if errors:
        raise Invalid("The decision is not complete.", errors=errors)


def needs_answer(standing: Standing, link: Link, decision: Decision | None = None) -> bool:
    """Say whether a qualified person has to answer for what happened before."""
    if decision == Decision.REJECTED or link.planned.step not in QP_STEPS:
        return False
    return bool(recurring(standing.deviations))


def meaning_of(row: Disposition) -> Meaning:
    """Return what the signature under a decision says."""
    return SAYS[ReleaseStepCode(row.step)][Decision(row.decision)]


def signable_for(standing: Standing, row: Disposition) -> Signable:
    """Return how this step is signed: by the roles of its clause, with the meaning of its decision."""
    link = next(
        each for each in standing.links if (each.planned.step, each.planned.market) == (row.step, row.market)
    )
    rules = {meaning_of(row): Rule(link.planned.roles, (DecisionState.STANDING,))}
    return replace(DISPOSITION, rules=rules, show=lambda actor, each: show(actor, standing, each))


def show(actor: Actor, standing: Standing, row: Disposition) -> Shown:
    """Return what a signer reads; only what both sides may read, for both read the signature."""
    program = get_program(actor, row.space_id)
    title = f"{row.batch.number}: {ReleaseStepCode(row.step).label}"
    return Shown(row.number, title, program.zone, dict(_fields(standing, row, program.code)))


def _fields(standing: Standing, row: Disposition, program: str) -> Iterator[tuple[str, str]]:
    batch = standing.batch
    yield "Batch", batch.number
    yield "Program", program
    yield "Master record", batch.recipe_version.label
    yield "State of the batch", str(batch.state)
    yield "Step", str(ReleaseStepCode(row.step).label)
    yield "Market", row.market or "all"
    yield "Decision", str(Decision(row.decision).label)
    if row.markets:
        yield "Restricted to", ", ".join(row.markets)
    yield "Reason", str(row.reason)
    if row.condition:
        yield "Condition", str(row.condition)
    if row.answer:
        yield "Why it is unexpected all the same", str(row.answer)
    if row.clause:
        yield "By clause", row.clause
    for title in standing.out_of_specification:
        yield f"Outside specification: {title}", "yes"
    for each in standing.deviations:
        if each.audience == Audience.SHARED:
            said = f"{each.classification or 'no class'}, {'open' if each.is_open else 'ended'}"
            yield f"Deviation {each.number}", said
    for each_row in standing.rows:
        label = ReleaseStepCode(each_row.step).label
        decided = f"{Decision(each_row.decision).label}, {each_row.decided_code}"
        at = f"{each_row.decided_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        yield f"Decided {at}", f"{label}{' ' + each_row.market if each_row.market else ''}: {decided}"


def find_disposition(actor: Actor, disposition_id: UUID) -> Disposition:
    """Return a decision; raises NotFound."""
    return get_visible(Disposition, actor, disposition_id)


def _address(row: Any) -> str:
    return reverse("batch_disposition", args=[row.batch_id])


def _whole(_actor: Actor, row: Any) -> Shown:
    return Shown(row.number, str(row.title), "UTC", {"Decision": str(row.decision)})


DISPOSITION: Final = Signable(
    type="disposition",
    rules={},
    find=find_disposition,
    lock=find_disposition,
    show=_whole,
    # The manufacturer's word and the sponsor's are given on different sides.
    is_author=lambda _actor, _row: False,
    address=_address,
)
