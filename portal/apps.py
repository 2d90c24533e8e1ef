"""The portal app: who shares what with whom, and the proof of it."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy


class PortalConfig(AppConfig):
    """Wire the first wall into every database connection."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from portal import logs, signing_in
        from portal.action import guard_connection
        from portal.actions.deciding import CLOCK, watch_decision
        from portal.agreements.signing import AGREEMENT
        from portal.clocks import on_clock
        from portal.clocks.gauges import set_apart_clocks
        from portal.clocks.names import name_clock
        from portal.metrics import gauges
        from portal.review_signing import ACCESS_REVIEW
        from portal.rosters.drill_signing import DRILL_REPORT
        from portal.shell import nav_counts
        from portal.signable import register
        from portal.trail_signing import TRAIL_REVIEW
        from portal.views.navigation import portal_counts
        from portal.webhooks.gauges import webhook_gauges

        logs.configure()
        connection_created.connect(guard_connection, dispatch_uid="portal.guard")
        authenticator_added.connect(signing_in.end_other_sessions, dispatch_uid="portal.first_factor")
        gauges.register(set_apart_clocks)
        nav_counts.register(portal_counts)
        gauges.register(webhook_gauges)
        register(TRAIL_REVIEW)
        register(ACCESS_REVIEW)
        on_clock(CLOCK, watch_decision)
        # The choice is lost when it is lost: nobody's consent moves that.
        name_clock(CLOCK, gettext_lazy("Decide"), has_own_item=True, is_fixed=True)
        register(AGREEMENT)
        register(DRILL_REPORT)
