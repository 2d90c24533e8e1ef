"""The daily mail of checkpoints: to whom, of which chains, once, and what it is good for."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, connections

from portal import tasks
from portal.action import reading
from portal.actions import people
from portal.actions.mailing import LEASE, claim_checkpoint_mail
from portal.actor import Side, system_actor
from portal.checkpoint_mail import collect, compose_checkpoints
from portal.checkpoints import list_holders
from portal.models import Assignment
from portal.streams import ChainKey
from tests.factories import cast
from tests.factories.chains import PRIVATE, SHARED, grow, newest

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
COURIER = system_actor("courier")
HEAD, OTHER_HEAD, ADMIN = (
    cast.EMAILS[key] for key in ("sponsor_quality_head", "cdmo_quality_head", "cdmo_admin")
)
RIVAL = cast.EMAILS["rival_sponsor_qa"]
SPONSORS_OWN = ChainKey(cast.PROGRAM, "sponsor")
OF_ARVO = {cast.ARVO, cast.PARTNERSHIP, cast.PROGRAM, cast.SECOND_PROGRAM}
OF_TESSEL = {cast.TESSEL, cast.RIVAL_PARTNERSHIP, cast.RIVAL_PROGRAM}
OF_CDMO = (OF_ARVO | OF_TESSEL | {cast.CDMO}) - {cast.ARVO, cast.TESSEL}


@pytest.fixture(autouse=True)
def morning(settings, clock):
    """Six o'clock of the next day, when the mail is due."""
    settings.CHECKPOINT_MAIL_HOUR = 6
    at(clock, 6)


@pytest.fixture
def chains(database):
    """Every chain with a checkpoint: shared ones, both sides' private ones, the rival's."""
    for chain in (PRIVATE, SPONSORS_OWN, ChainKey(cast.RIVAL_PROGRAM, "sponsor")):
        grow(chain)
    tasks.publish()
    sealer = system_actor("sealer", *OF_CDMO, cast.ARVO, cast.TESSEL)
    with reading(sealer), connection.cursor() as cursor:
        cursor.execute("select distinct space_id, audience from ledger.checkpoint")
        return {ChainKey(*row) for row in cursor.fetchall()}


@pytest.fixture
def rival_head(database):
    people.give_assignment(
        system_actor("setup", cast.TESSEL),
        cast.TESSEL,
        person_id=cast.person_id("rival_sponsor_qa"),
        target_id=cast.RIVAL_PARTNERSHIP,
        side=Side.SPONSOR,
        role="quality_head",
        code="Rival head 01",
    )


def at(clock, hour, minute=0, *, days=1):
    now = datetime.now(UTC)
    clock.move((now + timedelta(days=days)).replace(hour=hour, minute=minute, second=0) - now)


def addressees(box):
    return sorted(to for tos, _ in box.messages for to in tos)


def files_to(box, address):
    """The attachments of the one mail to somebody, by name."""
    (message,) = (each for tos, each in box.messages if tos == [address])
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}


def named(chains):
    return {f"checkpoint-{each.space_id}-{each.audience}.txt" for each in chains}


def holders(actor, chain=SHARED):
    with reading(actor):
        return [(each.organisation, each.size, each.how) for each in list_holders(actor, chain)]


def test_administrators_and_heads_of_quality_get_one_mail_a_day_and_nobody_else(chains, clock, mailbox):
    assert tasks.mail_checkpoints() == 3
    assert tasks.mail_checkpoints() == 0
    assert addressees(mailbox) == [ADMIN, OTHER_HEAD, HEAD]
    at(clock, 23, 59)
    assert tasks.mail_checkpoints() == 0
    at(clock, 6, days=2)
    assert tasks.mail_checkpoints() == 3
    assert addressees(mailbox) == sorted(2 * [ADMIN, OTHER_HEAD, HEAD])


def test_nothing_is_sent_before_the_hour_or_when_it_is_switched_off(chains, clock, settings, mailbox):
    at(clock, 5, 59)
    assert tasks.mail_checkpoints() == 0
    at(clock, 6)
    settings.CHECKPOINT_MAIL_HOUR = None
    assert tasks.mail_checkpoints() == 0
    assert mailbox.messages == []
    settings.CHECKPOINT_MAIL_HOUR = 6
    assert tasks.mail_checkpoints() == 3


def test_whose_account_or_seat_has_ended_gets_none(chains, clock, mailbox, cdmo_admin):
    with reading(cdmo_admin):
        seats = Assignment.objects.visible_to(cdmo_admin)
        seat = seats.get(person_id=cast.person_id("cdmo_quality_head"), target_id=cast.PARTNERSHIP)
        other = seats.get(person_id=cast.person_id("cdmo_quality_head"), target_id=cast.RIVAL_PARTNERSHIP)
    for each in (seat, other):
        people.end_assignment(cdmo_admin, each.pk, reason="Works elsewhere.")
    assert tasks.mail_checkpoints() == 2
    assert addressees(mailbox) == [ADMIN, HEAD]


def test_it_carries_the_newest_checkpoint_of_each_chain_that_the_organisation_may_follow(
    chains, rival_head, mailbox
):
    grow(times=2)
    grow(PRIVATE, times=2)
    tasks.mail_checkpoints()
    assert {PRIVATE, SPONSORS_OWN, ChainKey(cast.RIVAL_PROGRAM, "sponsor")} < chains
    for address, spaces, private in (
        (HEAD, OF_ARVO, "sponsor"),
        (RIVAL, OF_TESSEL, "sponsor"),
        (OTHER_HEAD, OF_CDMO, "manufacturer"),
        (ADMIN, OF_CDMO, "manufacturer"),
    ):
        followed = {
            each for each in chains if each.space_id in spaces and each.audience in ("shared", private)
        }
        files = files_to(mailbox, address)
        assert set(files) == named(followed), address
        for chain in followed:
            (name,) = named([chain])
            assert files[name].decode() == newest(chain).note


def test_no_private_chain_reaches_the_other_side_and_a_rival_gets_its_own_alone(chains, rival_head, mailbox):
    tasks.mail_checkpoints()
    assert named([PRIVATE]).isdisjoint(files_to(mailbox, HEAD))
    assert named([SPONSORS_OWN]).isdisjoint(files_to(mailbox, OTHER_HEAD))
    for _, message in mailbox.messages:
        to, words = message["To"], message.as_string()
        for space in (cast.ARVO, cast.PROGRAM, cast.SECOND_PROGRAM, cast.PARTNERSHIP):
            assert to != RIVAL or str(space) not in words
        for space in OF_TESSEL:
            assert to != HEAD or str(space) not in words


def test_it_says_nothing_of_product_or_company(chains, rival_head, mailbox):
    tasks.mail_checkpoints()
    for tos, message in mailbox.messages:
        parts = [part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()]
        said = "\n".join([str(message.items()), *parts])
        for word in ("Norrsund", "Arvo", "Tessel", "AV-101", "AV-310", "TB-22", "CANARY", "antibody", "Malm"):
            assert word not in said, tos
    files = files_to(mailbox, HEAD)
    (message,) = (each for tos, each in mailbox.messages if tos == [HEAD])
    assert message["Subject"] == f"Signed checkpoints of {_today()} from Covalent"
    listed = {line for line in message.get_body().get_content().splitlines() if "/" in line}
    assert listed == {note.decode().splitlines()[0] for note in files.values()}


def _today():
    return (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


def test_who_holds_a_checkpoint_by_mail_is_kept_once(chains, clock, mailbox, sponsor_qa):
    assert holders(sponsor_qa) == []
    tasks.mail_checkpoints()
    size = newest().size
    kept = [("Arvo Therapeutics", size, "mail"), ("Norrsund Biologics", size, "mail")]
    assert holders(sponsor_qa) == kept
    at(clock, 6, days=2)
    tasks.mail_checkpoints()
    assert holders(sponsor_qa) == kept
    assert holders(sponsor_qa, SPONSORS_OWN) == [("Arvo Therapeutics", newest(SPONSORS_OWN).size, "mail")]


def test_what_the_server_did_not_take_is_held_by_nobody_and_tried_again_later(
    chains, clock, mailbox, sponsor_qa
):
    mailbox.refused = {HEAD}
    assert tasks.mail_checkpoints() == 2
    assert [each[0] for each in holders(sponsor_qa)] == ["Norrsund Biologics"]
    mailbox.refused = set()
    assert tasks.mail_checkpoints() == 0
    at(clock, 6, 11)
    assert tasks.mail_checkpoints() == 1
    assert [each[0] for each in holders(sponsor_qa)] == ["Arvo Therapeutics", "Norrsund Biologics"]


def test_a_courier_that_died_before_it_noted_is_followed_by_one_that_sends_the_same_mail(
    chains, clock, mailbox
):
    first = claim_checkpoint_mail(COURIER, hour=6)
    compose_checkpoints(first, collect(first.organisation_id)).send()
    assert tasks.mail_checkpoints() == 2
    at(clock, 6, int(LEASE.total_seconds()) // 60 + 1)
    assert tasks.mail_checkpoints() == 1
    assert tasks.mail_checkpoints() == 0
    twice = [message["Message-ID"] for tos, message in mailbox.messages if tos == [first.address]]
    assert twice == 2 * [f"<{_today()}.{first.person_id.hex}@testserver>"]
    assert len({message["Message-ID"] for _, message in mailbox.messages}) == 3


def test_what_two_workers_claim_at_once_goes_to_each_person_once(own_database):
    claimed, start = [], threading.Barrier(4)

    def work():
        start.wait()
        while (found := claim_checkpoint_mail(COURIER, hour=0)) is not None:
            claimed.append(found.address)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= {ADMIN, OTHER_HEAD, HEAD}


def test_a_mailed_checkpoint_tells_an_honest_export_from_a_forked_one(chains, mailbox, api, tmp_path):
    tasks.mail_checkpoints()
    held = tmp_path / "held.txt"
    held.write_bytes(files_to(mailbox, HEAD)[named([SHARED]).pop()])
    grow(times=3)
    export = tmp_path / "export.zip"
    export.write_bytes(b"".join(api("sponsor_system").get(f"/api/v1/ledger/{cast.PROGRAM}/shared/export")))

    def verify(file):
        command = [sys.executable, str(MANAGE), "verify", str(export), "--checkpoint", str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    run = verify(held)
    assert (run.returncode, "is of the same tree" in run.stdout) == (0, True), run.stderr
    other = tmp_path / "other.txt"
    other.write_bytes(files_to(mailbox, HEAD)[named([SPONSORS_OWN]).pop()])
    assert verify(other).returncode == 1
