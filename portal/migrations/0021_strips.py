"""A pause is declined or taken back, a message becomes needless, and the auditor counts who was not told."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0020_at_once"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("sent", "sent"),
                    ("failed", "failed"),
                    ("digest", "left to the morning mail"),
                    ("needless", "not sent, acknowledged before"),
                ],
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.RunSQL((SQL / "audit.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
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
