"""OpenID Connect with one organisation's identity provider: the code flow with PKCE, and nothing lenient.

The library's own client takes the token endpoint's word without looking at signature and nonce; here every ID
token is judged by issuer, audience, signature, times and nonce, whatever way it came (OpenID Connect Core
3.1.3.7). Only asymmetric algorithms count, so that `none` and a public key used as a shared secret are no way
in. Each provider has its own address to come back to, and its name in the answer (RFC 9207) must be the one
that was asked: answers of two providers cannot be mixed up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
WAIT_S: Final = 5.0
LEEWAY_S: Final = 60
SUBJECT_MAX: Final = 255
ANEW: Final = {"prompt": "login", "max_age": "0"}
# Between the provider's signing in and its token, beside what passed between our question and its answer.
SPARE: Final = timedelta(seconds=5)
BODY_MAX: Final = 256 * 1024


class NotTrusted(Exception):
    """The provider's answer does not prove who came; the reason is for the log, never for the page."""


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to one provider."""

    issuer: str
    client_id: str
    secret: str
    back: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was put to a provider; kept in the session and good for one answer."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says has come."""

    subject: str
    email: str
    has_shown_mfa: bool
    # How long before its token the provider let the person sign in, by its own clock; None if not said.
    signed_in_before: timedelta | None = None

    def is_anew(self, since: timedelta) -> bool:
        """Say whether the person signed in within a time that ends with the token.

        By one clock, the provider's, so that one that goes wrong by a minute neither opens nor shuts this.
        """
        before = self.signed_in_before
        return before is not None and -SPARE <= before <= since + SPARE


def is_safe_address(address: str) -> bool:
    """Say whether an address is one that secrets may be sent to: TLS, or this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def ask(client: Client, *, anew: Mapping[str, str] | None = None) -> tuple[str, Asked]:
    """Return the provider's address to go to, and what was asked. Raises: NotTrusted.

    With `ANEW` the provider is to let the person sign in again, whatever session they have there.
    """
    asked = Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    digest = hashlib.sha256(asked.verifier.encode()).digest()
    said = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.back,
        "scope": "openid email",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **(anew or {}),
    }
    return f"{_discover(client)['authorization_endpoint']}?{urlencode(said)}", asked


def answer(client: Client, asked: Asked, given: Mapping[str, str]) -> Identity:
    """Return who came, from what the browser brought back. Raises: NotTrusted."""
    if not hmac.compare_digest(given.get("state", "").encode(), asked.state.encode()):
        raise NotTrusted("state")
    if given.get("iss", client.issuer) != client.issuer:
        raise NotTrusted("mixed up")
    if "error" in given or not given.get("code"):
        raise NotTrusted("no code")
    known = _discover(client)
    token = _fetch(
        "POST",
        known["token_endpoint"],
        auth=(client.client_id, client.secret),
        data={
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": client.back,
            "code_verifier": asked.verifier,
        },
    ).get("id_token")
    return _judge(client, asked, str(token or ""), _fetch("GET", known["jwks_uri"]))


def _discover(client: Client) -> dict[str, str]:
    known = _fetch("GET", f"{client.issuer.rstrip('/')}/.well-known/openid-configuration")
    if known.get("issuer") != client.issuer:
        raise NotTrusted("discovery names another issuer")
    return {
        name: str(known.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    }


def _fetch(method: str, address: str, **sent: Any) -> dict[str, Any]:
    if not is_safe_address(address):
        raise NotTrusted("address without TLS")
    try:
        found = httpx.request(method, address, timeout=WAIT_S, follow_redirects=False, **sent)
        said = found.json() if found.is_success and len(found.content) <= BODY_MAX else None
    except (httpx.HTTPError, ValueError) as error:
        raise NotTrusted(type(error).__name__) from error
    if not isinstance(said, dict):
        raise NotTrusted(f"answered {found.status_code}")
    return said


def _judge(client: Client, asked: Asked, token: str, keys: dict[str, Any]) -> Identity:
    """Return who an ID token is about once everything in it holds. Raises: NotTrusted."""
    try:
        head = jwt.get_unverified_header(token)
        algorithm = str(head.get("alg"))
        said = jwt.decode(
            token,
            _key(keys, algorithm, head.get("kid")),
            algorithms=[algorithm],
            audience=client.client_id,
            issuer=client.issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise NotTrusted(type(error).__name__) from error
    if not hmac.compare_digest(str(said["nonce"]).encode(), asked.nonce.encode()):
        raise NotTrusted("nonce")
    if said.get("azp", client.client_id) != client.client_id or not _is_for_us_alone(said, client):
        raise NotTrusted("audience")
    subject = str(said["sub"])
    if not 0 < len(subject) <= SUBJECT_MAX:
        raise NotTrusted("subject")
    email = str(said.get("email", "")) if said.get("email_verified") is True else ""
    methods = said.get("amr")
    at, issued = said.get("auth_time"), said["iat"]
    before = timedelta(seconds=issued - at) if type(at) is int and type(issued) is int else None
    return Identity(subject, email.strip(), isinstance(methods, list) and "mfa" in methods, before)


def _is_for_us_alone(said: Mapping[str, Any], client: Client) -> bool:
    audience = said["aud"]
    return audience in (client.client_id, [client.client_id]) or said.get("azp") == client.client_id


def _key(keys: dict[str, Any], algorithm: str, kid: Any) -> Any:
    """Return the provider's one key for a token. Raises: NotTrusted."""
    if algorithm not in ALGORITHMS:
        raise NotTrusted("algorithm")
    fitting = [
        each
        for each in jwt.PyJWKSet.from_dict(keys).keys
        if each.key_id == kid and each.public_key_use in (None, "sig")
    ]
    if len(fitting) != 1:
        raise NotTrusted("no such key")
    return fitting[0].key
