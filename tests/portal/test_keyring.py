"""Envelope keys in files: ids, rotation, what a kill at any line leaves behind (ground 4, 8)."""

import base64
import os
import re
import signal
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.management import call_command

from portal import disk, keyring
from portal.errors import KeyUnavailable
from portal.sealing import seal, unseal
from portal.signing_in import SealedSecrets, seal_secrets_anew
from tests.conftest import entries_of, head_of
from tests.factories import cast, keys

WORDS = "Words of one side alone, ö."
ORGANISATION = cast.fixed("keeper of keys")
OTHER = cast.fixed("another keeper")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "keys"
    keyring.make_key(ORGANISATION)
    return settings.KEYS_DIR


def sealed(text=WORDS, organisation=ORGANISATION):
    return seal(text, organisation_id=organisation, space_id=cast.PROGRAM, audience="manufacturer")


def run(command, *given):
    """Exit code and output of a command."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(command, *given, stdout=out, stderr=out)
    return ended.value.code, out.getvalue()


def in_the_first_form(text):
    """As text was sealed before keys had ids."""
    key = base64.b64decode(keys.file_of(ORGANISATION).read_bytes())
    where = f"{ORGANISATION}:{cast.PROGRAM}:manufacturer"
    nonce = os.urandom(12)
    token = nonce + AESGCM(key).encrypt(nonce, text.encode(), where.encode())
    return f"\x01s1:{where}:{base64.b64encode(token).decode()}"


def in_child(call):
    """The exit code of a forked process that makes a call."""
    pid = os.fork()
    if pid == 0:
        try:
            call()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(line, call):
    """A call that ends by SIGKILL before the given line of ours is run."""
    ours, ran = {keyring.__file__, disk.__file__}, 0

    def tracer(frame, event, _arg):
        nonlocal ran
        if frame.f_code.co_filename not in ours:
            return None
        if event == "line":
            ran += 1
            if ran == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return tracer

    def run_traced():
        sys.settrace(tracer)
        call()

    return run_traced


class TestWhatIsStored:
    def test_names_the_key_that_sealed_it_and_none_of_the_words(self):
        stored = sealed()
        key = keyring.list_keys(ORGANISATION)[0]
        where = re.escape(f"\x01s2:{ORGANISATION}:{cast.PROGRAM}:manufacturer:{key.id}:")
        assert re.fullmatch(f"{where}[A-Za-z0-9+/]+=*", stored)
        assert unseal(stored) == WORDS

    def test_is_another_each_time(self):
        assert sealed() != sealed()

    @pytest.mark.parametrize("part", [1, 2, 3, 4, 5])
    def test_opens_nowhere_else(self, part):
        keyring.make_key(OTHER)
        fields = sealed().split(":")
        fields[part] = {1: str(OTHER), 2: str(cast.RIVAL_PROGRAM), 3: "sponsor", 4: "0" * 16, 5: "AAAA"}[part]
        with pytest.raises(KeyUnavailable) as refused:
            unseal(":".join(fields))
        assert refused.value.problem_code == "key_gone"

    def test_lies_under_a_file_that_only_its_owner_opens(self, folder):
        assert [(each.stat().st_mode & 0o777) for each in folder.glob("*.key")] == [0o600]
        assert folder.stat().st_mode & 0o077 == 0


class TestAKeyFileFromBeforeKeysHadIds:
    @pytest.fixture(autouse=True)
    def bare(self):
        keys.file_of(ORGANISATION).write_bytes(base64.b64encode(os.urandom(32)))

    def test_opens_what_it_sealed_then_and_seals_with_its_id_now(self):
        old = in_the_first_form(WORDS)
        assert (unseal(old), unseal(sealed())) == (WORDS, WORDS)

    def test_stays_readable_after_every_rotation(self):
        old = in_the_first_form(WORDS)
        for _ in range(3):
            keyring.add_key(ORGANISATION)
            keyring.wrap_anew(ORGANISATION)
        assert unseal(old) == WORDS


class TestRotation:
    def test_seals_with_the_new_key_and_opens_with_every_old_one(self):
        stored = []
        for _ in range(4):
            stored.append(sealed())
            keyring.add_key(ORGANISATION)
        names = [each.split(":")[4] for each in stored]
        assert len(set(names)) == 4
        assert [unseal(each) for each in stored] == [WORDS] * 4
        assert [each.id for each in keyring.list_keys(ORGANISATION)[1:]] == names[::-1]

    def test_of_one_organisation_leaves_the_others_alone(self):
        keyring.make_key(OTHER)
        before = keys.file_of(OTHER).read_bytes()
        assert run("rotate_keys", "--organisation", str(ORGANISATION), "--older-than", "0")[0] == 0
        assert keys.file_of(OTHER).read_bytes() == before
        assert len(keyring.list_keys(ORGANISATION)) == 2

    def test_run_twice_makes_one_key(self):
        keyring.make_key(OTHER)
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
            first = run("rotate_keys")
            again = run("rotate_keys")
        assert (first[0], again[0]) == (0, 0)
        assert "present key is now" in first[1]
        assert "present key is now" not in again[1]
        assert [len(keyring.list_keys(each)) for each in (ORGANISATION, OTHER)] == [2, 2]

    def test_is_written_down_for_the_organisation_once_for_each_key(self, database):
        keyring.make_key(cast.CDMO)
        before = head_of(cast.CDMO)
        asked = ("rotate_keys", "--organisation", str(cast.CDMO))
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
            codes = [run(*asked)[0] for _ in range(2)]
        assert codes == [0, 0]
        kinds = [kind for _, kind, *_ in entries_of(cast.CDMO, after=before)]
        assert kinds == ["envelope_key.taken_up"]
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=50)):
            assert run(*asked)[0] == 0
        assert head_of(cast.CDMO) == before + 2

    def test_that_was_stopped_before_it_was_written_down_is_written_down_by_the_next(self, database):
        keyring.make_key(cast.CDMO)
        made, before = keyring.add_key(cast.CDMO), head_of(cast.CDMO)
        assert run("rotate_keys", "--organisation", str(cast.CDMO))[0] == 0
        assert keyring.list_keys(cast.CDMO)[0].id == made.id
        assert [kind for _, kind, *_ in entries_of(cast.CDMO, after=before)] == ["envelope_key.taken_up"]

    def test_is_seen_by_who_had_read_the_keys_before(self):
        before = sealed().split(":")[4]
        assert in_child(lambda: keyring.add_key(ORGANISATION)) == 0
        assert sealed().split(":")[4] != before

    def test_making_the_first_key_again_changes_nothing(self):
        stored = sealed()
        keyring.make_key(ORGANISATION)
        assert unseal(stored) == WORDS

    def test_a_damaged_file_is_told_and_written_over_by_nobody(self):
        path = keys.file_of(ORGANISATION)
        path.write_text(path.read_text() + "half a li")
        damaged = path.read_bytes()
        code, said = run("rotate_keys", "--older-than", "0")
        assert (code, path.read_bytes()) == (1, damaged)
        assert "damaged" in said
        assert "half a li" not in said

    def test_a_key_under_another_ones_id_is_not_used(self):
        path = keys.file_of(ORGANISATION)
        fields = path.read_text().split()
        path.write_text(" ".join([*fields[:3], base64.b64encode(os.urandom(32)).decode()]) + "\n")
        with pytest.raises(KeyUnavailable):
            sealed()


class TestAKill:
    """SIGKILL before every single line of a rotation, one after the other."""

    @pytest.mark.parametrize("change", [keyring.add_key, keyring.wrap_anew], ids=["add", "wrap"])
    def test_leaves_the_old_file_or_the_new_one(self, change):
        stored = in_every_key()
        known = {each.id for each in keyring.list_keys(ORGANISATION)}
        before = keys.file_of(ORGANISATION).read_bytes()
        code, line = -signal.SIGKILL, 0
        while code == -signal.SIGKILL:
            line += 1
            code = in_child(killed_at(line, lambda: change(ORGANISATION)))
            present = keyring.list_keys(ORGANISATION)
            assert known <= {each.id for each in present}, f"killed before line {line}"
            assert [unseal(each) for each in stored] == [WORDS] * len(stored)
            assert [keyring.fault_of(ORGANISATION, each) for each in present] == [""] * len(present)
            keys.file_of(ORGANISATION).write_bytes(before)
        assert code == 0
        assert line > 20

    def test_holds_up_nobody_who_comes_after(self):
        assert in_child(killed_at(25, lambda: keyring.add_key(ORGANISATION))) == -signal.SIGKILL
        keyring.add_key(ORGANISATION)
        assert unseal(sealed()) == WORDS

    def test_of_the_command_is_made_good_by_running_it_again(self):
        for number in range(5):
            keyring.make_key(cast.fixed(f"keeper {number}"))
        stored = {each: sealed(organisation=each) for each in keyring.list_organisations()}
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
            call = lambda: call_command("rotate_keys", stdout=StringIO())  # noqa: E731 - a call to be made
            assert in_child(killed_at(300, call)) == -signal.SIGKILL
            rotated = [len(keyring.list_keys(each)) for each in stored]
            assert set(rotated) == {1, 2}
            assert run("rotate_keys")[0] == 0
        assert [len(keyring.list_keys(each)) for each in stored] == [2] * 6
        assert [unseal(each) for each in stored.values()] == [WORDS] * 6


def in_every_key():
    """The same words under each key there is."""
    found = [sealed()]
    keyring.add_key(ORGANISATION)
    return [*found, sealed()]


class TestTheCommandKeys:
    def test_lists_each_key_and_which_one_seals(self):
        keyring.add_key(ORGANISATION)
        code, said = run("keys")
        first, second = keyring.list_keys(ORGANISATION)
        assert code == 0
        assert [line.split()[1::3] for line in said.splitlines()] == [
            [first.id, "seals"],
            [second.id, "opens"],
        ]

    def test_never_shows_a_key(self):
        wrapped = keyring.list_keys(ORGANISATION)[0].wrapped
        assert wrapped not in run("keys")[1] + run("rotate_keys", "--older-than", "0")[1]

    def test_says_which_cannot_be_opened(self):
        keys.file_of(OTHER).write_text("broken\n")
        code, said = run("keys")
        assert code == 1
        assert f"{OTHER} CANNOT BE READ" in said


class TestSecondFactors:
    """The TOTP secrets, which are encrypted under SECRET_KEY."""

    @pytest.fixture
    def rotated(self, database, settings):
        before = {each.pk: dict(each.data) for each in Authenticator.objects.all()}
        assert before
        old, settings.SECRET_KEY = settings.SECRET_KEY, "the new one " + "n" * 40
        settings.SECRET_KEY_FALLBACKS = [old]
        return before

    def test_are_encrypted_anew_once(self, rotated, settings):
        assert seal_secrets_anew() == len(rotated)
        assert seal_secrets_anew() == 0
        settings.SECRET_KEY_FALLBACKS = []
        for each in Authenticator.objects.all():
            assert each.data["secret"] != rotated[each.pk]["secret"]
            assert SealedSecrets().decrypt(each.data["secret"]) == cast.TOTP_SECRET

    def test_are_read_by_the_fallback_until_then_and_not_without(self, rotated, settings):
        stored = next(iter(rotated.values()))["secret"]
        assert SealedSecrets().decrypt(stored) == cast.TOTP_SECRET
        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(RuntimeError):
            SealedSecrets().decrypt(stored)

    def test_a_second_run_after_a_stop_does_the_rest(self, rotated):
        part = Authenticator.objects.order_by("pk").first()
        part.data["secret"] = SealedSecrets().encrypt(cast.TOTP_SECRET)
        part.save(update_fields=["data"])
        assert seal_secrets_anew() == len(rotated) - 1

    def test_are_part_of_the_command(self, rotated):
        code, said = run("rotate_keys")
        assert code == 0
        assert f"encrypted anew: {len(rotated)}" in said
