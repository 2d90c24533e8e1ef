"""What is missing from an agreement, contradicts itself, or can never apply: one finding each, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from portal.agreements.document import Clause, Document
from portal.agreements.headings import ACTIVITIES, CLINICAL, HEADINGS, TIMED
from portal.agreements.rules import (
    ClassMap,
    Disclosure,
    Judgement,
    Ladder,
    NoReply,
    Notification,
    Responsibility,
    Rule,
)
from portal.agreements.schema import ALERTS, RECORDS, SIDES, SIGNALS, TRIGGERS
from portal.agreements.terms import Terms
from portal.states import Classification

Gravity = Literal["hole", "contradiction", "advice"]
# How many people hold a role on a side now, by `side.code`.
Seated = Mapping[str, int]
# Silence never goes on for these (design 4).
NEVER_SILENT: Final = ("critical", "disposition")
# Who gives a judgement in this product at all; a clause names some of them.
GIVERS: Final[Mapping[str, frozenset[str]]] = {
    "classification": frozenset(("manufacturer.qa",)),
    "product_impact": frozenset(("sponsor.qa", "sponsor.cmc", "sponsor.quality_head")),
}
# What clauses on disclosure act on: a deviation, by its notice; a parameter and its excursions by the master
# record, which is not submitted with other readers than the signed clause gives.
BY_MASTER_RECORD: Final = ("parameter", "excursion")
SHARED_BY_RULE: Final = ("deviation", *BY_MASTER_RECORD)
DEVIATION_STATES: Final = (
    *("reported", "triaged", "under_investigation"),
    *("cdmo_qa_review", "sponsor_review", "closed"),
)
# What a deviation is told by.
OF_DEVIATIONS: Final = ("deviation", "patient_lot")
DECIDED_BY_SILENCE: Final = frozenset(("draft_comments", "sponsor_review", "decision"))
# The values a selector may take, beside None for what is not known.
_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "classification": tuple(Classification.values),
    "side": SIDES,
    "trigger": TRIGGERS,
    "judgement": ("classification", "product_impact", "confirmed_class"),
}
_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "disclosure": RECORDS,
    "notification": SIGNALS,
    "ladder": ALERTS,
    "retention": RECORDS,
}
_ACTIVITY: Final[Mapping[str, tuple[str, ...]]] = {
    "responsibility": tuple(ACTIVITIES),
    "timeline": tuple(TIMED),
    "no_reply": tuple(TIMED),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth a look; `clause` is empty where it is about the whole."""

    code: str
    gravity: Gravity
    clause: str
    words: str


def lint(document: Document, seated: Seated | None = None) -> list[Finding]:
    """Return what is wrong with an agreement: holes and contradictions first, then advice.

    `seated` says how many people hold each role in the partnership; without it nobody's absence is found.
    """
    found = [finding for check in _CHECKS for finding in check(document)]
    if seated is not None:
        found += _nobody_seated(document, seated)
    order: list[Gravity] = ["hole", "contradiction", "advice"]
    return sorted(found, key=lambda each: order.index(each.gravity))


def contradicts(findings: list[Finding]) -> bool:
    """Say whether nobody could tell what would be signed: nothing is, before that is mended."""
    return any(each.gravity == "contradiction" for each in findings)


def may_be_signed(findings: list[Finding]) -> bool:
    """Say whether nothing but advice is left; a hole is shown to who signs all the same."""
    return all(each.gravity == "advice" for each in findings)


def _headings(document: Document) -> Iterator[Finding]:
    """Miss the headings of the guidance; for clinical phases those of the FDA alone are advice."""
    present = {each.heading for each in document.clauses}
    for heading in HEADINGS.values():
        if heading.code in present:
            continue
        is_clinical = any(source.startswith(CLINICAL) for source in heading.sources)
        is_needed = is_clinical or document.phase == "commercial"
        words = _("No clause stands under “%(heading)s” (%(sources)s).") % {
            "heading": heading.title,
            "sources": "; ".join(heading.sources),
        }
        yield Finding("missing_heading", "hole" if is_needed else "advice", "", words)


def _accountable(document: Document) -> Iterator[Finding]:
    """Find activities without exactly one accountable party."""
    for activity in ACTIVITIES.values():
        parties = {
            rule.accountable: clause.code
            for clause, rule in _rules(document, Responsibility)
            if activity.code in rule.activity
        }
        if not parties:
            words = _("Nobody is accountable for “%s”.") % activity.title
            yield Finding("nobody_accountable", "hole", "", words)
        elif len(parties) > 1:
            words = _("Two parties are accountable for “%(activity)s”: clauses %(codes)s.") % {
                "activity": activity.title,
                "codes": ", ".join(sorted(parties.values())),
            }
            yield Finding("two_accountable", "contradiction", "", words)


def _notices(document: Document) -> Iterator[Finding]:
    """Find classes of which the sponsor is not told, or whose notice asks nobody."""
    terms = Terms(None, document)
    for classification in Classification.values:
        if terms.notice(classification) is None:
            words = _("No clause says when the sponsor is told of a %s deviation.") % classification
            yield Finding("class_without_notice", "hole", "", words)
        if terms.ladder("deviation.notice", "sponsor", classification) is None:
            words = _("No ladder asks the sponsor for receipt of a %s notice.") % classification
            yield Finding("class_without_ladder", "hole", "", words)
    for clause, rule in _rules(document, Notification):
        if rule.within is None and not rule.in_list:
            yield Finding(
                "notice_without_time", "hole", clause.code, _("A notice with neither a time nor a list.")
            )
        if rule.at_once and not set(rule.of) & set(OF_DEVIATIONS):
            words = _("Nothing of that leaves by a notice of a deviation: released at once, it never acts.")
            yield Finding("at_once_never", "advice", clause.code, words)
        if rule.at_once and not rule.classification:
            words = _("It lets a notice leave before anybody has given a class or looked at its words.")
            yield Finding("leaves_unread", "advice", clause.code, words)
    if document.phase == "cell_therapy" and terms.notice(None, of="patient_lot") is None:
        yield Finding(
            "no_patient_lot", "hole", "", _("No clause says when the sponsor is told of patient lots.")
        )


def _sides(document: Document) -> Iterator[Finding]:
    """Find judgements and notices that the wrong side would give."""
    for clause, judged in _rules(document, Judgement):
        side = {"classification": "manufacturer", "product_impact": "sponsor"}.get(judged.judgement)
        if side is not None and any(not role.startswith(side) for role in judged.by):
            words = _("The %(judgement)s is given by the %(side)s.") % {
                "judgement": judged.judgement.replace("_", " "),
                "side": side,
            }
            yield Finding("wrong_side", "contradiction", clause.code, words)
    for clause, rule in _rules(document, Notification):
        both = {role.split(".")[0] for role in rule.released_by} & {role.split(".")[0] for role in rule.to}
        if both:
            words = _("Who releases a notice would be told by it.")
            yield Finding("told_by_oneself", "contradiction", clause.code, words)


def _named(document: Document) -> Iterator[Finding]:
    """Find maps that name no class, or leave one that nobody can give, and rules that change nothing."""
    for clause, rule in _rules(document, ClassMap):
        if not rule.names:
            yield Finding("names_no_class", "hole", clause.code, _("It names no class."))
            continue
        left = [each for each in Classification if each not in rule.names.values()]
        if left:
            words = _("Nothing of the %(side)s reads as %(classes)s: that class is not given.") % {
                "side": rule.side,
                "classes": ", ".join(left),
            }
            yield Finding("class_not_given", "advice", clause.code, words)
    for clause, judged in _rules(document, Judgement):
        able = GIVERS.get(judged.judgement)
        if able is not None and not able & set(judged.by):
            words = _("None of those named can give %s here; the product's own rule would hold.") % (
                judged.judgement.replace("_", " ")
            )
            yield Finding("nobody_able", "contradiction", clause.code, words)


def _disclosed(document: Document) -> Iterator[Finding]:
    """Find disclosures that nothing would ever act on, and say which stand elsewhere."""
    for clause, rule in _rules(document, Disclosure):
        inert = [each for each in rule.of if each not in SHARED_BY_RULE]
        if inert:
            words = _("Nothing is shared by this rule of: %s. Those records are shared by people.") % (
                ", ".join(inert)
            )
            yield Finding("not_shared_by_rule", "advice", clause.code, words)
        if (rule.delay is not None or rule.state) and set(rule.of) & set(BY_MASTER_RECORD):
            words = _(
                "Readings reach their readers as they arrive, or never: they wait for no time or state."
            )
            yield Finding("delay_not_kept", "contradiction", clause.code, words)
        if "deviation" not in rule.of:
            continue
        unknown = [each for each in rule.state if each not in DEVIATION_STATES]
        if unknown:
            words = _("A deviation is never in the state %s.") % ", ".join(unknown)
            yield Finding("unknown_state", "hole", clause.code, words)
        if rule.to != "shared":
            words = _("A rule only ever widens who sees a deviation; this one changes nothing.")
            yield Finding("never_narrows", "advice", clause.code, words)


def _silence(document: Document) -> Iterator[Finding]:
    """Find silence that would stand for a word where only a word will do."""
    for clause, rule in _rules(document, NoReply):
        if rule.outcome != "go_on":
            continue
        if "disposition" in rule.activity:
            words = _("Silence never stands for a disposition.")
            yield Finding("silence_decides", "hole", clause.code, words)
            continue
        decided = DECIDED_BY_SILENCE & set(rule.activity)
        needed = [each for each in NEVER_SILENT if each not in rule.not_for]
        if decided and needed:
            words = _("Silence may not go on for: %s. Name it under not_for.") % ", ".join(needed)
            yield Finding("silence_decides", "hole", clause.code, words)


def _ladders(document: Document) -> Iterator[Finding]:
    """Find ladders that ask the same people again instead of climbing."""
    for clause, rule in _rules(document, Ladder):
        for below, above in zip(rule.steps, rule.steps[1:], strict=False):
            if set(above.roles) <= set(below.roles):
                words = _("A step asks only those who were asked before: %s.") % ", ".join(above.roles)
                yield Finding("ladder_in_a_circle", "contradiction", clause.code, words)


def _contradictions(document: Document) -> Iterator[Finding]:
    """Find rules that say different things of the same case, and rules that never win."""
    rules = list(_rules(document, Rule))
    for at, (clause, rule) in enumerate(rules):
        rivals = [(other_clause, other) for other_clause, other in rules[:at] if type(other) is type(rule)]
        for other_clause, other in rivals:
            if rule.narrowness != other.narrowness or not rule.meets(other):
                continue
            if rule.plain() == other.plain():
                words = _("The same rule stands in clause %s already.") % other_clause.code
                yield Finding("said_twice", "advice", clause.code, words)
            elif not isinstance(rule, Responsibility):
                words = _("It says something else than clause %(code)s of the same case: %(case)s.") % {
                    "code": other_clause.code,
                    "case": _case(rule),
                }
                yield Finding("contradiction", "contradiction", clause.code, words)
            break
        else:
            if not _may_win(rule, [each for _clause, each in rules if type(each) is type(rule)]):
                words = _("Narrower rules leave this one nothing: %s.") % _case(rule)
                yield Finding("unreachable", "advice", clause.code, words)


def _may_win(rule: Rule, rivals: list[Rule]) -> bool:
    """Say whether there is a case in which no narrower rule goes before this one."""
    names = rule.SELECTORS
    values = [_values(rule, name) for name in names]
    for case in product(*values):
        facts = dict(zip(names, case, strict=True))
        matching = [each for each in rivals if each.matches(facts)]
        if matching and max(matching, key=lambda each: each.narrowness) is rule:
            return True
    return False


def _values(rule: Rule, name: str) -> tuple[str | None, ...]:
    chosen = rule.chosen(name)
    if chosen:
        return chosen
    known = {"of": _OF, "activity": _ACTIVITY}.get(name, {}).get(rule.KIND) or _VALUES.get(name, ())
    return (None, *known)


def _case(rule: Rule) -> str:
    chosen = [", ".join(rule.chosen(name)) for name in rule.SELECTORS if rule.chosen(name)]
    return "; ".join([rule.KIND.replace("_", " "), *chosen])


def _defaults(document: Document) -> Iterator[Finding]:
    """Name the clauses nobody has looked at yet."""
    left = [each.code for each in document.clauses if each.is_default]
    if left:
        words = _("Still the default of the template: clauses %s.") % ", ".join(left)
        yield Finding("default_left", "advice", "", words)


def _nobody_seated(document: Document, seated: Seated) -> Iterator[Finding]:
    """Find ladders that end in nobody, and roles that nobody holds."""
    missing: dict[str, set[str]] = {}
    for clause, rule in _rules(document, Rule):
        if isinstance(rule, Ladder):
            held = [any(seated.get(f"{rule.side}.{role}") for role in step.roles) for step in rule.steps]
            if not held[-1]:
                words = _("The ladder ends in nobody: no one is %s.") % ", ".join(rule.steps[-1].roles)
                yield Finding("ends_in_nobody", "hole", clause.code, words)
        for role in _roles_of(rule):
            if not seated.get(role):
                missing.setdefault(role, set()).add(clause.code)
    for role, codes in sorted(missing.items()):
        words = _("Nobody holds the role %(role)s that clauses %(codes)s name.") % {
            "role": role.replace(".", " ").replace("_", " "),
            "codes": ", ".join(sorted(codes)),
        }
        yield Finding("role_without_people", "advice", "", words)


def _roles_of(rule: Rule) -> Iterator[str]:
    for each in fields(rule):
        value: Any = getattr(rule, each.name)
        match each.name:
            case "to" | "released_by" | "by" | "responsible" | "approves" | "informed" if isinstance(
                value, tuple
            ):
                yield from value
            case "signs" if value:
                yield from value
            case "consulted":
                yield from (one.role for one in value)
            case "steps" if isinstance(rule, Ladder):
                yield from (f"{rule.side}.{role}" for step in rule.steps for role in step.roles)


def _rules(document: Document, kind: type[Any]) -> Iterator[tuple[Clause, Any]]:
    for clause in document.clauses:
        for rule in clause.rules:
            if isinstance(rule, kind):
                yield clause, rule


_CHECKS: Final[tuple[Callable[[Document], Iterator[Finding]], ...]] = (
    _headings,
    _accountable,
    _notices,
    _sides,
    _named,
    _disclosed,
    _silence,
    _ladders,
    _contradictions,
    _defaults,
)
