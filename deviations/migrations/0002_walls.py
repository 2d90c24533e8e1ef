"""The walls of the deviations app."""

from django.db import migrations

from portal.record_table import RecordTable, StateGuard


class Migration(migrations.Migration):
    dependencies = [("deviations", "0001_initial"), ("batches", "0002_walls")]

    operations = [
        RecordTable("deviation", subject=("deviation", "number", "title")),
        RecordTable("judgement"),
        RecordTable("notice"),
        RecordTable("numbering"),
        StateGuard(
            "deviation",
            edges=[
                "reported>cancelled",
                "reported>triaged",
                "triaged>cancelled",
                "triaged>under_investigation",
                "under_investigation>cancelled",
                "under_investigation>closed",
            ],
        ),
    ]
