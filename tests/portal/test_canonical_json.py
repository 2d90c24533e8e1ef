"""What is signed is canonical JSON (RFC 8785), byte for byte as its reference writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import rfc8785

DATA = Path(os.environ.get("COVALENT_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
VECTORS = DATA / "jcs-rfc8785"


def test_the_vectors_of_the_reference_come_out():
    sources = sorted((VECTORS / "input").glob("*.json"))
    if not sources:
        pytest.skip(f"no vectors at {VECTORS}; name their folder in COVALENT_TEST_DATA")
    for source in sources:
        written = rfc8785.dumps(json.loads(source.read_text(encoding="utf-8")))
        assert written == (VECTORS / "output" / source.name).read_bytes(), source.name
        assert written == bytes.fromhex((VECTORS / "outhex" / f"{source.stem}.txt").read_text()), source.name


def test_members_stand_in_order_of_their_utf_16_units_whatever_order_they_came_in():
    assert rfc8785.dumps({"ö": 1, "\ufb33": 2, "\U0001f600": 3, "a": 4}) == (
        '{"a":4,"ö":1,"\U0001f600":3,"\ufb33":2}'.encode()
    )
