"""What a signed version does: its rules are written into each program of the partnership, from an instant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from portal import ledger
from portal.action import current_action
from portal.actor import Actor
from portal.errors import Conflict
from portal.facts import AgreementAgreed, TermsAgreed
from portal.models import AgreementVersion, Program, ProgramTerms
from portal.states import AgreementState


def take_effect(actor: Actor, version: AgreementVersion, now: datetime) -> None:
    """Put a version that both sides have signed in force, from now or its later date; a shared step.

    What is in force in a program follows from the newest rows, so no version takes effect before one that
    was signed earlier. Raises: Conflict.
    """
    current_action()
    effective_from = max(now, version.not_before or now)
    require_order(actor, version, effective_from)
    for before in newest(actor, version.space_id, version.program_id):
        before.end(AgreementState.SUPERSEDED, effective_from)
        before.save(update_fields=["state", "until"])
    version.take_effect(now, effective_from)
    version.save(update_fields=["state", "agreed_at", "effective_from"])
    agreed = AgreementAgreed(number=str(version.number), digest=version.digest, effective_from=effective_from)
    ledger.record(version, agreed)
    programs = Program.objects.visible_to(actor).filter(partnership_id=version.space_id)
    if version.program_id is not None:
        programs = programs.filter(pk=version.program_id)
    for program in programs.order_by("pk"):
        _write(actor, version, program.pk, effective_from)


def require_order(actor: Actor, version: AgreementVersion, effective_from: datetime) -> None:
    """Raise Conflict unless a version may take effect then."""
    if version.program_id is not None and not newest(actor, version.space_id, None).exists():
        raise Conflict("An annex needs an agreement: sign that first.")
    signed = AgreementVersion.objects.visible_to(actor).filter(space_id=version.space_id)
    latest = signed.aggregate(latest=Max("effective_from"))["latest"]
    if latest is not None and effective_from < latest:
        detail = f"A version that both have signed takes effect on {latest:%Y-%m-%d %H:%M} UTC; name no date"
        raise Conflict(f"{detail} before it.")


def bring_terms(actor: Actor, program: Program, now: datetime) -> None:
    """Write what is in force, and what is signed for later, into a program that was opened; a shared step."""
    current_action()
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=program.partnership_id, program_id=None)
    open_ended = Q(state=AgreementState.EFFECTIVE)
    for version in rows.filter(open_ended | Q(state=AgreementState.SUPERSEDED, until__gt=now)).order_by(
        "effective_from", "number"
    ):
        if version.effective_from is not None:
            _write(actor, version, program.pk, max(now, version.effective_from))


def of_program(program_id: UUID | None) -> Q:
    """Return the condition on versions of a program's annex, or of the agreement itself for None."""
    return Q(program_id=None) if program_id is None else Q(program_id=program_id)


def newest(actor: Actor, space_id: UUID, program_id: UUID | None) -> QuerySet[AgreementVersion]:
    """Return the newest signed version of the agreement itself, or of a program's annex, if there is one."""
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=space_id)
    return rows.filter(of_program(program_id), state=AgreementState.EFFECTIVE)


def _write(actor: Actor, version: AgreementVersion, program_id: UUID, effective_from: datetime) -> None:
    document = version.document
    if version.program_id is not None:
        document = newest(actor, version.space_id, None).get().document.with_annex(document)
    else:
        for annex in newest(actor, version.space_id, program_id):
            document = document.with_annex(annex.document)
    terms = ProgramTerms.objects.create(
        space_id=program_id,
        number=version.number or 0,
        document=document.plain(),
        digest=document.digest(),
        effective_from=effective_from,
    )
    ledger.record(
        terms, TermsAgreed(number=str(version.number), digest=terms.digest, effective_from=effective_from)
    )
