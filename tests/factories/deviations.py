"""Deviations in each state, dull on purpose; what matters to a test stands in the test."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.factories import cast

TITLE = "Vessel temperature outside PAR"
WORDS = "The vessel temperature exceeded the PAR of 33.0-35.0 °C for 42 min."
RATIONALE = "CPP outside PAR, short against 14 days, impact unlikely."
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


def summarise(actor, deviation, **given):
    """The deviation with its preliminary summary."""
    from deviations.actions.summarise import summarise_deviation

    stated = {"summary": PRELIMINARY, "version": deviation.version}
    return summarise_deviation(actor, deviation.pk, **stated | given)


def close(actor, deviation, **given):
    """The deviation closed."""
    from deviations.actions.investigate import close_deviation

    return close_deviation(actor, deviation.pk, **{"summary": SUMMARY, "version": deviation.version} | given)


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
    if state == "cancelled":
        return cancel(qa, found)
    if state == "reported":
        return found
    found = triage(qa, found, classification)
    if released or state == "closed":
        found = release(qa, found)
    if state == "triaged":
        return found
    found = investigate(qa, found)
    return close(qa, found) if state == "closed" else found


def unknown_id():
    """An id that nobody has."""
    return uuid4()
