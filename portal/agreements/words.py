"""Rules in plain words: each as one sentence, as a reader of the agreement sees it beside its clause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import singledispatch
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.agreements.durations import Duration
from portal.agreements.headings import ACTIVITIES, TIMED
from portal.agreements.rules import (
    ClassMap,
    Consulted,
    Disclosure,
    EarlySignal,
    Hold,
    Judgement,
    Ladder,
    LadderStep,
    NoReply,
    Notification,
    ReleaseStep,
    Responsibility,
    Retention,
    Rule,
    Timeline,
)
from portal.states import Audience, Classification, Meaning, SeatSide

Words = Mapping[str, str | Promise]

ROLES: Final[Words] = {
    "qa": lazy("QA"),
    "qc": lazy("QC"),
    "qp": lazy("QP"),
    "cmc": lazy("CMC"),
    "msat": lazy("MSAT"),
    "quality_head": lazy("quality head"),
    "shift_lead": lazy("shift lead"),
    "client_lead": lazy("client lead"),
    "operator": lazy("operator"),
    "viewer": lazy("viewer"),
    "regulatory": lazy("regulatory"),
}
# What notices, alerts, records and triggers are about, in the plural where there may be many.
ABOUT: Final[Words] = {
    "deviation": lazy("deviations"),
    "patient_lot": lazy("events that may touch a patient lot"),
    "excursion.par": lazy("live alerts outside the proven range"),
    "excursion": lazy("excursions"),
    "notice.unreleased": lazy("notices not released in time"),
    "deviation.notice": lazy("notices of deviations"),
    "watch": lazy("early signals"),
    "decision": lazy("decision requests"),
    "change": lazy("changes"),
    "inspection": lazy("inspections"),
    "data_integrity": lazy("failures of data integrity"),
    "clock": lazy("clocks that run out"),
    "roster_gap": lazy("gaps in cover"),
    "drill": lazy("drills"),
    "batch": lazy("batch records"),
    "parameter": lazy("process data"),
    "result": lazy("results"),
    "attachment": lazy("files"),
    "capa": lazy("CAPA"),
    "cpp_outside_par": lazy("a critical parameter outside its proven range"),
    "grade_a_growth": lazy("growth in Grade A"),
    "identity_mismatch": lazy("an identity mismatch"),
}
SINCE: Final[Words] = {
    "occurred": lazy("the occurrence"),
    "detected": lazy("the detection"),
    "aware": lazy("awareness"),
    "recorded": lazy("the record was opened"),
    "notice": lazy("the notice"),
    "triaged": lazy("the class was given"),
    "due": lazy("the due date"),
    "draft": lazy("the draft"),
    "report": lazy("the report"),
    "completed": lazy("completion"),
    "approved": lazy("approval"),
}
CHANNELS: Final[Words] = {
    "in_app": lazy("on screen"),
    "email": lazy("by e-mail"),
    "web_push": lazy("by push message"),
    "webhook": lazy("by webhook"),
    "chat": lazy("by chat"),
    "sms": lazy("by SMS"),
    "telephone": lazy("by telephone"),
}
LISTS: Final[Words] = {
    "monthly_list": lazy("in the monthly list"),
    "batch_package": lazy("in the batch package"),
    "both": lazy("in the monthly list and the batch package"),
}
JUDGEMENTS: Final[Words] = {
    "classification": lazy("the class"),
    "product_impact": lazy("the product-impact assessment"),
    "confirmed_class": lazy("the confirmed class"),
}
BLOCKS: Final[Words] = {
    "disposition": lazy("disposition is blocked"),
    "processing": lazy("processing stops at the next hold point"),
    "use": lazy("use is blocked"),
}
UNTIL: Final[Words] = {
    "impact_conclusion": lazy("until the impact conclusion is approved"),
    "closing": lazy("until it is closed"),
    "release_by_qa": lazy("until QA releases it"),
}
RELEASE_STEPS: Final[Words] = {
    "cdmo": lazy("CDMO batch disposition"),
    "sponsor": lazy("sponsor disposition"),
    "qp_confirmation": lazy("QP confirmation"),
    "qp_certification": lazy("QP certification"),
    "green_light": lazy("regulatory green light"),
    "physician_request": lazy("physician's request"),
    "risk_evaluation": lazy("QP's risk evaluation"),
    "physician_acceptance": lazy("physician's acceptance"),
    "supply": lazy("sponsor's agreement to supply"),
}
OUTCOMES: Final[Words] = {
    "go_on": lazy("the work goes on, recorded as no reply and never as agreement"),
    "wait": lazy("the work waits"),
    "climb": lazy("the quality heads are asked"),
}
# What came of a silence, as both sides read it afterwards.
CAME_OF_IT: Final[Words] = {
    "go_on": lazy("No reply: it went on under %s. Recorded as no reply, never as agreement."),
    "wait": lazy("No reply: under %s nothing goes on without an answer."),
    "climb": lazy("No reply: under %s the quality heads were asked."),
}
AFTER: Final[Words] = {
    "expiry": lazy("expiry"),
    "disposition": lazy("disposition"),
    "closing": lazy("closing"),
    "end_of_agreement": lazy("the end of the agreement"),
}
# What a kind of rule is called where rules are listed.
KINDS_OF_RULE: Final[Words] = {
    "disclosure": lazy("Who sees"),
    "notification": lazy("Notice"),
    "class_map": lazy("Names of classes"),
    "judgement": lazy("Judgement"),
    "responsibility": lazy("Responsibility"),
    "ladder": lazy("Ladder"),
    "timeline": lazy("Time limit"),
    "hold": lazy("Block"),
    "disposition": lazy("Disposition"),
    "early_signal": lazy("Early signal"),
    "no_reply": lazy("No reply"),
    "retention": lazy("Retention"),
}
AMOUNTS: Final[Mapping[str, Callable[[int], str]]] = {
    "minutes": lambda n: ngettext("%d minute", "%d minutes", n) % n,
    "hours": lambda n: ngettext("%d hour", "%d hours", n) % n,
    "calendar_days": lambda n: ngettext("%d calendar day", "%d calendar days", n) % n,
    "business_hours": lambda n: ngettext("%d business hour", "%d business hours", n) % n,
    "business_days": lambda n: ngettext("%d business day", "%d business days", n) % n,
}


def amount_words(duration: Duration) -> str:
    """Return how long it is: 3 business days."""
    return AMOUNTS[duration.unit](duration.amount)


def duration_words(duration: Duration) -> str:
    """Return how long it is, with whose calendar counts: 3 business days of the sponsor."""
    amount = amount_words(duration)
    if not duration.is_business:
        return amount
    whose = _("the site") if duration.calendar == "site" else _("the sponsor")
    return _("%(amount)s of %(whose)s") % {"amount": amount, "whose": whose}


def role_words(role: str) -> str:
    """Return a role with its side: sponsor QA."""
    side, _dot, code = role.partition(".")
    return f"{SeatSide(side).label} {ROLES.get(code, code)}"


def listed(words: Iterable[object], last: str = "") -> str:
    """Return a list in words: a, b and c."""
    found = [str(each) for each in words]
    if len(found) < 2:  # noqa: PLR2004 - one needs no comma
        return "".join(found)
    return f"{', '.join(found[:-1])} {last or _('and')} {found[-1]}"


def known(codes: Iterable[str], words: Words) -> str:
    """Return codes in words, as a list."""
    return listed(words.get(code, code.replace("_", " ").replace(".", " ")) for code in codes)


def roles_words(roles: Iterable[str]) -> str:
    """Return roles as a list."""
    return listed(role_words(each) for each in roles)


def activity_words(codes: Iterable[str]) -> str:
    """Return what somebody answers for, as a list."""
    return known(codes, {code: each.title for code, each in ACTIVITIES.items()})


def _classes(codes: Iterable[str]) -> str:
    """Return which classes a rule is for, in front of what it is about; none means all."""
    return listed((Classification(each).label for each in codes), _("or"))


def _of(rule: Any) -> str:
    about = known(rule.of, ABOUT)
    classes = _classes(rule.classification) if "classification" in rule.SELECTORS else ""
    return f"{classes} {about}" if classes else about


def _sentence(*parts: object) -> str:
    said = " ".join(text for part in parts if (text := str(part).strip()))
    return f"{said[:1].upper()}{said[1:]}."


def _within(duration: Duration, since: str) -> str:
    return _("within %(time)s after %(since)s") % {
        "time": duration_words(duration),
        "since": SINCE.get(since, since),
    }


def notice_words(rule: Notification) -> str:
    """Return when the other side is told: within a time, or in a list."""
    if rule.within is not None:
        return _within(rule.within, rule.since)
    return str(LISTS.get(rule.in_list, _("without a time")))


@singledispatch
def rule_words(rule: Rule) -> str:
    """Return a rule as one sentence."""
    raise NotImplementedError(rule.KIND)


@rule_words.register
def _notification(rule: Notification) -> str:
    told = {"who": roles_words(rule.to), "what": _of(rule), "when": notice_words(rule)}
    parts = [(_("%(who)s are told of %(what)s %(when)s") % told).strip()]
    parts.append(f", {known(rule.channels, CHANNELS)}")
    if rule.released_by:
        parts.append(_("; %s releases the notice") % roles_words(rule.released_by))
        if rule.within is not None:
            half = round(rule.chase_at * 100)
            parts.append(_(", and its own heads are asked after %d %% of the time") % half)
    if rule.at_once:
        parts.append(_("; %s releases it at once") % known(rule.at_once, ABOUT))
    return _sentence("".join(parts))


@rule_words.register
def _disclosure(rule: Disclosure) -> str:
    audience = {
        Audience.SHARED: _("Both sides see %s"),
        Audience.MANUFACTURER: _("Only the CDMO sees %s"),
        Audience.SPONSOR: _("Only the sponsor sees %s"),
    }[Audience(rule.to)]
    return _sentence(
        audience % known(rule.of, ABOUT),
        f"({', '.join(rule.parameter)})" if rule.parameter else "",
        _("from the state %s on") % listed(rule.state, _("or")) if rule.state else "",
        _("after %s") % duration_words(rule.delay) if rule.delay is not None else "",
    )


@rule_words.register
def _class_map(rule: ClassMap) -> str:
    names = listed(
        _("%(theirs)s reads %(ours)s") % {"theirs": theirs, "ours": Classification(ours).label}
        for theirs, ours in rule.names.items()
    )
    side = SeatSide(rule.side).label
    return _sentence(_("Of the classes of the %s:") % side, names)


@rule_words.register
def _judgement(rule: Judgement) -> str:
    classes = _classes(rule.classification)
    return _sentence(
        _("%(who)s give %(what)s") % {"who": roles_words(rule.by), "what": JUDGEMENTS[rule.judgement]},
        _("of %s deviations") % classes if classes else _("of a deviation"),
        _within(rule.within, rule.since) if rule.within is not None else "",
        _("without seeing the other side's") if rule.is_blind else "",
    )


@rule_words.register
def _responsibility(rule: Responsibility) -> str:
    side = SeatSide(rule.accountable).label
    parts = [_("The %(side)s answers for %(what)s") % {"side": side, "what": activity_words(rule.activity)}]
    if rule.responsible:
        parts.append(_("%s do it") % roles_words(rule.responsible))
    if rule.consulted:
        parts.append(_("asked before: %s") % listed(_consulted(each) for each in rule.consulted))
    if rule.approves:
        parts.append(_("%s approve") % roles_words(rule.approves))
    if rule.signs:
        signs = (
            _("%(who)s sign as %(meaning)s") % {"who": role_words(role), "meaning": Meaning(meaning).label}
            for role, meaning in rule.signs.items()
        )
        parts.append(listed(signs))
    if rule.informed:
        parts.append(_("told: %s") % roles_words(rule.informed))
    return _sentence("; ".join(parts))


def _consulted(each: Consulted) -> str:
    return _("%(who)s (%(time)s)") % {"who": role_words(each.role), "time": duration_words(each.within)}


@rule_words.register
def _ladder(rule: Ladder) -> str:
    side = SeatSide(rule.side).label
    steps = _(", then ").join(_step(each) for each in rule.steps)
    said = _("For %(what)s the %(side)s's side is asked: %(steps)s") % {
        "what": _of(rule),
        "side": side,
        "steps": steps,
    }
    return _sentence(said, _("(wakes people)") if rule.wakes else _("(keeps quiet hours)"))


def _step(step: LadderStep) -> str:
    who = known(step.roles, ROLES)
    over = f", {known(step.channels, CHANNELS)}" if step.channels else ""
    return _("%(who)s for %(time)s%(over)s") % {
        "who": who,
        "time": duration_words(step.wait),
        "over": over,
    }


@rule_words.register
def _timeline(rule: Timeline) -> str:
    classes = _classes(rule.classification)
    return _sentence(
        _("%s:") % known(rule.activity, TIMED),
        _within(rule.within, rule.since),
        _("(%s)") % classes if classes else "",
        _("by the %s") % SeatSide(rule.held_by).label,
        ngettext("in %d round", "in %d rounds", rule.rounds) % rule.rounds if rule.rounds > 1 else "",
    )


@rule_words.register
def _hold(rule: Hold) -> str:
    classes = _classes(rule.classification)
    causes = [_("an open %s deviation") % classes] if classes else []
    causes += [str(ABOUT.get(each, each)) for each in rule.trigger]
    cause = listed(causes, _("or")) or _("any open deviation")
    said = {"cause": cause, "effect": BLOCKS[rule.blocks], "until": UNTIL[rule.until]}
    return _sentence(_("On %(cause)s %(effect)s %(until)s") % said)


@rule_words.register
def _release_step(rule: ReleaseStep) -> str:
    return _sentence(
        _("%(who)s sign the %(step)s") % {"who": roles_words(rule.by), "step": RELEASE_STEPS[rule.step]},
        _("for %s") % listed(rule.markets) if rule.markets else "",
    )


@rule_words.register
def _early_signal(rule: EarlySignal) -> str:
    said = {"who": roles_words(rule.by), "time": duration_words(rule.within)}
    return _sentence(_("%(who)s answer an early signal within %(time)s; it counts on no scorecard") % said)


@rule_words.register
def _no_reply(rule: NoReply) -> str:
    said = _("Without a reply (%(what)s) %(outcome)s") % {
        "what": known(rule.activity, TIMED),
        "outcome": OUTCOMES[rule.outcome],
    }
    spared = listed(_not_for(each) for each in rule.not_for)
    return _sentence(said, _("(not for: %s)") % spared if spared else "")


def silence_words(fact: Mapping[str, Any]) -> str:
    """Say what a clause made of a silence, from the payload of `clock.unanswered`."""
    version = fact.get("terms")
    clause = _("clause %s, default rule") % fact.get("clause", "")
    if version is not None:
        clause = _("clause %(code)s, agreement v%(version)s") % {
            "code": fact.get("clause", ""),
            "version": version,
        }
    words: str = str(CAME_OF_IT.get(str(fact.get("outcome")), _("No reply (%s)"))) % clause
    return words


def _not_for(code: str) -> str:
    return str(Classification(code).label) if code in Classification.values else _("disposition")


@rule_words.register
def _retention(rule: Retention) -> str:
    years = ngettext("%d year", "%d years", rule.years) % rule.years
    said = {"what": known(rule.of, ABOUT), "years": years, "after": AFTER[rule.after]}
    return _sentence(_("%(what)s are kept for %(years)s after %(after)s") % said)
