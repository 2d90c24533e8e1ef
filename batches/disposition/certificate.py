"""Whether there is a certificate of a batch, and which one; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from django.utils.translation import gettext_lazy

from batches.disposition.states import Decision, ReleaseStepCode

Certificate = Literal["batch", "partial", "conformance"]
NAMES: Final[Mapping[Certificate, Any]] = {
    "batch": gettext_lazy("Certificate of the batch"),
    "partial": gettext_lazy("Confirmation of partial manufacturing"),
    "conformance": gettext_lazy("Certificate of conformance"),
}


class Word(NamedTuple):
    """One decision that stands: at which step, and what it says."""

    step: str
    decision: str


def certificate_kind(words: Iterable[Word]) -> Certificate | None:
    """Return which certificate the decisions that stand bear, None where there is none to give.

    Certified by a qualified person: the certificate of the batch (Annex 16, Appendix II). Confirmed by one:
    that of partial manufacturing (Appendix I). Released by the manufacturer: of conformance. A
    rejected batch has none, nor has one that is supplied out of specification.
    """
    said = set(words)
    decisions = {each.decision for each in said}
    steps = {each.step for each in said}
    if Decision.REJECTED in decisions or ReleaseStepCode.SUPPLY in steps:
        return None
    if Word(ReleaseStepCode.QP_CERTIFICATION, Decision.CERTIFIED) in said:
        return "batch"
    if Word(ReleaseStepCode.QP_CONFIRMATION, Decision.CONFIRMED) in said:
        return "partial"
    return "conformance" if Word(ReleaseStepCode.CDMO, Decision.RELEASED) in said else None
