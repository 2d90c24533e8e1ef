from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0021_strips"),
    ]

    operations = [
        migrations.AddField(
            model_name="clockmove",
            name="clause",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="clockmove",
            name="terms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
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
                    ("went_on", "no reply, it went on; nobody agreed"),
                    ("waits", "no reply, it waits"),
                    ("climbed", "no reply, the quality heads were asked"),
                ],
                max_length=12,
            ),
        ),
    ]
