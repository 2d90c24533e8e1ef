import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from portal import blobs
from portal.models import Attachment
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import deviations as make

URL = "/api/v1/attachments/"
PNG = b"\x89PNG\r\n\x1a\n" + b"canary picture" * 20
FILES = {
    "photo.png": (PNG, "image/png"),
    "photo.JPG": (b"\xff\xd8\xff\xe0" + b"x" * 50, "image/jpeg"),
    "photo.webp": (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    "photo.heic": (b"\x00\x00\x00\x18ftypheic\x00\x00", "image/heic"),
    "report.pdf": (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
    "trend.csv": ("at;°C\n04:10;34.6\n".encode(), "text/csv"),
    "note.txt": (b"\xef\xbb\xbfValve hunted.\r\n", "text/plain"),
    "no ending": (PNG, "image/png"),
}


@pytest.fixture
def record(database, cdmo_operator):
    return make.report(cdmo_operator)


def send(client, subject, name="photo.png", data=PNG, **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.post(f"{URL}?subject={subject.pk}", {"file": SimpleUploadedFile(name, data)}, headers=named)


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_is_known_by_its_bytes_and_comes_back_unchanged(record, api, name):
    data, kind = FILES[name]
    answer = send(api("cdmo_system"), record, name, data)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["name"], made["media_type"], made["size"]) == (name, kind, len(data))
    assert made["sha256"] == hashlib.sha256(data).hexdigest()
    assert (made["audience"], made["attached_by"]) == ("manufacturer", "QA system 01")
    content = api("cdmo_system").get(made["content"])
    assert content.content == data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<html><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("page.txt.html", b"plain words"),
        ("tool.exe", b"MZ\x90\x00"),
        ("archive.zip", b"PK\x03\x04"),
        ("words.txt", b"binary \x00\x01 in a text"),
        ("words.txt", b"\xff\xfe\x00latin?"),
        ("movie.mp4", b"\x00\x00\x00\x18ftypisom\x00\x00"),
        ("page.html", PNG),
        ("run.js", b"%PDF-1.7"),
    ],
)
def test_anything_else_is_refused_by_name_and_leaves_nothing(record, api, cdmo_qa, name, data):
    answer = send(api("cdmo_system"), record, name, data)
    assert answer.status_code == 400
    assert name in answer.json()["detail"]
    assert list(answer.json()["errors"]) == ["file"]
    assert seen_by(cdmo_qa, Attachment) == []


def test_an_empty_file_is_refused(record, api):
    assert send(api("cdmo_system"), record, "empty.txt", b"").status_code == 400


def test_a_file_over_the_limit_is_413_and_names_the_limit(record, api, settings):
    settings.ATTACHMENT_BYTES_MAX = 100
    answer = send(api("cdmo_system"), record, data=PNG)
    assert (answer.status_code, answer.json()["limit"]) == (413, 100)


def test_a_request_without_a_file_or_subject_is_400(record, api):
    client = api("cdmo_system")
    assert client.post(f"{URL}?subject={record.pk}", {"words": "x"}).status_code == 400
    assert client.post(URL, {"file": SimpleUploadedFile("a.png", PNG)}).status_code == 400
    answer = client.post(f"{URL}?subject={record.pk}", b"no form", content_type="multipart/form-data")
    assert answer.status_code == 400


def test_the_name_is_kept_without_folders_and_tricks(record, api):
    made = send(api("cdmo_system"), record, "../../etc/<b>pass\u202egnp.png", PNG).json()
    assert made["name"] == "<b>passgnp.png"


@pytest.mark.parametrize(
    ("name", "inline"), [("photo.png", True), ("report.pdf", False), ("trend.csv", False)]
)
def test_no_browser_runs_what_is_handed_out(record, api, name, inline):
    data, kind = FILES[name]
    made = send(api("cdmo_system"), record, name, data).json()
    answer = api("cdmo_system").get(made["content"])
    assert answer.headers["Content-Type"].split(";")[0] == kind
    assert answer.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_what_lies_on_disk_is_encrypted_and_named_by_its_own_digest(record, cdmo_operator):
    made = make.attach(cdmo_operator, record, data=PNG)
    stored = (Path(settings.ATTACHMENTS_DIR) / made.blob[:2] / made.blob).read_bytes()
    assert hashlib.sha256(stored).hexdigest() == made.blob
    assert b"canary picture" not in stored
    assert b"PNG" not in stored


def test_two_records_with_the_same_file_share_nothing_on_disk(record, cdmo_operator):
    first = make.attach(cdmo_operator, record)
    second = make.attach(cdmo_operator, make.report(cdmo_operator))
    assert first.sha256 == second.sha256
    assert first.blob != second.blob
    assert first.file_key != second.file_key


def test_a_file_is_one_fact_without_its_name(record, cdmo_operator):
    made = make.attach(cdmo_operator, record, data=PNG)
    assert facts()[1:] == [
        (
            "file.attached",
            {
                "subject_id": str(record.pk),
                "sha256": made.sha256,
                "media_type": "image/png",
                "size": str(made.size),
            },
        )
    ]


def test_name_and_key_are_sealed_while_the_record_is_private(record, cdmo_operator, cdmo_qa, as_raw_row):
    made = make.attach(cdmo_operator, record)
    name, key = as_raw_row(made)
    assert name.startswith("\x01s2:")
    assert key.startswith("\x01s2:")
    found = make.triage(cdmo_qa, record, version=2)
    make.release(cdmo_qa, found)
    assert as_raw_row(made) == ("photo.png", made.file_key)


@pytest.fixture
def as_raw_row():
    from django.db import connection

    from portal.action import reading
    from portal.actor import system_actor
    from tests.factories import cast

    def read(row):
        with reading(system_actor("relay", cast.PROGRAM)), connection.cursor() as cursor:
            cursor.execute("select name, file_key from portal_attachment where id = %s", [row.pk])
            return cursor.fetchone()

    return read


def test_bytes_that_changed_on_disk_are_not_handed_out(record, cdmo_operator, api):
    made = make.attach(cdmo_operator, record)
    path = Path(settings.ATTACHMENTS_DIR) / made.blob[:2] / made.blob
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    for change in (lambda: None, path.unlink):
        change()
        answer = api("cdmo_system").get(f"{URL}{made.pk}/content/")
        assert (answer.status_code, answer.json()["code"]) == (500, "damaged")


def test_a_key_of_another_file_does_not_open_it(database):
    first, second = blobs.keep(b"one"), blobs.keep(b"two")
    with pytest.raises(blobs.BlobDamagedError):
        blobs.read(first.blob, file_key=second.file_key, sha256=first.sha256)
    with pytest.raises(blobs.BlobDamagedError):
        blobs.read(first.blob, file_key=first.file_key, sha256=second.sha256)


def test_the_file_is_on_disk_before_the_record_and_stays_when_the_action_fails(record, cdmo_qa, api):
    before = {path.name for path in Path(settings.ATTACHMENTS_DIR).rglob("*") if path.is_file()}
    make.cancel(cdmo_qa, record)
    answer = send(api("cdmo_system"), record)
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
    after = {path.name for path in Path(settings.ATTACHMENTS_DIR).rglob("*") if path.is_file()}
    assert len(after - before) == 1
    assert seen_by(cdmo_qa, Attachment) == []


@pytest.mark.parametrize(
    ("key", "status"),
    [("cdmo_operator", 201), ("sponsor_qa", 404), ("rival_sponsor_qa", 404), ("cdmo_admin", 404)],
)
def test_who_may_add_a_file(record, signed_in, key, status):
    assert send(signed_in(key), record).status_code == status


def test_a_reader_of_the_other_side_adds_none(record, cdmo_qa, signed_in):
    make.release(cdmo_qa, make.triage(cdmo_qa, record))
    assert send(signed_in("sponsor_qa"), record).status_code == 403


def test_a_record_of_another_kind_takes_none(database, signed_in):
    from tests.factories import cast

    answer = signed_in("cdmo_qa").post(
        f"{URL}?subject={cast.PROGRAM}", {"file": SimpleUploadedFile("a.png", PNG)}
    )
    assert answer.status_code == 403


def test_the_sponsor_finds_a_file_after_the_release_and_the_rival_never(
    record, cdmo_qa, cdmo_operator, signed_in
):
    made = make.attach(cdmo_operator, record, data=PNG)
    sponsor, rival = signed_in("sponsor_qa"), signed_in("rival_sponsor_qa")
    addresses = (f"{URL}{made.pk}/", f"{URL}{made.pk}/content/")
    unknown = sponsor.get(f"{URL}{make.unknown_id()}/").json()
    assert [sponsor.get(each).json() for each in addresses] == [unknown, unknown]
    assert sponsor.get(URL).json()["results"] == []
    make.release(cdmo_qa, make.triage(cdmo_qa, record, version=2))
    assert sponsor.get(addresses[0]).json()["audience"] == "shared"
    assert sponsor.get(addresses[1]).content == PNG
    assert [each["id"] for each in sponsor.get(f"{URL}?subject={record.pk}").json()["results"]] == [
        str(made.pk)
    ]
    assert [rival.get(each).status_code for each in addresses] == [404, 404]
    assert rival.get(URL).json()["results"] == []


def test_a_file_added_after_the_release_is_shared_at_once(record, cdmo_qa, cdmo_operator, sponsor_qa):
    make.release(cdmo_qa, make.triage(cdmo_qa, record))
    make.attach(cdmo_operator, record)
    assert only(sponsor_qa, Attachment).audience == "shared"
    assert facts(audience="shared")[-1][0] == "file.attached"


def test_a_record_takes_fifty_files(record, cdmo_operator, monkeypatch):
    from portal.actions import attachments
    from portal.errors import Conflict

    monkeypatch.setattr(attachments, "FILES_MAX", 2)
    make.attach(cdmo_operator, record)
    make.attach(cdmo_operator, record)
    with pytest.raises(Conflict):
        make.attach(cdmo_operator, record)
