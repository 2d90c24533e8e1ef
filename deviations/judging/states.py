"""The words of judging: over what an impact is assessed, why a batch is a candidate, what ties records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Modality(models.TextChoices):
    """What kind of product it is; each asks questions of its own of an impact."""

    STERILE = "sterile", _("sterile product")
    BIOLOGIC = "biologic", _("biologic")
    CELL_GENE = "cell_gene", _("cell and gene therapy")
    SOLID_ORAL = "solid_oral", _("solid oral dosage form")


class Verdict(models.TextChoices):
    """What an assessment found of one topic."""

    NONE = "none", _("no impact")
    POSSIBLE = "possible", _("possible")
    SHOWN = "shown", _("impact shown")
    NOT_APPLICABLE = "not_applicable", _("does not apply")


class CandidateReason(models.TextChoices):
    """Why another batch may be touched (21 CFR 211.192)."""

    GENEALOGY = "genealogy", _("materials")
    EQUIPMENT = "equipment", _("equipment")
    AREA = "area", _("area")
    PEOPLE = "people", _("people")
    TIME = "time", _("made at the same time")
    NAMED = "named", _("named by a person")


class CandidateOutcome(models.TextChoices):
    """Whether the batch is in the scope of the deviation."""

    ACCEPTED = "accepted", _("in scope")
    EXCLUDED = "excluded", _("not in scope")


class TieKind(models.TextChoices):
    """How two deviations belong together."""

    LINKED = "linked", _("linked")
    MERGED = "merged", _("merged into")


class ClassStanding(models.TextChoices):
    """What became of the confirmed class, once both sides' words were opened."""

    AGREED = "agreed", _("both sides give the same class")
    DIFFERS = "differs", _("the sides differ, the stricter class holds")
    DECIDED = "decided", _("decided by both heads of quality")


class Criterion(models.TextChoices):
    """By what a class is given (domain 2b); a hint never gives one."""

    CPP = "cpp", _("a CQA, a CPP or critical equipment is affected")
    STERILITY = "sterility", _("sterility assurance is touched")
    INTEGRITY = "data_integrity", _("data integrity is touched")
    REGISTERED = "registered", _("a registered detail is touched")
    REPEAT = "repeat", _("it has happened before")
    BATCHES = "batches", _("several batches are touched")
    SYSTEM = "system", _("an element of the quality system failed")
    PATIENT = "patient", _("a patient may be harmed")


# What every assessment of the CDMO's says something about (domain 2a).
AREAS: Final[Mapping[str, Promise]] = {
    "product": _("Product quality"),
    "process": _("Process"),
    "patient": _("Patient"),
    "other_batches": _("Other batches"),
    "validation": _("Validation state"),
    "registration": _("Registration"),
    "supply": _("Supply"),
    "data_integrity": _("Data integrity"),
}
# What is asked of each kind of product beside that.
TOPICS: Final[Mapping[str, Mapping[str, Promise]]] = {
    Modality.STERILE: {
        "sterility_assurance": _("Sterility assurance"),
        "container_closure": _("Container closure integrity"),
        "environment": _("Environment and people, monitoring"),
        "media_fill": _("Cover by media fill"),
    },
    Modality.BIOLOGIC: {
        "quality_attributes": _("Product quality attributes, purity and potency"),
        "viral_safety": _("Viral safety"),
        "bioburden": _("Bioburden and endotoxin"),
        "stability": _("Stability and hold times"),
    },
    Modality.CELL_GENE: {
        "identity": _("Chain of identity"),
        "viability_dose": _("Viability and dose"),
        "shelf_life": _("Shelf life"),
        "slot": _("Slot of the patient"),
    },
    Modality.SOLID_ORAL: {
        "uniformity": _("Content uniformity"),
        "dissolution": _("Dissolution"),
        "impurities": _("Impurities"),
        "cross_contamination": _("Cross-contamination"),
    },
}
# What the sponsor says of its own product, where it says more than a class of the impact.
SPONSOR_AREAS: Final = ("product", "patient", "registration", "supply")
# How far around what happened other batches are looked for, in days.
WINDOW_DAYS: Final = 30
WINDOW_DAYS_MAX: Final = 400
# By when each side gives its confirmed class, and the look whether both are in.
CLASS_CLOCK: Final = "confirmed_class"
OPENING_LOOK: Final = "class_opening"
CLASS_DISAGREEMENT_CLOCK: Final = "class_disagreement"


def topics_of(modality: str) -> dict[str, Promise]:
    """Return what an assessment of this kind of product says something about, in order."""
    return {**AREAS, **TOPICS[modality]}


def topic_order(topic: str) -> tuple[int, str]:
    """Return where a topic stands among all of them."""
    known = [*AREAS, *(name for each in TOPICS.values() for name in each)]
    return (known.index(topic) if topic in known else len(known), topic)


def topic_name(topic: str) -> str:
    """Return a topic in words."""
    known = {**AREAS, **{name: words for each in TOPICS.values() for name, words in each.items()}}
    return str(known.get(topic, topic))
