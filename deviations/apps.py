"""The deviations app: what went wrong and what is done about it."""

from django.apps import AppConfig


class DeviationsConfig(AppConfig):
    """Deviations, judgements, notices."""

    name = "deviations"
    default_auto_field = "django.db.models.BigAutoField"
