"""What a clause makes the product do: one dataclass per kind of rule, as the published schema has them.

A rule's selectors say what it applies to; an empty one applies to all. Roles are written `side.code`
(`sponsor.qa`), as a role is code plus side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final

from portal.agreements.durations import Duration

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of a ladder: the roles that are told, how long their answer is waited for, over what."""

    roles: Names
    wait: Duration
    channels: Names = ()


@dataclass(frozen=True, slots=True)
class Consulted:
    """A role that is asked before the work goes on, and how long it has."""

    role: str
    within: Duration


@dataclass(frozen=True, slots=True)
class Rule:
    """The shape of all; `SELECTORS` are the members that say what a rule applies to."""

    KIND: ClassVar[str] = ""
    SELECTORS: ClassVar[Names] = ()

    def matches(self, facts: Mapping[str, str | None]) -> bool:
        """Say whether the rule applies to what is known; what is not asked for does not matter."""
        return all(
            not (chosen := self.chosen(name)) or facts[name] in chosen
            for name in self.SELECTORS
            if name in facts
        )

    def meets(self, other: Rule) -> bool:
        """Say whether there is a case to which both rules apply."""
        return all(
            not (mine := set(self.chosen(name))) or not (theirs := set(other.chosen(name))) or mine & theirs
            for name in self.SELECTORS
        )

    def chosen(self, selector: str) -> Names:
        """Return the values of a selector; none means all."""
        value = getattr(self, selector)
        return (value,) if isinstance(value, str) and value else tuple(value or ())

    @property
    def narrowness(self) -> int:
        """Return how many selectors are set: the narrower rule goes before the wider one."""
        return sum(bool(self.chosen(name)) for name in self.SELECTORS)

    def plain(self) -> dict[str, Any]:
        """Return the rule as JSON has it; what stands at its default is left out."""
        found = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        return {
            "kind": self.KIND,
            **{name: _plain(value) for name, (value, usual) in found.items() if value != usual},
        }


@dataclass(frozen=True, slots=True)
class Disclosure(Rule):
    """Who sees a kind of record, or one parameter, from which state on and after what delay."""

    KIND = "disclosure"
    SELECTORS = ("of", "parameter", "state")
    of: Names
    to: str
    parameter: Names = ()
    state: Names = ()
    delay: Duration | None = None


@dataclass(frozen=True, slots=True)
class Notification(Rule):
    """Whom the other side's notice reaches, until when, over what, and who releases it.

    `within` counts from `since`; without it the notice comes `in_list` (monthly list, batch package).
    `chase_at` is the part of the time after which the own heads are asked. `at_once` names the triggers that
    release it without a person.
    """

    KIND = "notification"
    SELECTORS = ("of", "classification")
    of: Names
    to: Names
    classification: Names = ()
    within: Duration | None = None
    since: str = "aware"
    in_list: str = ""
    channels: Names = ("in_app", "email")
    released_by: Names = ()
    chase_at: float = 0.5
    at_once: Names = ()

    def roles_of(self, side: str) -> list[str]:
        """Return the codes of the roles of one side that the notice reaches."""
        return [code for at, _dot, code in (each.partition(".") for each in self.to) if at == side]


@dataclass(frozen=True, slots=True)
class ClassMap(Rule):
    """How the classes of one side's own system read here."""

    KIND = "class_map"
    SELECTORS = ("side",)
    side: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judgement(Rule):
    """Who gives which judgement on a deviation, until when, and whether blind to the other side's."""

    KIND = "judgement"
    SELECTORS = ("judgement", "classification")
    judgement: str
    by: Names
    classification: Names = ()
    within: Duration | None = None
    since: str = "notice"
    is_blind: bool = False


@dataclass(frozen=True, slots=True)
class Responsibility(Rule):
    """Who answers for an activity, who does it, approves it, signs it as what, and is asked before."""

    KIND = "responsibility"
    SELECTORS = ("activity",)
    activity: Names
    accountable: str
    responsible: Names = ()
    approves: Names = ()
    signs: Mapping[str, str] | None = None
    consulted: tuple[Consulted, ...] = ()
    informed: Names = ()


@dataclass(frozen=True, slots=True)
class Ladder(Rule):
    """Whom an alert asks on one side, step by step; `wakes` goes through quiet hours."""

    KIND = "ladder"
    SELECTORS = ("of", "side", "classification")
    of: Names
    side: str
    steps: tuple[LadderStep, ...]
    classification: Names = ()
    wakes: bool = False


@dataclass(frozen=True, slots=True)
class Timeline(Rule):
    """How long an activity may take, from when, and which side holds the ball."""

    KIND = "timeline"
    SELECTORS = ("activity", "classification")
    activity: Names
    within: Duration
    held_by: str
    classification: Names = ()
    since: str = "aware"
    rounds: int = 1


@dataclass(frozen=True, slots=True)
class Hold(Rule):
    """Which decision a class or a trigger blocks, and until what."""

    KIND = "hold"
    SELECTORS = ("classification", "trigger")
    blocks: str
    classification: Names = ()
    trigger: Names = ()
    until: str = "impact_conclusion"

    def matches(self, facts: Mapping[str, str | None]) -> bool:
        """Say whether class or trigger is one of those; a rule for the one says nothing of the other."""
        return any(facts.get(name) in self.chosen(name) for name in self.SELECTORS)

    def meets(self, other: Rule) -> bool:
        """Say whether a class or a trigger is in both."""
        return any(set(self.chosen(name)) & set(other.chosen(name)) for name in self.SELECTORS)


@dataclass(frozen=True, slots=True)
class ReleaseStep(Rule):
    """Who signs a step of the disposition of a batch, for all markets or some."""

    KIND = "disposition"
    SELECTORS = ("step", "markets")
    step: str
    by: Names
    markets: Names = ()


@dataclass(frozen=True, slots=True)
class EarlySignal(Rule):
    """Who answers a watch and until when; it is no deviation by itself and counts on no scorecard."""

    KIND = "early_signal"
    SELECTORS = ()
    by: Names
    within: Duration


@dataclass(frozen=True, slots=True)
class NoReply(Rule):
    """What silence leads to: the work goes on, waits, or climbs. It is never consent."""

    KIND = "no_reply"
    SELECTORS = ("activity",)
    activity: Names
    outcome: str
    not_for: Names = ()


@dataclass(frozen=True, slots=True)
class Retention(Rule):
    """How long records of a kind are kept, from what."""

    KIND = "retention"
    SELECTORS = ("of",)
    of: Names
    years: int
    after: str


KINDS: Final[Mapping[str, type[Rule]]] = {
    each.KIND: each
    for each in (
        Disclosure,
        Notification,
        ClassMap,
        Judgement,
        Responsibility,
        Ladder,
        Timeline,
        Hold,
        ReleaseStep,
        EarlySignal,
        NoReply,
        Retention,
    )
}


def rule_of(plain: Mapping[str, Any]) -> Rule:
    """Return the rule that validated JSON holds."""
    given = {name: _read(name, value) for name, value in plain.items() if name != "kind"}
    return KINDS[plain["kind"]](**given)


def _read(name: str, value: Any) -> Any:
    match name, value:
        case (("within" | "wait" | "delay"), dict()):
            return Duration.of(value)
        case "steps", list():
            return tuple(
                LadderStep(**{key: _read(key, each) for key, each in step.items()}) for step in value
            )
        case "consulted", list():
            return tuple(Consulted(each["role"], Duration.of(each["within"])) for each in value)
        case _, list():
            return tuple(value)
        case _:
            return value


def _plain(value: Any) -> Any:
    match value:
        case Duration():
            return value.plain()
        case LadderStep() | Consulted():
            found = {each.name: getattr(value, each.name) for each in fields(value)}
            return {name: _plain(each) for name, each in found.items() if each != ()}
        case tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return dict(value)
        case _:
            return value
