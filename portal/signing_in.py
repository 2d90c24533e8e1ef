"""How allauth signs people in here: by invitation only, second-factor secrets stored encrypted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import DateTimeField, Func
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actions.own_access import seal_anew
from portal.actor import system_actor
from portal.devices import device_of, remember
from portal.forms_signing_in import is_still
from portal.models import CompanySignIn, Person, SignIn
from portal.own_secrets import hide, is_present, reveal
from portal.queries.company import SECRET
from portal.second_factors import FACTORS, may_go
from portal.states import WayIn

LABEL: Final = b"mfa"
# Where allauth keeps what it had encrypted, in an authenticator's data.
SECRETS: Final = ("secret", "seed")
# How many are encrypted anew in one transaction.
AT_ONCE: Final = 500


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by an organisation's administrator, never by sign-up."""

    def reauthenticate(self, user: Person, password: str) -> bool:
        """Judge the password of who is signed in; being right gives the session a new id."""
        is_right = is_still(user, password)
        if is_right:
            context.request.session.cycle_key()
        return is_right

    def login(self, request: HttpRequest, user: Person) -> None:
        """Begin a session with a new id; its 12 hours and its idle time run from here."""
        super().login(request, user)
        request.session["began_at"] = request.session["seen_at"] = timezone.now().timestamp()

    def post_login(self, request: HttpRequest, user: Person, **given: Any) -> HttpResponse:
        """Note that the person came in, and let the browser be known if a second factor was shown."""
        response: HttpResponse = super().post_login(request, user, **given)
        way = _way_in(request, user)
        SignIn.objects.create(
            person_id=user.pk,
            at=Func(function="portal.instant", output_field=DateTimeField()),
            way=way,
            agent=request.headers.get("User-Agent", "")[:200],
            is_known_device=bool(device_of(request, user)),
        )
        if any(step["method"] == "mfa" for step in get_authentication_records(request, user)):
            remember(request, response, user)
        return response

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Refuse sign-up."""
        return False


def end_other_sessions(request: HttpRequest, user: Person, **_: Any) -> None:
    """End every other session when the first second factor is set up: they began without one."""
    if Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).count() == 1:
        user.signed_out_at = timezone.now()
        user.save(update_fields=["signed_out_at"])
        request.session["began_at"] = user.signed_out_at.timestamp()


def _way_in(request: HttpRequest, person: Person) -> WayIn:
    """Return what was shown, from what the session says of its steps."""
    steps = get_authentication_records(request, person)
    if any(step["method"] == "company" for step in steps):
        return WayIn.COMPANY
    for step in reversed(steps):
        if step["method"] == "mfa":
            return WayIn.PASSKEY if step.get("passwordless") else WayIn(step["type"])
    return WayIn.PASSWORD


class SealedSecrets(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keep TOTP secrets and recovery seeds encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Return the text as it is stored."""
        return hide(text, LABEL)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the clear text."""
        return reveal(encrypted_text, LABEL)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last second factor: nobody works without one."""
        return may_go(authenticator)

    def generate_authenticator_name(self, user: Person, type: str) -> str:  # noqa: A002 - allauth's signature
        """Return a name for a new key, which its owner may change."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Key %(number)s") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Name the relying party: the host of this site, which passkeys are bound to for ever.

        A number is no name, and keys know none but names: an installation on loopback is `localhost`.
        """
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        is_number = host.replace(".", "").isdecimal() or ":" in host
        return {"id": "localhost" if is_number else host, "name": "Covalent"}


def seal_secrets_anew() -> int:
    """Encrypt what `SECRET_KEY` hides under the present one, unless it is; returns how many rows were not.

    Each is one guarded write, so that it may be stopped at any moment and run again, beside people who sign
    in. Until it went through once, the old key stays among the fallbacks.
    """
    setup, count = system_actor("setup"), 0
    factors = list(Authenticator.objects.order_by("pk"))
    for first in range(0, len(factors), AT_ONCE):
        count += seal_anew(setup, partial(_seal_factors, factors[first : first + AT_ONCE]))
    return count + seal_anew(setup, _seal_companies)


def _seal_factors(factors: Iterable[Authenticator]) -> int:
    count = 0
    for each in factors:
        old = [name for name in SECRETS if name in each.data and not is_present(each.data[name], LABEL)]
        if old:
            anew = {name: hide(reveal(each.data[name], LABEL), LABEL) for name in old}
            rows = Authenticator.objects.filter(pk=each.pk, data=each.data)
            count += rows.update(data={**each.data, **anew})
    return count


def _seal_companies() -> int:
    count = 0
    for company in CompanySignIn.objects.order_by("pk"):
        if not is_present(company.secret, SECRET):
            own = CompanySignIn.objects.filter(pk=company.pk, secret=company.secret)
            count += own.update(secret=hide(reveal(company.secret, SECRET), SECRET))
    return count
