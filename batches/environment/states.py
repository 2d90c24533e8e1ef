"""The words of environmental and utility monitoring (EU GMP Annex 1, 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import CDMO_OPERATOR, CDMO_QA, CDMO_QC, CDMO_SHIFT_LEAD, SYSTEM, Transition


class Grade(models.TextChoices):
    """Grades of clean rooms; utilities and corridors have none."""

    A = "A", _("Grade A")
    B = "B", _("Grade B")
    C = "C", _("Grade C")
    D = "D", _("Grade D")
    NONE = "", _("no grade")


class System(models.TextChoices):
    """What is monitored."""

    ROOM = "room", _("room or isolator")
    WFI = "wfi", _("water for injections")
    STEAM = "steam", _("clean steam")
    GAS = "gas", _("process gas")
    HVAC = "hvac", _("air handling")


class SampleKind(models.TextChoices):
    """Kinds of samples and readings; the first five are of rooms and people."""

    SETTLE = "settle", _("settle plate")
    CONTACT = "contact", _("contact plate")
    AIR = "air", _("active air")
    GLOVE = "glove", _("glove print")
    PARTICLES_05 = "particles_05", _("particles of 0.5 µm and more")
    PARTICLES_50 = "particles_50", _("particles of 5 µm and more")
    COUNT = "count", _("viable count")
    ENDOTOXIN = "endotoxin", _("endotoxin")
    TOC = "toc", _("total organic carbon")
    CONDUCTIVITY = "conductivity", _("conductivity")
    GASES = "gases", _("non-condensable gases")
    DRYNESS = "dryness", _("dryness of steam")
    SUPERHEAT = "superheat", _("superheat")
    OIL = "oil", _("oil mist")
    DEW_POINT = "dew_point", _("dew point")
    PRESSURE = "pressure", _("pressure difference")
    AIR_SPEED = "air_speed", _("air speed")


class Occupancy(models.TextChoices):
    """Whether people worked there."""

    IN_OPERATION = "in_operation", _("in operation")
    AT_REST = "at_rest", _("at rest")


class SessionState(models.TextChoices):
    """Samples are added to a session until it is closed."""

    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


class SampleState(models.TextChoices):
    """A plate is exposed, incubates, is read, and read by a second person."""

    EXPOSED = "exposed", _("exposed")
    INCUBATING = "incubating", _("incubating")
    READ = "read", _("read once")
    CONFIRMED = "confirmed", _("read twice")


class Verdict(models.TextChoices):
    """How a reading stands against the limits of its place."""

    WITHIN = "within", _("within limits")
    ALERT = "alert", _("above alert limit")
    ACTION = "action", _("above action limit")


# Kinds of which a plate grows: they are exposed, incubated and read by two people.
VIABLE: Final = frozenset(
    (SampleKind.SETTLE, SampleKind.CONTACT, SampleKind.AIR, SampleKind.GLOVE, SampleKind.COUNT)
)
SAMPLERS: Final = (CDMO_QC, CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
READERS: Final = (CDMO_QC, CDMO_QA, SYSTEM)
# Who says what is monitored against which limits, and which batches a session covers.
KEEPERS: Final = (CDMO_QC, CDMO_QA, SYSTEM)

SESSION_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "close_session": Transition((SessionState.OPEN,), SessionState.CLOSED, KEEPERS, _("Close")),
}
SAMPLE_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "collect": Transition((SampleState.EXPOSED,), SampleState.INCUBATING, SAMPLERS, _("Take up")),
    "incubate": Transition((SampleState.INCUBATING,), None, READERS, _("Incubate")),
    "read": Transition((SampleState.INCUBATING,), SampleState.READ, READERS, _("Read")),
    "confirm": Transition((SampleState.READ,), SampleState.CONFIRMED, READERS, _("Read a second time")),
    "identify": Transition((SampleState.READ, SampleState.CONFIRMED), None, READERS, _("Name the organism")),
}
