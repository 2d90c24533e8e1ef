"""The ledger page as a log: checkpoint, holders, witnesses, verifying, who can read."""

import html
import re

import psycopg
import pytest

from portal import keyring
from portal.actions.publishing import hold_checkpoint, keep_cosignature
from portal.log_keys import verifiers
from tests.factories import cast, keys
from tests.factories.chains import PRIVATE, SHARED, cosigned, grow, publish, witness

READERS = "/ledger/?tab=readers"


def page(client, chain=SHARED):
    answer = client.get("/ledger/", {"space": str(chain.space_id), "audience": chain.audience})
    return answer.status_code, answer.content.decode()


def test_the_page_shows_the_checkpoint_its_key_and_how_to_check_it(database, signed_in):
    published = publish()
    status, text = page(signed_in("sponsor_qa"))
    assert status == 200
    assert published.root.hex()[:16] in text
    assert str(verifiers(SHARED)[0]) in html.unescape(text)
    assert f"/api/v1/ledger/{cast.PROGRAM}/shared/export" in text
    assert "python3 verify.py" in text
    assert "Verify in this browser" in text
    assert "Who can read" in text


def test_it_says_who_holds_and_who_cosigned(database, signed_in, sponsor_qa, cdmo_qa):
    published, signer = publish(), witness()
    keep_cosignature(
        sponsor_qa,
        cast.PROGRAM,
        audience="shared",
        note=cosigned(signer, published),
        key=str(signer.verifier),
    )
    hold_checkpoint(cdmo_qa, cast.PROGRAM, audience="shared", size=published.size, how="export")
    grow()
    later = publish()
    _, text = page(signed_in("sponsor_viewer"))
    lines = re.findall(r'<td class="number figure">(\d+)</td>.*?<td>([^<]*)</td></tr>', text)
    assert lines[:2] == [(str(later.size), "\u2013"), (str(published.size), signer.name)]
    assert signer.name in text
    assert "Arvo Therapeutics" in text
    assert "Norrsund Biologics" in text


def test_it_says_how_many_shared_entries_the_readers_own_side_has_seen(database, signed_in, sponsor_qa):
    size = publish().size
    hold_checkpoint(sponsor_qa, cast.PROGRAM, audience="shared", size=size, how="checkpoint")
    grow(times=2)
    seen = f"You have seen {size} of {size + 2} shared entries."
    for key, expected in (("sponsor_viewer", True), ("cdmo_qa", False), ("sponsor_qa", True)):
        _, text = page(signed_in(key))
        assert (seen in text, "holds no checkpoint" in text) == (expected, not expected), key


def test_of_an_own_private_chain_the_words_are_others_and_the_other_side_reads_none(
    database, signed_in, cdmo_qa
):
    grow(PRIVATE, times=3)
    size = publish(PRIVATE).size
    publish()
    hold_checkpoint(cdmo_qa, cast.PROGRAM, audience="manufacturer", size=size, how="checkpoint")
    _, text = page(signed_in("cdmo_qa"), PRIVATE)
    assert f"You have seen {size} of {size} entries of your side alone." in text
    _, theirs = page(signed_in("sponsor_qa"))
    assert "of your side alone" not in theirs
    assert "Your organisation holds no checkpoint of this chain yet" in theirs


def test_entries_that_were_taken_away_after_they_were_seen_are_told(own_database, signed_in, sponsor_qa):
    grow(times=5)
    size = publish().size
    hold_checkpoint(sponsor_qa, cast.PROGRAM, audience="shared", size=size, how="mail")
    with psycopg.connect(own_database.url("admin"), autocommit=True) as raw:
        raw.execute("set session_replication_role = replica")
        raw.execute(
            "update ledger.chain set head = %s where space_id = %s and audience = 'shared'",
            [size - 2, cast.PROGRAM],
        )
    _, text = page(signed_in("sponsor_qa"))
    assert f"has seen {size} entries, and {size - 2} are here: entries were taken away" in text


def test_before_the_first_checkpoint_it_says_when_it_comes(database, signed_in):
    _, text = page(signed_in("sponsor_qa"))
    assert "The first checkpoint is signed within a second" in text


def test_a_chain_that_contradicts_its_checkpoint_is_told(own_database, signed_in):
    grow(times=5)
    publish()
    with psycopg.connect(own_database.url("admin"), autocommit=True) as raw:
        raw.execute(
            "update ledger.entry set leaf_hash = sha256('x')"
            " where space_id = %s and audience = 'shared' and seq = 2",
            [cast.PROGRAM],
        )
    _, text = page(signed_in("sponsor_qa"))
    assert "contradicts the chain" in text
    assert "No further checkpoint is signed" in text


def test_the_other_sides_chain_and_a_rivals_are_not_found(database, signed_in):
    grow(PRIVATE)
    publish(PRIVATE)
    publish()
    assert page(signed_in("sponsor_qa"), PRIVATE)[0] == 404
    assert page(signed_in("rival_sponsor_qa"))[0] == 404
    assert page(signed_in("cdmo_qa"), PRIVATE)[0] == 200


@pytest.fixture
def folder(settings, tmp_path):
    return keys.own_folder(settings, tmp_path / "keys")


@pytest.mark.parametrize("key", ["cdmo_qa", "sponsor_qa", "rival_sponsor_qa", "inspector"])
def test_each_reads_who_can_read_and_of_the_own_keys_alone(database, folder, signed_in, key):
    own = cast.PEOPLE[key][0]
    answer = signed_in(key).get(READERS)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "cannot read, count or date them" in text
    assert "your keys lie in files beside it" in text
    shown = {each: keyring.list_keys(each)[0].id in text for each in (cast.CDMO, cast.ARVO, cast.TESSEL)}
    assert [each for each, is_shown in shown.items() if is_shown] == [own]
    assert keyring.list_keys(own)[0].wrapped not in text


def test_with_a_key_service_it_says_what_that_changes(database, folder, signed_in):
    only = keyring.list_keys(cast.CDMO)[0]
    keys.file_of(cast.CDMO).write_text(f"{only.id} 2026-01-02T03:04:05+00:00 aws-kms arn|AAAA\n")
    text = signed_in("cdmo_qa").get(READERS).content.decode()
    assert "a copy of its disks does not" in text
    assert "which never gives its own key away" in text
    assert "your keys lie in files beside it" not in text


def test_while_one_key_still_lies_in_a_file_it_says_so(database, folder, signed_in):
    only = keyring.list_keys(cast.CDMO)[0]
    line = f"{only.id} 2026-01-02T03:04:05+00:00 aws-kms arn|AAAA\n{only.line}"
    keys.file_of(cast.CDMO).write_text(line)
    assert "your keys lie in files beside it" in signed_in("cdmo_qa").get(READERS).content.decode()


def test_without_its_keys_it_says_that_they_are_not_here(database, folder, signed_in):
    keys.lose(cast.CDMO)
    text = html.unescape(signed_in("cdmo_qa").get(READERS).content.decode())
    assert "The keys are not on this server." in text
    assert "cannot read: the keys are not here" in text
