"""The words of an investigation: its tools, the parts of each, causes and what they are of (domain 2a)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.actor import Role
from portal.states import (
    CDMO_MSAT,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
)


class Tool(models.TextChoices):
    """How a question is taken apart."""

    TIMELINE = "timeline", _("timeline")
    FIVE_WHYS = "five_whys", _("5 why")
    ISHIKAWA = "ishikawa", _("Ishikawa (6M)")
    FAULT_TREE = "fault_tree", _("fault tree")
    IS_IS_NOT = "is_is_not", _("is / is not")


class Branch(models.TextChoices):
    """Which part of its tool a node belongs to; empty where the tool has none."""

    MACHINE = "machine", _("machine")
    METHOD = "method", _("method")
    MATERIAL = "material", _("material")
    MEASUREMENT = "measurement", _("measurement")
    MILIEU = "milieu", _("milieu (surroundings)")
    PEOPLE = "people", _("people (manpower)")
    AND = "and", _("all of these")
    OR = "or", _("any of these")
    WHAT_IS = "what_is", _("what: is")
    WHAT_IS_NOT = "what_is_not", _("what: is not")
    WHERE_IS = "where_is", _("where: is")
    WHERE_IS_NOT = "where_is_not", _("where: is not")
    WHEN_IS = "when_is", _("when: is")
    WHEN_IS_NOT = "when_is_not", _("when: is not")
    EXTENT_IS = "extent_is", _("how much: is")
    EXTENT_IS_NOT = "extent_is_not", _("how much: is not")


class Standing(models.TextChoices):
    """What became of a node."""

    OPEN = "open", _("open")
    SUPPORTED = "supported", _("supported")
    EXCLUDED = "excluded", _("excluded")


class EvidenceKind(models.TextChoices):
    """What a node rests on."""

    FILE = "file", _("file")
    ENTRY = "entry", _("entry of the batch record")
    RESULT = "result", _("result of a sample")
    EXCURSION = "excursion", _("excursion")
    WINDOW = "window", _("readings of a window")


class CauseKind(models.TextChoices):
    """What a cause is to the deviation."""

    ROOT = "root", _("root cause")
    MOST_PROBABLE = "most_probable", _("most probable cause")
    CONTRIBUTING = "contributing", _("contributing factor")


class CauseOf(models.TextChoices):
    """What the cause lies in."""

    EQUIPMENT = "equipment", _("equipment")
    PROCESS = "process", _("process")
    PROCEDURE = "procedure", _("procedure")
    SYSTEM = "system", _("system or organisation")
    MATERIAL = "material", _("material")
    MEASUREMENT = "measurement", _("measurement")
    SURROUNDINGS = "surroundings", _("surroundings")
    HUMAN = "human", _("human error")


class ExclusionOf(models.TextChoices):
    """What was looked at and is not the cause."""

    PROCESS = "process", _("process")
    PROCEDURE = "procedure", _("procedure")
    SYSTEM = "system", _("system or organisation")
    OTHER = "other", _("another cause")


SIX_M: Final = (
    *(Branch.MACHINE, Branch.METHOD, Branch.MATERIAL),
    *(Branch.MEASUREMENT, Branch.MILIEU, Branch.PEOPLE),
)
GATES: Final = (Branch.AND, Branch.OR)
SIDES_OF_IT: Final = (
    *(Branch.WHAT_IS, Branch.WHAT_IS_NOT, Branch.WHERE_IS, Branch.WHERE_IS_NOT),
    *(Branch.WHEN_IS, Branch.WHEN_IS_NOT, Branch.EXTENT_IS, Branch.EXTENT_IS_NOT),
)
# Which branches the nodes of a tool name, and whether one has to; which hang under others.
BRANCHES: Final[Mapping[str, tuple[Branch, ...]]] = {
    Tool.TIMELINE: (),
    Tool.FIVE_WHYS: (),
    Tool.ISHIKAWA: SIX_M,
    Tool.FAULT_TREE: GATES,
    Tool.IS_IS_NOT: SIDES_OF_IT,
}
NEEDS_BRANCH: Final = (Tool.ISHIKAWA, Tool.IS_IS_NOT)
NESTED: Final = (Tool.FIVE_WHYS, Tool.ISHIKAWA, Tool.FAULT_TREE)
# Human error alone is no cause before these are excluded (EU GMP ch. 1, 1.4 (xiv)).
BEFORE_PEOPLE: Final = (ExclusionOf.PROCESS, ExclusionOf.PROCEDURE, ExclusionOf.SYSTEM)
INQUIRERS: Final[tuple[Role, ...]] = (
    *(CDMO_QA, CDMO_MSAT, CDMO_QC, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_QUALITY_HEAD),
)
# Who says what the cause was: the CDMO investigates (domain 2b).
CAUSERS: Final[tuple[Role, ...]] = (CDMO_QA, CDMO_MSAT)
