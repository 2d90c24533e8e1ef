"""Whose rights change is asked anew: the step that reaches open sockets and keys within 2 s (goal G32)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Q

from portal.action import current_action, instant
from portal.models import Delegation, Person


def renew_rights(person_id: UUID) -> None:
    """Let whatever a person has open, and their delegates have, be admitted anew.

    A shared step of actions that give or take rights.
    """
    lent = Delegation.objects.visible_to(current_action().actor).filter(
        person_id=person_id, valid_until__gt=instant()
    )
    Person.objects.filter(Q(pk=person_id) | Q(pk__in=lent.values("delegate_id"))).update(
        access_epoch=F("access_epoch") + 1
    )
