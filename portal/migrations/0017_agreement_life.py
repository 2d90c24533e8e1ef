import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard

EDGES = [
    "draft>in_review",
    "draft>withdrawn",
    "effective>superseded",
    "effective>terminated",
    "in_review>signed_by_one",
    "in_review>withdrawn",
    "signed_by_one>effective",
    "signed_by_one>in_review",
    "signed_by_one>withdrawn",
]
# What one side has signed is never rewritten: it is taken back first.
SIGNED = """
create function portal.agreement_written_once() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as
$$
begin
    if (old.state not in ('draft', 'in_review')
        and (new.text, new.title, new.digest, new.number, new.not_before)
            is distinct from (old.text, old.title, old.digest, old.number, old.not_before))
       or (old.agreed_at is not null
           and (new.agreed_at, new.effective_from) is distinct from (old.agreed_at, old.effective_from)) then
        raise exception 'what was signed is not rewritten'
            using errcode = 'check_violation', constraint = 'agreementversion_written_once';
    end if;
    return new;
end
$$;
create trigger written_once before update on portal_agreementversion
    for each row execute function portal.agreement_written_once();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0016_webhooks"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        default="shared",
                        max_length=12,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("program_id", models.UUIDField(null=True)),
                ("number", models.PositiveIntegerField(null=True)),
                ("title", portal.sealing.SealedTextField()),
                ("text", portal.sealing.SealedTextField()),
                ("digest", models.CharField(max_length=64)),
                ("note", portal.sealing.SealedTextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in_review", "in review"),
                            ("signed_by_one", "signed by one side"),
                            ("effective", "signed by both"),
                            ("superseded", "followed by the next"),
                            ("terminated", "ended by both"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=14,
                    ),
                ),
                (
                    "pen",
                    models.CharField(
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("drafted_by", models.UUIDField()),
                ("drafted_code", models.CharField(max_length=60)),
                ("drafted_at", models.DateTimeField()),
                ("not_before", models.DateTimeField(null=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("effective_from", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                (
                    "ending_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("ending_at", models.DateTimeField(null=True)),
                ("ending_reason", models.CharField(blank=True, max_length=4000)),
                (
                    "based_on",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.agreementversion",
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.space",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["space", "-drafted_at", "id"], name="agreementversion_list")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "number"), name="agreementversion_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["in_review", "signed_by_one"])),
                        fields=("space", "program_id"),
                        name="agreementversion_one_in_review",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "effective")),
                        fields=("space", "program_id"),
                        name="agreementversion_one_newest",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("audience", "shared"), ("number__isnull", False)),
                            models.Q(
                                ("audience", models.F("pen")),
                                ("number", None),
                                ("state__in", ["draft", "withdrawn"]),
                            ),
                            _connector="OR",
                        ),
                        name="agreementversion_draft_of_one_side",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("effective_from__gte", models.F("agreed_at")),
                                ("state__in", ["effective", "superseded", "terminated"]),
                            ),
                            models.Q(
                                ("agreed_at", None),
                                ("effective_from", None),
                                ("state__in", ["draft", "in_review", "signed_by_one", "withdrawn"]),
                            ),
                            _connector="OR",
                        ),
                        name="agreementversion_never_takes_effect_backwards",
                    ),
                ],
            },
        ),
        RecordTable("agreementversion", subject=("agreement_version", "number", "title")),
        StateGuard("agreementversion", edges=EDGES),
        migrations.RunSQL(SIGNED, migrations.RunSQL.noop),
    ]
