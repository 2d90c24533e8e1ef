"""The batches app: what is being made."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """Recipes, batches, readings, excursions."""

    name = "batches"
    default_auto_field = "django.db.models.BigAutoField"
