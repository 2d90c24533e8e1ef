"""What of judging a deviation is taken away with it: sections of its dossier, and the rows they rest on."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext as _

from deviations.judging.states import CandidateReason, ClassStanding, topic_name
from deviations.queries import DeviationDetail
from deviations.queries.judging import ImpactLine, Judging
from portal.dossiers import Section, both_times
from portal.states import Audience


def rows_of_judging(judging: Judging) -> Iterator[UUID]:
    """Yield the ids of the rows that the sections rest on."""
    for line in judging.impacts:
        yield line.assessment.pk
        yield from (each.pk for each in line.findings)
        yield from (each.signature.pk for each in line.signatures)
    for lower in judging.lowered:
        yield lower.proposed.pk
        yield from (each.signature.pk for each in lower.signatures)
    yield from (each.pk for each in judging.candidates)
    yield from (each.tie.pk for each in judging.ties)
    yield from (each.pk for each in judging.words)
    if judging.risk is not None:
        yield judging.risk.pk


def sections_of_judging(found: DeviationDetail) -> Iterator[Section]:
    """Yield impact, other batches, what became of the class, ties and the own side's risk form."""
    judging, zone = found.judging, found.zone
    for line in reversed(judging.impacts):
        yield _impact(line, zone)
    yield _scope(judging)
    yield _confirmed(found)
    yield _lowered(judging, zone)
    yield _ties(judging)
    yield _risk(judging, zone)


def _whose(side: str) -> str:
    return _("Sponsor") if side == Audience.SPONSOR else _("CDMO")


def _scope(judging: Judging) -> Section:
    reasons = dict(CandidateReason.choices)
    return Section(
        _("Other batches"),
        columns=(_("Batch"), _("In common"), _("Decided"), _("Because")),
        widths=(0, 3, 0, 4),
        rows=[
            (
                each.batch.number,
                "; ".join(f"{reasons.get(one['kind'], one['kind'])} {one['common']}" for one in each.reasons),
                str(each.get_outcome_display()) or _("not decided"),
                str(each.because),
            )
            for each in judging.candidates
        ],
    )


def _confirmed(found: DeviationDetail) -> Section:
    standing = found.deviation.class_standing
    return Section(
        _("Confirmed class"),
        note=str(ClassStanding(standing).label) if standing else "",
        columns=(_("Whose"), _("Class"), _("Given"), _("Words")),
        widths=(0, 0, 3, 4),
        rows=[
            (
                _whose(each.side),
                str(each.get_classification_display()),
                f"{both_times(each.given_at, found.zone)}, {each.code}",
                str(each.text),
            )
            for each in found.judging.words
        ],
    )


def _lowered(judging: Judging, zone: str) -> Section:
    return Section(
        _("Lower class proposed, CDMO internal"),
        columns=(_("Class"), _("Given"), _("Rationale"), _("Signed")),
        widths=(0, 3, 4, 2),
        rows=[
            (
                f"{each.proposed.before}, {each.proposed.classification}",
                f"{both_times(each.proposed.given_at, zone)}, {each.proposed.given_code}",
                str(each.proposed.rationale),
                ", ".join(one.signature.printed_name for one in each.signatures) or _("not signed"),
            )
            for each in judging.lowered
        ],
    )


def _ties(judging: Judging) -> Section:
    return Section(
        _("Belongs together with"),
        columns=(_("Deviation"), _("How"), _("Because"), _("Who may see it")),
        widths=(0, 0, 4, 0),
        rows=[
            (
                each.other.number,
                str(each.tie.get_kind_display()),
                str(each.tie.because),
                str(Audience(each.tie.audience).label),
            )
            for each in judging.ties
        ],
    )


def _impact(line: ImpactLine, zone: str) -> Section:
    given = line.assessment
    signed = [
        f"{each.signature.get_meaning_display()}: {each.signature.printed_name},"
        f" {both_times(each.signature.signed_at, zone)}"
        for each in line.signatures
    ]
    return Section(
        _("Impact, %(side)s, %(code)s")
        % {
            "side": Audience(given.side).label,
            "code": f"{given.given_code} {both_times(given.given_at, zone)}",
        },
        note="; ".join(signed) or _("not signed"),
        texts=[str(given.conclusion)],
        columns=(_("Topic"), _("Found"), _("Because")),
        widths=(2, 0, 4),
        rows=[
            (topic_name(each.topic), str(each.get_verdict_display()), str(each.text))
            for each in line.findings
        ],
    )


def _risk(judging: Judging, zone: str) -> Section:
    risk = judging.risk
    if risk is None:
        return Section(_("Risk, short form"))
    marks = _("severity %(s)s, likelihood %(l)s, detectability %(d)s of 5") % {
        "s": risk.severity,
        "l": risk.likelihood,
        "d": risk.detectability,
    }
    return Section(
        _("Risk, short form"),
        note=str(Audience(risk.audience).label),
        fields=[
            (_("Hazard"), str(risk.hazard)),
            (_("Marks"), marks),
            (_("Decided by"), f"{risk.decision_maker}, {both_times(risk.given_at, zone)}"),
            (_("Formality"), f"{risk.get_formality_display()}: {risk.formality_why}"),
        ],
    )
