from dataclasses import replace

import pytest

from batches.actions.recipes import author_recipe
from batches.models import Limit, Parameter, ProcedureStep, RecipeVersion
from batches.specs import StepSpec
from batches.states import Level
from portal.action import reading
from portal.errors import Invalid, NotFound, Refused
from tests.conftest import entries_of
from tests.factories import batches as make
from tests.factories import cast


def author(actor, program=cast.PROGRAM, **changed):
    given = {
        "number": "MBR-9",
        "title": "Drug substance",
        "product": "AV-101",
        "steps": make.phases(),
        "parameters": make.parameters(),
    }
    return author_recipe(actor, program, **(given | changed))


def test_a_recipe_is_in_force_at_once_with_its_tree_and_limits(database, cdmo_qa):
    recipe = author(cdmo_qa)
    with reading(cdmo_qa):
        steps = ProcedureStep.objects.filter(recipe_version=recipe).order_by("ordinal")
        tree = [(step.code, step.level, step.parent and step.parent.code) for step in steps]
        limits = Limit.objects.filter(parameter__recipe_version=recipe, parameter__code="TEMP")
        kinds = sorted(limits.values_list("kind", flat=True))
        parameters = list(Parameter.objects.filter(recipe_version=recipe).order_by("ordinal"))
    assert (recipe.state, recipe.revision, recipe.version) == ("effective", 1, 1)
    assert tree == [
        ("make", "procedure", None),
        ("growth", "phase", "make"),
        ("production", "phase", "make"),
        ("harvest", "phase", "make"),
    ]
    assert kinds == ["action", "nor", "par"]
    assert [parameter.code for parameter in parameters] == ["TEMP", "PH", "VALVE", "VCD", "LOAD"]
    assert make.facts(recipe) == [
        (
            "recipe.authored",
            {
                "revision": "1",
                "phases": ["growth", "production", "harvest"],
                "parameters": ["TEMP", "PH", "VALVE", "VCD"],
            },
        )
    ]


def test_a_private_parameter_and_its_limits_are_hidden_from_the_sponsor(database, cdmo_qa, sponsor_qa):
    recipe = author(cdmo_qa)
    with reading(sponsor_qa):
        codes = set(Parameter.objects.filter(recipe_version=recipe).values_list("code", flat=True))
        limits = Limit.objects.filter(parameter__recipe_version=recipe).count()
    assert codes == {"TEMP", "PH", "VALVE", "VCD"}
    assert limits == 4
    shown = [str(entry) for entry in entries_of(cast.PROGRAM)]
    assert not any("LOAD" in entry for entry in shown)


def test_the_next_revision_supersedes_the_one_before(database, cdmo_qa):
    first, second = author(cdmo_qa), author(cdmo_qa, title="Drug substance, revised")
    assert (second.number, second.revision, second.state) == ("MBR-9", 2, "effective")
    old = make.fresh(cdmo_qa, first)
    assert (old.state, old.version) == ("superseded", 2)
    assert make.facts(first)[-1] == ("recipe.superseded", {"by_id": str(second.pk)})


@pytest.mark.parametrize(
    "role", ["cdmo_operator", "cdmo_shift_lead", "sponsor_qa", "sponsor_viewer", "inspector"]
)
def test_other_roles_author_no_recipes(database, request, role):
    with pytest.raises(Refused, match="author recipes"):
        author(request.getfixturevalue(role))


def test_a_rival_finds_no_such_program(database, rival_sponsor_qa):
    with pytest.raises(NotFound):
        author(rival_sponsor_qa)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"parameters": [make.temperature(), make.temperature()]}, "TEMP appears twice"),
        ({"steps": make.phases("a", "a")}, "a appears twice"),
        ({"parameters": [make.temperature(make.limit("par"))]}, "neither a low nor a high"),
        ({"parameters": [make.temperature(make.limit("par", 5, 5))]}, "not below its high"),
        ({"parameters": [make.temperature(make.limit("par", 5, phase="drying"))]}, "names the phase drying"),
        ({"parameters": [make.temperature(expected_interval_s=0)]}, "expected interval"),
        ({"steps": [replace(StepSpec("p", "P"), children=[StepSpec("q", "Q")])]}, "phases are the leaves"),
    ],
)
def test_what_cannot_stand_is_named_and_nothing_is_entered(database, cdmo_qa, changed, words):
    with pytest.raises(Invalid, match=words):
        author(cdmo_qa, **changed)
    with reading(cdmo_qa):
        assert RecipeVersion.objects.count() == 0


def test_a_recipe_may_have_no_phase_and_no_parameter(database, cdmo_qa):
    recipe = author(cdmo_qa, steps=[StepSpec("all", "All", Level.PROCEDURE)], parameters=[])
    assert recipe.state == "effective"
