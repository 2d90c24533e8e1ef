"""Signatures by Standard Webhooks: as its own vectors and its own library have them."""

import base64
import json
import time
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from portal.webhooks.signing import TOLERANCE_S, headers_of, make_secret, sign, verify

VECTORS = json.loads(
    (Path(__file__).resolve().parents[4] / "shared/data/standard-webhooks/vectors_given.json").read_text()
)
BODY = b'{"title":"Temperatur zu hoch, 37.9 \xc2\xb0C"}'


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["name"])
def test_the_vectors_of_the_specification_hold(vector):
    headers = {name: vector[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    body = vector["payload"].encode()
    assert verify(vector["secret"], headers, body, at=vector["verify_at"]) is vector["valid"]
    made = sign(vector["secret"], vector["webhook-id"], int(vector["webhook-timestamp"]), body)
    assert (made == vector["webhook-signature"]) is vector["valid"]


def test_the_specifications_library_takes_what_we_sign():
    secret = make_secret()
    headers = headers_of([secret], "evt_1", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


def test_while_a_secret_is_replaced_receivers_of_either_take_it():
    old, new, foreign = make_secret(), make_secret(), make_secret()
    headers = headers_of([new, old], "evt_1", int(time.time()), BODY)
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)
        assert verify(secret, headers, BODY, at=int(time.time()))
    with pytest.raises(WebhookVerificationError):
        Webhook(foreign).verify(BODY, headers)
    assert not verify(foreign, headers, BODY, at=int(time.time()))


@pytest.mark.parametrize("off", [0, TOLERANCE_S, -TOLERANCE_S, TOLERANCE_S + 1, -TOLERANCE_S - 1])
def test_a_message_is_fresh_for_five_minutes_either_way(off):
    secret, at = make_secret(), 1_700_000_000
    headers = headers_of([secret], "evt_1", at, BODY)
    assert verify(secret, headers, BODY, at=at + off) is (abs(off) <= TOLERANCE_S)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_2"},
        {"webhook-timestamp": "1700000001"},
        {"webhook-signature": ""},
        {"webhook-signature": "v2," + base64.b64encode(b"x" * 32).decode()},
        {"webhook-timestamp": "soon"},
    ],
    ids=str,
)
def test_whatever_of_the_headers_is_changed_the_signature_does_not_hold(change):
    secret = make_secret()
    headers = headers_of([secret], "evt_1", 1_700_000_000, BODY)
    assert verify(secret, headers, BODY, at=1_700_000_000)
    assert not verify(secret, headers | change, BODY, at=1_700_000_000)
    assert not verify(secret, headers, BODY + b" ", at=1_700_000_000)
    for name in headers:
        assert not verify(
            secret, {key: headers[key] for key in headers if key != name}, BODY, at=1_700_000_000
        )


def test_a_secret_is_32_random_bytes_and_never_the_same():
    found = {make_secret() for _ in range(50)}
    assert len(found) == 50
    assert all(len(base64.b64decode(each.removeprefix("whsec_"))) == 32 for each in found)


def test_a_secret_that_is_none_signs_nothing():
    with pytest.raises(ValueError, match="whsec_"):
        sign("whsec_not base64", "evt_1", 1, BODY)
