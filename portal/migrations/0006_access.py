"""Seats that begin and end by their dates, and roles lent to a colleague for a time."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import uuid
from pathlib import Path

from portal.record_table import RecordTable

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("portal", "0004_signatures")]

    operations = [
        migrations.AlterField(
            model_name="signature",
            name="code",
            field=models.CharField(max_length=140),
        ),
        migrations.CreateModel(
            name="Delegation",
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
                ("roles", models.JSONField()),
                ("reason", models.CharField(max_length=500)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                (
                    "delegate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.space"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["delegate", "valid_until"], name="delegation_delegate")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gt", models.F("valid_from"))),
                        name="delegation_has_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delegate", models.F("person")), _negated=True),
                        name="delegation_to_another",
                    ),
                ],
            },
        ),
        RecordTable("delegation"),
        migrations.RunSQL((SQL / "access.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
