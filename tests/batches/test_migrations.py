from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

OURS = {"portal", "batches", "deviations"}


def test_the_migrations_make_exactly_the_tables_that_the_models_describe():
    loader = MigrationLoader(None)
    found = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = found.changes(graph=loader.graph)
    assert {app: changes[app][0].operations for app in OURS & changes.keys()} == {}
