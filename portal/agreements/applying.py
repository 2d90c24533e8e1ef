"""What applies to one deviation: each rule that says something of it, and why this rule and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from portal.agreements.headings import TIMED
from portal.agreements.rules import ClassMap, Disclosure, NoReply, Notification, Retention, Rule, Timeline
from portal.agreements.terms import Applied, Terms
from portal.agreements.words import ABOUT, JUDGEMENTS, known, notice_words, rule_words
from portal.states import Classification, SeatSide

# What may be timed of a deviation, in the order of its life.
OF_DEVIATION: Final = (
    *("opening", "preliminary_summary", "product_impact", "draft_report", "draft_comments"),
    *("sponsor_review", "disagreement", "closing", "extension", "capa", "effectiveness"),
)
SILENT: Final = ("draft_comments", "sponsor_review")
DEVIATION: Final = "deviation"
PATIENT_LOT: Final = "patient_lot"


@dataclass(frozen=True, slots=True)
class Applies:
    """One thing a clause settles of a record; `clause` is empty where no clause says anything."""

    what: str
    clause: str
    title: str
    words: str
    why: str
    # The kind of the clock that the rule sets going; empty where it sets none.
    clock: str = ""
    # Whether it says how long the record is kept, beside its class.
    is_kept: bool = False


def what_applies(terms: Terms, classification: str | None, triggers: Sequence[str] = ()) -> list[Applies]:
    """Return what a version says of a deviation of a class, None before it has one, and of triggers.

    Where a rule for its class and one for a patient lot both apply, the stricter one drives the clock.
    """
    timed = [
        replace(_line(what, found, classification), clock=clock)
        for clock, what, found in _timed(terms, classification, triggers)
    ]
    kept = _line(_("How long it is kept"), terms.find(Retention, of="deviation"), classification)
    asked = [_line(what, found, classification) for what, found in _asked(terms, classification)]
    at_once = _at_once(terms, classification, triggers)
    return [*timed, *at_once, *asked, *_of_triggers(terms, triggers), replace(kept, is_kept=True)]


def _at_once(terms: Terms, classification: str | None, triggers: Sequence[str]) -> Iterator[Applies]:
    """Yield the rules that let the notice leave without a person; a default rule never does."""
    for of in (DEVIATION, *([PATIENT_LOT] if PATIENT_LOT in triggers else [])):
        found = terms.notice(classification, of=of)
        if found is None or not found.rule.at_once:
            continue
        words = _("The notice leaves at once on %s.") % known(found.rule.at_once, ABOUT)
        met = [each for each in found.rule.at_once if each in triggers]
        why = _("it is %s") % known(met, ABOUT) if met else _("nothing of that is known of it")
        if terms.is_default:
            why = _("not signed: QA releases it")
        yield Applies(_("Released at once"), found.clause.code, found.clause.title, words, why)


def _of_triggers(terms: Terms, triggers: Sequence[str]) -> Iterator[Applies]:
    for each in triggers:
        why = _("it is %s") % known([each], ABOUT)
        impact = terms.judgement("product_impact", None, trigger=each)
        lines = (
            (_("The product-impact assessment"), impact),
            (_("What it blocks"), terms.hold(trigger=each)),
        )
        for what, found in lines:
            if found is not None:
                yield replace(_line(what, found, None), why=why)


def at_once_words(terms: Terms, classification: str | None) -> str:
    """Return what leaves at once, by which clauses, before a class or with one, or nothing."""
    if terms.is_default:
        return ""
    rules = (terms.notice(classification), terms.notice(classification, of=PATIENT_LOT))
    said = [
        _("on %(what)s (clause %(code)s)")
        % {"what": known(each.rule.at_once, ABOUT), "code": each.clause.code}
        for each in rules
        if each is not None and each.rule.at_once
    ]
    if not said:
        return ""
    return _("By agreement v%(version)s the sponsor is told at once, without QA: %(cases)s.") % {
        "version": terms.version,
        "cases": "; ".join(said),
    }


def _timed(
    terms: Terms, classification: str | None, triggers: Sequence[str]
) -> Iterator[tuple[str, str, Applied[Any] | None]]:
    yield "notice_release", _("First notice"), terms.notice(classification)
    if PATIENT_LOT in triggers:
        yield "notice_release", _("First notice, patient lot"), terms.notice(None, of=PATIENT_LOT)
    for activity in OF_DEVIATION:
        timeline = terms.find(Timeline, activity=activity, classification=classification)
        yield activity, str(TIMED[activity]), timeline


def notices_by_class(terms: Terms) -> str:
    """Return for each class when the other side is told by the version, the gravest first."""
    return "; ".join(
        _("%(class)s by no clause") % {"class": each.label}
        if (found := terms.notice(each)) is None
        else _("%(class)s %(when)s (clause %(code)s)")
        % {"class": each.label, "when": _told(terms, found.rule), "code": found.clause.code}
        for each in reversed(Classification)
    )


def _told(terms: Terms, rule: Notification) -> str:
    if terms.is_default or not rule.at_once:
        return notice_words(rule)
    return _("%(when)s, on %(what)s at once") % {
        "when": notice_words(rule),
        "what": known(rule.at_once, ABOUT),
    }


def _asked(terms: Terms, classification: str | None) -> Iterator[tuple[str, Applied[Any] | None]]:
    for side in SeatSide.MANUFACTURER, SeatSide.SPONSOR:
        said = _("Whom the notice asks, %s") % side.label
        yield said, terms.ladder("deviation.notice", side, classification)
    for judgement, name in JUDGEMENTS.items():
        yield str(name)[:1].upper() + str(name)[1:], terms.judgement(judgement, classification)
    yield _("What it blocks"), terms.hold(classification=classification)
    shared = terms.find(Disclosure, of=DEVIATION)
    if shared is not None:
        yield _("When it is shared by clause"), shared
    for side in SeatSide.MANUFACTURER, SeatSide.SPONSOR:
        names = terms.find(ClassMap, side=side)
        if names is not None:
            yield _("Names of classes, %s") % side.label, names
    for activity in SILENT:
        said = _("No reply: %s") % TIMED[activity]
        yield said, terms.find(NoReply, activity=activity)


def _line(what: str, found: Applied[Any] | None, classification: str | None) -> Applies:
    if found is None:
        return Applies(what, "", "", _("None by clause."), "")
    clause, rule = found.clause, found.rule
    return Applies(what, clause.code, clause.title, rule_words(rule), _why(rule, classification))


def _why(rule: Rule, classification: str | None) -> str:
    """Return which selectors matched: the rule with more of them goes before one with fewer."""
    parts = []
    for name in rule.SELECTORS:
        chosen = rule.chosen(name)
        if not chosen:
            continue
        if name == "classification" and classification is not None:
            parts.append(_("its class is %s") % Classification(classification).label)
        elif name == "side":
            parts.append(_("it is about the side of the %s") % SeatSide(chosen[0]).label)
        else:
            words = {**ABOUT, **JUDGEMENTS, **TIMED}
            parts.append(_("it is about %s") % known(chosen, words))
    if "classification" in rule.SELECTORS and not rule.chosen("classification"):
        parts.append(_("for every class"))
    return "; ".join(parts)
