"""Watch models as signed records, and what they noticed in running batches."""

import django.db.models.deletion
import portal.models.base
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard, TelemetryTable


# What was learned is written once; how far a batch is judged is never deleted.
KEPT = """
revoke update, delete on batches_watchdocument from covalent_app;
revoke delete on batches_watchcourse from covalent_app;
"""
# A door (ground 2): watch models that wait to be learned.
ASKED = """
create function door.watches_asked(most integer) returns table (space_id uuid, model_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select m.space_id, m.id from public.batches_watchmodel m
    where m.state = 'asked' order by m.asked_at, m.id limit most
$$;
revoke all on function door.watches_asked(integer) from public;
grant execute on function door.watches_asked(integer) to covalent_app;
"""
# A door (ground 2): batches of which the model in force has not judged what came. Drawn at random, so that one
# that fails keeps no other back.
WATCHED = """
create function door.watched(most integer) returns table (space_id uuid, batch_id uuid)
    language sql volatile security definer set search_path = pg_catalog as
$$
    select d.space_id, d.id from (
    select b.space_id, b.id
    from public.batches_watchmodel m
    join public.batches_recipeversion v on v.space_id = m.space_id and v.number = m.recipe_number
    join public.batches_batch b on b.space_id = v.space_id and b.recipe_version_id = v.id
    left join public.batches_watchcourse c on c.space_id = b.space_id and c.batch_id = b.id
    where m.state = 'in_force' and b.audience = 'shared'
      and case when b.state = 'in_process'
               then c.id is null or c.model_id <> m.id
               else c.model_id = m.id and not c.is_over end
          is true
      and exists (select from public.batches_latest n where n.space_id = b.space_id and n.batch_id = b.id)
    union
    select b.space_id, b.id
    from public.batches_watchcourse c
    join public.batches_watchmodel m on m.space_id = c.space_id and m.id = c.model_id and m.state = 'in_force'
    join public.batches_batch b on b.space_id = c.space_id and b.id = c.batch_id and b.state = 'in_process'
    where exists (select from public.batches_latest n
                  where n.space_id = c.space_id and n.batch_id = c.batch_id and n.at >= c.due_at)
    ) d order by random() limit most
$$;
revoke all on function door.watched(integer) from public;
grant execute on function door.watched(integer) to covalent_app;
"""
EDGES = [
    "asked>drafted",
    "asked>failed",
    "asked>withdrawn",
    "drafted>proposed",
    "drafted>withdrawn",
    "in_force>superseded",
    "in_force>withdrawn",
    "proposed>in_force",
    "proposed>withdrawn",
]


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0012_use_taken_back"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchModel",
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
                ("number", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=200)),
                ("recipe_number", models.CharField(max_length=60)),
                ("revision", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "being learned"),
                            ("drafted", "waits for its author's signature"),
                            ("proposed", "waits for the sponsor's signature"),
                            ("in_force", "in force"),
                            ("superseded", "superseded"),
                            ("failed", "not learned"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("training", models.JSONField(default=list)),
                ("swings", models.JSONField(default=list)),
                ("learned", models.JSONField(default=dict)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("why", models.CharField(blank=True, max_length=40)),
                ("asked_by", models.UUIDField()),
                ("asked_code", models.CharField(max_length=60)),
                ("asked_at", models.DateTimeField()),
                ("learned_at", models.DateTimeField(blank=True, null=True)),
                ("in_force_at", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
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
        ),
        migrations.CreateModel(
            name="WatchDocument",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
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
                ("body", models.TextField()),
                (
                    "space",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.space",
                    ),
                ),
                (
                    "model",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.watchmodel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WatchCourse",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
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
                ("reached_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("judged_at", models.DateTimeField()),
                ("is_over", models.BooleanField(default=False)),
                ("forecasts", models.JSONField(default=list)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
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
                (
                    "model",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.watchmodel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WatchNews",
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
                (
                    "sign",
                    models.CharField(
                        choices=[
                            ("envelope", "outside what good batches showed"),
                            ("level", "drift of the level"),
                            ("t2", "T², the batch as a whole"),
                            ("spe", "SPE, parameters against each other"),
                        ],
                        max_length=8,
                    ),
                ),
                ("parameter", models.CharField(blank=True, max_length=60)),
                ("direction", models.CharField(blank=True, max_length=4)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "lasts"), ("over", "over"), ("withdrawn", "taken back")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("begins_at", models.DateTimeField()),
                ("known_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("peak", models.FloatField()),
                ("causes", models.JSONField(default=list)),
                ("picture", models.JSONField(default=dict)),
                ("told_id", models.UUIDField(blank=True, null=True)),
                ("noticed_at", models.DateTimeField()),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "model",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.watchmodel",
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
        ),
        migrations.AddConstraint(
            model_name="watchmodel",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="watchmodel_number_once"),
        ),
        migrations.AddConstraint(
            model_name="watchmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "in_force")),
                fields=("space", "recipe_number"),
                name="watchmodel_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="watchmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="watchmodel_is_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="watchmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest", ""), _negated=True),
                    ("state__in", ["asked", "failed", "withdrawn"]),
                    _connector="OR",
                ),
                name="watchmodel_signed_once_learned",
            ),
        ),
        migrations.AddConstraint(
            model_name="watchdocument",
            constraint=models.UniqueConstraint(fields=("space", "model"), name="watchdocument_once"),
        ),
        migrations.AddConstraint(
            model_name="watchcourse",
            constraint=models.UniqueConstraint(fields=("space", "batch"), name="watchcourse_once"),
        ),
        migrations.AddIndex(
            model_name="watchnews",
            index=models.Index(fields=["space", "batch", "begins_at"], name="watchnews_batch"),
        ),
        migrations.AddConstraint(
            model_name="watchnews",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="watchnews_is_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="watchnews",
            constraint=models.CheckConstraint(
                condition=models.Q(("begins_at__lte", models.F("known_at"))),
                name="watchnews_begins_before_it_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="watchnews",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "withdrawn"), _negated=True),
                fields=("space", "batch", "model", "sign", "parameter", "direction", "begins_at"),
                name="watchnews_once",
            ),
        ),
        RecordTable("watchmodel", subject=("watch_model", "number", "title")),
        TelemetryTable("watchdocument"),
        TelemetryTable("watchcourse"),
        RecordTable("watchnews"),
        StateGuard("watchmodel", edges=EDGES),
        StateGuard("watchnews", edges=["open>over", "open>withdrawn", "over>open", "over>withdrawn"]),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(ASKED, "drop function door.watches_asked(integer)"),
        migrations.RunSQL(WATCHED, "drop function door.watched(integer)"),
    ]
