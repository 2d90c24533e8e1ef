"""A display key says which batches it shows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0024_papers"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="shows",
            field=models.JSONField(db_default=[], default=list),
        ),
    ]
