"""What a deviation is, in the words by which clauses let something happen at once (domain 2b, 2e)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from batches.models import Parameter
from batches.states import LimitKind, ParameterKind
from deviations.models import Deviation
from deviations.states import DeviationState
from portal.actor import Actor
from portal.agreements.words import ABOUT, known
from portal.errors import Invalid

PATIENT_LOT: Final = "patient_lot"
CPP_OUTSIDE_PAR: Final = "cpp_outside_par"
# What people say of it; the others are read from its batch and its excursion.
STATED: Final = ("grade_a_growth", "identity_mismatch", "data_integrity")


def triggers_of(actor: Actor, deviation: Deviation) -> tuple[str, ...]:
    """Return what is known of a deviation: measured or read from its lot first, then what was stated."""
    found = []
    if is_of_patient_lot(deviation):
        found.append(PATIENT_LOT)
    if _is_cpp_outside_par(actor, deviation):
        found.append(CPP_OUTSIDE_PAR)
    return (*found, *(each for each in STATED if each in deviation.triggers))


def is_of_patient_lot(deviation: Deviation) -> bool:
    """Say whether it happened to a lot that is made for one patient."""
    return deviation.batch is not None and deviation.batch.is_patient_lot


def _is_cpp_outside_par(actor: Actor, deviation: Deviation) -> bool:
    excursion = deviation.excursion
    if excursion is None or excursion.limit_kind != LimitKind.PAR:
        return False
    rows = Parameter.objects.visible_to(actor).filter(pk=excursion.parameter_id)
    return rows.filter(kind=ParameterKind.CPP).exists()


def stated(given: Sequence[str]) -> list[str]:
    """Return what people said of it, each once, in a fixed order; raises Invalid for anything else."""
    unknown = sorted(set(given) - set(STATED))
    if unknown:
        words = f"One of: {', '.join(STATED)}."
        raise Invalid("Unknown trigger.", errors={"triggers": [words]})
    return [each for each in STATED if each in given]


def triggers_words(triggers: Sequence[str]) -> str:
    """Return triggers as a list in words, and the state that a record reached where a clause names that."""
    states = {f"in_{each.value}": _("it is %s") % str(each.label).lower() for each in DeviationState}
    return known(triggers, {**ABOUT, **states})
