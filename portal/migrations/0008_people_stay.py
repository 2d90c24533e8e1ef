"""A person is closed, never deleted: an identity is not used again (21 CFR 11.100(a))."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("portal", "0007_keeping")]

    operations = [
        migrations.RunSQL(
            "revoke delete on portal_person from covalent_app",
            "grant delete on portal_person to covalent_app",
        ),
    ]
