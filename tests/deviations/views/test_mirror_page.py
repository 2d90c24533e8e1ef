"""The page of copies: conflicts side by side, a table taken in, nobody else's page."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from deviations.actions.mirroring import mirror_deviation
from deviations.models import Deviation, MirrorConflict
from tests.deviations.conftest import only, seen_by
from tests.factories import cast
from tests.factories import deviations as make

URL = "/deviations/mirror/"


def differing(actor):
    at = make.now()
    said = {
        "title": make.TITLE,
        "description": make.WORDS,
        "occurred_at": at - timedelta(hours=2),
        "detected_at": at - timedelta(hours=1),
    }
    for title in (make.TITLE, "Another title there"):
        mirror_deviation(actor, cast.PROGRAM, external_id="DV-1", **(said | {"title": title}))


def test_both_words_stand_side_by_side_until_somebody_says_what_is_right(
    database, cdmo_system, cdmo_qa, signed_in
):
    differing(cdmo_system)
    client, conflict = signed_in("cdmo_qa"), only(cdmo_qa, MirrorConflict)
    text = client.get(URL).content.decode()
    assert make.TITLE in text
    assert "Another title there" in text
    settle = {"outcome": "noted", "reason": "It was shortened there.", "version": "1"}
    assert client.post(f"{URL}{conflict.pk}/settle/", settle | {"reason": "Short"}).status_code == 400
    assert client.post(f"{URL}{conflict.pk}/settle/", settle).status_code == 303
    assert "It was shortened there." in client.get(URL).content.decode()
    assert only(cdmo_qa, Deviation).title == make.TITLE


def test_a_table_is_taken_in_and_each_refused_row_is_named(database, cdmo_qa, signed_in):
    at = (make.now() - timedelta(hours=1)).isoformat()
    lines = [
        "external_id,title,description,occurred_at,detected_at",
        f"DV-1,Agitator stopped,The agitator stopped for 40 s.,{at},{at}",
        "DV-2,,,,",
    ]
    file = SimpleUploadedFile("copies.csv", "\n".join(lines).encode())
    page = signed_in("cdmo_qa").post(URL, {"program": str(cast.PROGRAM), "table": file}, follow=True)
    text = page.content.decode()
    assert "1 copies taken, 1 of them new here." in text
    assert "Row 3: This record is new here; say what happened." in text
    assert [each.external_id for each in seen_by(cdmo_qa, Deviation)] == ["DV-1"]


def test_the_page_is_nobody_elses(database, cdmo_system, cdmo_qa, signed_in):
    differing(cdmo_system)
    conflict = only(cdmo_qa, MirrorConflict)
    settle = {"outcome": "noted", "reason": "It was shortened there.", "version": "1"}
    for key in ("sponsor_qa", "rival_sponsor_qa", "cdmo_operator", "inspector"):
        client = signed_in(key)
        page = client.get(URL)
        assert page.status_code == 403
        assert "Another title there" not in page.content.decode()
        answer = client.post(f"{URL}{conflict.pk}/settle/", settle)
        assert answer.status_code in (403, 404)
        assert "Another title there" not in answer.content.decode()
    assert only(cdmo_qa, MirrorConflict).state == "open"
