"""What of holds the page of a batch shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.forms import REASON_MAX, REASON_MIN
from batches.models import Batch, BatchHold
from batches.queries.holds import hold_words, list_batch_holds
from batches.states import HOLDERS, BatchState, HoldKind, StandState
from portal.actor import Actor
from portal.shell import LINKS
from portal.states import Audience
from portal.terms import clause_link

Context = dict[str, Any]


class HoldForm(forms.Form):
    """A hold that a person places."""

    kind = forms.ChoiceField(label=_("Kind"), choices=HoldKind.choices)
    scope = forms.CharField(
        label=_("Scope"),
        max_length=200,
        required=False,
        help_text=_("The hold point, or what is out of use. A status hold needs none."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    audience = forms.ChoiceField(
        label=_("Who reads it"), choices=[each for each in Audience.choices if each[0] != Audience.SPONSOR]
    )


class LiftForm(forms.Form):
    """Why a hold is lifted."""

    hold = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def holds_card(actor: Actor, batch: Batch, zone: str) -> Context:
    """Return for `holds.html` what stands on a batch, what stood, and the forms of who may change it."""
    may = actor.holds(batch.space_id, *HOLDERS)
    lines = [_line(each, may=may) for each in list_batch_holds(actor, batch_id=batch.pk)]
    return {
        "lines": [each for each in lines if each["stands"]],
        "past": [each for each in lines if not each["stands"]],
        "form": HoldForm(auto_id="hold-%s") if may and batch.state != BatchState.DISCONTINUED else None,
        "zone": zone,
    }


def _line(hold: BatchHold, *, may: bool) -> Context:
    stands = hold.state == StandState.STANDING
    initial = {"hold": hold.pk, "version": hold.version}
    return {
        "hold": hold,
        "words": hold_words(hold),
        "stands": stands,
        "cause_url": _cause_url(hold),
        "clause": clause_link(hold.space_id, hold.clause, hold.terms),
        "private": Audience(hold.audience).label if hold.audience != Audience.SHARED else "",
        "form": LiftForm(initial=initial, auto_id=f"lift-{hold.pk}-%s")
        if may and stands and hold.cause_id is None
        else None,
    }


def _cause_url(hold: BatchHold) -> str:
    """Return where the cause is read: a deviation by clause, else the stop of the lot's identity."""
    if hold.cause_id is None:
        return ""
    if not hold.clause:
        return f"/batches/{hold.batch_id}/custody/"
    return LINKS["deviation"].format(id=hold.cause_id)
