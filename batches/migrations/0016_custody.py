"""A patient lot: identity, hand-overs, stops, custody as others tell it; lots that live for hours."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0015_environment"),
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustodyChain",
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
                ("coi", models.CharField(max_length=40)),
                ("donation", models.CharField(max_length=13)),
                ("epc", models.CharField(blank=True, max_length=200)),
                ("cold_low", models.DecimalField(decimal_places=1, max_digits=5, null=True)),
                ("cold_high", models.DecimalField(decimal_places=1, max_digits=5, null=True)),
                ("life_s", models.PositiveIntegerField(null=True)),
                ("needed_at", models.DateTimeField(null=True)),
                ("set_code", models.CharField(max_length=60)),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CustodyEvent",
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
                ("event_id", models.CharField(max_length=400)),
                ("digest", models.CharField(max_length=100)),
                ("has_own_id", models.BooleanField(default=True)),
                ("hash_stands", models.BooleanField(null=True)),
                ("kind", models.CharField(max_length=200)),
                ("action", models.CharField(blank=True, max_length=8)),
                ("at", models.DateTimeField()),
                ("zone_offset", models.CharField(max_length=6)),
                ("step", models.CharField(blank=True, max_length=200)),
                ("disposition", models.CharField(blank=True, max_length=200)),
                ("place", models.CharField(blank=True, max_length=400)),
                ("holder", models.CharField(blank=True, max_length=400)),
                ("warmest", models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ("coldest", models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ("told", models.JSONField()),
                ("context", models.JSONField(default=list)),
                ("unknown", models.JSONField(default=list)),
                ("form", models.CharField(max_length=4)),
                ("taken_code", models.CharField(max_length=60)),
                ("taken_at", models.DateTimeField()),
                ("declared_at", models.DateTimeField(null=True)),
                ("declared_reason", models.CharField(blank=True, max_length=200)),
                ("corrected_by", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="CustodyFile",
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
                ("sha256", models.CharField(max_length=64)),
                ("form", models.CharField(max_length=4)),
                ("accepted", models.PositiveIntegerField(default=0)),
                ("duplicates", models.PositiveIntegerField(default=0)),
                ("declared", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(default=list)),
                ("unknown", models.JSONField(default=list)),
                ("doubted", models.JSONField(default=list)),
                ("taken_code", models.CharField(max_length=60)),
                ("taken_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="IdentityCheck",
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
                ("number", models.CharField(max_length=90)),
                ("title", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("collected", "collected"),
                            ("received", "received"),
                            ("moved", "moved on"),
                            ("shipped", "shipped"),
                            ("given", "given to the clinic"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waits for the second person"),
                            ("agreed", "both identifiers agree"),
                            ("mismatched", "identity does not agree"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("gives", models.CharField(max_length=120)),
                ("takes", models.CharField(max_length=120)),
                ("condition", models.CharField(blank=True, max_length=200)),
                ("warmth", models.DecimalField(decimal_places=1, max_digits=5, null=True)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("coi_by", models.CharField(choices=[("scan", "scanned"), ("typed", "typed")], max_length=5)),
                (
                    "donation_by",
                    models.CharField(choices=[("scan", "scanned"), ("typed", "typed")], max_length=5),
                ),
                ("first_by", models.UUIDField(null=True)),
                ("first_code", models.CharField(max_length=60)),
                ("second_by", models.UUIDField(null=True)),
                ("second_code", models.CharField(blank=True, max_length=60)),
                ("second_at", models.DateTimeField(null=True)),
                (
                    "second_coi_by",
                    models.CharField(
                        blank=True, choices=[("scan", "scanned"), ("typed", "typed")], max_length=5
                    ),
                ),
                (
                    "second_donation_by",
                    models.CharField(
                        blank=True, choices=[("scan", "scanned"), ("typed", "typed")], max_length=5
                    ),
                ),
                ("disagrees", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="IdentityReading",
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
                ("which", models.CharField(max_length=8)),
                ("read", portal.sealing.SealedTextField()),
                (
                    "read_by",
                    models.CharField(choices=[("scan", "scanned"), ("typed", "typed")], max_length=5),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdentityStop",
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
                ("number", models.CharField(max_length=90)),
                ("title", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("standing", "everything stops"),
                            ("rechecked", "read again, waits for both signatures"),
                            ("released", "released by both sides"),
                        ],
                        default="standing",
                        max_length=9,
                    ),
                ),
                ("raised_code", models.CharField(max_length=60)),
                ("raised_at", models.DateTimeField()),
                ("cdmo_code", models.CharField(blank=True, max_length=60)),
                ("sponsor_code", models.CharField(blank=True, max_length=60)),
                ("released_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="lot",
            name="lot_times_within_reach",
        ),
        migrations.AddField(
            model_name="lot",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("received_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("received_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("expires_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("expires_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="lot_times_within_reach",
            ),
        ),
        migrations.AddField(
            model_name="custodychain",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="custodychain",
            name="life_from",
            field=portal.models.base.RecordKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="batches.procedurestep",
            ),
        ),
        migrations.AddField(
            model_name="custodychain",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="custodyevent",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="custodyevent",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="custodyfile",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="custodyfile",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="identitycheck",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="identitycheck",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="identityreading",
            name="check_of",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.identitycheck"
            ),
        ),
        migrations.AddField(
            model_name="identityreading",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddField(
            model_name="identitystop",
            name="batch",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
            ),
        ),
        migrations.AddField(
            model_name="identitystop",
            name="check_of",
            field=portal.models.base.RecordKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.identitycheck"
            ),
        ),
        migrations.AddField(
            model_name="identitystop",
            name="recheck",
            field=portal.models.base.RecordKey(
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="batches.identitycheck",
            ),
        ),
        migrations.AddField(
            model_name="identitystop",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="portal.space",
            ),
        ),
        migrations.AddConstraint(
            model_name="custodychain",
            constraint=models.UniqueConstraint(fields=("space", "batch"), name="custodychain_once_a_batch"),
        ),
        migrations.AddConstraint(
            model_name="custodychain",
            constraint=models.UniqueConstraint(fields=("space", "coi"), name="custodychain_identifier_once"),
        ),
        migrations.AddConstraint(
            model_name="custodychain",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="custodychain_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="custodychain",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cold_low", None),
                    ("cold_high", None),
                    ("cold_low__lt", models.F("cold_high")),
                    _connector="OR",
                ),
                name="custodychain_cold_has_width",
            ),
        ),
        migrations.AddConstraint(
            model_name="custodychain",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("life_from", None), ("life_s", None)),
                    models.Q(("life_from__isnull", False), ("life_s__gt", 0)),
                    _connector="OR",
                ),
                name="custodychain_life_counts_from_a_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="custodychain",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("needed_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("needed_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("set_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("set_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="custodychain_times_within_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="custodyevent",
            index=models.Index(fields=["space", "batch", "at"], name="custodyevent_batch"),
        ),
        migrations.AddConstraint(
            model_name="custodyevent",
            constraint=models.UniqueConstraint(fields=("space", "event_id"), name="custodyevent_id_once"),
        ),
        migrations.AddConstraint(
            model_name="custodyevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="custodyevent_is_read_by_both"
            ),
        ),
        migrations.AddIndex(
            model_name="custodyfile",
            index=models.Index(fields=["space", "batch", "taken_at"], name="custodyfile_batch"),
        ),
        migrations.AddConstraint(
            model_name="custodyfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="custodyfile_is_read_by_both"
            ),
        ),
        migrations.AddIndex(
            model_name="identitycheck",
            index=models.Index(fields=["space", "batch", "at"], name="identitycheck_batch"),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="identitycheck_number_once"),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="identitycheck_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("second_by", None),
                        models.Q(("second_by", models.F("first_by")), _negated=True),
                        _connector="OR",
                    ),
                    models.Q(
                        ("second_code", ""),
                        models.Q(("second_code", models.F("first_code")), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="identitycheck_takes_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "agreed"), _negated=True),
                    models.Q(
                        models.Q(("second_code", ""), _negated=True),
                        ("disagrees", []),
                        ("second_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="identitycheck_agrees_for_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "mismatched"), models.Q(("disagrees", []), _negated=True)),
                    models.Q(models.Q(("state", "mismatched"), _negated=True), ("disagrees", [])),
                    _connector="OR",
                ),
                name="identitycheck_says_what_disagrees",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("recorded_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("recorded_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("second_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("second_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="identitycheck_times_within_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="identityreading",
            index=models.Index(fields=["space", "check_of"], name="identityreading_check"),
        ),
        migrations.AddConstraint(
            model_name="identityreading",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "manufacturer")), name="identityreading_is_the_manufacturers"
            ),
        ),
        migrations.AddIndex(
            model_name="identitystop",
            index=models.Index(fields=["space", "batch", "state"], name="identitystop_batch"),
        ),
        migrations.AddConstraint(
            model_name="identitystop",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "released"), _negated=True),
                fields=("space", "batch"),
                name="identitystop_one_stands",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitystop",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="identitystop_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="identitystop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("recheck", None), ("state", "standing")),
                    models.Q(models.Q(("state", "standing"), _negated=True), ("recheck__isnull", False)),
                    _connector="OR",
                ),
                name="identitystop_read_again_before_it_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitystop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("released_at__isnull", False),
                        ("state", "released"),
                        models.Q(("cdmo_code", ""), _negated=True),
                        models.Q(("sponsor_code", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "released"), _negated=True), ("released_at", None)),
                    _connector="OR",
                ),
                name="identitystop_ended_by_both",
            ),
        ),
        RecordTable("custodychain"),
        RecordTable("identitycheck", subject=("identity_check", "number", "title")),
        StateGuard("identitycheck", edges=["open>agreed", "open>mismatched"]),
        RecordTable("identityreading"),
        RecordTable("identitystop", subject=("identity_stop", "number", "title")),
        StateGuard("identitystop", edges=["standing>rechecked", "rechecked>released"]),
        RecordTable("custodyevent"),
        RecordTable("custodyfile"),
    ]
