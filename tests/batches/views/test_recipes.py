"""The pages of master records: list, import, one version with what may be done, the way to the signature."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from batches.actions import recipes as act
from batches.recipes.document import to_text
from batches.recipes.table import write_table
from tests.conftest import actor
from tests.factories import batches, cast
from tests.factories import recipes as write

LIST = "/recipes/"
READ = (
    "Production bioreactor (N)",
    "second check",
    "Note the time.",
    "Range of study PC-118.",
    "at most 3 days from the end of SHIFT",
    "MED-1 Basal medium",
    "not understood",
    "in review",
)


def of(recipe, step=""):
    return f"{LIST}{recipe.pk}/{step}"


def sent(client, address, body=b"", **given):
    files = {"file": SimpleUploadedFile("recipe.json", body)} if body else {}
    return client.post(address, {**given, **files})


@pytest.fixture
def draft(database):
    return act.draft_recipe(actor("cdmo_qa"), cast.PROGRAM, spec=write.whole())


@pytest.fixture
def review(draft):
    return act.submit_recipe(actor("cdmo_qa"), draft.pk, version=1)


def test_each_reader_lists_what_is_theirs_to_read(page, draft):
    batches.recipe(number="MBR-1")
    assert ">MBR-7<" in page("cdmo_qa", LIST)[1]
    for key in ("sponsor_qa", "sponsor_viewer"):
        status, text = page(key, LIST)
        assert (status, ">MBR-1<" in text, "MBR-7" in text) == (200, True, False)
        assert "Draft from a file" not in text
    assert "MBR-" not in page("rival_sponsor_qa", LIST)[1]
    for key in ("sponsor_qa", "rival_sponsor_qa"):
        assert page(key, of(draft))[0] == 404


def test_a_version_is_read_whole_with_reasons_and_what_was_not_understood(page, review):
    status, text = page("sponsor_qa", of(review))
    assert status == 200
    for words in READ:
        assert words in text, words
    assert "LOAD" not in text
    assert "LOAD" in page("cdmo_qa", of(review))[1]
    assert page("rival_sponsor_qa", of(review))[0] == 404


def test_a_file_becomes_a_draft_and_a_broken_one_says_why(signed_in, database):
    client = signed_in("cdmo_qa")
    made = sent(client, LIST, write_table(write.whole()), program=str(cast.PROGRAM))
    assert made.status_code == 302
    shown = client.get(made["Location"]).content.decode()
    assert "One thing of the file was not understood" in shown
    old = b'<BatchInformation xmlns="http://www.wbf.org/xml/BatchML-V02"/>'
    refused = sent(client, LIST, old, program=str(cast.PROGRAM))
    assert refused.status_code == 400
    assert "The file is BatchML V02" in refused.content.decode()
    assert sent(client, LIST, old, program="none").status_code == 400
    assert sent(client, LIST, program=str(cast.PROGRAM)).status_code == 400
    body = to_text(write.whole()).encode()
    assert sent(signed_in("rival_sponsor_qa"), LIST, body, program=str(cast.PROGRAM)).status_code == 404


def test_a_draft_is_shown_replaced_submitted_and_withdrawn_from_its_page(signed_in, draft):
    client = signed_in("cdmo_qa")
    assert sent(client, of(draft, "share/"), version="1").status_code == 302
    later = to_text(write.whole(title="Another title")).encode()
    assert sent(client, of(draft, "edit/"), later, version="2").status_code == 302
    assert "Another title" in client.get(of(draft)).content.decode()
    stale = sent(client, of(draft, "submit/"), version="1")
    assert stale.status_code == 412
    assert sent(client, of(draft, "submit/"), version="3").status_code == 302
    assert sent(client, of(draft, "withdraw/"), version="4", reason="no").status_code == 400
    assert sent(client, of(draft, "withdraw/"), version="4", reason="It was a try only.").status_code == 302
    assert sent(client, of(draft, "nonsense/"), version="4").status_code == 404


def test_the_sponsor_is_led_to_the_signature_and_may_send_it_back(signed_in, review):
    client = signed_in("sponsor_quality_head")
    text = client.get(of(review)).content.decode()
    assert f"/sign/recipe_version/{review.pk}/?meaning=approved" in text
    assert "Put in force" not in text
    assert client.get(f"/sign/recipe_version/{review.pk}/?meaning=approved").status_code == 200
    back = sent(client, of(review, "send_back/"), version="2", reason="The harvest has no limit.")
    assert back.status_code == 302
    assert "sent back" in client.get(of(review)).content.decode()
    assert f"/sign/recipe_version/{review.pk}/" not in page_of(signed_in, "sponsor_viewer", review)


def page_of(signed_in, key, recipe):
    return signed_in(key).get(of(recipe)).content.decode()


def test_the_next_version_is_drafted_from_the_page_and_tells_what_it_changes(signed_in, database):
    first = batches.recipe(number="MBR-7")
    client = signed_in("cdmo_qa")
    made = sent(client, of(first, "revise/"))
    assert made.status_code == 302
    assert "It says the same as MBR-7 rev 1." in client.get(made["Location"]).content.decode()
    draft_id = made["Location"].strip("/").split("/")[-1]
    changed = batches.spec(number="MBR-7", title="Another title")
    act.edit_recipe(actor("cdmo_qa"), draft_id, spec=changed, version=1)
    text = client.get(made["Location"]).content.decode()
    assert "One change since MBR-7 rev 1" in text
    assert "title: AV-101 drug substance, now Another title" in text


def test_a_time_that_is_none_is_refused_in_words(signed_in, review):
    answer = sent(signed_in("cdmo_qa"), of(review, "make_effective/"), version="2", effective_from="soon")
    assert answer.status_code == 400
    assert "A time of the site" in answer.content.decode()


def test_a_batch_names_its_version_on_the_page_of_the_recipe(page, database):
    recipe = batches.recipe(number="MBR-1")
    batches.batch(of=recipe, running=timedelta(hours=1))
    assert ">B-1<" in page("sponsor_viewer", of(recipe))[1]
