"""One turn of one stream: claim, read, call in order until one is not taken or the turn is over, settle.

Killed at any point, nothing is lost: what was not settled is sent again under the same id.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from portal import outgoing
from portal.action import reading
from portal.actions.publishing import hold_checkpoint
from portal.actions.telling import Claim, Try, claim_stream, settle_stream
from portal.actor import Actor, system_actor
from portal.checkpoint_mail import seat_courier
from portal.states import WebhookStream
from portal.webhooks.messages import Message, Page, read_page
from portal.webhooks.signing import headers_of
from portal.webhooks.verdicts import Answered, header

TURN_S: Final = 1.0
# Of one call, with everything in it.
TIMEOUT_S: Final = 10.0
HELD_BY: Final = "webhook"
AGENT: Final = "Covalent-Webhooks/1"
# By the status, else by its hundreds.
FAULTS: Final = {410: "gone", 2: "", 3: "redirected", 4: "refused", 5: "receiver_failed"}


def take_turn(space_id: UUID, cursor_id: UUID) -> int:
    """Send what follows in a stream, for about a second; returns how many messages were taken."""
    courier = system_actor("courier", space_id)
    claim = claim_stream(courier, space_id, cursor_id)
    if claim is None:
        return 0
    seat = seat_courier(claim.organisation_id, claim.space_id, claim.side)
    with reading(seat):
        page = read_page(seat, claim.place)
    tries = _send(claim, page.messages)
    taken = [each for each in tries if each.answered.is_taken]
    if claim.place.stream == WebhookStream.CHECKPOINTS:
        _hold(seat, claim, taken)
    settle_stream(courier, claim, upto=_reached(claim, page, tries), tries=tries)
    return len(taken)


def _send(claim: Claim, messages: Iterable[Message]) -> list[Try]:
    """Call for each message in order until one is not taken, or the turn is over."""
    until, tries = time.monotonic() + TURN_S, list[Try]()
    for message in messages:
        answered = call(claim.url, claim.secrets, message)
        attempt = claim.attempts + 1 if not tries else 1
        tries.append(Try(message, attempt, answered, time.monotonic()))
        if not answered.is_taken or time.monotonic() > until:
            break
    return tries


def call(url: str, secrets: tuple[str, ...], message: Message) -> Answered:
    """Send one message and return how that ended; of the answer only status and Retry-After are looked at."""
    began = time.monotonic()
    # The receiver compares it with its own clock, so it is this machine's, of the moment of sending.
    headers = headers_of(secrets, message.id, int(time.time()), message.body)
    headers |= {"Content-Type": "application/json", "User-Agent": AGENT}
    try:
        answer = outgoing.send(url, body=message.body, headers=headers, timeout_s=TIMEOUT_S)
    except (outgoing.OutgoingRefused, outgoing.OutgoingFailed) as failure:
        return Answered(None, failure.code, _ms(began))
    error = FAULTS.get(answer.status) or FAULTS.get(answer.status // 100, "bad_answer")
    return Answered(answer.status, error, _ms(began), header(answer.headers, "Retry-After"))


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _reached(claim: Claim, page: Page, tries: list[Try]) -> int:
    """Return how far the stream has come; a test is never made again."""
    if claim.place.stream == WebhookStream.TESTS:
        return page.upto
    if tries and not tries[-1].answered.is_taken:
        # What was passed over before it stays passed over.
        return tries[-1].message.seq - 1
    if len(tries) == len(page.messages):
        return page.upto
    return tries[-1].message.seq


def _hold(seat: Actor, claim: Claim, taken: list[Try]) -> None:
    chain = claim.place.chain
    for each in taken:
        hold_checkpoint(seat, chain.space_id, audience=chain.audience, size=each.message.size, how=HELD_BY)
