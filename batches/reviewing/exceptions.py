"""What a reviewer has to look at in the record of a batch, and how far that has come; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from batches.reviewing.states import ExceptionKind

Stand = Literal["not_reviewed", "cdmo_reviewed", "sponsor_reviewed"]
# Sections that every record has, beside those of its procedure.
MATERIALS: Final = "materials"
RESULTS: Final = "results"
EVENTS: Final = "events"


@dataclass(frozen=True, slots=True)
class Finding:
    """One exception: what it is, where in the record, since when, and what `mark` it stands at.

    Whoever looked at it at another mark has not seen what it is now. `private` names its readers where it is
    one side's own.
    """

    key: str
    kind: ExceptionKind
    section: str
    at: datetime
    words: str
    context: str = ""
    url: str = ""
    tone: str = ""
    mark: str = "1"
    private: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the record: a part of the procedure, the materials, the results, the events."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Word:
    """That a side reviewed a section: how, as it stood at which mark, by whom, when."""

    side: str
    mode: str
    mark: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A section with what each side said of it last, and whether it changed since."""

    section: Section
    findings: Sequence[Finding]
    words: Mapping[str, Word]
    changed_for: frozenset[str]

    @property
    def stand(self) -> Stand:
        """Return where the section stands; what changed since is not reviewed any more."""
        valid = {side for side in self.words if side not in self.changed_for}
        if "manufacturer" not in valid:
            return "not_reviewed"
        return "sponsor_reviewed" if "sponsor" in valid else "cdmo_reviewed"


def mark_of(findings: Iterable[Finding]) -> str:
    """Return a digest of what both sides may read of the exceptions of a section."""
    said = "\n".join(sorted(f"{each.key} {each.mark}" for each in findings if not each.private))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def reviewed(
    sections: Sequence[Section], findings: Sequence[Finding], words: Mapping[str, Mapping[str, Word]]
) -> list[Reviewed]:
    """Return each section as it stands; `words` is the newest word of each side by section."""
    found = []
    for section in sections:
        own = [each for each in findings if each.section == section.code]
        said = words.get(section.code, {})
        mark = mark_of(own)
        changed = frozenset(side for side, word in said.items() if word.mark != mark)
        found.append(Reviewed(section, own, said, changed))
    return found


def unseen(findings: Iterable[Finding], looks: Mapping[str, str]) -> list[Finding]:
    """Return the exceptions that nobody of the own side looked at as they stand; `looks` is mark by key."""
    return [each for each in findings if looks.get(each.key) != each.mark]
