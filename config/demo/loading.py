"""Load the demo: first what the first page shows, then `demo.json`, then a year of history.

Each stage leaves alone what is there, so a load that was cut short goes on, and a second start finds nothing
to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from config.bootstrap.progress import step
from config.demo import demo_file
from config.demo.agreeing import agree, is_agreed
from config.demo.calendars import has_calendars, set_calendars
from config.demo.capas import are_planned, plan_all
from config.demo.crew import EMAILS, Crew
from config.demo.custody import is_kept, keep_custody, link_programs
from config.demo.deciding import ask_all, is_asked
from config.demo.disposing import are_disposed, dispose
from config.demo.dockets import are_asked, tell_dockets
from config.demo.duty import has_rosters, keep_rosters
from config.demo.incidents import CURRENT, Incident
from config.demo.investigating import is_looked_into, look_into_open
from config.demo.laboratory import has_laboratory, keep_laboratory
from config.demo.lots import DEMO_LOT, FINISHED, FINISHED_COPIES, RUNNING
from config.demo.making import Making
from config.demo.moving_in import found_companies, install_services, is_settled, seat_people
from config.demo.past import past_incidents
from config.demo.people import MAKERS, PEOPLE, SERVICES, Login
from config.demo.questions import QUESTIONS
from config.demo.recording import record, supply
from config.demo.reporting import Reporting
from config.demo.surrounding import surround
from config.demo.watching import is_watched, watch
from portal.models import Person
from portal.states import PersonKind


class NotADemo(RuntimeError):
    """Other people than the demo's work on this database; nothing is loaded beside them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the demo has now, and the moment at which its stories stand still."""

    moment: datetime
    batches: int
    deviations: int


def require_demo() -> None:
    """Raise NotADemo where people work who are not of the demo, unless the demo is there already."""
    people = Person.objects.exclude(kind=PersonKind.SYSTEM)
    if people.exists() and not people.filter(email__in=list(EMAILS.values())).exists():
        raise NotADemo("This database holds organisations of its own. The demo wants an empty one.")


def load(folder: Path, url: str, *, with_history: bool = True) -> Loaded:
    """Load what is missing of the demo and write `demo.json`.

    Raises: FrameNotTaken, DomainError.
    """
    if not is_settled():
        _move_in()
    crew = Crew()
    if not is_agreed():
        with step("demo: quality agreements, signed by both sides"):
            agree(crew)
    making = Making(crew, datetime.now(UTC).replace(second=0, microsecond=0))
    if not has_rosters(crew):
        with step("demo: rosters"):
            keep_rosters(crew, making.moment)
    if not has_calendars(crew):
        with step("demo: calendars of both sides"):
            set_calendars(crew, making.moment)
    reporting = Reporting(crew, making.batches, making.moment)
    if not reporting.knows(CURRENT):
        _load_present(making, reporting)
    if not is_asked(QUESTIONS):
        with step("demo: decisions asked"):
            ask_all(crew, making.batches, making.moment, QUESTIONS)
    demo_lot = making.batches[DEMO_LOT.number]
    demo_file.write_if_new(folder, demo_file.describe(url, demo_lot.pk, demo_lot.number))
    past = past_incidents(making.moment) if with_history else []
    if with_history:
        with _quick_commits():
            _load_past(making, reporting, past)
        _conclude(crew, making)
        with step("demo: rooms, utilities, hands, schedule"):
            surround(crew, making.batches, making.moment)
    return Loaded(making.moment, len(making.batches), len(CURRENT) + len(past))


def _move_in() -> None:
    with step("demo: companies, people, keys"):
        found_companies()
        # Half of the time goes into hashing passwords, which a second thread does beside the first.
        makers = [login for login in PEOPLE if login.key in MAKERS]
        others = [login for login in PEOPLE if login.key not in MAKERS]
        with ThreadPoolExecutor(max_workers=1) as beside:
            seated = beside.submit(_seat_apart, others)
            seat_people(makers)
            install_services(SERVICES)
            seated.result()


def _seat_apart(logins: Sequence[Login]) -> None:
    try:
        seat_people(logins)
    finally:
        connection.close()


def _load_present(making: Making, reporting: Reporting) -> None:
    with step("demo: recipes and running batches"):
        making.author_recipes()
        for lot in RUNNING:
            record(lot, making.run(lot), making.moment)
        supply(making.batches)
    with step("demo: what is open"):
        making.review_recipes()
        reporting.tell(CURRENT)


def _conclude(crew: Crew, making: Making) -> None:
    """Sign and compare what only people decide, once the history stands."""
    if not is_looked_into():
        with step("demo: investigations of what is open"):
            look_into_open(crew)
    if not is_watched(crew):
        with step("demo: a watch, signed by both sides"):
            watch(crew, making.batches)
    if not are_disposed(making.batches):
        with step("demo: dispositions, signed"):
            dispose(crew, making.batches)
    if not is_kept(making.batches):
        with step("demo: identity and custody of patient lots"):
            keep_custody(crew, making.batches)
            link_programs(crew, making.moment)
    if not has_laboratory():
        with step("demo: samples and certificates"):
            keep_laboratory(crew, making.batches, making.moment)
    if not are_planned():
        with step("demo: CAPA, signed"):
            plan_all(crew)
    if not are_asked(crew):
        with step("demo: site events, queries, a change"):
            tell_dockets(crew)


def _load_past(making: Making, reporting: Reporting, past: Sequence[Incident]) -> None:
    lots = [lot for lot in (*FINISHED, *FINISHED_COPIES) if not making.is_over(lot)]
    if lots:
        with step(f"demo: history, {len(lots)} batches"):
            for lot in lots:
                making.finish(lot)
            for lot in sorted(lots, key=lambda each: each.age_s, reverse=True):
                record(lot, making.batches[lot.number], making.moment)
    if not reporting.knows(past):
        with step(f"demo: history, {len(past)} deviations"):
            reporting.tell(past)


@contextmanager
def _quick_commits() -> Iterator[None]:
    """Commit without waiting for the disk: what a crash loses of the history, the next start loads again."""
    with connection.cursor() as cursor:
        cursor.execute("set synchronous_commit to off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("reset synchronous_commit")
