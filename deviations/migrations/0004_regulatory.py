import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models


from portal.record_table import RecordTable


class Migration(migrations.Migration):
    dependencies = [
        ("deviations", "0003_needs_notice"),
        ("portal", "0013_clocks"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportingDecision",
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
                ("rule", models.CharField(max_length=30)),
                (
                    "decision",
                    models.CharField(
                        choices=[("reportable", "reportable"), ("not_reportable", "not reportable, because")],
                        max_length=16,
                    ),
                ),
                ("because", portal.sealing.SealedTextField()),
                ("decided_by", models.UUIDField()),
                ("decided_code", models.CharField(max_length=60)),
                ("decided_at", models.DateTimeField()),
                (
                    "clock",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.clock"
                    ),
                ),
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
                "indexes": [models.Index(fields=["space", "deviation"], name="reportingdecision_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience", "sponsor")), name="reportingdecision_private"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportingFacts",
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
                ("kinds", models.JSONField(default=list)),
                (
                    "reach",
                    models.CharField(
                        choices=[
                            ("not_left", "nothing has left the manufacturer's control"),
                            ("distributed", "distributed"),
                            ("investigational", "investigational, at a trial site or given"),
                        ],
                        max_length=20,
                    ),
                ),
                ("events", models.JSONField(default=list)),
                ("aware_at", models.DateTimeField()),
                ("given_by", models.UUIDField()),
                ("given_code", models.CharField(max_length=60)),
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
                "indexes": [
                    models.Index(fields=["space", "deviation", "-given_at"], name="reportingfacts_newest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience", "sponsor")), name="reportingfacts_private"
                    )
                ],
            },
        ),
        RecordTable("reportingfacts"),
        RecordTable("reportingdecision"),
        migrations.RunSQL(
            [
                "revoke update on deviations_reportingfacts from covalent_app",
                "revoke update on deviations_reportingdecision from covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
