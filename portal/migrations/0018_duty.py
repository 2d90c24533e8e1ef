"""Rosters, duty cards, gaps, refusals and drills; the doors by which both sides learn who has duty."""

import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.conf import settings
from pathlib import Path

from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0017_agreement_life"),
    ]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="refused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="Roster",
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
                ("role", models.CharField(max_length=20)),
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
            name="RosterGap",
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
                ("begins_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "alert",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.alert"
                    ),
                ),
                (
                    "roster",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.roster"
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
            name="RosterVersion",
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
                ("number", models.PositiveIntegerField()),
                ("plan", models.JSONField()),
                ("made_by", models.UUIDField()),
                ("made_code", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField()),
                (
                    "roster",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.roster"
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
            name="Drill",
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
                ("kind", models.CharField(max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "running"), ("ended", "ended")], default="running", max_length=10
                    ),
                ),
                ("wait_s", models.PositiveIntegerField(null=True)),
                ("started_by", models.UUIDField()),
                ("started_code", models.CharField(max_length=60)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("report", models.JSONField(default=list)),
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
                "indexes": [models.Index(fields=["space", "-started_at", "id"], name="drill_list")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("space", "side"),
                        name="drill_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state", "running")),
                            models.Q(("ended_at__gte", models.F("started_at")), ("state", "ended")),
                            _connector="OR",
                        ),
                        name="drill_ended_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", models.F("side"))), name="drill_of_its_side"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DutyCard",
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
                ("languages", models.CharField(blank=True, max_length=80)),
                ("telephone", portal.sealing.SealedTextField(blank=True)),
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("space", "person", "audience"), name="dutycard_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("audience", "shared"),
                            models.Q(("audience", models.F("side")), ("languages", "")),
                            _connector="OR",
                        ),
                        name="dutycard_private_holds_the_telephone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refusal",
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
                ("reason", portal.sealing.SealedTextField()),
                ("refused_at", models.DateTimeField()),
                (
                    "receipt",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.receipt"
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
                    models.UniqueConstraint(fields=("space", "receipt"), name="refusal_once"),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "shared"), _negated=True),
                        name="refusal_stays_with_its_side",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="roster",
            constraint=models.UniqueConstraint(fields=("space", "side", "role"), name="roster_once_per_role"),
        ),
        migrations.AddConstraint(
            model_name="roster",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", models.F("side")), ("side__in", ["manufacturer", "sponsor"])),
                name="roster_of_its_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="rostergap",
            constraint=models.UniqueConstraint(
                fields=("space", "roster", "begins_at"), name="rostergap_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rostergap",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("begins_at"))), name="rostergap_has_length"
            ),
        ),
        migrations.AddIndex(
            model_name="rosterversion",
            index=models.Index(fields=["roster", "-number"], name="rosterversion_newest"),
        ),
        migrations.AddConstraint(
            model_name="rosterversion",
            constraint=models.UniqueConstraint(
                fields=("space", "roster", "number"), name="rosterversion_once"
            ),
        ),
        RecordTable("roster", subject=("roster", "role", "-")),
        RecordTable("rosterversion"),
        RecordTable("rostergap"),
        RecordTable("dutycard"),
        RecordTable("refusal"),
        RecordTable("drill", subject=("drill", "number", "-")),
        StateGuard("drill", edges=["running>ended"]),
        # Written once.
        migrations.RunSQL(
            "revoke update on portal_rosterversion, portal_rostergap, portal_refusal from covalent_app",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL((SQL / "duty.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
