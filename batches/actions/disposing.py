"""Dispose of a batch: one named step after the other, each under a signature."""

from __future__ import annotations

from uuid import UUID

from batches.access import get_batch
from batches.actions.links import mark_links
from batches.disposition.facts import DispositionDecided
from batches.disposition.plan import chain, outcome
from batches.disposition.signing import Word, meaning_of, signable_for, take_word
from batches.disposition.states import LOTS, Decision, DecisionState, ReleaseStepCode
from batches.facts import LotStateChanged
from batches.models import Batch, Disposition, Lot
from batches.queries.disposition import Standing, disposition_of, given_of
from batches.states import LOT_TRANSITIONS, LotState
from portal import ledger
from portal.action import action, instant, reading
from portal.actions.proving import proved
from portal.actions.signing import put_signature, require_signing
from portal.actor import Actor
from portal.errors import NotFound
from portal.proving import CompanyWord, Given, KeyAnswer, Proof, binding


def decide_disposition(
    actor: Actor,
    batch_id: UUID,
    *,
    step: str,
    decision: str,
    reason: str,
    digest: str,
    market: str = "",
    markets: tuple[str, ...] = (),
    condition: str = "",
    answer: str = "",
    password: str = "",
    code: str = "",
    key: KeyAnswer | None = None,
    word: CompanyWord | None = None,
) -> Disposition:
    """Sign one step of the disposition of a batch: what it says, why, and under which condition.

    `digest` is of what was shown (`decision_to_sign`); who signs is proved as for every signature. `reason`
    is 20 to 4,000 characters; `markets` belongs to restricted, `condition` to conditional, `answer` to a
    qualified person where a deviation happened before. Of two decisions at once exactly one is taken. Lots
    that the batch made follow. Raises: NotFound, Refused (as for every signature), Invalid, NotItsTurn,
    Blocked, StaleVersion. Records: batch.disposition_decided v1, signature.given v1, lot.state_changed v1.
    Source: 21 CFR 211.22(a), 211.165(f), 11.50; EU GMP Annex 16; EU GMP Part IV 11.53.
    """
    stated = Word(step, decision, reason, market, markets, condition, answer)
    with reading(actor):
        row = take_word(actor, disposition_of(actor, get_batch(actor, batch_id)), stated, instant())
    proof = proved(actor, Given(password, code, key, word), binding(digest, meaning_of(row)))
    return _decide(actor, proof, batch_id, stated=stated, digest=digest)


@action("batch.dispose")
def _decide(actor: Actor, proof: Proof, batch_id: UUID, *, stated: Word, digest: str) -> Disposition:
    """Write decision and signature of the proved person; everything is looked at under the batch's lock."""
    batch = _lock(actor, batch_id)
    standing = disposition_of(actor, batch)
    row = take_word(actor, standing, stated, instant())
    signable = signable_for(standing, row)
    acts_for = require_signing(actor, proof, row, signable, meaning_of(row))
    _follow(standing, row)
    row.save(force_insert=True)
    fact = DispositionDecided(
        disposition_id=row.pk,
        step=str(row.step),
        market=row.market,
        decision=str(row.decision),
        markets=tuple(row.markets),
        code=row.decided_code,
        clause=row.clause,
    )
    ledger.record(batch, fact)
    put_signature(
        actor,
        row,
        signable,
        meaning=meaning_of(row),
        digest=digest,
        acts_for=acts_for,
        proof=proof,
    )
    _move_lots(actor, batch, standing, row)
    return row


def _lock(actor: Actor, batch_id: UUID) -> Batch:
    get_batch(actor, batch_id)
    rows = Batch.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.select_related("recipe_version", "phase", "site").with_id(batch_id)
    if found is None:
        raise NotFound
    return found


def _follow(standing: Standing, row: Disposition) -> None:
    """Let an earlier decision of the step give way; a sponsor's reprocessing asks the manufacturer anew."""
    gone = {(row.step, row.market)}
    if (row.step, row.decision) == (ReleaseStepCode.SPONSOR, Decision.REPROCESS):
        gone.add((ReleaseStepCode.CDMO, ""))
    for each in standing.rows:
        if each.state == DecisionState.STANDING and (each.step, each.market) in gone:
            each.follow()
            each.save(update_fields=["state", "version"])


def _move_lots(actor: Actor, batch: Batch, standing: Standing, row: Disposition) -> None:
    """Let the lots that the batch made stand as the chain says, where their own life allows it."""
    standing_rows = [each for each in standing.rows if each.state == DecisionState.STANDING]
    plan = [each.planned for each in standing.links]
    said = outcome(chain(plan, [given_of(each) for each in (*standing_rows, row)]))
    if said is None:
        return
    step = LOT_TRANSITIONS[LOTS[said]]
    target = LotState(str(step.target))
    rows = Lot.objects.visible_to(actor).filter(
        produced_by=batch, state__in=[str(each) for each in step.sources]
    )
    for lot in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        before = str(lot.state)
        lot.move(target)
        lot.save(update_fields=["state", "version"])
        ledger.record(lot, LotStateChanged(before=before, after=str(target)))
        mark_links(actor, lot)
