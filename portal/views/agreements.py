"""The agreement as it is read: what was promised, clause by clause, with what its rules do beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.access import available, get_visible
from portal.action import instant
from portal.actor import Actor
from portal.agreements.annexes import findings_of, whole_of
from portal.agreements.diff import ClauseChange, RuleChange, compare, pieces
from portal.agreements.document import Clause, Document, by_heading
from portal.agreements.headings import HEADINGS
from portal.agreements.lint import Finding, contradicts, may_be_signed
from portal.agreements.prose import prose
from portal.agreements.signing import get_agreement, has_signed
from portal.agreements.terms import TEMPLATES
from portal.agreements.words import KINDS_OF_RULE, rule_words
from portal.errors import NotFound
from portal.models import AgreementVersion, Partnership, Program
from portal.pages import Page, PageRequest
from portal.papers import with_words
from portal.queries.agreements import (
    Running,
    count_seated,
    find_before,
    find_in_force,
    find_in_review,
    get_held,
    is_newest_main,
    list_agreements,
    list_happened,
    list_partnerships,
    list_terms,
    programs_of,
    running_by_clause,
)
from portal.queries.rooms import list_rooms
from portal.queries.signatures import signatures_of
from portal.shell import LINKS
from portal.states import AGREEMENT_DRAFTERS, AGREEMENT_SIGNERS, AGREEMENT_TRANSITIONS, AgreementState
from portal.terms import DEFAULT
from portal.views.ladders import sits_on

TONES: Final[Mapping[str, str]] = {
    AgreementState.DRAFT: "private",
    AgreementState.IN_REVIEW: "accent",
    AgreementState.SIGNED_BY_ONE: "accent",
    AgreementState.EFFECTIVE: "fine",
}
HAPPENED: Final = {
    "agreement.submitted": gettext_lazy("Shown to the other side"),
    "agreement.edited": gettext_lazy("Changed"),
    "agreement.pen_passed": gettext_lazy("The pen passed on"),
    "agreement.reopened": gettext_lazy("Taken back into review"),
    "agreement.withdrawn": gettext_lazy("Given up"),
    "agreement.agreed": gettext_lazy("Signed by both"),
    "agreement.end_asked": gettext_lazy("Its end asked for"),
    "agreement.end_dropped": gettext_lazy("Its end dropped"),
    "agreement.terminated": gettext_lazy("Ended by both"),
    "signature.given": gettext_lazy("Signed"),
}
TEMPLATE_WORDS: Final = {
    "clinical": gettext_lazy("template for clinical phases"),
    "commercial": gettext_lazy("template for commercial manufacture"),
    "cell_therapy": gettext_lazy("template for cell therapy"),
}
OPEN_STATES: Final = (AgreementState.DRAFT, AgreementState.IN_REVIEW, AgreementState.SIGNED_BY_ONE)


class AgreementsPage(Page):
    """The agreements of every partnership the reader is seated in, and what holds in the other programs."""

    here: ClassVar[str] = "agreement"
    template_name: ClassVar[str] = "portal/agreements.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return what is in force, what is being drafted, and what went before."""
        actor, now = request.actor, instant()
        partnerships = list_partnerships(actor)
        seated = {each.pk for each in partnerships}
        rooms = sorted(list_rooms(actor).values(), key=lambda each: each.program.code)
        codes = {each.program.pk: each.program.code for each in rooms}
        return {
            "calendars_of": rooms[0].program if rooms else None,
            "partnerships": [_partnership(actor, each, codes, now) for each in partnerships],
            "programs": [
                {"room": each, "rows": list_terms(actor, each.program.pk), "now": now}
                for each in rooms
                if each.program.partnership_id not in seated
            ],
        }


def _partnership(
    actor: Actor, partnership: Partnership, codes: Mapping[UUID, str], now: datetime
) -> dict[str, Any]:
    rows = with_words(actor, list_agreements(actor, partnership_id=partnership.pk))
    return {
        "partnership": partnership,
        "in_force": find_in_force(actor, partnership.pk, now),
        "versions": [version_line(each, codes, now) for each in rows],
        "may_draft": actor.holds(partnership.pk, *AGREEMENT_DRAFTERS),
        "templates": [(name, TEMPLATE_WORDS[name]) for name in TEMPLATES],
        "programs": Program.objects.visible_to(actor)
        .filter(partnership_id=partnership.pk)
        .order_by("code", "id"),
    }


def version_line(version: AgreementVersion, codes: Mapping[UUID, str], now: datetime) -> dict[str, Any]:
    """Return a version for a list: how it is called, how it stands, from when until when."""
    return {
        "version": version,
        "label": version.label or _("draft"),
        "annex": codes.get(version.program_id, "") if version.program_id is not None else "",
        "standing": standing(version, now),
        "tone": "warn" if version.is_scheduled(now) else TONES.get(version.state, ""),
    }


def standing(version: AgreementVersion, now: datetime) -> str:
    """Return how a version stands at an instant, which its dates decide once it is signed."""
    if version.is_scheduled(now):
        return _("signed, takes effect later")
    if version.is_in_force(now):
        return _("in force")
    return str(version.get_state_display())


def clause_lines(document: Document, running: Mapping[str, Running]) -> list[dict[str, Any]]:
    """Return headings with their clauses: prose, rules in words, what runs by them."""
    return [
        {
            "heading": HEADINGS[code].title,
            "sources": ", ".join(HEADINGS[code].sources),
            "code": code,
            "clauses": [_clause(each, running.get(each.code)) for each in clauses],
        }
        for code, clauses in by_heading(document)
    ]


def _clause(clause: Clause, running: Running | None) -> dict[str, Any]:
    return {
        "clause": clause,
        "prose": prose(clause.text),
        "rules": [{"title": KINDS_OF_RULE[each.KIND], "words": rule_words(each)} for each in clause.rules],
        "running": running,
        "records": [
            {"number": each.number, "url": LINKS.get(each.type, "").format(id=each.pk)}
            for each in (running.records if running is not None else ())
        ],
    }


def change_lines(old: Document, new: Document) -> list[dict[str, Any]]:
    """Return what changed between two versions, in words and in rules."""
    return [_change(each) for each in compare(old, new)]


def _change(change: ClauseChange) -> dict[str, Any]:
    clause = change.after or change.before
    return {
        "code": change.code,
        "kind": _kind(change.kind),
        "heading": clause.title if clause is not None else "",
        "title": change.title,
        "text": change.text,
        "rules": [_rule(each) for each in change.rules],
    }


def _rule(change: RuleChange) -> dict[str, Any]:
    before, after = (rule_words(each) if each is not None else "" for each in (change.before, change.after))
    kind = next(each.KIND for each in (change.after, change.before) if each is not None)
    return {"title": KINDS_OF_RULE[kind], "words": list(pieces(before, after))}


def _kind(kind: str) -> str:
    return {"added": _("new"), "removed": _("taken out"), "changed": _("changed")}[kind]


class AgreementPage(Page):
    """One version of an agreement, for whoever is seated in the partnership."""

    here: ClassVar[str] = "agreement"
    template_name: ClassVar[str] = "portal/agreement.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the version whole, with who signed it, what it changes and what runs by it."""
        actor, now = request.actor, instant()
        version = get_agreement(actor, kwargs["agreement_id"])
        partnership = get_visible(Partnership, actor, version.space_id)
        programs = programs_of(actor, version)
        codes = {each.pk: each.code for each in programs}
        running = (
            running_by_clause(actor, [each.pk for each in programs], version.number)
            if version.agreed_at is not None
            else {}
        )
        document, before, whole = version.document, find_before(actor, version), version.document
        if before is None and version.program_id is not None and _is_open(version):
            # The first annex of a program changes the agreement there.
            before, whole = find_in_force(actor, version.space_id, now), whole_of(actor, version)
        seated = count_seated(actor, version.space_id) if _is_open(version) else {}
        findings = findings_of(actor, version, seated) if _is_open(version) else []
        zone = programs[0].zone if programs else "UTC"
        return {
            "happened": happened(actor, version, zone),
            "partnership": partnership,
            "line": version_line(version, codes, now),
            "version": version,
            "title": version.title,
            "headings": clause_lines(document, running),
            "programs": programs,
            "before": before,
            "changes": change_lines(before.document, whole) if before is not None else [],
            "findings": findings,
            "may_be_signed": may_be_signed(findings),
            "contradicts": contradicts(findings),
            "signatures": signatures_of(actor, version.pk, version.version),
            "sign_url": _sign_url(actor, version, findings),
            "steps": steps_of(actor, version),
            "reasoned": reasoned(),
            "versions": [
                version_line(each, codes, now)
                for each in with_words(actor, list_agreements(actor, partnership_id=version.space_id))
                if each.program_id == version.program_id
            ],
            "zone": zone,
        }


def happened(actor: Actor, version: AgreementVersion, zone: str) -> list[dict[str, Any]]:
    """Return the steps that both sides took with a version as the history component shows them."""
    lines, day = list[dict[str, Any]](), None
    for each in list_happened(actor, version):
        today = each.at.astimezone(ZoneInfo(zone)).date()
        words = f"{each.code}: {each.reason}" if each.reason else each.code
        heading = date_format(today) if today != day else ""
        title = HAPPENED.get(each.kind, each.kind)
        lines.append({"at": each.at, "zone": zone, "title": title, "words": words, "day": heading})
        day = today
    return lines


def _is_open(version: AgreementVersion) -> bool:
    return version.state in OPEN_STATES


def steps_of(actor: Actor, version: AgreementVersion) -> dict[str, bool]:
    """Return the steps that the reader may take now; who holds the pen and who asked is looked at too."""
    found = set(available(actor, version, AGREEMENT_TRANSITIONS))
    if not sits_on(actor, version.space_id, str(version.pen)):
        found -= {"edit", "pass_pen"}
    if found & {"submit", "put_in"}:
        reviewed = find_in_review(actor, version)
        # One version at a time: what is there already is changed by whose side has the pen, or comes first.
        if reviewed is None or not sits_on(actor, version.space_id, str(reviewed.pen)):
            found -= {"put_in"}
        if reviewed is not None:
            found -= {"submit"}
    if not is_newest_main(version):
        found -= {"ask_end", "drop_end", "terminate"}
    elif version.ending_at is None:
        found -= {"drop_end", "terminate"}
    elif sits_on(actor, version.space_id, version.ending_by):
        found -= {"terminate"}
    return dict.fromkeys(found, True)


def reasoned() -> list[tuple[str, str, str]]:
    """Return the steps that want a reason: code, button, and what each binds."""
    return [
        ("reopen", _("Take back to edit"), _("The signature on it no longer covers it.")),
        ("withdraw", _("Withdraw"), _("It is over for good; a next draft may begin with it.")),
        ("ask_end", _("Ask for its end"), _("It ends when the other side's quality head agrees.")),
        ("drop_end", _("Let it go on"), _("The end that was asked for is dropped; the agreement holds on.")),
    ]


def _sign_url(actor: Actor, version: AgreementVersion, findings: list[Finding]) -> str:
    if contradicts(findings):
        return ""
    is_open = version.state in (AgreementState.IN_REVIEW, AgreementState.SIGNED_BY_ONE)
    if not is_open or not actor.holds(version.space_id, *AGREEMENT_SIGNERS):
        return ""
    if has_signed(actor, version, str(actor.side(version.space_id))):
        return ""
    return reverse("sign", args=["agreement_version", version.pk]) + "?meaning=approved"


class TermsPage(Page):
    """What was agreed as it holds in one program, for whoever is seated there: where citations lead."""

    here: ClassVar[str] = "agreement"
    template_name: ClassVar[str] = "portal/agreement.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the version that is cited, or the default rules. Raises: NotFound."""
        actor, now = request.actor, instant()
        held = get_held(actor, kwargs["program_id"], _number(kwargs["number"]))
        number = held.row.number if held.row is not None else None
        return {
            "held": held,
            "program": held.program,
            "title": held.document.title,
            "headings": clause_lines(held.document, running_by_clause(actor, [held.program.pk], number)),
            "standing": _held_standing(held.row, held.until, now),
            "rows": list_terms(actor, held.program.pk),
            "full": _full(actor, held.program, number),
            "zone": held.program.zone,
        }


def _number(given: str) -> int | None:
    """Return the number in an address. Raises: NotFound."""
    if given == DEFAULT:
        return None
    if not given.isdecimal() or len(given) > 9:  # noqa: PLR2004 - fits an integer
        raise NotFound
    return int(given)


def _held_standing(row: Any, until: datetime | None, now: datetime) -> str:
    if row is None:
        return _("the product's own rules, until the parties sign theirs")
    if now < row.effective_from:
        return _("signed, takes effect later")
    return _("in force") if until is None or now < until else _("followed by the next")


def _full(actor: Actor, program: Program, number: int | None) -> AgreementVersion | None:
    """Return the signed version itself, None for who is seated in the program alone."""
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=program.partnership_id)
    return rows.filter(number=number).first() if number is not None else None
