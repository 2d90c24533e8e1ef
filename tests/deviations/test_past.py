"""A view of the past shows what each side could see then: no more, no less, and from the ledger alone."""

from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from portal.actions.alerts import acknowledge_alert
from portal.models import Alert
from portal.states import Meaning
from tests.conftest import actor, head_of
from tests.deviations.conftest import facts, only
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories.batches import batch
from tests.factories.chains import PRIVATE, SHARED, publish

URL = "/api/v1/deviations/"
READERS = ("cdmo_qa", "sponsor_qa", "sponsor_viewer", "rival_sponsor_qa")


def seen(signed_in, deviation, at=None):
    """What each reader's program gets of a deviation, now or as of an instant: status and members."""
    found = {}
    for key in READERS:
        query = f"?as_of={quote(at.isoformat())}" if at else ""
        answer = signed_in(key).get(f"{URL}{deviation.pk}/{query}")
        members = answer.json()
        for name in ("available_actions", "as_of", "guidance"):
            members.pop(name, None)
        found[key] = (answer.status_code, members if answer.status_code == 200 else members["code"])
    return found


def steps(cdmo_operator, cdmo_qa, sponsor_qa):
    """The life of a deviation, step by step; yields the record after each."""
    deviation = make.report(cdmo_operator, batch_id=batch().pk)
    yield deviation
    make.attach(cdmo_operator, deviation)
    yield deviation
    deviation = make.triage(cdmo_qa, deviation, version=2)
    yield deviation
    deviation = make.release(cdmo_qa, deviation)
    yield deviation
    acknowledge_alert(sponsor_qa, only(sponsor_qa, Alert, subject_id=deviation.pk).pk)
    yield deviation
    deviation = make.investigate(cdmo_qa, deviation)
    yield deviation
    signing.make_signer(sponsor_qa, cast.ARVO)
    signing.sign(sponsor_qa, deviation, Meaning.CONCURRED)
    yield deviation
    yield make.finish(cdmo_qa, deviation)


def test_each_side_saw_then_what_the_view_of_that_moment_shows_later(database, clock, signed_in):
    snapshots, before = [], make.now()
    for deviation in steps(*map(actor, ("cdmo_operator", "cdmo_qa", "sponsor_qa"))):
        snapshots.append((make.now(), seen(signed_in, deviation)))
        clock.move(timedelta(minutes=7))
    assert {key: status for key, (status, _) in snapshots[0][1].items()} == {
        "cdmo_qa": 200, "sponsor_qa": 404, "sponsor_viewer": 404, "rival_sponsor_qa": 404
    }  # fmt: skip
    assert [each["sponsor_qa"][0] for _, each in snapshots] == [404, 404, 404, 200, 200, 200, 200, 200]
    for at, then in snapshots:
        assert seen(signed_in, deviation, at) == then
    nobody = seen(signed_in, deviation, before)
    assert set(nobody.values()) == {(404, "not_found")}


def test_it_is_read_from_the_entries_and_not_from_the_present_rows(own_database, signed_in):
    deviation = make.release(actor("cdmo_qa"), make.triage(actor("cdmo_qa"), make.report(actor("cdmo_qa"))))
    at = make.now()
    then = seen(signed_in, deviation, at)
    with own_database.connect("admin") as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("update deviations_deviation set title = 'Nothing', lead_code = 'Nobody'")
        superuser.execute("update deviations_judgement set classification = 'minor'")
    now = seen(signed_in, deviation)["sponsor_qa"][1]
    assert (now["title"], now["lead"], now["classification"]) == ("Nothing", "Nobody", "minor")
    assert seen(signed_in, deviation, at) == then
    assert then["sponsor_qa"][1]["title"] == make.TITLE


def test_it_names_the_entries_it_rests_on(released, signed_in):
    answer = signed_in("sponsor_qa").get(f"{URL}{released.pk}/?as_of={quote(make.now().isoformat())}")
    (rests,) = answer.json()["as_of"]["rests_on"]
    assert (rests["audience"], rests["last"]) == ("shared", head_of(cast.PROGRAM))
    assert answer.json()["available_actions"] == []
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "given",
    ["", "yesterday", "2026-03-01", "2026-03-01T08:00:00", "2026-02-30T08:00:00Z", "9999-12-31T23:59:59Z",
     "0000-01-01T00:00:00Z", "2026-03-01T08:00:00+99:99", "2026-03-01T08:00:00Z ",
     "\u0662026-03-01T08:00:00Z"],
)  # fmt: skip
def test_a_time_that_is_none_is_said_to_be_none(released, signed_in, given):
    answer = signed_in("sponsor_qa").get(f"{URL}{released.pk}/?as_of={quote(given)}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_time")


def test_a_bad_time_on_a_strangers_record_tells_nothing_more_than_on_none(released, signed_in):
    rival = signed_in("rival_sponsor_qa")
    for given in ("2026-03-01T08:00:00Z", "never"):
        answers = [
            rival.get(f"{URL}{each}/?as_of={given}").json() for each in (released.pk, make.unknown_id())
        ]
        assert answers[0]["code"] == answers[1]["code"]


def page(signed_in, key, deviation, given):
    return signed_in(key).get(f"/deviations/{deviation.pk}/?as_of={quote(given)}")


def test_the_page_says_that_it_is_the_past_and_offers_nothing_to_do(signed_in, clock, cdmo_qa, released):
    at = make.now()
    make.investigate(cdmo_qa, released)
    for key in ("cdmo_qa", "sponsor_qa"):
        answer = page(signed_in, key, released, at.isoformat())
        text = answer.content.decode()
        assert (answer.status_code, "A view of the past" in text) == (200, True)
        assert "Rebuilt from sealed entries" in text
        assert "number" in text
        for offered in (
            "<textarea",
            'method="post" action="/deviations',
            "hx-get",
            "Start the investigation",
        ):
            assert offered not in text, offered
        assert "Under investigation, lead" not in text
    assert page(signed_in, "rival_sponsor_qa", released, at.isoformat()).status_code == 404


def test_a_page_before_disclosure_is_not_there_for_the_sponsor(signed_in, clock, cdmo_qa, triaged):
    at = make.now()
    clock.move(timedelta(minutes=1))
    make.release(cdmo_qa, triaged)
    assert page(signed_in, "sponsor_qa", triaged, at.isoformat()).status_code == 404
    assert page(signed_in, "cdmo_qa", triaged, at.isoformat()).status_code == 200


def test_a_time_without_a_zone_is_site_time_on_the_page(signed_in, clock, released):
    at = make.now().astimezone(ZoneInfo("Europe/Stockholm"))
    clock.move(timedelta(minutes=1))
    given = at.replace(tzinfo=None).isoformat()
    answer = page(signed_in, "sponsor_qa", released, given)
    assert (answer.status_code, f"{at:%H:%M:%S}" in answer.content.decode()) == (200, True)


def test_a_bad_time_shows_the_record_and_says_what_is_wrong(signed_in, released):
    answer = page(signed_in, "sponsor_qa", released, "yesterday")
    text = answer.content.decode()
    assert (answer.status_code, "That is no time." in text, make.TITLE in text) == (400, True, True)
    assert page(signed_in, "rival_sponsor_qa", released, "yesterday").status_code == 404


def test_a_look_at_the_past_opens_no_notice(signed_in, clock, released):
    page(signed_in, "sponsor_qa", released, make.now().isoformat())
    assert "alert.opened" not in [kind for kind, _ in facts(audience="shared")]
    assert "alert.opened" not in [kind for kind, _ in facts(audience="sponsor")]


def test_the_record_offers_a_copy_of_each_chain_that_tells_of_it(signed_in, cdmo_qa, released):
    publish(SHARED), publish(PRIVATE)
    for key, chains in (("cdmo_qa", 2), ("sponsor_qa", 1)):
        text = signed_in(key).get(f"/deviations/{released.pk}/").content.decode()
        assert text.count(f"/export?record={released.pk}&amp;as=pdf") == chains
    inside = make.report(cdmo_qa)
    text = signed_in("cdmo_qa").get(f"/deviations/{inside.pk}/").content.decode()
    assert "/export?record=" not in text
    publish(PRIVATE)
    text = signed_in("cdmo_qa").get(f"/deviations/{inside.pk}/").content.decode()
    assert text.count("/manufacturer/export?record=") == 2
