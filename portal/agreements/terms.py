"""The rules in force in one program at one instant, and what they say of a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final, Generic, TypeVar, cast

from django.conf import settings

from portal.agreements.document import Clause, Document, read_yaml
from portal.agreements.durations import Duration
from portal.agreements.rules import (
    EarlySignal,
    Hold,
    Judgement,
    Ladder,
    LadderStep,
    Notification,
    Responsibility,
    Rule,
    Timeline,
)

R = TypeVar("R", bound=Rule)
TEMPLATES: Final = ("clinical", "commercial", "cell_therapy")
DEFAULT_TEMPLATE: Final = "commercial"


@dataclass(frozen=True, slots=True)
class Applied(Generic[R]):
    """A rule with the clause beside which it stands."""

    clause: Clause
    rule: R


@dataclass(frozen=True)
class Terms:
    """A version of the agreement as it holds in one program; `version` is None for the default rules."""

    version: int | None
    document: Document

    @property
    def is_default(self) -> bool:
        """Say whether the parties have signed nothing yet, and the product's own rules hold."""
        return self.version is None

    @cached_property
    def _found(self) -> dict[tuple[Any, ...], Any]:
        return {}

    @cached_property
    def clauses(self) -> dict[str, Clause]:
        """Return the clauses by their number."""
        return {each.code: each for each in self.document.clauses}

    def clause(self, code: str) -> Clause | None:
        """Return the clause of that number, None when this version has none."""
        return self.clauses.get(code)

    def applying(self, kind: type[R], **facts: str | None) -> Iterator[Applied[R]]:
        """Yield the rules of a kind that apply to what is known, the narrower ones first."""
        found = [
            Applied(clause, rule)
            for clause in self.document.clauses
            for rule in clause.rules
            if isinstance(rule, kind) and rule.matches(facts)
        ]
        yield from sorted(found, key=lambda each: -each.rule.narrowness)

    def find(self, kind: type[R], **facts: str | None) -> Applied[R] | None:
        """Return the narrowest rule of a kind that applies, None where no clause says anything.

        Asked again and again for the same few cases, so each answer is kept as long as the version is.
        """
        case = (kind, *sorted(facts.items()))
        if case not in self._found:
            self._found[case] = next(self.applying(kind, **facts), None)
        return cast("Applied[R] | None", self._found[case])

    def notice(self, classification: str | None, *, of: str = "deviation") -> Applied[Notification] | None:
        """Return until when the other side is told of something of this class."""
        return self.find(Notification, of=of, classification=classification)

    def judgement(
        self, judgement: str, classification: str | None, *, trigger: str | None = None
    ) -> Applied[Judgement] | None:
        """Return who gives a judgement on a deviation of this class, or of this trigger, and until when."""
        return self.find(Judgement, judgement=judgement, classification=classification, trigger=trigger)

    def timeline(self, activity: str, classification: str | None = None) -> Applied[Timeline] | None:
        """Return how long an activity may take."""
        return self.find(Timeline, activity=activity, classification=classification)

    def consulted(self, activity: str, side: str) -> Applied[Timeline] | None:
        """Return the time of a side that is asked before an activity goes on: that of its first role."""
        for found in self.applying(Responsibility, activity=activity):
            for each in found.rule.consulted:
                if each.role.startswith(f"{side}."):
                    return Applied(found.clause, Timeline((activity,), each.within, side))
        return None

    def hold(self, *, classification: str | None = None, trigger: str | None = None) -> Applied[Hold] | None:
        """Return what a class, or a trigger, blocks."""
        return self.find(Hold, classification=classification, trigger=trigger)

    def early_signal(self) -> Applied[EarlySignal] | None:
        """Return who answers an early signal, and until when."""
        return self.find(EarlySignal)

    def ladder(self, of: str, side: str, classification: str | None) -> Applied[Ladder] | None:
        """Return whom an alert asks on a side, step by step."""
        return self.find(Ladder, of=of, side=side, classification=classification)


LAST_RESORT: Final = Ladder(of=(), side="", steps=(LadderStep(("quality_head",), Duration(30, "minutes")),))


def plan_of(found: Applied[Ladder] | None) -> list[dict[str, Any]]:
    """Return the steps of a ladder as a running clock keeps them; without a ladder the heads are asked.

    So no alert ends in nobody, and later versions do not reach a ladder that climbs.
    """
    ladder = found.rule if found is not None else LAST_RESORT
    return [
        {
            "roles": list(step.roles),
            "wait_s": wait_of(step),
            "channels": list(step.channels),
            "wakes": ladder.wakes,
        }
        for step in ladder.steps
    ]


def wait_of(step: LadderStep) -> int:
    """Return for how many seconds an answer is waited for; a demonstration may shorten every wait."""
    if settings.LADDER_WAIT is not None:
        return int(settings.LADDER_WAIT.total_seconds())
    return int(step.wait.exact.total_seconds())


@cache
def template(name: str) -> Document:
    """Return one of the templates, a whole agreement; its values are defaults, and are marked so.

    The others are written down as what they change in the commercial one.
    """
    folder = resources.files("portal.agreements").joinpath("templates")
    own = read_yaml(folder.joinpath(f"{name}.yaml").read_text("utf-8"))
    if name == DEFAULT_TEMPLATE:
        return own
    return Document(own.title, own.phase, template(DEFAULT_TEMPLATE).with_annex(own).clauses)


@cache
def default_terms() -> Terms:
    """Return the rules that hold until the parties have signed their own."""
    return Terms(None, template(DEFAULT_TEMPLATE))
