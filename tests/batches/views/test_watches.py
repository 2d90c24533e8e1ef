"""Pages and interface of watches: chosen by the CDMO, read by both sides, by nobody else."""

import re

import pytest

from batches import tasks
from batches.models import WatchModel, WatchNews
from batches.watched.pictures import draw
from batches.watched.working import judge_batch
from portal.action import reading
from tests.factories import watches


@pytest.fixture
def of(database):
    return watches.recipe()


@pytest.fixture
def noticed(of):
    """A running batch whose valve swings, judged."""
    watches.standing(of)
    batch = watches.batch(1, of, swing=6, since=50)
    judge_batch(batch.space_id, batch.pk)
    return batch


def told_of(reader, batch):
    with reading(reader):
        return WatchNews.objects.visible_to(reader).filter(batch=batch).first().told_id


def test_the_cdmo_chooses_good_batches_on_the_page_and_both_sides_read_the_model(of, signed_in, page):
    training = watches.good(2, of)
    qa = signed_in("cdmo_qa")
    form = qa.get("/watches/").content.decode()
    assert {each.number for each in training} <= set(re.findall(r"<span>(B-\d+)</span>", form))
    given = {
        "program": str(of.space_id),
        "recipe_number": watches.MBR,
        "batches": [str(each.pk) for each in training],
        "swings": ["VALVE"],
    }
    answer = qa.post("/watches/", given)
    assert answer.status_code == 303
    assert "It is being learned" in page("sponsor_viewer", answer.url)[1]
    assert tasks.learn_watches() == 1
    status, text = page("sponsor_viewer", answer.url)
    assert status == 200
    assert "no: it takes 20 batches, there are 2" in text
    assert "/sign/" not in text
    assert "/sign/" in page("cdmo_qa", answer.url)[1]
    assert page("rival_sponsor_qa", answer.url)[0] == 404
    assert watches.MBR not in page("rival_sponsor_qa", "/watches/")[1]
    assert "W-MBR-W-01" in page("sponsor_viewer", "/watches/")[1]
    refused = qa.post("/watches/", given | {"batches": ["none"]})
    assert refused.status_code == 400


def test_a_model_is_withdrawn_with_a_reason(of, signed_in, page, cdmo_qa):
    model = watches.standing(of)
    address = f"/watches/{model.pk}/withdraw/"
    assert signed_in("cdmo_qa").post(address, {"version": "1", "reason": "no"}).status_code == 400
    assert signed_in("sponsor_qa").post(address, {"version": "1", "reason": "Not ours."}).status_code == 403
    assert signed_in("cdmo_qa").post(address, {"version": "1", "reason": "Wrong reactor."}).status_code == 303
    with reading(cdmo_qa):
        assert WatchModel.objects.visible_to(cdmo_qa).get(pk=model.pk).state == "withdrawn"


def test_what_a_watch_noticed_is_shown_in_a_picture_and_a_sentence(noticed, page, sponsor_qa):
    for address in (f"/batches/{noticed.pk}/watch/", f"/signals/{told_of(sponsor_qa, noticed)}/"):
        status, text = page("sponsor_viewer", address)
        assert status == 200
        assert "Jacket valve output swings more than in good batches" in text
        assert '<path class="watch-band"' in text
        assert page("rival_sponsor_qa", address)[0] == 404


def test_the_interface_gives_models_and_news_to_both_sides_and_to_no_other(noticed, signed_in, sponsor_qa):
    viewer, rival = signed_in("sponsor_viewer"), signed_in("rival_sponsor_qa")
    (model,) = viewer.get("/api/v1/watch-models/").json()["results"]
    document = viewer.get(f"/api/v1/watch-models/{model['id']}/document/")
    assert (model["number"], document.json()["format"]) == ("W-MBR-W-01", 1)
    news = viewer.get(f"/api/v1/watch-news/?batch={noticed.pk}").json()["results"]
    assert {each["early_signal"] for each in news} == {str(told_of(sponsor_qa, noticed))}
    assert "swings more than in good batches" in " ".join(each["sentence"] for each in news)
    one = viewer.get(f"/api/v1/watch-news/{news[0]['id']}/").json()
    assert one["points"] == news[0]["points"]
    assert rival.get("/api/v1/watch-models/").json()["results"] == []
    assert rival.get("/api/v1/watch-news/").json()["results"] == []
    for address in (f"watch-models/{model['id']}/", f"watch-news/{news[0]['id']}/"):
        assert rival.get(f"/api/v1/{address}").status_code == 404


def test_a_picture_shades_what_was_noticed_and_draws_nothing_of_nothing():
    points = [[each * 1000.0, each / 10, 0.0, 0.5] for each in range(10)]
    drawn = draw({"points": points}, begun_ms=6000, until_ms=9000)
    assert drawn.count("watch-news") == drawn.count("watch-band") == drawn.count("spark-line") == 1
    assert draw({"points": points[:1]}) == draw({}) == ""
