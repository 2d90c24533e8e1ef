"""The daily mail of checkpoints: who was sent which day's, and that a checkpoint is held by mail."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("portal", "0009_trail_reviews")]

    operations = [
        migrations.CreateModel(
            name="CheckpointMail",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("person_id", models.UUIDField()),
                ("day", models.DateField()),
                ("next_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person_id", "day"), name="checkpoint_mail_once")
                ],
            },
        ),
        migrations.RunSQL((SQL / "digests.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
