from pathlib import Path

import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0013_clocks"),
    ]

    operations = [
        migrations.CreateModel(
            name="DecisionRequest",
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
                ("number", models.CharField(blank=True, max_length=20)),
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("drafted", "draft"),
                            ("asked", "waits for an answer"),
                            ("answered", "answered"),
                            ("lost", "no reply, the choice is lost"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="drafted",
                        max_length=10,
                    ),
                ),
                ("title", portal.sealing.SealedTextField()),
                ("details", portal.sealing.SealedTextField(blank=True)),
                ("options", portal.sealing.SealedTextField()),
                ("recommended", models.CharField(blank=True, max_length=4)),
                ("recommendation", portal.sealing.SealedTextField(blank=True)),
                ("meanwhile", portal.sealing.SealedTextField()),
                ("if_lost", portal.sealing.SealedTextField()),
                ("evidence", models.JSONField(blank=True, default=list)),
                ("roles", models.JSONField(default=list)),
                ("clause", models.CharField(max_length=20)),
                ("lost_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("author_code", models.CharField(max_length=60)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("asked_code", models.CharField(blank=True, max_length=60)),
                ("option", models.CharField(blank=True, max_length=4)),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_code", models.CharField(blank=True, max_length=140)),
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
                    "subject",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.record"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DecisionMessage",
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
                ("code", models.CharField(max_length=60)),
                ("text", portal.sealing.SealedTextField()),
                ("said_at", models.DateTimeField()),
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
                    "request",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.decisionrequest",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="decisionrequest",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="decision_list"),
        ),
        migrations.AddIndex(
            model_name="decisionrequest",
            index=models.Index(fields=["space", "subject"], name="decision_subject"),
        ),
        migrations.AddIndex(
            model_name="decisionrequest",
            index=models.Index(
                condition=models.Q(("state", "asked")), fields=["space", "lost_at"], name="decision_asked"
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("space", "number"),
                name="decision_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["manufacturer", "sponsor"])), name="decision_is_of_a_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("asked_at__isnull", False),
                        ("audience", "shared"),
                        models.Q(("number", ""), _negated=True),
                    ),
                    models.Q(
                        ("asked_at", None),
                        ("audience", models.F("side")),
                        ("number", ""),
                        ("state__in", ["drafted", "withdrawn"]),
                    ),
                    _connector="OR",
                ),
                name="decision_shared_once_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("asked_at", None), ("asked_at__lt", models.F("lost_at")), _connector="OR"
                ),
                name="decision_asked_in_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__lt", models.F("lost_at")),
                        ("state", "answered"),
                        models.Q(("option", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "answered"), _negated=True), ("option", "")),
                    _connector="OR",
                ),
                name="decision_answered_in_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "lost"), _negated=True),
                    models.Q(("ended_at__gte", models.F("lost_at")), ("reason", "")),
                    _connector="OR",
                ),
                name="decision_lost_after_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state__in", ("answered", "lost", "withdrawn"))),
                    models.Q(
                        models.Q(("state__in", ("answered", "lost", "withdrawn")), _negated=True),
                        ("ended_at", None),
                    ),
                    _connector="OR",
                ),
                name="decision_ended_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="decisionmessage",
            index=models.Index(fields=["space", "request", "said_at"], name="decisionmessage_of"),
        ),
        migrations.AddConstraint(
            model_name="decisionmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="decisionmessage_is_shared"
            ),
        ),
        RecordTable("decisionrequest", subject=("decision_request", "number", "title")),
        RecordTable("decisionmessage"),
        StateGuard(
            "decisionrequest",
            edges=[
                "asked>answered",
                "asked>lost",
                "asked>withdrawn",
                "drafted>asked",
                "drafted>withdrawn",
            ],
        ),
        migrations.RunSQL((SQL / "decisions.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
