"""Before the release the sponsor learns nothing in any way, the rival never; the history stays inside."""

import json

import pytest
from django.db import connection

from deviations.models import Deviation, Judgement, Notice, Numbering
from deviations.queries import history
from deviations.queries.board import facts_of_batches
from deviations.queries.inbox import deviations_waiting
from portal.action import reading
from portal.actor import system_actor
from portal.models import Alert, Attachment, Clock, LadderStep, Receipt, Record
from tests.conftest import entries_of
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make

CANARY = "CANARY-PRIVATE"
STRANGERS = ["sponsor_qa", "sponsor_viewer", "sponsor_quality_head", "inspector", "rival_sponsor_qa"]
URL = "/api/v1/deviations/"
# The deadlines of clauses that both sides read from the notice on; that of the notice itself stays inside.
LEFT_WITH_THE_NOTICE = {"preliminary_summary", "product_impact", "draft_report", "closing"}


@pytest.fixture
def private(database, clock, cdmo_operator, cdmo_qa):
    """A deviation with everything a private one may have: suggestion, class, file, clock, lead."""
    found = make.report(
        cdmo_operator,
        title=f"{CANARY} title",
        description=f"{CANARY} description",
        immediate_action=f"{CANARY} action",
        late_reason=f"{CANARY} reason",
        suggested_class="minor",
    )
    make.attach(cdmo_operator, found, name=f"{CANARY}.png")
    found = make.triage(cdmo_qa, found, "major", version=2, rationale=f"{CANARY} rationale of the class")
    return make.investigate(cdmo_qa, found)


def rows(actor):
    """How many rows of each table the actor sees, without the queries of the product in between."""
    models = (Deviation, Judgement, Notice, Numbering, Attachment, Clock, Alert, Receipt, LadderStep)
    with reading(actor):
        counts = {model.__name__: model.objects.count() for model in models}
        counts["Record"] = Record.objects.filter(type="deviation").count()
    return counts


@pytest.mark.parametrize("key", STRANGERS)
def test_no_row_is_there_for_who_was_not_told(private, request, key):
    assert set(rows(request.getfixturevalue(key)).values()) == {0}


@pytest.mark.parametrize("key", ["sponsor_qa", "sponsor_viewer", "inspector", "rival_sponsor_qa"])
def test_every_address_answers_as_for_an_unknown_id(private, signed_in, key):
    client = signed_in(key)
    for path in ("", "notice_preview/", "history/"):
        known, unknown = (client.get(f"{URL}{each}/{path}") for each in (private.pk, make.unknown_id()))
        assert (known.status_code, known.content) == (404, unknown.content)
    for query in (
        "",
        "?state=open",
        "?classification=major",
        f"?q={private.number}",
        f"?program={cast.PROGRAM}",
    ):
        assert client.get(f"{URL}{query}").json() == {"next": None, "previous": None, "results": []}


def test_the_shared_chain_has_no_entry_of_it(database, cdmo_operator, cdmo_qa):
    before = entries_of(cast.PROGRAM)
    found = make.report(cdmo_operator, suggested_class="minor")
    make.attach(cdmo_operator, found)
    found = make.triage(cdmo_qa, found, version=2)
    found = make.investigate(cdmo_qa, found)
    make.cancel(cdmo_qa, found)
    assert entries_of(cast.PROGRAM) == before


def test_the_sponsors_inbox_and_board_know_nothing(private, sponsor_qa):
    with reading(sponsor_qa):
        assert deviations_waiting(sponsor_qa) == []
        assert facts_of_batches(sponsor_qa, [make.unknown_id()]) == {}


def stored(space, audiences):
    """Everything the database holds of a program as text, past the side that reads it."""
    tables = (
        "deviations_deviation",
        "deviations_judgement",
        "portal_attachment",
        "portal_record",
        "portal_alert",
    )
    found = []
    with reading(system_actor("relay", space)), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"select to_jsonb(t)::text from {table} t"  # noqa: S608 - fixed names
                " where space_id = %s and audience = any(%s)",
                [space, audiences],
            )
            found += [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "select convert_from(body, 'UTF8') || coalesce(summary::text, '') from ledger.item"
            " where space_id = %s and audience = any(%s)",
            [space, audiences],
        )
        found += [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "select summary::text || convert_from(header, 'UTF8') from ledger.entry"
            " where space_id = %s and audience = any(%s)",
            [space, audiences],
        )
        return found + [row[0] for row in cursor.fetchall()]


def test_no_clear_word_is_stored_before_the_release_and_all_are_after(private, cdmo_qa):
    private_rows = stored(cast.PROGRAM, ["manufacturer", "shared"])
    assert len(private_rows) > 10
    assert [row for row in private_rows if CANARY in row] == []
    make.release(cdmo_qa, private)
    shared = "\n".join(stored(cast.PROGRAM, ["shared"]))
    for words in ("title", "description", "action", "reason", "rationale of the class"):
        assert f"{CANARY} {words}" in shared
    assert f"{CANARY}.png" in shared
    assert [row for row in stored(cast.PROGRAM, ["manufacturer"]) if CANARY in row] == []


def test_the_history_before_the_release_stays_inside(private, cdmo_qa, sponsor_qa, signed_in):
    make.finish(cdmo_qa, make.release(cdmo_qa, private))
    with reading(sponsor_qa):
        told = [line.kind for line in history(sponsor_qa, private.pk)]
    with reading(cdmo_qa):
        lines = history(cdmo_qa, private.pk)
    assert told == [
        "notice.released",
        "alert.raised",
        "scope.looked",
        "impact.given",
        "impact.concluded",
        "report.submitted",
        "report.approved",
        "alert.raised",
        "report.reviewed",
        "alert.acknowledged",
        "deviation.closed",
    ]
    assert [line.kind for line in lines] == [
        "deviation.reported",
        "file.attached",
        "deviation.triaged",
        "deviation.investigation_started",
        *told,
    ]
    assert [line.code for line in lines][:3] == ["Operator 31", "Operator 31", "QA floor 07"]
    assert lines[2].words == "Triaged, provisional major (clause 5.2)"
    shown = signed_in("sponsor_qa").get(f"{URL}{private.pk}/").json()
    assert [each["kind"] for each in shown["judgements"]] == ["provisional"]
    assert {each["kind"] for each in shown["clocks"]} == {
        *LEFT_WITH_THE_NOTICE,
        "sponsor_review",
        "confirmed_class",
    }


def test_the_rival_sees_nothing_after_the_release_either(private, cdmo_qa, rival_sponsor_qa):
    make.release(cdmo_qa, private)
    assert set(rows(rival_sponsor_qa).values()) == {0}


def test_a_deviation_of_the_rival_stays_the_rivals(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa, signed_in
):
    found = make.report(cdmo_qa, cast.RIVAL_PROGRAM, title="CANARY rival title")
    make.release(cdmo_qa, make.triage(cdmo_qa, found))
    assert only(rival_sponsor_qa, Deviation).pk == found.pk
    assert seen_by(sponsor_qa, Deviation) == []
    client = signed_in("sponsor_qa")
    assert client.get(f"{URL}{found.pk}/").status_code == 404
    assert "CANARY" not in client.get(URL).content.decode()


def test_the_socket_summary_of_the_release_is_what_both_may_read(private, cdmo_qa):
    before = entries_of(cast.PROGRAM)
    make.release(cdmo_qa, private)
    (entry,) = entries_of(cast.PROGRAM)[len(before) :]
    summary = json.loads(entry[2])
    assert summary["title"] == f"{CANARY} title"
    assert summary["classification"] == "major"
    assert summary["subject"]["number"] == private.number
    assert [name for name, _ in facts(audience="shared")][-2:] == ["notice.released", "alert.raised"]


class TestWithTheApplicationsWallAlone:
    """Row security looks away; what the queries ask for by themselves must still be enough."""

    @pytest.fixture
    def past_row_security(self, private, cdmo_qa, cdmo_operator, sponsor_qa):
        """The sponsor, in a context whose settings let them see both sides' rows."""
        from portal.actor import Actor

        class BothSides(Actor):
            as_sponsor = property(lambda self: [cast.PROGRAM])
            as_manufacturer = property(lambda self: [cast.PROGRAM])

        make.release(cdmo_qa, private)
        wide = BothSides(sponsor_qa.person_id, "human", None, sponsor_qa.seats)
        with reading(wide):
            yield sponsor_qa

    def test_the_history_before_the_release_stays_inside(self, private, past_row_security):
        told = [line.kind for line in history(past_row_security, private.pk)]
        assert told == ["notice.released", "alert.raised"]

    def test_the_detail_holds_back_what_is_the_other_sides(self, private, past_row_security):
        from deviations.queries import deviation_detail

        detail = deviation_detail(past_row_security, private.pk)
        assert [each.kind for each in detail.judgements] == ["provisional"]
        assert {each.kind for each in detail.clocks} == LEFT_WITH_THE_NOTICE


def test_a_joined_row_of_the_other_side_is_forgotten_by_the_application_too(
    cdmo_operator, sponsor_qa, database
):
    from batches.models import Excursion
    from deviations.access import hide_unseen
    from tests.factories import batches as plant

    batch = plant.batch(number="B-1")
    found = make.report(cdmo_operator, batch_id=batch.pk)
    with reading(cdmo_operator):
        found.excursion = Excursion(space_id=cast.PROGRAM, audience="manufacturer", pk=make.unknown_id())
        assert hide_unseen(cdmo_operator, found).excursion is not None
        assert hide_unseen(sponsor_qa, found).excursion is None
        assert (found.batch.number, found.excursion_id is not None) == ("B-1", True)
