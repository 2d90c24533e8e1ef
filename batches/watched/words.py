"""What a watch noticed, in words of the plant: one sentence, and what it is measured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.models import Parameter, WatchModel
from batches.watched.judging import Finding
from batches.watched.tables import SWING

Names = Mapping[str, Parameter]
CLOCK: Final = "%H:%M"
# A share below this is not worth a word; of what came with a signal so many lines are said.
SHARE_TOLD: Final = 0.01
OTHERS_MOST: Final = 3

SAID: Final[Mapping[tuple[str, str], Promise]] = {
    ("envelope", "high"): gettext_lazy("%(what)s is above what good batches showed"),
    ("envelope", "low"): gettext_lazy("%(what)s is below what good batches showed"),
    ("level", "high"): gettext_lazy("%(what)s drifts above its usual level"),
    ("level", "low"): gettext_lazy("%(what)s drifts below its usual level"),
    ("t2", ""): gettext_lazy("The batch as a whole goes further than good batches did"),
    ("spe", ""): gettext_lazy("Parameters no longer go together as in good batches"),
}
SWINGS: Final[Mapping[str, Promise]] = {
    "high": gettext_lazy("%(what)s swings more than in good batches"),
    "low": gettext_lazy("%(what)s moves less than in good batches"),
}
FAILURES: Final[Mapping[str, Promise]] = {
    "too_little": gettext_lazy(
        "These batches have no phase or no parameter with readings in common. Nothing was learned."
    ),
}


def name_of(names: Names, code: str) -> str:
    """Return the title of a parameter, or that of its movement."""
    bare = code.rstrip(SWING)
    title = names[bare].title if bare in names else bare
    return _("%s, movement") % title if code.endswith(SWING) else title


def headline(sign: str, parameter: str, direction: str, causes: Sequence[Any], names: Names) -> str:
    """Return what was noticed, in one sentence without times and numbers."""
    if parameter.endswith(SWING):
        return str(SWINGS[direction]) % {"what": name_of(names, parameter.rstrip(SWING))}
    said = str(SAID[sign, direction]) % {"what": name_of(names, parameter)}
    causes = [each for each in causes if each[1] >= SHARE_TOLD]
    if causes:
        most = ", ".join(f"{name_of(names, code)} {share:.0%}" for code, share in causes)
        said = _("%(said)s; most of it: %(causes)s") % {"said": said, "causes": most}
    return said


def measured(parameter: str, direction: str, picture: Mapping[str, Any], names: Names) -> str:
    """Return the value where it went furthest beside what good batches showed then, empty where unknown."""
    points = [each for each in picture.get("points", ()) if each[1] is not None]
    if not points:
        return ""
    if not parameter:
        return _("%(value)s times the bar at its most") % {"value": f"{max(each[1] for each in points):.1f}"}
    points = [each for each in points if each[2] is not None and each[3] is not None]
    if not points:
        return ""
    _at, value, low, high = max(points, key=partial(_beyond, direction))
    known = names.get(parameter.rstrip(SWING))
    digits = max(known.decimals if known is not None else 2, 1 if parameter.endswith(SWING) else 0)
    given = {
        "value": f"{value:.{digits}f}",
        "low": f"{max(low, 0.0) if parameter.endswith(SWING) else low:.{digits}f}",
        "high": f"{high:.{digits}f}",
        "unit": known.unit if known is not None else "",
    }
    if parameter.endswith(SWING) and direction == "low":
        return _("standard deviation %(value)s %(unit)s, good batches %(low)s and more") % given
    if parameter.endswith(SWING):
        return _("standard deviation %(value)s %(unit)s, good batches up to %(high)s") % given
    return _("%(value)s %(unit)s, good batches %(low)s to %(high)s") % given


def title_of(found: Finding, names: Names) -> str:
    """Return the title of the early signal, at most 200 characters."""
    said = headline(found.sign, found.parameter, found.direction, found.causes, names)
    numbers = measured(found.parameter, found.direction, found.picture, names)
    whole = f"{said} ({numbers})" if numbers else said
    return whole if len(whole) <= TITLE_MOST else said[:TITLE_MOST]


def account_of(first: Finding, others: Sequence[Finding], model: WatchModel, names: Names, zone: str) -> str:
    """Return what the early signal says below its title: since when, known when, what came with it."""
    lines = [
        _("Since %(begun)s; seen at %(known)s. %(peak)s times the distance that is news.")
        % {
            "begun": _clock(first.begins_at, zone),
            "known": _clock(first.known_at, zone),
            "peak": f"{first.peak:.1f}",
        }
    ]
    said_of = {first.parameter.rstrip(SWING)}
    for each in others:
        about = each.parameter.rstrip(SWING)
        if about in said_of or len(said_of) > OTHERS_MOST:
            continue
        said_of.add(about)
        said = headline(each.sign, each.parameter, each.direction, each.causes, names)
        lines.append(
            _("With it: %(said)s, since %(at)s.") % {"said": said, "at": _clock(each.begins_at, zone)}
        )
    lines.append(
        _("Noticed by watch %(number)s, learned from %(n)s good batches. No limit is meant by it.")
        % {"number": model.number, "n": len(model.training)}
    )
    return "\n".join(lines)


def failure_of(model: WatchModel) -> str:
    """Return why nothing was learned, empty where something was."""
    return str(FAILURES[model.why]) if model.why in FAILURES else model.why


def whole_batch(learned: Mapping[str, Any]) -> str:
    """Say whether the batch as a whole is watched, and why not."""
    if learned.get("components"):
        return _("yes, %(n)s components from %(batches)s batches (T² and SPE)") % {
            "n": learned["components"],
            "batches": learned["batches"],
        }
    return _("no: it takes %(needed)s batches, there are %(batches)s; parameters are watched one by one") % {
        "needed": learned.get("needed", ""),
        "batches": learned.get("batches", ""),
    }


TITLE_MOST: Final = 200


def _beyond(direction: str, point: Sequence[Any]) -> float:
    """Return how far a point lies beyond what good batches showed on one side, in widths of their band."""
    _at, value, low, high = point
    return float((low - value if direction == "low" else value - high) / ((high - low) or 1.0))


def _clock(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime(f"%Y-%m-%d {CLOCK}")
