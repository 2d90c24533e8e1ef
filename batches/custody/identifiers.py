"""The two identifiers of a patient lot, and what may never stand beside them; pure.

The chain-of-identity identifier is a code of the program's own. The donation number is that of ISBT 128
(ICCBBA ST-001, data structure 001): five characters of the facility, two digits of the year, six of the
serial, with a check character by ISO/IEC 7064 MOD 37-2 beside it for the eye.
"""

from __future__ import annotations

import re
from typing import Final

from batches.custody.patients import refuse_patient_words
from portal.errors import refuse_field

VALUES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
DONATION: Final = re.compile(r"[A-NP-Z1-9][A-NP-Z0-9][0-9]{3}[0-9]{2}[0-9]{6}")
# As the bar code holds it: its own mark, the number, two flag characters.
SCANNED: Final = re.compile(r"=([A-Z0-9]{13})([0-9]{2})?")
# Type 3 flags are the check character once more, as 60 and its value.
FLAGS_OF_CHECK: Final = range(60, 97)
COI: Final = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
COI_LEAST: Final = 8
COI_MOST: Final = 40
LETTERS_MOST: Final = 3


def check_character(number: str) -> str:
    """Return the check character of thirteen characters (ISO/IEC 7064 MOD 37-2)."""
    total = 0
    for each in number:
        total = (total + VALUES.index(each)) * 2 % 37
    return VALUES[(38 - total) % 37]


def read_donation(field: str, given: str, *, typed: bool) -> str:
    """Return the thirteen characters of a donation number as it was scanned or typed.

    Typed, it needs the check character behind it, after the flags or without them; spaces do not count.
    Raises: Invalid (`patient_identity`, `donation_form`, `check_character`).
    """
    text = "".join(given.split()).upper()
    refuse_patient_words(field, given, is_code=not DONATION.match(text.removeprefix("=")))
    if found := SCANNED.fullmatch(text):
        number, flags = found[1], found[2]
        _require_form(field, number)
        if flags and int(flags) in FLAGS_OF_CHECK and VALUES[int(flags) - 60] != check_character(number):
            _refuse_check(field)
        return number
    number, rest = text[:13], text[13:]
    _require_form(field, number)
    if not rest and not typed:
        return number
    if len(rest) not in (1, 3) or (len(rest) == 3 and not rest[:2].isdigit()):  # noqa: PLR2004 - flags and check
        refuse_field(
            field,
            "A donation number has 13 characters and, typed, its check character: G1234 98 654321 H.",
            code="donation_form",
        )
    if rest[-1] != check_character(number):
        _refuse_check(field)
    return number


def show_donation(number: str) -> str:
    """Return a donation number as it is printed: in groups, with its check character."""
    return f"{number[:5]} {number[5:7]} {number[7:]} {check_character(number)}"


def read_coi(field: str, given: str) -> str:
    """Return the identifier of a chain of identity in capitals.

    Letters, digits and hyphens, 8 to 40 of them, with both letters and digits; parts of letters alone have
    three at most. What looks like a name, a date or a number of a hospital is refused. Raises: Invalid
    (`patient_identity`, `identifier_form`).
    """
    text = "".join(given.split()).upper()
    refuse_patient_words(field, given, is_code=True)
    parts = text.split("-")
    if any(part.isalpha() and len(part) > LETTERS_MOST for part in parts):
        refuse_field(
            field,
            "This looks like a name. The identifier of a chain is a code; nothing of the person is entered.",
            code="patient_identity",
        )
    if text and not any(each.isalpha() for each in text):
        refuse_field(
            field,
            "This looks like a number of a hospital or an authority. The identifier of a chain is a code of"
            " the program with letters and digits.",
            code="patient_identity",
        )
    has_both = any(each.isdigit() for each in text)
    if not has_both or not COI.fullmatch(text) or not COI_LEAST <= len(text) <= COI_MOST:
        refuse_field(
            field,
            "The identifier of a chain has 8 to 40 letters, digits and hyphens: AV310-7F3K-0091.",
            code="identifier_form",
        )
    return text


def _require_form(field: str, number: str) -> None:
    if not DONATION.fullmatch(number):
        refuse_field(
            field,
            "This is no donation number: five characters of the facility, two digits of the year, six of the"
            " serial (ISBT 128).",
            code="donation_form",
        )


def _refuse_check(field: str) -> None:
    refuse_field(
        field,
        "The check character does not fit: a character was misread. Read the label again.",
        code="check_character",
    )
