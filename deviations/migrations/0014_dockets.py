import django.db.models.deletion
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0019_aseptic"),
        ("deviations", "0013_judging"),
        ("portal", "0025_displays"),
    ]

    operations = [
        migrations.CreateModel(
            name="LabInvestigation",
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
                ("description", portal.sealing.SealedTextField()),
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
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("oos", "OOS, outside specification"),
                            ("oot", "OOT, outside trend"),
                            ("ooe", "OOE, outside expectation"),
                        ],
                        max_length=3,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("phase_one", "Phase I, laboratory"),
                            ("phase_two", "Phase II, full-scale"),
                            ("retest_planned", "Retest plan to approve"),
                            ("retesting", "Retesting"),
                            ("concluded", "Concluded"),
                        ],
                        default="phase_one",
                        max_length=14,
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=40)),
                (
                    "retest_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reinjection", "same preparation"),
                            ("retest", "same sample"),
                            ("resample", "new sample"),
                        ],
                        max_length=11,
                    ),
                ),
                ("retests", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "averaging",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "each value is reported"),
                            ("by_method", "mean, as the method defines it"),
                        ],
                        max_length=9,
                    ),
                ),
                ("method", portal.sealing.SealedTextField(blank=True)),
                ("planned_by", models.UUIDField(blank=True, null=True)),
                ("plan_approved_at", models.DateTimeField(blank=True, null=True)),
                ("cause", portal.sealing.SealedTextField(blank=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("invalidated", "invalid, assignable cause in the laboratory"),
                            ("confirmed", "confirmed"),
                            ("inconclusive", "no cause found; the result stands and is weighed in full"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "result",
                    portal.models.base.RecordKey(
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
            ],
        ),
        migrations.CreateModel(
            name="MonthlyList",
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
                ("month", models.DateField()),
                ("number", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=60)),
                ("lines", models.PositiveIntegerField()),
                ("released_at", models.DateTimeField()),
                ("released_by", models.UUIDField()),
                ("released_code", models.CharField(max_length=60)),
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
            name="MonthlyLine",
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
                ("ordinal", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=200)),
                ("recorded_on", models.DateField()),
                (
                    "classification",
                    models.CharField(
                        blank=True,
                        choices=[("minor", "minor"), ("major", "major"), ("critical", "critical")],
                        max_length=8,
                    ),
                ),
                ("is_no_deviation", models.BooleanField(default=False)),
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
                    "of_list",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.monthlylist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Query",
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
                ("description", portal.sealing.SealedTextField()),
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
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("question", "query"),
                            ("concern", "concern"),
                            ("reconsideration", "reconsideration"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waits for its answer"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("wanted_at", models.DateTimeField(blank=True, null=True)),
                ("clause", models.CharField(blank=True, max_length=40)),
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
                    "deviation",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.deviation",
                    ),
                ),
                (
                    "line",
                    portal.models.base.RecordKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.monthlyline",
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
            name="Retest",
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
                ("value", models.DecimalField(decimal_places=6, max_digits=18)),
                ("unit", models.CharField(blank=True, max_length=30)),
                ("is_outside", models.BooleanField()),
                ("read_by", models.UUIDField()),
                ("read_code", models.CharField(max_length=60)),
                ("read_at", models.DateTimeField()),
                (
                    "investigation",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="deviations.labinvestigation",
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
            name="SiteEvent",
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
                ("description", portal.sealing.SealedTextField()),
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
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("utility", "utility"),
                            ("isolator", "isolator or line"),
                            ("freezer", "freezer or store"),
                            ("equipment", "shared equipment"),
                            ("analyst", "analyst or laboratory"),
                            ("data_integrity", "data integrity"),
                            ("other", "other"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("occurred_at", models.DateTimeField()),
                ("detected_at", models.DateTimeField()),
                ("end_text", portal.sealing.SealedTextField(blank=True)),
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
            name="SiteReach",
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
                ("event", models.UUIDField()),
                ("program", models.UUIDField()),
                ("statement", models.UUIDField()),
                ("is_concluded", models.BooleanField(default=False)),
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
            name="Change",
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
                ("description", portal.sealing.SealedTextField()),
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
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("permanent", "permanent change"),
                            ("temporary", "temporary change"),
                            ("departure", "planned departure"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "weight",
                    models.CharField(
                        choices=[
                            ("notify", "notify"),
                            ("consult", "consult"),
                            ("approve", "approve before implementation"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("drafted", "Drafted"),
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("implemented", "Implemented"),
                            ("closed", "Closed"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="drafted",
                        max_length=11,
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=40)),
                ("effects", portal.sealing.SealedTextField(blank=True)),
                ("implement_from", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("proposed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reply",
                    models.CharField(
                        blank=True,
                        choices=[("no_objection", "no objection"), ("objection", "objection")],
                        max_length=12,
                    ),
                ),
                ("own_approved_at", models.DateTimeField(blank=True, null=True)),
                ("other_approved_at", models.DateTimeField(blank=True, null=True)),
                ("implemented_at", models.DateTimeField(blank=True, null=True)),
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
                "indexes": [models.Index(fields=["space", "-recorded_at", "-id"], name="change_list")],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "number"), name="change_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("side", "shared"), _negated=True), name="change_of_a_side"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends_at", None), ("kind", "permanent")),
                            models.Q(
                                models.Q(("kind", "permanent"), _negated=True), ("ends_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="change_ends_where_it_is_temporary",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "implemented", "closed"]), _negated=True),
                            models.Q(
                                ("own_approved_at__isnull", False),
                                models.Q(
                                    models.Q(("weight", "approve"), _negated=True),
                                    ("other_approved_at__isnull", False),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="change_approved_by_who_must",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Complaint",
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
                ("description", portal.sealing.SealedTextField()),
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
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("appearance", "appearance or particles"),
                            ("container", "container, closure or leak"),
                            ("label", "label or packaging"),
                            ("count", "quantity or missing unit"),
                            ("transport", "transport or temperature"),
                            ("effect", "effect or adverse event, without any person"),
                            ("other", "other"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("investigated", "Looked into"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                        ],
                        default="received",
                        max_length=12,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("units", models.PositiveIntegerField(blank=True, null=True)),
                ("clause", models.CharField(blank=True, max_length=40)),
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
            options={
                "indexes": [
                    models.Index(fields=["space", "-recorded_at", "-id"], name="complaint_list"),
                    models.Index(fields=["space", "batch"], name="complaint_batch"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "number"), name="complaint_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "shared")), name="complaint_is_shared"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side", "shared"), _negated=True),
                        name="complaint_received_by_a_side",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("received_at__lte", models.F("recorded_at"))),
                        name="complaint_received_before_recorded",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocketEntry",
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
                ("step", models.CharField(max_length=20)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                ("text", portal.sealing.SealedTextField(blank=True)),
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
                ("code", models.CharField(max_length=60)),
                ("person", models.UUIDField()),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("space", "about", "ordinal"), name="docketentry_ordinal_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side", "shared"), _negated=True), name="docketentry_of_a_side"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocketLink",
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
                    "about",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="portal.record"
                    ),
                ),
                (
                    "other",
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
            options={
                "indexes": [models.Index(fields=["space", "other"], name="docketlink_other")],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "about", "other"), name="docketlink_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImpactStatement",
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
                ("description", portal.sealing.SealedTextField()),
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
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField()),
                ("recorded_code", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("utility", "utility"),
                            ("isolator", "isolator or line"),
                            ("freezer", "freezer or store"),
                            ("equipment", "shared equipment"),
                            ("analyst", "analyst or laboratory"),
                            ("data_integrity", "data integrity"),
                            ("other", "other"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Impact is assessed"),
                            ("concluded", "Impact concluded"),
                            ("signed", "Signed"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("occurred_at", models.DateTimeField()),
                ("detected_at", models.DateTimeField()),
                ("batches", models.JSONField(blank=True, default=list)),
                ("impact", portal.sealing.SealedTextField(blank=True)),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                ("concluded_by", models.UUIDField(blank=True, null=True)),
                ("shared_at", models.DateTimeField(blank=True, null=True)),
                ("others_assessed", models.BooleanField(default=False)),
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
                    models.Index(fields=["space", "-recorded_at", "-id"], name="impactstatement_list")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("space", "number"), name="impactstatement_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("side", "shared"), _negated=True), ("side", "manufacturer")
                        ),
                        name="impactstatement_cdmo",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "sponsor"), _negated=True),
                        name="impactstatement_not_sponsors",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"), ("concluded_at__isnull", False), _connector="OR"
                        ),
                        name="impactstatement_concluded_at_a_time",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="labinvestigation",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="labinvestigation_list"),
        ),
        migrations.AddConstraint(
            model_name="labinvestigation",
            constraint=models.UniqueConstraint(
                fields=("space", "number"), name="labinvestigation_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="labinvestigation",
            constraint=models.UniqueConstraint(
                fields=("space", "result"), name="labinvestigation_one_a_result"
            ),
        ),
        migrations.AddConstraint(
            model_name="labinvestigation",
            constraint=models.CheckConstraint(
                condition=models.Q(("side", "manufacturer")), name="labinvestigation_cdmo"
            ),
        ),
        migrations.AddConstraint(
            model_name="labinvestigation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "retesting"), _negated=True),
                    models.Q(("plan_approved_at__isnull", False), ("retests__range", (1, 20))),
                    _connector="OR",
                ),
                name="labinvestigation_plan_before_retests",
            ),
        ),
        migrations.AddConstraint(
            model_name="labinvestigation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "concluded"), ("outcome", ""), _connector="XOR"),
                name="labinvestigation_concluded_somehow",
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlylist",
            constraint=models.UniqueConstraint(fields=("space", "month"), name="monthlylist_once"),
        ),
        migrations.AddConstraint(
            model_name="monthlylist",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monthlylist_is_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyline",
            constraint=models.UniqueConstraint(
                fields=("space", "of_list", "ordinal"), name="monthlyline_ordinal_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyline",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="monthlyline_is_shared"
            ),
        ),
        migrations.AddIndex(
            model_name="query",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="query_list"),
        ),
        migrations.AddIndex(
            model_name="query",
            index=models.Index(fields=["space", "deviation"], name="query_deviation"),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="query_number_once"),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="query_is_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="query",
            constraint=models.CheckConstraint(
                condition=models.Q(("side", "shared"), _negated=True), name="query_asked_by_a_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="retest",
            constraint=models.UniqueConstraint(
                fields=("space", "investigation", "ordinal"), name="retest_ordinal_once"
            ),
        ),
        migrations.AddIndex(
            model_name="siteevent",
            index=models.Index(fields=["space", "-recorded_at", "-id"], name="siteevent_list"),
        ),
        migrations.AddConstraint(
            model_name="siteevent",
            constraint=models.UniqueConstraint(fields=("space", "number"), name="siteevent_number_once"),
        ),
        migrations.AddConstraint(
            model_name="siteevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="siteevent_is_the_sites"
            ),
        ),
        migrations.AddConstraint(
            model_name="siteevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("occurred_at__lte", models.F("detected_at"))),
                name="siteevent_occurred_before_detected",
            ),
        ),
        migrations.AddConstraint(
            model_name="sitereach",
            constraint=models.UniqueConstraint(fields=("space", "event", "program"), name="sitereach_once"),
        ),
        migrations.AddConstraint(
            model_name="sitereach",
            constraint=models.UniqueConstraint(
                fields=("space", "statement"), name="sitereach_of_a_statement"
            ),
        ),
        migrations.AddConstraint(
            model_name="sitereach",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="sitereach_is_the_sites"
            ),
        ),
        RecordTable("monthlylist", subject=("monthly_list", "number", "title")),
        RecordTable("monthlyline"),
        RecordTable("query", subject=("query", "number", "title")),
        StateGuard("query", edges=["answered>closed", "answered>open", "open>answered", "open>withdrawn"]),
        RecordTable("siteevent"),
        StateGuard("siteevent", edges=["open>closed"]),
        RecordTable("sitereach"),
        RecordTable("impactstatement", subject=("impact_statement", "number", "title")),
        StateGuard("impactstatement", edges=["concluded>open", "concluded>signed", "open>concluded"]),
        RecordTable("docketentry"),
        RecordTable("docketlink"),
        RecordTable("change", subject=("change", "number", "title")),
        StateGuard(
            "change",
            edges=[
                "approved>implemented",
                "approved>withdrawn",
                "drafted>proposed",
                "drafted>withdrawn",
                "implemented>closed",
                "proposed>approved",
                "proposed>refused",
                "proposed>withdrawn",
            ],
        ),
        RecordTable("labinvestigation", subject=("lab_investigation", "number", "title")),
        StateGuard(
            "labinvestigation",
            edges=[
                "phase_one>concluded",
                "phase_one>phase_two",
                "phase_one>retest_planned",
                "phase_two>concluded",
                "phase_two>retest_planned",
                "retest_planned>phase_one",
                "retest_planned>retesting",
                "retesting>concluded",
                "retesting>phase_two",
            ],
        ),
        RecordTable("retest"),
        RecordTable("complaint", subject=("complaint", "number", "title")),
        StateGuard(
            "complaint",
            edges=[
                "answered>closed",
                "answered>received",
                "investigated>answered",
                "received>answered",
                "received>investigated",
            ],
        ),
        migrations.RunSQL(
            [
                # What left is never changed.
                "revoke update on deviations_monthlylist from covalent_app",
                "revoke update on deviations_monthlyline from covalent_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
