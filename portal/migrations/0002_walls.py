"""The ground: contexts, ledger, doors, and the walls of every table of the portal."""

from pathlib import Path

from django.db import migrations

from portal.record_table import RecordTable, StateGuard

SQL = Path(__file__).with_name("sql")
SYSTEM_ACTORS = ("setup", "sweep", "relay", "courier", "sealer", "watchdog")

# Identity and machinery: no row security, because they are read before a context exists or hold nothing of the record.
OPEN_TABLES = (
    "portal_person",
    "portal_idempotency",
    "portal_refusalcount",
    "portal_look",
    "portal_relayshard",
    "portal_heartbeat",
    "django_session",
    "account_emailaddress",
    "account_emailconfirmation",
    "mfa_authenticator",
)
READ_TABLES = ("django_content_type", "django_migrations")


def script(name):
    return migrations.RunSQL((SQL / name).read_text(encoding="utf-8"), migrations.RunSQL.noop)


def seed(apps, schema_editor):
    from portal.actor import system_id

    apps.get_model("portal", "Person").objects.bulk_create(
        apps.get_model("portal", "Person")(id=system_id(code), kind="system", code=code, password="!")
        for code in SYSTEM_ACTORS
    )
    shards = apps.get_model("portal", "RelayShard")
    shards.objects.bulk_create(shards(shard=number) for number in range(16))


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0001_initial"),
        ("sessions", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        script("context.sql"),
        script("ledger.sql"),
        script("doors.sql"),
        script("grants.sql"),
        migrations.RunSQL(
            [
                f"grant select, insert, update, delete on {', '.join(OPEN_TABLES)} to covalent_app",
                f"grant select on {', '.join(READ_TABLES)} to covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
        RecordTable("record", mirror=True),
        RecordTable("space"),
        RecordTable("organisation"),
        RecordTable("site"),
        RecordTable("partnership"),
        RecordTable("program", subject=("program", "code", "title")),
        RecordTable("programsite"),
        RecordTable("member"),
        RecordTable("assignment"),
        RecordTable("apikey"),
        RecordTable("attachment"),
        RecordTable("alert", subject=("alert", "-", "title")),
        RecordTable("receipt"),
        RecordTable("opening"),
        RecordTable("clock"),
        RecordTable("ladderstep"),
        RecordTable("delivery"),
        StateGuard("alert", edges=["open>acknowledged", "open>unanswered", "unanswered>acknowledged"]),
    ]
