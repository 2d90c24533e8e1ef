"""The forms in which a recipe comes and goes; a file says by its first character which one it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from batches.models import RecipeVersion
from batches.recipes.batchml_in import read_batchml
from batches.recipes.batchml_out import write_batchml
from batches.recipes.document import BYTES_MAX, read_text, to_text
from batches.recipes.table import read_table, write_table
from batches.specs import RecipeSpec
from portal.errors import Invalid


@dataclass(frozen=True, slots=True)
class Form:
    """One form: what it is called, its media type and ending, how it is written."""

    label: str
    media_type: str
    ending: str
    write: Callable[[RecipeVersion, RecipeSpec], bytes]


FORMS: Final[Mapping[str, Form]] = {
    "json": Form("JSON", "application/json", "json", lambda _recipe, spec: to_text(spec).encode()),
    "csv": Form("CSV", "text/csv; charset=utf-8", "csv", lambda _recipe, spec: write_table(spec)),
    "batchml": Form(
        "BatchML V7",
        "application/xml",
        "xml",
        lambda recipe, spec: write_batchml(spec, revision=recipe.revision, effective=recipe.effective_from),
    ),
}


def read_file(body: bytes) -> RecipeSpec:
    """Return the recipe that a file holds: JSON of format 1, CSV or BatchML V7.

    Raises: Invalid (`recipe_invalid`, `table_broken`, `xml_hostile`, `xml_broken`, `older_version`,
    `no_batchml`).
    """
    if not body.strip():
        raise Invalid("The file is empty.", code="recipe_invalid", errors={"file": ["The file is empty."]})
    if len(body) > BYTES_MAX:
        words = f"A file has at most {BYTES_MAX:,} bytes."
        raise Invalid(words, code="recipe_invalid", errors={"file": [words]})
    first = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first == b"<" or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return read_batchml(body)
    return read_text(body.removeprefix(b"\xef\xbb\xbf")) if first in (b"{", b"[") else read_table(body)
