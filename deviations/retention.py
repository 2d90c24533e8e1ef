"""How long the tables of deviations are kept (`portal.retention`)."""

from __future__ import annotations

from collections.abc import Mapping


def of_deviations() -> Mapping[str, str]:
    """Return the classes of this app's record tables."""
    return {
        "deviations_deviation": "quality",
        "deviations_judgement": "quality",
        "deviations_notice": "quality",
        "deviations_numbering": "quality",
        "deviations_earlysignal": "quality",
        "deviations_preliminarysummary": "quality",
        "deviations_reportingfacts": "quality",
        "deviations_reportingdecision": "quality",
    }
