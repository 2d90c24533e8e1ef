"""Disposition of a batch in signed steps, and the review of its record by both sides."""

import django.db.models.deletion
import portal.models.base

import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0010_limits"),
        ("portal", "0022_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Disposition",
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
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("cdmo", "CDMO batch disposition"),
                            ("sponsor", "Sponsor disposition"),
                            ("qp_confirmation", "QP confirmation"),
                            ("qp_certification", "QP certification"),
                            ("green_light", "Regulatory green light"),
                            ("physician_request", "Physician's request"),
                            ("risk_evaluation", "QP's risk evaluation"),
                            ("physician_acceptance", "Physician's acceptance"),
                            ("supply", "Sponsor's agreement to supply"),
                        ],
                        max_length=20,
                    ),
                ),
                ("market", models.CharField(blank=True, max_length=20)),
                ("ordinal", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("standing", "stands"), ("followed", "followed by a later one")],
                        default="standing",
                        max_length=8,
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("released", "released"),
                            ("restricted", "restricted to markets"),
                            ("conditional", "conditional"),
                            ("reprocess", "reprocess"),
                            ("confirmed", "confirmed"),
                            ("certified", "certified"),
                            ("given", "given"),
                            ("recorded", "recorded"),
                            ("supplied", "supplied out of specification at the physician's request"),
                            ("rejected", "rejected"),
                        ],
                        max_length=11,
                    ),
                ),
                ("markets", models.JSONField(default=list)),
                ("reason", portal.sealing.SealedTextField()),
                ("condition", portal.sealing.SealedTextField(blank=True)),
                ("answer", portal.sealing.SealedTextField(blank=True)),
                ("clause", models.CharField(blank=True, max_length=20)),
                ("terms", models.PositiveIntegerField(null=True)),
                ("decided_by", models.UUIDField()),
                ("decided_code", models.CharField(max_length=60)),
                ("decided_at", models.DateTimeField()),
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
                "indexes": [models.Index(fields=["space", "batch", "step"], name="disposition_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "standing")),
                        fields=("space", "batch", "step", "market"),
                        name="disposition_one_stands",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "restricted"), models.Q(("markets", []), _negated=True)),
                            models.Q(models.Q(("decision", "restricted"), _negated=True), ("markets", [])),
                            _connector="OR",
                        ),
                        name="disposition_restricted_to_markets",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "conditional"), _negated=True),
                            models.Q(("condition", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="disposition_condition_said",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "shared")), name="disposition_is_read_by_both"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExceptionLook",
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
                ("key", models.CharField(max_length=80)),
                ("mark", models.CharField(max_length=40)),
                ("person_id", models.UUIDField()),
                ("code", models.CharField(max_length=60)),
                ("looked_at", models.DateTimeField()),
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
                "indexes": [models.Index(fields=["space", "batch", "key"], name="exceptionlook_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("space", "batch", "key", "mark", "person_id"), name="exceptionlook_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "shared"), _negated=True),
                        name="exceptionlook_is_of_a_side",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewNote",
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
                ("key", models.CharField(blank=True, max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[("comment", "comment"), ("question", "question")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("said", "said"),
                            ("asked", "waits for its answer"),
                            ("answered", "answered"),
                            ("settled", "settled"),
                        ],
                        max_length=8,
                    ),
                ),
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
                ("text", portal.sealing.SealedTextField()),
                ("code", models.CharField(max_length=60)),
                ("said_at", models.DateTimeField()),
                ("answer", portal.sealing.SealedTextField(blank=True)),
                ("answered_code", models.CharField(blank=True, max_length=60)),
                ("answered_at", models.DateTimeField(null=True)),
                ("resolution", portal.sealing.SealedTextField(blank=True)),
                ("settled_code", models.CharField(blank=True, max_length=60)),
                ("settled_at", models.DateTimeField(null=True)),
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
                "indexes": [models.Index(fields=["space", "batch", "said_at"], name="reviewnote_batch")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("side", "both"), _negated=True), name="reviewnote_is_of_a_side"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "comment"), ("state", "said")),
                            models.Q(
                                ("audience", "shared"),
                                ("kind", "question"),
                                models.Q(("state", "said"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="reviewnote_question_is_shared",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answered_at", None), ("settled_at", None), ("state__in", ["said", "asked"])
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("settled_at", None),
                                ("state", "answered"),
                                models.Q(("answered_code", ""), _negated=True),
                            ),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("state", "settled"),
                                models.Q(("settled_code", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="reviewnote_state_has_its_times",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SectionReview",
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
                ("section", models.CharField(max_length=80)),
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
                (
                    "mode",
                    models.CharField(
                        choices=[("exception", "by exception"), ("full", "in full")], max_length=9
                    ),
                ),
                ("mark", models.CharField(max_length=64)),
                ("person_id", models.UUIDField()),
                ("code", models.CharField(max_length=60)),
                ("reviewed_at", models.DateTimeField()),
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
                "indexes": [models.Index(fields=["space", "batch", "section"], name="sectionreview_batch")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("side", "both"), _negated=True), name="sectionreview_is_of_a_side"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audience", "shared")), name="sectionreview_is_read_by_both"
                    ),
                ],
            },
        ),
        RecordTable("disposition", subject=("disposition", "number", "title")),
        StateGuard("disposition", edges=["standing>followed"]),
        RecordTable("exceptionlook"),
        RecordTable("reviewnote", subject=("review_note", "number", "title")),
        StateGuard("reviewnote", edges=["asked>answered", "asked>settled", "answered>settled"]),
        RecordTable("sectionreview"),
    ]
