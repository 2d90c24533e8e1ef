"""What the other side reads of a CAPA once it is shared, and what never leaves. A shared step."""

from __future__ import annotations

from deviations.capa.access import check_of, measures_of
from deviations.capa.clocks import share_what_hangs_on
from deviations.capa.facts import CapaShared
from deviations.models import Capa, CapaLink, Deviation
from portal import ledger
from portal.action import current_action
from portal.actor import Actor
from portal.states import Audience


def is_expected(actor: Actor, capa: Capa) -> bool:
    """Say whether the other side knows a deviation behind the CAPA: then it is shared at approval."""
    links = CapaLink.objects.visible_to(actor).filter(capa=capa).values("deviation_id")
    known = Deviation.objects.visible_to(actor).filter(pk__in=links, audience=Audience.SHARED)
    return known.exists()


def disclose_capa(actor: Actor, capa: Capa) -> None:
    """Share a locked CAPA with its measures, evidence, clocks, check, and links to what both sides know.

    Plan, risk form, kin and earlier decisions stay with their side. Records: capa.shared v1, shared.
    """
    current_action()
    measures, check = measures_of(actor, [capa]), check_of(actor, capa)
    capa.audience = Audience.SHARED
    capa.bump()
    # Sealed words are written again, now in clear; their columns go along with the audience.
    capa.save(update_fields=["audience", "version", "title", "scope", "end_text"])
    for each in measures:
        each.audience = Audience.SHARED
        each.bump()
        each.save(update_fields=["audience", "version", "title", "evidence"])
    if check is not None:
        check.audience = Audience.SHARED
        check.bump()
        check.save(update_fields=["audience", "version", "criteria", "matching"])
    links = CapaLink.objects.visible_to(actor).filter(capa=capa).select_related("deviation")
    for link in links.exclude(audience=Audience.SHARED).order_by("pk"):
        if link.deviation.audience == Audience.SHARED:
            link.audience = Audience.SHARED
            link.bump()
            link.save(update_fields=["audience", "version"])
    share_what_hangs_on(actor, [capa.pk, *(each.pk for each in measures)])
    ledger.record(capa, CapaShared(side=capa.side))
