"""What operators watch: one door with numbers."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("portal", "0006_access")]

    operations = [
        migrations.RunSQL((SQL / "gauges.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
