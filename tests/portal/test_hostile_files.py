"""Goal G34: files made to do harm are refused in words, or handed out as bytes that nothing unpacks."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.errors import TooLarge
from portal.media import PIXELS_MAX, media_type_of, pixels_of
from portal.models import Attachment
from tests.deviations.conftest import seen_by
from tests.factories import deviations as make

URL = "/api/v1/attachments/"
MEGABYTE = 1024 * 1024
SCRIPT = b"<script>alert(document.domain)</script>"


def png(width, height, data=b""):
    """A picture whose rows are zeros: a million to one when it is unpacked."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg(width, height, *, before=b""):
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8\xff\xe0\x00\x04JF" + before + b"\xff\xc2" + frame + b"\xff\xda\x00\x02rows\xff\xd9"


def webp(kind, content):
    chunk = kind + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def webp_canvas(width, height):
    return webp(b"VP8X", bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


def zipped(depth=3):
    """A ZIP of ZIPs of zeros."""
    content = bytes(MEGABYTE)
    for _ in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
            for number in range(4):
                bundle.writestr(f"{number}.zip", content)
        content = out.getvalue()
    return content


def pdf(pages, *, padding=0):
    """A document of that many pages, with a script that would run as it is opened."""
    parts = [
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    ]
    kids = b" ".join(b"%d 0 R" % (3 + each) for each in range(pages))
    parts.append(b"2 0 obj<</Type/Pages/Count %d/Kids[%s]>>endobj\n" % (pages, kids))
    parts += [b"%d 0 obj<</Type/Page/Parent 2 0 R>>endobj\n" % (3 + each) for each in range(pages)]
    return b"".join(parts) + b"%" + b"x" * padding + b"\n%%EOF"


FLOODS = {
    "flood.png": png(60_000, 60_000, zlib.compress(bytes(MEGABYTE))),
    "line.png": png(2**31 - 1, 1),
    "flood.jpg": jpeg(65_535, 65_535),
    "filled.jpg": jpeg(65_535, 65_535, before=b"\xff\xff\xff\x01rubbish"),
    "thumbnail.jpg": jpeg(160, 120)[:-10] + jpeg(65_535, 65_535)[8:],
    "flood.webp": webp_canvas(2**24, 2**24),
    "lossless.webp": webp(b"VP8L", b"\x2f" + b"\xff" * 4),
}
PICTURES = {
    "photo.png": (png(12_000, 9_000), 108_000_000),
    "photo.jpg": (jpeg(4_000, 3_000), 12_000_000),
    "photo.webp": (webp_canvas(4_000, 3_000), 12_000_000),
    "lossy.webp": (webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", 640, 480)), 307_200),
    "cut.png": (b"\x89PNG\r\n\x1a\n", 0),
    "cut.jpg": (b"\xff\xd8\xff\xc2\x00", 0),
    "cut.webp": (b"RIFF\x00\x00\x00\x00WEBPVP8L", 0),
    "headless.png": (b"\x89PNG\r\n\x1a\n" + b"x" * 30, 0),
}
REFUSED = {
    "bomb.zip": zipped(),
    "bomb.pdf": zipped(),
    "sheet.xlsx": zipped(1),
    "bomb.txt.gz": zlib.compress(bytes(MEGABYTE)),
    "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "page.jpg": b"<!doctype html>" + SCRIPT,
    "page.pdf": SCRIPT + b"%PDF-1.7",
    "laughs.xml": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "photo.png.html": png(1, 1),
    "photo.svg": png(1, 1),
    "script.csv.js": b"alert(1)",
    "movie.gif": b"GIF89a" + SCRIPT,
}
# What is two things at once is taken as the harmless one, and never handed out as the other.
POLYGLOTS = {
    "photo.png": (png(1, 1) + SCRIPT + zipped(1), "image/png"),
    "photo.jpg": (jpeg(1, 1) + b"<html>" + SCRIPT, "image/jpeg"),
    "report.pdf": (pdf(3) + SCRIPT + zipped(1), "application/pdf"),
    "note.txt": (b"<html>" + SCRIPT, "text/plain; charset=utf-8"),
    "trend.csv": (b"=cmd|' /C calc'!A0,\"@SUM(1)\"\n", "text/csv; charset=utf-8"),
}


@pytest.fixture
def record(database, cdmo_operator):
    return make.report(cdmo_operator)


@pytest.fixture
def send(record, api):
    def run(name, data):
        file = SimpleUploadedFile(name, data)
        return api("cdmo_system").post(f"{URL}?subject={record.pk}", {"file": file})

    return run


@pytest.mark.parametrize("name", FLOODS)
def test_a_small_file_that_is_a_huge_picture_is_refused_in_words(send, cdmo_qa, name):
    answer = send(name, FLOODS[name])
    assert (answer.status_code, answer.json()["code"]) == (413, "picture_too_large")
    assert answer.json()["limit"] == PIXELS_MAX
    assert name in answer.json()["detail"]
    assert seen_by(cdmo_qa, Attachment) == []


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_its_pixels_and_one_that_says_none_unpacks_to_none(name):
    data, pixels = PICTURES[name]
    kind = media_type_of(data, name)
    assert pixels_of(data, kind) == pixels


def test_the_largest_picture_is_taken_and_one_row_more_is_not():
    assert media_type_of(png(10_000, 25_000), "photo.png") == "image/png"
    with pytest.raises(TooLarge):
        media_type_of(png(10_000, 25_001), "photo.png")


@pytest.mark.parametrize("name", REFUSED)
def test_what_unpacks_or_runs_is_refused_by_name_and_leaves_nothing(send, cdmo_qa, name):
    answer = send(name, REFUSED[name])
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["file"])
    assert seen_by(cdmo_qa, Attachment) == []


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_is_two_things_at_once_is_handed_out_as_bytes_that_nothing_runs(send, api, name):
    data, kind = POLYGLOTS[name]
    made = send(name, data)
    assert made.status_code == 201, made.content
    answer = api("cdmo_system").get(made.json()["content"])
    assert answer.content == data
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    wanted = "inline" if kind.startswith("image/") else "attachment"
    assert answer.headers["Content-Disposition"].startswith(wanted)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pages.pdf", pdf(300)),
        ("huge.pdf", pdf(300, padding=14 * MEGABYTE)),
        ("bomb.png", FLOODS["flood.png"]),
    ],
)
def test_no_file_is_opened_and_memory_stays_in_proportion_to_its_bytes(send, api, name, data):
    tracemalloc.start()
    try:
        made = send(name, data)
        if made.status_code == 201:
            answer = api("cdmo_system").get(made.json()["content"])
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.content == data
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(data) + 32 * MEGABYTE
