"""An investigation: taken apart by one side or both, on evidence all its readers may read."""

from datetime import timedelta

import pytest

from deviations.actions.inquiry.concluding import share_cause, withdraw_cause
from deviations.inquiry.states import BEFORE_PEOPLE, BRANCHES, Tool
from deviations.inquiry.wording import advice_on
from deviations.models import Cause, CauseExclusion, Inquiry, InquiryNode, NodeEvidence
from deviations.queries.inquiry import cause_lines, inquiry_detail
from portal.action import reading
from portal.errors import DomainError
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import deviations as make
from tests.factories import inquiries

PEOPLE = [{"of": each, "what": f"The {each}"} for each in BEFORE_PEOPLE]


@pytest.fixture
def released(database, cdmo_qa):
    triaged = make.triage(cdmo_qa, make.report(cdmo_qa, title="Jacket valve stuck"))
    return make.investigate(cdmo_qa, make.release(cdmo_qa, triaged))


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def test_a_picture_of_one_side_is_nothing_that_the_other_could_count(
    released, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    shared_before = facts(audience="shared")
    inquiry = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released, audience="manufacturer"))
    for outside in (sponsor_qa, rival_sponsor_qa):
        assert seen_by(outside, Inquiry) == seen_by(outside, InquiryNode) == []
        assert refusal(inquiries.node, outside, inquiry) == "not_found"
    assert facts(audience="shared") == shared_before
    assert [name for name, _ in facts()[-2:]] == ["inquiry.begun", "inquiry.node_added"]
    assert only(sponsor_qa, type(released), pk=released.pk).version == released.version


def test_both_sides_work_on_what_is_shared_and_a_sponsor_keeps_pictures_of_its_own(
    released, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    inquiry = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released))
    first = only(sponsor_qa, InquiryNode, inquiry=inquiry)
    inquiry = inquiries.node(sponsor_qa, inquiry, text="Maintenance goes by calendar.", parent=first.pk)
    with reading(cdmo_qa):
        found = inquiry_detail(cdmo_qa, inquiry.pk)
    assert [(each.node.number, len(each.children)) for each in found.lines] == [(1, 1), (2, 0)]
    own = inquiries.begin(sponsor_qa, released, tool="is_is_not", audience="sponsor")
    assert seen_by(cdmo_qa, Inquiry, pk=own.pk) == seen_by(rival_sponsor_qa, Inquiry) == []
    assert refusal(inquiries.begin, sponsor_qa, released, audience="manufacturer") == "invalid"


def test_what_is_shared_later_is_shared_whole_and_stays_so(released, cdmo_qa, sponsor_qa):
    file = make.attach(cdmo_qa, released)
    inquiry = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released, audience="manufacturer"))
    inquiry = inquiries.evidence(cdmo_qa, inquiries.judge(cdmo_qa, inquiry), about=file.pk)
    assert refusal(inquiries.share, sponsor_qa, inquiry) == "not_found"
    inquiry = inquiries.share(cdmo_qa, inquiry)
    node = only(sponsor_qa, InquiryNode, inquiry=inquiry)
    assert (str(node.text), node.standing) == (inquiries.TEXT, "excluded")
    assert only(sponsor_qa, NodeEvidence, node=node).about_id == file.pk
    assert facts(audience="shared")[-1][0] == "inquiry.shared"
    assert refusal(inquiries.share, cdmo_qa, inquiry) == "invalid_transition"


def test_nothing_is_shared_of_what_the_sponsor_was_not_told(database, cdmo_qa):
    hidden = make.report(cdmo_qa)
    assert refusal(inquiries.begin, cdmo_qa, hidden) == "invalid_transition"
    inquiry = inquiries.begin(cdmo_qa, hidden, audience="manufacturer")
    assert refusal(inquiries.share, cdmo_qa, inquiry) == "invalid_transition"


def test_a_node_rests_on_what_its_readers_may_read_alone(released, cdmo_qa, sponsor_qa):
    elsewhere = make.attach(cdmo_qa, make.report(cdmo_qa))
    shared = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released))
    for about in (elsewhere.pk, make.unknown_id()):
        assert refusal(inquiries.evidence, cdmo_qa, shared, about=about) == "invalid"
    window = {"kind": "window", "parameter": "TEMP", "since": make.now(), "until": make.now() + timedelta(1)}
    assert refusal(inquiries.evidence, cdmo_qa, shared, **window) == "invalid"
    assert seen_by(sponsor_qa, NodeEvidence) == []


def test_who_may_not_investigate_is_refused_and_an_ended_record_takes_nothing(
    released, cdmo_qa, cdmo_operator, sponsor_viewer
):
    inquiry = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released))
    for person in (cdmo_operator, sponsor_viewer):
        assert refusal(inquiries.begin, person, released) == "refused"
        assert refusal(inquiries.node, person, inquiry) == "refused"
    assert refusal(inquiries.node, cdmo_qa, inquiry, version=1) == "stale_version"
    assert refusal(inquiries.node, cdmo_qa, inquiry, version=None) == "version_required"
    make.finish(cdmo_qa, released)
    assert refusal(inquiries.node, cdmo_qa, inquiry) == "invalid_transition"
    assert refusal(inquiries.begin, cdmo_qa, released) == "invalid_transition"


@pytest.mark.parametrize("tool", Tool)
def test_a_node_has_the_place_its_tool_gives(released, cdmo_qa, tool):
    inquiry = inquiries.begin(cdmo_qa, released, tool=tool)
    at = {"at": make.now()} if tool == Tool.TIMELINE else {}
    right = {"branch": str(BRANCHES[tool][0])} if BRANCHES[tool] else {}
    assert refusal(inquiries.node, cdmo_qa, inquiry, branch="elsewhere", **at) == "invalid"
    wrong_time = {} if tool == Tool.TIMELINE else {"at": make.now()}
    assert refusal(inquiries.node, cdmo_qa, inquiry, **right, **wrong_time) == "invalid"
    assert inquiries.node(cdmo_qa, inquiry, **right, **at).version == 2
    assert refusal(inquiries.node, cdmo_qa, inquiry, version=2, parent=make.unknown_id()) == "invalid"


def test_people_are_a_cause_only_after_process_procedure_and_system(released, cdmo_qa, sponsor_qa):
    human = {"of": "human", "text": "The wrong valve was opened."}
    for given in ([], PEOPLE[:2], [{"of": "other"}]):
        assert refusal(inquiries.cause, cdmo_qa, released, **human, excluded=given) == "invalid"
    assert refusal(inquiries.cause, cdmo_qa, released, kind="most_probable") == "invalid"
    short = [each | {"reason": "no"} for each in PEOPLE]
    assert refusal(inquiries.cause, cdmo_qa, released, **human, excluded=short) == "invalid"
    assert seen_by(cdmo_qa, Cause) == []
    made = inquiries.cause(cdmo_qa, released, **human, excluded=PEOPLE)
    assert facts(audience="shared")[-1] == (
        "inquiry.cause_stated",
        {"cause_id": str(made.pk), "kind": "root", "of": "human", "method": "five_whys", "excluded": "3"},
    )
    assert {each.of for each in seen_by(sponsor_qa, CauseExclusion)} == set(BEFORE_PEOPLE)
    inquiries.cause(cdmo_qa, released, **human, kind="contributing")


def test_a_cause_kept_inside_is_shared_by_a_step_of_its_own_and_taken_back_with_a_reason(
    released, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    made = inquiries.cause(cdmo_qa, released, audience="manufacturer", excluded=[{}])
    before = facts(audience="shared")
    assert seen_by(sponsor_qa, Cause) == seen_by(sponsor_qa, CauseExclusion) == []
    assert refusal(share_cause, sponsor_qa, made.pk, version=1) == "not_found"
    assert before == facts(audience="shared")
    share_cause(cdmo_qa, made.pk, version=1)
    assert str(only(sponsor_qa, Cause).text) == inquiries.TEXT
    assert len(seen_by(sponsor_qa, CauseExclusion)) == 1
    withdraw_cause(cdmo_qa, made.pk, reason="The seal was the wrong one.", version=2)
    assert (
        refusal(withdraw_cause, cdmo_qa, made.pk, reason="Once more, please.", version=3)
        == "invalid_transition"
    )
    with reading(sponsor_qa):
        (line,) = cause_lines(sponsor_qa, released)
    assert (str(line.cause.withdrawn_why), line.steps) == ("The seal was the wrong one.", ())
    assert seen_by(rival_sponsor_qa, Cause) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The operator forgot to open the valve.", ["forgot"]),
        ("Root cause: Human  Error by the shift.", ["Human  Error"]),
        ("Failed to follow the SOP; retraining planned.", ["Failed to follow", "retraining"]),
        ("The valve did not follow its output.", []),
        ("", []),
    ],
)
def test_words_that_blame_are_met_with_advice_and_nothing_else(text, found):
    advice = advice_on(text)
    assert [each.found for each in advice] == found
    assert all(each.instead for each in advice)


def test_each_side_reads_over_rest_what_it_may_and_can_do_next(released, cdmo_qa, api):
    shared = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released), text="The operator forgot it.")
    inside = inquiries.begin(cdmo_qa, released, audience="manufacturer")
    inquiries.cause(cdmo_qa, released)
    url = f"/api/v1/deviations/{released.pk}/"
    seen = {
        key: [each["id"] for each in api(key).get(f"{url}inquiries/").json()["inquiries"]]
        for key in ("cdmo_system", "sponsor_system")
    }
    assert seen == {"cdmo_system": [str(shared.pk), str(inside.pk)], "sponsor_system": [str(shared.pk)]}
    answer = api("sponsor_system").get(f"/api/v1/inquiries/{shared.pk}/")
    (node,) = answer.json()["nodes"]
    assert [each["found"] for each in node["advice"]] == ["forgot"]
    assert answer.headers["ETag"] == '"2"'
    (cause,) = api("sponsor_system").get(f"{url}causes/").json()["causes"]
    assert cause["text"] == inquiries.TEXT
    unknown = api("sponsor_system").get(f"/api/v1/inquiries/{make.unknown_id()}/").json()
    for client, path in (
        (api("sponsor_system"), f"/api/v1/inquiries/{inside.pk}/"),
        (api("rival_system"), f"/api/v1/inquiries/{shared.pk}/"),
        (api("rival_system"), f"{url}inquiries/"),
        (api("rival_system"), f"{url}causes/"),
        (api("rival_system"), f"{url}similar/"),
    ):
        found = client.get(path)
        assert (found.status_code, found.json()["code"]) == (404, unknown["code"])
    made = api("cdmo_system").post(
        f"/api/v1/inquiries/{shared.pk}/nodes/",
        {"text": "Calendar, not use.", "under": node["id"]},
        content_type="application/json",
        headers={"If-Match": '"2"'},
    )
    assert (made.status_code, len(made.json()["nodes"])) == (200, 2), made.content


def test_pages_show_pictures_and_keep_what_was_typed(released, cdmo_qa, signed_in):
    client = signed_in("cdmo_qa")
    page = f"/deviations/{released.pk}/investigation/"
    begun = client.post(
        f"/deviations/{released.pk}/inquiries/",
        {"tool": "ishikawa", "question": "Why did the valve stick?", "audience": "shared"},
    )
    assert begun.status_code == 303
    given = {"text": "Seal worn by use", "branch": "machine", "version": "1"}
    assert client.post(f"{begun.url}nodes/", given).status_code == 303
    stale = client.post(f"{begun.url}nodes/", given | {"text": "Typed and kept"})
    assert (stale.status_code, "Typed and kept" in stale.content.decode()) == (412, True)
    client.post(
        f"{begun.url}judge/",
        {"node": "1", "standing": "supported", "reason": "Seen when opened.", "version": "2"},
    )
    shown = signed_in("sponsor_qa").get(begun.url).content.decode()
    assert shown.count('class="inquiry-box supported"') == 1
    assert "1. Seal worn by use" in shown
    assert "Seen when opened." in shown
    refused = client.post(
        f"/deviations/{released.pk}/causes/",
        {"kind": "root", "lies_in": "human", "method": "ishikawa", "text": "The wrong valve was opened.",
         "evidence": "The film of the hall shows it clearly.", "audience": "shared"},
    )  # fmt: skip
    assert (refused.status_code, "The wrong valve was opened." in refused.content.decode()) == (400, True)
    assert signed_in("rival_sponsor_qa").get(page).status_code == 404
    for url in (page, f"/deviations/{released.pk}/"):
        assert client.get(url).status_code == 200


def test_a_step_asked_for_by_reading_leads_back_to_its_page(released, cdmo_qa, signed_in):
    inquiry = inquiries.node(cdmo_qa, inquiries.begin(cdmo_qa, released))
    cause = inquiries.cause(cdmo_qa, released)
    client, page = signed_in("sponsor_qa"), f"/deviations/{released.pk}/investigation/"
    back = {
        f"/inquiries/{inquiry.pk}/nodes/": f"/inquiries/{inquiry.pk}/",
        f"/causes/{cause.pk}/withdraw/": page,
        f"/deviations/{released.pk}/causes/": page,
    }
    assert {url: client.get(url).url for url in back} == back
