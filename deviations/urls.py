"""Pages of the deviations app."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from deviations.desks.counters import COUNTERS
from deviations.views import capa, dockets, inquiry, judging, mirror, record, reporting, rounds, signals
from deviations.views.analysis import AnalysisPage, ExportPage
from deviations.views.labels import LabelsPage
from deviations.views.listing import DeviationsPage
from deviations.views.monthly import MonthlyPage
from deviations.views.past import PastDeviationPage
from deviations.views.report import LogDeviationPage, LoggedPage, QueueReady
from deviations.views.terms import AppliesPage
from portal.views.past import now_or_then

ONE = "deviations/<uuid:deviation_id>/"
CAPA = "capa/<uuid:capa_id>/"
MEASURE = "capa/measures/<uuid:measure_id>/"
INQUIRY = "inquiries/<uuid:inquiry_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("deviations/", DeviationsPage.as_view(), name="deviations"),
    path("deviations/new/", LogDeviationPage.as_view(), name="log_deviation"),
    path("deviations/new/ready/", QueueReady.as_view(), name="log_queue"),
    path("deviations/mirror/", mirror.MirrorPage.as_view(), name="deviation_mirror"),
    path(
        "deviations/mirror/<uuid:conflict_id>/settle/",
        mirror.SettlePage.as_view(),
        name="deviation_mirror_settle",
    ),
    path("deviations/analysis/", AnalysisPage.as_view(), name="deviations_analysis"),
    path("deviations/export/", ExportPage.as_view(), name="deviations_export"),
    path("deviations/labels/", LabelsPage.as_view(), name="deviation_labels"),
    path(ONE, now_or_then(record.DeviationPage, PastDeviationPage), name="deviation"),
    path(f"{ONE}logged/", LoggedPage.as_view(), name="deviation_logged"),
    path(f"{ONE}notice/", record.NoticePage.as_view(), name="deviation_notice"),
    path(f"{ONE}terms/", AppliesPage.as_view(), name="deviation_terms"),
    path(f"{ONE}reporting/", reporting.GiveFacts.as_view(), name="deviation_reporting"),
    path(f"{ONE}reporting/decide/", reporting.DecideDuty.as_view(), name="deviation_reporting_decide"),
    path(f"{ONE}triage/", record.Triage.as_view(), name="deviation_triage"),
    path(f"{ONE}release/", record.Release.as_view(), name="deviation_release"),
    path(f"{ONE}investigate/", record.Investigate.as_view(), name="deviation_investigate"),
    path(f"{ONE}assess_impact/", record.Assess.as_view(), name="deviation_assess_impact"),
    path(f"{ONE}summarise/", record.Summarise.as_view(), name="deviation_summarise"),
    *(
        path(f"{ONE}{step.step}/", step.as_view(), name=f"deviation_{step.step}")
        for step in (*rounds.STEPS, *judging.STEPS)
    ),
    path(f"{ONE}close/", record.Close.as_view(), name="deviation_close"),
    path(f"{ONE}cancel/", record.Cancel.as_view(), name="deviation_cancel"),
    path(f"{ONE}files/", record.AddFiles.as_view(), name="deviation_files"),
    path(f"{ONE}investigation/", inquiry.InvestigationPage.as_view(), name="deviation_investigation"),
    path(f"{ONE}inquiries/", inquiry.InvestigationStep.as_view(step="begin"), name="deviation_begin_inquiry"),
    path(f"{ONE}causes/", inquiry.InvestigationStep.as_view(step="causes"), name="deviation_causes"),
    *(
        path(
            f"causes/<uuid:cause_id>/{name}/",
            inquiry.InvestigationStep.as_view(step=name),
            name=f"cause_{name}",
        )
        for name in ("share", "withdraw")
    ),
    path(INQUIRY, inquiry.InquiryPage.as_view(), name="inquiry"),
    *(
        path(f"{INQUIRY}{name}/", inquiry.InquiryStep.as_view(step=name), name=f"inquiry_{name}")
        for name in inquiry.STEPS
    ),
    path("signals/", signals.SignalsPage.as_view(), name="early_signals"),
    path("signals/new/", signals.RaiseSignalPage.as_view(), name="raise_signal"),
    path("signals/<uuid:signal_id>/", signals.SignalPage.as_view(), name="early_signal"),
    path("signals/<uuid:signal_id>/answer/", signals.AnswerSignalPage.as_view(), name="answer_signal"),
    path("capa/", capa.CapaListPage.as_view(), name="capas"),
    path("capa/new/", capa.PlanCapaPage.as_view(), name="plan_capa"),
    path(CAPA, capa.CapaPage.as_view(), name="capa"),
    *(path(f"{CAPA}{name}/", capa.CapaStep.as_view(step=name), name=f"capa_{name}") for name in capa.STEPS),
    path(MEASURE, capa.MeasurePage.as_view(), name="measure"),
    path(f"{MEASURE}files/", capa.AddEvidence.as_view(), name="measure_files"),
    *(
        path(f"{MEASURE}{name}/", capa.MeasureStep.as_view(step=name), name=f"measure_{name}")
        for name in capa.MEASURE_STEPS
    ),
    path("monthly-lists/", MonthlyPage.as_view(), name="monthly_lists"),
    *(path(address, view, name=name) for address, view, name in dockets.routes(COUNTERS)),
]
