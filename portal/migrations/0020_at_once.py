"""Many facts of one transaction are sealed in few passes; a changed row is imaged once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0019_members"),
    ]

    operations = [
        migrations.RunSQL((SQL / "at_once.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
