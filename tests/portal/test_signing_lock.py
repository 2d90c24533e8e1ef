"""The lock of signing is told at once to those who see to security, and to the person (11.300(d))."""

from __future__ import annotations

import pytest

from portal import tasks
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.actions.signing import accept_statement
from portal.errors import NotFound, Refused
from portal.models import Alert, Delivery, Receipt
from portal.queries import list_inbox
from portal.signable import STATEMENT
from tests.conftest import actor, entries_of
from tests.factories import cast
from tests.factories.signing import make_signer

NAME = "cdmo_operator"


@pytest.fixture
def locked(database, cdmo_operator):
    """An operator of the CDMO whose signing is locked by five wrong tries; returns what each was told."""
    make_signer(cdmo_operator, cast.CDMO)
    return [wrong(cdmo_operator) for _ in range(5)]


def wrong(person):
    with pytest.raises(Refused) as refused:
        accept_statement(person, statement=STATEMENT, password="not this one", code="000000")
    return refused.value.detail


def seen(key, model=Alert, **wanted):
    with reading(actor(key)) as person:
        return list(model.objects.visible_to(person).filter(space_id=cast.CDMO, **wanted))


def test_four_wrong_tries_alert_nobody(database, cdmo_operator):
    make_signer(cdmo_operator, cast.CDMO)
    for _ in range(4):
        wrong(cdmo_operator)
    assert seen("cdmo_admin") == []


def test_the_fifth_raises_one_alert_in_the_own_organisation(locked):
    [alert] = seen("cdmo_admin")
    assert (alert.kind, alert.side, alert.state) == ("signing.locked", "both", "open")
    assert alert.title == f"Signing is locked for Name of {NAME}: 5 wrong tries within 15 minutes"
    wrong(actor(NAME))
    assert len(seen("cdmo_admin")) == 1


def test_administrators_and_heads_of_quality_are_told(locked):
    told = {(each.person_id, each.role) for each in seen("cdmo_admin", Receipt)}
    assert told == {
        (cast.person_id("cdmo_admin"), "site_admin"),
        (cast.person_id("cdmo_quality_head"), "quality_head"),
    }
    for key in ("cdmo_admin", "cdmo_quality_head"):
        with reading(actor(key)) as person:
            assert "signing.locked" in [each.kind for each in list_inbox(person)]


def test_they_and_the_person_have_a_mail(locked):
    people = {each.person_id for each in seen("cdmo_admin", Delivery)}
    assert people == {cast.person_id(key) for key in ("cdmo_admin", "cdmo_quality_head", NAME)}


def test_the_mail_asks_those_for_receipt_who_give_it(locked, mailbox):
    tasks.deliver()
    words = {to: message.get_content().splitlines()[0] for [to], message in mailbox.messages}
    assert words == {
        cast.EMAILS["cdmo_admin"]: "You have a new notification in Covalent. It asks for your receipt.",
        cast.EMAILS[
            "cdmo_quality_head"
        ]: "You have a new notification in Covalent. It asks for your receipt.",
        cast.EMAILS[NAME]: "You have a new notification in Covalent. It concerns you.",
    }


def test_an_administrator_who_locks_himself_has_one_mail(database, cdmo_admin):
    make_signer(cdmo_admin, cast.CDMO)
    for _ in range(5):
        wrong(cdmo_admin)
    assert len(seen("cdmo_admin", Delivery, person_id=cdmo_admin.person_id)) == 1


def test_the_person_is_told_how_many_tries_are_left_and_then_of_the_lock(locked):
    assert ["4 tries are left" in locked[0], "1 try is left" in locked[3]] == [True, True]
    assert "administrators and heads of quality are told" in locked[4]


def test_a_colleague_without_that_duty_has_nothing_in_the_inbox(locked, cdmo_qa):
    with reading(cdmo_qa):
        assert "signing.locked" not in [each.kind for each in list_inbox(cdmo_qa)]


def test_the_other_side_and_a_rival_see_nothing(locked, sponsor_qa, rival_sponsor_qa, inspector):
    before = [kind for _, kind, *_ in entries_of(cast.PROGRAM)]
    for person in (sponsor_qa, rival_sponsor_qa, inspector):
        with reading(person):
            assert not Alert.objects.visible_to(person).filter(kind="signing.locked").exists()
    assert not any("signing" in kind for kind in before)


def test_an_administrator_gives_receipt_and_nobody_else(locked, cdmo_admin, cdmo_qa, rival_sponsor_qa):
    [alert] = seen("cdmo_admin")
    with pytest.raises(Refused):
        acknowledge_alert(cdmo_qa, alert.pk)
    with pytest.raises(NotFound):
        acknowledge_alert(rival_sponsor_qa, alert.pk)
    acknowledge_alert(cdmo_admin, alert.pk)
    assert seen("cdmo_admin")[0].state == "acknowledged"


def test_it_stands_on_the_pages_of_those_who_are_told(locked, signed_in):
    client = signed_in("cdmo_admin")
    [alert] = seen("cdmo_admin")
    home = client.get("/").content.decode()
    assert alert.title in home
    page = client.get(f"/alerts/{alert.pk}/").content.decode()
    assert "Signing is locked" in page
    assert client.get("/escalations/").status_code == 200
    assert signed_in("rival_sponsor_qa").get(f"/alerts/{alert.pk}/").status_code == 404


def test_the_person_reads_it_under_my_security(locked, signed_in):
    assert "Signing is locked" in signed_in(NAME).get("/security/").content.decode()


def test_it_is_no_alert_of_a_program_to_whom_the_interface_lists_them(locked, signed_in):
    listed = signed_in("cdmo_admin").get("/api/v1/alerts/")
    assert (listed.status_code, listed.json()["results"]) == (200, [])
