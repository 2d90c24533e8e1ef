"""How a watch model is signed: by its author at the CDMO, then by the sponsor, which puts it in force."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from batches.models import WatchModel
from batches.watched.facts import WatchModelApproved, WatchModelProposed, WatchModelSuperseded
from batches.watched.states import WATCH_APPROVERS, WATCH_AUTHORS, WatchState
from batches.watched.words import whole_batch
from portal import ledger
from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Signature
from portal.signable import Rule, Shown, Signable
from portal.states import Meaning
from portal.templatetags.times import duration

RULES: Final = {
    Meaning.AUTHORED: Rule(WATCH_AUTHORS, (WatchState.DRAFTED,)),
    Meaning.APPROVED: Rule(WATCH_APPROVERS, (WatchState.PROPOSED,)),
}


def get_watch_model(actor: Actor, model_id: UUID) -> WatchModel:
    """Return a watch model that the actor may see; raises NotFound."""
    return get_visible(WatchModel, actor, model_id)


def lock_for_signature(actor: Actor, model_id: UUID) -> WatchModel:
    """Hand out the locked model as it stands; raises NotFound."""
    found = WatchModel.objects.visible_to(actor).select_for_update(of=("self",)).with_id(model_id)
    if found is None:
        raise NotFound
    return found


def show_watch_model(actor: Actor, model: WatchModel) -> Shown:
    """Return what a signer reads: from what it was learned, what it watches, its document's digest."""
    program = get_program(actor, model.space_id)
    fields = {
        "Watch": model.number,
        "Master record": model.recipe_number,
        "Title": model.title,
        "Program": program.code,
        "Learned from": ", ".join(str(number) for _, number in model.training),
        "Batch as a whole": whole_batch(model.learned),
        **{f"Parameter {code}": _line(each) for code, each in sorted(model.learned["lines"].items())},
        "Phases": "; ".join(
            f"{code}: {places} places of {duration(round(step_s))}"
            for code, step_s, places in model.learned["phases"]
        ),
        "What it does": "It tells both sides early. It sets no limit and makes no deviation.",
        "SHA-256 of the document": model.digest,
    }
    return Shown(model.number, model.title, program.zone, fields)


def _line(line: dict[str, Any]) -> str:
    rules = ", ".join(str(each) for each in line["rules"])
    level = "level by EWMA and CUSUM" if line["level"] else "no level: it wanders between good batches"
    return f"envelope; {level}" + (f"; Nelson rules {rules}" if rules else "")


def note_signature(actor: Actor, model: WatchModel, signature: Signature) -> None:
    """Move the model on: to the sponsor by its author's signature, into force by the sponsor's."""
    if signature.meaning == Meaning.AUTHORED:
        model.state = WatchState.PROPOSED
        model.save(update_fields=["state"])
        ledger.record(model, WatchModelProposed(digest=model.digest, code=signature.code))
        return
    rows = WatchModel.objects.visible_to(actor).filter(
        space_id=model.space_id, recipe_number=model.recipe_number, state=WatchState.IN_FORCE
    )
    for old in rows.select_for_update(of=("self",)):
        old.end(WatchState.SUPERSEDED, signature.signed_at)
        old.save(update_fields=["state", "until", "version"])
        ledger.record(old, WatchModelSuperseded(by_id=model.pk))
    model.state, model.in_force_at = WatchState.IN_FORCE, signature.signed_at
    model.save(update_fields=["state", "in_force_at"])
    ledger.record(model, WatchModelApproved(digest=model.digest, code=signature.code))


def _is_author(actor: Actor, model: WatchModel) -> bool:
    return actor.is_one_of(model.space_id, person_id=model.asked_by, code=model.asked_code)


def _address(model: Any) -> str:
    return reverse("watch_page", args=[model.pk])


WATCH_MODEL: Final = Signable(
    type="watch_model",
    rules=RULES,
    find=get_watch_model,
    lock=lock_for_signature,
    show=show_watch_model,
    is_author=_is_author,
    address=_address,
    signed=note_signature,
)
