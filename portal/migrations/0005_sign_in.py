"""Guesses at sign-in, who came in when, links to set a password with, and sign-in by organisations."""

import uuid

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0004_signatures"),
    ]

    operations = [
        migrations.CreateModel(
            name="Guess",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "at"], name="guess_subject")],
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("person_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("totp", "password and one-time code"),
                            ("recovery_codes", "password and recovery code"),
                            ("webauthn", "password and security key"),
                            ("passkey", "passkey"),
                            ("password", "password alone, before a second factor was set up"),
                            ("company", "the organisation's sign-in"),
                        ],
                        max_length=20,
                    ),
                ),
                ("agent", models.CharField(max_length=200)),
                ("is_known_device", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["person_id", "-at"], name="sign_in_person")],
            },
        ),
        migrations.CreateModel(
            name="CompanySignIn",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("issuer", models.CharField(max_length=300, unique=True)),
                ("client_id", models.CharField(max_length=200)),
                ("secret", models.CharField(max_length=800)),
                ("domains", models.JSONField(default=list)),
                ("trusts_mfa", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=models.deletion.DO_NOTHING, related_name="+", to="portal.organisation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CompanyIdentity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider_id", models.UUIDField()),
                ("subject", models.CharField(max_length=255)),
                ("linked_at", models.DateTimeField()),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["provider_id", "subject"], name="company_identity_once")
                ],
            },
        ),
        migrations.AddField("person", "link_made_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("person", "link_next_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex(
            "person",
            models.Index(
                fields=["link_next_at"],
                condition=models.Q(("link_next_at__isnull", False)),
                name="person_link_due",
            ),
        ),
        migrations.RunSQL(
            [
                "grant select, insert, update, delete on portal_guess, portal_signin to covalent_app",
                "grant select, insert, update, delete on portal_companysignin to covalent_app",
                "grant select, insert, update, delete on portal_companyidentity to covalent_app",
                # What an installation from before had for counting guesses.
                "drop table if exists axes_accessattemptexpiration",
                "drop table if exists axes_accessattempt, axes_accesslog, axes_accessfailurelog",
            ],
            migrations.RunSQL.noop,
        ),
    ]
