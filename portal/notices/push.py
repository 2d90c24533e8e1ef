"""Web push: what is said is encrypted to the browser (RFC 8291), who says it is signed (RFC 8292).

A push service is chosen by a browser, so calls to it go through `portal.outgoing`. What is said holds nothing
of the product: that something waits, and where.
"""

from __future__ import annotations

import base64
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from portal import outgoing

CURVE: Final = ec.SECP256R1()
POINT_BYTES: Final = 65
SECRET_BYTES: Final = 16
RECORD_SIZE: Final = 4096
# How long a push service keeps it for a browser that is away.
TTL_S: Final = 86_400
TOKEN_S: Final = 12 * 3600
TAKEN: Final = range(200, 300)
GONE: Final = frozenset({404, 410})


class PushFailed(OSError):
    """The push service did not take it; `is_gone` when the browser takes nothing any more."""

    def __init__(self, code: str, *, is_gone: bool = False) -> None:
        super().__init__(code)
        self.code, self.is_gone = code, is_gone


def encode(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of base64url, padded or not. Raises: ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def public_key() -> str:
    """Return the key by which browsers know this installation."""
    return encode(_point(_own_key().public_key()))


def check_keys(p256dh: bytes, auth: bytes) -> None:
    """Check what a browser gave. Raises: ValueError."""
    if len(p256dh) != POINT_BYTES or len(auth) != SECRET_BYTES:
        msg = "not the keys of a browser"
        raise ValueError(msg)
    ec.EllipticCurvePublicKey.from_encoded_point(CURVE, p256dh)


def encrypt(said: bytes, *, p256dh: bytes, auth: bytes) -> bytes:
    """Return what only the browser with these keys can read (RFC 8291, content coding aes128gcm)."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, p256dh)
    ours = ec.generate_private_key(CURVE)
    point, salt = _point(ours.public_key()), os.urandom(16)
    shared = ours.exchange(ec.ECDH(), theirs)
    ikm = _derive(shared, auth, b"WebPush: info\x00" + p256dh + point, 32)
    key = _derive(ikm, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derive(ikm, salt, b"Content-Encoding: nonce\x00", 12)
    # One record, the last: its end is marked by 0x02.
    sealed = AESGCM(key).encrypt(nonce, said + b"\x02", None)
    return salt + RECORD_SIZE.to_bytes(4) + bytes([len(point)]) + point + sealed


def push(endpoint: str, *, p256dh: bytes, auth: bytes, said: bytes, is_urgent: bool) -> None:
    """Hand a message to the push service of one browser. Raises: PushFailed."""
    headers = {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(TTL_S),
        "Urgency": "high" if is_urgent else "normal",
        "Authorization": _authorization(endpoint),
    }
    try:
        body = encrypt(said, p256dh=p256dh, auth=auth)
        answer = outgoing.send(endpoint, body=body, headers=headers)
    except (outgoing.OutgoingRefused, outgoing.OutgoingFailed) as error:
        raise PushFailed(error.code) from error
    except (ValueError, InvalidKey) as error:
        raise PushFailed("bad_keys", is_gone=True) from error
    if answer.status not in TAKEN:
        raise PushFailed(f"push_{answer.status}", is_gone=answer.status in GONE)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _authorization(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + TOKEN_S,
        "sub": settings.SITE_URL if settings.IS_SECURE else f"mailto:{settings.DEFAULT_FROM_EMAIL}",
    }
    signed = ".".join(encode(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_own_key().sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{encode(r.to_bytes(32) + s.to_bytes(32))}"
    return f"vapid t={token}, k={public_key()}"


def _own_key() -> ec.EllipticCurvePrivateKey:
    """Return the key of this installation, made when it is first needed; it lies in the data folder."""
    path = Path(settings.PUSH_KEY_FILE)
    if not path.exists():
        _make_key(path)
    found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name != CURVE.name:
        msg = f"{path} holds no P-256 key"
        raise ValueError(msg)
    return found


def _make_key(path: Path) -> None:
    pem = ec.generate_private_key(CURVE).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    # Whole or not at all, and the first one stays: another process may be making one too.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
