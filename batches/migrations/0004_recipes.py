"""Recipes in full: the life of a version, materials, hold times, reasons of limits, papers of drafts."""

import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import DraftTable, RecordTable, StateGuard

EDGES = [
    "approved>effective",
    "approved>withdrawn",
    "draft>in_review",
    "draft>withdrawn",
    "effective>superseded",
    "in_review>approved",
    "in_review>returned",
    "in_review>withdrawn",
]
# What was handed to review is never rewritten, and neither are its rows.
WRITTEN_ONCE = """
create function batches.recipe_written_once() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as
$$
begin
    if old.state <> 'draft'
       and (new.number, new.revision, new.title, new.product, new.digest, new.not_understood)
           is distinct from (old.number, old.revision, old.title, old.product, old.digest, old.not_understood) then
        raise exception 'what was handed to review is not rewritten'
            using errcode = 'check_violation', constraint = 'recipe_written_once';
    end if;
    return new;
end
$$;
create trigger written_once before update on batches_recipeversion
    for each row execute function batches.recipe_written_once();
alter table batches_recipeversion add constraint batches_recipeversion_based_on_id_space_fk
    foreign key (space_id, based_on_id) references batches_recipeversion (space_id, id);
revoke update on batches_procedurestep, batches_parameter, batches_limit, batches_recipematerial,
    batches_holdtime from covalent_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0003_keep_readings"),
        ("portal", "0019_members"),
    ]

    operations = [
        migrations.CreateModel(
            name="HoldTime",
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
                ("code", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("longest_s", models.PositiveIntegerField()),
                ("condition", models.CharField(blank=True, max_length=200)),
                ("rationale", models.TextField(blank=True)),
                ("ordinal", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RecipeMaterial",
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
                ("code", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                (
                    "use",
                    models.CharField(
                        choices=[
                            ("input", "goes in"),
                            ("intermediate", "intermediate"),
                            ("output", "comes out"),
                        ],
                        max_length=12,
                    ),
                ),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("unit", models.CharField(blank=True, max_length=30)),
                (
                    "supplied_by",
                    models.CharField(
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("specification", models.CharField(blank=True, max_length=300)),
                ("ordinal", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RecipePaper",
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
                ("text", portal.sealing.SealedTextField()),
            ],
        ),
        migrations.AddField(
            model_name="limit",
            name="rationale",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="parameter",
            name="rationale",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="parameter",
            name="target",
            field=models.DecimalField(decimal_places=6, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name="procedurestep",
            name="equipment_class",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="procedurestep",
            name="instruction",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="procedurestep",
            name="needs_second_check",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="approval",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="approved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="based_on",
            field=portal.models.base.RecordKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="batches.recipeversion",
            ),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="digest",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="drafted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="drafted_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="drafted_code",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="effective_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="not_understood",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="submitted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="recipeversion",
            name="until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="recipeversion",
            name="product",
            field=portal.sealing.SealedTextField(blank=True),
        ),
        migrations.AlterField(
            model_name="recipeversion",
            name="revision",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="recipeversion",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("in_review", "in review"),
                    ("approved", "approved by the sponsor"),
                    ("effective", "effective"),
                    ("superseded", "superseded"),
                    ("returned", "sent back"),
                    ("withdrawn", "withdrawn"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="recipeversion",
            name="title",
            field=portal.sealing.SealedTextField(),
        ),
        migrations.AddIndex(
            model_name="recipeversion",
            index=models.Index(fields=["space", "number", "-revision"], name="recipeversion_list"),
        ),
        migrations.AddConstraint(
            model_name="recipeversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["in_review", "approved"])),
                fields=("space", "number"),
                name="recipe_one_in_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipeversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "effective")),
                fields=("space", "number"),
                name="recipe_one_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revision", None), ("state", "draft")),
                    ("state", "withdrawn"),
                    models.Q(("audience", "shared"), ("revision__isnull", False)),
                    _connector="OR",
                ),
                name="recipe_revision_once_submitted",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["effective", "superseded"]),
                    models.Q(("effective_from", None), ("until", None)),
                    _connector="OR",
                ),
                name="recipe_takes_effect_once_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until", None),
                    ("effective_from", None),
                    ("until__gte", models.F("effective_from")),
                    _connector="OR",
                ),
                name="recipe_ends_after_it_began",
            ),
        ),
        migrations.AddField(
            model_name="holdtime",
            name="after",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.procedurestep"
            ),
        ),
        migrations.AddField(
            model_name="holdtime",
            name="before",
            field=portal.models.base.RecordKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="batches.procedurestep",
            ),
        ),
        migrations.AddField(
            model_name="holdtime",
            name="recipe_version",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.recipeversion"
            ),
        ),
        migrations.AddField(
            model_name="holdtime",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="recipematerial",
            name="recipe_version",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.recipeversion"
            ),
        ),
        migrations.AddField(
            model_name="recipematerial",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="recipematerial",
            name="step",
            field=portal.models.base.RecordKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="batches.procedurestep",
            ),
        ),
        migrations.AddField(
            model_name="recipepaper",
            name="recipe_version",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.recipeversion"
            ),
        ),
        migrations.AddField(
            model_name="recipepaper",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdtime",
            constraint=models.UniqueConstraint(
                fields=("space", "recipe_version", "code"), name="holdtime_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="recipematerial",
            constraint=models.UniqueConstraint(
                fields=("space", "recipe_version", "ordinal"), name="material_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="recipematerial",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity", None), ("quantity__gte", 0), _connector="OR"),
                name="material_quantity_not_below_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipepaper",
            constraint=models.UniqueConstraint(
                fields=("space", "recipe_version", "audience"), name="recipepaper_once_a_side"
            ),
        ),
        RecordTable("recipematerial"),
        RecordTable("holdtime"),
        DraftTable("recipepaper"),
        StateGuard("recipeversion", edges=EDGES),
        migrations.RunSQL(WRITTEN_ONCE, migrations.RunSQL.noop),
    ]
