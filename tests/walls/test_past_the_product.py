"""The hostile list by SQL: what is done past the product is told by an audit of the installation.

Each attempt is undone, so that what one left behind is not what the next one is found by.
"""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

import psycopg
import pytest

from config.keeping.ledger_state import read_ledger
from config.keeping.outside import judge
from config.keeping.records import judge_records
from portal.action import reading
from portal.auditing.checks import Cursor, look
from portal.queries.signatures import signatures_of
from portal.states import Meaning
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.chains import grow, publish
from tests.factories.signing import make_signer, sign

PAST_TRIGGERS = "set local session_replication_role = replica"
COPIED = (
    "insert into portal_signature select (jsonb_populate_record(s,"
    """ '{{"id": "{new}", "meaning": "rejected"}}')).* from portal_signature s"""
)
SITE_PUT_IN = (
    "insert into portal_site (id, space_id, audience, version, name, city, zone, calendar)"
    " values ('{new}', '{space}', 'shared', 1, 'Plant', '', 'UTC', '')"
)
NOT_NOTED = "portal_signature: its changes are no longer noted"
UNSURE = "who wrote them, nobody can tell"
SEATED = (
    "select set_config('covalent.as_manufacturer', %s, false), set_config('covalent.as_sponsor', %s, false),"
    " set_config('covalent.person', %s, false), set_config('covalent.action', %s, false),"
    " set_config('covalent.mac', %s, false)"
)
RAISED = "update portal_assignment set role = 'quality_head' where code = 'QA floor 07'"
# The library counts its rows; the ledger names them so.
FACTOR, ADDRESS = (
    UUID(hashlib.md5(f"{table}:999".encode(), usedforsecurity=False).hexdigest())
    for table in ("mfa_authenticator", "account_emailaddress")
)
A_FACTOR_PUT_IN = (
    "insert into mfa_authenticator (id, user_id, type, data, created_at)"
    " select 999, '{person}', 'webauthn', data, created_at from mfa_authenticator limit 1"
)
AN_ADDRESS_PUT_IN = (
    'insert into account_emailaddress (id, user_id, email, verified, "primary")'
    " values (999, '{person}', 'x@example.com', true, true)"
)
A_PROVIDER_PUT_IN = (
    "insert into portal_companysignin"
    " (id, organisation_id, issuer, client_id, secret, domains, trusts_mfa, is_active)"
    " values (gen_random_uuid(), '{space}', 'https://thief.example', '', '', '[]', true, true)"
)
# What a superuser does with the triggers away -> who finds it: words of the verdict.
CHANGES = {
    "a word of a record": (
        "update deviations_deviation set title = 'Nothing happened'",
        "deviations_deviation {id}: title is not what its entries say",
    ),
    "two values": (
        "update deviations_deviation set title = 'Nothing happened', version = version + 1",
        "deviations_deviation {id}: title, version are not what its entries say",
    ),
    "a record taken away": (
        "delete from portal_signature",
        "portal_signature {signature}: it is gone, and no entry says so",
    ),
    "a seat raised": (RAISED, "portal_assignment {seat}: role is not what its entries say"),
    "a site put in": (
        SITE_PUT_IN,
        "portal_site {new}: no entry says that it is there",
    ),
    "a signature in another name": (
        "update portal_signature set printed_name = 'Somebody Else'",
        "portal_signature {signature}: printed_name is not what its entries say",
    ),
    "a signature copied": (
        COPIED,
        "portal_signature {new}: no entry says that it is there",
    ),
    "another password": (
        "update portal_person set password = '!' where id = '{person}'",
        "portal_person {person}: password is not what its entries say",
    ),
    "another address, of an account opened again": (
        "update portal_person set email = 'x@example.com', is_active = not is_active where id = '{person}'",
        "portal_person {person}: email, is_active are not what its entries say",
    ),
    "another secret of the app": (
        "update mfa_authenticator set data = '{{}}' where user_id = '{person}'",
        "mfa_authenticator {totp}: data is not what its entries say",
    ),
    "a factor copied": (
        A_FACTOR_PUT_IN,
        f"mfa_authenticator {FACTOR}: no entry says that it is there",
    ),
    "an address that nobody had": (
        AN_ADDRESS_PUT_IN,
        f"account_emailaddress {ADDRESS}: no entry says that it is there",
    ),
}
# What is switched off and left so -> the words of the verdict.
SWITCHES = {
    "alter table portal_signature disable trigger all": "portal_signature: triggers switched off",
    "alter table portal_signature disable trigger note_insert": NOT_NOTED,
    "drop trigger note_update on portal_signature": NOT_NOTED,
    "alter table ledger.marker disable trigger seal": "ledger.marker: triggers switched off",
    "alter table portal_signature no force row level security": "portal_signature: row security switched off",
    "alter table portal_signature disable row level security": "portal_signature: row security switched off",
}


@pytest.fixture
def signed(own_database, cdmo_operator, cdmo_qa):
    """A disclosed deviation with a signature, and the superuser who goes past the product."""
    make_signer(cdmo_operator, cast.CDMO)
    found = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator)))
    signature = sign(cdmo_operator, found, Meaning.AUTHORED)
    with psycopg.connect(own_database.url("admin")) as raw:
        seat = raw.execute("select id from portal_assignment where code = 'QA floor 07'").fetchone()[0]
        person, totp = raw.execute(
            "select p.id, md5('mfa_authenticator:' || a.id)::uuid from portal_person p"
            " join mfa_authenticator a on a.user_id = p.id where p.email = 'cdmo_operator@example.com'"
        ).fetchone()
        ids = {
            "person": person,
            "totp": totp,
            "id": found.pk,
            "signature": signature.pk,
            "seat": seat,
            "space": cast.CDMO,
            "new": uuid4(),
        }
        raw.rollback()
        yield raw, ids


def told(raw):
    """What the audit finds, in words."""
    return [each.text for each in judge_records(raw) if each.fault]


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_that_is_not_what_its_entries_say_is_found(signed, change):
    raw, ids = signed
    assert told(raw) == []
    statement, words = CHANGES[change]
    raw.execute(PAST_TRIGGERS)
    raw.execute(statement.format(**ids))
    assert told(raw) == [words.format(**ids)]
    assert [each.text for each in judge(read_ledger(raw), []) if each.fault] == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_is_switched_off_is_found_before_anything_was_changed(signed, switch):
    raw, _ = signed
    raw.execute(switch)
    assert SWITCHES[switch] in told(raw)


def test_an_honest_installation_raises_no_alarm_in_whatever_zone_a_change_was_written(signed, own_database):
    raw, _ = signed
    with own_database.connect("owner") as owner:
        owner.execute("set timezone to 'Asia/Kolkata'")
        owner.execute("update deviations_deviation set occurred_at = occurred_at - interval '1 minute'")
    raw.execute("set timezone to 'America/St_Johns'")
    assert told(raw) == []
    assert "entries were written past the product" in " ".join(each.text for each in judge_records(raw))


def test_a_row_whose_entry_was_erased_as_law_orders_is_left_alone(signed):
    raw, ids = signed
    raw.execute(PAST_TRIGGERS)
    raw.execute("update ledger.item set body = null where row_id = %s and class = 'change'", [ids["id"]])
    raw.execute("update deviations_deviation set title = '(erased)'")
    assert told(raw) == []


def test_a_page_shows_a_signature_that_nobody_gave_as_none(signed, own_database, cdmo_qa):
    raw, ids = signed
    raw.execute(PAST_TRIGGERS)
    raw.execute(CHANGES["a signature copied"][0].format(**ids))
    # What was signed fits too: only that no entry holds it tells.
    raw.execute(
        "update portal_signature set manifest = replace(manifest, 'authored', 'rejected') where id = %s",
        [ids["new"]],
    )
    raw.execute(
        "update portal_signature set digest = encode(sha256(convert_to(manifest, 'UTF8')), 'hex')"
        " where id = %s",
        [ids["new"]],
    )
    raw.commit()
    with reading(cdmo_qa):
        lines = signatures_of(cdmo_qa, ids["id"], 1)
    assert {each.signature.pk: (each.signature.holds, each.holds) for each in lines} == {
        ids["signature"]: (True, True),
        ids["new"]: (True, False),
    }


@pytest.fixture
def as_application(own_database):
    """SQL with the application's login alone, seated by its own word: the settings are nobody's secret."""

    def run(statement, *, action="", mac=""):
        spaces = "{" + str(cast.CDMO) + "}"
        with own_database.connect("app") as raw:
            raw.execute(SEATED, [spaces, spaces, str(cast.person_id("cdmo_admin")), action, mac])
            raw.execute(statement)
        return entries_of(cast.CDMO)[-1]

    return run


def test_a_seat_that_is_raised_by_sql_is_told_as_written_past_the_product(own_database, as_application):
    _, kind, _, is_news = as_application(RAISED)
    assert (kind, is_news) == ("record.changed_outside", True)
    with own_database.connect("backup") as raw, raw.transaction():
        assert told(raw) == []


# What somebody does with the application's login alone to come in as another -> the table.
TAKEN_OVER = (
    ("update portal_person set password = '!stolen' where id = '{person}'", "portal_person"),
    ("update portal_person set email = 'thief@example.com' where id = '{person}'", "portal_person"),
    ("update portal_person set is_active = not is_active where id = '{person}'", "portal_person"),
    ("update mfa_authenticator set data = '{{}}' where user_id = '{person}'", "mfa_authenticator"),
    ("delete from mfa_authenticator where user_id = '{person}'", "mfa_authenticator"),
    (A_FACTOR_PUT_IN, "mfa_authenticator"),
    (AN_ADDRESS_PUT_IN, "account_emailaddress"),
    (
        A_PROVIDER_PUT_IN,
        "portal_companysignin",
    ),
)


@pytest.mark.parametrize("role", ["app", "admin"])
def test_an_account_taken_over_by_sql_is_an_alarm_of_audit_and_auditor(own_database, role):
    seen, codes = Cursor(), {each.code for each in look(Cursor())}
    look(seen)
    whom = cast.person_id("cdmo_operator")
    with own_database.connect(role) as raw:
        for statement, _ in TAKEN_OVER:
            raw.execute(statement.format(person=whom, space=cast.CDMO))
    last = entries_of(cast.CDMO)[-1]
    assert last[1:2] + last[3:] == ("record.changed_outside", True)
    tables = [table for _, table in TAKEN_OVER]
    with own_database.connect("backup") as raw, raw.transaction():
        assert told(raw) == [
            f"{cast.CDMO}/shared: entry {seq} changed {table}, and the product did not write it"
            for seq, table in enumerate(tables, last[0] - len(tables) + 1)
        ]
    found = {each.code: each.count for each in look(seen)}
    assert (found.pop("account_changed_outside"), set(found)) == (len(tables), codes)


@pytest.mark.parametrize("mac", ["", "0" * 64])
def test_who_passes_for_the_product_by_sql_is_told_by_the_missing_mac(own_database, as_application, mac):
    seq, kind, *_ = as_application(RAISED, action="assignment.give", mac=mac)
    assert kind == "assignment.give"
    with own_database.connect("backup") as raw, raw.transaction():
        words = f"entry {seq} names the action 'assignment.give', and the product did not write it"
        assert told(raw) == [f"{cast.CDMO}/shared: {words}"]


def test_a_mac_of_another_entry_vouches_for_none(own_database, as_application):
    with own_database.connect("owner") as raw:
        mac = raw.execute(
            "select convert_from(header, 'UTF8')::json ->> 'mac' from ledger.entry"
            " where space_id = %s limit 1",
            [cast.CDMO],
        ).fetchone()[0]
    as_application(RAISED, action="assignment.give", mac=mac)
    with own_database.connect("backup") as raw, raw.transaction():
        assert len(told(raw)) == 1


def test_entries_of_a_key_that_was_taken_out_raise_no_alarm_and_are_counted(
    own_database, settings, monkeypatch
):
    monkeypatch.setenv("SECRET_KEY", "another-" + "n" * 40)
    with own_database.connect("backup") as raw, raw.transaction():
        assert told(raw) == []
        before = [each.text for each in judge_records(raw)]
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        after = [each.text for each in judge_records(raw)]
    assert len([words for words in before if UNSURE in words]) > 3
    assert [words for words in after if UNSURE in words] == []


def test_of_a_chain_that_was_cut_nothing_is_handed_out_in_its_place(own_database, api):
    grow(times=8)
    size = publish().size
    with psycopg.connect(own_database.url("admin"), autocommit=True) as raw:
        raw.execute(PAST_TRIGGERS.replace("local ", ""))
        raw.execute("delete from ledger.entry where space_id = %s and seq > %s", [cast.PROGRAM, size - 2])
    base = f"/api/v1/ledger/{cast.PROGRAM}/shared/"
    for what in (f"proof?seq={size - 3}", "consistency?from=1", "export"):
        answer = api("sponsor_system").get(base + what)
        assert (answer.status_code, answer.json()["code"]) == (500, "damaged"), what
