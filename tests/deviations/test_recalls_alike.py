"""Likeness measured on the reasons of given recalls: how many of ten are of the same family of defect.

The family is what the reason names before its colon. Asked twice: with the whole reason, and with the detail
behind the colon alone, as people describe a defect before anybody has named it.
"""

import csv
import gzip
import os
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deviations.models import Deviation
from deviations.queries.similar import similar_to
from portal.action import reading
from tests.factories import cast

DATA = Path(os.environ.get("COVALENT_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
RECALLS = DATA / "fda-drug-recalls" / "drug_recalls_2012-2018.csv.gz"
LEAST_OF_A_FAMILY, ASKED_OF_A_FAMILY, TEN = 25, 4, 10
INSERT = """
insert into deviations_deviation (id, space_id, audience, version, number, title, description,
    immediate_action, state, occurred_at, detected_at, aware_at, recorded_at, late_reason, reporter_id,
    reporter_code, lead_code, end_text, external_id, external_status, needs_notice, triggers, dismissal,
    dismissed_code, review, triaged_at)
select gen_random_uuid(), %s, 'shared', 1, 'R-' || %s, '', %s, '', 'triaged', now(), now(), now(), now(), '',
    (select id from portal_person limit 1), 'Recall', '', '', '', '', true, '[]', '', '', '', now()
"""


# One defect goes by several names in the reasons; the first of these that a name holds is its family.
NAMED = (
    *("steril", "impurit", "dissolution", "particulate", "foreign", "subpoten", "superpoten", "microb"),
    *("cross contamination", "chemical contamination", "content uniformity", "stability", "container"),
    *("delivery system", "discolor", "crystal", "temperature", "cgmp", "nda", "tablet", "moisture", "label"),
)


def family_of(named):
    """The family of a defect by the name that a reason gives it."""
    return next((each for each in NAMED if each in named), named.strip())


def reasons():
    """The reasons of the recalls with a named family, each once, with the family."""
    with gzip.open(RECALLS, "rt", encoding="utf-8") as file:
        told = {row["Reason for Recall"] for row in csv.DictReader(file)}
    families = defaultdict(list)
    for each in sorted(told):
        named, colon, detail = each.partition(":")
        if colon and len(detail.split()) > 2:
            families[family_of(named.casefold())].append((each, detail.strip()))
    return families


def described(text):
    """A deviation that is only described, and in no table."""
    return Deviation(space_id=cast.PROGRAM, title="", description=text, detected_at=datetime.now(UTC))


def precision(actor, wanted):
    """The share of the ten most alike that are of the family of what was asked about."""
    hits = asked = 0
    with reading(actor):
        for family, text, own in wanted:
            found = similar_to(actor, described(text), most=TEN + 1)
            alike = [each for each in found if str(each.deviation.description) != own][:TEN]
            hits += sum(FAMILY[str(each.deviation.description)] == family for each in alike)
            asked += len(alike)
    return hits / asked


FAMILY = {}


@pytest.mark.soak
@pytest.mark.skipif(not RECALLS.exists(), reason="the given data is not here")
def test_of_ten_deviations_alike_most_are_of_the_same_family(own_database, cdmo_qa, record_property):
    families = reasons()
    with own_database.connect("admin") as raw:
        raw.execute("alter table deviations_deviation disable trigger note_insert")
        for family, rows in families.items():
            for whole, _detail in rows:
                FAMILY[whole] = family
                raw.execute(INSERT, [cast.PROGRAM, len(FAMILY), whole])
        raw.execute("alter table deviations_deviation enable trigger note_insert")
        raw.commit()
    large = {family: rows for family, rows in families.items() if len(rows) >= LEAST_OF_A_FAMILY}
    asked = [
        (family, whole, detail)
        for family, rows in large.items()
        for whole, detail in rows[:: max(1, len(rows) // ASKED_OF_A_FAMILY)][:ASKED_OF_A_FAMILY]
    ]
    whole = precision(cdmo_qa, [(family, text, text) for family, text, _detail in asked])
    detail = precision(cdmo_qa, [(family, text, own) for family, own, text in asked])
    stated = {
        "reasons": len(FAMILY),
        "families": len(large),
        "asked": len(asked),
        "whole": whole,
        "detail": detail,
    }
    record_property("precision at 10", str(stated))
    assert whole > 0.5, stated
    assert detail > 0.2, stated
