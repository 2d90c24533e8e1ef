"""Looking through the audit trail: a stretch with its filter, a finding, a signature; one side's own."""

import re

import pytest

from portal.action import reading
from portal.actions.trail import review_trail
from portal.errors import DomainError, NotFound
from portal.models import TrailReview
from portal.queries.trail import next_stretch
from tests.conftest import entries_of, head_of
from tests.factories import cast
from tests.factories.chains import SHARED, grow
from tests.factories.signing import fresh, make_signer

FINDING = "Each change has its reason; nothing was written outside."


def review(actor, **given):
    stated = {"audience": "shared", "first": 1, "last": head_of(cast.PROGRAM), "finding": FINDING}
    return review_trail(actor, cast.PROGRAM, **stated | given)


def test_a_review_keeps_scope_filter_counts_and_the_leaf_it_ends_with(database, cdmo_qa, as_owner):
    kept = review(cdmo_qa, kinds=["program.opened"])
    assert (kept.audience, kept.kinds, kept.entries, kept.outside) == (
        "manufacturer", ["program.opened"], 1, 0,
    )  # fmt: skip
    assert re.fullmatch("[0-9a-f]{64}", kept.last_leaf)
    assert entries_of(cast.PROGRAM, "manufacturer")[-1][1] == "trail.reviewed"


def test_the_next_one_begins_where_the_side_has_not_looked_yet(database, cdmo_qa, sponsor_qa):
    grow(times=3)
    head = head_of(cast.PROGRAM)
    review(cdmo_qa, last=1)
    # Of some kinds only: the rest has still to be looked at.
    review(cdmo_qa, first=2, kinds=["test.told"])
    for reader, first in ((cdmo_qa, 2), (sponsor_qa, 1)):
        with reading(reader):
            assert next_stretch(reader, SHARED, head) == (first, head)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"finding": "fine"}, "invalid"),
        ({"first": 0}, "invalid"),
        ({"first": 3, "last": 2}, "invalid"),
        ({"last": 10**9}, "invalid"),
        ({"last": 4999}, "not_found"),
        ({"kinds": ["no.such"]}, "invalid"),
        ({"audience": "sponsor"}, "not_found"),
    ],
)
def test_what_is_no_stretch_or_no_finding_is_refused_in_words(database, cdmo_qa, given, code):
    with pytest.raises(DomainError) as refused:
        review(cdmo_qa, **given)
    assert refused.value.problem_code == code


def test_only_the_trail_of_a_program_is_reviewed(database, cdmo_qa):
    given = {"audience": "shared", "first": 1, "last": 1, "finding": FINDING}
    with pytest.raises(NotFound):
        review_trail(cdmo_qa, cast.PARTNERSHIP, **given)


def test_it_cannot_be_changed_afterwards(own_database):
    with own_database.connect("admin") as cursor:
        for right in ("update", "delete"):
            asked = "select has_table_privilege('covalent_app', 'portal_trailreview', %s)"
            assert cursor.execute(asked, [right]).fetchone() == (False,)


def test_the_other_side_and_a_rival_know_nothing_of_it(
    database, signed_in, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    before = head_of(cast.PROGRAM)
    kept = review(cdmo_qa)
    assert head_of(cast.PROGRAM) == before
    for reader in (sponsor_qa, rival_sponsor_qa):
        with reading(reader):
            assert not TrailReview.objects.visible_to(reader).filter(pk=kept.pk).exists()
    for key in ("sponsor_qa", "rival_sponsor_qa"):
        for address in (f"/ledger/reviews/{kept.pk}/", f"/sign/trail_review/{kept.pk}/"):
            assert signed_in(key).get(address).status_code == 404
        assert FINDING not in signed_in(key).get("/ledger/reviews/").content.decode()


def test_a_person_chooses_a_stretch_says_what_was_found_and_signs(database, signed_in, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    grow(times=3)
    browser = signed_in("cdmo_quality_head")
    address = f"/ledger/{cast.PROGRAM}/shared/review/"
    assert address in browser.get(f"/ledger/?space={cast.PROGRAM}&audience=shared").content.decode()
    page = browser.get(address + "?first=1&last=3").content.decode()
    assert "Entries 1 to 3" in page
    empty = browser.post(address + "?first=1&last=3", {"finding": ""})
    assert (empty.status_code, "10 to 4000 characters" in empty.content.decode()) == (400, True)
    kept = browser.post(address + "?first=1&last=3", {"finding": FINDING})
    assert kept.status_code == 303
    shown = browser.get(kept.headers["Location"]).content.decode()
    assert FINDING in shown
    sign = re.search(r'href="(/sign/trail_review/[^"]+)"', shown)[1]
    ceremony = browser.get(sign).content.decode()
    assert "Written outside the application" in ceremony
    hidden = dict(re.findall(r'name="(version|digest)" value="([^"]+)"', ceremony))
    stated = hidden | {"meaning": "reviewed"}
    after = fresh(lambda **proof: browser.post(sign, stated | proof, follow=True)).content.decode()
    assert "Name of cdmo_quality_head, Norrsund Biologics" in after


def test_who_does_not_review_gets_no_page(database, signed_in):
    for key in ("cdmo_operator", "sponsor_viewer", "inspector", "rival_sponsor_qa"):
        assert signed_in(key).get(f"/ledger/{cast.PROGRAM}/shared/review/").status_code == 404
    assert signed_in("cdmo_qa").get(f"/ledger/{cast.PROGRAM}/sponsor/review/").status_code == 404
