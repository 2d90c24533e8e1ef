"""Recalled products rolled up to the event they belong to: an event is as grave as its worst product."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portal.states import Classification

# The classes of the FDA, the worst first, and what each reads as here.
CLASSES: Final[Mapping[str, Classification]] = {
    "Class I": Classification.CRITICAL,
    "Class II": Classification.MAJOR,
    "Class III": Classification.MINOR,
}
ORDER: Final = tuple(CLASSES)
TITLE_MAX: Final = 200
DESCRIPTION_MAX: Final = 20_000
PRODUCTS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class RecallEvent:
    """One recall with all its products: its class is the worst of theirs."""

    number: str
    firm: str
    on: str
    status: str
    fda_class: str
    reasons: tuple[str, ...]
    products: tuple[str, ...]

    @property
    def classification(self) -> Classification:
        """Return the class as it reads here."""
        return CLASSES[self.fda_class]

    def body(self) -> dict[str, Any]:
        """Return what a copy of it says over REST."""
        title = " ".join(self.reasons[0].split())
        shown = self.products[:PRODUCTS_MAX]
        rest = len(self.products) - len(shown)
        lines = [*self.reasons, "", f"Products: {len(self.products)}", *shown]
        if rest:
            lines.append(f"and {rest} more")
        at = f"{self.on}T00:00:00Z"
        return {
            "title": title if len(title) <= TITLE_MAX else f"{title[: TITLE_MAX - 1]}…",
            "description": "\n".join(lines)[:DESCRIPTION_MAX],
            "occurred_at": at,
            "detected_at": at,
            "late_reason": "Copied from the public list of recalls of the FDA.",
            "suggested_class": str(self.classification),
            "external_status": self.status,
            "external_class": self.fda_class,
        }


def read_recalls(path: Path) -> list[dict[str, str]]:
    """Return the product rows of a CSV file, also packed by gzip. Raises: OSError, ValueError."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    needed = {"Event ID", "Product Classification", "Reason for Recall", "Center Classification Date"}
    if rows and (missing := needed - set(rows[0])):
        raise ValueError(f"The file lacks the columns {', '.join(sorted(missing))}.")
    return rows


def roll_up(rows: Iterable[Mapping[str, str]]) -> Iterator[RecallEvent]:
    """Yield the events in the order of their first product; no row is left out."""
    events: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        events.setdefault(row["Event ID"], []).append(row)
    for number, products in events.items():
        first = products[0]
        yield RecallEvent(
            number=number,
            firm=first["Recalling Firm Name"],
            on=min(each["Center Classification Date"] for each in products),
            status=first["Status"],
            fda_class=min((each["Product Classification"] for each in products), key=ORDER.index),
            reasons=tuple(dict.fromkeys(each["Reason for Recall"].strip() for each in products)),
            products=tuple(each["Product Description"].strip() for each in products),
        )
