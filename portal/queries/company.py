"""Which organisation signs in whom; read before anybody is signed in."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from portal.models import CompanyIdentity, CompanySignIn, Person
from portal.oidc import Client, Identity
from portal.own_secrets import reveal
from portal.states import PersonKind

# What the provider's secret is encrypted for.
SECRET: Final = b"company-sign-in"


def find_provider(provider_id: UUID) -> CompanySignIn | None:
    """Return an organisation's sign-in that is open."""
    return CompanySignIn.objects.filter(pk=provider_id, is_active=True).first()


def client_of(provider: CompanySignIn) -> Client:
    """Return what this installation is to a provider; it leads people back to one address, its own."""
    back = f"{settings.SITE_URL}{reverse('company_back', args=[provider.pk])}"
    return Client(provider.issuer, provider.client_id, reveal(provider.secret, SECRET), back)


def find_by_domain(email: str) -> CompanySignIn | None:
    """Return the sign-in of the organisation whose domain an address is of."""
    domain = email.strip().rpartition("@")[2].lower()
    return CompanySignIn.objects.filter(domains__contains=[domain], is_active=True).first()


def find_linked(provider: CompanySignIn, subject: str) -> Person | None:
    """Return whom the provider means by a subject, while the person is of its organisation and active."""
    linked = CompanyIdentity.objects.filter(provider_id=provider.pk, subject=subject)
    found = linked.select_related("person").first()
    if found is None:
        return None
    person = found.person
    is_own = person.is_active and person.organisation_id == provider.organisation_id
    return person if is_own else None


def find_to_link(provider: CompanySignIn, identity: Identity) -> Person | None:
    """Return the invited person of the provider's organisation whom a confirmed address is of."""
    if not identity.email:
        return None
    own = Person.objects.filter(
        organisation_id=provider.organisation_id, kind=PersonKind.HUMAN, is_active=True
    )
    return own.filter(email__iexact=identity.email).first()


def company_of(person_id: UUID) -> CompanyIdentity | None:
    """Return the link of a person to the own organisation's sign-in, None without one."""
    return CompanyIdentity.objects.filter(person_id=person_id).first()
