"""A recipe says whether each of its batches is made for one patient."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0003_keep_readings"),
    ]

    operations = [
        migrations.AddField(
            model_name="recipeversion",
            name="is_patient_lot",
            field=models.BooleanField(default=False, db_default=False),
        ),
    ]
