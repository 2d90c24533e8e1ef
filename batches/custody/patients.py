"""What looks like the identity of a patient is refused wherever it is entered; pure.

No check knows every name. This one refuses what people enter by habit: a field that is a name and nothing
else, a title with a name, a label (patient, born, MRN), a date before the last two years, and the numbers of
health services and authorities whose check digits fit. Where a code is asked for, free dates too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final

from portal.errors import refuse_field

WHY: Final = (
    "No patient identity is kept here. {what} Enter codes alone: the two identifiers of the lot say which."
)
LABEL: Final = re.compile(
    r"(?i)\b(patient'?s?\s*(name|id|no|number|nr)\b|patient\s*:|surname|first\s*name|given\s*name|last\s*name"
    r"|date\s*of\s*birth|d\.?o\.?b\.?\b|born\b|birth\s*(date|day)|geb\.|geboren|geburts|f[öo]dd\b|n[ée]e?\s+le\b"
    r"|m\.?r\.?n\.?\b|nhs\s*(no|number|nr)?\b|s\.?s\.?n\.?\b|social\s*security|hospital\s*(no|number|nr|id)\b"
    r"|person(en)?nummer|krankenkasse|versichert|medical\s*record)"
)
TITLE: Final = re.compile(
    r"\b(Mr|Mrs|Ms|Miss|Herr|Frau|Hr|Fru|Madame|Monsieur|Mme|Sr|Sra)\.?\s+[A-ZÀ-Þ][\w'\u2019-]+"
)
WORD: Final = re.compile(r"[A-ZÀ-Þ][a-zß-ÿ'\u2019]+(?:-[A-ZÀ-Þ]?[a-zß-ÿ]+)?|[A-ZÀ-Þ]\.")
CAPITALS: Final = re.compile(r"[A-ZÀ-Þ]{2,},\s*[A-ZÀ-Þ]{2,}")
# A place or a role says so in a word; a name does not.
PLACE_WORDS: Final = frozenset(
    (
        *("clinic", "hospital", "centre", "center", "site", "suite", "room", "cleanroom", "hall"),
        *("storage", "store", "depot", "freezer", "incubator", "isolator", "courier", "carrier"),
        *("driver", "logistics", "airport", "warehouse", "laboratory", "lab", "bank", "apheresis"),
        *("collection", "pharmacy", "ward", "operator", "qa", "qc", "shift", "lead", "handling"),
        *("transport", "van", "vehicle", "shipper", "dewar", "box", "line", "gate", "receiving"),
        *("shipping", "infusion", "treatment", "manufacturing", "cell", "therapy", "biologics"),
        *("dock", "desk", "street", "unit", "north", "south", "east", "west"),
    )
)
DATES: Final = (
    (re.compile(r"(?<!\d)(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})(?!\d)"), (0, 1, 2)),
    (re.compile(r"(?<!\d)(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})(?!\d)"), (2, 1, 0)),
)
PACKED: Final = re.compile(r"(?<!\d)(\d{8})(?!\d)")
YEARS_OLD: Final = 2
OLDEST_YEAR: Final = 1900
KEY_WORDS: Final = re.compile(
    r"(?i)(patient.?(name|id|no|number|initials)|(first|last|given|family|sur).?name|birth|\bdob\b"
    r"|\bssn\b|nhs.?number|social.?security|medical.?record.?n|hospital.?(no|number|id)|person.?nummer)"
)
PERSON_WORDS: Final = re.compile(r"(?i)(name|contact|person|driver|recipient|signed|handled|nurse|doctor)")
NAME_WORDS: Final = (2, 3)


def refuse_patient_words(field: str, given: str, *, is_code: bool = False) -> None:
    """Raise Invalid (`patient_identity`) where a text looks like the identity of a person.

    `is_code`: the field asks for a code, in which a date of birth would stand without separators too.
    """
    found = what_it_looks_like(given, is_code=is_code)
    if found:
        refuse_field(field, WHY.format(what=found), code="patient_identity")


def what_it_looks_like(given: str, *, is_code: bool = False) -> str:
    """Return in words what of a person a text looks like, or nothing."""
    text = given.strip()
    for words, looks in LOOKS.items():
        if looks(text):
            return f"This looks like {words}."
    if is_code and any(
        _is_old(*_cut(each)) for found in PACKED.findall(text) for each in (found, _turned(found))
    ):
        return "This looks like a date of birth."
    return ""


def identity_in(document: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield where a document of JSON says what looks like a person: the path, and what it looks like.

    Times and the names of companies stand in such documents by right: a date counts as one of birth, and a
    name as one of a person, where the member is called so.
    """
    if isinstance(document, Mapping):
        for key, value in document.items():
            here, name = f"{path}/{key}", str(key).rpartition(":")[2]
            if KEY_WORDS.search(name):
                yield here, "Its name says that it holds the identity of a person."
            elif isinstance(value, str) and PERSON_WORDS.search(name) and _is_name(value.strip()):
                yield here, "This looks like the name of a person."
            else:
                yield from identity_in(value, here)
    elif isinstance(document, (list, tuple)):
        for place, value in enumerate(document):
            yield from identity_in(value, f"{path}/{place}")
    elif isinstance(document, str):
        for words in IN_DOCUMENTS:
            if LOOKS[words](document.strip()):
                yield path, f"This looks like {words}."
                return


def _is_name(text: str) -> bool:
    """Say whether a whole field is two or three names, or a surname with a given name behind a comma."""
    if CAPITALS.fullmatch(text):
        return True
    words = text.replace(",", " ").split()
    if len(words) not in NAME_WORDS or any(each.isdigit() for each in text):
        return False
    if any(each.casefold().strip(".,") in PLACE_WORDS for each in words):
        return False
    return all(WORD.fullmatch(each) for each in words)


def _has_old_date(text: str) -> bool:
    for pattern, (year, month, day) in DATES:
        for found in pattern.findall(text):
            if _is_old(int(found[year]), int(found[month]), int(found[day])):
                return True
            if _is_old(int(found[year]), int(found[day]), int(found[month])):
                return True
    return False


def _cut(packed: str) -> tuple[int, int, int]:
    return int(packed[:4]), int(packed[4:6]), int(packed[6:])


def _turned(packed: str) -> str:
    """Return day, month, year as year, month, day."""
    return packed[4:] + packed[2:4] + packed[:2]


def _is_old(year: int, month: int, day: int) -> bool:
    """Say whether this is a day that somebody may have been born on, and no day of this work."""
    try:
        found = date(year, month, day)
    except ValueError:
        return False
    return year >= OLDEST_YEAR and found.year < datetime.now(UTC).year - YEARS_OLD


def _luhn(digits: str) -> bool:
    total = 0
    for place, each in enumerate(reversed(digits)):
        doubled = int(each) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the digits of a two-digit number
    return total % 10 == 0


def _is_authority_number(text: str) -> bool:
    """Say whether a text holds a Swedish, British, American or Swiss personal number, or a German one."""
    for found in re.findall(r"(?<![\w-])(?:\d{2})?(\d{6})[-+](\d{4})(?![\w-])", text):
        if _luhn("".join(found)):
            return True
    for found in re.findall(r"(?<![\w-])(\d{3})[ -](\d{3})[ -](\d{4})(?![\w-])", text):
        digits = [int(each) for each in "".join(found)]
        check = 11 - sum(each * (10 - place) for place, each in enumerate(digits[:9])) % 11
        if check % 11 == digits[9]:
            return True
    if re.search(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])", text):
        return True
    return bool(re.search(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d{2}(?![\w.])", text))


def _has_title(text: str) -> bool:
    return TITLE.search(text) is not None


def _has_label(text: str) -> bool:
    return LABEL.search(text) is not None


def _has_initials(text: str) -> bool:
    """Say whether somebody is abbreviated: A. Karlsson, or Karlsson A."""
    words = text.split()
    return len(words) == NAME_WORDS[0] and any(
        re.fullmatch(r"[A-ZÀ-Þ]\.", one) and WORD.fullmatch(other) and len(other) > 2  # noqa: PLR2004 - a letter and a stop
        for one, other in (*pairwise(words), *pairwise(words[::-1]))
    )


LOOKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "the name of a person": _is_name,
    "a person with a title": _has_title,
    "the abbreviated name of a person": _has_initials,
    "a label of a person's data": _has_label,
    "a date of birth": _has_old_date,
    "the number of a person at an authority or a health service": _is_authority_number,
}
IN_DOCUMENTS: Final = (
    "a person with a title",
    "a label of a person's data",
    "the number of a person at an authority or a health service",
)
