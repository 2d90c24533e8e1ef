"""Lots of material and product, and what batches used of them."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0004_recipes"),
        ("portal", "0019_members"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lot",
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
                ("material", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("unit", models.CharField(max_length=30)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("quarantine", "quarantine"),
                            ("released", "released"),
                            ("restricted", "restricted"),
                            ("on_hold", "on hold"),
                            ("rejected", "rejected"),
                        ],
                        default="quarantine",
                        max_length=12,
                    ),
                ),
                (
                    "supplied_by",
                    models.CharField(
                        choices=[
                            ("manufacturer", "CDMO"),
                            ("sponsor", "sponsor"),
                            ("both", "own organisation"),
                        ],
                        default="manufacturer",
                        max_length=12,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("external_id", models.CharField(blank=True, max_length=120)),
                (
                    "produced_by",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.batch",
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
            name="LotUse",
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
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("used_at", models.DateTimeField()),
                ("code", models.CharField(max_length=60)),
                ("under_quarantine", models.BooleanField(default=False)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "lot",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.lot"
                    ),
                ),
                (
                    "phase",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.procedurestep",
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
            model_name="lot",
            index=models.Index(fields=["space", "produced_by"], name="lot_made_by"),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(fields=["space", "-received_at", "id"], name="lot_list"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="lot_number_once"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="lot_has_a_quantity"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("supplied_by", "both"), _negated=True), name="lot_is_supplied_by_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("received_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("received_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="lot_times_within_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="lotuse",
            index=models.Index(fields=["space", "lot"], name="lotuse_lot"),
        ),
        migrations.AddIndex(
            model_name="lotuse",
            index=models.Index(fields=["space", "batch"], name="lotuse_batch"),
        ),
        migrations.AddConstraint(
            model_name="lotuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="lotuse_has_a_quantity"
            ),
        ),
        migrations.AddConstraint(
            model_name="lotuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("used_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("used_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("withdrawn_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("withdrawn_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="lotuse_times_within_reach",
            ),
        ),
        RecordTable("lot", subject=("lot", "number", "title")),
        RecordTable("lotuse"),
        StateGuard(
            "lot",
            edges=sorted(
                f"{before}>{after}"
                for before in ("quarantine", "released", "restricted", "on_hold")
                for after in ("released", "restricted", "on_hold", "rejected")
                if before != after
            ),
        ),
    ]
