import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("deviations", "0009_reviews"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Capa",
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
                ("scope", portal.sealing.SealedTextField()),
                (
                    "side",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("approved", "Approved, in work"),
                            ("monitored", "Effectiveness watched"),
                            ("effective", "Effective"),
                            ("not_effective", "Not effective"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="planned",
                        max_length=14,
                    ),
                ),
                ("planned_by", models.UUIDField()),
                ("planned_code", models.CharField(max_length=60)),
                ("recorded_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("approved_code", models.CharField(blank=True, max_length=60)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_text", portal.sealing.SealedTextField(blank=True)),
                (
                    "follows",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.capa",
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
            name="CapaDecision",
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
                            ("approve", "approve the plan"),
                            ("effective", "effective"),
                            ("not_effective", "not effective"),
                            ("cancel", "cancel the CAPA"),
                        ],
                        max_length=14,
                    ),
                ),
                ("because", portal.sealing.SealedTextField()),
                ("decided_by", models.UUIDField()),
                ("decided_code", models.CharField(max_length=60)),
                ("decided_at", models.DateTimeField()),
                (
                    "capa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="deviations.capa"
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
            name="CapaKin",
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
                ("family", models.UUIDField()),
                (
                    "capa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="deviations.capa"
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
            name="CapaLink",
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
                ("linked_code", models.CharField(max_length=60)),
                ("linked_at", models.DateTimeField()),
                (
                    "capa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="deviations.capa"
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
        ),
        migrations.CreateModel(
            name="CapaNumbering",
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
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
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
            name="CapaPlan",
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
                ("rationale", portal.sealing.SealedTextField()),
                (
                    "capa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="deviations.capa"
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
            name="EffectivenessCheck",
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
                ("criteria", portal.sealing.SealedTextField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("deviations", "deviations with these words in the title"),
                            ("excursions", "excursions of this parameter"),
                            ("stated", "nothing: a person states it from evidence"),
                        ],
                        max_length=12,
                    ),
                ),
                ("matching", portal.sealing.SealedTextField(blank=True)),
                ("allowed", models.PositiveIntegerField(blank=True, null=True)),
                ("window_days", models.PositiveSmallIntegerField()),
                ("window_batches", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("owner_code", models.CharField(max_length=60)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("collected_at", models.DateTimeField(blank=True, null=True)),
                (
                    "capa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="deviations.capa"
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
            name="EffectivenessData",
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
                ("batches", models.PositiveIntegerField()),
                ("found", models.PositiveIntegerField(blank=True, null=True)),
                ("numbers", models.JSONField(default=list)),
                ("collected_at", models.DateTimeField()),
                (
                    "of_check",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.effectivenesscheck",
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
            name="Measure",
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
                ("ordinal", models.PositiveSmallIntegerField()),
                ("number", models.CharField(max_length=24)),
                ("title", portal.sealing.SealedTextField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("correction", "correction"),
                            ("corrective", "corrective action"),
                            ("preventive", "preventive action"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("done", "done, waits for verification"),
                            ("verified", "verified"),
                            ("dropped", "taken out of the plan"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("owner_code", models.CharField(max_length=60)),
                ("due_at", models.DateTimeField()),
                ("evidence", portal.sealing.SealedTextField(blank=True)),
                ("done_by", models.UUIDField(blank=True, null=True)),
                ("done_code", models.CharField(blank=True, max_length=60)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("verified_by", models.UUIDField(blank=True, null=True)),
                ("verified_code", models.CharField(blank=True, max_length=60)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "capa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="deviations.capa"
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
            name="RiskForm",
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
                ("hazard", portal.sealing.SealedTextField()),
                ("severity", models.PositiveSmallIntegerField()),
                ("likelihood", models.PositiveSmallIntegerField()),
                ("detectability", models.PositiveSmallIntegerField()),
                ("decision_maker", models.CharField(max_length=60)),
                (
                    "formality",
                    models.CharField(
                        choices=[
                            ("low", "informal"),
                            ("medium", "short form"),
                            ("high", "full method with a team"),
                        ],
                        max_length=6,
                    ),
                ),
                ("formality_why", portal.sealing.SealedTextField()),
                ("given_code", models.CharField(max_length=60)),
                ("given_at", models.DateTimeField()),
                (
                    "about",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.record"
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
        migrations.AddIndex(
            model_name="capa",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="capa_list"),
        ),
        migrations.AddConstraint(
            model_name="capa",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="capa_number_once"),
        ),
        migrations.AddConstraint(
            model_name="capa",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", models.F("side")), ("audience", "shared"), _connector="OR"),
                name="capa_of_one_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="capa",
            constraint=models.CheckConstraint(
                condition=models.Q(("side", "shared"), _negated=True), name="capa_owned_by_a_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="capa",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "cancelled"]), ("approved_at__isnull", False), _connector="OR"
                ),
                name="capa_approved_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="capadecision",
            index=models.Index(fields=["space", "capa"], name="capadecision_list"),
        ),
        migrations.AddIndex(
            model_name="capakin",
            index=models.Index(fields=["family"], name="capakin_family"),
        ),
        migrations.AddConstraint(
            model_name="capakin",
            constraint=models.UniqueConstraint(fields=("space", "capa"), name="capakin_once"),
        ),
        migrations.AddConstraint(
            model_name="capakin",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared"), _negated=True), name="capakin_of_one_side"
            ),
        ),
        migrations.AddIndex(
            model_name="capalink",
            index=models.Index(fields=["space", "deviation"], name="capalink_deviation"),
        ),
        migrations.AddConstraint(
            model_name="capalink",
            constraint=models.UniqueConstraint(fields=("space", "capa", "deviation"), name="capalink_once"),
        ),
        migrations.AddConstraint(
            model_name="capanumbering",
            constraint=models.UniqueConstraint(
                fields=("space", "audience", "year"), name="capanumbering_once_a_year"
            ),
        ),
        migrations.AddConstraint(
            model_name="capanumbering",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared"), _negated=True), name="capanumbering_of_one_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="capaplan",
            constraint=models.UniqueConstraint(fields=("space", "capa"), name="capaplan_once"),
        ),
        migrations.AddConstraint(
            model_name="capaplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared"), _negated=True), name="capaplan_of_one_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="effectivenesscheck",
            constraint=models.UniqueConstraint(fields=("space", "capa"), name="effectivenesscheck_once"),
        ),
        migrations.AddConstraint(
            model_name="effectivenesscheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_days__range", (1, 1825))), name="effectivenesscheck_has_a_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="effectivenessdata",
            constraint=models.UniqueConstraint(
                fields=("space", "of_check", "audience"), name="effectivenessdata_once_a_reader"
            ),
        ),
        migrations.AddIndex(
            model_name="measure",
            index=models.Index(fields=["space", "capa", "ordinal"], name="measure_of_capa"),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.UniqueConstraint(
                fields=("space", "capa", "ordinal"), name="measure_ordinal_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verified_by", None),
                    models.Q(("verified_by", models.F("done_by")), _negated=True),
                    _connector="OR",
                ),
                name="measure_verified_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["done", "verified"]), _negated=True),
                    models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                    _connector="OR",
                ),
                name="measure_done_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "verified"), _negated=True),
                    models.Q(("verified_at__isnull", False), ("verified_by__isnull", False)),
                    _connector="OR",
                ),
                name="measure_verified_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="riskform",
            index=models.Index(fields=["space", "about", "-given_at"], name="riskform_newest"),
        ),
        migrations.AddConstraint(
            model_name="riskform",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("detectability__range", (1, 5)),
                    ("likelihood__range", (1, 5)),
                    ("severity__range", (1, 5)),
                ),
                name="riskform_on_a_scale_of_five",
            ),
        ),
        migrations.AddConstraint(
            model_name="riskform",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared"), _negated=True), name="riskform_of_one_side"
            ),
        ),
        RecordTable("capa", subject=("capa", "number", "title")),
        StateGuard(
            "capa",
            edges=[
                "approved>cancelled",
                "approved>completed",
                "approved>monitored",
                "monitored>cancelled",
                "monitored>effective",
                "monitored>not_effective",
                "planned>approved",
                "planned>cancelled",
            ],
        ),
        RecordTable("capaplan"),
        RecordTable("capalink"),
        RecordTable("capakin"),
        RecordTable("capanumbering"),
        RecordTable("measure", subject=("measure", "number", "title")),
        StateGuard("measure", edges=["done>open", "done>verified", "open>done", "open>dropped"]),
        RecordTable("effectivenesscheck"),
        RecordTable("effectivenessdata"),
        RecordTable("capadecision"),
        RecordTable("riskform"),
        migrations.RunSQL(
            [
                # What was decided, counted and assessed is never changed.
                "revoke update on deviations_capadecision from covalent_app",
                "revoke update on deviations_effectivenessdata from covalent_app",
                "revoke update on deviations_riskform from covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
