"""What is no record goes by itself when it is old enough, and not a day earlier; a record never goes."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from psycopg import sql

from portal import tasks
from portal.models import (
    CheckpointMail,
    ClockTry,
    Courier,
    Guess,
    Heartbeat,
    Idempotency,
    RefusalCount,
    SignIn,
    SigningTry,
)
from portal.retention import SWEPT
from portal.states import WayIn
from tests.factories import cast

# What makes one row of each swept table, as old as this moment.
ROWS = {
    "portal_idempotency": lambda: Idempotency.objects.create(
        person_id=uuid4(), digest=b"x", action="test", created_at=timezone.now()
    ),
    "portal_refusalcount": lambda: RefusalCount.objects.create(
        person_id=uuid4(), hour=timezone.now(), count=1
    ),
    "portal_signingtry": lambda: SigningTry.objects.create(
        person_id=cast.person_id("sponsor_qa"), at=timezone.now()
    ),
    "django_session": lambda: Session.objects.create(session_key="k", expire_date=timezone.now()),
    "portal_heartbeat": lambda: Heartbeat.objects.create(process="fork 0 s", seen_at=timezone.now()),
    "portal_guess": lambda: Guess.objects.create(subject=b"x" * 32, at=timezone.now()),
    "portal_signin": lambda: SignIn.objects.create(
        person_id=cast.person_id("sponsor_qa"),
        at=timezone.now(),
        way=WayIn.PASSWORD,
        agent="a browser",
        is_known_device=False,
    ),
    "portal_clocktry": lambda: ClockTry.objects.create(
        clock_id=uuid4(), space_id=cast.PROGRAM, tries=1, tried_at=timezone.now()
    ),
    "portal_courier": lambda: Courier.objects.create(id=uuid4(), channel="email", seen_at=timezone.now()),
    "portal_checkpointmail": lambda: CheckpointMail.objects.create(
        person_id=uuid4(), day=timezone.now().date(), next_at=timezone.now()
    ),
}


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))
        return cursor.fetchone()[0]


@pytest.mark.parametrize("sweep", SWEPT, ids=lambda sweep: sweep.table)
def test_a_row_of_the_machinery_is_swept_when_it_is_old_enough_and_not_earlier(database, clock, sweep):
    before = count(sweep.table)
    ROWS[sweep.table]()
    if sweep.limit:
        clock.move(sweep.limit - timedelta(minutes=1))
        tasks.tidy()
        assert count(sweep.table) == before + 1
    clock.move(sweep.limit + timedelta(minutes=1))
    tasks.tidy()
    assert count(sweep.table) == before


def test_sweeping_leaves_the_canary_of_every_process(database, clock):
    tasks.heartbeat()
    clock.move(timedelta(days=800))
    tasks.tidy()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from portal_heartbeat where process = 'worker'")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    "table", ["batches_reading", "batches_frame", "batches_batch", "deviations_deviation"]
)
def test_the_database_lets_the_application_delete_no_record(own_database, table):
    with own_database.connect("app") as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
