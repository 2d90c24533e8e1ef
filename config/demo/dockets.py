"""What the stories ask, share and change: site events told to each client, queries, a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from config.demo.companies import AV101, AV310, NORRSUND, TB22
from config.demo.crew import Crew
from config.demo.signing import sign_as
from deviations.actions.dockets.asking import answer_query, ask
from deviations.actions.dockets.changing import draft_change, propose_change
from deviations.actions.dockets.monthly import release_monthly_list
from deviations.actions.dockets.site import (
    conclude_statement,
    link_statement,
    open_site_event,
    open_statement,
    share_statement,
)
from deviations.dockets.site.signing import STATEMENT
from deviations.models import Deviation, ImpactStatement, Query, SiteEvent
from deviations.queries.monthly import month_to_release, preview_month
from portal.access import get_program
from portal.action import instant, reading
from portal.actor import Actor
from portal.models import Record
from portal.states import Audience, Meaning

# Who keeps the statement of a program: nobody of Norrsund works for both clients.
KEEPERS: Final = {AV101.id: "cdmo_fill_qa", AV310.id: "cdmo_qa", TB22.id: "rival_cdmo_qa"}
EVENTS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "kind": "isolator",
        "title": "Isolator line 4: glove G4 failed its leak test after use",
        "description": "Post-use 148 Pa, limit 60 Pa; 22 Pa before use. Line out of use until a VHP"
        " cycle is run.",
        "place": "Isolator line 4, Cork",
        "by": "cdmo_fill_qa",
        "statements": (
            (
                AV101.id,
                "Glove G4 of line 4 failed after use",
                (
                    "Glove G4 of line 4 read 148 Pa after the fill of F-0388 (limit 60), 22 Pa before it."
                    " Bounded by"
                    " the last passed tests of the glove; the line was out of use until gloves were changed."
                ),
                ("F-0388", "F-0371"),
                (
                    "F-0388 is under investigation, disposition blocked. Earlier lots lie before a passed"
                    " glove test;"
                    " no impact on them."
                ),
                "-0791",
            ),
            (
                TB22.id,
                "Glove of line 4 failed after use",
                (
                    "A glove of line 4 failed its leak test after use; bounded by the last passed test of"
                    " the glove."
                ),
                (),
                "The lot of this program was filled before a passed glove test; no impact.",
                "",
            ),
        ),
    },
    {
        "kind": "utility",
        "title": "CO2 manifold bank B: regulator left closed after a cylinder change",
        "description": "CO2 fell in the incubators of bank B from 02:05 to 03:31, minimum 0.9 %.",
        "place": "CO2 manifold, cell therapy suite",
        "by": "cdmo_operator",
        "statements": (
            (
                AV310.id,
                "CO2 supply of the incubators failed for 86 min",
                (
                    "CO2 of INC-12 and INC-15 fell from 02:05 to 03:31, minimum 0.9 %. Lots of this program"
                    " in them:"
                    " P-0091 and P-0093."
                ),
                ("P-0091", "P-0093"),
                (
                    "P-0091: deviation open. P-0093: day 3 at the event, viability 94 %, pH within its"
                    " range at the"
                    " next sample; no impact."
                ),
                "-0794",
            ),
        ),
    },
)


def are_asked(crew: Crew) -> bool:
    """Say whether what this module tells is there."""
    asker = crew["sponsor_qa"]
    with reading(asker):
        return Query.objects.visible_to(asker).exists()


def tell_dockets(crew: Crew) -> None:
    """Record it, each step by the person who would take it; the queries come last."""
    known = crew["cdmo_fill_qa"]
    with reading(known):
        titles = {str(each.title) for each in SiteEvent.objects.visible_to(known)}
        now = instant()
    for told in EVENTS:
        if told["title"] not in titles:
            _happen(crew, told, now)
    _change(crew, now)
    _list_month(crew)
    _ask(crew, now)


def _happen(crew: Crew, told: Mapping[str, Any], now: datetime) -> None:
    facts = {name: told[name] for name in ("kind", "title", "description", "place")}
    since = now - timedelta(hours=12)
    event = open_site_event(
        crew[told["by"]],
        NORRSUND.id,
        **facts,
        occurred_at=since,
        detected_at=since + timedelta(minutes=15),
    )
    concluded = []
    for program, title, words, lots, impact, external in told["statements"]:
        keeper = crew[KEEPERS[program]]
        with reading(keeper):
            version = SiteEvent.objects.visible_to(keeper).get(pk=event.pk).version
            batches = _ids(keeper, program, lots)
        said = {"title": title, "description": words, "batch_ids": batches}
        open_statement(keeper, event.pk, program_id=program, version=version, **said)
        statement = _statement(keeper, program, title)
        statement = conclude_statement(keeper, statement.pk, text=impact, version=statement.version)
        statement = share_statement(keeper, statement.pk, version=statement.version)
        _link(keeper, statement, external)
        concluded.append(statement)
    if told["kind"] == "isolator":
        sign_as(crew["cdmo_quality_head"], "cdmo_quality_head", STATEMENT, concluded[0].pk, Meaning.APPROVED)


def _statement(keeper: Actor, program: UUID, title: str) -> ImpactStatement:
    with reading(keeper):
        rows = ImpactStatement.objects.visible_to(keeper).filter(space_id=program)
        return next(each for each in rows if str(each.title) == title)


def _ids(keeper: Actor, program: UUID, lots: tuple[str, ...]) -> list[UUID]:
    rows = Record.objects.visible_to(keeper).filter(space_id=program, type="batch", number__in=lots)
    return [each.pk for each in rows]


def _link(keeper: Actor, statement: ImpactStatement, external: str) -> None:
    if not external:
        return
    with reading(keeper):
        rows = Deviation.objects.visible_to(keeper).filter(space_id=statement.space_id)
        found = rows.filter(external_id__endswith=external, audience=Audience.SHARED).first()
    if found is not None:
        link_statement(keeper, statement.pk, other_id=found.pk, version=statement.version)


def _change(crew: Crew, now: datetime) -> None:
    change = draft_change(
        crew["cdmo_qa"],
        AV101.id,
        weight="approve",
        title="Protein A resin: slurry lots from the supplier's second site",
        description="The supplier moves the slurry step of the protein A resin to its second site. Resin,"
        " ligand and release tests are the same; two lots were compared on scale-down, three cycles each.",
        effects="MBR-AV101-DS-01: list of approved resin lots, section materials.",
        implement_from=now + timedelta(days=45),
    )
    propose_change(crew["cdmo_qa"], change.pk, version=change.version)


def _list_month(crew: Crew) -> None:
    """Release the list of the month before, where it is over."""
    releaser = crew["cdmo_qa"]
    with reading(releaser):
        month = month_to_release(releaser, get_program(releaser, AV101.id))
        found = preview_month(releaser, AV101.id, month) if month is not None else None
    if month is not None and found is not None:
        release_monthly_list(releaser, AV101.id, month=month, digest=found.digest)


def _ask(crew: Crew, now: datetime) -> None:
    sponsor = crew["sponsor_qa"]
    with reading(sponsor):
        rows = Record.objects.visible_to(sponsor).filter(space_id=AV101.id, type="batch")
        batches = {each.number: each.pk for each in rows.filter(number__in=("B-2417", "F-0388"))}
    asked = ask(
        sponsor,
        AV101.id,
        title="B-2417: DO and gas flow 04:00-08:00, scale-down at 36.5 °C",
        description="Please add the DO and gas-flow trend 04:00-08:00 and the scale-down data at 36.5"
        " °C late in"
        " culture.",
        batch_id=batches.get("B-2417"),
        wanted_at=now + timedelta(hours=20),
    )
    answer_query(
        crew["cdmo_msat"],
        asked.pk,
        text="Attached to the record: both trends. PC-118, 24 h at 36.5 °C on day 8, n = 3: HMW + 0.1"
        " %, acidic"
        " + 0.8 %, titre - 2 %.",
        version=asked.version,
    )
    ask(
        crew["sponsor_qa"],
        AV101.id,
        kind="concern",
        title="F-0388: nine corrective interventions, mean is three",
        description="The number of corrective interventions of F-0388 is three times the mean. Is the"
        " stopper lot"
        " looked at together with the glove?",
        batch_id=batches.get("F-0388"),
    )
