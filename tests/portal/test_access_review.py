"""Reviews of access: everything of one moment, decided by somebody else, signed, read by the own people."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError

from portal.access_list import KINDS, MARKS, list_access
from portal.action import action, reading
from portal.actions import people, reviewing, signing
from portal.actions.delegating import delegate_roles
from portal.actor import Side, system_actor
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import AccessLine, AccessReview, ApiKey, Assignment, Delegation, Member, Person, Signer
from portal.queries.reviews import read_review
from portal.queries.signatures import ceremony
from portal.signable import signable_of
from portal.states import CDMO_QA, Decision, Meaning
from tests.conftest import actor, entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.administrators import administrator, client_of
from tests.factories.signing import enable, fresh, make_signer

SETUP = system_actor("setup", cast.CDMO, cast.ARVO, cast.TESSEL)
WHY = "Not needed any more."


@pytest.fixture
def admin(database, cdmo_admin):
    return cdmo_admin


@pytest.fixture
def head(database):
    """The head of quality, seated in the own organisation as well."""
    return administrator(cast.CDMO, "cdmo_head", role="quality_head")


def lines(review, by):
    with reading(by):
        return list(AccessLine.objects.visible_to(by).filter(review=review).order_by("at"))


def line_of(review, by, kind, key):
    return next(
        each for each in lines(review, by) if each.kind == kind and each.person_id == cast.person_id(key)
    )


def decide_all(review, *reviewers):
    """Keep every line, each by a reviewer whom it is not about."""
    for line in lines(review, reviewers[0]):
        if not line.decision:
            by = next(each for each in reviewers if each.person_id != line.person_id)
            reviewing.decide_line(by, line.pk, decision=Decision.KEEP)


def end(by, line):
    return reviewing.decide_line(by, line.pk, decision=Decision.END, note=WHY)


def lend():
    return delegate_roles(
        actor("cdmo_quality_head"),
        cast.PROGRAM,
        delegate_id=cast.person_id("cdmo_qa"),
        roles=["quality_head"],
        reason="Annual leave, one week.",
        valid_until=make.now() + timedelta(days=7),
    )


class TestWhatIsListed:
    def test_every_kind_of_access_of_the_own_organisation_and_nothing_of_others(self, admin):
        enable(actor("cdmo_qa"), cast.CDMO)
        lend()
        with reading(admin):
            found = list_access(admin, cast.CDMO)
            members = set(Member.objects.visible_to(admin).values_list("person_id", flat=True))
        assert {each.kind for each in found} == set(KINDS)
        assert {each.person_id for each in found} == members
        seats = {(each.who, each.what, each.place) for each in found if each.kind == "seat"}
        assert ("Name of cdmo_shift_lead", "shift lead, Shift lead 04", "all of AV-101, AV-310") in seats
        assert "rival_sponsor_qa" not in str(found)
        assert "sponsor_qa" not in str(found)

    def test_what_has_ended_is_not_listed(self, admin):
        people.revoke_key(admin, _key(admin, "gateway").pk, reason="replaced")
        with reading(admin):
            keys = [each.what for each in list_access(admin, cast.CDMO) if each.kind == "key"]
        assert keys == ["cdmo_system (acknowledge, read, webhooks, write)"]

    @pytest.mark.parametrize(
        ("mark", "kind", "key"),
        [
            ("never_signed_in", "account", "cdmo_operator"),
            ("long_away", "account", "cdmo_qa"),
            ("no_second_factor", "account", "cdmo_shift_lead"),
            ("no_seat", "account", "cdmo_shift_lead"),
            ("account_closed", "seat", "cdmo_operator"),
            ("no_end", "seat", "cdmo_qa"),
            ("administers", "seat", "cdmo_admin"),
            ("training_over", "signer", "cdmo_qa"),
            ("no_statement", "signer", "cdmo_qa"),
            ("writes", "key", "cdmo_system"),
            ("ends_soon", "key", "cdmo_system"),
        ],
    )
    def test_what_stands_out_is_marked(self, admin, clock, mark, kind, key):
        _make_stand_out(admin, mark, clock)
        with reading(admin):
            found = [
                each
                for each in list_access(admin, cast.CDMO)
                if each.kind == kind and each.person_id == cast.person_id(key)
            ]
        assert found
        assert all(mark in each.marks for each in found)

    def test_every_mark_is_tried_above(self):
        (marked,) = TestWhatIsListed.test_what_stands_out_is_marked.pytestmark
        assert {each[0] for each in marked.args[1]} == set(MARKS)

    def test_what_is_in_order_is_not_marked(self, admin):
        Person.objects.filter(pk=cast.person_id("cdmo_operator")).update(last_login=make.now())
        with reading(admin):
            account = next(
                each
                for each in list_access(admin, cast.CDMO)
                if each.kind == "account" and each.person_id == cast.person_id("cdmo_operator")
            )
        assert account.marks == ()


def _make_stand_out(admin, mark, clock):
    qa, shift = cast.person_id("cdmo_qa"), cast.person_id("cdmo_shift_lead")
    match mark:
        case "long_away":
            Person.objects.filter(pk=qa).update(last_login=make.now() - timedelta(days=91))
        case "no_second_factor":
            from allauth.mfa.models import Authenticator

            Authenticator.objects.filter(user_id=shift).delete()
        case "no_seat":
            with reading(admin):
                seats = list(Assignment.objects.visible_to(admin).filter(person_id=shift))
            for each in seats:
                people.end_assignment(admin, each.pk, reason="moved on")
        case "account_closed":
            with reading(admin):
                member = Member.objects.visible_to(admin).get(person_id=cast.person_id("cdmo_operator"))
            people.close_member(admin, member.pk, reason="has left")
        case "training_over" | "no_statement":
            enable(actor("cdmo_qa"), cast.CDMO, days=10)
            clock.move(timedelta(days=11 if mark == "training_over" else 0))
        case "ends_soon":
            clock.move(timedelta(days=280))


def _key(by, label):
    with reading(by):
        return ApiKey.objects.visible_to(by).get(label=label)


class TestDeciding:
    def test_a_review_holds_the_access_of_its_moment(self, admin):
        review = reviewing.open_review(admin, cast.CDMO)
        before = len(lines(review, admin))
        people.add_member(SETUP, cast.CDMO, email="late@example.com", name="Late", password=cast.PASSWORD)
        assert len(lines(review, admin)) == before
        assert entries_of(cast.CDMO)[-2][1] == "access_review.opened"
        assert review.number == f"AR-{review.opened_at.year}-01"

    def test_one_is_open_at_a_time(self, admin):
        reviewing.open_review(admin, cast.CDMO)
        with pytest.raises(Conflict):
            reviewing.open_review(admin, cast.CDMO)

    @pytest.mark.parametrize("kind", KINDS)
    def test_to_end_a_line_ends_what_it_allows_at_once(self, admin, kind):
        enable(actor("cdmo_qa"), cast.CDMO)
        delegation = lend()
        review = reviewing.open_review(admin, cast.CDMO)
        key = "cdmo_system" if kind == "key" else "cdmo_qa"
        line = end(admin, line_of(review, admin, kind, key))
        with reading(admin):
            found = {
                "account": lambda: not Member.objects.visible_to(admin).get(pk=line.subject_id).is_active,
                "seat": lambda: (
                    Assignment.objects.visible_to(admin).get(pk=line.subject_id).valid_until is not None
                ),
                "delegation": lambda: (
                    Delegation.objects.visible_to(admin).get(pk=delegation.pk).valid_until
                    < delegation.valid_until
                ),
                "signer": lambda: Signer.objects.visible_to(admin).get().withdrawn_at is not None,
                "key": lambda: (
                    ApiKey.objects.visible_to(admin).get(pk=line.subject_id).revoked_at is not None
                ),
            }[kind]
            assert found()
        assert (line.decision, line.decided_by) == ("end", admin.person_id)

    def test_what_has_ended_meanwhile_counts_as_ended(self, admin):
        review = reviewing.open_review(admin, cast.CDMO)
        people.revoke_key(admin, _key(admin, "gateway").pk, reason="replaced")
        revoked = _key(admin, "gateway").revoked_at
        assert end(admin, line_of(review, admin, "key", "gateway")).decision == "end"
        assert _key(admin, "gateway").revoked_at == revoked

    def test_to_keep_changes_nothing_but_the_line(self, admin):
        review = reviewing.open_review(admin, cast.CDMO)
        line = line_of(review, admin, "seat", "cdmo_shift_lead")
        reviewing.decide_line(admin, line.pk, decision=Decision.KEEP)
        assert entries_of(cast.CDMO)[-1][1] == "access_review.line_decided"
        assert actor("cdmo_shift_lead").seats[cast.PROGRAM]
        assert end(admin, line).decision == "end"
        with pytest.raises(InvalidTransition):
            reviewing.decide_line(admin, line.pk, decision=Decision.KEEP)

    def test_an_end_needs_a_reason(self, admin):
        review = reviewing.open_review(admin, cast.CDMO)
        line = line_of(review, admin, "seat", "cdmo_shift_lead")
        with pytest.raises(Invalid):
            reviewing.decide_line(admin, line.pk, decision=Decision.END, note=" no ")
        assert actor("cdmo_shift_lead").seats[cast.PROGRAM]

    def test_nobody_decides_on_the_own_access(self, admin, head):
        review = reviewing.open_review(admin, cast.CDMO)
        line = line_of(review, admin, "seat", "cdmo_admin")
        for decision in Decision:
            with pytest.raises(Refused):
                reviewing.decide_line(admin, line.pk, decision=decision, note=WHY)
        assert reviewing.decide_line(head, line.pk, decision=Decision.KEEP).decision == "keep"

    def test_the_database_itself_wants_another_person(self, admin):
        review = reviewing.open_review(admin, cast.CDMO)

        @action("test.decide_alone")
        def decide_alone(by, line):
            AccessLine.objects.visible_to(by).filter(pk=line.pk).update(
                decision="keep", decided_by=by.person_id
            )

        with pytest.raises(IntegrityError, match="accessline_decided_by_another"):
            decide_alone(admin, line_of(review, admin, "seat", "cdmo_admin"))

    @pytest.mark.parametrize("key", ["cdmo_qa", "cdmo_quality_head"])
    def test_a_role_in_a_program_reviews_no_organisation(self, admin, key):
        review = reviewing.open_review(admin, cast.CDMO)
        other = actor(key)
        with pytest.raises(Refused):
            reviewing.open_review(other, cast.CDMO)
        with pytest.raises(Refused):
            end(other, line_of(review, admin, "seat", "cdmo_shift_lead"))
        with reading(other), pytest.raises(Refused):
            read_review(other, review.pk)

    def test_reviewers_of_others_find_nothing(self, admin):
        review = reviewing.open_review(admin, cast.CDMO)
        line = line_of(review, admin, "seat", "cdmo_shift_lead")
        for employer in (cast.ARVO, cast.TESSEL):
            other = administrator(employer, f"admin_{employer.hex[:4]}")
            with pytest.raises(NotFound):
                end(other, line)
            with pytest.raises(NotFound):
                reviewing.finish_review(other, review.pk, version=1)
            with reading(other), pytest.raises(NotFound):
                read_review(other, review.pk)
            with pytest.raises(Refused):
                reviewing.open_review(other, cast.CDMO)


class TestSigning:
    def sign(self, by, review, meaning=Meaning.REVIEWED):
        with reading(by):
            found = ceremony(by, signable_of("access_review"), review.pk)
        stated = {"meaning": meaning, "version": found.record.version, "digest": found.digest}
        return fresh(lambda **proof: signing.sign(by, "access_review", review.pk, **proof, **stated))

    def decided(self, admin, head):
        review = reviewing.open_review(admin, cast.CDMO)
        end(admin, line_of(review, admin, "seat", "cdmo_shift_lead"))
        decide_all(review, admin, head)
        return reviewing.finish_review(admin, review.pk, version=1)

    def test_it_is_signed_with_every_line_and_decision(self, admin, head):
        make_signer(head, cast.CDMO)
        review = self.decided(admin, head)
        signature = self.sign(head, review)
        said = json.loads(signature.manifest)
        shown = dict(said["shown"])
        line = next(
            text
            for label, text in shown.items()
            if label.endswith("Name of cdmo_shift_lead") and "Seat" in text
        )
        assert "Decision: end (Not needed any more.)" in line
        assert len(shown) == 5 + len(lines(review, admin))
        assert signature.holds
        assert (signature.meaning, signature.space_id) == ("reviewed", cast.CDMO)
        assert entries_of(cast.CDMO)[-1][1] == "signature.given"

    def test_it_is_not_signed_before_every_line_is_decided(self, admin, head):
        make_signer(head, cast.CDMO)
        review = reviewing.open_review(admin, cast.CDMO)
        with pytest.raises(InvalidTransition):
            reviewing.finish_review(admin, review.pk, version=1)
        with pytest.raises(InvalidTransition):
            self.sign(head, review)

    def test_nothing_is_decided_after_it(self, admin, head):
        review = self.decided(admin, head)
        with pytest.raises(InvalidTransition):
            end(admin, line_of(review, admin, "seat", "cdmo_operator"))
        with pytest.raises(InvalidTransition):
            reviewing.finish_review(admin, review.pk, version=2)
        assert reviewing.open_review(admin, cast.CDMO).number.endswith("-02")

    def test_it_is_closed_as_it_was_seen(self, admin, head):
        review = reviewing.open_review(admin, cast.CDMO)
        decide_all(review, admin, head)
        with pytest.raises(StaleVersion):
            reviewing.finish_review(admin, review.pk, version=7)

    def test_nobody_else_signs_it(self, admin, head):
        review = self.decided(admin, head)
        make_signer(actor("cdmo_qa"), cast.CDMO)
        with pytest.raises(Refused):
            self.sign(actor("cdmo_qa"), review)
        make_signer(actor("rival_sponsor_qa"), cast.TESSEL)
        with pytest.raises(NotFound):
            self.sign(actor("rival_sponsor_qa"), review)


class TestThePages:
    def test_a_review_goes_from_the_first_line_to_the_file(self, admin, head, signed_in):
        one, other = signed_in("cdmo_admin"), client_of(head)
        opened = one.post("/administration/reviews/")
        assert opened.status_code == 303
        address = opened.headers["Location"]
        with reading(admin):
            review = AccessReview.objects.visible_to(admin).get()
        line = line_of(review, admin, "seat", "cdmo_shift_lead")
        post = f"/administration/review-lines/{line.pk}/decide/"
        assert one.post(post, {"decision": "end", "note": "x"}).status_code == 400
        assert one.post(post, {"decision": "perhaps"}).status_code == 403
        done = one.post(post, {"decision": "end", "note": "=HYPERLINK(1)", "show": "marked"})
        assert done.headers["Location"] == f"{address}?show=marked#line-{line.at}"
        shown = one.get(address).content.decode()
        assert "=HYPERLINK(1)" in shown
        assert "Your own access: another reviewer decides." in shown
        assert "lines have no decision yet" in shown
        decide_all(review, admin, head)
        assert other.post(f"{address}finish/", {"version": "1"}).status_code == 303
        assert f"/sign/access_review/{review.pk}/" in other.get(address).content.decode()
        file = other.get(f"{address}csv/")
        assert file.headers["Content-Disposition"] == f'attachment; filename="{review.number}.csv"'
        rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert len(rows) == len(lines(review, admin))
        assert rows[line.at - 1]["note"] == "'=HYPERLINK(1)"

    def test_filters_show_what_stands_out_and_what_is_undecided(self, admin, signed_in):
        Person.objects.filter(pk=cast.person_id("cdmo_operator")).update(last_login=make.now())
        review = reviewing.open_review(admin, cast.CDMO)
        line = line_of(review, admin, "account", "cdmo_operator")
        reviewing.decide_line(admin, line.pk, decision=Decision.KEEP)
        client = signed_in("cdmo_admin")
        for show, is_there in (("all", True), ("marked", False), ("undecided", False)):
            page = client.get(f"/administration/reviews/{review.pk}/?show={show}").content.decode()
            assert (f'id="line-{line.at}"' in page) is is_there

    @pytest.mark.parametrize("key", ["cdmo_qa", "sponsor_qa", "rival_sponsor_qa", "inspector"])
    def test_nobody_else_reads_or_decides(self, admin, signed_in, key):
        review = reviewing.open_review(admin, cast.CDMO)
        line = line_of(review, admin, "seat", "cdmo_shift_lead")
        client = signed_in(key)
        expected = 403 if key == "cdmo_qa" else 404
        for path in ("", "csv/"):
            answer = client.get(f"/administration/reviews/{review.pk}/{path}")
            assert answer.status_code == expected
            assert "Name of cdmo_shift_lead" not in answer.content.decode()
        assert client.get("/administration/reviews/").status_code == 403
        assert client.post("/administration/reviews/").status_code == 403
        post = f"/administration/review-lines/{line.pk}/decide/"
        assert client.post(post, {"decision": "end", "note": WHY}).status_code == expected
        assert actor("cdmo_shift_lead").holds(cast.PROGRAM, *_shift_lead())


def _shift_lead():
    from portal.states import CDMO_SHIFT_LEAD

    return (CDMO_SHIFT_LEAD,)


def test_a_quality_head_of_a_program_is_none_of_the_organisation(database):
    people.give_assignment(
        SETUP,
        cast.CDMO,
        person_id=cast.person_id("cdmo_qa"),
        target_id=cast.CDMO,
        side=Side.BOTH,
        role="quality_head",
        code="Head 01",
    )
    qa = actor("cdmo_qa")
    assert reviewing.open_review(qa, cast.CDMO).opened_by == qa.person_id
    assert qa.holds(cast.PROGRAM, CDMO_QA)
