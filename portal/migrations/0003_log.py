"""Each chain as a transparency log: tree nodes, checkpoints, cosignatures, holders, padded intervals."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_walls")]

    operations = [
        migrations.RunSQL((SQL / "log.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
