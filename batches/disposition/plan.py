"""The chain of steps that a batch goes through, from the rules of the agreement; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from batches.disposition.states import (
    FAVOURABLE,
    NOT_FINAL,
    OUT_OF_SPECIFICATION,
    REGULAR,
    SAYS,
    USUAL,
    Decision,
    ReleaseStepCode,
)
from portal.actor import Role, Side
from portal.agreements.rules import ReleaseStep, Responsibility
from portal.agreements.terms import Terms

Stand = Literal["done", "open", "waits", "off"]
# Activities of older agreements that name who approves a disposition.
ACTIVITY: Final = {
    ReleaseStepCode.CDMO: "cdmo_disposition",
    ReleaseStepCode.SPONSOR: "sponsor_disposition",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One step that somebody signs, for one `market` or all (empty); `by` names roles as clauses do."""

    step: ReleaseStepCode
    market: str
    by: tuple[str, ...]
    clause: str = ""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return who signs it."""
        return tuple(Role(Side(side), code) for side, _dot, code in (each.partition(".") for each in self.by))

    @property
    def sides(self) -> tuple[str, ...]:
        """Return whose ball it is."""
        return tuple(dict.fromkeys(each.partition(".")[0] for each in self.by))


@dataclass(frozen=True, slots=True)
class Given:
    """What was decided at a step, with when and by whom, as far as the chain depends on it."""

    step: str
    market: str
    decision: Decision
    markets: tuple[str, ...]
    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the chain as it stands: done, open to be signed, waiting for another, or off."""

    planned: Planned
    given: Given | None
    stand: Stand
    may_say: tuple[Decision, ...]


def plan_of(terms: Terms, *, out_of_specification: bool) -> list[Planned]:
    """Return the steps in order: those for all markets first, then market by market."""
    rules = [(each.clause.code, each.rule) for each in terms.applying(ReleaseStep)]
    order = OUT_OF_SPECIFICATION if out_of_specification else REGULAR
    found = [
        Planned(ReleaseStepCode(rule.step), market, rule.by, clause)
        for clause, rule in rules
        for market in (rule.markets or ("",))
        if rule.step in order
    ]
    named = {each.step for each in found if not each.market}
    found += [_usual(terms, step) for step in order if step in USUAL and step not in named]
    return sorted(found, key=lambda each: (each.market, order.index(each.step)))


def _usual(terms: Terms, step: ReleaseStepCode) -> Planned:
    """Return a step that no clause on dispositions names: by who answers for it, else by the heads."""
    activity = ACTIVITY.get(step)
    said = terms.find(Responsibility, activity=activity) if activity is not None else None
    if said is not None and said.rule.approves:
        return Planned(step, "", said.rule.approves, said.clause.code)
    return Planned(step, "", USUAL[step])


def chain(plan: Sequence[Planned], given: Iterable[Given]) -> list[Link]:
    """Return each step as it stands. After a rejection only the other side's own word is still asked for.

    One market's steps do not wait for another's; all of them wait for those that hold for all markets. A
    decision that is not final may be followed by the same step until the chain has gone on.
    """
    by_step = {(each.step, each.market): each for each in given}
    links: list[Link] = []
    for planned in plan:
        done = by_step.get((planned.step, planned.market))
        before = [each for each in links if each.planned.market in ("", planned.market)]
        links.append(_link(planned, done, before))
    return [_closed(each, links) for each in links]


def _link(planned: Planned, done: Given | None, before: Sequence[Link]) -> Link:
    may_say = tuple(SAYS[planned.step])
    is_next = all(each.given is not None and each.given.decision in FAVOURABLE for each in before)
    if done is not None:
        return Link(planned, done, "done", may_say if is_next and done.decision in NOT_FINAL else ())
    said = [each.given.decision for each in before if each.given is not None]
    if Decision.REJECTED in said:
        # The sponsor's unit rejects in its own name what the manufacturer's has rejected (21 CFR 211.22(a)).
        asks = planned.step == ReleaseStepCode.SPONSOR and not planned.market
        return Link(planned, None, "open" if asks else "off", (Decision.REJECTED,) if asks else ())
    if any(_leaves_out(each, planned.market) for each in before):
        return Link(planned, None, "off", ())
    return Link(planned, None, "open" if is_next else "waits", may_say if is_next else ())


def _leaves_out(link: Link, market: str) -> bool:
    given = link.given
    return bool(market) and given is not None and bool(given.markets) and market not in given.markets


def _closed(link: Link, links: Sequence[Link]) -> Link:
    """Let nothing follow a decision on which later steps rest already."""
    if link.given is None or not link.may_say:
        return link
    at = links.index(link)
    rest = [
        each
        for each in links[at + 1 :]
        if not link.planned.market or each.planned.market == link.planned.market
    ]
    rests_on_it = any(each.given is not None for each in rest)
    return Link(link.planned, link.given, link.stand, ()) if rests_on_it else link


def open_steps(links: Iterable[Link]) -> list[Link]:
    """Return the steps that somebody may sign now, the first in order first."""
    return [each for each in links if each.may_say and (each.stand == "open" or each.given is not None)]


def next_step(links: Iterable[Link]) -> Link | None:
    """Return the step whose signature is awaited, None when nothing is."""
    for each in links:
        if each.stand == "open":
            return each
        if each.given is not None and each.given.decision in (Decision.CONDITIONAL, Decision.REPROCESS):
            return each
    return None


def outcome(links: Sequence[Link]) -> Decision | None:
    """Return what the chain says of the batch as a whole, None until it says something of its use.

    Rejected as soon as either quality unit or, for all markets, anybody rejects; restricted while only some
    markets are through; released or supplied when all that holds for it is signed.
    """
    given = [(each.planned, each.given.decision) for each in links if each.given is not None]
    if any(decision == Decision.REJECTED and not planned.market for planned, decision in given):
        return Decision.REJECTED
    for said in (Decision.REPROCESS, Decision.CONDITIONAL):
        if any(decision == said for _planned, decision in given):
            return said
    common = [each for each in links if not each.planned.market]
    if not common or any(each.given is None for each in common):
        return None
    if any(each.planned.step == ReleaseStepCode.SUPPLY for each in common):
        return Decision.SUPPLIED
    of_markets = [each for each in links if each.planned.market]
    is_through = all(each.given is not None and each.given.decision in FAVOURABLE for each in of_markets)
    restricted = any(decision == Decision.RESTRICTED for _planned, decision in given)
    return Decision.RELEASED if is_through and not restricted else Decision.RESTRICTED
