"""How people are told: choices, devices, couriers; and work that is set apart."""

import uuid
from pathlib import Path

from django.db import migrations, models


SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0014_decisions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockTry",
            fields=[
                ("clock_id", models.UUIDField(primary_key=True, serialize=False)),
                ("space_id", models.UUIDField()),
                ("tries", models.PositiveSmallIntegerField()),
                ("tried_at", models.DateTimeField()),
                ("error", models.CharField(blank=True, max_length=100)),
                ("leased_until", models.DateTimeField(null=True)),
                ("set_apart_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Courier",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=12)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="courier_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="lost",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="channel",
            field=models.CharField(
                choices=[("email", "e-mail"), ("push", "web push"), ("chat", "Teams, Slack or SMS")],
                default="email",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("sent", "sent"),
                    ("failed", "failed"),
                    ("digest", "left to the morning mail"),
                ],
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="NoticeSetting",
            fields=[
                ("person_id", models.UUIDField(primary_key=True, serialize=False)),
                ("given", models.JSONField(default=dict)),
                ("digest_hour", models.PositiveSmallIntegerField(null=True)),
                ("digest_at", models.DateTimeField(null=True)),
                ("digest_since", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("digest_at__isnull", False)),
                        fields=["digest_at"],
                        name="digest_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("digest_hour", None), ("digest_hour__lt", 24), _connector="OR"),
                        name="digest_hour",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest_at", None), ("digest_hour", None)),
                            models.Q(("digest_at__isnull", False), ("digest_hour__isnull", False)),
                            _connector="OR",
                        ),
                        name="digest_due_if_asked_for",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PushDevice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("person_id", models.UUIDField(db_index=True)),
                ("endpoint_hash", models.BinaryField(max_length=32)),
                ("hidden", models.TextField()),
                ("label", models.CharField(max_length=80)),
                ("added_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("endpoint_hash",), name="pushdevice_once")],
            },
        ),
        migrations.RunSQL((SQL / "notices.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
