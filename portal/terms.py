"""Which rules hold in a program: the version of the agreement in force at an instant, or the default ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.agreements.document import read_plain
from portal.agreements.terms import Terms, default_terms
from portal.models import ProgramTerms

KEPT_MAX: Final = 256
# How the default rules are called in an address.
DEFAULT: Final = "default"
# By row: what was agreed never changes, and a row's id is asked for under the reader's walls each time.
_read: Final[dict[UUID, Terms]] = {}


def terms_at(actor: Actor, space_id: UUID, at: datetime) -> Terms:
    """Return the rules in force in a space at an instant.

    A record keeps the version under which it began: ask with when it was recorded, for nothing takes effect
    backwards.
    """
    rows = _rows(actor, space_id).filter(effective_from__lte=at)
    return _newest(rows.order_by("-effective_from", "-number"))


def terms_in_turn(actor: Actor, space_id: UUID) -> Callable[[datetime], Terms]:
    """Return what finds the rules in force at an instant, for many instants of one space; one query."""
    rows = list(_rows(actor, space_id).order_by("-effective_from", "-number"))

    def find(at: datetime) -> Terms:
        row = next((each for each in rows if each.effective_from <= at), None)
        return default_terms() if row is None else _keep(row.pk, row.number, row.document)

    return find


def terms_of(actor: Actor, space_id: UUID, version: int | None) -> Terms:
    """Return the rules of one version; the default rules for None, and where the version is not known."""
    return default_terms() if version is None else _newest(_rows(actor, space_id).filter(number=version))


def clause_words(code: str, version: int | None) -> str:
    """Return how a clause is cited; the values of the default rules say that they are ours."""
    if not code:
        return ""
    if version is None:
        return _("clause %s, default rule") % code
    return _("clause %(code)s, agreement v%(version)s") % {"code": code, "version": version}


def clause_link(space_id: UUID, code: str, version: int | None) -> SafeString:
    """Return how a clause is cited, as a link to where it is read."""
    if not code:
        return SafeString("")
    address = clause_address(space_id, code, version)
    return format_html('<a href="{}">{}</a>', address, clause_words(code, version))


def clause_address(space_id: UUID, code: str, version: int | None) -> str:
    """Return where whoever is seated in a program reads a clause: in the very version that is cited."""
    number = DEFAULT if version is None else str(version)
    return f"{reverse('program_terms', args=[space_id, number])}#clause-{code}"


def _rows(actor: Actor, space_id: UUID) -> Any:
    return ProgramTerms.objects.visible_to(actor).filter(space_id=space_id)


def _newest(rows: Any) -> Terms:
    found = next(iter(rows.values_list("pk", "number")[:1]), None)
    if found is None:
        return default_terms()
    row_id, number = found
    if row_id in _read:
        return _read[row_id]
    return _keep(row_id, number, rows.values_list("document", flat=True)[0])


def _keep(row_id: UUID, number: int, document: Any) -> Terms:
    if row_id not in _read:
        if len(_read) >= KEPT_MAX:
            _read.clear()
        _read[row_id] = Terms(number, read_plain(document))
    return _read[row_id]
