"""Facts are read for as long as records are kept: one that was ever written is never changed, only added to.

A fact whose members change gets a new version, and its old line stays here; what renders it must know both.
"""

from dataclasses import fields

import pytest

from batches import facts as batch_facts
from batches.custody import facts as custody_facts
from batches.executed import facts as executed_facts
from deviations import facts as deviation_facts
from deviations.queries.history import words_of
from portal.facts import Fact

# (name, version): the members, as they are sealed.
SHIPPED = {
    ("access_review.decided", 1): "number kept ended",
    ("access_review.line_decided", 1): "number kind subject_id decision",
    ("access_review.opened", 1): "number lines",
    ("agreement.agreed", 1): "number digest effective_from",
    ("agreement.drafted", 1): "based_on program_id digest",
    ("agreement.edited", 1): "digest",
    ("agreement.end_asked", 1): "side ends_at",
    ("agreement.pen_passed", 1): "pen",
    ("agreement.reopened", 1): "code",
    ("agreement.submitted", 1): "number pen digest",
    ("agreement.terminated", 1): "number until",
    ("agreement.withdrawn", 1): "code",
    ("alert.acknowledged", 1): "code",
    ("alert.delivered", 1): "code",
    ("alert.opened", 1): "code",
    ("alert.raised", 1): "kind side clause subject_id",
    ("alert.refused", 1): "code step",
    ("assignment.ended", 1): "target_id",
    ("assignment.given", 1): "target_id side role code",
    ("custody.declared", 1): "batch_id event_id declared_at corrected_by",
    ("custody.taken", 1): "file_id sha256 accepted duplicates declared refused",
    ("identity.checked", 1): "batch_id code disagrees",
    ("identity.mismatched", 1): "batch_id check_id disagrees",
    ("identity.needed", 1): "needed_at",
    ("identity.read", 1): "batch_id kind at code disagrees",
    ("identity.released", 1): "batch_id cdmo_code sponsor_code",
    ("identity.reread", 1): "batch_id check_id",
    ("identity.set", 1): "code",
    ("batch.completed", 1): "ended_at",
    ("batch.discontinued", 1): "ended_at",
    ("alarm.shelved", 1): "batch_id parameter limit_kind until",
    ("alarm.unshelved", 1): "batch_id by_itself ended_at excursions lasting",
    ("batch.held", 1): "hold_id kind cause_id clause",
    ("batch.hold_lifted", 1): "hold_id kind cause_id",
    ("batch.mirrored", 1): "as_of",
    ("batch.phase_entered", 1): "phase at",
    ("batch.planned", 1): "recipe_version_id planned_start",
    ("batch.started", 1): "started_at phase",
    ("batch.record_adopted", 1): "steps entries results",
    ("calendar.set", 1): "side number effective_on",
    ("clock.breached", 1): "kind clause due_at",
    ("clock.extended", 1): "kind due_before due_at extensions",
    ("clock.moved", 1): "kind side",
    ("clock.pause_asked", 1): "kind side",
    ("clock.pause_declined", 1): "kind side",
    ("clock.pause_taken_back", 1): "kind side",
    ("clock.paused", 1): "kind side",
    ("clock.resumed", 1): "kind due_at",
    ("company_identity.linked", 1): "person_id provider_id",
    ("company_sign_in.set", 1): "provider_id trusts_mfa",
    ("decision.answered", 1): "option code clause",
    ("decision.asked", 1): "subject_id side clause options recommended lost_at",
    ("decision.drafted", 1): "subject_id side",
    ("decision.lost", 1): "clause lost_at",
    ("decision.messaged", 1): "side code",
    ("decision.revised", 1): "options",
    ("decision.withdrawn", 1): "side code",
    ("delegation.ended", 1): "target_id",
    ("delegation.given", 1): "target_id roles code delegate_code valid_from valid_until",
    ("deviation.cancelled", 1): "",
    ("deviation.closed", 1): "",
    ("deviation.impact_assessed", 1): "impact clause",
    ("deviation.investigation_started", 1): "lead_code",
    ("deviation.mirrored", 1): "as_of",
    (
        "deviation.reported",
        1,
    ): "batch_id phase_id excursion_id occurred_at detected_at aware_at recorded_at is_late",
    ("deviation.triaged", 1): "classification clause due_at",
    ("deviation.summarised", 1): "",
    ("drill.ended", 1): "steps told acknowledged",
    ("drill.started", 1): "kind side steps",
    ("duty_card.set", 1): "person_id is_shared",
    ("envelope_key.taken_up", 1): "key_id service made_at",
    ("excursion.closed", 1): "batch_id started_at ended_at extreme readings",
    ("excursion.extended", 1): "batch_id started_at last_outside_at ended_at extreme readings",
    ("excursion.opened", 1): "batch_id parameter limit_kind direction started_at ended_at extreme is_late",
    ("excursion.withdrawn", 1): "batch_id merged_into_id",
    ("lot.link_carried", 1): "link_id other_number before after",
    ("lot.link_ended", 1): "link_id other_number",
    ("lot.linked", 1): "link_id way other_number",
    ("lot.produced", 1): "batch_id material quantity unit",
    ("lot.received", 1): "material quantity unit supplied_by",
    ("lot.state_changed", 1): "before after",
    ("lot.use_withdrawn", 1): "batch_id quantity unit",
    ("lot.used", 1): "batch_id quantity unit used_at under_quarantine",
    ("file.attached", 1): "subject_id sha256 media_type size",
    ("inspection.opened", 1): "side code valid_from valid_until",
    ("inspection.closed", 1): "side code",
    ("inspection.asked", 1): "at",
    ("inspection.handed_over", 1): "kind digest subject_id",
    ("hold.placed", 1): "record_id record_type side code",
    ("hold.released", 1): "record_id side code",
    ("key.issued", 1): "person_id scopes expires_at",
    ("key.revoked", 1): "person_id",
    ("ladder.climbed", 1): "step roles told",
    ("ladder.ended", 1): "step",
    ("link.made", 1): "person_id ends_at",
    ("link.withdrawn", 1): "person_id",
    ("member.joined", 1): "person_id",
    ("member.left", 1): "person_id",
    ("notice.overdue", 1): "clause due_at",
    ("notice.released", 1): "notice_id classification clause detected_at released_at",
    ("notice.released", 2): "notice_id classification clause detected_at released_at terms trigger",
    ("clock.put_back", 1): "kind",
    ("clock.unanswered", 1): "kind outcome clause terms",
    ("clock.set_apart", 1): "kind side due_at",
    ("notices.chosen", 1): "email push chat wakes quiet digest_hour",
    ("push_device.added", 1): "device_id",
    ("push_device.removed", 1): "device_id",
    ("page_comment.made", 1): "scan_id page side code",
    ("page_comment.moved", 1): "scan_id page state code",
    ("paper.scanned", 1): "batch_id pages sha256 replaces_id",
    ("password.set", 1): "person_id",
    ("person.sign_in_reset", 1): "person_id",
    ("person.signed_out_everywhere", 1): "person_id",
    ("program.opened", 1): "code",
    ("proposal.confirmed", 1): "step person_id proposed_by",
    ("proposal.made", 1): "step person_id lapses_at",
    ("proposal.refused", 1): "step person_id proposed_by",
    ("proposal.withdrawn", 1): "step person_id",
    ("readings.sealed", 1): "root frames readings first_received_at last_received_at",
    ("recipe.approved", 1): "revision digest code",
    ("recipe.authored", 1): "revision phases parameters",
    ("recipe.drafted", 1): "based_on",
    ("recipe.edited", 1): "",
    ("recipe.made_effective", 1): "revision effective_from",
    ("recipe.returned", 1): "revision code",
    ("recipe.shared", 1): "code",
    ("recipe.submitted", 1): "revision digest steps parameters",
    ("recipe.withdrawn", 1): "code",
    ("recipe.superseded", 1): "by_id",
    ("result.invalidated", 1): "batch_id flag code",
    ("result.recorded", 1): "batch_id parameter value unit sampled_at resulted_at flag is_late",
    ("result.reviewed", 1): "batch_id code",
    ("result.second_read", 1): "batch_id code",
    ("roster.absence_noted", 1): "role person_id begins_at ends_at",
    ("roster.gap_found", 1): "role begins_at ends_at",
    ("roster.set", 1): "side role people",
    ("roster.stand_in_set", 1): "role person_id begins_at ends_at",
    ("roster.stretch_withdrawn", 1): "role person_id begins_at",
    ("reporting.assessed", 1): "reach rules aware_at",
    ("signal.raised", 1): "side batch_id asked_side clause due_at",
    ("signal.answered", 1): "side code",
    ("reporting.decided", 1): "rule decision",
    ("signature.given", 1): "signature_id meaning code subject_version digest",
    ("signer.enabled", 1): "person_id trained_until",
    ("signer.statement_accepted", 1): "person_id statement",
    ("signer.withdrawn", 1): "person_id",
    ("signing.failed", 1): "code failures",
    ("site.added", 1): "zone",
    ("site.attached", 1): "zone",
    ("step.aborted", 1): "batch_id step code",
    ("step.performed", 1): "batch_id step code ended_at is_late",
    ("step.skipped", 1): "batch_id step code",
    ("step.started", 1): "batch_id step attempt started_at is_late",
    ("step.verified", 1): "batch_id step code",
    ("step_entry.corrected", 1): "batch_id replaced_id value unit outside",
    ("step_entry.made", 1): "batch_id execution_id parameter value unit at is_late outside",
    ("step_entry.verified", 1): "batch_id code",
    ("terms.agreed", 1): "number digest effective_from",
    ("trail.reviewed", 1): "chain first last entries",
    ("webhook.added", 1): "kinds code",
    ("webhook.disabled", 1): "code",
    ("webhook.enabled", 1): "code",
    ("webhook.removed", 1): "code",
    ("webhook.replayed", 1): "code chain after",
    ("webhook.rotated", 1): "code previous_until",
    ("webhook.stopped", 1): "state",
    ("batch.disposition_decided", 1): "disposition_id step market decision markets code clause",
    ("review.seen", 1): "keys code",
    ("review.commented", 1): "key side code",
    ("review.asked", 1): "key side code clause due_at",
    ("review.answered", 1): "side code",
    ("review.settled", 1): "side code",
    ("review.sections_reviewed", 1): "sections mode side code",
}
SAMPLE = {
    "classification": "major",
    "clause": "5.2",
    "meaning": "approved",
    "code": "QA floor 07",
    "side": "sponsor",
}


def written(of=Fact):
    for each in of.__subclasses__():
        if each.name:
            yield each
        yield from written(each)


def test_each_fact_that_is_written_is_as_it_was_shipped():
    assert batch_facts
    assert executed_facts
    assert custody_facts
    assert deviation_facts
    now = {(each.name, each.version): " ".join(one.name for one in fields(each)) for each in written()}
    assert {key: SHIPPED.get(key) for key in now} == now


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
def test_each_fact_ever_shipped_reads_in_words(shipped):
    members = dict.fromkeys(SHIPPED[shipped].split(), "1")
    words = words_of(shipped[0], members | {name: SAMPLE[name] for name in members if name in SAMPLE})
    assert words.strip()
    assert "%(" not in words
    # An erased body leaves its entry readable too.
    assert words_of(shipped[0], {}).strip()
