"""Links of lots across programs, and the door through which the worker finds what to carry."""

import datetime as dt
import django.db.models.deletion
import portal.models.base
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable

DOOR = """
-- A door (ground 2): links whose other end does not know yet how the lot stands, with where that end lies.
create function door.links_due(most integer) returns table (space_id uuid, link_id uuid, other_space uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select l.space_id, l.id, e.other_space from public.batches_lotlink l
    join public.batches_lotlinkend e on e.space_id = l.space_id and e.link_id = l.id
    where l.carry_due order by l.id limit most
$$;
revoke all on function door.links_due(integer) from public;
grant execute on function door.links_due(integer) to covalent_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0007_patient_lots"),
        ("portal", "0022_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="LotLink",
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
                    "way",
                    models.CharField(choices=[("onward", "goes on as"), ("origin", "made of")], max_length=8),
                ),
                ("other_number", models.CharField(max_length=60)),
                (
                    "other_state",
                    models.CharField(
                        choices=[
                            ("quarantine", "quarantine"),
                            ("released", "released"),
                            ("restricted", "restricted"),
                            ("on_hold", "on hold"),
                            ("rejected", "rejected"),
                        ],
                        max_length=12,
                    ),
                ),
                ("other_as_of", models.DateTimeField()),
                ("carry_due", models.BooleanField(db_default=False, default=False)),
                ("linked_code", models.CharField(max_length=60)),
                ("linked_at", models.DateTimeField()),
                ("ended_code", models.CharField(blank=True, max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "lot",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.lot"
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
            name="LotLinkEnd",
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
                ("other_space", models.UUIDField()),
                ("other_link", models.UUIDField()),
                ("other_lot", models.UUIDField()),
                (
                    "link",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.lotlink"
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
            model_name="lotlink",
            index=models.Index(fields=["space", "lot"], name="lotlink_lot"),
        ),
        migrations.AddIndex(
            model_name="lotlink",
            index=models.Index(
                condition=models.Q(("carry_due", True)), fields=["id"], name="lotlink_to_carry"
            ),
        ),
        migrations.AddConstraint(
            model_name="lotlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "shared")), name="lotlink_is_read_by_both"
            ),
        ),
        migrations.AddConstraint(
            model_name="lotlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("linked_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("linked_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ended_at__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("ended_at__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("other_as_of__gte", dt.datetime(2000, 1, 1, 0, 0, tzinfo=dt.UTC)),
                    ("other_as_of__lt", dt.datetime(2200, 1, 1, 0, 0, tzinfo=dt.UTC)),
                ),
                name="lotlink_times_within_reach",
            ),
        ),
        migrations.AddConstraint(
            model_name="lotlinkend",
            constraint=models.UniqueConstraint(fields=("space", "link"), name="lotlinkend_once"),
        ),
        migrations.AddConstraint(
            model_name="lotlinkend",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience", "sponsor")), name="lotlinkend_is_the_sponsors"
            ),
        ),
        RecordTable("lotlink"),
        RecordTable("lotlinkend"),
        migrations.RunSQL(DOOR, migrations.RunSQL.noop),
    ]
