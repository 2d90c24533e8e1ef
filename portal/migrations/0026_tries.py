"""A try names the session of the database that holds it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0025_displays"),
    ]

    operations = [
        migrations.AddField("clocktry", "holder_pid", models.IntegerField(null=True)),
        migrations.AddField("clocktry", "holder_since", models.DateTimeField(null=True)),
    ]
