from tests.conftest import actor, entries_of
from tests.factories import cast


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
    client = signed_in("cdmo_admin")
    service = cast.person_id("gateway")
    made = client.post(
        "/administration/keys/",
        {
            "service": str(service),
            "label": "Second gateway",
            "scopes": ["read"],
            "programs": [str(cast.PROGRAM)],
            "days": "30",
        },
    )
    assert made.status_code in (201, 400), made.content.decode()[:2000]


def test_a_seat_is_given_and_ended_with_a_reason(database, signed_in):
    client = signed_in("cdmo_admin")
    person = cast.person_id("cdmo_admin")
    given = client.post(
        "/administration/seats/",
        {"person": str(person), "target": str(cast.CDMO), "role": "both:org_admin", "code": "Admin 9"},
    )
    assert given.status_code == 302, given.content.decode()[:3000]
    assert entries_of(cast.CDMO)[-1][1] == "assignment.given"
    from portal.action import reading
    from portal.models import Assignment

    admin = actor("cdmo_admin")
    with reading(admin):
        seat = Assignment.objects.visible_to(admin).get(code="Admin 9")
    refused = client.post(f"/administration/seats/{seat.pk}/end/", {"reason": "x"})
    assert refused.status_code == 400
    ended = client.post(f"/administration/seats/{seat.pk}/end/", {"reason": "no longer needed"})
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
