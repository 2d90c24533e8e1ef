"""A batch says whether it is made for one patient."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0006_batch_holds"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="is_patient_lot",
            field=models.BooleanField(default=False, db_default=False),
        ),
    ]
