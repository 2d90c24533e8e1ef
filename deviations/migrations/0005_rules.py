import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0003_keep_readings"),
        ("deviations", "0004_regulatory"),
        ("portal", "0019_members"),
    ]

    operations = [
        migrations.AddField(
            model_name="deviation",
            name="summarised_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="EarlySignal",
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
                    "state",
                    models.CharField(
                        choices=[("open", "waits for its answer"), ("answered", "answered")],
                        default="open",
                        max_length=8,
                    ),
                ),
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
                ("noticed_at", models.DateTimeField()),
                ("raised_at", models.DateTimeField()),
                ("raised_code", models.CharField(max_length=60)),
                (
                    "asked_side",
                    models.CharField(
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("roles", models.JSONField(default=list)),
                ("answer", portal.sealing.SealedTextField(blank=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("answered_code", models.CharField(blank=True, max_length=60)),
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
                    models.Index(fields=["space", "-raised_at", "-id"], name="earlysignal_list"),
                    models.Index(fields=["space", "batch"], name="earlysignal_batch"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "number"), name="earlysignal_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "shared")), name="earlysignal_is_shared"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("noticed_at__lte", models.F("raised_at"))),
                        name="earlysignal_noticed_before_raised",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", False), ("state", "answered")),
                            models.Q(("answered_at", None), ("state", "open")),
                            _connector="OR",
                        ),
                        name="earlysignal_answered_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PreliminarySummary",
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
                ("code", models.CharField(max_length=60)),
                ("given_at", models.DateTimeField()),
                (
                    "deviation",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.deviation",
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
                    models.UniqueConstraint(fields=("space", "deviation"), name="preliminarysummary_once"),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "sponsor"), _negated=True),
                        name="preliminarysummary_of_cdmo",
                    ),
                ],
            },
        ),
        RecordTable("earlysignal", subject=("early_signal", "number", "title")),
        StateGuard("earlysignal", edges=["open>answered"]),
        RecordTable("preliminarysummary"),
    ]
