"""What applies to a deviation, and why: every clause that says something of it, in the version it keeps."""

from __future__ import annotations

from typing import Any, ClassVar

from deviations.access import class_of, get_deviation
from deviations.clauses.triggers import triggers_of
from portal.access import get_program
from portal.agreements.applying import what_applies
from portal.clocks.extending import EXTENSION
from portal.clocks.names import is_extendable, name_of
from portal.pages import Page, PageRequest
from portal.queries.agreements import get_held
from portal.queries.clocks import list_clocks
from portal.queries.holds import period_of
from portal.terms import clause_address, terms_at


class AppliesPage(Page):
    """The clauses that apply to one deviation."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/applies.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return each thing a clause settles: its rule, why it is this one, the clock that runs by it.

        Raises: NotFound.
        """
        actor = request.actor
        deviation = get_deviation(actor, kwargs["deviation_id"])
        terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
        classification = class_of(actor, deviation)
        clocks = {each.kind: each for each in list_clocks(actor, subject_id=deviation.pk)}
        extended = [each for each in clocks.values() if each.extensions and is_extendable(each.kind)]
        return {
            "deviation": deviation,
            "program": get_program(actor, deviation.space_id),
            "terms": terms,
            "held": get_held(actor, deviation.space_id, terms.version),
            "classification": classification,
            "kept": period_of(terms, "deviation").kept.words,
            "lines": [
                {
                    "line": each,
                    "url": clause_address(deviation.space_id, each.clause, terms.version),
                    "clock": clocks.get(each.clock),
                    "extended": [
                        {"name": name_of(found.kind), "times": found.extensions, "due_at": found.due_at}
                        for found in extended
                        if each.clock == EXTENSION
                    ],
                }
                for each in what_applies(terms, classification, triggers_of(actor, deviation))
            ],
        }
