"""Print a record: PDF/A-3 made with typst, the data attached. Words go in as data, never as markup."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.dossiers import Dossier, Section, both_times
from portal.errors import Unavailable
from portal.queries.signatures import SignatureLine
from portal.states import Audience

STANDARD: Final = "a-3b"
TEMPLATE: Final = Path(__file__).with_name("templates") / "portal" / "paper" / "record.typ"
# A page is made in about 30 ms; beyond this many lines the entries themselves are the list.
LINES_MOST: Final = 2000
CHARACTERS_MOST: Final = 20_000
# Printing keeps a processor busy: one waits rather than slowing every page.
_presses: Final = threading.BoundedSemaphore(2)
WAIT_S: Final = 5.0
# What the built-in fonts hold for certain; another character is printed as its code point.
HELD: Final = re.compile(
    "[^\n -~\u00a0-\u017f\u0386-\u03ce\u0400-\u045f"
    "\u2010-\u2027\u2030-\u203a\u20ac\u2122\u2190-\u2193\u2212\u2264\u2265]"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What the printed record says of its chain: which entries, under which checkpoint."""

    audience: str
    origin: str
    size: int
    root: str
    signed_at: datetime
    keys: Sequence[str]
    witnesses: Sequence[str]


def print_dossier(dossier: Dossier, proof: Proof, *, as_of: datetime, now: datetime, data: bytes) -> bytes:
    """Return the PDF of a dossier with its data attached. Raises: Unavailable while too many print."""
    paper = paper_of(dossier, proof, as_of=as_of, now=now)
    if not _presses.acquire(timeout=WAIT_S):
        raise Unavailable("Several records are being printed. Try again in a few seconds.")
    try:
        return _pressed(paper, data)
    finally:
        _presses.release()


def _pressed(paper: Mapping[str, Any], data: bytes) -> bytes:
    """Return the PDF; a standard that lasts wants every character to have a shape in the fonts within."""
    try:
        # Large: it comes once the product serves (requirements/extra.in), and is loaded when it is needed.
        import typst  # noqa: PLC0415 - as above
    except ImportError as error:
        raise Unavailable("What prints records is still being set up. Try again in a minute.") from error
    try:
        return _compiled(typst, paper, data)
    except typst.TypstError:
        return _compiled(typst, _shaped(paper), data)


def _compiled(typst: Any, paper: Mapping[str, Any], data: bytes) -> bytes:
    inputs = {"paper": orjson.dumps(paper).decode(), "record": data.decode()}
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(), sys_inputs=inputs, pdf_standards=STANDARD, ignore_system_fonts=True
    )
    return made


def _shaped(value: Any) -> Any:
    """Return the words with characters the fonts lack as code points, so that none is lost unseen."""
    if isinstance(value, str):
        return HELD.sub(lambda each: f"[U+{ord(each[0]):04X}]", unicodedata.normalize("NFC", value))
    if isinstance(value, Mapping):
        return {name: _shaped(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shaped(each) for each in value]
    return value


def _plain(value: Any) -> Any:
    """Return the words without what steers a line or a reader: control and direction characters."""
    if isinstance(value, str):
        kept = value.replace("\r\n", "\n").replace("\t", "    ")[:CHARACTERS_MOST]
        return "".join(
            each if each == "\n" or unicodedata.category(each)[0] != "C" else f"[U+{ord(each):04X}]"
            for each in kept
        )
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def paper_of(dossier: Dossier, proof: Proof, *, as_of: datetime, now: datetime) -> dict[str, Any]:
    """Return what the template prints, as plain JSON in the reader's language."""
    program, at = dossier.program, now.astimezone(UTC)
    parties = {"manufacturer": program.manufacturer_name, "sponsor": program.sponsor_name}
    paper = {
        "title": f"{dossier.number} {dossier.title}",
        "heading": f"{dossier.number}  {dossier.title}",
        "author": " / ".join(parties.values()),
        "language": (get_language() or "en").partition("-")[0],
        "printed": {name: getattr(at, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "number": dossier.number,
        "kind": dossier.kind,
        "mark": dossier.mark or _("Unreviewed copy"),
        "lede": _("%(manufacturer)s for %(sponsor)s, program %(code)s") % {**parties, "code": program.code},
        "statement": dossier.statement,
        "says": _says(dossier, proof, parties, as_of),
        "facts": dossier.facts,
        "sections": [asdict(each) for each in dossier.sections],
        "signatures": _signatures(dossier),
        "closing": [asdict(each) for each in (*_timeline(dossier), _proof(proof, dossier.zone))],
        "attachment": _("The record as data, as of the same instant"),
        "printed-words": _("Printed %s") % both_times(now, dossier.zone),
        "page-words": [_("Page"), _("of")],
    }
    shown: dict[str, Any] = _plain(paper)
    return shown


def _says(dossier: Dossier, proof: Proof, parties: Mapping[str, str], as_of: datetime) -> list[str]:
    """Return what this copy is, what it leaves out, and of when it is."""
    if proof.audience == Audience.SHARED:
        whose = _(
            "It shows what both sides may see. What is private to %(manufacturer)s or to %(sponsor)s is"
            " withheld; whether there is any, this copy does not say."
        ) % {"manufacturer": parties["manufacturer"], "sponsor": parties["sponsor"]}
    else:
        whose = _(
            "It shows what %(company)s may see, with what is private to that side. It is not meant for the"
            " other side, whose private records are not in it."
        ) % {"company": parties.get(proof.audience, "")}
    is_copy = not dossier.mark
    return [
        *([_("Unreviewed copy, for information; no instruction to the floor.")] if is_copy else []),
        whose,
        _("Rebuilt from sealed entries of the ledger as of %s.") % both_times(as_of, dossier.zone),
    ]


def _signatures(dossier: Dossier) -> dict[str, Any] | None:
    if dossier.signatures is None:
        return None
    lines = [_signature(each) for each in dossier.signatures]
    return {"heading": _("Signatures"), "none": _("Nobody has signed this record."), "lines": lines}


def _signature(line: SignatureLine) -> dict[str, Any]:
    """Return a signature as it is printed: name, both times, meaning (21 CFR 11.50)."""
    each = line.signature
    if line.holds is None:
        stands = _("cannot be checked without the key of its organisation")
    elif not line.holds:
        stands = _("DOES NOT HOLD: the record was signed with other content")
    elif line.is_current:
        stands = _("holds for this version")
    else:
        stands = _("the record changed since")
    return {
        "name": each.printed_name,
        "meaning": capfirst(str(each.get_meaning_display())),
        "role": f"{each.code}, {each.organisation}",
        "current": line.is_current and bool(line.holds),
        "fields": [
            (_("Signed"), both_times(each.signed_at, each.zone)),
            (_("Meaning"), str(each.get_meaning_display())),
            (_("Version"), f"{each.subject_version}, {stands}"),
            (_("SHA-256 of what was signed"), each.digest),
        ],
    }


def _timeline(dossier: Dossier) -> Iterable[Section]:
    if dossier.timeline is None:
        return
    lines = dossier.timeline[-LINES_MOST:]
    left_out = len(dossier.timeline) - len(lines)
    note = _("Sealed entries of the ledger, oldest first.")
    if left_out:
        note += " " + _("%d earlier ones are not printed; they stand in the export.") % left_out
    yield Section(
        heading=_("Timeline"),
        note=note,
        columns=(_("Entry"), _("Site time and UTC"), _("What happened"), _("By")),
        widths=(0, 0, 3, 2),
        rows=[
            (f"{_short(each.audience)} {each.seq}", both_times(each.at, dossier.zone), each.words, each.code)
            for each in lines
        ],
    )


def _short(audience: str) -> str:
    return _("shared") if audience == Audience.SHARED else _("private")


def _proof(proof: Proof, zone: str) -> Section:
    return Section(
        heading=_("Proof"),
        note=_(
            "The export that this copy belongs to holds the entries, their proofs, the files and a program"
            " that checks them on any computer with Python: python3 verify.py EXPORT.zip"
        ),
        fields=[
            (_("Chain"), proof.origin),
            (
                _("Checkpoint"),
                _("%(size)d entries, signed %(at)s")
                % {"size": proof.size, "at": both_times(proof.signed_at, zone)},
            ),
            (_("Root"), proof.root),
            *((_("Key of the log"), each) for each in proof.keys),
            *((_("Witness"), each) for each in proof.witnesses),
        ],
    )
