"""Media fills, interventions, emission factors, sustainability sheets."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0018_schedule"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="FactorSet",
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
                ("revision", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("effective_from", models.DateField()),
                ("factors", models.JSONField(default=list)),
                ("stated_code", models.CharField(max_length=60)),
                ("stated_at", models.DateTimeField()),
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
            name="FootprintSheet",
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
                ("revision", models.PositiveIntegerField()),
                ("lines", models.JSONField(default=list)),
                ("product_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("stated_code", models.CharField(max_length=60)),
                ("stated_at", models.DateTimeField()),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "factor_set",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.factorset",
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
            name="MediaFill",
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
                ("line", models.CharField(max_length=60)),
                ("filled_on", models.DateField()),
                ("valid_until", models.DateField()),
                ("vials", models.PositiveIntegerField()),
                ("interventions", models.JSONField(default=list)),
                ("alert_rate", models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True)),
                ("action_rate", models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True)),
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
            name="Intervention",
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
                ("at", models.DateTimeField()),
                ("seconds", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("inherent", "inherent"), ("corrective", "corrective")], max_length=10
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=200)),
                ("station", models.CharField(max_length=60)),
                ("glove", models.CharField(blank=True, max_length=20)),
                ("filled", models.PositiveIntegerField(blank=True, null=True)),
                ("note", portal.sealing.SealedTextField(blank=True)),
                (
                    "qualified",
                    models.CharField(
                        choices=[
                            ("yes", "qualified"),
                            ("unknown", "not in the list of the media fill"),
                            ("longer", "longer than qualified"),
                            ("oftener", "more often than qualified"),
                            ("no_list", "no media fill in force"),
                        ],
                        max_length=8,
                    ),
                ),
                ("done_code", models.CharField(max_length=60)),
                ("entered_code", models.CharField(max_length=60)),
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
                    "media_fill",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.mediafill",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="factorset",
            constraint=models.UniqueConstraint(
                fields=("space", "number", "revision"), name="factorset_revision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="factorset",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="factorset_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="footprintsheet",
            constraint=models.UniqueConstraint(
                fields=("space", "batch", "revision"), name="footprint_revision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="footprintsheet",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="footprint_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="footprintsheet",
            constraint=models.CheckConstraint(
                condition=models.Q(("product_kg", None), ("product_kg__gt", 0), _connector="OR"),
                name="footprint_of_some_product",
            ),
        ),
        migrations.AddConstraint(
            model_name="mediafill",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="mediafill_number_once"),
        ),
        migrations.AddConstraint(
            model_name="mediafill",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="mediafill_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="mediafill",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_until__gte", models.F("filled_on"))),
                name="mediafill_is_valid_for_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="intervention",
            index=models.Index(fields=["space", "batch", "at"], name="intervention_batch"),
        ),
        migrations.AddConstraint(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="intervention_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="intervention_time_within_reach",
            ),
        ),
        RecordTable("factorset"),
        RecordTable("footprintsheet"),
        RecordTable("mediafill"),
        RecordTable("intervention"),
    ]
