"""Webhooks, how far each has come, their tries; and when each key was last used."""

from pathlib import Path

import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard, TelemetryTable

SQL = Path(__file__).with_name("sql")
STOPPED = ("disabled", "gone", "exhausted", "withdrawn")


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0015_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
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
                ("url", portal.sealing.SealedTextField()),
                ("secret", portal.sealing.SealedTextField()),
                ("previous_secret", portal.sealing.SealedTextField(blank=True)),
                ("previous_until", models.DateTimeField(null=True)),
                ("kinds", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "sending"),
                            ("disabled", "switched off"),
                            ("gone", "the receiver said that it is gone"),
                            ("exhausted", "75 hours of tries failed"),
                            ("withdrawn", "who set it up may no longer read here"),
                            ("removed", "removed"),
                        ],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("owner_id", models.UUIDField()),
                ("owner_code", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(null=True)),
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
            name="WebhookAttempt",
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
                        max_length=12,
                    ),
                ),
                (
                    "stream",
                    models.CharField(
                        choices=[("entries", "events"), ("checkpoints", "checkpoints"), ("tests", "tests")],
                        max_length=12,
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("kind", models.CharField(max_length=80)),
                ("message", models.CharField(max_length=80)),
                ("attempt", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("ms", models.PositiveIntegerField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=40)),
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
                    "webhook",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.webhook"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookCursor",
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
                        max_length=12,
                    ),
                ),
                (
                    "stream",
                    models.CharField(
                        choices=[("entries", "events"), ("checkpoints", "checkpoints"), ("tests", "tests")],
                        max_length=12,
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        choices=[
                            ("shared", "shared"),
                            ("manufacturer", "CDMO internal"),
                            ("sponsor", "sponsor internal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("after", models.BigIntegerField()),
                ("asked", models.BigIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("fence", models.BigIntegerField(default=0)),
                ("taken_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("last_ms", models.PositiveIntegerField(default=0)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=40)),
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
                    "webhook",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.webhook"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(fields=["space", "-made_at", "id"], name="webhook_list"),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("audience", "shared"), _negated=True), ("audience", models.F("side"))
                ),
                name="webhook_of_one_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), ("stopped_at", None)),
                    models.Q(
                        models.Q(("state", "active"), _negated=True),
                        models.Q(("stopped_at", None), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="webhook_stopped_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookattempt",
            index=models.Index(fields=["space", "webhook", "-at", "id"], name="webhookattempt_list"),
        ),
        migrations.AddConstraint(
            model_name="webhookcursor",
            constraint=models.UniqueConstraint(
                fields=("space", "webhook", "stream", "chain"), name="webhookcursor_once_per_stream"
            ),
        ),
        migrations.CreateModel(
            name="KeyUse",
            fields=[
                ("key_id", models.UUIDField(primary_key=True, serialize=False)),
                ("used_at", models.DateTimeField()),
            ],
        ),
        RecordTable("webhook"),
        StateGuard(
            "webhook",
            edges=sorted(
                [f"active>{state}" for state in (*STOPPED, "removed")]
                + [f"{state}>{after}" for state in STOPPED for after in ("active", "removed")]
            ),
        ),
        TelemetryTable("webhookcursor"),
        TelemetryTable("webhookattempt"),
        migrations.RunSQL((SQL / "webhooks.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
