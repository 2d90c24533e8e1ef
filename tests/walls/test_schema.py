"""The schema lint over pg_catalog (goal G27): every table is classified, and its class decides its walls."""

import pytest
from django.apps import apps

from portal.record_table import IDENTITIES, VISIBLE
from portal.retention import CLASSES, STAYS, SWEPT, class_of, classified

SEALED = {"entry", "item", "chain", "marker"}
LOG = {"node", "checkpoint", "cosignature", "holder", "padded"}
LEDGER = SEALED | LOG
# Tables without row security, each with the reason why it may do without.
OPEN = {
    "portal_person": "read at sign-in, before a context exists; names and seats stand elsewhere",
    "portal_idempotency": "infrastructure: digests of keys and ids, no content",
    "portal_refusalcount": "a counter per person and hour",
    "portal_signingtry": "when somebody tried to sign; no content, swept after 72 h",
    "portal_guess": "keyed digests of addresses and when they were tried; swept after a day",
    "portal_companysignin": "an organisation's identity provider; read at sign-in, its secret encrypted",
    "portal_companyidentity": "whom a provider means by a subject; read at sign-in",
    "portal_signin": "when and how a person came in, for their own eyes; no content, swept after 90 days",
    "portal_checkpointmail": "who was sent the checkpoints of a day: an id and times, swept after a week",
    "portal_look": "when a person last looked at Home or a batch: two ids and two times, no content",
    "portal_keyuse": "when a key last spoke: an id and a time, no content",
    "portal_relayshard": "leases of the relays",
    "portal_noticesetting": "by what and when a person is told: codes and hours, read by whoever tells them",
    "portal_pushdevice": "where a browser takes notifications: hidden under a key of the installation",
    "portal_courier": "when a run of the courier was last seen; swept after an hour",
    "portal_clocktry": "how often a clock was tried: ids, counts and times",
    "portal_heartbeat": "when a process was last seen",
    "django_session": "sessions, under the digest of a random key, signed for it",
    "account_emailaddress": "allauth's own; read at sign-in",
    "account_emailconfirmation": "allauth's own; unused, sign-up is closed",
    "mfa_authenticator": "second factors, encrypted; read at sign-in",
    "django_content_type": "reference of the framework",
    "django_migrations": "reference of the framework",
}
NO_RIGHTS = {
    "auth_group": "unused framework table; the application has no right on it",
    "auth_permission": "likewise",
    "auth_group_permissions": "likewise",
}
TELEMETRY = {
    "batches_reading",
    "batches_frame",
    "batches_frameanswer",
    "batches_latest",
    "batches_watchdocument",
    "batches_watchcourse",
    "batches_gatewayfeed",
    "batches_announcedframe",
    "portal_webhookcursor",
    "portal_webhookattempt",
}
# Machinery behind row security of which whoever writes it deletes what is old.
TRIMMED = {
    "batches_frameanswer",
    "batches_announcedframe",
    "portal_webhookattempt",
    "batches_recipepaper",
    "portal_paper",
}
MIRROR = {"portal_record", "deviations_deviationwords"}
# What was never handed over leaves no trace; whoever writes it takes it away.
DRAFTS = {"batches_recipepaper", "portal_paper"}


@pytest.fixture
def tables(as_owner):
    rows = as_owner.execute(
        """select n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, r.rolname
           from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
           where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
             and n.nspname not like 'pg_temp%'"""
    ).fetchall()
    return {(schema, name): row for schema, name, *row in rows}


def _is_record(name):
    models = {model._meta.db_table for model in apps.get_models() if hasattr(model.objects, "visible_to")}
    return name in models


def test_every_table_is_classified(tables):
    unknown = [
        f"{schema}.{name}"
        for (schema, name), (_, _, is_partition, _) in tables.items()
        if not is_partition
        and schema != "ledger"
        and name not in OPEN
        and name not in NO_RIGHTS
        and name != "clock_offset"
        and not _is_record(name)
    ]
    assert unknown == []
    assert {name for schema, name in tables if schema == "ledger"} == LEDGER


def test_every_table_belongs_to_the_owner_alone(tables):
    assert {owner for *_, owner in tables.values()} == {"covalent_owner"}


def test_record_tables_have_forced_row_security_and_a_policy_for_each_command(tables, as_owner):
    for (schema, name), (enabled, forced, is_partition, _) in tables.items():
        if is_partition or schema != "public" or not _is_record(name):
            continue
        assert (enabled, forced) == (True, True), name
        policies = {
            (policy, command)
            for policy, command in as_owner.execute(
                "select policyname, cmd from pg_policies where schemaname = 'public' and tablename = %s",
                [name],
            ).fetchall()
        }
        assert policies == {
            ("owner_all", "ALL"),
            ("seat_select", "SELECT"),
            ("seat_insert", "INSERT"),
            ("seat_update", "UPDATE"),
            ("seat_delete", "DELETE"),
        }, name


def test_the_ledger_has_forced_row_security_and_the_application_at_most_adds_to_it(tables, as_owner):
    for name in LEDGER:
        assert tables["ledger", name][:2] == [True, True], name
        policies = as_owner.execute(
            "select policyname, cmd from pg_policies where schemaname = 'ledger' and tablename = %s", [name]
        ).fetchall()
        seats = {("seat_select", "SELECT")} if name != "marker" else set()
        seats |= {("seat_insert", "INSERT")} if name in LOG else set()
        assert set(policies) == {("owner_all", "ALL"), *seats}, name
        rights = as_owner.execute(
            "select privilege_type from information_schema.role_table_grants"
            " where grantee = 'covalent_app' and table_schema = 'ledger' and table_name = %s",
            [name],
        ).fetchall()
        assert {right for (right,) in rights} == {command for _, command in seats}, name


def test_all_policies_of_the_application_have_one_shape(as_owner):
    shapes = as_owner.execute(
        """select distinct coalesce(qual, with_check) from pg_policies where roles = '{covalent_app}'
           union select distinct with_check from pg_policies
           where roles = '{covalent_app}' and with_check is not null"""
    ).fetchall()
    # The cast to text is PostgreSQL's own: a varchar column of a model, a text column of the ledger.
    assert len({shape.replace("(audience)::text", "audience") for (shape,) in shapes}) == 1
    assert "covalent.as_sponsor" in VISIBLE


def test_record_tables_note_every_change_and_only_telemetry_does_without(tables, as_owner):
    with_note = {
        name
        for (name,) in as_owner.execute(
            "select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
            " where t.tgname like 'note_%' and t.tgenabled = 'O' group by 1 having count(*) = 3"
        ).fetchall()
    }
    records = {name for schema, name in tables if schema == "public" and _is_record(name)}
    assert records - with_note == TELEMETRY | MIRROR | DRAFTS
    assert with_note - records == {each.table for each in IDENTITIES} <= set(OPEN)


def test_records_are_never_deleted_by_the_application(as_owner):
    may_delete = {
        name
        for (name,) in as_owner.execute(
            "select table_name from information_schema.role_table_grants"
            " where grantee = 'covalent_app'"
            " and privilege_type in ('DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES')"
        ).fetchall()
    }
    assert may_delete == {sweep.table for sweep in SWEPT} | set(STAYS) | TRIMMED
    assert may_delete - TRIMMED <= set(OPEN)


def test_every_record_table_has_a_time_for_which_it_is_kept(tables):
    records = {name for schema, name in tables if schema == "public" and _is_record(name)}
    classes = [found for found in classified() for found in found.items()]
    assert {table for table, _ in classes} == records
    assert len(classes) == len(records)
    assert {kept for _, kept in classes} | {"ledger"} == set(CLASSES)
    for table in records:
        assert class_of(table).terms, table


def test_every_class_says_how_long_and_by_which_clause():
    for code, kept in CLASSES.items():
        assert kept.source.startswith(("21 CFR", "no record")), code
        assert all(term.years >= 0 and term.since for term in kept.terms), code


def test_the_application_has_no_right_on_partitions_and_unused_tables(tables, as_owner):
    for (schema, name), (_, _, is_partition, _) in tables.items():
        if is_partition or name in NO_RIGHTS or (schema, name) == ("ledger", "marker"):
            rights = as_owner.execute(
                "select has_table_privilege('covalent_app', %s, 'select, insert, update, delete')",
                [f"{schema}.{name}"],
            ).fetchone()
            assert rights == (False,), name


def test_references_between_records_are_composite(as_owner):
    single = as_owner.execute(
        """select con.conname from pg_constraint con
           join pg_class f on f.oid = con.conrelid join pg_class t on t.oid = con.confrelid
           where con.contype = 'f' and cardinality(con.conkey) = 1
             and f.relname ~ '^(portal|batches|deviations)_' and t.relname not in
                 ('portal_space', 'portal_person', 'portal_organisation', 'portal_partnership')"""
    ).fetchall()
    assert single == []


def test_unique_keys_of_records_start_with_the_space_or_are_random(tables, as_owner):
    records = [name for schema, name in tables if schema == "public" and _is_record(name)]
    rows = as_owner.execute(
        """select c.relname, i.relname, (select a.attname from pg_attribute a
                   where a.attrelid = c.oid and a.attnum = x.indkey[0])
           from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
           where x.indisunique and c.relname = any(%s)""",
        [records],
    ).fetchall()
    odd = {(table, index) for table, index, first in rows if first not in ("space_id", "id", "batch_id")}
    # A token's hash is 256 bits of chance: it tells nobody anything.
    assert odd == {("portal_apikey", "apikey_hash_once")}


def test_definer_functions_pin_their_search_path_and_are_listed(as_owner):
    rows = as_owner.execute(
        """select n.nspname || '.' || p.proname, p.proconfig, r.rolname,
                  has_function_privilege('public', p.oid, 'execute')
           from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
           where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"""
    ).fetchall()
    assert {name for name, *_ in rows} == {
        "portal.keep_record",
        "portal.keep_deviation_words",
        "ledger.mark",
        "ledger.note_insert",
        "ledger.note_update",
        "ledger.note_delete",
        "ledger.note_disclosed",
        "ledger.note_identity",
        "ledger.record",
        "ledger.record_each",
        "ledger.seal",
        "ledger.seal_chain",
        "ledger.seat_of",
        "door.by_key",
        "door.search_deviations",
        "door.deviations_with",
        "door.spaces_of",
        "door.turns_at",
        "door.people_of",
        "door.places_of",
        "door.due",
        "door.heads_since",
        "door.unsealed",
        "door.silent",
        "door.shelves_over",
        "door.watches_asked",
        "door.watched",
        "door.links_due",
        "door.monitoring_due",
        "door.unpublished",
        "door.unmailed",
        "door.waiting_messages",
        "door.gauges",
        "door.webhooks_due",
        "door.may_be_told",
        "door.webhook_gauges",
        "door.rosters_of",
        "door.holders_of",
        "door.zones_of",
        "door.rosters",
        "door.audit",
        "batches.make_partitions",
        "batches.strays",
    }
    for name, settings, owner, is_public in rows:
        assert owner == "covalent_owner", name
        assert any(each.startswith("search_path=pg_catalog") for each in settings or []), name
        assert not is_public, name


def test_the_application_role_is_nothing_more(as_owner):
    row = as_owner.execute(
        """select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,
                  (select count(*) from pg_auth_members m where m.member = r.oid),
                  (select count(*) from pg_class c where c.relowner = r.oid),
                  has_schema_privilege(r.rolname, 'public', 'create')
           from pg_roles r where rolname = 'covalent_app'"""
    ).fetchone()
    assert row == (False, False, False, False, False, 0, 0, False)
