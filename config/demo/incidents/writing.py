"""What a deviation of the demo is told by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from batches.states import LimitKind
from config.demo.companies import AV101, Project
from portal.states import Classification

# The reason that stands on each record that is older than a day when the demo is loaded.
COPIED: Final = (
    "Copied from the quality system of Norrsund on the day this program moved onto Covalent;"
    " it was recorded there in time."
)


@dataclass(frozen=True, slots=True)
class Incident:
    """A deviation, told in times of its batch (seconds since the batch's start), and how far it has come.

    `external_id` is its number in the manufacturer's own quality system, with the year of occurrence for
    `{yy}`. Words may name `clocks`, which become the plant's clock at these times. Without `rationale` it
    waits for triage; what is empty of the later fields has not happened. `opened_s`, `told_s` and `closed_s`
    are what that quality system states of itself.
    """

    external_id: str
    external_status: str
    lot: str
    title: str
    description: str
    occurred_s: float
    detected_s: float
    aware_s: float
    project: Project = AV101
    clocks: Mapping[str, float] = field(default_factory=dict)
    reporter: str = "cdmo_qa"
    suggested: Classification | None = None
    immediate_action: str = ""
    excursion: tuple[str, LimitKind] | None = None
    triggers: tuple[str, ...] = ()
    judge: str = "cdmo_qa"
    classification: Classification = Classification.MINOR
    rationale: str = ""
    is_told: bool = False
    receiver: str = ""
    lead_code: str = ""
    summary: str = ""
    cancelled: str = ""
    opened_s: float = 0.0
    told_s: float = 0.0
    closed_s: float = 0.0
