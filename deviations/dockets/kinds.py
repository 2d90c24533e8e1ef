"""All kinds of dockets; who imports this has them all kept, in every process."""

from __future__ import annotations

from typing import Final

from deviations.dockets.asking.rules import QUERIES
from deviations.dockets.changing.rules import CHANGES
from deviations.dockets.complaining.rules import COMPLAINTS
from deviations.dockets.laboratory.rules import INVESTIGATIONS
from deviations.dockets.site.rules import SITE_EVENTS, STATEMENTS

KINDS: Final = (QUERIES, CHANGES, COMPLAINTS, INVESTIGATIONS, SITE_EVENTS, STATEMENTS)
