"""Two people at once, on two real connections."""

import hashlib
import json
import threading
from datetime import timedelta
from functools import partial

import psycopg
from django.db import connection, connections
from django.test import Client

from deviations.clauses.triggers import STATED
from deviations.models import Deviation, Judgement, Notice
from portal.agreements.document import Clause
from portal.agreements.rules import Notification
from portal.errors import DomainError
from portal.models import Alert, Attachment
from tests import database as databases
from tests.conftest import actor
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.agreements import agree


def at_once(*calls):
    """Run the calls in threads that start together; returns what each gave or raised."""
    barrier, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        try:
            barrier.wait()
            outcomes[place] = call()
        except DomainError as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return outcomes


def split(outcomes):
    done = [each for each in outcomes if not isinstance(each, DomainError)]
    refused = sorted(each.status for each in outcomes if isinstance(each, DomainError))
    return done, refused


def test_two_triages_at_once_give_one_class(own_database):
    qa, system = actor("cdmo_qa"), actor("cdmo_system")
    for _ in range(5):
        found = make.report(qa)
        outcomes = at_once(
            partial(make.triage, qa, found, "major"), partial(make.triage, system, found, "critical")
        )
        done, refused = split(outcomes)
        assert (len(done), refused) == (1, [409])
        assert len(seen_by(qa, Judgement, deviation_id=found.pk)) == 1
        assert only(qa, Deviation, pk=found.pk).version == 2
    assert [name for name, _ in facts()] == ["deviation.reported", "deviation.triaged"] * 5


def test_two_releases_at_once_send_one_notice(own_database):
    qa, system = actor("cdmo_qa"), actor("cdmo_system")
    found = make.triage(qa, make.report(qa))
    done, refused = split(at_once(lambda: make.release(qa, found), lambda: make.release(system, found)))
    assert (len(done), refused) == (1, [409])
    assert len(seen_by(qa, Notice)) == len(seen_by(qa, Alert)) == 1


def test_a_clause_and_a_person_at_once_send_one_notice(own_database):
    qa, system = actor("cdmo_qa"), actor("cdmo_system")
    rule = Notification(of=("deviation",), to=("sponsor.qa",), classification=("critical",), at_once=STATED)
    agree(Clause("5.1", "quality_unit", "Told at once", "At once.", (rule,)))
    for _ in range(4):
        found = make.report(qa, triggers=["grade_a_growth"])
        outcomes = at_once(
            partial(make.triage, qa, found, "critical"),
            partial(make.triage, system, found, "major"),
            partial(make.release, qa, found, version=found.version + 1),
        )
        done, refused = split(outcomes)
        # Triaged as major it is released by hand; as critical the clause was quicker.
        assert len(done) + len(refused) == len(outcomes)
        assert len(seen_by(qa, Notice, deviation_id=found.pk)) <= 1
        row = only(qa, Deviation, pk=found.pk)
        notices = seen_by(qa, Notice, deviation_id=found.pk)
        assert (row.audience == "shared") == bool(notices)
        alerts = seen_by(qa, Alert, subject_id=found.pk, kind="deviation.notice")
        assert len(alerts) == len(notices)


def test_reports_at_once_get_numbers_without_hole_or_double(own_database):
    people = [actor(key) for key in ("cdmo_operator", "cdmo_qa", "cdmo_shift_lead", "cdmo_system")]
    done, refused = split(at_once(*(lambda each=each: make.report(each) for each in people)))
    assert refused == []
    assert sorted(each.number[-4:] for each in done) == ["0001", "0002", "0003", "0004"]


def test_a_file_and_a_release_at_once_leave_no_file_behind_unseen(own_database):
    qa, operator = actor("cdmo_qa"), actor("cdmo_operator")
    for _ in range(4):
        found = make.triage(qa, make.report(qa))
        outcomes = at_once(partial(make.release, qa, found), partial(make.attach, operator, found))
        row = only(qa, Deviation, pk=found.pk)
        file = only(qa, Attachment, subject_id=found.pk)
        assert file.audience == row.audience
        released = not isinstance(outcomes[0], DomainError)
        assert row.audience == ("shared" if released else "manufacturer")
        if not released:
            assert outcomes[0].status == 412


def test_the_same_request_while_it_is_worked_on_is_409_in_flight(database):
    route, key = "POST /api/v1/deviations/", "flying"
    person = cast.person_id("cdmo_system")
    digest = hashlib.sha256(f"{person}\x1f{route}\x1f{key}".encode()).digest()
    at = make.now()
    body = {
        "program": str(cast.PROGRAM),
        "title": make.TITLE,
        "description": make.WORDS,
        "occurred_at": (at - timedelta(hours=1)).isoformat(),
        "detected_at": at.isoformat(),
    }

    def send():
        client = Client(
            headers={"Authorization": f"Bearer {cast.TOKENS['cdmo_system']}", "Idempotency-Key": key}
        )
        return client.post("/api/v1/deviations/", json.dumps(body), content_type="application/json")

    with psycopg.connect(databases.url("app", connection.settings_dict["NAME"])) as other:
        other.execute("select pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        busy = send()
        assert (busy.status_code, busy.json()["code"]) == (409, "in_flight")
    done = send()
    assert done.status_code == 201
    assert len(seen_by(actor("cdmo_qa"), Deviation)) == 1
