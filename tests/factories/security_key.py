"""A security key in software: it is registered like a real one, and answers what a page asks it."""

from __future__ import annotations

import hashlib
import json
import secrets

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

HOST = "testserver"
ORIGIN = f"https://{HOST}"
_PRESENT, _VERIFIED = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV


class SecurityKey:
    """One key; `person_id` owns it unless told otherwise."""

    def __init__(self, person_id, *, name="Key ring"):
        self.id, self.key = secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1())
        credential = AttestedCredentialData.create(
            Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(
            _hash(HOST), _PRESENT | _VERIFIED | AuthenticatorData.FLAG.AT, 0, credential
        )
        said = {
            "clientDataJSON": websafe_encode(_client_data("webauthn.create", b"x" * 32, ORIGIN)),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        self.factor = Authenticator.objects.create(
            user_id=person_id,
            type=Authenticator.Type.WEBAUTHN,
            data={"name": name, "credential": self._said(said) | {"clientExtensionResults": {}}},
        )

    def answer(self, challenge, *, origin=ORIGIN, host=HOST, kind="webauthn.get", flags=_PRESENT):
        """What a browser sends for a challenge, as JSON."""
        data, client = AuthenticatorData.create(_hash(host), flags, 1), _client_data(kind, challenge, origin)
        signed = self.key.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"clientDataJSON": client, "authenticatorData": data, "signature": signed}
        return json.dumps(self._said({name: websafe_encode(part) for name, part in said.items()}))

    def _said(self, response):
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _hash(host):
    return hashlib.sha256(host.encode()).digest()


def _client_data(kind, challenge, origin):
    return json.dumps({"type": kind, "challenge": websafe_encode(challenge), "origin": origin}).encode()
