"""What people prove themselves by leaves a trace when it changes (G39), and none when it is merely used."""

from __future__ import annotations

import json
import re
import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.db import connection

from config.keeping.records import judge_records
from portal.action import reading
from portal.actions.own_access import change_own_sign_in
from portal.actor import system_actor
from portal.auditing.checks import Cursor, look
from portal.middleware import actor_of
from portal.models import Person
from tests.conftest import entries_of, head_of
from tests.factories import cast
from tests.factories.door import Browser
from tests.factories.security_key import SecurityKey
from tests.factories.signing import code_at

KEY = "cdmo_qa"
NEXT = "four plain words of hers"
TOTP_PAGE = "/account/2fa/totp/activate/"


def kinds_after(head):
    return [kind for _, kind, *_ in entries_of(cast.CDMO, after=head)]


def said_after(head):
    """Every change that the entries after one tell of, as (table, op, names in the new image)."""
    with reading(system_actor("relay", cast.CDMO)), connection.cursor() as cursor:
        cursor.execute(
            "select convert_from(i.body, 'UTF8') from ledger.item i join ledger.entry e"
            " on (e.marker_id, e.space_id, e.audience) = (i.marker_id, i.space_id, i.audience)"
            " where e.space_id = %s and e.seq > %s and i.class = 'change' order by e.seq, i.id",
            [cast.CDMO, head],
        )
        return [json.loads(body) for (body,) in cursor.fetchall()]


def alarms(database, seen):
    with database.connect("backup") as raw, raw.transaction():
        told = [each.text for each in judge_records(raw) if each.fault]
    return told, [each.code for each in look(seen) if each.code.endswith(("_forged", "_outside"))]


@pytest.fixture
def person(own_database):
    return Person.objects.get(email=cast.EMAILS[KEY])


def again(client, password=cast.PASSWORD):
    client.post("/account/reauthenticate/", {"password": password})


def change_password(client):
    given = {"oldpassword": cast.PASSWORD, "password1": NEXT, "password2": NEXT}
    assert client.post("/account/password/change/", given).status_code == 302
    again(client, NEXT)


def make_codes(client):
    proof = {"password": NEXT, "code": code_at(time.time())}
    page = client.post("/account/2fa/recovery-codes/new/", proof, follow=True).content.decode()
    return re.findall(r"<li>(\d{8})</li>", page)


def change_app(client):
    client.post("/account/2fa/totp/deactivate/")
    secret = re.search(r'<output id="totp-secret">([A-Z2-7]+)<', client.get(TOTP_PAGE).content.decode())[1]
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post(TOTP_PAGE, {"code": code}).status_code == 302


def test_what_people_change_themselves_is_noted_and_raises_no_alarm(
    person, own_database, signed_in, settings
):
    seen, head, client = Cursor(), head_of(cast.CDMO), signed_in(KEY)
    look(seen)
    stored = person.password
    change_password(client)
    codes = make_codes(client)
    key = change_own_sign_in(actor_of(person), lambda: SecurityKey(person.pk)).factor
    change_app(client)
    assert client.post(f"/account/2fa/webauthn/keys/{key.pk}/edit/", {"name": "Ring"}).status_code == 302
    assert client.post(f"/account/2fa/webauthn/keys/{key.pk}/remove/").status_code == 302
    browser = Browser()
    browser.try_password(cast.EMAILS[KEY], NEXT)
    browser.try_code(codes[0])
    assert browser.is_in()

    assert set(kinds_after(head)) == {"own_sign_in.change", "recovery_code.use"}
    changes = said_after(head)
    assert [(each["table"].partition("_")[2], each["op"]) for each in changes] == [
        ("person", "update"),
        ("authenticator", "insert"),
        ("authenticator", "update"),
        ("authenticator", "insert"),
        ("authenticator", "delete"),
        ("authenticator", "insert"),
        ("authenticator", "update"),
        ("authenticator", "delete"),
        ("authenticator", "update"),
    ]
    assert alarms(own_database, seen) == ([], [])
    words = json.dumps(changes)
    now = Person.objects.get(pk=person.pk).password
    hidden = [each.data["secret"] for each in Authenticator.objects.all() if "secret" in each.data]
    assert not any(secret in words for secret in (stored, now, *codes, *hidden, cast.EMAILS[KEY]))


def test_a_hash_is_made_anew_at_sign_in_with_a_trace_and_no_alarm(person, own_database, monkeypatch):
    seen, head = Cursor(), head_of(cast.CDMO)
    look(seen)
    monkeypatch.setattr(ScryptPasswordHasher, "work_factor", 2**5)
    for expected in (["password.hash_anew"], ["password.hash_anew"]):
        Browser().sign_in(KEY)
        assert kinds_after(head) == expected
    assert Person.objects.get(pk=person.pk).password != person.password
    assert alarms(own_database, seen) == ([], [])


def test_coming_in_changes_nothing_that_is_noted(person, own_database):
    head = head_of(cast.CDMO)
    browser = Browser()
    browser.sign_in(KEY)
    assert browser.is_in()
    assert Person.objects.get(pk=person.pk).last_login is not None
    assert kinds_after(head) == []


def test_rows_that_stood_there_before_the_tables_were_noted_have_an_entry(own_database):
    """As an update finds them: without triggers and entries, then taken up by the migration."""
    taking = import_module("portal.migrations.0023_identities")
    with own_database.connect("admin") as raw:
        raw.execute("set session_replication_role = replica")
        raw.execute(
            "update ledger.item set name = 'gone' where class = 'change' and name = any(%s)",
            [[each.table for each in taking.IDENTITIES]],
        )
        raw.execute("set session_replication_role = origin")
        raw.execute("set role covalent_owner")
        before = alarms(own_database, Cursor())[0]
        with raw.transaction(), raw.cursor() as cursor:
            taking.take_up(None, SimpleNamespace(connection=SimpleNamespace(cursor=lambda: _same(cursor))))
    assert len(before) > 10
    assert alarms(own_database, Cursor()) == ([], [])


class _same:  # noqa: N801 - a cursor that stays open
    def __init__(self, cursor):
        self.cursor = cursor

    def __enter__(self):
        return self.cursor

    def __exit__(self, *_):
        pass
