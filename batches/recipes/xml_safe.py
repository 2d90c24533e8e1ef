"""XML from strangers: read without definitions of any kind, written as text (goal G34)."""

from __future__ import annotations

from typing import Final, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from batches.recipes.document import BYTES_MAX
from portal.errors import Invalid

DEPTH_MAX: Final = 60


def read_xml(body: bytes) -> Element:
    """Return the root of an XML document; its own definitions are refused, whatever they say.

    Raises: Invalid (`xml_hostile` for a document type, entities or nesting without end, else `xml_broken`).
    """
    if len(body) > BYTES_MAX:
        _refuse("xml_broken", f"A file has at most {BYTES_MAX:,} bytes.")
    try:
        root: Element = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        _refuse(
            "xml_hostile",
            "The file defines a document type or entities of its own. These are not read, as they could reach"
            " other files or unfold without end; export it without a DOCTYPE.",
        )
    except (ParseError, ValueError, LookupError) as error:
        _refuse("xml_broken", f"This is no well-formed XML: {error}.")
    _require_flat(root)
    return root


def _require_flat(root: Element) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            _refuse("xml_hostile", f"The file is nested more than {DEPTH_MAX} deep.")
        level = [child for each in level for child in each]


def _refuse(code: str, words: str) -> NoReturn:
    raise Invalid(words, code=code, errors={"file": [words]})
