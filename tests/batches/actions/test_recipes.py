"""The life of a master record: drafted and submitted by the CDMO, approved by the sponsor, put in force."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, connection

from batches.actions import recipes as act
from batches.actions.cycle import start_batch
from batches.actions.planning import plan_batch
from batches.models import Limit, Parameter, ProcedureStep, RecipePaper, RecipeVersion
from batches.plan import read_plan
from batches.queries import batch_detail
from batches.recipes.document import digest_of
from batches.recipes.papers import read_spec
from batches.specs import StepSpec
from batches.states import RECIPE_TRANSITIONS, Level, RecipeState
from portal.action import action, reading
from portal.agreements.document import Clause
from portal.agreements.rules import Disclosure
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.states import Meaning
from tests.conftest import entries_of
from tests.factories import batches as make
from tests.factories import cast
from tests.factories import recipes as write
from tests.factories.agreements import agree
from tests.factories.signing import make_signer, sign

WHY = "The limit of the harvest is missing."


@pytest.fixture
def signers(database, cdmo_quality_head, sponsor_quality_head):
    """Who checks for the CDMO and who approves for the sponsor."""
    make_signer(cdmo_quality_head, cast.CDMO)
    make_signer(sponsor_quality_head, cast.ARVO)
    return cdmo_quality_head, sponsor_quality_head


def submitted(by, **changed):
    draft = act.draft_recipe(by, cast.PROGRAM, spec=write.whole(**changed))
    return act.submit_recipe(by, draft.pk, version=draft.version)


def approved(by, signers, **changed):
    found = submitted(by, **changed)
    sign(signers[0], found, Meaning.REVIEWED, kind="recipe_version")
    sign(signers[1], found, Meaning.APPROVED, kind="recipe_version")
    return make.fresh(by, found)


def effective(by, signers, *, since=None, **changed):
    found = approved(by, signers, **changed)
    return act.make_recipe_effective(by, found.pk, version=found.version, effective_from=since)


def read(actor, recipe):
    with reading(actor):
        return read_spec(actor, RecipeVersion.objects.visible_to(actor).get(pk=recipe.pk))


def sees(actor, recipe):
    with reading(actor):
        return RecipeVersion.objects.visible_to(actor).with_id(recipe.pk) is not None


def test_a_draft_is_the_cdmos_alone_and_leaves_no_word_in_the_ledger(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    draft = act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=write.whole())
    assert (draft.state, draft.revision, draft.audience) == ("draft", None, "manufacturer")
    assert read(cdmo_qa, draft) == write.whole()
    assert [sees(each, draft) for each in (cdmo_qa, sponsor_qa, rival_sponsor_qa)] == [True, False, False]
    assert make.facts(draft, "manufacturer") == [("recipe.drafted", {"based_on": None})]
    with reading(cdmo_qa), connection.cursor() as cursor:
        cursor.execute("select count(*), sum((text like '%GROWTH%')::int) from batches_recipepaper")
        assert cursor.fetchone() == (1, 0)
    told = [str(entry) for chain in ("shared", "manufacturer") for entry in entries_of(cast.PROGRAM, chain)]
    assert told
    assert not any("Drug substance" in each or "GROWTH" in each for each in told)


def test_a_draft_that_is_shown_is_read_without_what_is_the_cdmos_own(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    draft = act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=write.whole())
    shown = act.share_recipe(cdmo_qa, draft.pk, version=1)
    assert (shown.state, shown.audience, shown.version) == ("draft", "shared", 2)
    assert read(sponsor_qa, draft) == write.whole().shared()
    assert read(cdmo_qa, draft) == write.whole()
    assert not sees(rival_sponsor_qa, draft)
    later = write.whole(title="Another title")
    act.edit_recipe(cdmo_qa, draft.pk, spec=later, version=2)
    assert read(sponsor_qa, draft) == later.shared()
    with pytest.raises(Conflict):
        act.share_recipe(cdmo_qa, draft.pk, version=3)
    with pytest.raises(Refused):
        act.edit_recipe(sponsor_qa, draft.pk, spec=later, version=3)


@pytest.mark.parametrize(
    ("rule", "agreed"),
    [
        ("shared", False),  # the record keeps a parameter inside that the clause gives to both
        ("manufacturer", True),  # the clause on this parameter goes before the one on all
    ],
)
def test_a_record_gives_a_parameter_no_other_readers_than_the_signed_clause(database, cdmo_qa, rule, agreed):
    spec = write.whole()
    inside = next(each.code for each in spec.parameters if each.audience == "manufacturer")
    clause = Clause(
        "7.9", "product", "Readers", "Who reads it.", (Disclosure(("parameter",), rule, (inside,)),)
    )
    agree(clause)
    draft = act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=spec)
    if agreed:
        assert act.submit_recipe(cdmo_qa, draft.pk, version=draft.version).state == RecipeState.IN_REVIEW
        return
    with pytest.raises(Invalid) as refused:
        act.submit_recipe(cdmo_qa, draft.pk, version=draft.version)
    (words,) = refused.value.errors["parameters"]
    assert words == f"{inside}: by clause 7.9, agreement v1, both sides read it."


def test_a_submitted_version_has_rows_for_all_that_the_draft_said_and_the_papers_are_gone(
    database, cdmo_qa, sponsor_qa
):
    found = submitted(cdmo_qa)
    assert (found.state, found.revision, found.audience, found.version) == ("in_review", 1, "shared", 2)
    assert read(cdmo_qa, found) == write.whole()
    assert read(sponsor_qa, found) == write.whole().shared()
    assert found.digest == digest_of(write.whole().shared())
    with reading(cdmo_qa):
        assert RecipePaper.objects.visible_to(cdmo_qa).count() == 0
    assert make.facts(found) == [
        (
            "recipe.submitted",
            {"revision": "1", "digest": found.digest, "steps": "5", "parameters": "2"},
        )
    ]
    assert not any("LOAD" in str(entry) for entry in entries_of(cast.PROGRAM))


def test_the_sponsor_approves_by_signature_and_the_cdmo_puts_it_in_force(database, cdmo_qa, signers):
    found = submitted(cdmo_qa)
    sign(signers[0], found, Meaning.REVIEWED, kind="recipe_version")
    assert make.fresh(cdmo_qa, found).state == "in_review"
    given = sign(signers[1], found, Meaning.APPROVED, kind="recipe_version")
    found = make.fresh(cdmo_qa, found)
    assert (found.state, found.approved_at, found.version) == ("approved", given.signed_at, 2)
    assert "36 to 37" in given.manifest
    assert "because: Range of study PC-118." in given.manifest
    assert "LOAD" not in given.manifest
    found = act.make_recipe_effective(cdmo_qa, found.pk, version=2)
    assert found.state == "effective"
    assert found.is_in_force(found.effective_from)
    assert [name for name, _ in make.facts(found)] == [
        "recipe.submitted",
        "signature.given",
        "recipe.approved",
        "signature.given",
        "recipe.made_effective",
    ]


def test_what_was_not_checked_by_a_second_person_of_the_cdmo_does_not_come_into_force(
    database, cdmo_qa, signers
):
    found = submitted(cdmo_qa)
    sign(signers[1], found, Meaning.APPROVED, kind="recipe_version")
    with pytest.raises(Conflict) as refused:
        act.make_recipe_effective(cdmo_qa, found.pk, version=2)
    assert refused.value.problem_code == "not_checked"
    make_signer(cdmo_qa, cast.CDMO)
    with pytest.raises(Refused) as refused:
        sign(cdmo_qa, found, Meaning.REVIEWED, kind="recipe_version")
    assert refused.value.problem_code == "own_work"


def test_a_version_takes_effect_later_and_the_one_before_ends_there(database, cdmo_qa, signers):
    first = effective(cdmo_qa, signers)
    since = make.now() + timedelta(days=7)
    second = effective(cdmo_qa, signers, since=since, title="Second")
    old = make.fresh(cdmo_qa, first)
    assert (second.revision, second.state, second.effective_from) == (2, "effective", since)
    assert (old.state, old.until) == ("superseded", since)
    assert make.facts(first)[-1] == ("recipe.superseded", {"by_id": str(second.pk)})
    # Until then batches begin with the first, from then on with the second.
    assert [old.is_in_force(since - timedelta(1)), old.is_in_force(since)] == [True, False]
    given = {"number": "B-1", "planned_start": make.now()}
    with pytest.raises(Invalid, match="no such recipe version in force"):
        plan_batch(cdmo_qa, cast.PROGRAM, recipe_version_id=second.pk, **given)
    assert (
        plan_batch(cdmo_qa, cast.PROGRAM, recipe_version_id=first.pk, **given).recipe_version_id == first.pk
    )
    third = approved(cdmo_qa, signers)
    with pytest.raises(Conflict, match="takes effect later"):
        act.make_recipe_effective(cdmo_qa, third.pk, version=third.version)
    with pytest.raises(Invalid, match="backwards"):
        act.make_recipe_effective(
            cdmo_qa, third.pk, version=third.version, effective_from=make.now() - timedelta(minutes=1)
        )


def test_a_recipe_changed_under_a_running_batch_changes_nothing_of_it(database, cdmo_qa, signers):
    first = effective(cdmo_qa, signers)
    batch = plan_batch(
        cdmo_qa, cast.PROGRAM, recipe_version_id=first.pk, number="B-1", planned_start=make.now()
    )
    batch = start_batch(cdmo_qa, batch.pk, version=1)

    def judged_by():
        with reading(cdmo_qa):
            plan = read_plan(cdmo_qa, batch)
            detail = batch_detail(cdmo_qa, batch.pk)
        bounds = {
            code: [(each.low, each.high) for each in channel.bounds]
            for code, channel in plan.channels.items()
        }
        return bounds, [each.code for each in detail.phases], detail.batch.recipe_version.revision

    before = judged_by()
    whole = write.whole().parameters
    tight = (
        replace(whole[0], limits=tuple(replace(one, low=Decimal("36.9")) for one in whole[0].limits)),
        *whole[1:],
    )
    steps = (
        StepSpec(
            "ALL",
            "All",
            Level.PROCEDURE,
            children=(StepSpec("ONLY", "Only"), *write.whole().steps[0].children),
        ),
    )
    effective(cdmo_qa, signers, parameters=tight, steps=steps)
    assert judged_by() == before
    assert before[2] == 1


def test_a_version_sent_back_is_over_and_the_next_draft_goes_on_from_it(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    found = submitted(cdmo_qa)
    with pytest.raises(NotFound):
        act.send_back_recipe(rival_sponsor_qa, found.pk, reason=WHY, version=2)
    with pytest.raises(Invalid, match="Say why"):
        act.send_back_recipe(sponsor_qa, found.pk, reason="no", version=2)
    back = act.send_back_recipe(sponsor_qa, found.pk, reason=WHY, version=2)
    assert back.state == "returned"
    draft = act.draft_from_version(cdmo_qa, found.pk)
    assert (draft.based_on_id, read(cdmo_qa, draft)) == (found.pk, write.whole())
    assert act.submit_recipe(cdmo_qa, draft.pk, version=1).revision == 2


def test_one_version_of_a_number_is_in_review_at_a_time(database, cdmo_qa):
    first = submitted(cdmo_qa)
    draft = act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=write.whole())
    with pytest.raises(Conflict, match="rev 1 is in review"):
        act.submit_recipe(cdmo_qa, draft.pk, version=1)
    act.withdraw_recipe(cdmo_qa, first.pk, reason=WHY, version=2)
    assert act.submit_recipe(cdmo_qa, draft.pk, version=1).revision == 2


def test_a_draft_given_up_is_forgotten(database, cdmo_qa, sponsor_qa):
    draft = act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=write.whole())
    gone = act.withdraw_recipe(cdmo_qa, draft.pk, reason=WHY, version=1)
    assert (gone.state, gone.revision) == ("withdrawn", None)
    assert read(cdmo_qa, gone).steps == ()
    assert not sees(sponsor_qa, gone)
    with pytest.raises(InvalidTransition):
        act.edit_recipe(cdmo_qa, draft.pk, spec=write.whole(), version=1)


ACTS = {
    "edit": lambda by, found: act.edit_recipe(by, found.pk, spec=write.whole(), version=found.version),
    "share": lambda by, found: act.share_recipe(by, found.pk, version=found.version),
    "submit": lambda by, found: act.submit_recipe(by, found.pk, version=found.version),
    "send_back": lambda by, found: act.send_back_recipe(by, found.pk, reason=WHY, version=found.version),
    "make_effective": lambda by, found: act.make_recipe_effective(by, found.pk, version=found.version),
    "withdraw": lambda by, found: act.withdraw_recipe(by, found.pk, reason=WHY, version=found.version),
}


@action("test.stand")
def stand(_actor, recipe_id, state):
    """A version as it stands in a state, without the way there."""
    found = RecipeVersion.objects.get(pk=recipe_id)
    is_draft = state == "draft"
    fresh = RecipeVersion(
        space_id=found.space_id,
        number=f"MBR-{state}",
        revision=None if is_draft else 1,
        title="Title",
        state=state,
    )
    fresh.save(force_insert=True)
    return fresh


def test_each_step_is_for_the_roles_and_states_of_the_table_and_for_nobody_else(database, request):
    """Every state, every step, every person: what the table does not allow is refused, and nothing moves."""
    names = ("cdmo_operator", "cdmo_qa", "cdmo_quality_head", "sponsor_viewer", "sponsor_quality_head")
    people = [request.getfixturevalue(name) for name in names]
    setup, cdmo_qa = make.setup(), people[1]
    base = act.draft_recipe(setup, cast.PROGRAM, spec=write.whole())
    tried = 0
    for state in RecipeState.values:
        found = stand(setup, base.pk, state)
        for name, call in ACTS.items():
            step = RECIPE_TRANSITIONS[name]
            for person in people:
                if not person.holds(cast.PROGRAM, *step.roles):
                    expected = Refused
                elif state not in step.sources:
                    expected = InvalidTransition
                else:
                    continue
                with pytest.raises(expected):
                    call(person, found)
                tried += 1
        assert make.fresh(cdmo_qa, found).state == state
    assert tried > 150


@action("test.rewrite")
def rewrite(_actor, recipe_id, model, **values):
    model.objects.filter(pk=recipe_id).update(**values)


def test_the_database_lets_nobody_rewrite_what_was_handed_to_review(database, cdmo_qa):
    found = submitted(cdmo_qa)
    with pytest.raises(IntegrityError, match="not rewritten"):
        rewrite(cdmo_qa, found.pk, RecipeVersion, number="MBR-8")
    for model in (ProcedureStep, Parameter, Limit):
        with pytest.raises(Exception, match="permission denied") as refused:
            rewrite(cdmo_qa, found.pk, model, version=2)
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"measured": [make.temperature(), make.temperature()]}, "TEMP appears twice"),
        ({"steps": make.phases("a", "a")}, "a appears twice"),
        ({"measured": [make.temperature(make.limit("par"))]}, "neither a low nor a high"),
        ({"measured": [make.temperature(make.limit("par", 5, 5))]}, "not below its high"),
        ({"measured": [make.temperature(make.limit("par", 5, phase="drying"))]}, "names the phase drying"),
        ({"measured": [make.temperature(expected_interval_s=0)]}, "expected interval"),
        ({"measured": [make.temperature(make.limit("par", Decimal("1e13")))]}, "12 digits"),
        ({"steps": [replace(StepSpec("p", "P"), children=[StepSpec("q", "Q")])]}, "phases are the leaves"),
    ],
    ids=range(8),
)
def test_what_cannot_stand_is_named_and_nothing_is_entered(database, cdmo_qa, changed, words):
    with pytest.raises(Invalid, match=words):
        act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=make.spec(**changed))
    with reading(cdmo_qa):
        assert RecipeVersion.objects.count() == 0


def test_only_the_set_up_adopts_what_was_approved_on_paper(database, cdmo_qa, cdmo_quality_head):
    adopted = make.recipe(number="MBR-9")
    assert (adopted.state, adopted.revision, adopted.approval) == ("effective", 1, "signed on paper")
    assert make.facts(adopted)[0][0] == "recipe.authored"
    for person in (cdmo_qa, cdmo_quality_head):
        with pytest.raises(Refused):
            act.adopt_recipe(person, cast.PROGRAM, spec=make.spec(), approval="signed on paper")
    again = make.recipe(number="MBR-9")
    assert (again.revision, make.fresh(cdmo_qa, adopted).state) == (2, "superseded")


def test_strangers_and_stale_readers_draft_and_change_nothing(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    with pytest.raises(NotFound):
        act.draft_recipe(rival_sponsor_qa, cast.PROGRAM, spec=write.whole())
    with pytest.raises(Refused):
        act.draft_recipe(sponsor_qa, cast.PROGRAM, spec=write.whole())
    draft = act.draft_recipe(cdmo_qa, cast.PROGRAM, spec=write.whole())
    for stranger in (sponsor_qa, rival_sponsor_qa):
        with pytest.raises(NotFound):
            act.draft_from_version(stranger, draft.pk)
    with pytest.raises(StaleVersion):
        act.edit_recipe(cdmo_qa, draft.pk, spec=write.whole(), version=7)
