"""Feeds of site gateways: how far each has come, what was announced, and what a frame says of its sender."""

import django.db.models.deletion
import portal.models.base
import uuid
from django.db import migrations, models

from portal.record_table import TelemetryTable


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0013_watches"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnnouncedFrame",
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
                ("feed_id", models.UUIDField()),
                ("chain", models.CharField(max_length=32)),
                ("sequence", models.BigIntegerField()),
                ("link", models.BinaryField(max_length=32)),
                ("announced_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="GatewayFeed",
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
                ("person_id", models.UUIDField()),
                ("device", models.CharField(max_length=60)),
                ("first_seen_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("frame_at", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField(null=True)),
                ("chain", models.CharField(blank=True, default="", max_length=32)),
                ("sequence", models.BigIntegerField(default=0)),
                ("link", models.BinaryField(default=bytes, max_length=32)),
                ("skew_ms", models.BigIntegerField(default=0)),
                ("off_since", models.DateTimeField(null=True)),
                ("past_skew_s", models.IntegerField(null=True)),
                ("waiting", models.PositiveIntegerField(default=0)),
                ("lost", models.BigIntegerField(default=0)),
                ("breaks", models.PositiveIntegerField(default=0)),
                ("broken_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="frame",
            name="announced_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="frame",
            name="device",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AddField(
            model_name="frame",
            name="first_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="frame",
            name="last_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="frame",
            name="marked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="frame",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("at_once", "came at once"),
                    ("witnessed", "late, its digest was here at the time"),
                    ("fixed", "late, its digest was here before it"),
                    ("chained", "late, in an unbroken chain"),
                    ("broken", "does not follow the frame before"),
                    ("altered", "differs from what was announced"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="frame",
            name="recorded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="frame",
            name="sequence",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="frame",
            name="skew_s",
            field=models.IntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="frame",
            index=models.Index(
                condition=models.Q(
                    models.Q(("skew_s", None), _negated=True),
                    ("proof__in", ["broken", "altered"]),
                    _connector="OR",
                ),
                fields=["space", "batch", "first_at"],
                name="frame_marked",
            ),
        ),
        migrations.AddField(
            model_name="announcedframe",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="announcedframe",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="gatewayfeed",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="gatewayfeed",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcedframe",
            constraint=models.UniqueConstraint(
                fields=("space", "feed_id", "chain", "sequence"), name="announcedframe_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayfeed",
            constraint=models.UniqueConstraint(
                fields=("space", "batch", "person_id", "device"), name="gatewayfeed_once"
            ),
        ),
        TelemetryTable("gatewayfeed"),
        TelemetryTable("announcedframe"),
        migrations.RunSQL("revoke delete on batches_gatewayfeed from covalent_app", migrations.RunSQL.noop),
    ]
