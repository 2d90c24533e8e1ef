"""Monitoring of rooms and utilities: the site's own record, and what of it a batch has."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard

DOOR = """
-- A door (ground 2): what a session found and the program it is to be told, whose batch it covers.
create function door.monitoring_due(most integer)
    returns table (space_id uuid, coverage_id uuid, program uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select c.space_id, c.id, c.program from public.batches_coverage c where c.carry_due order by c.id limit most
$$;
revoke all on function door.monitoring_due(integer) from public;
grant execute on function door.monitoring_due(integer) to covalent_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0014_feeds"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="BatchMonitoring",
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
                ("session", models.UUIDField()),
                ("number", models.CharField(max_length=60)),
                ("area", models.CharField(max_length=60)),
                (
                    "occupancy",
                    models.CharField(
                        choices=[("in_operation", "in operation"), ("at_rest", "at rest")], max_length=12
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("closed", "closed")], default="open", max_length=8
                    ),
                ),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("strategy", models.CharField(blank=True, max_length=60)),
                ("strategy_version", models.CharField(blank=True, max_length=20)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("as_of", models.DateTimeField()),
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
            ],
        ),
        migrations.CreateModel(
            name="BatchSample",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("settle", "settle plate"),
                            ("contact", "contact plate"),
                            ("air", "active air"),
                            ("glove", "glove print"),
                            ("particles_05", "particles of 0.5 µm and more"),
                            ("particles_50", "particles of 5 µm and more"),
                            ("count", "viable count"),
                            ("endotoxin", "endotoxin"),
                            ("toc", "total organic carbon"),
                            ("conductivity", "conductivity"),
                            ("gases", "non-condensable gases"),
                            ("dryness", "dryness of steam"),
                            ("superheat", "superheat"),
                            ("oil", "oil mist"),
                            ("dew_point", "dew point"),
                            ("pressure", "pressure difference"),
                            ("air_speed", "air speed"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("exposed", "exposed"),
                            ("incubating", "incubating"),
                            ("read", "read once"),
                            ("confirmed", "read twice"),
                        ],
                        default="exposed",
                        max_length=10,
                    ),
                ),
                ("exposed_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("incubation", models.JSONField(blank=True, default=list)),
                ("value", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("second_value", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("bounds", models.JSONField(blank=True, default=dict)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("within", "within limits"),
                            ("alert", "above alert limit"),
                            ("action", "above action limit"),
                        ],
                        max_length=6,
                    ),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("read_role", models.CharField(blank=True, max_length=20)),
                ("second_at", models.DateTimeField(blank=True, null=True)),
                ("second_role", models.CharField(blank=True, max_length=20)),
                ("organism", models.CharField(blank=True, max_length=200)),
                ("sample", models.UUIDField()),
                ("point_code", models.CharField(max_length=40)),
                ("point_title", models.CharField(max_length=200)),
                (
                    "system",
                    models.CharField(
                        choices=[
                            ("room", "room or isolator"),
                            ("wfi", "water for injections"),
                            ("steam", "clean steam"),
                            ("gas", "process gas"),
                            ("hvac", "air handling"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "Grade A"),
                            ("B", "Grade B"),
                            ("C", "Grade C"),
                            ("D", "Grade D"),
                            ("", "no grade"),
                        ],
                        max_length=1,
                    ),
                ),
                (
                    "monitoring",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.batchmonitoring",
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
        migrations.CreateModel(
            name="MonitoringPoint",
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
                ("code", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=200)),
                ("area", models.CharField(max_length=60)),
                (
                    "system",
                    models.CharField(
                        choices=[
                            ("room", "room or isolator"),
                            ("wfi", "water for injections"),
                            ("steam", "clean steam"),
                            ("gas", "process gas"),
                            ("hvac", "air handling"),
                        ],
                        default="room",
                        max_length=8,
                    ),
                ),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "Grade A"),
                            ("B", "Grade B"),
                            ("C", "Grade C"),
                            ("D", "Grade D"),
                            ("", "no grade"),
                        ],
                        default="",
                        max_length=1,
                    ),
                ),
                ("limits", models.JSONField(blank=True, default=dict)),
                ("serves", models.JSONField(blank=True, default=list)),
                ("strategy", models.CharField(blank=True, max_length=60)),
                ("strategy_version", models.CharField(blank=True, max_length=20)),
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
            name="MonitoringSession",
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
                ("number", models.CharField(max_length=60)),
                ("area", models.CharField(max_length=60)),
                (
                    "occupancy",
                    models.CharField(
                        choices=[("in_operation", "in operation"), ("at_rest", "at rest")], max_length=12
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("closed", "closed")], default="open", max_length=8
                    ),
                ),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("strategy", models.CharField(blank=True, max_length=60)),
                ("strategy_version", models.CharField(blank=True, max_length=20)),
                ("opened_by", models.UUIDField()),
                ("opened_role", models.CharField(max_length=20)),
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
            name="MonitoringSample",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("settle", "settle plate"),
                            ("contact", "contact plate"),
                            ("air", "active air"),
                            ("glove", "glove print"),
                            ("particles_05", "particles of 0.5 µm and more"),
                            ("particles_50", "particles of 5 µm and more"),
                            ("count", "viable count"),
                            ("endotoxin", "endotoxin"),
                            ("toc", "total organic carbon"),
                            ("conductivity", "conductivity"),
                            ("gases", "non-condensable gases"),
                            ("dryness", "dryness of steam"),
                            ("superheat", "superheat"),
                            ("oil", "oil mist"),
                            ("dew_point", "dew point"),
                            ("pressure", "pressure difference"),
                            ("air_speed", "air speed"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("exposed", "exposed"),
                            ("incubating", "incubating"),
                            ("read", "read once"),
                            ("confirmed", "read twice"),
                        ],
                        default="exposed",
                        max_length=10,
                    ),
                ),
                ("exposed_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("incubation", models.JSONField(blank=True, default=list)),
                ("value", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("second_value", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("bounds", models.JSONField(blank=True, default=dict)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("within", "within limits"),
                            ("alert", "above alert limit"),
                            ("action", "above action limit"),
                        ],
                        max_length=6,
                    ),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("read_role", models.CharField(blank=True, max_length=20)),
                ("second_at", models.DateTimeField(blank=True, null=True)),
                ("second_role", models.CharField(blank=True, max_length=20)),
                ("organism", models.CharField(blank=True, max_length=200)),
                ("read_by", models.UUIDField(blank=True, null=True)),
                ("second_by", models.UUIDField(blank=True, null=True)),
                (
                    "point",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.monitoringpoint",
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
                    "session",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.monitoringsession",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Coverage",
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
                ("program", models.UUIDField()),
                ("batch", models.UUIDField()),
                ("part", models.UUIDField()),
                ("event", models.UUIDField(blank=True, null=True)),
                ("carry_due", models.BooleanField(db_default=True, default=True)),
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
                    "session",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.monitoringsession",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="batchmonitoring",
            index=models.Index(fields=["space", "batch", "began_at"], name="batchmonitoring_batch"),
        ),
        migrations.AddConstraint(
            model_name="batchmonitoring",
            constraint=models.UniqueConstraint(
                fields=("space", "batch", "session"), name="batchmonitoring_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchmonitoring",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="batchmonitoring_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchmonitoring",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("began_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("began_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ended_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ended_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("as_of__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("as_of__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="batchmonitoring_times_within_reach",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchsample",
            constraint=models.UniqueConstraint(
                fields=("space", "monitoring", "sample"), name="batchsample_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchsample",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="batchsample_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchsample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("exposed_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("exposed_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("taken_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("taken_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("read_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("read_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("second_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("second_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="batchsample_times_within_reach",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringpoint",
            constraint=models.UniqueConstraint(fields=("space", "code"), name="monitoringpoint_code_once"),
        ),
        migrations.AddConstraint(
            model_name="monitoringpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monitoringpoint_is_the_sites"
            ),
        ),
        migrations.AddIndex(
            model_name="monitoringsession",
            index=models.Index(fields=["space", "-began_at", "id"], name="monitoring_by_time"),
        ),
        migrations.AddConstraint(
            model_name="monitoringsession",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="monitoring_number_once"),
        ),
        migrations.AddConstraint(
            model_name="monitoringsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monitoring_is_the_sites"
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None), ("ended_at__gte", models.F("began_at")), _connector="OR"
                ),
                name="monitoring_has_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("began_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("began_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ended_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ended_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="monitoring_times_within_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="monitoringsample",
            index=models.Index(
                fields=["space", "point", "kind", "exposed_at"], name="monitoringsample_trend"
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsample",
            constraint=models.UniqueConstraint(
                fields=("space", "session", "code"), name="monitoringsample_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsample",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monitoringsample_is_the_sites"
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("second_by", None),
                    models.Q(("second_by", models.F("read_by")), _negated=True),
                    _connector="OR",
                ),
                name="monitoringsample_read_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("taken_at", None), ("taken_at__gte", models.F("exposed_at")), _connector="OR"
                ),
                name="monitoringsample_has_exposure",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["exposed", "incubating"]), ("value__isnull", False), _connector="OR"
                ),
                name="monitoringsample_read_has_value",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitoringsample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("exposed_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("exposed_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("taken_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("taken_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("read_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("read_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("second_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("second_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="monitoringsample_times_within_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="coverage",
            index=models.Index(
                condition=models.Q(("carry_due", True)), fields=["id"], name="coverage_to_carry"
            ),
        ),
        migrations.AddConstraint(
            model_name="coverage",
            constraint=models.UniqueConstraint(fields=("space", "session", "batch"), name="coverage_once"),
        ),
        migrations.AddConstraint(
            model_name="coverage",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="coverage_is_the_sites"
            ),
        ),
        RecordTable("batchmonitoring"),
        RecordTable("batchsample"),
        RecordTable("monitoringpoint"),
        RecordTable("monitoringsession"),
        RecordTable("monitoringsample"),
        RecordTable("coverage"),
        StateGuard("monitoringsession", edges=["open>closed"]),
        StateGuard("monitoringsample", edges=["exposed>incubating", "incubating>read", "read>confirmed"]),
        migrations.RunSQL(DOOR, migrations.RunSQL.noop),
    ]
