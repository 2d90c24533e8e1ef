"""Facts are read for as long as records are kept: one that was ever written is never changed, only added to.

A fact whose members change gets a new version, and its old line stays here; what renders it must know both.
"""

from dataclasses import fields

import pytest

from batches import facts as batch_facts
from deviations import facts as deviation_facts
from deviations.queries.history import words_of
from portal.facts import Fact

# (name, version): the members, as they are sealed.
SHIPPED = {
    ("access_review.decided", 1): "number kept ended",
    ("access_review.line_decided", 1): "number kind subject_id decision",
    ("access_review.opened", 1): "number lines",
    ("alert.acknowledged", 1): "code",
    ("alert.delivered", 1): "code",
    ("alert.opened", 1): "code",
    ("alert.raised", 1): "kind side clause subject_id",
    ("assignment.ended", 1): "target_id",
    ("assignment.given", 1): "target_id side role code",
    ("batch.completed", 1): "ended_at",
    ("batch.discontinued", 1): "ended_at",
    ("batch.mirrored", 1): "as_of",
    ("batch.phase_entered", 1): "phase at",
    ("batch.planned", 1): "recipe_version_id planned_start",
    ("batch.started", 1): "started_at phase",
    ("calendar.set", 1): "side number effective_on",
    ("clock.breached", 1): "kind clause due_at",
    ("clock.extended", 1): "kind due_before due_at extensions",
    ("clock.moved", 1): "kind side",
    ("clock.pause_asked", 1): "kind side",
    ("clock.paused", 1): "kind side",
    ("clock.resumed", 1): "kind due_at",
    ("company_identity.linked", 1): "person_id provider_id",
    ("company_sign_in.set", 1): "provider_id trusts_mfa",
    ("delegation.ended", 1): "target_id",
    ("delegation.given", 1): "target_id roles code delegate_code valid_from valid_until",
    ("deviation.cancelled", 1): "",
    ("deviation.closed", 1): "",
    ("deviation.investigation_started", 1): "lead_code",
    ("deviation.mirrored", 1): "as_of",
    (
        "deviation.reported",
        1,
    ): "batch_id phase_id excursion_id occurred_at detected_at aware_at recorded_at is_late",
    ("deviation.triaged", 1): "classification clause due_at",
    ("excursion.closed", 1): "batch_id started_at ended_at extreme readings",
    ("excursion.extended", 1): "batch_id started_at last_outside_at ended_at extreme readings",
    ("excursion.opened", 1): "batch_id parameter limit_kind direction started_at ended_at extreme is_late",
    ("excursion.withdrawn", 1): "batch_id merged_into_id",
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
    ("password.set", 1): "person_id",
    ("person.sign_in_reset", 1): "person_id",
    ("person.signed_out_everywhere", 1): "person_id",
    ("program.opened", 1): "code",
    ("proposal.confirmed", 1): "step person_id proposed_by",
    ("proposal.made", 1): "step person_id lapses_at",
    ("proposal.refused", 1): "step person_id proposed_by",
    ("proposal.withdrawn", 1): "step person_id",
    ("readings.sealed", 1): "root frames readings first_received_at last_received_at",
    ("recipe.authored", 1): "revision phases parameters",
    ("recipe.superseded", 1): "by_id",
    ("reporting.assessed", 1): "reach rules aware_at",
    ("reporting.decided", 1): "rule decision",
    ("signature.given", 1): "signature_id meaning code subject_version digest",
    ("signer.enabled", 1): "person_id trained_until",
    ("signer.statement_accepted", 1): "person_id statement",
    ("signer.withdrawn", 1): "person_id",
    ("signing.failed", 1): "code failures",
    ("site.added", 1): "zone",
    ("site.attached", 1): "zone",
    ("trail.reviewed", 1): "chain first last entries",
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
