"""The evidence pack: a deviation with all around it, the same for both sides but for what one keeps."""

import io
import json
from datetime import timedelta

import pypdf
import pytest

from deviations.evidence.pictures import draw_curve
from portal.offline import verify_export
from portal.states import Audience
from tests.factories import batches, executed
from tests.factories import deviations as make
from tests.factories.chains import PRIVATE, SHARED, publish
from tests.portal.test_exports import packed, unpacked

URL = "/api/v1/ledger/{}/{}/export?paper=evidence&record={}"


@pytest.fixture
def known(database, cdmo_operator, cdmo_qa, gateway):
    """A disclosed deviation in a batch with readings, entries, a result, and one like it before."""
    batch = batches.batch(running=timedelta(hours=6), equipment="BR-203")
    at = make.now()
    earlier = make.report(cdmo_operator, title="Jacket valve stuck, temperature above PAR", batch_id=batch.pk)
    make.release(cdmo_qa, make.triage(cdmo_qa, earlier, "minor"))
    batches.send(gateway, batch, batches.course([36.5, 36.6, 38.2, 36.4], start=at - timedelta(hours=2)))
    batches.send(gateway, batch, batches.course([12.0, 13.0], code="LOAD", start=at - timedelta(hours=2)))
    executed.started(batch, equipment=["BR-203"])
    executed.entry(
        batch, step="growth", title="Feed 7, volume", value="31.5", unit="L", at=at - timedelta(minutes=20)
    )
    deviation = make.report(
        cdmo_operator,
        batch_id=batch.pk,
        title="Vessel temperature outside PAR, jacket valve stuck",
        immediate_action="Line isolated by hand.",
    )
    deviation = make.release(cdmo_qa, make.triage(cdmo_qa, deviation))
    publish(SHARED), publish(PRIVATE)
    return deviation


def pack(client, deviation, chain=SHARED):
    return client.get(URL.format(chain.space_id, chain.audience, deviation.pk))


def told(members):
    return json.loads(members["record.json"])["record"]


def test_one_click_gives_curves_entries_and_similar_ones_that_anybody_checks_offline(
    known, api, tmp_path, capsys
):
    members = unpacked(pack(api("sponsor_system"), known))
    record = told(members)
    assert record["deviation"]["number"] == known.number
    (curve,) = record["curves"]
    assert (curve["parameter"], curve["readings"], curve["is_thinned"]) == ("TEMP", 4, False)
    assert [line.split(",")[1] for line in curve["csv"].splitlines()[1:]] == ["36.5", "36.6", "38.2", "36.4"]
    assert {each["kind"] for each in curve["limits"]} == {"nor", "action", "par"}
    assert [each["title"] for each in record["record"]["entries"]] == ["Feed 7, volume"]
    (like,) = record["similar"]
    assert "jacket" in " ".join(like["why"])
    assert any("raining" in each for each in record["not_known"])
    assert verify_export.main([str(packed(tmp_path / "pack.zip", members))]) == 0
    assert "record.pdf has the bytes that were signed" in capsys.readouterr().out
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(members["record.pdf"])).pages)
    for each in ("Evidence pack", "Trends around the event", "Feed 7, volume", "Who acted in the window",
                 "What this pack does not know", "withheld"):  # fmt: skip
        assert each in words


def test_what_one_side_keeps_is_in_its_own_pack_alone(known, api):
    shared = told(unpacked(pack(api("cdmo_system"), known)))
    assert [each["parameter"] for each in shared["curves"]] == ["TEMP"]
    own = told(unpacked(pack(api("cdmo_system"), known, PRIVATE)))
    assert {each["parameter"] for each in own["curves"]} == {"TEMP", "LOAD"}
    assert shared == told(unpacked(pack(api("sponsor_system"), known)))


def test_no_stranger_gets_a_pack_and_a_record_without_one_has_none(known, api):
    unknown = make.unknown_id()
    for client in (api("rival_system"),):
        answers = [pack(client, known), client.get(URL.format(SHARED.space_id, "shared", unknown))]
        assert {each.status_code for each in answers} == {404}
        assert len({each.json()["code"] for each in answers}) == 1
    assert pack(api("sponsor_system"), known, PRIVATE).status_code == 404
    batch = URL.format(SHARED.space_id, "shared", known.batch_id)
    assert api("sponsor_system").get(batch).status_code == 404
    whole = f"/api/v1/ledger/{SHARED.space_id}/shared/export?paper=evidence"
    assert api("sponsor_system").get(whole).status_code == 404


def test_what_is_not_disclosed_is_in_no_pack_of_the_other_side(database, cdmo_qa, api):
    hidden = make.report(cdmo_qa, title="INTERNAL jacket valve stuck outside PAR")
    told_of = make.release(
        cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, title="Jacket valve stuck outside PAR"))
    )
    publish(SHARED), publish(PRIVATE)
    assert pack(api("sponsor_system"), hidden).status_code == 404
    for key in ("sponsor_system", "cdmo_system"):
        assert told(unpacked(pack(api(key), told_of)))["similar"] == []
    own = told(unpacked(pack(api("cdmo_system"), told_of, PRIVATE)))
    assert [each["number"] for each in own["similar"]] == [hidden.number]


def test_a_drawing_holds_no_words_as_markup(known, cdmo_qa):
    from deviations.evidence.gathering import Evidence
    from portal.action import instant, reading

    with reading(cdmo_qa):
        found = Evidence(cdmo_qa, known, instant(), (Audience.SHARED,))
        (curve,) = found.curves
        curve.parameter.title = "<script>&"
        drawn = draw_curve(curve, found.since, found.until, (known.occurred_at, known.detected_at), "UTC")
    assert "&lt;script&gt;&amp;" in drawn
    assert "<script" not in drawn
    assert drawn.count("<polyline") == 1
