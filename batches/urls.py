"""Pages of the batches app."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from batches.views import steps
from batches.views.batch import BatchPage
from batches.views.board import BoardPage
from batches.views.countdown import CountdownLine
from batches.views.custody import CustodyFile, CustodyPage, CustodyStep, StopPage
from batches.views.deciding import DecidePage
from batches.views.disposition import DispositionPage
from batches.views.excursion import ExcursionPage
from batches.views.footprint import FootprintExport, FootprintPage
from batches.views.holds import HoldBatch, LiftHold
from batches.views.laboratory import LaboratoryPage, LotCoasPage, TrackerPage
from batches.views.links import LotLinksPage
from batches.views.listing import BatchesPage
from batches.views.looking import LookingAtBatch, LookingAtBoard
from batches.views.lots import LotPage, LotsPage, MaterialsPage
from batches.views.monitoring import EnvironmentPage, MonitoringPage, SessionPage
from batches.views.past import PastBatchPage
from batches.views.recipe_form import RecipeFormPage
from batches.views.recipes import RecipePage, RecipesPage, RecipeStepPage
from batches.views.record import RecordPage
from batches.views.reviewing import ReviewPage, ReviewStep
from batches.views.schedule import SchedulePage
from batches.views.shelves import ShelveAlarm, UnshelveAlarm
from batches.views.wall import WallPage
from batches.views.watches import BatchWatchPage, WatchesPage, WatchPage, WithdrawWatch
from portal.views.past import now_or_then

BATCH = "batches/<uuid:batch_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("board/", BoardPage.as_view(), name="board_page"),
    path("board/looking/", LookingAtBoard.as_view(), name="board_looking"),
    path("wall/", WallPage.as_view(), name="wall_page"),
    path("batches/", BatchesPage.as_view(), name="batches_page"),
    path(BATCH, now_or_then(BatchPage, PastBatchPage), name="batch_page"),
    path(f"{BATCH}looking/", LookingAtBatch.as_view(), name="batch_looking"),
    path(f"{BATCH}start/", steps.StartBatch.as_view(), name="batch_page_start"),
    path(f"{BATCH}phase/", steps.MovePhase.as_view(), name="batch_page_phase"),
    path(f"{BATCH}complete/", steps.CompleteBatch.as_view(), name="batch_page_complete"),
    path(f"{BATCH}discontinue/", steps.DiscontinueBatch.as_view(), name="batch_page_discontinue"),
    path(f"{BATCH}hold/", HoldBatch.as_view(), name="batch_page_hold"),
    path(f"{BATCH}lift/", LiftHold.as_view(), name="batch_page_lift"),
    path(f"{BATCH}shelve/", ShelveAlarm.as_view(), name="batch_page_shelve"),
    path(f"{BATCH}unshelve/", UnshelveAlarm.as_view(), name="batch_page_unshelve"),
    path(f"{BATCH}watch/", BatchWatchPage.as_view(), name="batch_watch"),
    path(f"{BATCH}record/", RecordPage.as_view(), name="batch_record_page"),
    path(f"{BATCH}countdown/", CountdownLine.as_view(), name="batch_countdown"),
    path(f"{BATCH}laboratory/", LaboratoryPage.as_view(), name="batch_laboratory"),
    path(f"{BATCH}materials/", MaterialsPage.as_view(), name="batch_materials"),
    path(f"{BATCH}custody/", CustodyPage.as_view(), name="batch_custody"),
    path(f"{BATCH}custody/file/", CustodyFile.as_view(), name="batch_custody_file"),
    path(f"{BATCH}custody/<slug:step>/", CustodyStep.as_view(), name="batch_custody_step"),
    path("identity-stops/<uuid:stop_id>/", StopPage.as_view(), name="identity_stop_page"),
    path(f"{BATCH}disposition/", DispositionPage.as_view(), name="batch_disposition"),
    path(f"{BATCH}disposition/<slug:step>/", DecidePage.as_view(), name="batch_decide"),
    path(f"{BATCH}review/", ReviewPage.as_view(), name="batch_review"),
    path(f"{BATCH}review/<slug:step>/", ReviewStep.as_view(), name="batch_review_step"),
    path("samples/", TrackerPage.as_view(), name="samples_page"),
    path(f"{BATCH}environment/", EnvironmentPage.as_view(), name="batch_environment"),
    path("monitoring/", MonitoringPage.as_view(), name="monitoring_page"),
    path("monitoring/<uuid:session_id>/", SessionPage.as_view(), name="monitoring_session"),
    path(f"{BATCH}footprint/", FootprintPage.as_view(), name="batch_footprint"),
    path(f"{BATCH}footprint/export/", FootprintExport.as_view(), name="batch_footprint_export"),
    path("schedule/", SchedulePage.as_view(), name="schedule_page"),
    path("lots/", LotsPage.as_view(), name="lots_page"),
    path("lots/<uuid:lot_id>/", LotLinksPage.as_view(), name="lot_page"),
    path("lots/<uuid:lot_id>/laboratory/", LotCoasPage.as_view(), name="lot_laboratory"),
    path("lots/<uuid:lot_id>/links/", LotLinksPage.as_view(), name="lot_page_links"),
    path("lots/<uuid:lot_id>/<slug:step>/", LotPage.as_view(), name="lot_page_step"),
    path("recipes/", RecipesPage.as_view(), name="recipes_page"),
    path("recipes/<uuid:recipe_id>/", RecipePage.as_view(), name="recipe_page"),
    path("recipes/<uuid:recipe_id>/form/", RecipeFormPage.as_view(), name="recipe_form"),
    path("recipes/<uuid:recipe_id>/<str:step>/", RecipeStepPage.as_view(), name="recipe_step"),
    path("watches/", WatchesPage.as_view(), name="watches_page"),
    path("watches/<uuid:model_id>/", WatchPage.as_view(), name="watch_page"),
    path("watches/<uuid:model_id>/withdraw/", WithdrawWatch.as_view(), name="watch_withdraw"),
    path("excursions/<uuid:excursion_id>/", ExcursionPage.as_view(), name="excursion_page"),
]
