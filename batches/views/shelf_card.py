"""What of shelved alarms the page of a batch shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from batches.forms import REASON_MAX, REASON_MIN
from batches.models import AlarmShelf, Limit
from batches.queries import BatchDetail
from batches.queries.shelves import list_shelves, what_happened
from batches.recipes.rows import limit_spec
from batches.recipes.words import course_in_short, limit_words
from batches.states import SHELVERS, BatchState
from portal.action import instant
from portal.actor import Actor
from portal.states import Audience

HOURS: Final = (1, 2, 4, 8, 12)
PAST_MOST: Final = 20
Context = dict[str, Any]


class ShelveForm(forms.Form):
    """Which alarm waits, for how long, and why."""

    limit = forms.ChoiceField(label=_("Alarm"))
    hours = forms.TypedChoiceField(label=_("For"), coerce=int)
    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, limits: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["limit"]).choices = limits
        words = [(each, ngettext("%(n)s hour", "%(n)s hours", each) % {"n": each}) for each in HOURS]
        cast("forms.ChoiceField", self.fields["hours"]).choices = words


class UnshelveForm(forms.Form):
    """Which shelf ends."""

    shelf = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


def limit_choices(detail: BatchDetail) -> list[tuple[str, str]]:
    """Return the limits of the present phase, each with its parameter."""
    phase_id = detail.batch.phase_id
    return [
        (str(limit.pk), f"{state.parameter.title}: {_words(limit, state.parameter.unit)}")
        for state in detail.parameters
        for limit in state.applying(phase_id)
    ]


def _words(limit: Limit, unit: str) -> str:
    bare = replace(limit_spec(limit), rationale="", delay_s=0, min_duration_s=0, settle_s=0)
    return limit_words(bare, unit, course_in_short)


def shelves_card(actor: Actor, detail: BatchDetail, zone: str) -> Context:
    """Return for `shelves.html` what is shelved, what was, and the forms of who may change it."""
    batch = detail.batch
    may = actor.holds(batch.space_id, *SHELVERS)
    rows = list(list_shelves(actor, batch_id=batch.pk).order_by("-shelved_at", "id")[: 3 * PAST_MOST])
    now = instant()
    standing = [each for each in rows if each.holds(now)]
    runs = batch.state == BatchState.IN_PROCESS
    limits = limit_choices(detail) if may and runs else []
    return {
        "lines": [_line(each, may=may) for each in standing],
        "past": [_line(each, may=False) for each in rows if each not in standing][:PAST_MOST],
        "form": ShelveForm(limits=limits, auto_id="shelve-%s") if limits else None,
        "zone": zone,
    }


def _line(shelf: AlarmShelf, *, may: bool) -> Context:
    initial = {"shelf": shelf.pk, "version": shelf.version}
    return {
        "shelf": shelf,
        "words": f"{shelf.parameter.title}: {_words(shelf.limit, shelf.parameter.unit)}",
        "happened": what_happened(shelf) if shelf.ended_at is not None else "",
        "lasted": (shelf.ended_at or shelf.until) - shelf.shelved_at,
        "private": Audience(shelf.audience).label if shelf.audience != Audience.SHARED else "",
        "form": UnshelveForm(initial=initial, auto_id=f"unshelve-{shelf.pk}-%s") if may else None,
    }
