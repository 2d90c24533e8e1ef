"""`manage.py migrate` renders one model at a time, and all of them where others are concerned."""

from django.db import connection, models
from django.db.migrations import AddField, AlterField, CreateModel, Migration
from django.db.migrations.state import ProjectState

from portal.management.commands.migrate import NarrowExecutor


class Written(NarrowExecutor):
    """Collects the SQL instead of running it."""

    def __init__(self):
        super().__init__(None)
        self.connection, self.sql = self, []

    def schema_editor(self, atomic):
        editor = connection.schema_editor(collect_sql=True, atomic=False)
        self.sql = editor.collected_sql = []
        return editor

    def record_migration(self, migration):
        pass


def migration(*operations):
    made = Migration("plant", "portal")
    made.operations = operations
    return made


def room():
    return CreateModel("Room", [("id", models.IntegerField(primary_key=True))])


def door():
    fields = [
        ("id", models.IntegerField(primary_key=True)),
        ("room", models.ForeignKey("portal.Room", models.CASCADE)),
    ]
    return CreateModel("Door", fields)


def rendered():
    state = ProjectState()
    assert state.apps.get_models() == []
    return state


def test_adding_to_a_model_renders_it_and_not_those_that_point_to_it():
    executor = Written()
    state = executor.apply_migration(rendered(), migration(room(), door()))
    before = state.apps.get_model("portal", "door")

    executor.apply_migration(state, migration(AddField("Room", "name", models.CharField(max_length=9))))

    assert state.apps.get_model("portal", "door") is before
    assert state.apps.get_model("portal", "room")._meta.get_field("name").max_length == 9
    assert "name" in "".join(executor.sql)


def test_a_key_that_changes_its_type_takes_those_along_that_point_to_it():
    executor = Written()
    state = executor.apply_migration(rendered(), migration(room(), door()))
    state = executor.apply_migration(
        state, migration(AddField("Room", "name", models.CharField(max_length=9)))
    )

    executor.apply_migration(
        state, migration(AlterField("Room", "id", models.BigIntegerField(primary_key=True)))
    )

    assert any('ALTER TABLE "portal_door"' in each and "bigint" in each for each in executor.sql)
