"""A pause that was asked for is declined, or taken back: two more lines of a clock's history."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0020_at_once"),
    ]

    operations = [
        migrations.AlterField(
            model_name="clockmove",
            name="step",
            field=models.CharField(
                choices=[
                    ("started", "started"),
                    ("moved", "moved to the other side"),
                    ("pause_asked", "pause asked for"),
                    ("declined", "pause declined"),
                    ("taken_back", "request for a pause taken back"),
                    ("paused", "paused"),
                    ("resumed", "resumed"),
                    ("extended", "extended"),
                    ("met", "met"),
                    ("breached", "time is over"),
                    ("done_late", "done late"),
                    ("withdrawn", "withdrawn"),
                ],
                max_length=12,
            ),
        ),
    ]
