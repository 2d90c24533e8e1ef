"""Draw icons as inline SVG, so that they take the colour of their text and print with it."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_OURS: Final = Path(__file__).resolve().parent.parent / "static/portal/icons"
_NAME: Final = re.compile(r"[a-z0-9-]+")
_BOX: Final = re.compile(r'viewBox="([\d. -]+)"')
_BODY: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def drawing(name: str) -> SafeString | None:
    """Return what stands inside the `<svg>` of the named icon, or None if no such icon is installed."""
    if not _NAME.fullmatch(name):
        return None
    # Our own drawings come first: Lucide has no staircase and not our mark.
    for folder in (_OURS, Path(settings.ICONS_DIR)):
        found = folder / f"{name}.svg"
        if found.is_file() and (body := _BODY.search(found.read_text(encoding="utf-8"))):
            # The files are our own or the pinned package's; no one's input reaches them.
            return mark_safe(" ".join(body.group(1).split()))  # noqa: S308 - trusted file, see above
    return None


@register.simple_tag
@lru_cache(maxsize=512)  # a board asks for the same few a thousand times
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """Draw the icon `name`; with `label` it is read aloud, without it is decoration.

    A missing icon leaves an empty box of the same size: a page is worth more than its ornament.
    """
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" {} focusable="false">{}</svg>',
        f" {css}" if css else "",
        spoken,
        drawing(name) or "",
    )


@register.simple_tag
def svg_image(svg: str, label: str) -> SafeString:
    """Show an SVG that our own code generated (the picture for an authenticator app) inline.

    A `data:` address would need a hole in the content security policy.
    """
    found = _BODY.search(svg)
    box = _BOX.search(svg)
    return format_html(
        '<svg viewBox="{}" role="img" aria-label="{}">{}</svg>',
        box.group(1) if box else "0 0 100 100",
        label,
        mark_safe(found.group(1)) if found else "",  # noqa: S308 - drawn by our own process from the secret
    )
