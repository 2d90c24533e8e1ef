"""Campaigns and slots of suites."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0017_results"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
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
                ("begins_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
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
            name="SuiteSlot",
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
                ("suite", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("under_way", "under way"),
                            ("done", "done"),
                            ("cancelled", "cancelled"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("first_start", models.DateTimeField()),
                ("first_end", models.DateTimeField()),
                ("planned_start", models.DateTimeField()),
                ("planned_end", models.DateTimeField()),
                ("actual_start", models.DateTimeField(blank=True, null=True)),
                ("actual_end", models.DateTimeField(blank=True, null=True)),
                ("moved_why", models.CharField(blank=True, max_length=500)),
                ("moved_code", models.CharField(blank=True, max_length=60)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.batch",
                    ),
                ),
                (
                    "campaign",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="batches.campaign",
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
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="campaign_number_once"),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="campaign_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("begins_at"))), name="campaign_has_length"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("begins_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("begins_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ends_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ends_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="campaign_times_within_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="suiteslot",
            index=models.Index(fields=["space", "planned_start", "id"], name="suiteslot_by_time"),
        ),
        migrations.AddConstraint(
            model_name="suiteslot",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="suiteslot_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="suiteslot",
            constraint=models.CheckConstraint(
                condition=models.Q(("planned_end__gt", models.F("planned_start"))),
                name="suiteslot_has_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="suiteslot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("actual_end", None), ("actual_end__gte", models.F("actual_start")), _connector="OR"
                ),
                name="suiteslot_ends_after_it_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="suiteslot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "cancelled"]), ("actual_start__isnull", False), _connector="OR"
                ),
                name="suiteslot_under_way_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="suiteslot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_start__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("first_start__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("first_end__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("first_end__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("planned_start__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("planned_start__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("planned_end__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("planned_end__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("actual_start__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("actual_start__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("actual_end__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("actual_end__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="suiteslot_times_within_reach",
            ),
        ),
        RecordTable("campaign"),
        RecordTable("suiteslot"),
        StateGuard("suiteslot", edges=["planned>cancelled", "planned>under_way", "under_way>done"]),
    ]
