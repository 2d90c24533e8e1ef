"""That a draft or a report waits is told by ladder and channels, and without a word of the product."""

from portal.action import reading
from portal.models import Alert, Delivery
from tests.deviations.conftest import seen_by
from tests.factories import deviations as make


def alerts(reader, deviation, kind):
    with reading(reader):
        rows = Alert.objects.visible_to(reader).filter(subject_id=deviation.pk, kind=kind)
        return list(rows.order_by("raised_at"))


def test_the_sponsor_is_told_of_a_draft_and_a_step_of_its_own_is_receipt(
    database, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    released = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, title="Secret of the vessel")))
    found = make.share_draft(cdmo_qa, make.investigate(cdmo_qa, released))
    (alert,) = alerts(sponsor_qa, found, "report.draft")
    assert (alert.side, alert.state, alert.classification) == ("sponsor", "open", "major")
    assert alert.title == f"{found.number}: a draft report waits for comments"
    assert "Secret" not in str(alert.title)
    assert {each.alert_id for each in seen_by(sponsor_qa, Delivery)} >= {alert.pk}
    assert seen_by(rival_sponsor_qa, Alert) == []
    make.comment(sponsor_qa, found)
    assert [each.state for each in alerts(sponsor_qa, found, "report.draft")] == ["acknowledged"]
