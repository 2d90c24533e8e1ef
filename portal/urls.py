"""Pages of the portal."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from portal.views import administration as admin
from portal.views import calendars, clocks, decisions, four_eyes, inspections, reviews, rosters
from portal.views.agreement_backtest import BacktestPage
from portal.views.agreement_editing import AgreementStep, DraftAgreement, EditAgreement, EditClause
from portal.views.agreements import AgreementPage, AgreementsPage, TermsPage
from portal.views.alerts import AcknowledgeAlert, AlertPage, RefuseAlert
from portal.views.delegations import DelegationsPage, EndDelegation
from portal.views.drills import DrillPage, DrillsPage
from portal.views.duty import CallPage
from portal.views.escalations import EscalationsPage
from portal.views.holds import HoldsPage, ReleaseHold
from portal.views.home import HomePage
from portal.views.integrations import STEPS, IntegrationsPage, WebhookPage, WebhookStep
from portal.views.ledger import LedgerEntryPage, LedgerPage
from portal.views.notices import AddDevice, NoticeSettingsPage, NoticesPage, RemoveDevice, push_worker
from portal.views.proving import AskCompany, AskKey
from portal.views.security import SecurityPage, SignOutEverywhere
from portal.views.signing import SignersPage, SignPage
from portal.views.since import SincePage
from portal.views.styleguide import StyleGuide
from portal.views.trail import ReviewTrail, TrailReviewPage, TrailReviewsPage

styleguide = [path("styleguide/", StyleGuide.as_view(), name="styleguide")] if settings.DEBUG else []
urlpatterns: list[URLPattern | URLResolver] = [
    *styleguide,
    path("", HomePage.as_view(), name="home"),
    path("since/", SincePage.as_view(), name="since"),
    path("notices/", NoticesPage.as_view(), name="notices"),
    path("notices/settings/", NoticeSettingsPage.as_view(), name="notice_settings"),
    path("notices/devices/", AddDevice.as_view(), name="add_push_device"),
    path("notices/devices/<uuid:device_id>/remove/", RemoveDevice.as_view(), name="remove_push_device"),
    path("push-worker.js", push_worker, name="push_worker"),
    path("alerts/<uuid:alert_id>/", AlertPage.as_view(), name="alert_page"),
    path("alerts/<uuid:alert_id>/acknowledge/", AcknowledgeAlert.as_view(), name="acknowledge_alert"),
    path("agreement/", AgreementsPage.as_view(), name="agreements"),
    path("agreement/draft/", DraftAgreement.as_view(), name="draft_agreement"),
    path("agreement/terms/<uuid:program_id>/<str:number>/", TermsPage.as_view(), name="program_terms"),
    path("agreement/<uuid:agreement_id>/", AgreementPage.as_view(), name="agreement"),
    path("agreement/<uuid:agreement_id>/edit/", EditAgreement.as_view(), name="edit_agreement"),
    path("agreement/<uuid:agreement_id>/backtest/", BacktestPage.as_view(), name="agreement_backtest"),
    path("agreement/<uuid:agreement_id>/clauses/<str:code>/", EditClause.as_view(), name="edit_clause"),
    path("agreement/<uuid:agreement_id>/<str:step>/", AgreementStep.as_view(), name="agreement_step"),
    path("alerts/<uuid:alert_id>/refuse/", RefuseAlert.as_view(), name="refuse_alert"),
    path("escalations/", EscalationsPage.as_view(), name="escalations"),
    path("duty/", CallPage.as_view(), name="duty"),
    path("drills/", DrillsPage.as_view(), name="drills"),
    path("drills/<uuid:drill_id>/", DrillPage.as_view(), name="drill"),
    path("rosters/", rosters.RostersPage.as_view(), name="rosters"),
    path("rosters/new/<uuid:space_id>/<str:role>/", rosters.NewRoster.as_view(), name="new_roster"),
    path("rosters/<uuid:roster_id>/", rosters.RosterPage.as_view(), name="roster"),
    path("rosters/<uuid:roster_id>/stretch/", rosters.SetStretch.as_view(), name="set_stretch"),
    path("rosters/<uuid:roster_id>/withdraw/", rosters.WithdrawStretch.as_view(), name="withdraw_stretch"),
    path("calendars/<uuid:program_id>/", calendars.CalendarsPage.as_view(), name="calendars"),
    path("clocks/<uuid:clock_id>/", clocks.ClockPage.as_view(), name="clock_page"),
    *(
        path(
            f"clocks/<uuid:clock_id>/{step}/",
            clocks.ClockStepPage.as_view(step=step),
            name=f"{step}_clock",
        )
        for step in clocks.STEPS
    ),
    path("ledger/", LedgerPage.as_view(), name="ledger"),
    path("ledger/<uuid:space_id>/<str:audience>/<int:seq>/", LedgerEntryPage.as_view(), name="ledger_entry"),
    path("ledger/reviews/", TrailReviewsPage.as_view(), name="trail_reviews"),
    path("ledger/reviews/<uuid:review_id>/", TrailReviewPage.as_view(), name="trail_review"),
    path("ledger/<uuid:space_id>/<str:audience>/review/", ReviewTrail.as_view(), name="review_trail"),
    path("decisions/", decisions.DecisionsPage.as_view(), name="decisions"),
    path("decisions/new/", decisions.AskDecision.as_view(), name="decision_new"),
    path("decisions/<uuid:decision_id>/", decisions.DecisionPage.as_view(), name="decision"),
    path("decisions/<uuid:decision_id>/change/", decisions.ChangeDecision.as_view(), name="decision_change"),
    path("decisions/<uuid:decision_id>/answer/", decisions.AnswerDecision.as_view(), name="decision_answer"),
    *(
        path(f"decisions/<uuid:decision_id>/{name}/", step.as_view(), name=f"decision_{name}")
        for name, step in decisions.STEPS.items()
    ),
    path("holds/", HoldsPage.as_view(), name="holds"),
    path("holds/<uuid:hold_id>/release/", ReleaseHold.as_view(), name="release_hold"),
    path("integrations/", IntegrationsPage.as_view(), name="integrations"),
    path("integrations/webhooks/<uuid:webhook_id>/", WebhookPage.as_view(), name="webhook_page"),
    *(
        path(
            f"integrations/webhooks/<uuid:webhook_id>/{step}/",
            WebhookStep.as_view(step=step),
            name=f"webhook_step_{step}",
        )
        for step in (*STEPS, "replay")
    ),
    path("sign/<str:kind>/<uuid:record_id>/", SignPage.as_view(), name="sign"),
    path("signing/key/", AskKey.as_view(), name="signing_key"),
    path("signing/company/", AskCompany.as_view(), name="signing_company"),
    path("security/", SecurityPage.as_view(), name="security"),
    path("security/sign-out/", SignOutEverywhere.as_view(), name="sign_out_everywhere"),
    path("inspections/", inspections.InspectionsPage.as_view(), name="inspections"),
    path("inspections/<uuid:record_id>/", inspections.InspectionPage.as_view(), name="inspection"),
    *(
        path(
            f"inspections/<uuid:record_id>/{step}/",
            inspections.InspectionStep.as_view(step=step),
            name=f"inspection_{step}",
        )
        for step in inspections.STEPS
    ),
    path("delegations/", DelegationsPage.as_view(), name="delegations"),
    path("delegations/<uuid:record_id>/end/", EndDelegation.as_view(), name="end_delegation"),
    path("administration/reviews/", reviews.ReviewsPage.as_view(), name="access_reviews"),
    path("administration/reviews/<uuid:record_id>/", reviews.ReviewPage.as_view(), name="access_review"),
    path(
        "administration/reviews/<uuid:record_id>/finish/",
        reviews.FinishReview.as_view(),
        name="finish_access_review",
    ),
    path(
        "administration/reviews/<uuid:record_id>/csv/", reviews.ReviewCsv.as_view(), name="access_review_csv"
    ),
    path(
        "administration/review-lines/<uuid:record_id>/decide/",
        reviews.DecideLine.as_view(),
        name="decide_access_line",
    ),
    path("administration/signers/", SignersPage.as_view(), name="administration_signers"),
    path("administration/", admin.AdministrationPage.as_view(), name="administration"),
    path("administration/people/", admin.AddPerson.as_view(), name="administration_add_person"),
    path("administration/services/", admin.AddService.as_view(), name="administration_add_service"),
    path("administration/seats/", admin.GiveSeat.as_view(), name="administration_give_seat"),
    path("administration/keys/", admin.IssueKey.as_view(), name="administration_issue_key"),
    path("administration/sites/", admin.AddSite.as_view(), name="administration_add_site"),
    path("administration/program-sites/", admin.AttachSite.as_view(), name="administration_attach_site"),
    path(
        "administration/accounts/<uuid:person_id>/reset/",
        four_eyes.ProposeReset.as_view(),
        name="administration_propose_reset",
    ),
    path(
        "administration/inspectors/",
        four_eyes.InviteInspector.as_view(),
        name="administration_invite_inspector",
    ),
    path(
        "administration/proposals/<uuid:record_id>/confirm/",
        four_eyes.ConfirmProposal.as_view(),
        name="administration_confirm",
    ),
    path(
        "administration/proposals/<uuid:record_id>/refuse/",
        four_eyes.RefuseProposal.as_view(),
        name="administration_refuse",
    ),
    path(
        "administration/proposals/<uuid:record_id>/withdraw/",
        four_eyes.WithdrawProposal.as_view(),
        name="administration_withdraw",
    ),
    path(
        "administration/people/<uuid:record_id>/close/",
        admin.CloseMember.as_view(),
        name="administration_close_member",
    ),
    path(
        "administration/people/<uuid:record_id>/link/",
        admin.SendLink.as_view(),
        name="administration_send_link",
    ),
    path(
        "administration/people/<uuid:record_id>/link/withdraw/",
        admin.WithdrawLink.as_view(),
        name="administration_withdraw_link",
    ),
    path(
        "administration/seats/<uuid:record_id>/end/", admin.EndSeat.as_view(), name="administration_end_seat"
    ),
    path(
        "administration/keys/<uuid:record_id>/revoke/",
        admin.RevokeKey.as_view(),
        name="administration_revoke_key",
    ),
]
