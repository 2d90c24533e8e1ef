"""A record taken away whole: its entries and proofs, its files by digest, and a paper that lasts."""

import hashlib
import io
import json
import zipfile

import pypdf
import pytest

from portal import exports
from portal.attachments import list_attachments
from portal.models import Signature
from portal.offline import verify_export
from portal.states import Meaning
from tests.deviations.conftest import only
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories.chains import PRIVATE, SHARED, publish
from tests.portal.offline.second_verifier import accepts, missing

PHOTO = b"\x89PNG\r\n\x1a\n the display at 07:24"


@pytest.fixture
def signed(database, cdmo_operator, cdmo_qa, sponsor_qa):
    """A disclosed deviation with a file, signed by the sponsor; both chains have checkpoints."""
    deviation = make.report(cdmo_operator)
    make.attach(cdmo_operator, deviation, data=PHOTO)
    deviation = make.release(cdmo_qa, make.triage(cdmo_qa, deviation, version=2))
    deviation = make.investigate(cdmo_qa, deviation)
    signing.make_signer(sponsor_qa, cast.ARVO)
    signing.sign(sponsor_qa, deviation, Meaning.CONCURRED)
    publish(SHARED), publish(PRIVATE)
    return deviation


def export(client, deviation, chain=SHARED, **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    url = f"/api/v1/ledger/{chain.space_id}/{chain.audience}/export?record={deviation.pk}&{asked}"
    return client.get(url)


def unpacked(answer):
    assert answer.status_code == 200, answer.content
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def packed(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return path


def test_it_holds_the_files_that_its_entries_name(signed, api, tmp_path, capsys):
    for key in ("cdmo_system", "sponsor_system"):
        members = unpacked(export(api(key), signed))
        digest = hashlib.sha256(PHOTO).hexdigest()
        assert members[f"files/{digest}"] == PHOTO
        assert [each for each in members if each.startswith("files/")] == [f"files/{digest}"]
        assert verify_export.main([str(packed(tmp_path / "export.zip", members))]) == 0
        words = capsys.readouterr().out
        assert "signed by" in words
        assert "concurred" in words


def swap_the_bytes(members):
    (name,) = (each for each in members if each.startswith("files/"))
    members[name] = PHOTO + b"!"


def swap_the_file_with_its_name(members):
    (name,) = (each for each in members if each.startswith("files/"))
    del members[name]
    members[f"files/{hashlib.sha256(b'another').hexdigest()}"] = b"another"


def change_the_paper(members):
    members["record.pdf"] = members["record.pdf"].replace(b"%%EOF", b"%%EOF ")


def change_the_data(members):
    members["record.json"] = members["record.json"].replace(b"investigation", b"lnvestigation")


def drop_the_paper(members):
    del members["record.pdf"]


def unsign_the_papers(members):
    about = json.loads(members["export.json"])
    del about["papers"]
    members["export.json"] = json.dumps(about).encode()


def put_papers_of_another_checkpoint(members):
    about = json.loads(members["export.json"])
    about["papers"] = about["checkpoint"]
    members["export.json"] = json.dumps(about).encode()


def add_a_member(members):
    members["readme.txt"] = b"run me"


def climb_out(members):
    members["files/../../x"] = b"x"


@pytest.mark.parametrize(
    "change",
    [swap_the_bytes, swap_the_file_with_its_name, change_the_paper, change_the_data, drop_the_paper,
     unsign_the_papers, put_papers_of_another_checkpoint, add_a_member, climb_out],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_what_was_changed_beside_the_entries_is_found_by_both_verifiers(signed, api, tmp_path, change):
    members = unpacked(export(api("sponsor_system"), signed))
    path = packed(tmp_path / "export.zip", members)
    assert verify_export.main([str(path)]) == 0
    assert accepts(path.read_bytes())
    change(members)
    packed(path, members)
    assert verify_export.main([str(path)]) == 1
    assert not accepts(path.read_bytes())


def test_the_paper_is_an_archive_pdf_with_the_data_attached(signed, api, sponsor_qa):
    members = unpacked(export(api("sponsor_system"), signed))
    reader = pypdf.PdfReader(io.BytesIO(members["record.pdf"]))
    assert reader.attachments["record.json"] == [members["record.json"]]
    root = reader.trailer["/Root"]
    assert [each.get_object()["/AFRelationship"] for each in root["/AF"]] == ["/Data"]
    assert [each.get_object()["/S"] for each in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert root["/MarkInfo"]["/Marked"]
    assert "/Encrypt" not in reader.trailer
    text = words_of(members["record.pdf"])
    for wanted in (
        "DEV-2026-0001", make.TITLE, "Unreviewed copy", "Europe/Stockholm", "UTC", "concurred", "Page 1 of",
        "Printed", SHARED.audience, make.RATIONALE,
    ):  # fmt: skip
        assert wanted in text, wanted
    assert only(sponsor_qa, Signature).printed_name in text
    assert hashlib.sha256(PHOTO).hexdigest() in text.replace("\n", "")


def test_papers_of_another_record_do_not_pass(signed, api, cdmo_qa, tmp_path):
    from tests.portal.offline.second_verifier import accepts

    other = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
    publish(SHARED)
    members, others = (unpacked(export(api("sponsor_system"), each)) for each in (signed, other))
    about, foreign = json.loads(members["export.json"]), json.loads(others["export.json"])
    assert about["checkpoint"] == foreign["checkpoint"]
    about["papers"] = foreign["papers"]
    members |= {"export.json": json.dumps(about).encode()}
    members |= {name: others[name] for name in ("record.json", "record.pdf")}
    path = packed(tmp_path / "export.zip", members)
    assert verify_export.main([str(path)]) == 1
    assert not accepts(path.read_bytes())


NAUGHTY = (
    '#eval("1+1") #read("/etc/passwd") #import "x"',
    "*bold* _it_ `raw` $x^2$ <label> @ref \\ // no /* no */",
    '"; panic("x"); "',
    "#{panic()}",
    "= Heading",
    "https://example.com/?a=b#c",
    "\u202egnp.exe",
    "\u200b\ufeff",
    "中文 日本語 العربية 😀 \U0001f468\u200d\U0001f469 e\u0301 x\u0334\u0353",
    "\ud7ff\ue000\uffff",
    "a" * 5000,
    "\t\x0b\x1f\x7f",
    "°C ≤ 5 µg/mL ± 3 Ω Ж",
)


@pytest.mark.parametrize("words", NAUGHTY, ids=range(len(NAUGHTY)))
def test_whatever_a_person_wrote_is_printed_as_words_and_never_run(database, api, cdmo_qa, words):
    deviation = make.report(
        cdmo_qa, title=words[:60] if words.isprintable() else make.TITLE, description=f"before {words} after"
    )
    deviation = make.triage(cdmo_qa, deviation)
    publish(PRIVATE)
    members = unpacked(export(api("cdmo_system"), deviation, PRIVATE))
    assert json.loads(members["record.json"])["record"]["description"] == f"before {words} after"
    text = words_of(members["record.pdf"])
    assert "before" in text
    assert "after" in text
    if words.isascii() and words.isprintable() and len(words) < 100:
        assert words.replace(" ", "") in text.replace(" ", "").replace("\n", "")


def words_of(pdf):
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    return "\n".join(pages).replace("\u200b", "").replace("\u00ad", "")


def test_on_paper_a_side_reads_only_what_it_may(database, api, cdmo_operator, cdmo_qa):
    deviation = make.report(cdmo_operator, suggested_class="critical")
    deviation = make.release(cdmo_qa, make.triage(cdmo_qa, deviation))
    publish(SHARED), publish(PRIVATE)
    inside = unpacked(export(api("cdmo_system"), deviation, PRIVATE))
    assert "critical" in words_of(inside["record.pdf"])
    # What the CDMO takes of the shared chain may be handed on: it says no more than the sponsor's own copy.
    for key in ("cdmo_system", "sponsor_system"):
        members = unpacked(export(api(key), deviation))
        assert "critical" not in words_of(members["record.pdf"])
        assert b"critical" not in members["record.json"]
        assert "withheld" in words_of(members["record.pdf"])


def test_nobody_else_gets_it_and_before_disclosure_neither_does_the_sponsor(database, api, cdmo_qa):
    deviation = make.report(cdmo_qa)
    publish(SHARED), publish(PRIVATE)
    for key, chain in (("sponsor_system", SHARED), ("sponsor_system", PRIVATE), ("rival_system", SHARED),
                       ("rival_system", PRIVATE), ("cdmo_system", SHARED)):  # fmt: skip
        for form in ("zip", "pdf"):
            answer = export(api(key), deviation, chain, **{"as": form})
            unknown = api(key).get(answer.request["PATH_INFO"], {"record": make.unknown_id(), "as": form})
            assert answer.status_code == unknown.status_code == 404, (key, form)
            assert answer.json()["code"] == unknown.json()["code"]
    assert export(api("cdmo_system"), deviation, PRIVATE).status_code == 200


def test_the_paper_alone_is_a_pdf(signed, api):
    answer = export(api("sponsor_system"), signed, **{"as": "pdf"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-1.7")
    url = f"/api/v1/ledger/{SHARED.space_id}/shared/export?as=pdf"
    assert "Deviations" in words_of(api("sponsor_system").get(url).content)
    assert api("rival_system").get(url).status_code == 404
    assert api("sponsor_system").get(f"{url[:-3]}exe").status_code == 400


def test_of_a_program_the_paper_lists_what_both_sides_may_see(signed, api, cdmo_qa):
    make.report(cdmo_qa, title="Kept inside")
    publish(SHARED), publish(PRIVATE)
    url = "/api/v1/ledger/{}/{}/export?as=pdf"
    shared = words_of(api("cdmo_system").get(url.format(cast.PROGRAM, "shared")).content)
    own = words_of(api("cdmo_system").get(url.format(cast.PROGRAM, "manufacturer")).content)
    for text in (shared, own):
        assert "DEV-2026-0001" in text
        assert "concurred" in text
    assert ("Kept inside" in shared, "Kept inside" in own) == (False, True)


def test_without_files_there_are_none_and_a_verifier_says_which(signed, api, tmp_path, capsys):
    members = unpacked(export(api("sponsor_system"), signed, files="no"))
    assert not [each for each in members if each.startswith("files/")]
    path = packed(tmp_path / "export.zip", members)
    assert verify_export.main([str(path)]) == 0
    digest = hashlib.sha256(PHOTO).hexdigest()
    assert f"MISSING: files/{digest}" in capsys.readouterr().out
    assert missing(path.read_bytes()) == {digest}


def test_a_file_that_was_swapped_with_its_row_is_told_as_missing(signed, api, tmp_path, capsys, monkeypatch):
    """A row that names another digest is not what an entry names: its file is not handed out in its place."""
    digest = hashlib.sha256(PHOTO).hexdigest()
    monkeypatch.setattr(exports, "list_attachments", lambda who: list_attachments(who).exclude(sha256=digest))
    members = unpacked(export(api("sponsor_system"), signed))
    assert not [each for each in members if each.startswith("files/")]
    path = packed(tmp_path / "export.zip", members)
    assert verify_export.main([str(path)]) == 0
    assert f"MISSING: files/{digest}" in capsys.readouterr().out
    # And another file that is put there by hand is refused.
    members[f"files/{hashlib.sha256(b'another').hexdigest()}"] = b"another"
    packed(path, members)
    assert verify_export.main([str(path)]) == 1
    assert not accepts(path.read_bytes())


def test_the_whole_chain_has_all_its_files(signed, api, tmp_path):
    members = unpacked(api("sponsor_system").get(f"/api/v1/ledger/{SHARED.space_id}/shared/export"))
    assert members[f"files/{hashlib.sha256(PHOTO).hexdigest()}"] == PHOTO
    assert verify_export.main([str(packed(tmp_path / "export.zip", members))]) == 0


def test_more_files_than_one_export_takes_are_refused_with_a_way_out(signed, api, monkeypatch):
    monkeypatch.setattr("portal.exports.FILES_BYTES_MAX", len(PHOTO) - 1)
    answer = export(api("sponsor_system"), signed)
    assert (answer.status_code, "files=no" in answer.json()["detail"]) == (413, True)
