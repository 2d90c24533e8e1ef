"""Where envelope keys are wrapped: beside the data in key files, or by a key service that keeps its own key.

A key service never gives its key away: it wraps and unwraps 32 bytes, bound to the organisation they belong
to. `COVALENT_KMS` says which one wraps new keys; whatever wrapped an old one unwraps it.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from django.conf import settings

from portal.errors import KeyUnavailable

CONNECT_S: Final = 2
ANSWER_S: Final = 3
# What a key service says of a key or of wrapped bytes that will not open tomorrow either.
GONE: Final = frozenset(
    {
        "NotFoundException",
        "InvalidCiphertextException",
        "IncorrectKeyException",
        "DisabledException",
        "KMSInvalidStateException",
    }
)


class KeyService(Protocol):
    """What wraps the envelope keys of organisations."""

    def wrap(self, key: bytes, organisation_id: UUID) -> str:
        """Return the key as it may lie on disk, without blanks. Raises: KeyUnavailable."""

    def unwrap(self, wrapped: str, organisation_id: UUID) -> bytes:
        """Return the key. Raises: KeyUnavailable."""


class KeyFiles:
    """The folder itself is the wall: keys lie in it as they are, in files of mode 0600."""

    def wrap(self, key: bytes, organisation_id: UUID) -> str:  # noqa: ARG002 - the file is named by it
        """Return the key in base64."""
        return base64.b64encode(key).decode()

    def unwrap(self, wrapped: str, organisation_id: UUID) -> bytes:  # noqa: ARG002 - as above
        """Return the key of its base64."""
        return base64.b64decode(wrapped, validate=True)


class AwsKms:
    """AWS KMS, or what speaks its protocol, under one symmetric key per organisation.

    `COVALENT_KMS_KEY` names the key, with `{organisation}` in it: `alias/covalent-{organisation}`. Region,
    endpoint and credentials come from AWS's own variables and places.
    """

    def wrap(self, key: bytes, organisation_id: UUID) -> str:
        """Return the id of the service's key and the wrapped bytes."""
        name = settings.KMS_KEY.format(organisation=organisation_id)
        answer = _asked("encrypt", KeyId=name, Plaintext=key, EncryptionContext=_context(organisation_id))
        return f"{answer['KeyId']}|{base64.b64encode(answer['CiphertextBlob']).decode()}"

    def unwrap(self, wrapped: str, organisation_id: UUID) -> bytes:
        """Let the key that wrapped the bytes, and no other, unwrap them."""
        name, _, blob = wrapped.rpartition("|")
        answer = _asked(
            "decrypt",
            KeyId=name,
            CiphertextBlob=base64.b64decode(blob, validate=True),
            EncryptionContext=_context(organisation_id),
        )
        key: bytes = answer["Plaintext"]
        return key


SERVICES: Final[Mapping[str, KeyService]] = {"file": KeyFiles(), "aws-kms": AwsKms()}


def service(name: str) -> KeyService:
    """Return a key service by its name. Raises: KeyUnavailable."""
    if name not in SERVICES:
        raise KeyUnavailable.gone(f"no key service is called {name!r}")
    return SERVICES[name]


def _context(organisation_id: UUID) -> dict[str, str]:
    return {"organisation": str(organisation_id), "purpose": "covalent.envelope-key.1"}


@functools.cache
def _client() -> Any:
    # Only here, since most installations have no key service and the library is large.
    import botocore.config  # noqa: PLC0415 - see above
    import botocore.session  # noqa: PLC0415 - see above

    patience = botocore.config.Config(
        connect_timeout=CONNECT_S, read_timeout=ANSWER_S, retries={"total_max_attempts": 1}
    )
    return botocore.session.get_session().create_client("kms", config=patience)


def _asked(operation: str, **given: Any) -> Any:
    try:
        import botocore.exceptions as faults  # noqa: PLC0415 - see _client
    except ImportError as error:
        raise KeyUnavailable.away("the key service's library is still being set up") from error
    try:
        return getattr(_client(), operation)(**given)
    except faults.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        say = KeyUnavailable.gone if code in GONE else KeyUnavailable.away
        raise say(f"the key service answers {code}") from error
    except faults.BotoCoreError as error:
        raise KeyUnavailable.away(f"the key service: {type(error).__name__}") from error
