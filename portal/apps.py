"""The portal app: who shares what with whom, and the proof of it."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class PortalConfig(AppConfig):
    """Wire the first wall into every database connection."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_login_failed

        from portal import logs, signing_in
        from portal.action import guard_connection
        from portal.shell import nav_counts
        from portal.views.navigation import portal_counts

        logs.configure()
        connection_created.connect(guard_connection, dispatch_uid="portal.guard")
        user_login_failed.connect(signing_in.count_refused, dispatch_uid="portal.refused")
        user_locked_out.connect(signing_in.count_locked, dispatch_uid="portal.locked")
        nav_counts.register(portal_counts)
