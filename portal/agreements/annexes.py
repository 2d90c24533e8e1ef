"""Annexes: what one program has beside the agreement, looked at as it will hold: worked into it."""

from __future__ import annotations

from uuid import UUID

from portal.actor import Actor
from portal.agreements.document import Document
from portal.agreements.effect import newest
from portal.agreements.lint import Finding, Seated, lint
from portal.models import AgreementVersion


def main_of(actor: Actor, version: AgreementVersion) -> Document | None:
    """Return the signed agreement that an annex stands beside; None for what is no annex, or without one."""
    main = newest(actor, version.space_id, None).first() if version.program_id is not None else None
    return main.document if main is not None else None


def whole_of(actor: Actor, version: AgreementVersion) -> Document:
    """Return the words and rules that would hold by a version: of an annex, the agreement's with its own."""
    main = main_of(actor, version)
    return version.document if main is None else main.with_annex(version.document)


def held_in(actor: Actor, version: AgreementVersion, program_id: UUID) -> Document:
    """Return the words and rules that a version would bring to one program, with the annex it has."""
    annex = None if version.program_id is not None else newest(actor, version.space_id, program_id).first()
    whole = whole_of(actor, version)
    return whole if annex is None else whole.with_annex(annex.document)


def findings_of(actor: Actor, version: AgreementVersion, seated: Seated | None = None) -> list[Finding]:
    """Return what is wrong with a version; of an annex, what its clauses bring about in the whole."""
    main, document = main_of(actor, version), version.document
    if main is None:
        return lint(document, seated)
    known, own = set(lint(main, seated)), {each.code for each in document.clauses}
    found = lint(main.with_annex(document), seated)
    return [each for each in found if each.clause in own or each not in known]
