"""The walls of the batches app, and the partitioned table of readings."""

from pathlib import Path

from django.db import migrations

from portal.record_table import RecordTable, StateGuard, TelemetryTable

READINGS = Path(__file__).with_name("readings.sql")


class Migration(migrations.Migration):
    dependencies = [("batches", "0001_initial"), ("portal", "0002_walls")]

    operations = [
        RecordTable("recipeversion", subject=("recipe_version", "number", "title")),
        RecordTable("procedurestep"),
        RecordTable("parameter"),
        RecordTable("limit"),
        RecordTable("batch", subject=("batch", "number", "title")),
        RecordTable("phaserun"),
        RecordTable("excursion", subject=("excursion", "number", "title")),
        StateGuard(
            "batch",
            edges=[
                "in_process>complete",
                "in_process>discontinued",
                "planned>discontinued",
                "planned>in_process",
            ],
        ),
        migrations.RunSQL(READINGS.read_text(encoding="utf-8"), migrations.RunSQL.noop),
        TelemetryTable("reading"),
        TelemetryTable("frame"),
        TelemetryTable("frameanswer"),
        TelemetryTable("latest"),
    ]
