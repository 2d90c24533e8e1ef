"""GS1 keys in their canonical form, a constrained GS1 Digital Link URI (CBV 2.0, 8.9.2); pure.

Whatever a partner writes for one object, EPC URI, class, pattern or Digital Link of another domain, becomes
the same text. What is no GS1 key stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

ROOT: Final = "https://id.gs1.org"
URN: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)")
PREFIX_LEAST: Final = 6
PREFIX_MOST: Final = 12
# What a Digital Link URI leaves in a path segment unescaped, beside letters and digits.
SAFE: Final = "-._~'\";=<>?@"


def check_digit(digits: str) -> str:
    """Return the GS1 check digit of digits."""
    total = sum(int(each) * (3 - 2 * (place % 2)) for place, each in enumerate(reversed(digits)))
    return str(-total % 10)


def canonical(uri: str) -> str:
    """Return the canonical form of a URI that names a GS1 key, anything else unchanged."""
    if found := URN.fullmatch(uri):
        shape = SHAPES.get(found[2])
        return (_of_urn(shape, found[1], found[3]) if shape is not None else None) or uri
    return _of_link(uri) or uri


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a key is built: its application identifier, the digits before the check digit, what follows.

    `indicator` moves the first digit of the reference before the company prefix, as in a GTIN.
    """

    ai: str
    digits: int = 0
    indicator: bool = False
    then: str = ""
    lead: str = ""
    # A key without check digit: prefix and reference as they stand.
    plain: bool = False
    # The serial follows at once, without an identifier of its own.
    joined: bool = False


SHAPES: Final[Mapping[str, _Shape]] = {
    "sgtin": _Shape("01", 13, indicator=True, then="21"),
    "lgtin": _Shape("01", 13, indicator=True, then="10"),
    "upui": _Shape("01", 13, indicator=True, then="235"),
    "sscc": _Shape("00", 17, indicator=True),
    "sgln": _Shape("414", 12, then="254"),
    "pgln": _Shape("417", 12),
    "grai": _Shape("8003", 12, lead="0", joined=True),
    "giai": _Shape("8004", plain=True),
    "gsrn": _Shape("8018", 17),
    "gsrnp": _Shape("8017", 17),
    "gdti": _Shape("253", 12, joined=True),
    "sgcn": _Shape("255", 12, joined=True),
    "cpi": _Shape("8010", plain=True, then="8011"),
    "ginc": _Shape("401", plain=True),
    "gsin": _Shape("402", 16),
    "itip": _Shape("8006", 13, indicator=True, then="21"),
}


def _of_urn(shape: _Shape, scheme: str, text: str) -> str | None:
    prefix, _, rest = text.partition(".")
    if not prefix.isdigit() or not PREFIX_LEAST <= len(prefix) <= PREFIX_MOST:
        return None
    if shape.plain:
        reference, _, serial = rest.partition(".") if shape.then else (rest, "", "")
        path = f"{shape.ai}/{_escape(prefix + reference)}"
        return f"{ROOT}/{path}" + (f"/{shape.then}/{_escape(serial)}" if serial and serial != "*" else "")
    reference, _, serial = rest.partition(".")
    if len(prefix) + len(reference) != shape.digits or (reference and not reference.isdigit()):
        return None
    digits = reference[:1] + prefix + reference[1:] if shape.indicator else prefix + reference
    key = f"{ROOT}/{shape.ai}/{shape.lead}{digits}{check_digit(shape.lead + digits)}"
    if shape.ai == SHAPES["itip"].ai:
        piece, _, after = serial.partition(".")
        total, _, serial = after.partition(".")
        key += piece + total
    if scheme == "idpat" and serial in ("*", ""):
        return key
    if not serial or (shape.ai == SHAPES["sgln"].ai and serial == "0"):
        return key
    return key + _escape(serial) if shape.joined else f"{key}/{shape.then}/{_escape(serial)}"


def _escape(text: str) -> str:
    return quote(unquote(text), safe=SAFE)


# Key -> what may qualify it, the finest last; an alternative of the same rank stands beside it.
QUALIFIERS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "01": (("22",), ("10",), ("21", "235")),
    "8006": (("22",), ("10",), ("21",)),
    "8010": (("8011",),),
    "414": (("254",),),
    **dict.fromkeys(("00", "253", "255", "401", "402", "417", "8003", "8004", "8017", "8018", "8013"), ()),
}
GTIN_DIGITS: Final = 14
TO_GTIN: Final = range(8, 15)


def _of_link(uri: str) -> str | None:
    """Return a Digital Link of any domain with its finest level alone, without query and fragment."""
    if not uri.startswith(("https://", "http://")):
        return None
    parts = [each for each in urlsplit(uri).path.split("/") if each]
    start = next(
        (at for at, each in enumerate(parts[:-1]) if each in QUALIFIERS and _is_key(each, parts[at + 1])),
        None,
    )
    if start is None:
        return None
    ai, key = parts[start], parts[start + 1]
    pairs = dict(zip(parts[start + 2 :: 2], parts[start + 3 :: 2], strict=False))
    found = f"{ROOT}/{ai}/{key.zfill(GTIN_DIGITS) if ai == '01' else key}"
    for rank in reversed(QUALIFIERS[ai]):
        if each := next((each for each in rank if each in pairs), None):
            return found if ai == "414" and pairs[each] == "0" else f"{found}/{each}/{pairs[each]}"
    return found


CHECKED: Final[Mapping[str, tuple[int, ...]]] = {
    "01": tuple(TO_GTIN),
    "00": (18,),
    "414": (13,),
    "417": (13,),
    "402": (17,),
    "8017": (18,),
    "8018": (18,),
}
LEADING: Final[Mapping[str, int]] = {"253": 13, "255": 13, "8003": 14, "8006": 14}


def _is_key(ai: str, text: str) -> bool:
    """Say whether a path segment is a key of this identifier: its digits, and the check digit among them."""
    if lengths := CHECKED.get(ai):
        return text.isdigit() and len(text) in lengths and check_digit(text[:-1]) == text[-1]
    if digits := LEADING.get(ai):
        return (
            text[:digits].isdigit()
            and len(text) >= digits
            and check_digit(text[: digits - 1]) == text[digits - 1]
        )
    return len(text) > PREFIX_LEAST and text[:PREFIX_LEAST].isdigit()
