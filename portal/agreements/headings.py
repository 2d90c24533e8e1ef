"""The headings of an agreement and the activities somebody answers for, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FDA: Final = "FDA, Contract Manufacturing: Quality Agreements (2016)"
EU: Final = "EU GMP chapter 7"
ATMP: Final = "EU GMP Part IV, 13"
Q7: Final = "ICH Q7"
Q10: Final = "ICH Q10, 2.7"
# What an agreement on clinical phases is held against; the headings of the FDA alone are advice there.
CLINICAL: Final = (EU, ATMP, Q7, Q10)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that the guidance names, in the order of an agreement; `sources` say which."""

    code: str
    title: str | Promise
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """What one party answers for, under the heading where its clause stands."""

    code: str
    title: str | Promise
    heading: str


HEADINGS: Final[Mapping[str, Heading]] = {
    each.code: each
    for each in (
        Heading("scope", _("Purpose and scope"), (FDA, f"{EU}, 7.14")),
        Heading("terms", _("Terms, effective date and end"), (FDA,)),
        Heading("disagreements", _("Resolution of disagreements"), (FDA,)),
        Heading(
            "responsibilities",
            _("Responsibilities and communication"),
            (FDA, f"{EU}, 7.14-7.15", ATMP, f"{Q7}, 16.12", Q10),
        ),
        Heading(
            "quality_unit", _("Quality unit: deviations, notices and judgements"), (FDA, f"{EU}, 7.16", ATMP)
        ),
        Heading("facilities", _("Facilities and equipment"), (FDA, f"{EU}, 7.17")),
        Heading("materials", _("Materials"), (FDA, f"{EU}, 7.15", Q10)),
        Heading("product", _("Product-specific considerations and live data"), (FDA,)),
        Heading("laboratory", _("Laboratory controls"), (FDA, f"{EU}, 7.15")),
        Heading("documentation", _("Documentation and records"), (FDA, f"{EU}, 7.16", f"{Q7}, 16.15")),
        Heading("disposition", _("Holds, release and disposition"), (FDA, f"{EU}, 7.15")),
        Heading("change_control", _("Change control"), (FDA, f"{EU}, 7.11", f"{Q7}, 16.16")),
        Heading(
            "subcontracting",
            _("Subcontractors and audits"),
            (f"{EU}, 7.10, 7.13, 7.17", ATMP, f"{Q7}, 16.13-16.14"),
        ),
        Heading("revisions", _("Revisions of this agreement"), (FDA,)),
    )
}

ACTIVITIES: Final[Mapping[str, Activity]] = {
    each.code: each
    for each in (
        Activity("deviation_opening", _("Opening a deviation"), "quality_unit"),
        Activity("deviation_classification", _("Classifying a deviation"), "quality_unit"),
        Activity("notice_release", _("Releasing a notice"), "quality_unit"),
        Activity("investigation", _("Investigating"), "quality_unit"),
        Activity("product_impact", _("Assessing product impact"), "quality_unit"),
        Activity("capa", _("Corrective and preventive action"), "quality_unit"),
        Activity("complaints", _("Complaints and recalls"), "quality_unit"),
        Activity("premises", _("Premises, equipment and qualification"), "facilities"),
        Activity("environmental_monitoring", _("Environmental monitoring and utilities"), "facilities"),
        Activity("material_release", _("Testing and release of materials"), "materials"),
        Activity("supplier_qualification", _("Qualification of suppliers"), "materials"),
        Activity("master_record", _("Master batch record"), "product"),
        Activity("process_validation", _("Process validation"), "product"),
        Activity("early_signals", _("Answering early signals"), "product"),
        Activity("testing", _("In-process and release testing"), "laboratory"),
        Activity("oos_investigation", _("Investigating out-of-specification results"), "laboratory"),
        Activity("stability", _("Stability"), "laboratory"),
        Activity("batch_record_review", _("Reviewing the executed batch record"), "documentation"),
        Activity("record_retention", _("Keeping records and samples"), "documentation"),
        Activity("cdmo_disposition", _("Release of the service by the manufacturer"), "disposition"),
        Activity("sponsor_disposition", _("Disposition by the sponsor"), "disposition"),
        Activity("change_approval", _("Approving changes"), "change_control"),
        Activity("subcontractor_approval", _("Approving subcontractors"), "subcontracting"),
        Activity("audits", _("Audits and inspections"), "subcontracting"),
    )
}

# What timelines and outcomes of silence are set for.
TIMED: Final[Mapping[str, str | Promise]] = {
    "opening": _("Record opened after awareness"),
    "preliminary_summary": _("Preliminary summary"),
    "draft_report": _("Draft report"),
    "draft_comments": _("Comments on a draft report"),
    "closing": _("Closing"),
    "extension": _("Extension of a deadline"),
    "sponsor_review": _("Sponsor's review of the report"),
    "product_impact": _("Product-impact assessment"),
    "disagreement": _("Decision on a disagreement"),
    "capa": _("CAPA completed"),
    "effectiveness": _("Effectiveness check"),
    "oos_phase_one": _("OOS phase I"),
    "record_handover": _("Executed batch record handed over"),
    "record_review": _("Sponsor's review of the batch record"),
    "review_question": _("Answer to a question of the review"),
    "decision": _("Answer to a decision request"),
    "disposition": _("Disposition"),
    "change_notice": _("Change notice ahead of the change"),
    "change_review": _("Other side's word on a change"),
    "query": _("Answer to a query"),
    "reconsideration": _("Reconsideration of a judgement"),
    "complaint": _("Investigation of a complaint"),
}
