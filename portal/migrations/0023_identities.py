"""Accounts, second factors and the identities of providers leave a trace in the ledger (G39)."""

from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import migrations

from portal.record_table import IDENTITIES, IDENTITY_ID, IDENTITY_IMAGE

SQL = Path(__file__).with_name("sql")
# What stands there already is noted once, by the product: who verifies finds an entry for every row.
TAKE_UP = """
select ledger.keep(ledger.mark(), r.space_id, 'shared', 'change', '{table}', r.row_id, null,
    json_build_object('item', 'change', 'table', '{table}', 'op', 'insert', 'id', r.row_id,
                      'old', null, 'new', r.image)::text)
from ({rows}) r
"""
SETTINGS = ("person", "action", "request", "mac")


def function():
    images = {
        name: IDENTITY_IMAGE.format(
            image=f"to_jsonb({row})", digested="tg_argv[1]::text[]", unnoted="tg_argv[2]::text[]"
        )
        for name, row in (("before", "old"), ("after", "new"))
    }
    row_id = IDENTITY_ID.format(table="tg_table_name", id="(is_now -> 'id')")
    text = (SQL / "identities.sql").read_text(encoding="utf-8")
    for name, words in {**images, "row_id": row_id}.items():
        text = text.replace("{" + name + "}", words)
    return text


def triggers():
    return [
        f"create trigger note_{event} after {event} on {each.table}"
        f" for each row execute function ledger.note_identity({each.arguments})"
        for each in IDENTITIES
        for event in ("insert", "update", "delete")
    ]


def take_up(apps, schema_editor):
    from portal.action import context_mac
    from portal.actor import system_id

    person, code, request = str(system_id("setup")), "identity.take_up", uuid4().hex
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text")
        mac = context_mac(settings.SECRET_KEY, person, code, request, cursor.fetchone()[0])
        for name, value in zip(SETTINGS, (person, code, request, mac), strict=True):
            cursor.execute("select set_config(%s, %s, true)", [f"covalent.{name}", value])
        for each in IDENTITIES:
            cursor.execute(TAKE_UP.format(table=each.table, rows=each.rows()))
        for name in SETTINGS:
            cursor.execute("select set_config(%s, '', true)", [f"covalent.{name}"])


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0022_rules"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunSQL(function(), migrations.RunSQL.noop),
        migrations.RunSQL(triggers(), migrations.RunSQL.noop),
        migrations.RunPython(take_up, migrations.RunPython.noop),
    ]
