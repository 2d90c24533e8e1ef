"""What drafts say, outside the ledger: written beside the row, read into it, dropped when the draft is over.

A draft from before there were papers says it in its row until it is changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeVar

from django.utils.translation import gettext as _

from portal.action import current_action
from portal.actor import Actor
from portal.models import Paper
from portal.models.paper import Drafted
from portal.sealing import Unreadable, require_readable

D = TypeVar("D", bound=Drafted)


def save_draft(draft: Drafted, *, is_new: bool = False) -> None:
    """Save a draft without its words, which go into its paper; a shared step. Raises: KeyUnavailable."""
    current_action()
    said = {name: str(getattr(draft, name)) for name in draft.WORDS}
    for words in said.values():
        require_readable(words)
    for name in said:
        setattr(draft, name, "")
    draft.save(force_insert=is_new)
    for name, words in said.items():
        setattr(draft, name, words)
    paper = Paper.objects.filter(space_id=draft.space_id, subject_id=draft.pk).first() or Paper(
        space_id=draft.space_id, audience=draft.audience, subject_id=draft.pk
    )
    paper.text = json.dumps(said, ensure_ascii=False)
    paper.save()


def drop_paper(draft: Drafted) -> None:
    """Forget what a draft said; a shared step."""
    current_action()
    Paper.objects.filter(space_id=draft.space_id, subject_id=draft.pk).delete()


def with_words(actor: Actor, rows: Iterable[D]) -> list[D]:
    """Return records with what the drafts among them say; at most one query."""
    found = list(rows)
    drafts = {each.pk: each for each in found if each.is_draft}
    papers = Paper.objects.visible_to(actor).filter(subject_id__in=drafts) if drafts else ()
    for paper in papers:
        draft = drafts[paper.subject_id]
        if isinstance(paper.text, Unreadable):
            said = dict.fromkeys(draft.WORDS, paper.text)
        else:
            said = json.loads(paper.text)
        for name, words in said.items():
            setattr(draft, name, words)
    for each in found:
        if each.is_given_up and not getattr(each, each.WORDS[0]):
            setattr(each, each.WORDS[0], _("Draft, given up"))
    return found


def read_words(actor: Actor, row: D) -> D:
    """Return one record with what it says, also while it is a draft."""
    return with_words(actor, [row])[0]
