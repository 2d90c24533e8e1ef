"""Holds on a batch: status, processing, out of use."""

import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0005_lots"),
        ("portal", "0022_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="BatchHold",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("status", "status hold"),
                            ("processing", "processing hold"),
                            ("use", "out of use"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("standing", "stands"), ("lifted", "lifted")],
                        default="standing",
                        max_length=8,
                    ),
                ),
                ("scope", models.CharField(blank=True, max_length=200)),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                ("cause_number", models.CharField(blank=True, max_length=60)),
                ("clause", models.CharField(blank=True, max_length=20)),
                ("terms", models.PositiveIntegerField(blank=True, null=True)),
                ("until", models.CharField(blank=True, max_length=20)),
                ("placed_code", models.CharField(max_length=60)),
                ("placed_at", models.DateTimeField()),
                ("lifted_code", models.CharField(blank=True, max_length=60)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lift_reason", portal.sealing.SealedTextField(blank=True)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "cause",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.record",
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
                "indexes": [models.Index(fields=["space", "batch", "state"], name="batchhold_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "standing"), models.Q(("cause", None), _negated=True)),
                        fields=("space", "batch", "cause", "kind"),
                        name="batchhold_once_a_cause",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at__isnull", False), ("state", "lifted")),
                            models.Q(("lifted_at", None), ("state", "standing")),
                            _connector="OR",
                        ),
                        name="batchhold_lifted_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "sponsor"), _negated=True),
                        name="batchhold_is_placed_by_cdmo",
                    ),
                ],
            },
        ),
        RecordTable("batchhold"),
        StateGuard("batchhold", edges=["standing>lifted"]),
    ]
