"""The certificate of a batch: what was decided of it, on what, and by whom (Annex 16, App. I and II)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.disposition.certificate import NAMES, Certificate, Word, certificate_kind
from batches.disposition.states import DecisionState
from batches.models import Batch, Disposition, RecipeVersion, SampleResult
from batches.printing.executed import NONE, Executed, Row, result_words
from batches.queries.past import batch_then
from batches.slots import batch_dossiers
from batches.states import DataKind, ResultFlag, ResultState
from portal.access import get_program
from portal.actor import Actor
from portal.dossiers import Dossier, Section, both_times
from portal.errors import NotFound
from portal.models import Program, Signature
from portal.past import Past
from portal.queries.signatures import line_of
from portal.states import Audience

STATEMENTS: Final[Mapping[Certificate, Any]] = {
    "batch": gettext_lazy(
        "The qualified person named below certified that batch %(batch)s was manufactured, including its"
        " testing, in accordance with good manufacturing practice and the requirements of its authorisation,"
        " for the markets named below."
    ),
    "partial": gettext_lazy(
        "The qualified person named below confirmed that the manufacturing of batch %(batch)s done by"
        " %(manufacturer)s was in accordance with good manufacturing practice and the quality agreement with"
        " %(sponsor)s."
    ),
    "conformance": gettext_lazy(
        "The quality unit of %(manufacturer)s decided that batch %(batch)s was made and tested by the master"
        " record named below, that its record was reviewed, and released it to %(sponsor)s."
    ),
}
# What an authority asks of such a paper and this record does not hold (Annex 16, Appendix II 1, 3, 4).
NOT_STATED: Final = gettext_lazy(
    "Not held in this record and to be added where an authority asks for it: numbers of marketing and"
    " manufacturing authorisations, strength, dosage form, package size."
)


def certificate_dossier(
    actor: Actor, batch_id: UUID, at: datetime, chains: Collection[str] | None
) -> Dossier:
    """Return the certificate of a batch as of an instant; it says what both sides may see, nothing else.

    Raises: NotFound, also for a batch without the decisions that a certificate needs.
    """
    shared = (Audience.SHARED,)
    if chains is None or set(chains) != set(shared):
        raise NotFound
    batch = batch_then(actor, batch_id, at, chains=shared).batch
    past = Past(actor, batch.space_id, at, shared)
    rows = past.related(Disposition, batch_id=batch.pk)
    standing = sorted(
        (each for each in rows if each.state == DecisionState.STANDING),
        key=lambda each: (each.decided_at, each.pk),
    )
    kind = certificate_kind(Word(each.step, each.decision) for each in standing)
    if kind is None:
        raise NotFound
    program = get_program(actor, batch.space_id)
    zone = batch.site.zone if batch.site is not None else program.zone
    signed = [each for row in standing for each in past.related(Signature, subject_id=row.pk)]
    found = Executed(past, batch)
    tests = _tests(found)
    named = {
        "batch": batch.number,
        "manufacturer": program.manufacturer_name,
        "sponsor": program.sponsor_name,
    }
    return Dossier(
        kind=str(NAMES[kind]),
        number=batch.number,
        title=str(NAMES[kind]),
        program=program,
        zone=zone,
        facts=_facts(batch, program, found, zone),
        sections=[
            each
            for each in (
                _decisions(standing, zone),
                _results(tests),
                _deviations(actor, batch, at),
                Section(_("Not stated here"), texts=[str(NOT_STATED)]),
            )
            if each.rows or each.note or each.texts
        ],
        signatures=[line_of(each, each.subject_version) for each in signed],
        timeline=None,
        row_ids={batch.pk, *(each.pk for each in (*standing, *signed))},
        data=_data(batch, kind, standing, tests),
        mark=_("Made from signed records"),
        statement=str(STATEMENTS[kind] % named),
    )


def _data(
    batch: Batch, kind: Certificate, standing: Sequence[Disposition], tests: Sequence[Row]
) -> dict[str, Any]:
    names = ("test", "method", "specification", "result")
    return {
        "certificate": kind,
        "batch": batch.pk,
        "number": batch.number,
        "decisions": [
            {"step": each.step, "market": each.market, "decision": each.decision, "markets": each.markets}
            for each in standing
        ],
        "results": [dict(zip(names, each, strict=False)) for each in tests],
    }


def _facts(batch: Batch, program: Program, found: Executed, zone: str) -> list[tuple[str, str]]:
    recipe: RecipeVersion = batch.recipe_version
    made = [
        f"{each.number}: {each.quantity.normalize():f} {each.unit}"
        + (", " + _("expires %s") % f"{each.expires_on:%Y-%m-%d}" if each.expires_on else "")
        for each in found.made
    ]
    return [
        (_("Product"), str(recipe.product or recipe.title)),
        (_("Batch"), f"{batch.number} {batch.title}".strip()),
        *([(_("Lots made"), "\n".join(made))] if made else []),
        (_("Manufactured by"), program.manufacturer_name),
        *([(_("Site"), batch.site.name)] if batch.site is not None else []),
        (_("For"), program.sponsor_name),
        (_("Master record"), f"{recipe.number}, {_('revision %d') % recipe.revision}, {recipe.title}"),
        (_("Began"), both_times(batch.started_at, zone)),
        (_("Ended"), both_times(batch.ended_at, zone)),
    ]


def _decisions(standing: Sequence[Disposition], zone: str) -> Section:
    return Section(
        _("Decisions"),
        columns=(_("Step"), _("For"), _("Decision"), _("Clause"), _("Signed")),
        widths=(3, 2, 3, 0, 4),
        rows=[
            (
                str(each.get_step_display()),
                each.market or ", ".join(each.markets) or _("all markets of the agreement"),
                capfirst(str(each.get_decision_display()))
                + (f"\n{_('Condition: %s') % each.condition}" if each.condition else ""),
                each.clause or NONE,
                f"{each.decided_code}\n{both_times(each.decided_at, zone)}",
            )
            for each in standing
        ],
    )


def _tests(found: Executed) -> list[Row]:
    """Return the tests with a specification or of the laboratory, each with its latest valid result."""
    limits, latest = found.limits, dict[UUID, SampleResult]()
    for each in found.results:
        if each.state != ResultState.INVALIDATED and each.parameter is not None:
            latest[each.parameter_id] = each
    lines: list[Row] = []
    for parameter in sorted(found.parameters.values(), key=lambda one: (one.ordinal, one.pk)):
        wanted, given = found.specification(parameter.pk, limits), latest.get(parameter.pk)
        is_test = parameter.data_kind == DataKind.LAB
        if (not wanted and not (is_test and given)) or (given is None and not is_test):
            continue
        result = result_words(given) if given is not None else _("no result in this record")
        lines.append(
            (
                parameter.title,
                given.method if given is not None and given.method else NONE,
                wanted or _("none stated"),
                result,
                _judged(given, has_specification=bool(wanted)),
            )
        )
    return lines


def _judged(given: SampleResult | None, *, has_specification: bool) -> str:
    if given is None or not has_specification:
        return NONE
    if given.flag == ResultFlag.OOS:
        return _("outside")
    return _("within")


def _results(tests: Sequence[Row]) -> Section:
    return Section(
        _("Results"),
        _("The latest valid result of each test; the whole record holds all of them."),
        columns=(_("Test"), _("Method"), _("Specification"), _("Result"), _("Stands")),
        widths=(3, 2, 4, 2, 0),
        rows=tests,
    )


def _deviations(actor: Actor, batch: Batch, at: datetime) -> Section:
    found = [each for given in batch_dossiers(actor, batch.pk, at, (Audience.SHARED,)) for each in given]
    rows = [
        (
            each.number,
            each.title,
            str(each.data.get("classification") or _("no class yet")),
            str(each.data.get("state", "")).replace("_", " "),
        )
        for each in found
    ]
    return Section(
        _("Deviations told to both sides"),
        "" if rows else _("None."),
        columns=(_("Number"), _("Title"), _("Class"), _("State")),
        widths=(0, 5, 0, 2),
        rows=rows,
    )
