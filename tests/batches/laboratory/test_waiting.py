"""What waits in an inbox: a certificate to answer or accept, a disposition whose next step is mine."""

from batches.actions.coas import answer_differences
from batches.queries.coas import differences_of
from portal.action import reading
from portal.queries.inbox import list_inbox
from tests.factories import batches as make
from tests.factories import cast, laboratory
from tests.factories.disposing import complete, decide, review
from tests.factories.signing import make_signer


def waiting(actor):
    with reading(actor):
        return [each.kind for each in list_inbox(actor) if each.kind in ("coa", "disposition")]


def test_a_certificate_waits_for_its_reasons_then_for_another_person(
    database, cdmo_qa, cdmo_operator, sponsor_qa, rival_sponsor_qa
):
    batch = make.batch()
    coa = laboratory.coa(batch)
    found = [waiting(each) for each in (cdmo_qa, sponsor_qa, cdmo_operator, rival_sponsor_qa)]
    assert found == [["coa"], ["coa"], [], []]
    rows = dict.fromkeys(range(1, differences(coa, cdmo_qa) + 1), "Asked for by another market.")
    answer_differences(cdmo_qa, coa.pk, version=1, answers=rows)
    assert [waiting(each) for each in (cdmo_qa, sponsor_qa)] == [[], ["coa"]]


def differences(coa, actor):
    with reading(actor):
        return len(differences_of(actor, [coa.pk]))


def test_once_the_cdmo_has_decided_the_sponsors_head_is_asked_and_the_list_says_who(
    database, cdmo_qa, cdmo_quality_head, sponsor_quality_head, signed_in
):
    make_signer(cdmo_quality_head, cast.CDMO)
    batch = make.batch(number="B-7")
    complete(cdmo_qa, batch)
    review(cdmo_qa, batch)
    assert waiting(sponsor_quality_head) == []
    decide(cdmo_quality_head, batch, "cdmo", "released")
    assert (waiting(sponsor_quality_head), waiting(cdmo_quality_head)) == (["disposition"], [])
    line = signed_in("sponsor_qa").get(f"/batches/{batch.pk}/countdown/").content.decode()
    assert "ball: " in line
    assert signed_in("rival_sponsor_qa").get(f"/batches/{batch.pk}/countdown/").status_code == 404
