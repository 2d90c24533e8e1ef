"""The executed record: steps, entries, results of samples, scans of paper."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


_LOT_PHASE = """
alter table batches_lot add constraint batches_lot_phase_id_space_fk
    foreign key (space_id, phase_id) references batches_procedurestep (space_id, id)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0008_lot_links"),
        ("portal", "0022_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="lot",
            name="phase",
            field=portal.models.base.RecordKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="batches.procedurestep",
            ),
        ),
        migrations.CreateModel(
            name="PaperScan",
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
                ("title", models.CharField(max_length=200)),
                ("pages", models.JSONField(default=list)),
                ("page_count", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=60)),
                ("scanned_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                (
                    "attachment",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.attachment",
                    ),
                ),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "replaces",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.paperscan",
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
                "indexes": [models.Index(fields=["space", "batch", "recorded_at"], name="paperscan_batch")],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "replaces"), name="paperscan_replaced_once"),
                    models.CheckConstraint(
                        condition=models.Q(("page_count__gt", 0)), name="paperscan_has_pages"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaces", None), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="paperscan_replaces_with_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PageComment",
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
                ("page", models.PositiveIntegerField()),
                ("x", models.DecimalField(decimal_places=6, max_digits=7)),
                ("y", models.DecimalField(decimal_places=6, max_digits=7)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("corrected", "corrected"),
                            ("accepted", "accepted"),
                            ("withdrawn", "taken back"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("text", portal.sealing.SealedTextField()),
                ("side", models.CharField(max_length=12)),
                ("code", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField()),
                ("correction", portal.sealing.SealedTextField(blank=True)),
                ("corrected_code", models.CharField(blank=True, max_length=60)),
                ("corrected_at", models.DateTimeField(null=True)),
                ("closed_code", models.CharField(blank=True, max_length=60)),
                ("closed_at", models.DateTimeField(null=True)),
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
                    "scan",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.paperscan",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["space", "scan", "page"], name="pagecomment_scan")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("page__gt", 0)), name="pagecomment_on_a_page"),
                    models.CheckConstraint(
                        condition=models.Q(("x__gte", 0), ("x__lte", 1), ("y__gte", 0), ("y__lte", 1)),
                        name="pagecomment_inside_the_page",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_code", ""),
                            ("state", "withdrawn"),
                            models.Q(("closed_code", models.F("corrected_code")), _negated=True),
                            _connector="OR",
                        ),
                        name="pagecomment_closed_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("corrected_at", None), ("state", "open")),
                            models.Q(
                                ("closed_at", None), ("corrected_at__isnull", False), ("state", "corrected")
                            ),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("corrected_at__isnull", False),
                                ("state", "accepted"),
                            ),
                            models.Q(("closed_at__isnull", False), ("state", "withdrawn")),
                            _connector="OR",
                        ),
                        name="pagecomment_state_has_its_times",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StepExecution",
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
                ("number", models.CharField(max_length=130)),
                ("title", models.CharField(max_length=200)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("started", "under way"),
                            ("performed", "performed"),
                            ("verified", "verified"),
                            ("skipped", "left out"),
                            ("aborted", "given up"),
                        ],
                        default="started",
                        max_length=9,
                    ),
                ),
                ("equipment", models.JSONField(default=list)),
                ("rooms", models.JSONField(default=list)),
                ("started_at", models.DateTimeField()),
                ("started_entered_at", models.DateTimeField()),
                ("started_recorded_at", models.DateTimeField()),
                ("started_by", models.UUIDField(null=True)),
                ("started_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_entered_at", models.DateTimeField(null=True)),
                ("ended_recorded_at", models.DateTimeField(null=True)),
                ("performed_by", models.UUIDField(null=True)),
                ("performed_code", models.CharField(blank=True, max_length=60)),
                ("verified_at", models.DateTimeField(null=True)),
                ("verified_by", models.UUIDField(null=True)),
                ("verified_code", models.CharField(blank=True, max_length=60)),
                ("is_late", models.BooleanField(default=False)),
                ("late_reason", portal.sealing.SealedTextField(blank=True)),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
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
                    "step",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.procedurestep",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["space", "batch", "started_at"], name="execution_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("space", "batch", "step", "attempt"), name="execution_attempt_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "started")),
                        fields=("space", "batch"),
                        name="execution_one_under_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("verified_by", None),
                                models.Q(
                                    models.Q(("verified_by", models.F("performed_by")), _negated=True),
                                    models.Q(("verified_by", models.F("started_by")), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("verified_code", ""),
                                models.Q(
                                    models.Q(("verified_code", models.F("performed_code")), _negated=True),
                                    models.Q(("verified_code", models.F("started_code")), _negated=True),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="execution_verifier_is_not_performer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "verified"),
                                ("verified_at__isnull", False),
                                models.Q(("verified_code", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "verified"), _negated=True),
                                ("verified_at", None),
                                ("verified_code", ""),
                            ),
                            _connector="OR",
                        ),
                        name="execution_verified_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("performed_code", ""), ("state", "started")),
                            models.Q(
                                models.Q(("state", "started"), _negated=True),
                                ("ended_at__isnull", False),
                                models.Q(("performed_code", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="execution_ended_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"
                        ),
                        name="execution_has_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_late", False), models.Q(("late_reason", ""), _negated=True), _connector="OR"
                        ),
                        name="execution_late_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("state__in", ["skipped", "aborted"]), _negated=True), ("attempt", 1)
                            ),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="execution_departs_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "started_at__gte",
                                dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "started_at__lt",
                                dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "ended_at__gte",
                                dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "ended_at__lt",
                                dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "verified_at__gte",
                                dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "verified_at__lt",
                                dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                        ),
                        name="execution_times_within_reach",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StepEntry",
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
                ("title", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[("standing", "stands"), ("corrected", "corrected")],
                        default="standing",
                        max_length=9,
                    ),
                ),
                ("given_value", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("given_unit", models.CharField(blank=True, max_length=30)),
                ("value", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("unit", models.CharField(blank=True, max_length=30)),
                ("text", portal.sealing.SealedTextField(blank=True)),
                (
                    "outside",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nor", "NOR"),
                            ("alert", "alert limit"),
                            ("action", "action limit"),
                            ("par", "PAR"),
                            ("spec", "specification"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("entered_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("entered_by", models.UUIDField(null=True)),
                ("code", models.CharField(max_length=60)),
                ("is_late", models.BooleanField(default=False)),
                ("late_reason", portal.sealing.SealedTextField(blank=True)),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                ("verified_at", models.DateTimeField(null=True)),
                ("verified_by", models.UUIDField(null=True)),
                ("verified_code", models.CharField(blank=True, max_length=60)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "parameter",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.parameter",
                    ),
                ),
                (
                    "replaces",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.stepentry",
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
                    "execution",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.stepexecution",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["space", "batch", "at"], name="stepentry_batch")],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "replaces"), name="stepentry_replaced_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("given_value__isnull", False), ("text", ""), ("value__isnull", False)),
                            models.Q(
                                ("given_value", None),
                                ("parameter", None),
                                ("value", None),
                                models.Q(("text", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="stepentry_value_or_words",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaces", None), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="stepentry_corrects_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_late", False), models.Q(("late_reason", ""), _negated=True), _connector="OR"
                        ),
                        name="stepentry_late_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("verified_by", None),
                                models.Q(("verified_by", models.F("entered_by")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("verified_code", ""),
                                models.Q(("verified_code", models.F("code")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="stepentry_verifier_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verified_at", None), ("verified_code", "")),
                            models.Q(
                                ("verified_at__isnull", False), models.Q(("verified_code", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="stepentry_verified_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                            ("at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                        ),
                        name="stepentry_times_within_reach",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SampleResult",
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
                ("title", models.CharField(max_length=200)),
                ("point", models.CharField(blank=True, max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unreviewed", "unreviewed"),
                            ("reviewed", "reviewed"),
                            ("invalidated", "invalidated"),
                        ],
                        default="unreviewed",
                        max_length=11,
                    ),
                ),
                ("sampled_at", models.DateTimeField()),
                ("exposed_until", models.DateTimeField(null=True)),
                ("resulted_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("qualifier", models.CharField(blank=True, max_length=1)),
                ("given_value", models.DecimalField(decimal_places=6, max_digits=18)),
                ("given_unit", models.CharField(blank=True, max_length=30)),
                ("value", models.DecimalField(decimal_places=6, max_digits=18)),
                ("unit", models.CharField(blank=True, max_length=30)),
                ("method", models.CharField(blank=True, max_length=120)),
                ("instrument", models.CharField(blank=True, max_length=60)),
                ("calibration_due_on", models.DateField(null=True)),
                ("read_by", models.UUIDField(null=True)),
                ("reader_code", models.CharField(max_length=60)),
                ("second_read_by", models.UUIDField(null=True)),
                ("second_reader_code", models.CharField(blank=True, max_length=60)),
                ("second_read_at", models.DateTimeField(null=True)),
                ("reviewed_by", models.UUIDField(null=True)),
                ("reviewed_code", models.CharField(blank=True, max_length=60)),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "flag",
                    models.CharField(
                        blank=True, choices=[("", "within"), ("oot", "OOT"), ("oos", "OOS")], max_length=3
                    ),
                ),
                (
                    "outside",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nor", "NOR"),
                            ("alert", "alert limit"),
                            ("action", "action limit"),
                            ("par", "PAR"),
                            ("spec", "specification"),
                        ],
                        max_length=8,
                    ),
                ),
                ("basis", models.JSONField(default=dict)),
                ("is_late", models.BooleanField(default=False)),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                ("invalidated_at", models.DateTimeField(null=True)),
                ("invalidated_code", models.CharField(blank=True, max_length=60)),
                ("invalid_reason", portal.sealing.SealedTextField(blank=True)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "parameter",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.parameter",
                    ),
                ),
                (
                    "replaces",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.sampleresult",
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
                    "execution",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.stepexecution",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["space", "batch", "sampled_at"], name="result_batch"),
                    models.Index(fields=["space", "parameter", "point"], name="result_parameter"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "invalidated"), _negated=True),
                        fields=("space", "batch", "parameter", "number"),
                        name="result_one_counts",
                    ),
                    models.UniqueConstraint(fields=("space", "replaces"), name="result_replaced_once"),
                    models.CheckConstraint(
                        condition=models.Q(("qualifier__in", ["", "<", ">"])), name="result_qualifier_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resulted_at__gte", models.F("sampled_at")),
                            models.Q(
                                ("exposed_until", None),
                                models.Q(
                                    ("exposed_until__gte", models.F("sampled_at")),
                                    ("resulted_at__gte", models.F("exposed_until")),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="result_after_its_sample",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("second_read_by", None),
                                models.Q(("second_read_by", models.F("read_by")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("second_reader_code", ""),
                                models.Q(("second_reader_code", models.F("reader_code")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="result_second_reader_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reviewed_by", None),
                                models.Q(("reviewed_by", models.F("read_by")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("reviewed_code", ""),
                                models.Q(("reviewed_code", models.F("reader_code")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="result_reviewer_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("state", "reviewed"),
                                models.Q(("reviewed_code", ""), _negated=True),
                            ),
                            models.Q(("reviewed_at", None), ("reviewed_code", ""), ("state", "unreviewed")),
                            ("state", "invalidated"),
                            _connector="OR",
                        ),
                        name="result_reviewed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("invalidated_at__isnull", False),
                                ("state", "invalidated"),
                                models.Q(("invalidated_code", ""), _negated=True),
                                models.Q(("invalid_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "invalidated"), _negated=True),
                                ("invalid_reason", ""),
                                ("invalidated_at", None),
                                ("invalidated_code", ""),
                            ),
                            _connector="OR",
                        ),
                        name="result_invalid_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaces", None), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="result_replaces_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "sampled_at__gte",
                                dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "sampled_at__lt",
                                dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "exposed_until__gte",
                                dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "exposed_until__lt",
                                dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "resulted_at__gte",
                                dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                            (
                                "resulted_at__lt",
                                dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC),
                            ),
                        ),
                        name="result_times_within_reach",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_LOT_PHASE),
        RecordTable("stepexecution", subject=("stepexecution", "number", "title")),
        RecordTable("stepentry"),
        RecordTable("sampleresult", subject=("sampleresult", "number", "title")),
        RecordTable("paperscan", subject=("paperscan", "number", "title")),
        RecordTable("pagecomment"),
        StateGuard("stepexecution", edges=["performed>verified", "started>aborted", "started>performed"]),
        StateGuard("stepentry", edges=["standing>corrected"]),
        StateGuard(
            "sampleresult",
            edges=["reviewed>invalidated", "unreviewed>invalidated", "unreviewed>reviewed"],
        ),
        StateGuard(
            "pagecomment",
            edges=[
                "corrected>accepted",
                "corrected>open",
                "corrected>withdrawn",
                "open>corrected",
                "open>withdrawn",
            ],
        ),
    ]
