"""The drill of losing a key: what one organisation sealed is unreadable for good, and nothing else is."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from portal import keyring, tasks
from portal.action import reading
from portal.actor import Side, system_actor
from portal.errors import KeyUnavailable
from portal.offline import verify_export
from portal.states import Meaning
from portal.streams import ChainKey
from tests.conftest import entries_of, head_of
from tests.factories import alerts, cast, keys
from tests.factories import deviations as make
from tests.factories.signing import make_signer, sign
from tests.portal.test_keyring import run
from tests.portal.test_publishing import publish

GONE = "its key is not here"
SECRET = "LOSTWORDS of the manufacturer alone"
PRIVATE = "manufacturer"
PNG = b"\x89PNG\r\n\x1a\n LOSTWORDS picture"
SHARED_PNG = b"\x89PNG\r\n\x1a\n shared picture"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    return keys.own_folder(settings, tmp_path / "keys")


@pytest.fixture
def kept_elsewhere(folder):
    return keys.file_of(cast.CDMO).read_bytes()


@pytest.fixture
def record(database, cdmo_qa, cdmo_operator, kept_elsewhere):
    """A private deviation with a file, a class and a signature; then the key is lost."""
    private = make.report(cdmo_operator, title=SECRET, description=f"{SECRET} in a sentence.")
    make.attach(cdmo_operator, private, name="LOSTWORDS.png", data=PNG)
    private = make.triage(cdmo_qa, private, version=2)
    make_signer(cdmo_qa, cast.CDMO)
    make_signer(cdmo_operator, cast.CDMO)
    sign(cdmo_qa, private, Meaning.AUTHORED)
    keys.lose(cast.CDMO)
    return private


@pytest.fixture
def shared(database, cdmo_qa, cdmo_operator, folder):
    found = make.report(cdmo_operator)
    make.attach(cdmo_operator, found, name="shared.png", data=SHARED_PNG)
    return make.release(cdmo_qa, make.triage(cdmo_qa, found, version=2))


def rows(query):
    with reading(system_actor("relay", cast.PROGRAM)), connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def pages(record):
    last = head_of(cast.PROGRAM, PRIVATE)
    return (
        "/",
        "/board/",
        "/batches/",
        "/deviations/",
        f"/deviations/{record.pk}/",
        f"/deviations/{record.pk}/notice/",
        "/escalations/",
        f"/ledger/?space={cast.PROGRAM}&audience={PRIVATE}",
        f"/ledger/{cast.PROGRAM}/{PRIVATE}/{last}/",
        f"/sign/deviation/{record.pk}/",
    )


class TestWhatTheOrganisationSealed:
    def test_no_page_fails_and_each_that_showed_it_says_why_it_does_not(self, record, signed_in):
        client, said = signed_in("cdmo_qa"), {}
        for address in pages(record):
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert "LOSTWORDS" not in answer.content.decode(), address
            said[address] = GONE in answer.content.decode()
        assert said[f"/deviations/{record.pk}/"]
        assert said["/deviations/"]
        assert said[f"/ledger/{cast.PROGRAM}/{PRIVATE}/{head_of(cast.PROGRAM, PRIVATE)}/"]

    def test_the_api_says_it_in_the_same_words(self, record, api):
        body = api("cdmo_system").get(f"/api/v1/deviations/{record.pk}/").json()
        assert body["title"] == f"(sealed; {GONE})"
        assert [each["holds"] for each in body["signatures"]] == [None]
        listed = api("cdmo_system").get("/api/v1/deviations/").json()["results"]
        assert [each["title"] for each in listed] == [f"(sealed; {GONE})"]
        events = api("cdmo_system").get(f"/api/v1/events/?program={cast.PROGRAM}&audience={PRIVATE}")
        assert events.status_code == 200
        assert "LOSTWORDS" not in events.content.decode()

    def test_a_signature_on_it_is_neither_called_good_nor_broken(self, record, signed_in):
        page = signed_in("cdmo_qa").get(f"/deviations/{record.pk}/").content.decode()
        assert "cannot be checked without its key" in page
        assert "does not hold" not in page

    def test_a_file_is_refused_in_words(self, record, api):
        client = api("cdmo_system")
        listed = client.get(f"/api/v1/attachments/?subject={record.pk}").json()["results"]
        answer = client.get(listed[0]["content"])
        assert (answer.status_code, answer.json()["code"]) == (503, "key_gone")
        assert "bring the key back" in answer.json()["detail"]

    @pytest.mark.parametrize("step", [make.release, make.cancel])
    def test_is_disclosed_signed_and_changed_by_nobody_as_if_the_words_were_it(self, record, step, cdmo_qa):
        before = rows("select title, audience from deviations_deviation")
        with pytest.raises(KeyUnavailable) as refused:
            step(cdmo_qa, record)
        assert refused.value.problem_code == "key_gone"
        assert rows("select title, audience from deviations_deviation") == before

    def test_goes_on_where_no_private_word_is_written(self, record, cdmo_qa):
        assert make.investigate(cdmo_qa, record).state == "under_investigation"
        _seq, kind, summary, _news = entries_of(cast.PROGRAM, PRIVATE)[-1]
        assert (kind, json.loads(summary)["title"]) == ("deviation.investigation_started", "")

    def test_is_not_signed_either(self, record, cdmo_operator):
        with pytest.raises(KeyUnavailable):
            sign(cdmo_operator, record, Meaning.AUTHORED)

    def test_is_whole_again_when_the_key_is_brought_back(self, record, signed_in, kept_elsewhere):
        keys.file_of(cast.CDMO).write_bytes(kept_elsewhere)
        page = signed_in("cdmo_qa").get(f"/deviations/{record.pk}/").content.decode()
        assert SECRET in page
        assert "cannot be checked" not in page


class TestEverythingElse:
    def test_what_is_shared_is_read_by_both_sides_with_its_files(self, shared, record, signed_in, api):
        for key in ("cdmo_qa", "sponsor_qa"):
            client = signed_in(key)
            assert make.WORDS in client.get(f"/deviations/{shared.pk}/").content.decode()
            listed = client.get(f"/api/v1/attachments/?subject={shared.pk}").json()["results"]
            assert client.get(listed[0]["content"]).content == SHARED_PNG

    def test_work_on_what_is_shared_goes_on(self, shared, record, cdmo_qa):
        assert make.finish(cdmo_qa, make.investigate(cdmo_qa, shared)).state == "closed"

    def test_the_other_organisations_keys_seal_and_open(self, record):
        alert = alerts.raised(program=cast.PROGRAM)
        assert alert.title
        assert run("keys")[0] == 0

    def test_a_ladder_of_the_organisation_climbs_on(self, record, clock):
        alert = alerts.raised(program=cast.PROGRAM, side=Side.MANUFACTURER)
        told = len(alerts.rows_of(alert)["deliveries"])
        clock.move(timedelta(seconds=121))
        assert tasks.sweep() == 1
        assert len(alerts.rows_of(alert)["deliveries"]) > told

    @pytest.mark.parametrize("audience", ["shared", PRIVATE])
    def test_the_ledger_is_verified_without_the_key(self, shared, record, audience, signed_in, tmp_path):
        publish(ChainKey(cast.PROGRAM, audience))
        answer = signed_in("cdmo_qa").get(f"/api/v1/ledger/{cast.PROGRAM}/{audience}/export?files=no")
        path = tmp_path / "export.zip"
        path.write_bytes(b"".join(answer))
        assert verify_export.main([str(path)]) == 0
        assert zipfile.is_zipfile(io.BytesIO(path.read_bytes()))
        assert b"LOSTWORDS" not in path.read_bytes()

    def test_the_stored_words_stay_as_they_were(self, record):
        stored = [title for (title,) in rows("select title from deviations_deviation")]
        assert all(each.startswith("\x01s2:") for each in stored)
        assert len(entries_of(cast.PROGRAM, PRIVATE)) == head_of(cast.PROGRAM, PRIVATE)

    def test_nothing_is_left_on_disk_that_opens_the_file(self, record):
        stored = [each for each in Path(django_settings.ATTACHMENTS_DIR).rglob("*") if each.is_file()]
        assert stored
        assert not any(b"LOSTWORDS picture" in each.read_bytes() for each in stored)


class TestBeginningAnew:
    def test_a_lost_key_is_replaced_only_by_name(self, record):
        assert run("rotate_keys")[0] == 0
        assert not keys.file_of(cast.CDMO).exists()
        assert run("rotate_keys", "--lost", str(cast.CDMO))[0] == 0
        assert len(keyring.list_keys(cast.CDMO)) == 1

    def test_new_words_are_sealed_and_read_and_the_old_stay_unreadable(
        self, record, cdmo_operator, signed_in
    ):
        run("rotate_keys", "--lost", str(cast.CDMO))
        fresh = make.report(cdmo_operator, title="Words after the loss")
        client = signed_in("cdmo_qa")
        assert "Words after the loss" in client.get(f"/deviations/{fresh.pk}/").content.decode()
        old = client.get(f"/deviations/{record.pk}/").content.decode()
        assert GONE in old
        assert SECRET not in old

    def test_the_old_words_are_not_signed_or_disclosed_with_the_new_key(self, record, cdmo_qa, cdmo_operator):
        run("rotate_keys", "--lost", str(cast.CDMO))
        for step in (
            lambda: make.release(cdmo_qa, record),
            lambda: sign(cdmo_operator, record, Meaning.AUTHORED),
        ):
            with pytest.raises(KeyUnavailable):
                step()
