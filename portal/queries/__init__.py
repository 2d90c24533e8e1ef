"""The read side of the portal."""

from portal.queries.alerts import (
    AlertLine,
    Escalation,
    ReceiptLine,
    StepLine,
    alert_lines,
    escalation,
    escalations,
    list_alerts,
    list_program_alerts,
    open_alerts,
)
from portal.queries.inbox import list_inbox
from portal.queries.programs import list_programs

__all__ = [
    "AlertLine",
    "Escalation",
    "ReceiptLine",
    "StepLine",
    "alert_lines",
    "escalation",
    "escalations",
    "list_alerts",
    "list_inbox",
    "list_program_alerts",
    "list_programs",
    "open_alerts",
]
