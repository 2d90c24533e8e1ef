"""A batch as each side could see it once, from the ledger alone; and the same taken away."""

import hashlib
import json
import zipfile
from urllib.parse import quote

from batches.actions.cycle import complete_batch, move_phase, start_batch
from portal.offline import verify_export
from tests.conftest import actor
from tests.factories import batches as plan
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.chains import PRIVATE, SHARED, publish
from tests.portal.test_exports import words_of

URL = "/api/v1/batches/"
READERS = ("cdmo_qa", "sponsor_qa", "rival_sponsor_qa")


def seen(signed_in, batch, at=None):
    """What each reader gets of a batch but for readings: status and members."""
    found = {}
    for key in READERS:
        query = f"?as_of={quote(at.isoformat())}" if at else ""
        answer = signed_in(key).get(f"{URL}{batch.pk}/{query}")
        members = answer.json()
        for name in ("available_actions", "as_of"):
            members.pop(name, None)
        for parameter in members.get("parameters", []):
            parameter["latest"] = None
        found[key] = (answer.status_code, members if answer.status_code == 200 else members["code"])
    return found


def steps(shift_lead, qa):
    """The life of a batch, step by step; yields the batch after each."""
    batch = plan.batch(running=None)
    yield batch
    batch = start_batch(shift_lead, batch.pk, version=1)
    yield batch
    plan.send(actor("gateway"), batch, [("TEMP", plan.now(), 38.4)])
    yield batch
    batch = move_phase(shift_lead, batch.pk, phase="production", version=2)
    yield batch
    yield complete_batch(qa, batch.pk, version=3)


def test_each_side_saw_then_what_the_view_of_that_moment_shows_later(database, signed_in):
    before, snapshots = make.now(), []
    for batch in steps(actor("cdmo_shift_lead"), actor("cdmo_qa")):
        snapshots.append((make.now(), seen(signed_in, batch)))
    for at, then in snapshots:
        assert seen(signed_in, batch, at) == then
        assert then["rival_sponsor_qa"] == (404, "not_found")
    states = [then["sponsor_qa"][1]["state"] for _, then in snapshots]
    assert states == ["planned", "in_process", "in_process", "in_process", "complete"]
    assert [then["sponsor_qa"][1]["open_excursions"] for _, then in snapshots] == [0, 0, 3, 3, 0]
    codes = {key: [each["code"] for each in snapshots[0][1][key][1]["parameters"]] for key in READERS[:2]}
    assert [code for code in codes["cdmo_qa"] if code not in codes["sponsor_qa"]] == ["LOAD"]
    assert set(seen(signed_in, batch, before).values()) == {(404, "not_found")}


def exported(client, batch, chain, tmp_path):
    url = f"/api/v1/ledger/{chain.space_id}/{chain.audience}/export?record={batch.pk}"
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    path = tmp_path / f"{chain.audience}.zip"
    path.write_bytes(b"".join(answer))
    with zipfile.ZipFile(path) as bundle:
        return path, {name: bundle.read(name) for name in bundle.namelist()}


def test_a_batch_is_taken_away_with_those_of_its_deviations_that_a_side_may_see(
    database, api, cdmo_qa, tmp_path
):
    batch = plan.batch()
    told = make.report(cdmo_qa, batch_id=batch.pk, title="Told to the sponsor")
    make.attach(cdmo_qa, told, data=b"\x89PNG\r\n\x1a\n told")
    make.release(cdmo_qa, make.triage(cdmo_qa, told, version=2))
    make.attach(cdmo_qa, make.report(cdmo_qa, batch_id=batch.pk, title="Kept inside"))
    publish(SHARED), publish(PRIVATE)
    for key in ("sponsor_system", "cdmo_system"):
        path, members = exported(api(key), batch, SHARED, tmp_path)
        assert verify_export.main([str(path)]) == 0
        record = json.loads(members["record.json"])["record"]
        assert [each["title"] for each in record["deviations"]] == ["Told to the sponsor"]
        digest = hashlib.sha256(b"\x89PNG\r\n\x1a\n told").hexdigest()
        assert [name for name in members if name.startswith("files/")] == [f"files/{digest}"]
        text = words_of(members["record.pdf"])
        assert "Told to the sponsor" in text
        assert "Temperature (TEMP)" in text
        assert "Kept inside" not in text
        assert "LOAD" not in text
    path, members = exported(api("cdmo_system"), batch, PRIVATE, tmp_path)
    assert verify_export.main([str(path)]) == 0
    record = json.loads(members["record.json"])["record"]
    assert [each["title"] for each in record["deviations"]] == ["Told to the sponsor", "Kept inside"]
    assert "Kept inside" in words_of(members["record.pdf"])
    assert (
        api("rival_system").get(f"/api/v1/ledger/{cast.PROGRAM}/shared/export?record={batch.pk}").status_code
        == 404
    )


def test_its_page_shows_the_past_to_who_could_see_it(database, signed_in, cdmo_qa):
    batch = plan.batch()
    at = make.now().isoformat()
    make.report(cdmo_qa, batch_id=batch.pk, title="Kept inside")
    later = make.now().isoformat()
    for key, given, has_it in (
        ("cdmo_qa", at, False),
        ("cdmo_qa", later, True),
        ("sponsor_qa", later, False),
    ):
        answer = signed_in(key).get(f"/batches/{batch.pk}/?as_of={quote(given)}")
        text = answer.content.decode()
        assert (answer.status_code, "A view of the past" in text) == (200, True)
        assert ("Kept inside" in text) == has_it
        assert "hx-get" not in text.partition("<main")[2]
    assert signed_in("rival_sponsor_qa").get(f"/batches/{batch.pk}/?as_of={quote(at)}").status_code == 404
    bad = signed_in("sponsor_qa").get(f"/batches/{batch.pk}/?as_of=never")
    assert (bad.status_code, "That is no time." in bad.content.decode()) == (400, True)
