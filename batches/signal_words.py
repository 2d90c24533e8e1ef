"""A signal of a watch as a sentence: what left what, since when, how far, and what makes most of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batches.watching.model import Model
from batches.watching.runs import Run
from batches.watching.signals import Signal

HOUR_S: Final = 3600.0

SENTENCES: Final[Mapping[tuple[str, str], Promise]] = {
    ("envelope", "high"): _("%(parameter)s is above what good batches showed at this time of the phase"),
    ("envelope", "low"): _("%(parameter)s is below what good batches showed at this time of the phase"),
    ("level", "high"): _("%(parameter)s has drifted above its usual level"),
    ("level", "low"): _("%(parameter)s has drifted below its usual level"),
    ("t2", ""): _("The batch as a whole goes further than good batches did, in a pattern they know"),
    ("spe", ""): _("Parameters no longer go together as in good batches"),
}


def sentence(signal: Signal, names: Mapping[str, str] | None = None) -> str:
    """Return the sentence, without its times; `names` are the titles of parameters by code."""
    titles = names or {}
    said = str(SENTENCES[signal.sign, signal.direction]) % {
        "parameter": titles.get(signal.parameter, signal.parameter)
    }
    if signal.causes:
        causes = ", ".join(f"{titles.get(code, code)} {share:.0%}" for code, share in signal.causes)
        said = gettext("%(said)s; most of it: %(causes)s") % {"said": said, "causes": causes}
    return gettext("%(said)s (%(peak).1f times the distance that is news)") % {
        "said": said,
        "peak": signal.peak,
    }


def hours(model: Model, run: Run, signal: Signal) -> tuple[float, float, float]:
    """Return in hours of the run when a signal begins, from when it is known, and how far it reaches."""
    begun, known, last = (
        model.grid.place(run, place) or 0.0 for place in (signal.first - 1, signal.known, signal.last)
    )
    return begun / HOUR_S, known / HOUR_S, last / HOUR_S
