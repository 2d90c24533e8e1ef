"""Readings and the digests of their frames are records: the application may not delete them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("batches", "0002_walls")]

    operations = [
        migrations.RunSQL(
            "revoke delete on batches_reading, batches_frame, batches_latest from covalent_app",
            "grant delete on batches_reading, batches_frame, batches_latest to covalent_app",
        ),
    ]
