"""The portal app: who shares what with whom, and the proof of it."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class PortalConfig(AppConfig):
    """Wire the first wall into every database connection."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from portal import logs, signing_in
        from portal.action import guard_connection
        from portal.clocks.gauges import set_apart_clocks
        from portal.metrics import gauges
        from portal.review_signing import ACCESS_REVIEW
        from portal.shell import nav_counts
        from portal.signable import register
        from portal.trail_signing import TRAIL_REVIEW
        from portal.views.navigation import portal_counts

        logs.configure()
        connection_created.connect(guard_connection, dispatch_uid="portal.guard")
        authenticator_added.connect(signing_in.end_other_sessions, dispatch_uid="portal.first_factor")
        gauges.register(set_apart_clocks)
        nav_counts.register(portal_counts)
        register(TRAIL_REVIEW)
        register(ACCESS_REVIEW)
