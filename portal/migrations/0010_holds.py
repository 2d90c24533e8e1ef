import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard

RELEASING = "state, released_by, released_code, released_at, release_reason, version"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_trail_reviews"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalHold",
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
                ("reason", portal.sealing.SealedTextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("placed", "stands"), ("released", "released")],
                        default="placed",
                        max_length=10,
                    ),
                ),
                ("placed_by", models.UUIDField()),
                ("placed_code", models.CharField(max_length=60)),
                ("placed_at", models.DateTimeField()),
                ("released_by", models.UUIDField(null=True)),
                ("released_code", models.CharField(blank=True, max_length=60)),
                ("released_at", models.DateTimeField(null=True)),
                ("release_reason", portal.sealing.SealedTextField(blank=True)),
                (
                    "record",
                    portal.models.base.RecordKey(
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
                "indexes": [models.Index(fields=["space", "-placed_at", "id"], name="legalhold_list")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "placed")),
                        fields=("space", "record", "side"),
                        name="legalhold_one_of_each_side",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("side__in", ["manufacturer", "sponsor"]),
                            models.Q(("audience", "shared"), ("audience", models.F("side")), _connector="OR"),
                        ),
                        name="legalhold_of_its_side_or_shared",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("released_at", None), ("released_by", None), ("state", "placed")),
                            models.Q(
                                ("released_at__gte", models.F("placed_at")),
                                ("released_by__isnull", False),
                                ("state", "released"),
                            ),
                            _connector="OR",
                        ),
                        name="legalhold_released_by_somebody",
                    ),
                ],
            },
        ),
        RecordTable("legalhold"),
        StateGuard("legalhold", edges=["placed>released"]),
        # What was placed is never rewritten.
        migrations.RunSQL(
            [
                "revoke update on portal_legalhold from covalent_app",
                f"grant update ({RELEASING}) on portal_legalhold to covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
