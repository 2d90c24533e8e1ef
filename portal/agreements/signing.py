"""How an agreement is signed: both quality heads, over the exact words and rules of one version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from portal.access import get_visible
from portal.actor import Actor
from portal.agreements.annexes import findings_of
from portal.agreements.effect import take_effect
from portal.agreements.prose import unwrapped
from portal.agreements.words import rule_words
from portal.errors import Conflict, NotFound
from portal.models import AgreementVersion, Organisation, Partnership, Program, Signature
from portal.papers import read_words
from portal.signable import Rule, Shown, Signable
from portal.states import AGREEMENT_SIGNERS, AgreementState, Meaning

RULES: Final = {
    Meaning.APPROVED: Rule(AGREEMENT_SIGNERS, (AgreementState.IN_REVIEW, AgreementState.SIGNED_BY_ONE))
}


def get_agreement(actor: Actor, version_id: UUID) -> AgreementVersion:
    """Return a version that the actor may read; raises NotFound."""
    return read_words(actor, get_visible(AgreementVersion, actor, version_id))


def lock_for_signature(actor: Actor, version_id: UUID) -> AgreementVersion:
    """Hand out the locked version; the partnership first, so that two signers come one after the other."""
    lock_partnership(actor, get_agreement(actor, version_id).space_id)
    found = AgreementVersion.objects.visible_to(actor).select_for_update(of=("self",)).with_id(version_id)
    if found is None:
        raise NotFound
    _require_one_meaning(actor, read_words(actor, found))
    return found


def _require_one_meaning(actor: Actor, version: AgreementVersion) -> None:
    """Refuse what contradicts itself or goes in a circle: nobody could say what was signed."""
    found = [each for each in findings_of(actor, version) if each.gravity == "contradiction"]
    if found:
        said = " ".join(f"{each.clause}: {each.words}" if each.clause else each.words for each in found)
        raise Conflict(f"It cannot be signed before this is mended. {said}", code="contradiction")


def lock_partnership(actor: Actor, partnership_id: UUID) -> Partnership:
    """Hand out the locked partnership: numbers and dates of its versions are given one after the other."""
    found = Partnership.objects.visible_to(actor).select_for_update(no_key=True).with_id(partnership_id)
    if found is None:
        raise NotFound
    return found


def show_agreement(actor: Actor, version: AgreementVersion) -> Shown:
    """Return what a signer reads: who agrees, from when, and every clause with its rules in words."""
    partnership = get_visible(Partnership, actor, version.space_id)
    own = Organisation.objects.visible_to(actor).with_id(actor.organisation_id or version.space_id)
    document = version.document
    fields = {
        "Agreement": f"{version.title}, version {version.number}",
        "Between": f"{partnership.manufacturer_name} (CDMO) and {partnership.sponsor_name} (sponsor)",
        "Holds for": _program_of(actor, version),
        "Takes effect": _takes_effect(version.not_before),
        "Words and rules, SHA-256 of the canonical JSON": version.digest,
    }
    if holes := [each.words for each in findings_of(actor, version) if each.gravity == "hole"]:
        fields["It leaves open"] = "\n".join(f"• {each}" for each in holes)
    for clause in document.clauses:
        mark = " (default)" if clause.is_default else ""
        rules = "".join(f"\n• {rule_words(each)}" for each in clause.rules)
        fields[f"{clause.code} {clause.title}{mark}"] = f"{unwrapped(clause.text).rstrip()}{rules}"
    zone = own.zone if own is not None else "UTC"
    return Shown(version.label, version.title, zone, fields)


def _program_of(actor: Actor, version: AgreementVersion) -> str:
    if version.program_id is None:
        return "all programs of the partnership"
    return f"annex of {get_visible(Program, actor, version.program_id).code}"


def _takes_effect(not_before: datetime | None) -> str:
    if not_before is None:
        return "when both have signed"
    return f"when both have signed, not before {not_before.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def has_signed(actor: Actor, version: AgreementVersion, side: str) -> bool:
    """Say whether a side has signed the version as it stands."""
    rows = Signature.objects.visible_to(actor).filter(subject_id=version.pk, meaning=Meaning.APPROVED)
    return rows.filter(subject_version=version.version, side=side).exists()


def note_signature(actor: Actor, version: AgreementVersion, signature: Signature) -> None:
    """Move the version on, by a signature that was just given; with the second side's it takes effect.

    Runs inside the signing, under the lock of the partnership. Raises: Conflict.
    """
    rows = Signature.objects.visible_to(actor).filter(subject_id=version.pk, meaning=Meaning.APPROVED)
    before = rows.filter(subject_version=version.version).exclude(pk=signature.pk)
    if before.filter(side=signature.side).exists():
        raise Conflict("Your side has signed this version. The other side's quality head signs next.")
    if version.state == AgreementState.IN_REVIEW:
        version.state = AgreementState.SIGNED_BY_ONE
        version.save(update_fields=["state"])
    else:
        take_effect(actor, version, signature.signed_at)


def _address(version: Any) -> str:
    return reverse("agreement", args=[version.pk])


AGREEMENT: Final = Signable(
    type="agreement_version",
    rules=RULES,
    find=get_agreement,
    lock=lock_for_signature,
    show=show_agreement,
    is_author=lambda actor, version: version.drafted_by == actor.person_id,
    address=_address,
    signed=note_signature,
)
