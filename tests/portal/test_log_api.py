"""The log under the contract's paths: what a stranger's tool gets, and what nobody else gets."""

import base64
import io
import json
import zipfile

import pytest
from django.db import connection

from portal.action import reading
from portal.actor import system_actor
from portal.checkpoints import list_holders
from portal.log_keys import origin_of, verifiers
from portal.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from portal.notes import Note, open_checkpoint
from tests.factories import cast
from tests.factories.chains import PRIVATE, SHARED, cosigned, grow, newest, publish, witness


def url(what, chain=SHARED):
    return f"/api/v1/ledger/{chain.space_id}/{chain.audience}/{what}"


def hashes(encoded):
    return [base64.b64decode(each) for each in encoded]


WAYS = (
    "checkpoint",
    "tile/0/000.p/1",
    "entries?start=0&end=1",
    "proof?seq=1",
    "consistency?from=1",
    "export",
)


def test_before_the_first_checkpoint_there_is_nothing(database, api):
    for way in WAYS:
        answer = api("sponsor_system").get(url(way))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), way


def test_the_checkpoint_is_a_signed_note_with_the_witnesses_lines(database, api):
    published, signer = publish(), witness()
    client = api("sponsor_system")
    sent = {"note": cosigned(signer, published), "key": str(signer.verifier)}
    kept = client.post(url("cosignatures"), sent, content_type="application/json")
    assert (kept.status_code, kept.json()) == (201, {"size": published.size})
    answer = client.get(url("checkpoint"), headers={"Accept": "text/plain"})
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    note = answer.content.decode()
    assert note == cosigned(signer, published)
    assert open_checkpoint(note, verifiers(SHARED), origin_of(SHARED)).size == published.size
    assert Note.parse(note).signed_by(signer.verifier) == 1_800_000_000


def test_a_cosignature_may_carry_an_idempotency_key_and_be_sent_again(database, api):
    published, signer = publish(), witness()
    sent = {"note": cosigned(signer, published), "key": str(signer.verifier)}
    for _ in range(2):
        kept = api("sponsor_system").post(
            url("cosignatures"), sent, content_type="application/json", headers={"Idempotency-Key": "once"}
        )
        assert kept.status_code == 201


def test_who_fetched_a_checkpoint_is_written_down_once(database, api, sponsor_qa):
    publish()
    for _ in range(2):
        assert api("sponsor_system").get(url("checkpoint")).status_code == 200
        assert b"".join(api("cdmo_system").get(url("export")))
    with reading(sponsor_qa):
        found = [(each.organisation, each.size, each.how) for each in list_holders(sponsor_qa, SHARED)]
    size = newest().size
    assert found == [("Arvo Therapeutics", size, "checkpoint"), ("Norrsund Biologics", size, "export")]


def test_tiles_hold_the_hashes_of_the_tree_and_full_ones_never_change(database, api):
    grow(times=600)
    size = publish().size
    client = api("sponsor_system")
    leaves = []
    for number in range(size // 256):
        answer = client.get(url(f"tile/0/{number:03}"))
        assert "immutable" in answer.headers["Cache-Control"]
        leaves.append(answer.content)
    rest = client.get(url(f"tile/0/{size // 256:03}.p/{size % 256}"))
    assert rest.headers["Content-Type"] == "application/octet-stream"
    assert "immutable" not in rest.headers["Cache-Control"]
    everything = b"".join([*leaves, rest.content])
    level_0 = [everything[at : at + 32] for at in range(0, len(everything), 32)]
    assert root_of(level_0) == newest().root
    level_1 = client.get(url(f"tile/1/000.p/{size // 256}")).content
    assert level_1 == b"".join(root_of(level_0[at * 256 : at * 256 + 256]) for at in range(size // 256))


@pytest.mark.parametrize(
    "index",
    ["0/999", "0/000.p/255", "0/000.p/0", "0/000.p/256", "0/00", "0/x000/000", "0/x001/000", "0/000.p/01",
     "0/000.p", "0/entries", "1/000", "7/000", "8/000.p/1", "0/000.p/1/", "0/-01",
     "0/\u0660\u0660\u0660.p/1", "63/000"],
)  # fmt: skip
def test_a_tile_that_the_tree_has_not_is_not_found(database, api, index):
    assert publish().size < 255
    assert api("sponsor_system").get(url(f"tile/{index}")).status_code == 404


def test_entries_are_the_bytes_that_were_hashed(database, api):
    grow(times=505)
    published = publish()
    client, start, leaves = api("sponsor_system"), 0, []
    while start is not None:
        page = client.get(url(f"entries?start={start}&end={published.size + 50}")).json()
        assert len(page["results"]) <= 500
        for entry in page["results"]:
            header = base64.b64decode(entry["header"])
            leaves.append(leaf_hash(header))
            assert json.loads(header)["seq"] == str(entry["seq"])
            listed = [base64.b64decode(each["hash"]).hex() for each in entry["items"]]
            assert json.loads(header)["items"] == listed
        start = page["next"]
    assert len(leaves) == published.size
    assert root_of(leaves) == published.root


def test_what_is_newer_than_the_checkpoint_is_not_handed_out(database, api):
    size = publish().size
    grow(times=3)
    page = api("sponsor_system").get(url(f"entries?start={size - 1}")).json()
    assert ([each["seq"] for each in page["results"]], page["next"]) == ([size], None)
    assert api("sponsor_system").get(url(f"proof?seq={size + 1}")).status_code == 400


def test_an_erased_body_keeps_its_digest_and_shows_neither_salt_nor_text(own_database, api):
    publish()
    with own_database.connect("owner") as raw:
        raw.execute(
            "update ledger.item set body = null where space_id = %s and class = 'fact'", [cast.PROGRAM]
        )
    items = [
        item
        for entry in api("sponsor_system").get(url("entries")).json()["results"]
        for item in entry["items"]
        if item["body"] is None
    ]
    assert items
    assert all(each["salt"] is None and len(base64.b64decode(each["hash"])) == 32 for each in items)


def test_each_entry_is_proved_in_the_checkpoint(database, api):
    grow(times=20)
    published = publish()
    entry = api("sponsor_system").get(url("entries?start=7&end=7")).json()["results"][0]
    said = api("sponsor_system").get(url("proof?seq=8")).json()
    assert (said["seq"], said["index"], said["size"], said["interval"]) == (8, 7, published.size, None)
    leaf = leaf_hash(base64.b64decode(entry["header"]))
    check_inclusion(leaf, 7, published.size, hashes(said["proof"]), published.root)


def test_a_disclosed_entry_is_proved_to_have_stood_in_its_hour(database, api, clock):
    from datetime import timedelta

    publish()
    grow(PRIVATE, times=3)
    publish(PRIVATE)
    assert api("cdmo_system").get(url("proof?seq=1", PRIVATE)).json()["interval"] is None
    clock.move(timedelta(hours=2))
    lines = Note.parse(publish().note).text.splitlines()[3:]
    said = api("cdmo_system").get(url("proof?seq=1", PRIVATE)).json()["interval"]
    assert any(line.startswith("private manufacturer") and line.endswith(said["root"]) for line in lines)
    header = api("cdmo_system").get(url("entries?start=0&end=0", PRIVATE)).json()["results"][0]["header"]
    leaf = leaf_hash(leaf_hash(base64.b64decode(header)))
    check_inclusion(leaf, said["index"], said["size"], hashes(said["proof"]), *hashes([said["root"]]))
    assert said["size"] == 16


def test_an_older_checkpoint_is_proved_to_be_the_beginning_of_the_newer(database, api):
    old = publish()
    grow(times=40)
    new = publish()
    said = api("sponsor_system").get(url(f"consistency?from={old.size}")).json()
    check_consistency(old.size, new.size, hashes(said["proof"]), old.root, new.root)
    assert open_checkpoint(said["checkpoint"], verifiers(SHARED), origin_of(SHARED)).size == new.size


@pytest.mark.parametrize(
    "question",
    ["entries?start=-1", "entries?start=5&end=4", "entries?start=x", "entries?end=1e3", "proof",
     "proof?seq=0", "proof?seq=99999999999999999999", "consistency?from=-1",
     "consistency?from=999999", "export?record=x"],
)  # fmt: skip
def test_a_bad_question_is_refused_in_words(database, api, question):
    publish()
    answer = api("sponsor_system").get(url(question))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_export_names_its_checkpoint_and_brings_its_verifier(database, api):
    published = publish()
    answer = api("sponsor_system").get(url("export"))
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as bundle:
        about = json.loads(bundle.read("export.json"))
        assert sorted(bundle.namelist()) == [
            "FORMAT.md",
            "entries.ndjson",
            "export.json",
            "record.json",
            "record.pdf",
            "verify.py",
        ]
        assert bundle.read("entries.ndjson").count(b"\n") == published.size
    assert (about["format"], about["size"]) == ("covalent-export/1", published.size)
    assert about["keys"] == [str(each) for each in verifiers(SHARED)]


def test_an_export_about_a_record_that_no_entry_names_is_not_found(database, api):
    publish()
    assert api("sponsor_system").get(url(f"export?record={cast.fixed('nothing')}")).status_code == 404


def test_a_foreign_chain_an_unknown_one_and_the_other_sides_are_one_answer(database, api):
    from portal.streams import ChainKey

    grow(PRIVATE)
    publish()
    publish(PRIVATE)
    others = [
        ("rival_system", SHARED),
        ("rival_system", PRIVATE),
        ("sponsor_system", PRIVATE),
        ("sponsor_system", ChainKey(cast.fixed("nothing"), "shared")),
        ("sponsor_system", ChainKey(cast.PROGRAM, "public")),
        ("sponsor_system", ChainKey(cast.CDMO, "shared")),
    ]
    for way in WAYS:
        answers = [api(key).get(url(way, chain)) for key, chain in others]
        assert {each.status_code for each in answers} == {404}, way
        assert len({each.content for each in answers}) == 1, way
    signer = witness()
    sent = {"note": cosigned(signer, newest()), "key": str(signer.verifier)}
    answers = [
        api(key).post(url("cosignatures", c), sent, content_type="application/json") for key, c in others
    ]
    assert {each.status_code for each in answers} == {404}


def test_reading_the_log_leaves_no_entry(database, api):
    publish()
    with reading(system_actor("sealer", cast.PROGRAM)), connection.cursor() as cursor:
        cursor.execute("select sum(head) from ledger.chain")
        before = cursor.fetchone()
    for way in WAYS:
        assert api("sponsor_system").get(url(way)).status_code == 200, way
    with reading(system_actor("sealer", cast.PROGRAM)), connection.cursor() as cursor:
        cursor.execute("select sum(head) from ledger.chain")
        assert cursor.fetchone() == before
