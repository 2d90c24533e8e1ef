"""Report the deviations of the demo and take them as far as they have come, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from batches.models import Batch, Excursion, PhaseRun
from batches.states import ExcursionState
from config.demo.companies import PROGRAMS, TB22
from config.demo.crew import Crew, setup_actor
from config.demo.incidents import COPIED, Incident
from config.demo.investigating import look_into
from config.demo.judging import judge as judge_incident
from config.demo.lots import FINISHED, FINISHED_COPIES, RUNNING
from config.demo.signing import sign_as
from deviations.access import class_of, get_deviation
from deviations.actions.assess import assess_impact
from deviations.actions.investigate import cancel_deviation, close_deviation, investigate_deviation
from deviations.actions.judge import triage_deviation
from deviations.actions.release import release_notice
from deviations.actions.report import report_deviation
from deviations.actions.reviews import submit_report
from deviations.clauses.opening import USUAL
from deviations.models import Deviation, Elsewhere, Judgement
from deviations.rounds import needs_review
from deviations.signing import DEVIATION
from deviations.states import REVIEWS, DeviationState, JudgementKind
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.actor import Actor
from portal.models import Alert
from portal.states import AlertState, Audience, Classification, Meaning

ZONES: Final[Mapping[str, str]] = {
    lot.number: lot.site.zone for lot in (*RUNNING, *FINISHED_COPIES, *FINISHED)
}
NOTICE: Final = "deviation.notice"
ASSESSED: Final = "Results within limits; no effect on product, clinic or supply (assessed when it happened)."
CLOSABLE: Final = (DeviationState.UNDER_INVESTIGATION, *REVIEWS)
UNRELEASED: Final = "notice.unreleased"
_COLUMNS: Final = (
    *("id", "space_id", "external_id", "state", "audience", "version"),
    *("scoped_at", "impact_concluded_at", "class_standing"),
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where an incident belongs: the phase of the batch at that time, and the excursion it came from."""

    phase_id: UUID | None
    excursion_id: UUID | None


class Reporting:
    """Tells incidents; what is known already goes on from where it stands."""

    def __init__(self, crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
        self._crew = crew
        self._batches = batches
        self._moment = moment
        setup = setup_actor()
        with reading(setup):
            rows = Deviation.objects.visible_to(setup).filter(space_id__in=[each.id for each in PROGRAMS])
            self._known = {
                (row.space_id, row.external_id): row for row in rows.exclude(external_id="").only(*_COLUMNS)
            }
            waiting = (
                Alert.objects.visible_to(setup).filter(kind=NOTICE).exclude(state=AlertState.ACKNOWLEDGED)
            )
            self._waiting = dict(waiting.values_list("subject_id", "id"))

    def knows(self, incidents: Iterable[Incident]) -> bool:
        """Say whether all of them have been told."""
        return all(
            incident.lot in self._batches and self._find(incident) is not None for incident in incidents
        )

    def _find(self, incident: Incident) -> Deviation | None:
        return self._known.get((incident.project.id, self._external_id(incident)))

    def _external_id(self, incident: Incident) -> str:
        occurred_at = self._start_of(incident) + timedelta(seconds=incident.occurred_s)
        return incident.external_id.format(yy=f"{occurred_at:%y}")

    def tell(self, incidents: Iterable[Incident]) -> None:
        """Bring incidents to where they are in the story."""
        for incident in incidents:
            self._tell(incident)

    def _tell(self, incident: Incident) -> None:
        deviation = self._find(incident) or self._report(incident, self._start_of(incident))
        if incident.rationale and deviation.state == DeviationState.REPORTED:
            deviation = triage_deviation(
                self._crew[incident.judge],
                deviation.pk,
                classification=incident.classification,
                rationale=incident.rationale,
                version=deviation.version,
            )
        deviation = self._inform(incident, deviation)
        if incident.summary and incident.receiver and deviation.audience == Audience.SHARED:
            deviation = self._assess(incident, deviation)
        self._end(incident, deviation)

    def _start_of(self, incident: Incident) -> datetime:
        start = self._batches[incident.lot].started_at
        if start is None:
            raise LookupError(incident.lot)
        return start

    def _report(self, incident: Incident, start: datetime) -> Deviation:
        reporter, batch = self._crew[incident.reporter], self._batches[incident.lot]
        occurred_at, detected_at, aware_at = (
            start + timedelta(seconds=at_s)
            for at_s in (incident.occurred_s, incident.detected_s, incident.aware_s)
        )
        scene = self._scene(reporter, incident, batch, occurred_at)
        logged = report_deviation(
            reporter,
            incident.project.id,
            title=incident.title,
            description=self._worded(incident, start),
            occurred_at=occurred_at,
            detected_at=detected_at,
            aware_at=aware_at,
            batch_id=batch.pk,
            phase_id=scene.phase_id,
            excursion_id=scene.excursion_id,
            suggested_class=incident.suggested,
            immediate_action=incident.immediate_action,
            triggers=incident.triggers,
            late_reason=COPIED if self._moment - aware_at > USUAL - timedelta(hours=1) else "",
            external_id=self._external_id(incident),
            external_status=incident.external_status,
            elsewhere=self._elsewhere(incident, start),
        )
        return logged.deviation

    def _elsewhere(self, incident: Incident, start: datetime) -> Elsewhere:
        """Return what the quality system of the plant states of the time before the move."""
        stated = (incident.opened_s, incident.told_s, incident.closed_s)
        return Elsewhere(*(start + timedelta(seconds=at_s) if at_s else None for at_s in stated))

    def _worded(self, incident: Incident, start: datetime) -> str:
        zone = ZoneInfo(ZONES[incident.lot])
        clocks = {
            name: f"{(start + timedelta(seconds=at_s)).astimezone(zone):%H:%M}"
            for name, at_s in incident.clocks.items()
        }
        return incident.description.format(lot=incident.lot, **clocks)

    def _scene(self, actor: Actor, incident: Incident, batch: Batch, at: datetime) -> _Scene:
        with reading(actor):
            runs = PhaseRun.objects.visible_to(actor).filter(batch_id=batch.pk, started_at__lte=at)
            run = runs.order_by("-started_at").first()
            excursion = None
            if incident.excursion is not None:
                code, kind = incident.excursion
                found = Excursion.objects.visible_to(actor).filter(
                    batch_id=batch.pk, parameter__code=code, limit_kind=kind
                )
                live = found.exclude(state=ExcursionState.WITHDRAWN)
                excursion = live.order_by("-readings", "started_at").first()
        return _Scene(
            run.phase_id if run is not None else None, excursion.pk if excursion is not None else None
        )

    def _inform(self, incident: Incident, deviation: Deviation) -> Deviation:
        if incident.is_told and deviation.audience != Audience.SHARED:
            judge = self._crew[incident.judge]
            deviation = release_notice(judge, deviation.pk, version=deviation.version)
            self._look_at_alerts(judge, deviation)
        if incident.receiver and deviation.pk in self._waiting:
            acknowledge_alert(self._crew[incident.receiver], self._waiting.pop(deviation.pk))
        return deviation

    def _look_at_alerts(self, judge: Actor, deviation: Deviation) -> None:
        """Note the alert that asks for receipt; answer the sweep, which found an old notice not released."""
        with reading(judge):
            rows = Alert.objects.visible_to(judge).filter(subject_id=deviation.pk, state=AlertState.OPEN)
            alerts = dict(rows.values_list("kind", "id"))
        if UNRELEASED in alerts:
            acknowledge_alert(judge, alerts[UNRELEASED])
        if NOTICE in alerts:
            self._waiting[deviation.pk] = alerts[NOTICE]

    def _assess(self, incident: Incident, deviation: Deviation) -> Deviation:
        """Let the sponsor say what a deviation of the past meant for its product, once."""
        assessor = self._crew["rival_sponsor_qa" if incident.project is TB22 else "sponsor_qa"]
        with reading(assessor):
            given = Judgement.objects.visible_to(assessor).filter(
                deviation_id=deviation.pk, kind=JudgementKind.IMPACT
            )
            if given.exists() or deviation.state == DeviationState.CLOSED:
                return deviation
        return assess_impact(
            assessor,
            deviation.pk,
            classification=Classification.MINOR,
            rationale=ASSESSED,
            version=deviation.version,
        )

    def _end(self, incident: Incident, deviation: Deviation) -> None:
        judge = self._crew[incident.judge]
        if incident.cancelled and deviation.state == DeviationState.REPORTED:
            cancel_deviation(judge, deviation.pk, reason=incident.cancelled, version=deviation.version)
            return
        if incident.lead_code and deviation.state == DeviationState.TRIAGED:
            deviation = investigate_deviation(
                judge, deviation.pk, lead_code=incident.lead_code, version=deviation.version
            )
        if incident.summary and deviation.state in CLOSABLE:
            if deviation.audience == Audience.SHARED:
                look_into(self._crew, incident.judge, incident.external_id, deviation)
            deviation = self._review(incident, deviation)
            close_deviation(judge, deviation.pk, summary=incident.summary, version=deviation.version)

    def _review(self, incident: Incident, deviation: Deviation) -> Deviation:
        """Let both sides review the report of what is not minor: approved here, concurred there."""
        judge = self._crew[incident.judge]
        with reading(judge):
            if not needs_review(judge, deviation, class_of(judge, deviation)):
                return deviation
        if deviation.state == DeviationState.UNDER_INVESTIGATION:
            deviation = judge_incident(self._crew, incident, deviation)
            deviation = submit_report(judge, deviation.pk, report=incident.summary, version=deviation.version)
        if deviation.state == DeviationState.CDMO_QA_REVIEW:
            deviation = self._sign("cdmo_quality_head", deviation, Meaning.APPROVED)
        if deviation.state == DeviationState.SPONSOR_REVIEW and not deviation.review:
            key = "rival_sponsor_qa" if incident.project is TB22 else "sponsor_qa"
            deviation = self._sign(key, deviation, Meaning.CONCURRED)
        return deviation

    def _sign(self, key: str, deviation: Deviation, meaning: Meaning) -> Deviation:
        signer = self._crew[key]
        sign_as(signer, key, DEVIATION, deviation.pk, meaning)
        with reading(signer):
            return get_deviation(signer, deviation.pk)
