"""Deviations in each state, dull on purpose; what matters to a test stands in the test."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.factories import cast

TITLE = "Vessel temperature outside PAR"
WORDS = "The vessel temperature exceeded the PAR of 33.0-35.0 °C for 42 min."
RATIONALE = "CPP outside PAR, short against 14 days, impact unlikely."
REPORT = (
    "Cause: positioner seal of TV-203 worn. Impact: none on quality. Follows: seals changed on four vessels."
)
SUMMARY = "Positioner seal of TV-203 worn; seals changed, no impact on quality."
PRELIMINARY = "Jacket valve stuck on the warm side; back-up unit in use, cause not known yet."
REASON = "Entered twice by two people."


def now():
    """The database's clock, as the test has moved it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select portal.instant()")
        return cursor.fetchone()[0]


def report(actor, program=cast.PROGRAM, **given):
    """A deviation that the actor reports: occurred 2 h ago, detected 1 h ago."""
    from deviations.actions.report import report_deviation

    at = now()
    stated = {
        "title": TITLE,
        "description": WORDS,
        "occurred_at": at - timedelta(hours=2),
        "detected_at": at - timedelta(hours=1),
    }
    return report_deviation(actor, program, **stated | given).deviation


def triage(actor, deviation, classification="major", **given):
    """The deviation with a provisional class."""
    from deviations.actions.judge import triage_deviation

    stated = {"rationale": RATIONALE, "version": deviation.version}
    return triage_deviation(actor, deviation.pk, classification=classification, **stated | given)


def release(actor, deviation, **given):
    """The deviation with its notice released."""
    from deviations.actions.release import release_notice

    return release_notice(actor, deviation.pk, **{"version": deviation.version} | given)


def investigate(actor, deviation, **given):
    """The deviation under investigation."""
    from deviations.actions.investigate import investigate_deviation

    return investigate_deviation(actor, deviation.pk, **{"version": deviation.version} | given)


def assess(actor, deviation, **given):
    """The deviation with the sponsor's product-impact assessment."""
    from deviations.actions.assess import assess_impact

    stated = {"classification": "minor", "rationale": RATIONALE, "version": deviation.version}
    return assess_impact(actor, deviation.pk, **stated | given)


def summarise(actor, deviation, **given):
    """The deviation with its preliminary summary."""
    from deviations.actions.summarise import summarise_deviation

    stated = {"summary": PRELIMINARY, "version": deviation.version}
    return summarise_deviation(actor, deviation.pk, **stated | given)


def dismiss(actor, deviation, **given):
    """The deviation of which somebody thinks that it is none."""
    from deviations.actions.reviews import dismiss_deviation

    return dismiss_deviation(actor, deviation.pk, **{"reason": REASON, "version": deviation.version} | given)


def share_draft(actor, deviation, **given):
    """The deviation with a draft of its report shared."""
    from deviations.actions.drafts import share_draft as share

    return share(actor, deviation.pk, **{"report": REPORT, "version": deviation.version} | given)


def comment(actor, deviation, **given):
    """The deviation with a comment of the sponsor on its report."""
    from deviations.actions.drafts import comment_on_report

    stated = {"text": "Which seal, by whom?", "version": deviation.version}
    return comment_on_report(actor, deviation.pk, **stated | given)


def finish_comments(actor, deviation, **given):
    """The deviation with whose draft the sponsor is through."""
    from deviations.actions.drafts import finish_comments as finish

    return finish(actor, deviation.pk, **{"version": deviation.version} | given)


def answer_comment(actor, deviation, **given):
    """The deviation with its first open comment answered; of one without any an id that nobody has."""
    from deviations.actions.drafts import answer_comment as answer
    from deviations.rounds import open_comments
    from portal.action import reading

    with reading(actor):
        found = open_comments(actor, deviation).first()
    stated = {
        "comment": found.pk if found is not None else unknown_id(),
        "outcome": "answered",
        "answer": "Seal 14, by the supplier.",
        "version": deviation.version,
    }
    return answer(actor, deviation.pk, **stated | given)


def return_report(actor, deviation, **given):
    """The deviation with its report handed back."""
    from deviations.actions.reviews import return_report as hand_back

    return hand_back(actor, deviation.pk, **{"reason": REASON, "version": deviation.version} | given)


def object_report(actor, deviation, **given):
    """The deviation to whose report the sponsor objects."""
    from deviations.actions.reviews import object_to_report

    return object_to_report(actor, deviation.pk, **{"reason": REASON, "version": deviation.version} | given)


def settle(actor, deviation, **given):
    """The deviation with a head of quality's word on the objection."""
    from deviations.actions.reviews import settle_disagreement

    stated = {"outcome": "stands", "text": "The evidence holds.", "version": deviation.version}
    return settle_disagreement(actor, deviation.pk, **stated | given)


def submit(actor, deviation, **given):
    """The deviation with its report in CDMO QA's review."""
    from deviations.actions.reviews import submit_report

    stated = {"report": REPORT, "version": deviation.version}
    return submit_report(actor, deviation.pk, **stated | given)


def seal(actor, deviation, meaning):
    """What a signature brings about, without the ceremony, which has tests of its own."""
    from deviations.access import lock_for_signature
    from deviations.signing import note_signature
    from portal.action import action, instant
    from portal.models import Signature

    @action("test.seal")
    def sealed(actor):
        found = lock_for_signature(actor, deviation.pk)
        note_signature(actor, found, Signature(meaning=meaning, code="Head 01", signed_at=instant()))
        return found

    return sealed(actor)


def approve(actor, deviation):
    """The deviation with an approved report."""
    return seal(actor, deviation, "approved")


def concur(_actor, deviation):
    """The deviation with whose report the sponsor concurs."""
    from tests.conftest import actor as member

    return seal(member("sponsor_qa"), deviation, "concurred")


def review(actor, deviation, **given):
    """The deviation reviewed by both sides."""
    found = approve(actor, submit(actor, deviation, **given))
    return concur(actor, found) if found.state == "sponsor_review" else found


def close(actor, deviation, **given):
    """The deviation closed as it stands."""
    from deviations.actions.investigate import close_deviation

    return close_deviation(actor, deviation.pk, **{"summary": SUMMARY, "version": deviation.version} | given)


def finish(actor, deviation, **given):
    """The deviation closed after both reviews."""
    return close(actor, review(actor, deviation), **given)


def cancel(actor, deviation, **given):
    """The deviation cancelled."""
    from deviations.actions.investigate import cancel_deviation

    return cancel_deviation(actor, deviation.pk, **{"reason": REASON, "version": deviation.version} | given)


def attach(actor, deviation, name="photo.png", data=b"\x89PNG\r\n\x1a\n canary"):
    """A file on the deviation."""
    from portal import blobs, media
    from portal.actions.attachments import attach_file

    kept = blobs.keep(data)
    return attach_file(
        actor,
        deviation.pk,
        name=name,
        media_type=media.media_type_of(data, name),
        size=kept.size,
        sha256=kept.sha256,
        blob=kept.blob,
        file_key=kept.file_key,
    )


def in_state(state, qa, *, classification="major", released=False):
    """A deviation brought to a state by CDMO QA, the shortest way."""
    found = report(qa)
    early = {
        "reported": lambda: found,
        "cancelled": lambda: cancel(qa, found),
        "no_deviation": lambda: seal(qa, dismiss(qa, found), "approved"),
    }
    if state in early:
        return early[state]()
    found = triage(qa, found, classification)
    if released or state in ("closed", "sponsor_review"):
        found = release(qa, found)
    if state == "triaged":
        return found
    found = investigate(qa, found)
    late = {
        "under_investigation": lambda: found,
        "cdmo_qa_review": lambda: submit(qa, found),
        "sponsor_review": lambda: approve(qa, submit(qa, found)),
        "closed": lambda: close(qa, review(qa, found) if classification != "minor" else found),
    }
    return late[state]()


def unknown_id():
    """An id that nobody has."""
    return uuid4()
