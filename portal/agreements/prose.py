"""The prose of a clause, Markdown made HTML: no markup of the writer's own, no pictures."""

from __future__ import annotations

import re
from typing import Final

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")

# A line end within a paragraph; lists, tables, quotes and headings keep theirs.
_SOFT: Final = re.compile(r"(?<=\S)[ \t]?\n(?!\s|\Z|[-*+]\s|[->=#|]|\d+[.)]\s)")


def unwrapped(text: str) -> str:
    """Return Markdown with each paragraph on one line, as it reads where line ends are shown."""
    return _SOFT.sub(" ", text)


def prose(text: str) -> SafeString:
    """Return Markdown as HTML; whatever looks like HTML in it is shown as it was written."""
    html: SafeString = mark_safe(_MARKDOWN.render(text))  # noqa: S308 - the renderer escapes all markup
    return html
