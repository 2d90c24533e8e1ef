"""Administration: the own organisation's people, seats, keys and sites; nobody else's."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.action import reading
from portal.actions import people
from portal.actor import Side, system_actor
from portal.models import Assignment, Person, ProgramSite, Site
from portal.states import PersonKind
from tests.conftest import actor, entries_of
from tests.factories import cast

SETUP = system_actor("setup", cast.CDMO, cast.ARVO, cast.TESSEL)


@pytest.fixture
def signed_in(signed_in):
    """Also for the other side's and the rival's administrators."""

    def client(key):
        employer = {"sponsor_admin": cast.ARVO, "rival_admin": cast.TESSEL}.get(key)
        email = f"{key}@example.com"
        if employer is not None and not Person.objects.filter(email=email).exists():
            admin = people.add_member(SETUP, employer, email=email, name=key, password=cast.PASSWORD)
            cast.add_totp(admin.person)
            people.give_assignment(
                SETUP,
                employer,
                person_id=admin.person_id,
                target_id=employer,
                side=Side.BOTH,
                role="org_admin",
                code=key,
            )
        if employer is None:
            return signed_in(key)
        found = Client()
        found.force_login(
            Person.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return found

    return client


def issue(client, program):
    page = client.get("/administration/?tab=keys").content.decode()
    service = re.search(r'name="service".*?<option value="([^"]+)"', page, re.DOTALL)[1]
    given = {"service": service, "label": "Second gateway", "scopes": ["read"], "days": "30"}
    return client.post("/administration/keys/", {**given, "programs": [str(program)]})


def seat(client, person, target, role="manufacturer:operator", code="Operator 77"):
    given = {"person": str(person), "target": str(target), "role": role, "code": code}
    return client.post("/administration/seats/", given)


def codes_of(key):
    """Who sits where now, by code of the seat."""
    with reading(SETUP):
        return set(
            Assignment.objects.visible_to(SETUP)
            .filter(person_id=cast.person_id(key))
            .values_list("target_id", "code")
        )


def test_an_administrator_reads_their_own_people_and_nobody_elses(database, signed_in):
    page = signed_in("cdmo_admin").get("/administration/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "Name of cdmo_operator" in text
    assert "Name of sponsor_qa" not in text
    assert "Name of rival_sponsor_qa" not in text


def test_whoever_administers_nothing_is_told_so(database, signed_in):
    for key in ("cdmo_qa", "sponsor_qa", "rival_sponsor_qa", "inspector"):
        page = signed_in(key).get("/administration/")
        assert page.status_code == 403
        assert "Not yours to do" in page.content.decode()


def test_a_key_is_shown_once_and_works(database, signed_in):
    made = issue(signed_in("cdmo_admin"), str(cast.PROGRAM))
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    token = re.search(r"cov_[\w-]{40,}", made.content.decode())[0]
    heard = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/programs/")
    assert [each["code"] for each in heard.json()["results"]] == ["AV-101"]
    assert token not in signed_in("cdmo_admin").get("/administration/?tab=keys").content.decode()


def test_a_key_is_bound_to_no_program_of_others(database, signed_in):
    foreign, unknown = (issue(signed_in("sponsor_admin"), each) for each in (cast.RIVAL_PROGRAM, uuid4()))
    assert (foreign.status_code, unknown.status_code) == (400, 400)
    assert "CANARY" not in foreign.content.decode()


def test_a_seat_is_given_and_ended_with_a_reason(database, signed_in):
    client = signed_in("cdmo_admin")
    given = seat(client, cast.person_id("cdmo_shift_lead"), cast.SECOND_PROGRAM, code="Operator 9")
    assert given.status_code == 302, given.content.decode()[:3000]
    assert entries_of(cast.CDMO)[-1][1] == "assignment.given"
    admin = actor("cdmo_admin")
    with reading(admin):
        found = Assignment.objects.visible_to(admin).get(code="Operator 9")
    refused = client.post(f"/administration/seats/{found.pk}/end/", {"reason": "x"})
    assert refused.status_code == 400
    ended = client.post(f"/administration/seats/{found.pk}/end/", {"reason": "no longer needed"})
    assert ended.status_code == 302
    assert entries_of(cast.CDMO)[-1][1] == "assignment.ended"


def test_a_stranger_is_sent_to_sign_in(database, client):
    page = client.get("/administration/")
    assert page.status_code == 302
    assert page.headers["Location"] == "/account/login/?next=/administration/"


def test_the_ledger_page_shows_only_chains_the_reader_may_follow(database, signed_in):
    page = signed_in("sponsor_viewer").get("/ledger/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "AV-101, shared" in text
    assert "CDMO internal" not in text
    assert "CANARY" not in text
    unseen = signed_in("sponsor_viewer").get(f"/ledger/?space={cast.RIVAL_PROGRAM}&audience=shared")
    assert unseen.status_code == 404


def test_an_entry_shows_its_items_and_that_they_hold(database, signed_in):
    page = signed_in("sponsor_viewer").get(f"/ledger/{cast.PROGRAM}/shared/1/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "leaf matches" in text
    assert "program.opened" in text
    assert "do not match" not in text


def test_an_administrator_seats_an_operator_in_a_program_without_a_seat_there(database, signed_in):
    admin, operator = signed_in("cdmo_admin"), cast.person_id("cdmo_shift_lead")
    page = admin.get("/administration/").content.decode()
    assert f'<option value="{cast.SECOND_PROGRAM}">AV-310</option>' in page
    assert f'<option value="{cast.PARTNERSHIP}">all of AV-101, AV-310</option>' in page
    given = seat(admin, operator, cast.RIVAL_PROGRAM)
    assert (given.status_code, given.headers["Location"]) == (302, "/administration/?tab=people")
    assert entries_of(cast.CDMO)[-1][1] == "assignment.given"
    assert (cast.RIVAL_PROGRAM, "Operator 77") in codes_of("cdmo_shift_lead")
    held = actor("cdmo_shift_lead").seats[cast.RIVAL_PROGRAM]
    assert [(each.side, each.roles) for each in held] == [(Side.MANUFACTURER, frozenset({"operator"}))]


def test_a_partnership_is_a_place_as_well(database, signed_in):
    person = cast.person_id("sponsor_viewer")
    given = seat(signed_in("sponsor_admin"), person, cast.PARTNERSHIP, "sponsor:cmc", "CMC 09")
    assert given.status_code == 302
    assert entries_of(cast.ARVO)[-1][1] == "assignment.given"


def test_to_administer_gives_no_sight_of_a_program(database, signed_in):
    admin = signed_in("cdmo_admin")
    seat(admin, cast.person_id("cdmo_shift_lead"), cast.SECOND_PROGRAM)
    assert set(actor("cdmo_admin").seats) == {cast.CDMO}
    assert admin.get("/api/v1/programs/").json()["results"] == []
    assert admin.get(f"/ledger/?space={cast.PROGRAM}&audience=shared").status_code == 404
    text = admin.get("/administration/").content.decode()
    assert "antibody" not in text
    assert "Arvo" not in text


def test_nobody_seats_themselves_in_a_program(database, signed_in):
    before = codes_of("cdmo_admin")
    refused = seat(signed_in("cdmo_admin"), cast.person_id("cdmo_admin"), cast.PROGRAM)
    assert refused.status_code == 403
    assert "another administrator" in refused.content.decode()
    assert codes_of("cdmo_admin") == before


@pytest.mark.parametrize(
    "asked",
    [
        # the other side
        ("cdmo_admin", "cdmo_operator", cast.PROGRAM, "sponsor:qa"),
        ("sponsor_admin", "sponsor_qa", cast.PROGRAM, "manufacturer:qa"),
        ("sponsor_admin", "sponsor_qa", cast.PROGRAM, "both:org_admin"),
        # somebody else's people
        ("sponsor_admin", "cdmo_operator", cast.PROGRAM, "sponsor:qa"),
        ("sponsor_admin", "rival_sponsor_qa", cast.PROGRAM, "sponsor:qa"),
        ("rival_admin", "sponsor_qa", cast.RIVAL_PROGRAM, "sponsor:qa"),
        # a foreign program, partnership or organisation
        ("sponsor_admin", "sponsor_qa", cast.RIVAL_PROGRAM, "sponsor:qa"),
        ("rival_admin", "rival_sponsor_qa", cast.PROGRAM, "sponsor:qa"),
        ("rival_admin", "rival_sponsor_qa", cast.PARTNERSHIP, "sponsor:qa"),
        ("rival_admin", "rival_sponsor_qa", cast.CDMO, "both:org_admin"),
    ],
)
def test_an_administrator_gives_nothing_beyond_the_own_side(database, signed_in, asked):
    admin, person, target, role = asked
    client, who = signed_in(admin), cast.person_id(person)
    before = codes_of(person)
    answer = seat(client, who, target, role)
    assert answer.status_code == 400
    assert codes_of(person) == before


@pytest.mark.parametrize("admin", ["sponsor_admin", "rival_admin"])
def test_a_foreign_id_and_an_unknown_one_get_the_same_answer(database, signed_in, admin):
    client = signed_in(admin)
    own = {"sponsor_admin": "sponsor_qa", "rival_admin": "rival_sponsor_qa"}[admin]
    foreign = {"sponsor_admin": cast.RIVAL_PROGRAM, "rival_admin": cast.PROGRAM}[admin]
    places = [(cast.person_id(own), foreign), (cast.person_id(own), uuid4())]
    people_ = [(cast.person_id("cdmo_qa"), foreign), (uuid4(), foreign)]
    for pair in (places, people_):
        texts = []
        for person, target in pair:
            answer = seat(client, person, target, "sponsor:qa")
            assert answer.status_code == 400
            text = re.sub(r"[A-Za-z0-9]{64}", "", answer.content.decode())
            text = re.sub(r"data-now=\S+", "", text)
            texts.append(text.replace(str(person), "PERSON").replace(str(target), "TARGET"))
        assert texts[0] == texts[1]


def test_the_actions_hold_the_same_line_without_the_form(database, cdmo_admin, sponsor_qa):
    from portal.errors import Invalid, NotFound, Refused

    given = {"side": Side.SPONSOR, "role": "qa", "code": "QA 9"}
    person = cast.person_id("cdmo_operator")
    for target in (uuid4(), cast.ARVO):
        with pytest.raises(NotFound):
            people.give_assignment(cdmo_admin, cast.CDMO, person_id=person, target_id=target, **given)
    with pytest.raises(Invalid):
        people.give_assignment(cdmo_admin, cast.CDMO, person_id=person, target_id=cast.PROGRAM, **given)
    with pytest.raises(Refused):
        people.give_assignment(sponsor_qa, cast.ARVO, person_id=person, target_id=cast.PROGRAM, **given)
    with pytest.raises(Refused):
        people.give_assignment(cdmo_admin, cast.ARVO, person_id=person, target_id=cast.PROGRAM, **given)
    sides = given | {"side": Side.MANUFACTURER}
    for person_id in (cast.person_id("sponsor_qa"), uuid4()):
        with pytest.raises(Invalid):
            people.give_assignment(
                cdmo_admin, cast.CDMO, person_id=person_id, target_id=cast.PROGRAM, **sides
            )


def test_the_door_answers_only_who_sits_in_the_organisation(
    database, cdmo_admin, sponsor_qa, rival_sponsor_qa
):
    from portal.directory import list_places

    def codes(who, organisation):
        with reading(who):
            return [(each.code, str(each.side)) for each in list_places(organisation)]

    assert codes(cdmo_admin, cast.CDMO) == [
        ("AV-101", "manufacturer"),
        ("AV-310", "manufacturer"),
        ("CANARY-TB-22", "manufacturer"),
        ("", "manufacturer"),
        ("", "manufacturer"),
    ]
    assert codes(sponsor_qa, cast.ARVO) == [("AV-101", "sponsor"), ("AV-310", "sponsor"), ("", "sponsor")]
    assert codes(sponsor_qa, cast.CDMO) == codes(rival_sponsor_qa, cast.ARVO) == []
    assert codes(cdmo_admin, uuid4()) == []


def test_a_closed_account_gets_no_seat(database, signed_in, cdmo_admin):
    member = people.add_member(cdmo_admin, cast.CDMO, email="", name="Old gateway", kind=PersonKind.SERVICE)
    people.close_member(cdmo_admin, member.pk, reason="replaced")
    assert seat(signed_in("cdmo_admin"), member.person_id, cast.PROGRAM).status_code == 400


def sites():
    everywhere = system_actor("watchdog", cast.CDMO, cast.ARVO, cast.PROGRAM, cast.RIVAL_PROGRAM)
    with reading(everywhere):
        return (
            sorted(Site.objects.visible_to(everywhere).values_list("space_id", "name", "city", "zone")),
            sorted(ProgramSite.objects.visible_to(everywhere).values_list("space_id", "name", "zone")),
        )


PLANT = {"name": "Cork", "city": "Ringaskiddy", "zone": "Europe/Dublin"}


def test_a_site_is_added_to_the_own_organisation_and_attached_to_a_program(database, signed_in):
    client = signed_in("cdmo_admin")
    before = sites()
    added = client.post("/administration/sites/", PLANT)
    assert (added.status_code, added.headers["Location"]) == (302, "/administration/?tab=sites")
    assert entries_of(cast.CDMO)[-1][1] == "site.added"
    assert set(sites()[0]) - set(before[0]) == {(cast.CDMO, *PLANT.values())}
    page = client.get("/administration/?tab=sites").content.decode()
    assert "Ringaskiddy" in page
    site = re.search(r'<option value="([^"]+)">Cork<', page)[1]
    attached = client.post("/administration/program-sites/", {"site": site, "program": str(cast.PROGRAM)})
    assert attached.status_code == 302
    assert set(sites()[1]) - set(before[1]) == {(cast.PROGRAM, "Cork", "Europe/Dublin")}
    assert entries_of(cast.PROGRAM)[-1][1] == "site.attached"
    assert set(actor("cdmo_admin").seats) == {cast.CDMO}
    again = client.post("/administration/program-sites/", {"site": site, "program": str(cast.PROGRAM)})
    assert again.status_code == 400
    assert "Cork is a site of AV-101 already." in again.content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (PLANT | {"zone": "Mars/Olympus"}, "IANA name like Europe/Stockholm"),
        (PLANT | {"name": ""}, "This field is required"),
        (PLANT | {"name": "malmö"}, "has a site malmö already"),
    ],
)
def test_a_faulty_site_is_refused_in_words(database, signed_in, given, words):
    before = sites()
    answer = signed_in("cdmo_admin").post("/administration/sites/", given)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert sites() == before


def test_sites_and_programs_of_others_cannot_be_attached(database, signed_in):
    before = sites()
    with reading(SETUP):
        malmo = Site.objects.visible_to(SETUP).get(name="Malmö").pk
    for admin, program in (
        ("sponsor_admin", cast.PROGRAM),
        ("rival_admin", cast.RIVAL_PROGRAM),
        ("rival_admin", cast.PROGRAM),
    ):
        given = {"site": str(malmo), "program": str(program)}
        assert signed_in(admin).post("/administration/program-sites/", given).status_code == 400
    assert sites() == before


def test_the_sponsor_has_no_plant_in_a_program(database, signed_in):
    from portal.actions.founding import attach_site
    from portal.directory import seat_for_one_act
    from portal.errors import Invalid, NotFound, Refused

    client = signed_in("sponsor_admin")
    assert client.post("/administration/sites/", PLANT).status_code == 302
    person = Person.objects.get(email="sponsor_admin@example.com")
    from portal.actor import Actor, seats_of

    admin = Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))
    with reading(admin):
        site = Site.objects.visible_to(admin).get(name="Cork")
        seated = seat_for_one_act(admin, cast.PROGRAM)
        for foreign in (cast.RIVAL_PROGRAM, cast.PARTNERSHIP, uuid4()):
            with pytest.raises(NotFound):
                seat_for_one_act(admin, foreign)
    with pytest.raises(Invalid):
        attach_site(seated, site.pk, program_id=cast.PROGRAM)
    with reading(actor("sponsor_qa")), pytest.raises(Refused):
        seat_for_one_act(actor("sponsor_qa"), cast.PROGRAM)


def test_whoever_administers_nothing_changes_nothing(database, signed_in):
    before = sites()
    posts = {
        "/administration/sites/": PLANT,
        "/administration/program-sites/": {"site": str(uuid4()), "program": str(cast.PROGRAM)},
        "/administration/seats/": {"person": str(uuid4()), "target": str(cast.PROGRAM), "code": "x"},
    }
    for key in ("cdmo_qa", "sponsor_quality_head", "rival_sponsor_qa", "inspector"):
        for path, given in posts.items():
            assert signed_in(key).post(path, given).status_code == 403
    assert sites() == before


def test_three_sites_cost_as_many_queries_as_one(database, signed_in, cdmo_admin):
    from portal.actions.founding import add_site

    client = signed_in("cdmo_admin")

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert client.get("/administration/?tab=sites").status_code == 200
        return len(found)

    queries()
    few = queries()
    for name in ("Cork", "Lund"):
        add_site(cdmo_admin, cast.CDMO, name=name, city=name, zone="Europe/Dublin")
    assert queries() == few
