from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deviations", "0006_impact"),
    ]

    operations = [
        migrations.AddField(
            model_name="deviation",
            name=f"external_{name}",
            field=models.DateTimeField(blank=True, null=True),
        )
        for name in ("opened_at", "told_at", "closed_at")
    ]
