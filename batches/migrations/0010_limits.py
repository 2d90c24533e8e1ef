"""Limits that look at more than each value (domain 2e), and a door to where data is missing."""

import datetime as dt
import django.db.models.deletion
import django.db.models.expressions
import portal.models.base
import portal.sealing
import uuid
from django.db import migrations, models

from portal.record_table import RecordTable, StateGuard


# A door (ground 2): running batches to which nothing came for longer than a limit of missing data allows, its
# alert's delay included, and of which no excursion tells yet.
SILENT = """
create function door.silent(most integer) returns table (space_id uuid, batch_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select b.space_id, b.id
    from public.batches_batch b
    join public.batches_parameter p on p.recipe_version_id = b.recipe_version_id
    join public.batches_limit l on l.parameter_id = p.id and l.measure = 'silence'
    where b.state = 'in_process' and (l.phase_id is null or l.phase_id = b.phase_id)
      and greatest(
            b.started_at,
            (select greatest(n.at, n.received_at) from public.batches_latest n
             where n.space_id = b.space_id and n.batch_id = b.id and n.parameter_id = p.id),
            (select max(r.started_at) from public.batches_phaserun r
             where r.batch_id = b.id and r.phase_id = l.phase_id)
          ) + make_interval(secs => l.settle_s + l.window_s + greatest(l.delay_s, l.min_duration_s))
          < portal.instant()
      and not exists (select from public.batches_excursion e
                      where e.space_id = b.space_id and e.batch_id = b.id and e.limit_id = l.id
                        and e.state = 'open')
    group by b.space_id, b.id order by b.id limit most
$$;
revoke all on function door.silent(integer) from public;
grant execute on function door.silent(integer) to covalent_app;
"""
# A door (ground 2): shelved alarms whose time is over, the longest waiting first.
SHELVES_OVER = """
create function door.shelves_over(most integer) returns table (space_id uuid, shelf_id uuid)
    language sql stable security definer set search_path = pg_catalog as
$$
    select s.space_id, s.id from public.batches_alarmshelf s
    where s.state = 'shelved' and s.until <= portal.instant() order by s.until, s.id limit most
$$;
revoke all on function door.shelves_over(integer) from public;
grant execute on function door.shelves_over(integer) to covalent_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0009_executed"),
        ("portal", "0022_rules"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="limit",
            name="limit_has_a_bound",
        ),
        migrations.RemoveConstraint(
            model_name="limit",
            name="limit_once",
        ),
        migrations.AddField(
            model_name="limit",
            name="above",
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name="limit",
            name="every_s",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="limit",
            name="knots",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="limit",
            name="measure",
            field=models.CharField(
                choices=[
                    ("value", "value"),
                    ("rate", "rate of change"),
                    ("sum", "rolling sum"),
                    ("count", "times above"),
                    ("span", "movement"),
                    ("silence", "missing data"),
                ],
                default="value",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="limit",
            name="settle_s",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="limit",
            name="window_s",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("high", None), ("knots", []), ("low", None), _negated=True),
                    ("measure", "silence"),
                    _connector="OR",
                ),
                name="limit_has_a_bound",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("high", None), ("low", None)), ("knots", []), _connector="OR"),
                name="limit_has_ends_or_a_course",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("measure", "value"), ("window_s", 0)),
                    models.Q(
                        models.Q(("measure", "value"), _negated=True), ("knots", []), ("window_s__gt", 0)
                    ),
                    _connector="OR",
                ),
                name="limit_window_with_its_measure",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("above__isnull", False), ("measure", "count")),
                    models.Q(models.Q(("measure", "count"), _negated=True), ("above", None)),
                    _connector="OR",
                ),
                name="limit_counts_above_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.UniqueConstraint(
                fields=("space", "parameter", "kind", "phase", "measure"),
                name="limit_once",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(SILENT, "drop function door.silent(integer)"),
        migrations.CreateModel(
            name="AlarmShelf",
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
                    "state",
                    models.CharField(
                        choices=[("shelved", "shelved"), ("ended", "ended")], default="shelved", max_length=8
                    ),
                ),
                ("reason", portal.sealing.SealedTextField()),
                ("shelved_code", models.CharField(max_length=60)),
                ("shelved_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ended_code", models.CharField(blank=True, max_length=60)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("excursions", models.PositiveIntegerField(default=0)),
                ("lasting", models.PositiveIntegerField(default=0)),
                (
                    "batch",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.batch"
                    ),
                ),
                (
                    "limit",
                    portal.models.base.RecordKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="batches.limit"
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
                "indexes": [models.Index(fields=["space", "batch", "state"], name="alarmshelf_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "shelved")),
                        fields=("space", "batch", "limit"),
                        name="alarmshelf_once_a_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__gt", models.F("shelved_at")),
                            (
                                "until__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("shelved_at"),
                                    "+",
                                    models.Value(dt.timedelta(seconds=43200)),
                                ),
                            ),
                        ),
                        name="alarmshelf_for_a_shift_at_most",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("state", "ended")),
                            models.Q(("ended_at", None), ("state", "shelved")),
                            _connector="OR",
                        ),
                        name="alarmshelf_ended_at_a_time",
                    ),
                ],
            },
        ),
        RecordTable("alarmshelf"),
        StateGuard("alarmshelf", edges=["shelved>ended"]),
        migrations.RunSQL(SHELVES_OVER, "drop function door.shelves_over(integer)"),
    ]
