"""Envelope keys wrapped by a key service: a real process that speaks AWS's protocol over HTTP."""

import logging
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal import keyring, kms
from portal.errors import KeyUnavailable
from portal.sealing import seal, unseal
from tests.deviations.conftest import facts
from tests.factories import cast, keys
from tests.factories import deviations as make
from tests.portal.test_keyring import run

AWAY = "the service that holds its key does not answer"


@pytest.fixture(scope="module")
def server():
    found = keys.KeyServer()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def service(server, database, tmp_path, monkeypatch, settings):
    """The key service is what wraps; each organisation of the cast has a key there."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    kms._client.cache_clear()
    keys.own_folder(settings, tmp_path / "keys")
    settings.KMS, settings.KMS_KEY = "aws-kms", f"alias/{tmp_path.name}-{{organisation}}"
    for each in (cast.CDMO, cast.ARVO, cast.TESSEL):
        server.make_key(each)
    yield server
    kms._client.cache_clear()


@pytest.fixture
def wrapped(service):
    """The keys that lay in files before are wrapped by now."""
    done = run("rotate_keys", "--older-than", "1000000")
    assert done[0] == 0, done[1]
    keyring.forget()
    return service


@pytest.fixture
def away(service):
    """A way to take the service away, which comes back afterwards, empty."""
    yield service.stop
    if service._process.poll() is not None:
        service.start()


def sealed(text="private words", organisation=cast.CDMO):
    return seal(text, organisation_id=organisation, space_id=cast.PROGRAM, audience="manufacturer")


class TestWrapping:
    def test_keys_move_from_files_to_the_service_and_all_stays_readable(self, service):
        before = sealed()
        assert {each.service for each in keyring.list_keys(cast.CDMO)} == {"file"}
        assert run("rotate_keys", "--older-than", "0")[0] == 0
        keyring.forget()
        assert {each.service for each in keyring.list_keys(cast.CDMO)} == {"aws-kms"}
        assert (unseal(before), unseal(sealed())) == ("private words", "private words")

    def test_and_back(self, wrapped, settings):
        before = sealed()
        settings.KMS = "file"
        assert run("rotate_keys")[0] == 0
        wrapped.forget_all()
        keyring.forget()
        assert unseal(before) == "private words"

    def test_no_key_lies_on_disk_in_clear(self, service):
        clear = keys.file_of(cast.CDMO).read_text().split()[-1]
        assert run("rotate_keys")[0] == 0
        assert clear not in keys.file_of(cast.CDMO).read_text()

    def test_a_file_names_the_service_and_its_key(self, wrapped):
        name = wrapped.rotate(cast.CDMO)
        assert keyring.wrap_anew(cast.CDMO) == 1
        fields = keys.file_of(cast.CDMO).read_text().split()
        assert fields[2] == "aws-kms"
        assert fields[3].startswith(f"{name}|")

    def test_a_new_key_of_the_service_leaves_the_old_one_of_use_until_all_is_wrapped_anew(self, wrapped):
        before = sealed()
        wrapped.rotate(cast.CDMO)
        keyring.forget()
        assert unseal(before) == "private words"

    def test_wrapped_bytes_of_one_organisation_open_for_no_other(self, wrapped):
        keys.file_of(cast.TESSEL).write_bytes(keys.file_of(cast.CDMO).read_bytes())
        with pytest.raises(KeyUnavailable) as refused:
            sealed(organisation=cast.TESSEL)
        assert refused.value.reason == "the key service answers InvalidCiphertextException"

    def test_the_library_that_asks_is_never_logged_whole(self, service):
        # At DEBUG it writes each answer, a key in clear among them.
        assert logging.getLogger("botocore.parsers").getEffectiveLevel() >= logging.INFO

    def test_an_organisation_without_a_key_there_gets_none_here(self, service):
        with pytest.raises(KeyUnavailable):
            keyring.make_key(cast.fixed("not known there"))
        assert not keys.file_of(cast.fixed("not known there")).exists()

    def test_the_service_is_asked_once_in_the_stated_time(self, wrapped, settings):
        wrapped.counted = wrapped.said().count("POST / ")
        for _ in range(50):
            unseal(sealed())
        assert asked(wrapped) == 1
        settings.KEY_CACHE *= 0
        keyring.forget()
        unseal(sealed())
        assert asked(wrapped) == 2


def asked(server):
    """How often anything was unwrapped since this was last looked at."""
    said = server.said().count("POST / ")
    since, server.counted = said - server.counted, said
    return since


class TestAServiceThatIsAway:
    @pytest.fixture
    def record(self, database, wrapped, cdmo_operator):
        return make.report(cdmo_operator)

    def test_pages_say_so_and_show_all_else(self, record, away, signed_in):
        away()
        keyring.forget()
        client = signed_in("cdmo_qa")
        for address in ("/", "/deviations/", f"/deviations/{record.pk}/", "/ledger/", "/batches/"):
            answer = client.get(address)
            assert answer.status_code == 200, address
        page = client.get(f"/deviations/{record.pk}/").content.decode()
        assert AWAY in page
        assert record.number in page
        assert make.WORDS not in page

    def test_private_words_are_refused_with_503_and_leave_nothing(self, record, away, signed_in, api):
        away()
        keyring.forget()
        before = facts()
        stated = {"classification": "major", "rationale": make.RATIONALE}
        answer = api("cdmo_system").post(
            f"/api/v1/deviations/{record.pk}/triage/",
            stated,
            content_type="application/json",
            headers={"If-Match": '"1"'},
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "key_away")
        assert "does not answer" in answer.json()["detail"]
        answer = signed_in("cdmo_qa").post(f"/deviations/{record.pk}/triage/", stated | {"version": "1"})
        assert answer.status_code == 503
        assert "does not answer" in answer.content.decode()
        assert make.RATIONALE in answer.content.decode()
        assert facts() == before

    def test_a_file_is_refused_with_503(self, record, away, api):
        away()
        keyring.forget()
        answer = api("cdmo_system").post(
            f"/api/v1/attachments/?subject={record.pk}", {"file": SimpleUploadedFile("a.txt", b"words")}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "key_away")

    def test_shared_words_are_written_and_read(self, record, away, cdmo_qa, signed_in):
        shared = make.release(cdmo_qa, make.triage(cdmo_qa, record))
        away()
        keyring.forget()
        make.investigate(cdmo_qa, shared)
        assert make.WORDS in signed_in("sponsor_qa").get(f"/deviations/{record.pk}/").content.decode()

    def test_nothing_waits_long_for_a_service_that_hangs(self, record, service, signed_in):
        client = signed_in("cdmo_qa")
        service.hang()
        try:
            keyring.forget()
            begun = time.monotonic()
            for address in (f"/deviations/{record.pk}/", "/deviations/", "/ledger/"):
                assert client.get(address).status_code == 200
            assert time.monotonic() - begun < kms.CONNECT_S + kms.ANSWER_S + 4
        finally:
            service.go_on()

    def test_all_is_there_again_when_it_answers_again(self, record, service, signed_in):
        service.hang()
        try:
            keyring.forget()
            assert AWAY in signed_in("cdmo_qa").get(f"/deviations/{record.pk}/").content.decode()
        finally:
            service.go_on()
        keyring.forget()
        assert make.WORDS in signed_in("cdmo_qa").get(f"/deviations/{record.pk}/").content.decode()

    def test_the_command_keys_tells_it(self, wrapped, away):
        away()
        code, said = run("keys")
        assert code == 1
        assert "CANNOT BE OPENED: the key service" in said
