"""What became of each row and value, and the closing summary."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file something stands; lines count from 1, as an editor shows them."""

    line: int
    column: str = ""

    def __str__(self) -> str:
        return f"line {self.line:,}" + (f", {self.column}" if self.column else "")


@dataclass(slots=True)
class Tally:
    """Counts of a replay; safe to add to from several threads."""

    rows: int = 0
    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refuse(self, code: str, place: Place | None, detail: str, *, count: int = 1) -> None:
        """Count what is not taken, and keep the first few to show."""
        with self._lock:
            self.refused[code] += count
            shown = self.examples.setdefault(code, [])
            if len(shown) < EXAMPLES:
                shown.append(f"{place}: {detail}" if place else detail)

    def answer(self, sent: int, accepted: int, duplicates: int) -> None:
        """Add what the server said of one frame."""
        with self._lock:
            self.sent += sent
            self.accepted += accepted
            self.duplicates += duplicates

    def remark(self, text: str) -> None:
        """Keep something a reader should know about the file."""
        self.remarks.append(text)

    def lines(self) -> list[str]:
        """Give the closing summary for the terminal."""
        out = [
            f"rows read       {self.rows:>12,}",
            f"values accepted {self.accepted:>12,}",
            f"duplicates      {self.duplicates:>12,}",
            f"refused         {sum(self.refused.values()):>12,}",
        ]
        for code, count in self.refused.most_common():
            out.append(f"  {code:<20}{count:>12,}")
            out += [f"    {example}" for example in self.examples[code]]
        out.append(f"missing values  {sum(self.missing.values()):>12,}")
        out += [f"  {column:<20}{count:>12,}" for column, count in self.missing.most_common()]
        if self.remarks:
            out.append("to know")
            out += [f"  {text}" for text in self.remarks]
        return out
