"""Samples on their way through laboratories; certificates of analysis beside the record."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0016_custody"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Coa",
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
                ("issuer", models.CharField(max_length=120)),
                (
                    "issuer_kind",
                    models.CharField(
                        choices=[
                            ("cdmo", "CDMO"),
                            ("contract", "contract laboratory"),
                            ("supplier", "supplier of a material"),
                        ],
                        max_length=8,
                    ),
                ),
                ("issued_on", models.DateField()),
                ("compared_with", models.CharField(max_length=90)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "differs from the record"),
                            ("answered", "compared, waits for acceptance"),
                            ("accepted", "accepted"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                ("entered_by", models.UUIDField(null=True)),
                ("code", models.CharField(max_length=60)),
                ("side", models.CharField(max_length=12)),
                ("entered_at", models.DateTimeField()),
                ("closed_code", models.CharField(blank=True, max_length=60)),
                ("closed_at", models.DateTimeField(null=True)),
                ("reason", portal.sealing.SealedTextField(blank=True)),
                (
                    "attachment",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="portal.attachment",
                    ),
                ),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.batch",
                    ),
                ),
                (
                    "lot",
                    portal.models.base.RecordKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.lot",
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
            name="CoaDifference",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_test", "test is missing on the certificate"),
                            ("not_specified", "test is not in the specification"),
                            ("unit", "different unit"),
                            ("limit", "different limit"),
                            ("method", "different method"),
                            ("value", "different value"),
                            ("outside", "outside the specification"),
                            ("no_result", "no result in the record"),
                            ("not_a_number", "words where the record has a number"),
                        ],
                        max_length=13,
                    ),
                ),
                ("test", models.CharField(max_length=120)),
                ("stated", models.CharField(blank=True, max_length=300)),
                ("expected", models.CharField(blank=True, max_length=300)),
                ("answer", portal.sealing.SealedTextField(blank=True)),
                ("answered_code", models.CharField(blank=True, max_length=60)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "coa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.coa"
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
            name="CoaLine",
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
                ("test", models.CharField(max_length=120)),
                ("qualifier", models.CharField(blank=True, max_length=1)),
                ("value", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("text", models.CharField(blank=True, max_length=200)),
                ("unit", models.CharField(blank=True, max_length=30)),
                ("low", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("high", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("method", models.CharField(blank=True, max_length=120)),
                (
                    "coa",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.coa"
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
            name="Sample",
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
                ("tests", models.JSONField(default=list)),
                ("laboratory", models.CharField(max_length=120)),
                (
                    "laboratory_kind",
                    models.CharField(
                        choices=[("cdmo", "laboratory of the CDMO"), ("contract", "contract laboratory")],
                        default="cdmo",
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("taken", "taken"),
                            ("sent", "sent"),
                            ("received", "received"),
                            ("tested", "tested"),
                            ("reported", "reported"),
                            ("cancelled", "cancelled"),
                        ],
                        default="planned",
                        max_length=9,
                    ),
                ),
                ("planned_at", models.DateTimeField()),
                ("expected_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(null=True)),
                ("tested_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField(null=True)),
                ("code", models.CharField(max_length=60)),
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
            ],
        ),
        migrations.AddIndex(
            model_name="coa",
            index=models.Index(fields=["space", "batch"], name="coa_batch"),
        ),
        migrations.AddIndex(
            model_name="coa",
            index=models.Index(fields=["space", "lot"], name="coa_lot"),
        ),
        migrations.AddConstraint(
            model_name="coa",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("batch", None), ("lot__isnull", False)),
                    models.Q(("batch__isnull", False), ("lot", None)),
                    _connector="OR",
                ),
                name="coa_is_of_a_batch_or_a_lot",
            ),
        ),
        migrations.AddConstraint(
            model_name="coa",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state__in", ["accepted", "withdrawn"]),
                        models.Q(("closed_code", ""), _negated=True),
                    ),
                    models.Q(("closed_at", None), ("closed_code", ""), ("state__in", ["open", "answered"])),
                    _connector="OR",
                ),
                name="coa_closed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="coa",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    models.Q(("closed_code", models.F("code")), _negated=True),
                    _connector="OR",
                ),
                name="coa_accepted_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="coa",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="coa_withdrawn_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="coa",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="coa_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="coadifference",
            constraint=models.UniqueConstraint(
                fields=("space", "coa", "ordinal"), name="coadifference_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="coadifference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None), ("answered_code", "")),
                    models.Q(
                        ("answered_at__isnull", False),
                        models.Q(("answered_code", ""), _negated=True),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="coadifference_answered_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="coaline",
            constraint=models.UniqueConstraint(fields=("space", "coa", "ordinal"), name="coaline_place_once"),
        ),
        migrations.AddConstraint(
            model_name="coaline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), ("value__isnull", False)),
                    models.Q(("value", None), models.Q(("text", ""), _negated=True)),
                    _connector="OR",
                ),
                name="coaline_value_or_words",
            ),
        ),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(fields=["space", "batch"], name="sample_batch"),
        ),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(fields=["space", "state", "expected_at", "id"], name="sample_expected"),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.UniqueConstraint(
                fields=("space", "batch", "number"), name="sample_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(("tests", []), _negated=True), name="sample_is_tested"
            ),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(("expected_at__gte", models.F("planned_at"))),
                name="sample_expected_after_its_plan",
            ),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "cancelled"]), ("taken_at__isnull", False), _connector="OR"
                ),
                name="sample_taken_before_it_went_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "cancelled"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="sample_cancelled_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("planned_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("planned_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("expected_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("expected_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("taken_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("taken_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("sent_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("sent_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("received_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("received_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("reported_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("reported_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="sample_times_within_reach",
            ),
        ),
        RecordTable("sample", subject=("sample", "number", "title")),
        StateGuard(
            "sample",
            edges=[
                *("planned>taken", "taken>sent", "taken>received", "sent>received", "received>tested"),
                *("received>reported", "tested>reported"),
                *("planned>cancelled", "taken>cancelled", "sent>cancelled", "received>cancelled"),
                "tested>cancelled",
            ],
        ),
        RecordTable("coa", subject=("coa", "number", "title")),
        StateGuard(
            "coa", edges=["open>answered", "answered>accepted", "open>withdrawn", "answered>withdrawn"]
        ),
        RecordTable("coaline"),
        RecordTable("coadifference"),
    ]
