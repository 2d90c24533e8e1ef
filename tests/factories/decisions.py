"""Decision requests as the story tells them: extra samples, an early harvest, or an end."""

from __future__ import annotations

from datetime import timedelta

from portal.action import reading
from portal.actions import deciding
from portal.decisions.wording import Option, Wording
from tests.factories import batches
from tests.factories.signing import fresh

WORDS = "B-2417: continue, harvest early, or stop?"
OPTIONS = (
    Option("A", "Continue to day 14 with extra samples on days 9, 10 and 12"),
    Option("B", "Harvest on day 12"),
    Option("C", "Stop the batch"),
)
REASON = "Extra samples first; the reference lots recovered."


def wording(**given):
    """A whole question; the choice is lost in three hours unless said otherwise."""
    lost_at = batches.now() + given.pop("lost_in", timedelta(hours=3))
    return Wording(
        **{
            "title": WORDS,
            "details": "Vessel temperature outside PAR for 42 min on day 9.",
            "options": OPTIONS,
            "recommended": "A",
            "recommendation": "No CQA outside its limit; the culture recovered.",
            "meanwhile": "The culture goes on as in A.",
            "if_lost": "The culture goes on as in A; nobody agreed to it.",
            "lost_at": lost_at,
        }
        | given
    )


def draft(by, subject, **given):
    return deciding.draft_decision(by, subject.pk, wording=wording(**given))


def ask(by, request, **given):
    return deciding.ask_decision(by, request.pk, **{"version": request.version} | given)


def asked(by, subject, **given):
    return ask(by, draft(by, subject, **given))


def message(by, request, text="Which of the samples are still at hand?"):
    return deciding.write_message(by, request.pk, text=text, version=request.version)


def withdraw(by, request, **given):
    stated = {"reason": "Asked again with another time.", "version": request.version}
    return deciding.withdraw_decision(by, request.pk, **stated | given)


def to_sign(by, request, option="A", reason=REASON):
    """What somebody is shown who is about to sign an answer."""
    from portal.queries.decisions import answer_to_sign

    with reading(by):
        return answer_to_sign(by, request.pk, option=option, reason=reason)


def answer(by, request, option="A", reason=REASON, **given):
    """An answer signed by a person whose right to sign was made before."""
    found = to_sign(by, request, option, reason)
    stated = {"option": option, "reason": reason, "version": request.version, "digest": found.digest} | given
    return fresh(lambda **proof: deciding.answer_decision(by, request.pk, **{**proof, **stated}))
