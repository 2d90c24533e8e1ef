"""A witness outside: it cosigns what continues, refuses what does not, and never forgets what it saw."""

import httpx
import psycopg
import pytest
from django.core.management import call_command

from portal.action import reading
from portal.checkpoints import find_newest, list_cosignatures
from portal.notes import Note
from portal.witness import ForkError, Seen, State, Witness, tile_path
from tests.factories import cast
from tests.factories.chains import PRIVATE, SHARED, grow, newest, publish


class ThroughTheClient(httpx.BaseTransport):
    """Carries a witness's requests to Django's test client."""

    def __init__(self, client):
        self.client = client

    def handle_request(self, request):
        kind = request.headers.get("Content-Type", "")
        found = self.client.generic(
            request.method, request.url.raw_path.decode(), request.read(), content_type=kind
        )
        return httpx.Response(found.status_code, headers=dict(found.headers), content=found.content)


@pytest.fixture
def witness(api, tmp_path):
    def make(key="sponsor_system", folder="state"):
        http = httpx.Client(base_url="http://testserver", transport=ThroughTheClient(api(key)))
        return Witness(http, State(tmp_path / folder), "witness.arvo.example", lambda: 1_800_000_000)

    return make


def follow(witness, *programs):
    return list(witness.follow(programs or [cast.PROGRAM]))


def test_it_cosigns_every_chain_it_may_see_as_it_grows(database, witness, sponsor_qa):
    grow(PRIVATE)
    publish(PRIVATE)
    for times in (1, 300, 700):
        grow(times=times)
        size = publish().size
        assert follow(witness()) == [Seen(f"{cast.PROGRAM}/shared", size)]
        with reading(sponsor_qa):
            (line,) = list_cosignatures(sponsor_qa, SHARED, find_newest(sponsor_qa, SHARED).number)
        assert Note.parse(newest().note + line.line).signed_by(witness().verifier) == 1_800_000_000


def test_it_finds_the_programs_that_its_key_may_see(database, witness):
    assert set(witness().programs()) == {cast.PROGRAM, cast.SECOND_PROGRAM}


def test_the_manufacturers_witness_follows_its_private_chain_too(database, witness):
    grow(PRIVATE)
    sizes = [publish(PRIVATE).size, publish().size]
    assert {each.size for each in follow(witness("cdmo_system"))} == set(sizes)


PLACE = "space_id = %(space)s and audience = 'shared'"
WIPED = "delete from ledger.cosignature where PLACE; delete from ledger.checkpoint where PLACE;"
REWRITTEN = "update ledger.entry set leaf_hash = sha256('x') where PLACE and seq = 3"
CHANGES = {
    "shorter": "delete from ledger.entry where PLACE and seq > 5;"
    " update ledger.chain set head = 5 where PLACE",
    "rewritten": REWRITTEN,
    "another root of the same size": REWRITTEN,
}


@pytest.mark.parametrize(
    "fault", ["shorter", "rewritten", "another root of the same size", "gone", "other key"]
)
def test_a_log_that_does_not_continue_is_refused_and_not_cosigned(
    own_database, witness, fault, settings, tmp_path
):
    grow(times=10)
    publish()
    (seen,) = follow(witness())
    with (
        psycopg.connect(own_database.url("admin"), autocommit=True) as raw,
        psycopg.ClientCursor(raw) as cursor,
    ):
        cursor.execute((WIPED + CHANGES.get(fault, "")).replace("PLACE", PLACE), {"space": cast.PROGRAM})
    if fault == "rewritten":
        grow(times=5)
    if fault == "other key":
        settings.LEDGER_KEY_FILE = tmp_path / "ledger.key"
        settings.LEDGER_KEY_FILE.write_text("A" * 43 + "=")
    if fault != "gone":
        publish()
    kept = State(tmp_path / "state").read(f"{cast.PROGRAM}.shared.checkpoint")
    for _ in range(2):
        (refused,) = follow(witness())
        assert isinstance(refused, ForkError)
    assert State(tmp_path / "state").read(f"{cast.PROGRAM}.shared.checkpoint") == kept
    assert f"\n{seen.size}\n" in kept
    with own_database.connect("owner") as raw:
        assert raw.execute("select count(*) from ledger.cosignature").fetchone() == (0,)


def test_two_witnesses_never_work_on_the_same_files(tmp_path):
    with State(tmp_path).alone(), pytest.raises(BlockingIOError), State(tmp_path).alone():
        pass


def test_its_key_is_private_and_stays(tmp_path):
    first = State(tmp_path).key().private_bytes_raw()
    assert State(tmp_path).key().private_bytes_raw() == first
    assert (tmp_path / "witness.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [(0, 256, "000"), (5, 3, "005.p/3"), (1234067, 256, "x001/x234/067"), (1000, 1, "x001/000.p/1")],
)
def test_tiles_are_addressed_as_the_standard_says(number, width, path):
    assert tile_path(number, width) == path


def test_a_witness_that_reaches_nobody_says_so(tmp_path, capsys):
    token = tmp_path / "token"
    token.write_text("x")
    with pytest.raises(SystemExit) as end:
        call_command("witness", "--url", "http://127.0.0.1:9", "--token-file", str(token), "--state",
                     str(tmp_path / "state"), "--once")  # fmt: skip
    assert end.value.code == 1
    assert "could not be reached" in capsys.readouterr().err
