"""What whoever runs the installation does for an organisation: its sign-in, and which key seals for it.

A sign-in is not set up by an organisation's administrator: who could name an issuer and domains at will could
claim another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, Refused
from portal.facts import CompanyIdentityLinked, CompanySignInSet, EnvelopeKeyTakenUp
from portal.models import CompanyIdentity, CompanySignIn, Member, Organisation, Person
from portal.oidc import Identity, is_safe_address
from portal.own_secrets import hide
from portal.queries.company import SECRET
from portal.states import SYSTEM, PersonKind


@action("company_sign_in.set")
def set_company_sign_in(
    actor: Actor,
    organisation_id: UUID,
    *,
    issuer: str,
    client_id: str,
    secret: str,
    domains: Sequence[str],
    trusts_mfa: bool,
) -> CompanySignIn:
    """Let an organisation's identity provider sign in the people of its domains who have an account here.

    The actor is `system_actor("setup", organisation_id)`. A domain speaks for one organisation alone. Raises:
    Refused, Invalid, Conflict. Records: company_sign_in.set v1.
    """
    require_role(actor, organisation_id, SYSTEM, to="set up a company's sign-in")
    own = sorted({each.strip().lower().removeprefix("@") for each in domains if each.strip()})
    if not is_safe_address(issuer):
        raise Invalid("An issuer is an https address.", errors={"issuer": ["Give an https address."]})
    if not own or not secret or not client_id:
        raise Invalid("Give client id, secret and at least one domain.")
    others = CompanySignIn.objects.exclude(organisation_id=organisation_id)
    if any(set(each.domains) & set(own) for each in others) or others.filter(issuer=issuer).exists():
        raise Conflict("Another organisation signs in with this issuer or domain.")
    found = CompanySignIn.objects.filter(organisation_id=organisation_id).first() or CompanySignIn(
        organisation_id=organisation_id
    )
    if found.issuer and found.issuer != issuer:
        # Whom the old provider meant by its subjects, the new one does not.
        CompanyIdentity.objects.filter(provider_id=found.pk).delete()
    found.issuer, found.client_id, found.domains = issuer, client_id, own
    found.secret, found.trusts_mfa, found.is_active = hide(secret, SECRET), trusts_mfa, True
    found.save()
    organisation = Organisation.objects.visible_to(actor).get(pk=organisation_id)
    ledger.record(organisation, CompanySignInSet(provider_id=found.pk, trusts_mfa=trusts_mfa))
    return found


@action("company_identity.link")
def link_identity(actor: Actor, provider_id: UUID, identity: Identity) -> CompanyIdentity:
    """Note, at the first time, whom the provider means: an invited person of its own organisation.

    The actor is the person whose account it would be. The address must be confirmed by the provider, of one
    of its domains, and of this account; somebody else's link stays. Raises: Refused. Records:
    company_identity.linked v1.
    """
    provider = CompanySignIn.objects.get(pk=provider_id)
    person = Person.objects.select_for_update().get(pk=actor.person_id)
    domain = identity.email.rpartition("@")[2].lower()
    is_own = (
        provider.is_active
        and person.is_active
        and person.kind == PersonKind.HUMAN
        and person.organisation_id == provider.organisation_id
        and person.email.lower() == identity.email.lower()
        and domain in provider.domains
    )
    taken = CompanyIdentity.objects.filter(
        Q(person=person) | Q(provider_id=provider.pk, subject=identity.subject)
    ).exists()
    if not is_own or taken:
        raise Refused("This identity is of nobody here.", code="identity_unknown")
    found = CompanyIdentity.objects.create(
        provider_id=provider.pk, subject=identity.subject, person=person, linked_at=instant()
    )
    member = Member.objects.visible_to(actor).get(person_id=person.pk)
    ledger.record(member, CompanyIdentityLinked(person_id=person.pk, provider_id=provider.pk))
    return found


@action("envelope_key.take_up")
def note_envelope_key(
    actor: Actor, organisation_id: UUID, *, key_id: str, service: str, made_at: datetime
) -> bool:
    """Write down by which key private words are sealed from now on; returns whether it was new.

    The actor is `system_actor("setup", organisation_id)`. Once is enough: a rotation that was stopped is run
    again. Raises: Refused. Records: envelope_key.taken_up v1. Source: 21 CFR 11.10(k).
    """
    require_role(actor, organisation_id, SYSTEM, to="rotate keys")
    organisation = Organisation.objects.visible_to(actor).with_id(organisation_id)
    if organisation is None:
        return False
    fact = EnvelopeKeyTakenUp(key_id=key_id, service=service, made_at=made_at)
    with connection.cursor() as cursor:
        cursor.execute(
            "select from ledger.item where class = 'fact' and name = %s and space_id = %s"
            " and convert_from(body, 'UTF8')::json -> 'payload' ->> 'key_id' = %s limit 1",
            [fact.name, organisation_id, key_id],
        )
        is_noted = cursor.fetchone() is not None
    if not is_noted:
        ledger.record(organisation, fact)
    return not is_noted
