"""A use that was taken back says by whom and why."""

import portal.sealing
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0011_disposition"),
    ]

    operations = [
        migrations.AddField(
            model_name="lotuse",
            name="withdrawn_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AddField(
            model_name="lotuse",
            name="withdrawn_why",
            field=portal.sealing.SealedTextField(blank=True, db_default="", default=""),
        ),
    ]
