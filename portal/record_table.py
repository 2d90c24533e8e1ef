"""The migration operations that build the walls of a table: `RecordTable`, `DraftTable`, `StateGuard`.

And which tables of sign-in leave a trace in the ledger: `IDENTITIES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.migrations.operations.base import Operation

# The list is read and cast once, inside the scalar sub-select. With the cast outside alone it was parsed anew
# for every row: counting 200,000 readings took five times as long. The outer cast only says: this is a value.
VISIBLE = (
    "((audience <> 'manufacturer' and space_id = any ("
    "(select nullif(current_setting('covalent.as_sponsor', true), '')::uuid[])::uuid[]))"
    " or (audience <> 'sponsor' and space_id = any ("
    "(select nullif(current_setting('covalent.as_manufacturer', true), '')::uuid[])::uuid[])))"
)
# What of this is switched off at this moment, one table a row: nobody but a superuser or the owner does it.
WALLS_DOWN = """
select c.oid::regclass::text || ': '
    || case when t.is_off then 'triggers' else 'row security' end || ' switched off'
from pg_class c join pg_namespace n on n.oid = c.relnamespace,
lateral (select exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled <> 'O') as is_off,
                exists (select from pg_policy p where p.polrelid = c.oid) as has_policy) t
where n.nspname in ('public', 'ledger')
  and (t.is_off or (t.has_policy and not (c.relrowsecurity and c.relforcerowsecurity))) order by 1
"""
TRANSITION_TABLES = (
    ("insert", "new table as fresh"),
    ("update", "old table as stale new table as fresh"),
    ("delete", "old table as stale"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A table of sign-in: no record, and still nobody changes it unseen (G39).

    `owner` is the column that names the organisation, or the person whose organisation it is, in whose chain
    a change is noted. Of the `digested` columns the note has the SHA-256 alone. What is `unnoted` changes
    with every sign-in or link and opens no door.
    """

    table: str
    owner: str
    digested: tuple[str, ...]
    unnoted: tuple[str, ...] = ()

    @property
    def organisation(self) -> str:
        """Return the SQL for the organisation of a row `t`."""
        if self.owner == "organisation_id":
            return "t.organisation_id"
        return f"(select p.organisation_id from portal_person p where p.id = t.{self.owner})"  # noqa: S608 - fixed names

    @property
    def arguments(self) -> str:
        """Return what the trigger is told."""
        lists = ("{" + ",".join(each) + "}" for each in (self.digested, self.unnoted))
        return ", ".join(f"'{each}'" for each in (self.owner, *lists))

    def rows(self) -> str:
        """Return the SQL of all rows that have a chain: id, organisation, what a note says."""
        image = IDENTITY_IMAGE.format(
            image="to_jsonb(t)",
            digested=f"'{{{','.join(self.digested)}}}'::text[]",
            unnoted=f"'{{{','.join(self.unnoted)}}}'::text[]",
        )
        row_id = IDENTITY_ID.format(table=f"'{self.table}'", id="to_jsonb(t) -> 'id'")
        return (
            f"select {row_id} as row_id, {self.organisation} as space_id, ({image}) as image"  # noqa: S608 - fixed names
            f" from {self.table} t where {self.organisation} is not null order by 1"
        )


_NEVER_ALONE: Final = ("last_login", "access_epoch", "signed_out_at", "link_made_at", "link_next_at", "zone")
IDENTITIES: Final = (
    Identity("portal_person", "organisation_id", ("password", "email"), _NEVER_ALONE),
    Identity("mfa_authenticator", "user_id", ("data",), ("last_used_at",)),
    Identity("account_emailaddress", "user_id", ("email",)),
    Identity("portal_companysignin", "organisation_id", ("secret",)),
    Identity("portal_companyidentity", "person_id", ("subject",)),
)
# What a note says of a row: every number is text, as in the image of a record. Who verifies holds it against
# the rows, so that it does not stand in a function that somebody could replace.
IDENTITY_IMAGE: Final = (
    "select jsonb_object_agg(key, case"
    " when key = any ({digested}) then to_jsonb(encode(sha256(convert_to(value #>> '{{}}', 'UTF8')), 'hex'))"
    " when jsonb_typeof(value) = 'number' then to_jsonb(value #>> '{{}}') else value end)"
    " from jsonb_each({image}) where key <> all ({unnoted})"
)
# The library's rows are counted, ours are not.
IDENTITY_ID: Final = (
    "case jsonb_typeof({id}) when 'number' then md5({table} || ':' || ({id} #>> '{{}}'))::uuid"
    " else ({id} #>> '{{}}')::uuid end"
)


def walls(table: str, *, commands: Sequence[str]) -> list[str]:
    """Return the SQL of row-level security: forced, one policy per command, the owner's own, the grants.

    FORCE blinds the owner too, so that a data migration would silently change nothing; hence its explicit
    policy.
    """
    seat_update = f"create policy seat_update on {table} for update to covalent_app"
    return [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy owner_all on {table} to covalent_owner using (true) with check (true)",
        f"create policy seat_select on {table} for select to covalent_app using {VISIBLE}",
        f"create policy seat_insert on {table} for insert to covalent_app with check {VISIBLE}",
        f"{seat_update} using {VISIBLE} with check {VISIBLE}",
        f"create policy seat_delete on {table} for delete to covalent_app using {VISIBLE}",
        f"grant {', '.join(commands)} on {table} to covalent_app",
        f"grant select on {table} to covalent_backup",
    ]


class TableOperation(Operation):
    reversible = False
    reduces_to_sql = True
    commands: Sequence[str] = ("select", "insert", "update")

    def __init__(self, name: str, **options: Any) -> None:
        self.name = name
        self.options = options

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing of the models."""

    def deconstruct(self) -> Any:
        """Name the operation for the migration writer."""
        return self.__class__.__qualname__, [self.name], self.options

    def database_forwards(
        self,
        app_label: str,
        schema_editor: Any,
        from_state: Any,  # noqa: ARG002 - Django's signature
        to_state: Any,
    ) -> None:
        """Run the SQL of the table."""
        model = to_state.apps.get_model(app_label, self.name)
        for statement in self.statements(model):
            schema_editor.execute(statement)

    def statements(self, model: Any) -> list[str]:
        """Return the SQL for the model's table."""
        raise NotImplementedError(self.name)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"{self.__class__.__name__} {self.name}"


class RecordTable(TableOperation):
    """Make a model's table a record table (ground 2): walls, composite keys, note trigger, Record row.

    Options: `subject=(type, number column, title column)` keeps a `portal_record` row; `mirror=True` is for a
    table that a trigger alone keeps: readable, no note.
    """

    def statements(self, model: Any) -> list[str]:
        """Return walls, composite keys and triggers."""
        table = model._meta.db_table
        mirror = self.options.get("mirror", False)
        sql = walls(table, commands=("select",) if mirror else self.commands)
        sql.append(f"alter table {table} add constraint {table}_space_id_key unique (space_id, id)")
        sql += composite_keys(model)
        if not mirror:
            sql += [
                f"create trigger note_{event} after {event} on {table} referencing {tables}"
                f" for each statement execute function ledger.note_{event}()"
                for event, tables in TRANSITION_TABLES
            ]
        if "subject" in self.options:
            words = ", ".join(f"'{word}'" for word in self.options["subject"])
            sql.append(
                f"create trigger keep_record after insert or update on {table}"
                f" for each row execute function portal.keep_record({words})"
            )
        return sql


class TelemetryTable(TableOperation):
    """Make a table of readings or digests: walls and keys, no note (sealed by frame roots, ground 4)."""

    commands = ("select", "insert", "update", "delete")

    def statements(self, model: Any) -> list[str]:
        """Return walls and composite keys."""
        return [*walls(model._meta.db_table, commands=self.commands), *composite_keys(model)]


class DraftTable(TelemetryTable):
    """Make a table of drafts: walls and keys, no note; what was never handed over leaves no trace."""


class StateGuard(TableOperation):
    """Let the database refuse an edge that the TRANSITIONS table does not hold."""

    def statements(self, model: Any) -> list[str]:
        """Return the guard trigger."""
        table = model._meta.db_table
        pairs = ", ".join(f"'{pair}'" for pair in self.options["edges"])
        head = f"create trigger guard_state before update of state on {table} for each row"
        return [f"{head} execute function portal.guard_state({pairs})"]


def composite_keys(model: Any) -> list[str]:
    """Return a composite foreign key `(space_id, x_id)` per RecordKey: no row points across spaces."""
    sql = []
    for field in model._meta.local_fields:
        if field.is_relation and field.__class__.__name__ == "RecordKey":
            table, other = model._meta.db_table, field.related_model._meta.db_table
            sql.append(
                f"alter table {table} add constraint {table}_{field.column}_space_fk"
                f" foreign key (space_id, {field.column}) references {other} (space_id, id)"
            )
    return sql
