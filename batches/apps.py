"""The batches app: what is being made."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """Recipes, batches, readings, excursions."""

    name = "batches"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the frame of every page how many batches run."""
        from batches.views.navigation import batch_counts
        from portal.shell import nav_counts

        nav_counts.register(batch_counts)
