"""A patient lot has two identifiers; at each hand-over two people read both, and a mismatch stops all."""

from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from batches.access import get_batch
from batches.actions.custody import Labels, need_lot_at
from batches.actions.cycle import complete_batch, discontinue_batch, move_phase, start_batch
from batches.actions.executing import start_step
from batches.actions.holds import lift_batch_hold
from batches.actions.lots import judge_lot, use_lot
from batches.custody.signing import IDENTITY_STOP
from batches.errors import GovernedByChain, HeldByClause, IdentityStopped, SamePerson
from batches.models import (
    BatchHold,
    CustodyChain,
    IdentityCheck,
    IdentityReading,
    IdentityStop,
)
from batches.queries.disposition import disposition_of
from deviations.models import Deviation
from portal.action import is_open, reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import Alert
from portal.states import Meaning
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast, lots
from tests.factories import custody as given
from tests.factories.signing import make_signer, sign


def rows(by, model, **wanted):
    with reading(by) if not is_open() else nullcontext():
        return list(model.objects.visible_to(by).filter(**wanted).order_by("pk"))


@pytest.fixture
def lot(database):
    return given.lot()


@pytest.fixture
def stopped(lot):
    """A lot whose second identifier was another one's."""
    given.handed(lot, given.OTHER)
    return lot


def stop_of(by, lot):
    (found,) = rows(by, IdentityStop, batch=lot)
    return found


def test_two_people_read_both_identifiers_and_they_agree(lot, cdmo_operator, cdmo_shift_lead):
    first = given.handed(lot)
    assert (first.state, first.first_code, first.second_code) == ("open", "Operator 31", "")
    assert make.facts(first)[-1][1]["disagrees"] == []
    agreed = given.checked(first)
    assert (agreed.state, agreed.second_code, agreed.disagrees) == ("agreed", "Shift lead 04", [])
    assert [name for name, _ in make.facts(first)] == ["identity.read", "identity.checked"]
    assert rows(cdmo_operator, IdentityStop) == rows(cdmo_operator, BatchHold) == []


def test_who_read_first_is_not_the_second_person(lot, cdmo_operator):
    first = given.handed(lot)
    with pytest.raises(SamePerson):
        given.checked(first, by="cdmo_operator")
    with pytest.raises(StaleVersion):
        given.checked(_at(first, 9))
    given.checked(_at(first, 1))
    with pytest.raises(InvalidTransition):
        given.checked(make.fresh(cdmo_operator, first))


def _at(row, version):
    row.version = version
    return row


def test_a_hand_over_waits_for_its_second_person_before_the_next(lot):
    given.handed(lot)
    with pytest.raises(Conflict) as error:
        given.handed(lot)
    assert error.value.problem_code == "second_person"


@pytest.mark.parametrize(
    ("labels", "which"),
    [
        (given.OTHER, ["donation"]),
        (Labels("AV310-9X9X-0092", f"={given.DONATION}00"), ["coi"]),
        (Labels("AV310-9X9X-0092", "=G12349865432200"), ["coi", "donation"]),
    ],
)
def test_a_mismatch_of_either_identifier_stops_the_lot(lot, labels, which, cdmo_qa, sponsor_qa):
    check = given.handed(lot, labels)
    assert (check.state, check.disagrees) == ("mismatched", which)
    stop = stop_of(sponsor_qa, lot)
    assert (stop.state, stop.check_of_id, stop.raised_code) == ("standing", check.pk, "Operator 31")
    holds = [(each.kind, each.cause_number, each.state) for each in rows(sponsor_qa, BatchHold)]
    assert sorted(holds) == [(kind, stop.number, "standing") for kind in ("processing", "status")]
    told = {each.side for each in rows(cdmo_qa, Alert, subject_id=stop.pk)}
    assert told == {"manufacturer", "sponsor"}
    assert make.facts(stop) == [
        (
            "identity.mismatched",
            {"batch_id": str(lot.pk), "check_id": str(check.pk), "disagrees": which},
        )
    ]


def test_the_second_person_finds_a_mismatch_too(lot, cdmo_qa):
    given.checked(given.handed(lot), given.OTHER)
    assert stop_of(cdmo_qa, lot).state == "standing"


def test_a_mismatch_logs_the_event_by_itself_with_its_trigger(stopped, cdmo_qa, cdmo_operator):
    (event,) = rows(cdmo_qa, Deviation)
    assert (event.batch_id, event.triggers, event.reporter_code) == (
        stopped.pk,
        ["identity_mismatch"],
        "Operator 31",
    )
    assert given.DONATION not in str(event.description)


def test_what_was_read_is_the_manufacturers_alone(stopped, cdmo_qa, sponsor_qa):
    (found,) = rows(cdmo_qa, IdentityReading)
    assert (found.which, str(found.read), found.audience) == ("donation", "G123498654322", "manufacturer")
    assert rows(sponsor_qa, IdentityReading) == []
    told = str(make.facts(rows(sponsor_qa, IdentityCheck)[0]))
    assert "G123498654322" not in told
    assert given.COI not in told


def test_nothing_goes_on_with_a_stopped_lot(stopped, cdmo_qa, cdmo_operator, sponsor_quality_head):
    version = make.fresh(cdmo_qa, stopped).version
    material = lots.lot(program=stopped.space_id)
    for attempt in (
        lambda: start_step(cdmo_operator, stopped.pk, step="growth"),
        lambda: move_phase(cdmo_qa, stopped.pk, phase="production", version=version),
        lambda: complete_batch(cdmo_qa, stopped.pk, version=version),
        lambda: use_lot(cdmo_qa, stopped.pk, lot_id=material.pk, quantity=Decimal(1)),
        lambda: lots.product(stopped),
    ):
        with pytest.raises(IdentityStopped):
            attempt()
    with reading(cdmo_qa):
        blocks = [each.kind for each in disposition_of(cdmo_qa, get_batch(cdmo_qa, stopped.pk)).blocks]
    assert "identity" in blocks
    assert discontinue_batch(cdmo_qa, stopped.pk, version=version).state == "discontinued"


def test_a_planned_lot_whose_identity_does_not_agree_does_not_begin(database, cdmo_qa):
    planned = make.batch(number="P-9", running=None, is_patient_lot=True)
    given.identify(planned)
    given.handed(planned, given.OTHER)
    with pytest.raises(IdentityStopped):
        start_batch(cdmo_qa, planned.pk, version=planned.version)


def test_the_holds_of_a_stop_are_lifted_by_nobody_before_it_ends(stopped, cdmo_qa):
    for hold in rows(cdmo_qa, BatchHold, cause_id=stop_of(cdmo_qa, stopped).pk):
        with pytest.raises(HeldByClause):
            lift_batch_hold(cdmo_qa, hold.pk, version=hold.version, reason="It was read again.")


def test_read_again_and_signed_by_both_quality_units_the_lot_goes_on(
    stopped, cdmo_qa, sponsor_qa, cdmo_operator
):
    make_signer(cdmo_qa, cast.CDMO)
    make_signer(sponsor_qa, cast.ARVO)
    stop = stop_of(cdmo_qa, stopped)
    with pytest.raises(InvalidTransition):
        sign(cdmo_qa, stop, Meaning.APPROVED, kind="identity_stop")
    again = given.checked(given.handed(stopped, title="Read again"))
    stop = stop_of(cdmo_qa, stopped)
    assert (stop.state, stop.recheck_id) == ("rechecked", again.pk)
    with pytest.raises(IdentityStopped):
        given.handed(stopped, title="The next one")
    sign(cdmo_qa, stop, Meaning.APPROVED, kind="identity_stop")
    with pytest.raises(IdentityStopped):
        start_step(cdmo_operator, stopped.pk, step="growth")
    sign(sponsor_qa, stop, Meaning.CONCURRED, kind="identity_stop")
    stop = stop_of(sponsor_qa, stopped)
    assert (stop.state, stop.cdmo_code, stop.sponsor_code) == ("released", "QA floor 07", "Sponsor QA 03")
    assert {each.state for each in rows(cdmo_qa, BatchHold, cause_id=stop.pk)} == {"lifted"}
    assert start_step(cdmo_operator, stopped.pk, step="growth").state == "started"


def test_who_read_the_labels_does_not_judge_the_stop(stopped, cdmo_qa, cdmo_quality_head):
    given.checked(given.handed(stopped), by="cdmo_qa")
    for by, is_author in ((cdmo_qa, True), (cdmo_quality_head, False)):
        with reading(by):
            stop = IDENTITY_STOP.find(by, stop_of(by, stopped).pk)
            assert IDENTITY_STOP.is_author(by, stop) is is_author


def test_a_reading_again_that_does_not_agree_leaves_the_stop(stopped, cdmo_qa):
    given.handed(stopped, given.OTHER)
    stop = stop_of(cdmo_qa, stopped)
    assert (stop.state, stop.recheck_id) == ("standing", None)
    assert len(rows(cdmo_qa, BatchHold, cause_id=stop.pk, state="standing")) == 2


def test_identifiers_are_given_once_by_quality_to_a_patient_lot(lot, cdmo_operator, cdmo_qa, sponsor_qa):
    for by in ("cdmo_operator", "sponsor_qa"):
        other = make.batch(number=f"P-{by}", is_patient_lot=True)
        with pytest.raises(Refused):
            given.identify(other, coi="AV310-7F3K-0099", by=by)
    with pytest.raises(Conflict) as again:
        given.identify(lot, coi="AV310-7F3K-0099")
    with pytest.raises(Conflict) as taken:
        given.identify(make.batch(number="P-2", is_patient_lot=True))
    with pytest.raises(Conflict) as usual:
        given.identify(make.batch(number="B-2"))
    codes = [each.value.problem_code for each in (again, taken, usual)]
    assert codes == ["identity_set", "identifier_taken", "no_patient_lot"]


@pytest.mark.parametrize(
    ("what", "said", "code"),
    [
        ({"coi": "KARLSSON-ANNA-1"}, "coi", "patient_identity"),
        ({"coi": "19610312-7F3K"}, "coi", "patient_identity"),
        ({"coi": "0012345678"}, "coi", "patient_identity"),
        ({"coi": "AV3"}, "coi", "identifier_form"),
        ({"donation": "G123498654321"}, "donation", "donation_form"),
        ({"donation": "G1234 98 654321 J"}, "donation", "check_character"),
        ({"donation": "G123498654312H"}, "donation", "check_character"),
        ({"donation": "Anna Karlsson"}, "donation", "patient_identity"),
        ({"cold_low": Decimal(8), "cold_high": Decimal(2)}, "cold_high", "invalid"),
        ({"life": timedelta(hours=48)}, "life", "invalid"),
        ({"life": timedelta(hours=48), "life_from": "nowhere"}, "life_from", "invalid"),
        ({"epc": "no uri"}, "epc", "invalid"),
    ],
)
def test_identifiers_that_are_none_are_refused_in_words(database, what, said, code):
    batch = make.batch(number="P-3", is_patient_lot=True)
    with pytest.raises(Invalid) as error:
        given.identify(batch, **what)
    assert (list(error.value.errors), error.value.problem_code) == ([said], code)
    assert rows(actor("cdmo_qa"), CustodyChain) == []


@pytest.mark.parametrize(
    ("field", "text"),
    [("gives", "Anna Karlsson"), ("takes", "Dr. Smith, born 12.03.1961"), ("condition", "MRN 4711")],
)
def test_people_are_named_nowhere_at_a_hand_over(lot, field, text, cdmo_qa):
    with pytest.raises(Invalid) as error:
        given.handed(lot, **{field: text})
    assert (list(error.value.errors), error.value.problem_code) == ([field], "patient_identity")
    assert rows(cdmo_qa, IdentityCheck) == []


def test_a_misread_check_character_is_an_error_and_no_mismatch(lot, cdmo_qa):
    with pytest.raises(Invalid):
        given.handed(lot, Labels(given.COI, "G1234 98 654321 K", donation_by="typed"))
    assert rows(cdmo_qa, IdentityStop) == []
    typed = given.handed(lot, Labels("av310-7f3k-0091", "G1234 98 654321 H", "typed", "typed"))
    assert (typed.state, typed.donation_by) == ("open", "typed")


def test_the_other_side_and_strangers_hand_nothing_over(lot):
    with pytest.raises(Refused):
        given.handed(lot, by="sponsor_qa")
    with pytest.raises(NotFound):
        given.handed(lot, by="rival_sponsor_qa")


def test_either_quality_unit_says_when_the_lot_is_needed(lot, sponsor_qa, sponsor_viewer):
    at = make.now() + timedelta(days=2)
    (chain,) = rows(sponsor_qa, CustodyChain)
    assert need_lot_at(sponsor_qa, lot.pk, needed_at=at, version=1).needed_at == at
    with pytest.raises(StaleVersion):
        need_lot_at(sponsor_qa, lot.pk, needed_at=None, version=chain.version)
    with pytest.raises(Refused):
        need_lot_at(sponsor_viewer, lot.pk, needed_at=None, version=2)
    with pytest.raises(NotFound):
        need_lot_at(sponsor_viewer, uuid4(), needed_at=None, version=2)


def test_a_lot_that_a_batch_made_is_freed_by_its_disposition_alone(database, cdmo_qa):
    made = lots.product(make.batch(number="B-8"), released=False)
    for to in ("release", "restrict"):
        with pytest.raises(GovernedByChain):
            judge_lot(cdmo_qa, made.pk, to=to, version=1, reason="It is needed today.")
    assert judge_lot(cdmo_qa, made.pk, to="hold", version=1, reason="Particles.").state == "on_hold"


def test_a_lot_that_lives_for_hours_is_used_until_its_instant(database, cdmo_qa):
    batch = make.batch(number="B-9")
    over = make.now() - timedelta(minutes=5)
    fresh, stale = (
        lots.lot(number, expires_at=at)
        for number, at in (("VIAL-1", make.now() + timedelta(minutes=5)), ("VIAL-2", over))
    )
    assert lots.use(batch, fresh).lot_id == fresh.pk
    with pytest.raises(Conflict) as error:
        lots.use(batch, stale)
    assert error.value.problem_code == "lot_expired"
