from pathlib import Path

import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models


from portal.record_table import RecordTable, StateGuard

SQL = Path(__file__).with_name("sql")
EDGES = [
    "paused>met",
    "paused>running",
    "paused>withdrawn",
    "running>breached",
    "running>met",
    "running>paused",
    "running>withdrawn",
]


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0012_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessCalendar",
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
                    "side",
                    models.CharField(
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("effective_on", models.DateField()),
                ("reason", portal.sealing.SealedTextField()),
                ("set_by", models.UUIDField()),
                ("set_code", models.CharField(max_length=60)),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ClockMove",
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
                    "step",
                    models.CharField(
                        choices=[
                            ("started", "started"),
                            ("moved", "moved to the other side"),
                            ("pause_asked", "pause asked for"),
                            ("paused", "paused"),
                            ("resumed", "resumed"),
                            ("extended", "extended"),
                            ("met", "met"),
                            ("breached", "time is over"),
                            ("done_late", "done late"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("code", models.CharField(blank=True, max_length=60)),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                ("due_before", models.DateTimeField(blank=True, null=True)),
                ("due_after", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="clock",
            name="calendar",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="done_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="duration",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="clock",
            name="extensions",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="clock",
            name="inputs",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="clock",
            name="is_joint",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="clock",
            name="is_regulatory",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="clock",
            name="pause_asked_by",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="clock",
            name="paused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="paused_next_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="zone",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AlterField(
            model_name="clock",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "running"),
                    ("paused", "paused"),
                    ("met", "met"),
                    ("breached", "breached"),
                    ("withdrawn", "withdrawn"),
                ],
                default="running",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paused_at__isnull", False), ("state", "paused")),
                    models.Q(models.Q(("state", "paused"), _negated=True), ("paused_at", None)),
                    _connector="OR",
                ),
                name="clock_paused_since_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_regulatory", True), ("state", "paused"), _negated=True),
                name="clock_regulatory_never_paused",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_joint", False),
                    models.Q(("audience", "shared"), ("is_regulatory", False)),
                    _connector="OR",
                ),
                name="clock_joint_is_known_to_both",
            ),
        ),
        migrations.AddField(
            model_name="businesscalendar",
            name="site",
            field=portal.models.base.RecordKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.programsite",
            ),
        ),
        migrations.AddField(
            model_name="businesscalendar",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="clockmove",
            name="clock",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.clock"
            ),
        ),
        migrations.AddField(
            model_name="clockmove",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddConstraint(
            model_name="businesscalendar",
            constraint=models.UniqueConstraint(
                fields=("space", "side", "number"), name="businesscalendar_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="businesscalendar",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="businesscalendar_known_to_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="businesscalendar",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["manufacturer", "sponsor"])),
                name="businesscalendar_of_a_side",
            ),
        ),
        migrations.AddIndex(
            model_name="clockmove",
            index=models.Index(fields=["space", "clock", "at"], name="clockmove_clock"),
        ),
        RecordTable("businesscalendar"),
        RecordTable("clockmove"),
        StateGuard("clock", edges=EDGES),
        migrations.RunSQL((SQL / "clocks.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
        # What was set, and what happened, is never rewritten.
        migrations.RunSQL(
            [
                "revoke update on portal_businesscalendar from covalent_app",
                "revoke update on portal_clockmove from covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
