import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0019_aseptic"),
        ("deviations", "0010_capa"),
        ("portal", "0025_displays"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthlyList",
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
                ("month", models.DateField()),
                ("number", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=60)),
                ("lines", models.PositiveIntegerField()),
                ("released_at", models.DateTimeField()),
                ("released_by", models.UUIDField()),
                ("released_code", models.CharField(max_length=60)),
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
            name="MonthlyLine",
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
                ("ordinal", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=200)),
                ("recorded_on", models.DateField()),
                (
                    "classification",
                    models.CharField(
                        blank=True,
                        choices=[("minor", "minor"), ("major", "major"), ("critical", "critical")],
                        max_length=8,
                    ),
                ),
                ("is_no_deviation", models.BooleanField(default=False)),
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
                    "of_list",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.monthlylist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Query",
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
                ("number", models.CharField(max_length=20)),
                ("title", portal.sealing.SealedTextField()),
                ("description", portal.sealing.SealedTextField()),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("question", "query"),
                            ("concern", "concern"),
                            ("reconsideration", "reconsideration"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waits for its answer"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("wanted_at", models.DateTimeField(blank=True, null=True)),
                ("clause", models.CharField(blank=True, max_length=40)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.batch",
                    ),
                ),
                (
                    "deviation",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.deviation",
                    ),
                ),
                (
                    "line",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.monthlyline",
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
            name="SiteEvent",
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
                ("number", models.CharField(max_length=20)),
                ("title", portal.sealing.SealedTextField()),
                ("description", portal.sealing.SealedTextField()),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("utility", "utility"),
                            ("isolator", "isolator or line"),
                            ("freezer", "freezer or store"),
                            ("equipment", "shared equipment"),
                            ("analyst", "analyst or laboratory"),
                            ("data_integrity", "data integrity"),
                            ("other", "other"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("occurred_at", models.DateTimeField()),
                ("detected_at", models.DateTimeField()),
                ("end_text", portal.sealing.SealedTextField(blank=True)),
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
            name="SiteReach",
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
                ("event", models.UUIDField()),
                ("program", models.UUIDField()),
                ("statement", models.UUIDField()),
                ("is_concluded", models.BooleanField(default=False)),
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
            name="DocketEntry",
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
                ("ordinal", models.PositiveSmallIntegerField()),
                ("step", models.CharField(max_length=20)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                ("text", portal.sealing.SealedTextField(blank=True)),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("code", models.CharField(max_length=60)),
                ("person", models.UUIDField()),
                ("given_at", models.DateTimeField()),
                (
                    "about",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.record"
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("space", "about", "ordinal"), name="docketentry_ordinal_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side", "shared"), _negated=True), name="docketentry_of_a_side"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocketLink",
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
                ("linked_code", models.CharField(max_length=60)),
                ("linked_at", models.DateTimeField()),
                (
                    "about",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.record"
                    ),
                ),
                (
                    "other",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.record"
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
                "indexes": [models.Index(fields=["space", "other"], name="docketlink_other")],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "about", "other"), name="docketlink_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImpactStatement",
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
                ("number", models.CharField(max_length=20)),
                ("title", portal.sealing.SealedTextField()),
                ("description", portal.sealing.SealedTextField()),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("utility", "utility"),
                            ("isolator", "isolator or line"),
                            ("freezer", "freezer or store"),
                            ("equipment", "shared equipment"),
                            ("analyst", "analyst or laboratory"),
                            ("data_integrity", "data integrity"),
                            ("other", "other"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Impact is assessed"),
                            ("concluded", "Impact concluded"),
                            ("signed", "Signed"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("occurred_at", models.DateTimeField()),
                ("detected_at", models.DateTimeField()),
                ("batches", models.JSONField(blank=True, default=list)),
                ("impact", portal.sealing.SealedTextField(blank=True)),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                ("concluded_by", models.UUIDField(blank=True, null=True)),
                ("shared_at", models.DateTimeField(blank=True, null=True)),
                ("others_assessed", models.BooleanField(default=False)),
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
                    models.Index(fields=["space", "-recorded_at", "-id"], name="impactstatement_list")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "number"), name="impactstatement_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("side", "shared"), _negated=True), ("side", "manufacturer")
                        ),
                        name="impactstatement_cdmo",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "sponsor"), _negated=True),
                        name="impactstatement_not_sponsors",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"), ("concluded_at__isnull", False), _connector="OR"
                        ),
                        name="impactstatement_concluded_at_a_time",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="monthlylist",
            constraint=models.UniqueConstraint(fields=("space", "month"), name="monthlylist_once"),
        ),
        migrations.AddConstraint(
            model_name="monthlylist",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monthlylist_is_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyline",
            constraint=models.UniqueConstraint(
                fields=("space", "of_list", "ordinal"), name="monthlyline_ordinal_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyline",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monthlyline_is_shared"
            ),
        ),
        migrations.AddIndex(
            model_name="query",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="query_list"),
        ),
        migrations.AddIndex(
            model_name="query",
            index=models.Index(fields=["space", "deviation"], name="query_deviation"),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="query_number_once"),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="query_is_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.CheckConstraint(
                condition=models.Q(("side", "shared"), _negated=True), name="query_asked_by_a_side"
            ),
        ),
        migrations.AddIndex(
            model_name="siteevent",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="siteevent_list"),
        ),
        migrations.AddConstraint(
            model_name="siteevent",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="siteevent_number_once"),
        ),
        migrations.AddConstraint(
            model_name="siteevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="siteevent_is_the_sites"
            ),
        ),
        migrations.AddConstraint(
            model_name="siteevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("occurred_at__lte", models.F("detected_at"))),
                name="siteevent_occurred_before_detected",
            ),
        ),
        migrations.AddConstraint(
            model_name="sitereach",
            constraint=models.UniqueConstraint(fields=("space", "event", "program"), name="sitereach_once"),
        ),
        migrations.AddConstraint(
            model_name="sitereach",
            constraint=models.UniqueConstraint(
                fields=("space", "statement"), name="sitereach_of_a_statement"
            ),
        ),
        migrations.AddConstraint(
            model_name="sitereach",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="sitereach_is_the_sites"
            ),
        ),
        RecordTable("monthlylist", subject=("monthly_list", "number", "title")),
        RecordTable("monthlyline"),
        RecordTable("query", subject=("query", "number", "title")),
        StateGuard("query", edges=["answered>closed", "answered>open", "open>answered", "open>withdrawn"]),
        RecordTable("siteevent"),
        StateGuard("siteevent", edges=["open>closed"]),
        RecordTable("sitereach"),
        RecordTable("impactstatement", subject=("impact_statement", "number", "title")),
        StateGuard("impactstatement", edges=["concluded>open", "concluded>signed", "open>concluded"]),
        RecordTable("docketentry"),
        RecordTable("docketlink"),
        migrations.RunSQL(
            [
                # What left is never changed.
                "revoke update on deviations_monthlylist from covalent_app",
                "revoke update on deviations_monthlyline from covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
