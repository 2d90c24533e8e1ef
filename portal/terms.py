"""Which rules hold in a program: the version of the agreement in force at an instant, or the default ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.agreements.document import read_plain
from portal.agreements.terms import Terms, default_terms
from portal.models import ProgramTerms

KEPT_MAX: Final = 256
# By row: what was agreed never changes, and a row's id is asked for under the reader's walls each time.
_read: Final[dict[UUID, Terms]] = {}


def terms_at(actor: Actor, space_id: UUID, at: datetime) -> Terms:
    """Return the rules in force in a space at an instant.

    A record keeps the version under which it began: ask with when it was recorded, for nothing takes effect
    backwards.
    """
    rows = _rows(actor, space_id).filter(effective_from__lte=at)
    return _newest(rows.order_by("-effective_from", "-number"))


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


def _rows(actor: Actor, space_id: UUID) -> Any:
    return ProgramTerms.objects.visible_to(actor).filter(space_id=space_id)


def _newest(rows: Any) -> Terms:
    found = next(iter(rows.values_list("pk", "number")[:1]), None)
    if found is None:
        return default_terms()
    row_id, number = found
    if row_id not in _read:
        if len(_read) >= KEPT_MAX:
            _read.clear()
        _read[row_id] = Terms(number, read_plain(rows.values_list("document", flat=True)[0]))
    return _read[row_id]
