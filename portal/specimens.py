"""Specimens for the style guide: every component in every state, from fixed values, without a database."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

_SITE: Final = "Europe/Stockholm"
_POINTS: Final = 90

Context = dict[str, Any]


@dataclass(frozen=True)
class PhaseSpecimen:
    name: str
    weight: float
    state: str
    part: float = 0.0


@dataclass(frozen=True)
class RowSpecimen:
    """One parameter on a tile: its words, its course and its limits."""

    code: str
    label: str
    unit: str
    value: str
    points: list[tuple[float, float | None]]
    nor: tuple[float, float] | None
    limits: tuple[float, ...]
    decimals: int = 1
    dots: bool = False
    tone: str = ""
    marked_at: float | None = None
    when: str = ""
    since: float = field(init=False)
    until: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", 0.0)
        object.__setattr__(self, "until", float(_POINTS - 1) * 60_000)


class FormSpecimen(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("What happened, in one line."))
    description = forms.CharField(label=_("Description"), widget=forms.Textarea)
    occurred = forms.DateTimeField(label=_("Date of occurrence"), help_text=_("Site time, CET."))
    suggested = forms.ChoiceField(
        label=_("Suggested class"),
        required=False,
        widget=forms.RadioSelect,
        choices=[("minor", _("Minor")), ("major", _("Major")), ("critical", _("Critical"))],
        help_text=_("A suggestion without effect; CDMO QA gives the class."),
    )
    step = forms.ChoiceField(
        label=_("Step"),
        choices=[("n", _("Production bioreactor (N)")), ("h", _("Harvest")), ("a", _("Protein A"))],
    )
    sampled = forms.BooleanField(label=_("An extra sample was taken"), required=False)
    photos = forms.FileField(label=_("Photos"), required=False)


def _course(level: float, swing: float, seed: int, drift: float = 0.0) -> list[tuple[float, float | None]]:
    """Return a calm course that looks measured and is the same on every day."""
    return [
        (
            i * 60_000.0,
            level
            + swing
            * (math.sin(i * 0.37 + seed) + 0.7 * math.sin(i * 1.31 + 2 * seed) + 0.5 * math.sin(i * 2.9))
            + drift * max(0, i - 62) / 28,
        )
        for i in range(_POINTS)
    ]


def _lost(points: list[tuple[float, float | None]], start: int) -> list[tuple[float, float | None]]:
    return [(at, None if i >= start else value) for i, (at, value) in enumerate(points)]


def _dots(*values: float) -> list[tuple[float, float | None]]:
    step = (_POINTS - 1) * 60_000 / len(values)
    return [((i + 0.5) * step, value) for i, value in enumerate(values)]


_TRAIN: Final = (
    (_("Seed flasks"), 2.0),
    (_("N-2, N-1"), 4.0),
    (_("Production bioreactor (N)"), 10.0),
    (_("Harvest"), 5.0),
    (_("Capture"), 5.0),
    (_("Polishing"), 4.0),
    (_("Fill and freeze"), 2.0),
)


def _phases(now: int, part: float) -> list[PhaseSpecimen]:
    return [
        PhaseSpecimen(str(name), weight, "done" if i < now else "now" if i == now else "ahead", part)
        for i, (name, weight) in enumerate(_TRAIN)
    ]


def _tile(now: datetime, **given: Any) -> Context:
    """Return a tile with calm defaults; what matters to a specimen stands in its call."""
    seed = len(given["number"]) + sum(map(ord, given["number"]))
    return {
        "id": given["number"].lower(),
        "url": "#tiles",
        "phases": _phases(2, 0.3),
        "phase_name": "Production bioreactor (N)",
        "phase_note": "culture day 4",
        "rows": [
            RowSpecimen(
                "TEMP", "Temperature", "°C", "36.5", _course(36.5, 0.08, seed), (36.0, 37.0), (35.5, 37.5)
            ),
            RowSpecimen("DO", "DO", "% air sat.", "41", _course(40, 2.2, seed + 1), (30, 50), (20, 60), 0),
            RowSpecimen("PH", "pH", "", "7.02", _course(7.0, 0.022, seed + 2), (6.9, 7.1), (6.8, 7.2), 2),
        ],
        "tags": [{"tone": "fine", "text": "in range"}],
        "at": now - timedelta(seconds=4),
        "stale_after": 30,
        **given,
    }


def _tiles(now: datetime) -> list[Context]:
    hot = RowSpecimen(
        "TEMP", "Temperature", "°C", "35.1", _course(33.9, 0.12, 1, 1.5), (33.5, 34.5), (33.0, 35.0),
        tone="major", marked_at=66 * 60_000,
    )  # fmt: skip
    drifting = RowSpecimen(
        "DO", "DO", "% air sat.", "36", _course(39, 1.6, 5, -9), (30, 50), (20, 60), 0, tone="watch"
    )
    counted = RowSpecimen(
        "VCD", "VCD", "10⁶/mL", "6.4", _dots(0.6, 0.9, 1.6, 2.7, 4.2, 6.4), (0.4, 7.4), (), dots=True,
        when="sampled 06:10",
    )  # fmt: skip
    first = _tile(now, number="B-2417", title="AV-101 drug substance, 2,000 L")
    return [
        {
            **first,
            "tone": "major",
            "phases": _phases(2, 0.62),
            "phase_note": "culture day 9",
            "rows": [hot, *first["rows"][1:]],
            "tags": [{"tone": "major", "text": "1 major", "url": "#tags"}, {"text": "disposition blocked"}],
        },
        _tile(
            now, number="B-2418", title="AV-101 drug substance, 2,000 L",
            rows=[first["rows"][0], drifting, first["rows"][2]],
            tags=[{"tone": "watch", "text": "early signal: DO drifting"}],
        ),
        _tile(
            now, number="B-2421", title="AV-101 seed train, 400 L", phases=_phases(1, 0.8),
            phase_name="Expansion N-1", phase_note="31 h of 38 h", rows=[*first["rows"][:2], counted],
        ),
        _tile(
            now, number="B-2419", title="AV-204 drug substance, 500 L", phases=_phases(3, 0.4),
            phase_name="Harvest", phase_note="1 h 10 min", at=now - timedelta(seconds=75),
            tags=[{"tone": "minor", "text": "1 minor"}],
            rows=[
                RowSpecimen("TURB", "Turbidity", "NTU", "18", _lost(_course(18, 1, 3), 55), (9, 25), (), 0),
                RowSpecimen("FP", "Feed pressure", "bar", "0.8", _course(0.8, 0.03, 8), (0.5, 1), (1.4,), 2),
                RowSpecimen("FLOW", "Flow", "L/min", "12.4", _course(12.4, 0.3, 9), (11, 14), (10, 15)),
            ],
        ),
        _tile(
            now, number="P-0091", title="AV-310 autologous, patient lot", tone="critical",
            phase_name="Expansion", phase_note="day 6 of 9",
            tags=[{"tone": "critical", "text": "1 critical"}],
        ),
        _tile(now, number="B-2430", at=None,
              title="AV-101 drug substance, 2,000 L, with a long name that is cut",
              phases=_phases(0, 0.1), phase_name="Thaw", phase_note="hour 2", tags=[],
              rows=[RowSpecimen("TEMP", "Temperature", "°C", "", [], (36.0, 37.0), ())]),
    ]  # fmt: skip


def _alerts(now: datetime) -> list[Context]:
    return [
        {
            "id": "1",
            "tone": "major",
            "title": "B-2417: temperature outside PAR for 42 min, DEV-2026-0113",
            "url": "#alerts",
            "detail": "Detected 04:50, notice released by CDMO QA 07:24 (clause 5.2, agreement v4). Culture "
            "goes on; a decision is asked of you until day 12, 08:00",
            "acknowledge_url": "#alerts",
            "due_words": "in duty hours",
        },
        {
            "id": "2",
            "tone": "critical",
            "title": "P-0091: identity mismatch at thaw, EVT-2026-0740",
            "url": "#alerts",
            "detail": "Status hold placed at once (clause 5.4). No instruction goes to the floor from here",
            "acknowledge_url": "#alerts",
            "due_at": now + timedelta(hours=1, minutes=52),
        },
        {
            "id": "3",
            "tone": "watch",
            "word": "early signal",
            "title": "B-2418: jacket valve output swings 4 to 19 % every 12 min",
            "url": "#alerts",
            "detail": "Temperature still 33.9 to 34.1 °C. An early signal is no deviation (clause 7.2)",
            "acknowledged_words": "acknowledged 03:28 by Shift lead 02",
        },
    ]


def _clocks(now: datetime) -> list[Context]:
    def clock(name: str, due: timedelta, state: str, part: int, **more: Any) -> Context:
        return {
            "name": name,
            "due_at": now + due,
            "state": state,
            "part": part,
            "clause": "clause 5.5",
            **more,
        }

    return [
        clock("Acknowledge the notice", timedelta(hours=6, minutes=28), "soon", 34, ball="your side",
              clause="clause 5.2", basis="duty hours Boston", url="#clocks"),
        clock("Product-impact assessment", timedelta(days=3, hours=1), "running", 4, ball="your side",
              basis="business days"),
        clock("Preliminary summary", timedelta(hours=-2, minutes=-10), "late", 100, ball="Norrsund",
              clause="clause 6.1", basis="business days Malmö"),
        clock("Initial notice", timedelta(0), "met", 100, ball="Norrsund", clause="clause 5.2",
              ended_words="met 07:24"),
        clock("Closing", timedelta(days=30, hours=2), "paused", 12, ball="Norrsund", clause="clause 6.3",
              ended_words="paused by both sides"),
    ]  # fmt: skip


def _notice() -> Context:
    return {
        "number": "DEV-2026-0113",
        "recipients": "Arvo Therapeutics",
        "clause": "clause 5.2, agreement v4",
        "release_url": "#dialog",
        "version": 3,
        "text": "During production day 9 of B-2417 the vessel temperature exceeded the PAR of 33.0-35.0 °C "
        "for 42 min (05:30 to 06:12, maximum 35.3 °C). Jacket valve TV-203 did not respond to output.",
        "leaves": [
            {"name": "Batch", "value": "B-2417, AV-101 drug substance"},
            {"name": "Provisional class", "value": "", "tone": "major"},
            {"name": "Master record", "value": "Norrsund QMS DV-26-0457, copy as of 07:24"},
        ],
        "withheld": [
            "The operator's suggestion of a class",
            "2 internal messages",
            "Names of people: QA floor 07 stands",
        ],
    }


def _people(now: datetime) -> Context:
    def at(minutes: int) -> datetime:
        return now - timedelta(minutes=minutes)

    return {
        "receipts": [
            {"who": "Sponsor quality lead", "step": "Step 1", "channel": "on screen", "told_at": at(9),
             "delivered_at": at(9), "opened_at": at(6), "acknowledged_at": at(5), "zone": _SITE},
            {"who": "QA floor 07", "step": "Step 1", "channel": "on screen", "told_at": at(9),
             "delivered_at": at(8), "zone": _SITE, "waiting": "waiting, step 2 in 2 min"},
            {"who": "Quality head", "step": "Step 2", "channel": "e-mail", "zone": _SITE},
        ],
        "entries": [
            {"at": at(2), "zone": _SITE, "title": "Notice released", "words": "by QA floor 07"},
            {"at": at(16), "zone": _SITE, "title": "Triaged,", "words": "provisional major"},
            {"at": at(17), "zone": _SITE, "title": "Status hold", "words": "on B-2417"},
            {"at": at(66), "zone": _SITE, "title": "Opened", "words": "from excursion"},
            {"at": at(1500), "zone": _SITE, "title": "Sealed at detection", "words": "",
             "day": "The day before"},
        ],
        "thread": [
            {"initials": "CQ", "side": "manufacturer", "by": "CDMO quality lead", "at": at(10), "zone": _SITE,
             "text": "Extra sample 06:45: VCD 19.8, viability 94.1 %, lactate 0.8. pH offline 7.01."},
            {"initials": "SQ", "side": "sponsor", "by": "Sponsor quality lead", "at": at(6), "zone": _SITE,
             "text": "Please add the DO and gas-flow trend 04:00 to 08:00.",
             "tag": "question, answer due tomorrow 12:00"},
            {"initials": "SQ", "side": "sponsor", "by": "Sponsor quality lead", "at": at(5), "zone": _SITE,
             "text": "Compare with the engineering run before we assess impact.", "readers": "Arvo internal"},
        ],
    }  # fmt: skip


def _record(now: datetime) -> Context:
    return {
        "states": [
            {"name": "Opened", "state": "done", "note": "06:20"},
            {"name": "Triaged", "state": "done", "note": "07:10"},
            {"name": "Under investigation", "state": "now", "note": "since 07:26"},
            {"name": "CDMO QA review", "state": "ahead"},
            {"name": "Sponsor review", "state": "ahead"},
            {"name": "Closed", "state": "ahead", "note": "due 14 Dec"},
        ],
        "cancelled": [
            {"name": "Opened", "state": "done", "note": "06:20"},
            {"name": "Cancelled", "state": "ended", "note": "07:02, entered twice"},
        ],
        "facts": [
            {
                "name": "Date of occurrence",
                "at": now - timedelta(hours=2),
                "zone": _SITE,
                "value": "alarm at once",
            },
            {"name": "Notice", "value": "released 07:24, delivered 07:24, not yet acknowledged"},
            {"name": "Provisional class", "value": "", "tone": "major"},
            {"name": "Batch", "value": "B-2417", "url": "#facts"},
            {"name": "Immediate action", "value": "done 06:05: backup temperature unit, extra sample 06:45"},
            {"name": "Master record", "value": "Norrsund QMS DV-26-0457, copy as of 07:24"},
        ],
    }


def _shell() -> Context:
    def item(key: str, label: str, icon: str, **more: Any) -> Context:
        return {"key": key, "label": label, "icon": icon, "url": f"#{key}", **more}

    return {
        "home_url": "#",
        "items": [
            item("home", "Home", "house", go="h", count=3, mine=True),
            item("board", "Board", "layout-grid", go="b"),
            item("batches", "Batches", "flask-conical", go="a", count=24),
            item("deviations", "Deviations", "triangle-alert", go="d", count_words="11 open"),
            item("escalations", "Escalations", "stairs", go="e"),
        ],
        "partnership": [
            item("ledger", "Ledger", "shield", go="l"),
            item("administration", "Administration", "users", go="m"),
        ],
        "person": {"name": "Sponsor quality", "role": "QA", "organisation": "Arvo Therapeutics", "url": "#"},
    }


def specimens(now: datetime) -> Context:
    """Return the context of the style guide as it would look at `now`."""
    return {
        "now": now,
        "viewer_zone": "America/New_York",
        "site_zone": _SITE,
        "guide_shell": _shell(),
        "tiles": _tiles(now),
        "alerts": _alerts(now),
        "clocks": _clocks(now),
        "notice": _notice(),
        "form": FormSpecimen(auto_id="plain_%s"),
        "stepped": FormSpecimen(auto_id="stepped_%s"),
        "refused": FormSpecimen(
            auto_id="refused_%s", data={"title": "", "occurred": "yesterday", "step": "n"}
        ),
        "step_names": [_("What"), _("When and where"), _("Check and send")],
        "soon": now + timedelta(hours=6, minutes=28),
        **_people(now),
        **_record(now),
    }
