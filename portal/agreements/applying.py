"""What applies to one deviation: each rule that says something of it, and why this rule and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from portal.agreements.headings import TIMED
from portal.agreements.rules import NoReply, Retention, Rule, Timeline
from portal.agreements.terms import Applied, Terms
from portal.agreements.words import ABOUT, JUDGEMENTS, known, notice_words, rule_words
from portal.states import Classification, SeatSide

# What may be timed of a deviation, in the order of its life.
OF_DEVIATION: Final = (
    *("opening", "preliminary_summary", "product_impact", "draft_report", "draft_comments"),
    *("sponsor_review", "disagreement", "closing", "extension", "capa", "effectiveness"),
)
SILENT: Final = ("draft_comments", "sponsor_review")


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


def what_applies(terms: Terms, classification: str | None) -> list[Applies]:
    """Return what a version says of a deviation of a class, None before it has one."""
    timed = [
        replace(_line(what, found, classification), clock=clock)
        for clock, what, found in _timed(terms, classification)
    ]
    kept = _line(_("How long it is kept"), terms.find(Retention, of="deviation"), classification)
    asked = [_line(what, found, classification) for what, found in _asked(terms, classification)]
    return [*timed, *asked, replace(kept, is_kept=True)]


def _timed(terms: Terms, classification: str | None) -> Iterator[tuple[str, str, Applied[Any] | None]]:
    yield "notice_release", _("First notice"), terms.notice(classification)
    for activity in OF_DEVIATION:
        found = terms.find(Timeline, activity=activity, classification=classification)
        yield activity, str(TIMED[activity]), found


def notices_by_class(terms: Terms) -> str:
    """Return for each class when the other side is told by the version, the gravest first."""
    return "; ".join(
        _("%(class)s by no clause") % {"class": each.label}
        if (found := terms.notice(each)) is None
        else _("%(class)s %(when)s (clause %(code)s)")
        % {"class": each.label, "when": notice_words(found.rule), "code": found.clause.code}
        for each in reversed(Classification)
    )


def _asked(terms: Terms, classification: str | None) -> Iterator[tuple[str, Applied[Any] | None]]:
    for side in SeatSide.MANUFACTURER, SeatSide.SPONSOR:
        said = _("Whom the notice asks, %s") % side.label
        yield said, terms.ladder("deviation.notice", side, classification)
    for judgement, name in JUDGEMENTS.items():
        yield str(name)[:1].upper() + str(name)[1:], terms.judgement(judgement, classification)
    yield _("What it blocks"), terms.hold(classification=classification)
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
