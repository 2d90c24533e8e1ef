"""How long each kind of row is kept, and what is swept because it is no record (21 CFR 11.10(c), 211.180).

No action and no sweep deletes a record: the application has no right to. A class states the least time after
which an installation's owner may archive; the clause under which a record began may state more, and never
less. Apps classify their own tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from portal.agreements import rules
from portal.slots import Slot


@dataclass(frozen=True, slots=True)
class Term:
    """Years after something happened; 0 means together with it."""

    years: int
    since: str

    @property
    def words(self) -> str:
        """Return it as people say it: 5 years after certification or rejection of the batch."""
        amount = "1 year" if self.years == 1 else f"{self.years} years"
        return f"{amount} after {self.since}" if self.years else f"together with {self.since}"


@dataclass(frozen=True, slots=True)
class Retention:
    """A class of records: the longest of its terms holds."""

    title: str
    terms: tuple[Term, ...]
    source: str

    @property
    def words(self) -> str:
        """Return how long: each of its terms, of which the longest holds."""
        return "; ".join(each.words for each in self.terms)

    def with_clause(self, rule: rules.Retention) -> Retention:
        """Return how long a record is kept of which a clause says so: longer where it asks for more."""
        asked = Term(rule.years, SINCE[rule.after])
        known = next((each.years for each in self.terms if each.since == asked.since), None)
        if known is not None and known >= asked.years:
            return self
        kept = tuple(each for each in self.terms if each.since != asked.since)
        return replace(self, terms=(*kept, asked))


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rows of the machinery that go by themselves; `rows` is the condition, with `limit` for the instant."""

    table: str
    rows: str
    limit: timedelta
    why: str

    @property
    def statement(self) -> str:
        """Return the SQL that deletes what is old."""
        seconds = int(self.limit.total_seconds())
        limit = f"portal.instant() - make_interval(secs => {seconds})"
        return f"delete from {self.table} where {self.rows.format(limit=limit)}"  # noqa: S608 - fixed texts


# What the clauses count from, as classes do.
SINCE: Final[Mapping[str, str]] = {
    "expiry": "expiry of the batch",
    "disposition": "certification or rejection of the batch",
    "closing": "closing of the record",
    "end_of_agreement": "the end of the agreement",
}
# How clauses name the records that have a type of their own here.
NAMED: Final[Mapping[str, str]] = {
    "batch": "batch",
    "deviation": "deviation",
    "excursion": "excursion",
    "early_signal": "watch",
}
_OF_BATCH: Final = (Term(1, SINCE["expiry"]), Term(5, SINCE["disposition"]))

CLASSES: Final[Mapping[str, Retention]] = {
    "batch": Retention(
        "Batch records, readings, excursions", _OF_BATCH, "21 CFR 211.180(a), 211.188; EU GMP 4.11"
    ),
    "quality": Retention(
        "Deviations, notices, alerts, files and what followed from them",
        (*_OF_BATCH, Term(5, "closing of the record, when no batch is affected")),
        "21 CFR 211.180(a), (e), 211.192; EU GMP 1.4(xiv), 4.11",
    ),
    "master": Retention(
        "Recipes and limits",
        (Term(1, "expiry of the last batch made by them"),),
        "21 CFR 211.180(c), 211.186",
    ),
    "paper": Retention(
        "What drafts say",
        (Term(0, "the draft: gone once it is submitted or withdrawn"),),
        "no record",
    ),
    "parties": Retention(
        "Companies, sites, programs, people, seats and keys",
        (Term(0, "the last record in which they stand"),),
        "21 CFR 11.10(d), (e), (g)",
    ),
    "signature": Retention(
        "Signatures and who may give them", (Term(0, "the record that is signed"),), "21 CFR 11.10(e), 11.70"
    ),
    "ledger": Retention(
        "Entries, checkpoints, cosignatures",
        (Term(0, "the last record whose history they are"),),
        "21 CFR 11.10(c), (e)",
    ),
    "derived": Retention(
        "Copies that are made again from other rows", (Term(0, "the rows they are made from"),), "no record"
    ),
    "machinery": Retention(
        "How far each webhook has come, and its last tries",
        (Term(0, "the webhook; tries are deleted after 30 days"),),
        "no record",
    ),
    "answer": Retention(
        "What the sender of a frame was told",
        (Term(0, "the idempotency key: swept after 96 h"),),
        "no record",
    ),
}

# table -> class, from each app.
classified: Final = Slot[[], Mapping[str, str]]("classified")


@classified.register
def of_portal() -> Mapping[str, str]:
    """Return the classes of the portal's record tables."""
    return {
        "portal_organisation": "parties",
        "portal_site": "parties",
        "portal_partnership": "parties",
        "portal_program": "parties",
        "portal_programsite": "parties",
        "portal_agreementversion": "parties",
        "portal_programterms": "parties",
        "portal_space": "parties",
        "portal_member": "parties",
        "portal_assignment": "parties",
        "portal_apikey": "parties",
        "portal_signer": "signature",
        "portal_signature": "signature",
        "portal_record": "derived",
        "portal_attachment": "quality",
        "portal_alert": "quality",
        "portal_receipt": "quality",
        "portal_opening": "quality",
        "portal_clock": "quality",
        "portal_clockmove": "quality",
        "portal_businesscalendar": "quality",
        "portal_ladderstep": "quality",
        "portal_delivery": "quality",
        "portal_delegation": "parties",
        "portal_proposal": "parties",
        "portal_accessreview": "parties",
        "portal_accessline": "parties",
        "portal_inspection": "parties",
        "portal_inspectionrequest": "parties",
        "portal_handover": "parties",
        "portal_trailreview": "quality",
        "portal_legalhold": "quality",
        "portal_decisionrequest": "quality",
        "portal_decisionmessage": "quality",
        "portal_paper": "paper",
        "portal_webhook": "parties",
        "portal_webhookcursor": "machinery",
        "portal_webhookattempt": "machinery",
        "portal_roster": "quality",
        "portal_rosterversion": "quality",
        "portal_rostergap": "quality",
        "portal_refusal": "quality",
        "portal_drill": "quality",
        "portal_dutycard": "parties",
    }


def class_of(table: str) -> Retention:
    """Return how long rows of a record table are kept. Raises: LookupError for a table nobody classified."""
    for found in classified():
        if table in found:
            return CLASSES[found[table]]
    raise LookupError(table)


DAYS_3: Final = timedelta(hours=72)
SWEPT: Final = (
    Sweep("portal_idempotency", "created_at < {limit}", DAYS_3, "a repeat comes within 72 h or not at all"),
    Sweep("portal_refusalcount", "hour < {limit}", DAYS_3, "counts within an hour; the first 60 are entries"),
    Sweep(
        "portal_signingtry", "at < {limit}", DAYS_3, "counts tries within 15 minutes; refusals are entries"
    ),
    Sweep("django_session", "expire_date < {limit}", timedelta(0), "over; sign-ins are kept apart"),
    Sweep(
        "portal_heartbeat",
        "process like 'fork %' and seen_at < {limit}",
        timedelta(days=1),
        "told as long as it is so",
    ),
    Sweep("portal_guess", "at < {limit}", timedelta(days=1), "counts guesses within 15 minutes"),
    Sweep("portal_signin", "at < {limit}", timedelta(days=90), "shown to their owner for 90 days"),
    Sweep(
        "portal_checkpointmail",
        "next_at < {limit}",
        timedelta(days=7),
        "once a day; who holds what is kept apart",
    ),
    Sweep(
        "portal_clocktry",
        "set_apart_at is null and tried_at < {limit}",
        timedelta(days=1),
        "tries count within a minute; what is set apart stays until it is put back",
    ),
    Sweep("portal_courier", "seen_at < {limit}", timedelta(hours=1), "a run that ended or died"),
)
# Tables of the machinery with a right to delete and no sweep.
STAYS: Final[Mapping[str, str]] = {
    "portal_companysignin": "set up by whoever runs the installation",
    "portal_companyidentity": "goes when the organisation changes its provider",
    "portal_look": "one row for a person and place, written again at each look",
    "portal_relayshard": "sixteen rows",
    "portal_noticesetting": "one row for a person; what was chosen when is a fact",
    "portal_pushdevice": "goes when its owner or its push service ends it",
    "account_emailaddress": "belongs to the account",
    "account_emailconfirmation": "unused, sign-up is closed",
    "mfa_authenticator": "replaced by its owner alone",
}
