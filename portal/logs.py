"""Structured logs: one JSON object a line, with request and actor, never with what a record says."""

from __future__ import annotations

from typing import Final

import structlog
from structlog.typing import Processor

FOREIGN: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
render: Final[Processor] = structlog.processors.JSONRenderer()


def configure() -> None:
    """Let structlog write through the logging module with the same fields."""
    structlog.configure(
        processors=[
            *FOREIGN,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
