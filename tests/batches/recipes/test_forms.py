"""Recipes come and go as JSON, CSV and BatchML V7: nothing is lost, nothing is taken on trust."""

from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from batches.models import RecipeVersion
from batches.recipes.checks import faults_of
from batches.recipes.document import digest_of, plain
from batches.recipes.files import FORMS, read_file
from portal.errors import Invalid
from tests.factories import recipes as make

DATA = Path(__file__).parents[4] / "shared" / "data"
OLD = {
    "cough-syrup-pmw_BatchML-v02.xml": "BatchML V02",
    "INV-20121210175555-0001L0001_01.xml": "B2MML V0401",
    "LOT-20121210170718-0001L0001.xml": "B2MML V0401",
    "MAT-20121210170256-CRBN0001.xml": "B2MML V0401",
    "PES-20121229115825-53107.xml": "B2MML V0401",
}

# What is read as something else than its words: the order of steps, levels, types and exact numbers.
READ = (
    "//*[local-name() = 'ProcedureLogic']//*[local-name() != 'Description']/text()"
    " | //*[local-name() = 'RecipeElementType' or starts-with(local-name(), 'Data')]/text()"
    " | //*[local-name() = 'MasterRecipe']//*[local-name() = 'ValueString']/text()"
)

TEMP = make.whole().parameters[0]


def written(spec, form):
    return FORMS[form].write(RecipeVersion(number=spec.number, revision=3), spec)


@cache
def schema():
    return etree.XMLSchema(etree.parse(DATA / "b2mml" / "schema" / "AllSchemas.xsd"))


def faults_in(body):
    found = schema()
    return [] if found.validate(etree.fromstring(body)) else [str(each) for each in found.error_log]


def refusal(body):
    with pytest.raises(Invalid) as refused:
        read_file(body)
    return refused.value


@pytest.mark.parametrize("form", FORMS)
def test_a_recipe_that_says_everything_comes_back_as_it_went(form):
    spec = make.whole()
    assert read_file(written(spec, form)) == spec
    assert digest_of(read_file(written(spec, form))) == digest_of(spec)


@settings(max_examples=20, deadline=None)
@given(make.recipes())
def test_any_recipe_comes_back_from_every_form(spec):
    assert faults_of(spec) == []
    for form in FORMS:
        assert plain(read_file(written(spec, form))) == plain(spec), form


@settings(max_examples=10, deadline=None)
@given(make.recipes())
def test_what_is_written_as_batchml_is_valid_by_the_schemas_of_v7(spec):
    assert faults_in(written(spec, "batchml")) == []


def test_the_recipe_that_says_everything_is_valid_batchml_and_a_broken_one_is_found_broken():
    body = written(make.whole(), "batchml")
    assert faults_in(body) == []
    assert faults_in(body.replace(b"ParameterType", b"ParameterKind")) != []


@pytest.mark.parametrize(
    ("name", "steps", "parameters"),
    [
        ("recipol_MasterRecipe1_Sol_1.xml", 3, 6),
        ("recipolui_Wabe10_Fuellen.xml", 1, 1),
        ("recipolui_Wabe20_Grundrezept.xml", 3, 3),
    ],
)
def test_recipes_of_another_editor_are_read_and_the_rest_is_listed(name, steps, parameters):
    body = (DATA / "b2mml" / "examples" / name).read_bytes()
    assert faults_in(body) == []
    spec = read_file(body)
    assert (len(list(spec.walk())), len(spec.parameters)) == (steps, parameters)
    assert all(each.level == "operation" for each in spec.walk())
    listed = {each.where: each.what for each in spec.not_understood}
    assert listed[f"MasterRecipe {spec.number}/Version"] == "<Version>1.0.0</Version>"
    assert any("ActualEquipmentID" in where for where in listed)
    # Every word of the file stands in the recipe or in the list.
    told = " ".join([str(plain(spec)), *listed.values()])
    texts = [" ".join(each.split()) for each in etree.fromstring(body).itertext()]
    read = {" ".join(str(each).split()) for each in etree.fromstring(body).xpath(READ)}
    assert {each for each in texts if each and each not in told} <= read | {"Init", "End"}
    assert all(each.target is not None for each in spec.parameters)


def test_an_element_that_nobody_knows_is_listed_where_it_stood():
    body = written(make.whole(not_understood=()), "batchml")
    odd = b"<b2mml:Status>Running</b2mml:Status></b2mml:Header>"
    spec = read_file(body.replace(b"</b2mml:Header>", odd))
    assert [(each.where, each.what) for each in spec.not_understood] == [
        ("MasterRecipe MBR-7/Header/Status", "<Status>Running</Status>")
    ]


def test_steps_of_batchml_stand_in_the_order_of_their_logic():
    body = written(make.whole(), "batchml").decode()
    turned = body.replace(">S1<", ">S9<").replace(">S2<", ">S1<").replace(">S9<", ">S2<")
    links = turned.replace("S1 complete", "S2 complete")
    assert [each.code for each in read_file(links.encode()).walk()] != [
        each.code for each in make.whole().walk()
    ] or read_file(links.encode()) == make.whole()
    forked = body.replace("<b2mml:ToIDValue>S2</b2mml:ToIDValue>", "<b2mml:ToIDValue>S1</b2mml:ToIDValue>")
    spec = read_file(forked.encode())
    assert [each.code for each in spec.walk()] == [each.code for each in make.whole().walk()]
    assert any("one plain sequence" in each.what for each in spec.not_understood)


@pytest.mark.parametrize("name", OLD)
def test_an_older_version_is_named_and_refused(name):
    error = refusal((DATA / "b2mml" / "examples" / name).read_bytes())
    assert error.problem_code == "older_version"
    assert OLD[name] in error.detail
    assert "Only V7 is read" in error.detail


def test_a_version_that_nobody_listed_is_named_by_its_namespace():
    error = refusal(b'<BatchInformation xmlns="http://www.wbf.org/xml/BatchML-V99"/>')
    assert (error.problem_code, "BatchML-V99" in error.detail) == ("older_version", True)


HOSTILE = {
    "defusedxml_dtd.xml": "xml_hostile",
    "defusedxml_external.xml": "xml_hostile",
    "defusedxml_xmlbomb.xml": "xml_hostile",
    "defusedxml_simple.xml": "no_batchml",
    "defusedxml_simple-ns.xml": "no_batchml",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_in_words(name):
    error = refusal((DATA / "naughty-inputs" / "xml-attacks" / name).read_bytes())
    assert error.problem_code == HOSTILE[name]
    assert error.errors["file"] == [error.detail]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "recipe_invalid"),
        (b"<a>", "xml_broken"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "xml_broken"),
        (b"<a>" * 100 + b"</a>" * 100, "xml_hostile"),
        ("<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"), "xml_hostile"),
        (b'{"format": "covalent.recipe/1"}', "recipe_invalid"),
        (b'{"format": "covalent.recipe/1", "number": "A", "number": "B", "title": "t"}', "recipe_invalid"),
        (b'{"format": "covalent.recipe/1", "number": "A", "title": "\\ud800"}', "recipe_invalid"),
        (b'{"format": "covalent.recipe/1", "number": "A\\n", "title": "t"}', "recipe_invalid"),
        (b'{"format": "covalent.recipe/1", "number": "A", "title": "a\\u0000b"}', "recipe_invalid"),
        (b'{"number": NaN}', "recipe_invalid"),
        (b"[" * 100_000, "recipe_invalid"),
        (b"\xff\xfe\x00", "xml_broken"),
        (b"code,title\nA,B\n", "table_broken"),
        (b"record,code\nlimit,A\n", "table_broken"),
        (b"record,code\nstep,\xff\n", "table_broken"),
        (b"record,code,parent\nstep,A,Nowhere\n", "table_broken"),
    ],
    ids=range(17),
)
def test_what_is_no_recipe_is_refused_with_a_reason(body, code):
    error = refusal(body)
    assert error.problem_code == code
    assert error.detail


def test_a_table_of_semicolons_is_read_and_its_unknown_columns_and_rows_are_listed():
    table = "record;code;title;level;colour\nrecipe;MBR-1;Title;;\nstep;A;First;phase;red\nvessel;V;W;;\n"
    spec = read_file(table.encode())
    assert (spec.number, [each.code for each in spec.walk()]) == ("MBR-1", ["A"])
    assert [(each.where, each.what) for each in spec.not_understood] == [
        ("line 3, colour", "red"),
        ("line 4, record", "vessel"),
        ("line 4, code", "V"),
        ("line 4, title", "W"),
    ]


def test_no_cell_of_a_table_begins_a_formula():
    spec = make.whole(title="=cmd|' /C calc'!A0", product="'+1")
    body = written(spec, "csv")
    assert b',"=' not in body
    assert read_file(body) == spec


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"hold_times": (replace(make.whole().hold_times[0], after="NOWHERE"),)}, "names the step NOWHERE"),
        ({"hold_times": (replace(make.whole().hold_times[0], after="HARVEST"),)}, "ends where it begins"),
        ({"materials": (replace(make.whole().materials[0], step="NOWHERE"),)}, "names the step NOWHERE"),
        ({"materials": (replace(make.whole().materials[0], quantity=Decimal(-1)),)}, "below zero"),
        ({"parameters": (make.whole().parameters[1],) * 2}, "HCP appears twice"),
        ({"parameters": (replace(TEMP, limits=TEMP.limits[:1] * 2),)}, "has two nor limits"),
    ],
    ids=range(6),
)  # fmt: skip
def test_loose_ends_are_found(changed, words):
    assert any(words in each.words for each in faults_of(replace(make.whole(), **changed)))


def test_a_step_stands_below_one_of_a_higher_level():
    top = make.whole().steps[0]
    turned = replace(top.children[0], children=(replace(top, children=()),))
    assert "stands below" in faults_of(replace(make.whole(), steps=(turned,)))[0].words
