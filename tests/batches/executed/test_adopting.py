from datetime import timedelta
from decimal import Decimal

import pytest

from batches.actions.adopting import adopt_record
from batches.executed.adopting import StatedEntry, StatedResult, StatedStep
from batches.models import SampleResult, StepEntry, StepExecution
from batches.queries.record import batch_record
from portal.action import reading
from portal.errors import Conflict, Refused
from tests.factories import batches as make


def stated(batch):
    begun = batch.started_at
    hour = timedelta(hours=1)
    return {
        "steps": [
            StatedStep("growth", begun, begun + hour, "Operator 1", "Shift lead 2", ["BR-1"], ["R-1"]),
            StatedStep("production", begun + hour, None, "Operator 1"),
        ],
        "entries": [
            StatedEntry(
                "growth",
                "Feed",
                begun,
                "Operator 1",
                Decimal(24),
                "L",
                corrects=Decimal(42),
                reason="Typed wrong.",
            ),
            StatedEntry("growth", "pH", begun, "Operator 1", Decimal("7.4"), parameter="PH"),
        ],
        "results": [
            StatedResult("VCD", "S-1", Decimal("20.1"), begun, begun + hour, "QC 3", reviewed_code="QA 7")
        ],
    }


def test_a_record_that_was_kept_elsewhere_is_entered_once_by_the_set_up(database, cdmo_qa, sponsor_qa):
    batch = make.batch()
    with pytest.raises(Refused):
        adopt_record(cdmo_qa, batch.pk, **stated(batch))
    adopt_record(make.setup(), batch.pk, **stated(batch))
    with reading(sponsor_qa):
        record = batch_record(sponsor_qa, batch.pk)
        entries = StepEntry.objects.visible_to(sponsor_qa).order_by("title", "value")
        told = [(each.title, each.value.normalize(), str(each.state), each.outside) for each in entries]
        states = (
            StepExecution.objects.visible_to(sponsor_qa)
            .order_by("started_at")
            .values_list("state", flat=True)
        )
        assert list(states) == ["verified", "started"]
        assert SampleResult.objects.visible_to(sponsor_qa).get().state == "reviewed"
    assert (record.done, record.running.step.code) == (1, "production")
    assert told == [
        ("Feed", Decimal(24), "standing", ""),
        ("Feed", Decimal(42), "corrected", ""),
        ("pH", Decimal("7.4"), "standing", "par"),
    ]
    assert make.facts(batch)[-1] == ("batch.record_adopted", {"steps": "2", "entries": "3", "results": "1"})
    with pytest.raises(Conflict):
        adopt_record(make.setup(), batch.pk, **stated(batch))
