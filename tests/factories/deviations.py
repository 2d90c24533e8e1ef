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


def again(deviation):
    """The deviation as it stands."""
    from portal.action import reading
    from portal.actor import system_actor

    watcher = system_actor("watchdog", deviation.space_id)
    with reading(watcher):
        return type(deviation).objects.visible_to(watcher).get(pk=deviation.pk)


def findings(modality="biologic", verdict="none"):
    """What was found of each topic of a kind of product."""
    from deviations.judging.impact import Found
    from deviations.judging.states import topics_of

    return [Found(topic, verdict, "Nothing of it is touched.") for topic in topics_of(modality)]


def conclude_impact(actor, deviation, **given):
    """The deviation with the CDMO's conclusion on its impact, not signed yet."""
    from deviations.actions.judging.impact import conclude_impact as conclude

    stated = {
        "modality": "biologic",
        "findings": findings(),
        "conclusion": "No impact on product, patient or registration is to be expected.",
        "version": deviation.version,
    }
    return conclude(actor, deviation.pk, **stated | given)


def look_around(actor, deviation, **given):
    """The deviation with other batches looked for."""
    from deviations.actions.judging.scope import look_around as look

    return look(actor, deviation.pk, **{"version": deviation.version} | given)


def name_batch(actor, deviation, batch_id=None, **given):
    """The deviation with another batch named; without one an id that nobody has."""
    from deviations.actions.judging.scope import name_batch as name

    stated = {"because": "Made with the same valve.", "version": deviation.version}
    return name(actor, deviation.pk, batch_id=batch_id or unknown_id(), **stated | given)


def decide_batch(actor, deviation, candidate=None, **given):
    """The deviation with a word on another batch; without one an id that nobody has."""
    from deviations.actions.judging.scope import decide_batch as decide

    stated = {"outcome": "excluded", "because": "Another vessel.", "version": deviation.version}
    return decide(actor, deviation.pk, candidate=candidate or unknown_id(), **stated | given)


def reclassify(actor, deviation, classification="critical", **given):
    """The deviation with another class, or one proposed."""
    from deviations.actions.judging.classes import reclassify as give

    stated = {"rationale": RATIONALE, "version": deviation.version}
    return give(actor, deviation.pk, classification=classification, **stated | given)


def confirm_class(actor, deviation, classification="major", **given):
    """The deviation with the actor's side's confirmed class."""
    from deviations.actions.judging.classes import confirm_class as confirm

    stated = {"rationale": RATIONALE, "version": deviation.version}
    return confirm(actor, deviation.pk, classification=classification, **stated | given)


def decide_class(actor, deviation, classification="critical", **given):
    """The deviation with a head of quality's word on its class."""
    from deviations.actions.judging.classes import decide_class as decide

    stated = {"text": "Growth with a breach of the barrier is critical.", "version": deviation.version}
    return decide(actor, deviation.pk, classification=classification, **stated | given)


def assess_risk(actor, deviation, **given):
    """The deviation with the short risk form of the actor's side."""
    from deviations.actions.judging.risk import assess_deviation_risk

    stated = {
        "hazard": "The vessel leaves its range again unseen.",
        "severity": 4,
        "likelihood": 2,
        "detectability": 2,
        "decision_maker": "Quality head",
        "formality": "medium",
        "formality_why": "One unit type, the cause is proved.",
        "version": deviation.version,
    }
    return assess_deviation_risk(actor, deviation.pk, **stated | given)


def link(actor, deviation, other_id=None, **given):
    """The deviation linked to another; without one to an id that nobody has."""
    from deviations.actions.judging.ties import link_deviations

    stated = {"because": "The same valve.", "version": deviation.version}
    return link_deviations(actor, deviation.pk, other_id=other_id or unknown_id(), **stated | given)


def merge(actor, deviation, other_id=None, **given):
    """The deviation merged into another; without one into what nobody has."""
    from deviations.actions.judging.ties import merge_deviation

    stated = {"because": "One cause, one event.", "version": deviation.version}
    return merge_deviation(actor, deviation.pk, other_id=other_id or unknown_id(), **stated | given)


def sign_impact(deviation, side="manufacturer", code="Head 01"):
    """What the signature on the newest assessment of a side brings about, without the ceremony."""
    from deviations.judging.impact import assessments_of
    from deviations.judging.signing import IMPACT_ASSESSMENT
    from portal.action import action, instant
    from portal.models import Signature
    from tests.conftest import actor as member

    keys = {"manufacturer": "cdmo_quality_head", "sponsor": "sponsor_quality_head"}
    if deviation.space_id == cast.RIVAL_PROGRAM:
        keys = {"manufacturer": "cdmo_quality_head", "sponsor": "rival_sponsor_qa"}

    @action("test.conclude")
    def sealed(actor):
        found = assessments_of(actor, deviation).filter(side=side).first()
        IMPACT_ASSESSMENT.signed(actor, found, Signature(code=code, signed_at=instant()))

    sealed(member(keys[side]))
    return again(deviation)


def judged(actor, deviation):
    """The deviation with its impact concluded and each other batch decided on, as its report needs it."""
    from deviations.judging.impact import deviation_scope
    from portal.action import reading

    if deviation.scoped_at is None:
        deviation = look_around(actor, deviation)
    with reading(actor):
        open_ones = list(deviation_scope(actor, deviation).filter(outcome="").values_list("pk", flat=True))
    for each in open_ones:
        deviation = decide_batch(actor, deviation, each)
    if deviation.impact_concluded_at is None:
        deviation = sign_impact(conclude_impact(actor, deviation))
    return deviation


def submit(actor, deviation, **given):
    """The deviation with its report in CDMO QA's review, judged before where its class asks for it."""
    from deviations.access import class_of
    from deviations.actions.reviews import submit_report
    from portal.action import reading

    with reading(actor):
        is_minor = class_of(actor, deviation) == "minor"
    if not is_minor and deviation.state == "under_investigation" and "version" not in given:
        deviation = judged(actor, deviation)
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
