"""What a signature and a record must hold (21 CFR Part 11, EU GMP Annex 11), each with what breaks it.

An assertion is a function of the room that fails when the product does not hold it. Its mutation takes the
guard away: the assertion must then fail, or it would prove nothing.
"""

from __future__ import annotations

import base64
import json
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pypdf
import time_machine
from django.db import connection

from batches.actions.entries import correct_entry
from batches.actions.lots import withdraw_use
from portal.actions import people, proving, signing
from portal.actions.trail import review_trail
from portal.actor import system_actor
from portal.models import Signature
from portal.models.base import RecordQuerySet, SpaceRecord
from portal.proving import Proof
from portal.states import Meaning
from tests.conftest import actor, entries_of
from tests.factories import batches, cast, executed, lots
from tests.factories import deviations as make
from tests.factories.signing import code_at, enable, make_signer
from tests.part11.room import code_of, proof

NAME = "Name of cdmo_quality_head"


@dataclass(frozen=True)
class BelievedLine:
    """A signature that is shown as one that holds, whatever it says."""

    signature: Signature
    is_current: bool
    holds: bool = True


@dataclass(frozen=True)
class Assertion:
    """One line of the regulation; `by_owner` says that its mutation needs a database of its own."""

    number: int
    words: str
    clause: str
    holds: Callable
    mutate: Callable
    by_owner: bool


ASSERTIONS: list[Assertion] = []


def asserts(number, words, clause, *, broken_by, by_owner=False):
    """Register a check with its mutation."""

    def register(check):
        ASSERTIONS.append(Assertion(number, words, clause, check, broken_by, by_owner))
        return check

    return register


# --- mutations ---


def no_signature_is_shown(patch, _room):
    keep = RecordQuerySet.visible_to
    patch.setattr(
        RecordQuerySet,
        "visible_to",
        lambda self, who: self.none() if self.model is Signature else keep(self, who),
    )


def whoever_asks_is_believed(patch, _room):
    patch.setattr(
        proving, "prove", lambda person, _given, _what, now: Proof(person, (int(time.time() * 1000),), now)
    )


def password_is_enough(patch, _room):
    counters = iter(range(1_000_000))
    patch.setattr("portal.proving.counter_of", lambda _person, _code: next(counters))


def nothing_is_counted(patch, _room):
    patch.setattr(proving, "_fail", lambda _actor: 1)


def names_are_forgotten(patch, _room):
    keep = Signature.from_db.__func__

    def blank(cls, *args):
        row = keep(cls, *args)
        row.printed_name = ""
        return row

    patch.setattr(Signature, "from_db", classmethod(blank))


def a_slow_page():
    waits = iter([5.5])
    return lambda *_args: time.sleep(next(waits, 0)) or ""


def replaced(target, value):
    """A mutation that puts one thing in the place of another."""
    return lambda patch, _room: patch.setattr(target, value)


def by_sql(*statements):
    """A mutation in the database, by its administrator."""

    def mutate(_patch, room):
        with room.connect("admin") as raw:
            for each in statements:
                raw.execute(each)

    return mutate


def words_in(bundle):
    """The bodies of all items of an export's entries."""
    for line in bundle.read("entries.ndjson").splitlines():
        for item in json.loads(line)["items"]:
            if isinstance(item, list):
                yield base64.b64decode(item[1]).decode()


# --- signatures ---


@asserts(
    1, "Every rendering shows printed name, time with zone, meaning", "11.50", broken_by=no_signature_is_shown
)
def renderings(room):
    signature = room.sign()
    page = room.browser("sponsor_qa").get(room.page).content.decode()
    assert NAME in page
    assert "Approved" in page.partition('id="signatures"')[2]
    # The date, the site's clock and UTC, on the page as on paper.
    local, utc = signature.signed_at.astimezone(ZoneInfo(signature.zone)), signature.signed_at.astimezone(UTC)
    stated = f"{local:%Y-%m-%d %H:%M:%S} {signature.zone}, "
    assert stated in page
    assert f"{utc:%H:%M:%S} UTC" in page.partition(stated)[2][:40]
    [line] = room.system().get(f"/api/v1{room.page}").json()["signatures"]
    assert (line["name"], line["meaning"]) == (NAME, "approved")
    assert line["signed_at"].endswith("Z")
    assert line["signed_at_site"] == local.isoformat()
    with zipfile.ZipFile(BytesIO(room.export(room.deviation.pk))) as bundle:
        assert signature.digest in " ".join(words_in(bundle))
        paper = "".join(
            each.extract_text() for each in pypdf.PdfReader(BytesIO(bundle.read("record.pdf"))).pages
        )
    for said in (NAME, f"{local:%H:%M:%S}", f"{utc:%H:%M:%S} UTC", "pproved"):
        assert said in paper


@asserts(
    2,
    "A signature copied to another record does not hold",
    "11.70",
    broken_by=replaced(
        "portal.queries.signatures.SignatureLine", lambda signature, now, _: BelievedLine(signature, now)
    ),
    by_owner=True,
)
def copied(room):
    signature = room.sign()
    other = make.release(room.qa, make.triage(room.qa, make.report(room.qa)))
    with room.connect("admin") as raw:
        raw.execute("set session_replication_role = replica")
        raw.execute(
            "insert into portal_signature select (jsonb_populate_record(s, jsonb_build_object("
            "'id', gen_random_uuid(), 'subject_id', %s::text, 'subject_version', %s::int))).*"
            " from portal_signature s where id = %s",
            [str(other.pk), other.version, signature.pk],
        )
    page = room.browser("cdmo_qa").get(f"/deviations/{other.pk}/").content.decode()
    assert NAME in page
    assert "does not hold" in page


@asserts(
    3,
    "A change after signing leaves the record visibly unsigned, the signature kept",
    "11.10(e)",
    broken_by=lambda patch, _room: patch.setattr(SpaceRecord, "bump", lambda _self: None),
)
def changed_after(room):
    room.sign()
    assert [each.is_current for each in room.signed()] == [True]
    make.finish(room.qa, room.deviation)
    assert [(each.is_current, each.holds) for each in room.signed()] == [(False, True)]
    assert "the record changed since" in room.browser("cdmo_qa").get(room.page).content.decode()


@asserts(4, "Each signature takes both components", "11.200(a)(1)", broken_by=password_is_enough)
def both_components(room):
    assert code_of(room.sign, code="000000") == "credentials_wrong"
    assert code_of(room.sign, password="wrong") == "credentials_wrong"
    assert code_of(room.sign) == ""
    # Not the first one alone: the second of a session takes both again.
    assert code_of(room.sign, meaning=Meaning.REJECTED, code="") == "credentials_wrong"


@asserts(5, "A live session alone never signs", "11.200(a)(1)", broken_by=whoever_asks_is_believed)
def session_alone(room):
    browser = room.browser()
    stated = room.form(browser)
    browser.post(room.address, stated | {"meaning": "approved", "password": "", "code": ""})
    browser.post(room.address, stated | {"meaning": "approved", "password": " ", "code": "123456"})
    assert room.count() == 0


@asserts(
    6,
    "An identity is never used again, nor deleted",
    "11.100(a)",
    broken_by=by_sql("grant delete on portal_person to covalent_app"),
    by_owner=True,
)
def identities(room):
    setup = system_actor("setup", cast.CDMO)
    people.close_member(setup, room.member_of(actor("cdmo_operator")).pk, reason="Left the company.")
    again = {"email": cast.EMAILS["cdmo_operator"].upper(), "name": "Somebody else", "password": "x" * 20}
    assert code_of(people.add_member, setup, cast.CDMO, **again) != ""
    with connection.cursor() as cursor:
        for table in ("portal_person", "portal_member", "portal_signer", "portal_signature"):
            cursor.execute("select has_table_privilege('covalent_app', %s, 'delete')", [table])
            assert cursor.fetchone() == (False,), table


@asserts(
    7,
    "Who somebody is was checked before they may sign",
    "11.100(b)",
    broken_by=replaced("portal.actions.signing._require_signer", lambda _actor, _now: None),
)
def identity_checked(room):
    assert code_of(room.sign, actor("sponsor_qa"), meaning=Meaning.CONCURRED) == "not_a_signer"
    setup = system_actor("setup", cast.ARVO)
    stated = {"identity": "yes", "trained_until": make.now() + timedelta(days=9)}
    sponsor = actor("sponsor_qa")
    assert code_of(signing.enable_signer, setup, cast.ARVO, sponsor.person_id, **stated) == "invalid"


@asserts(
    8,
    "Nobody signs for another, an administrator neither",
    "11.200(a)(2)-(3)",
    broken_by=whoever_asks_is_believed,
)
def for_another(room):
    # The password of the one at the screen is asked, not that of whoever's name is wished for.
    assert code_of(room.sign, actor("cdmo_admin")) != ""
    browser = room.browser()
    given = room.form(browser) | {"meaning": "approved", "person": str(room.qa.person_id)}
    browser.post(room.address, given | proof(password="password of the administrator"))
    assert room.count() == 0


@asserts(9, "Wrong tries are counted, told and end in a lock", "11.300(d)", broken_by=nothing_is_counted)
def wrong_tries(room):
    for _ in range(5):
        assert code_of(room.sign, password="wrong") == "credentials_wrong"
    assert room.kinds()[-5:] == ["signing.failed"] * 5
    assert [each[3] for each in entries_of(cast.CDMO)][-1], "told to those who watch the organisation's chain"
    assert code_of(room.sign) == "signing_locked"


@asserts(
    10,
    "Who lost the second factor is out at once, in open sessions too",
    "11.300(c)",
    broken_by=replaced("portal.actions.people.close_member", lambda *_args, **_given: None),
)
def lost_factor(room):
    browser = room.browser()
    assert browser.get(room.page).status_code == 200
    people.close_member(
        system_actor("setup", cast.CDMO), room.member_of(room.head).pk, reason="Telephone lost."
    )
    assert browser.get(room.page).status_code != 200
    assert code_of(room.sign) != ""


@asserts(
    11,
    "No step is signed before the one it follows",
    "11.10(f)",
    broken_by=lambda patch, _room: patch.setattr(signing, "_require_meaning", lambda *_args: None),
)
def sequence(room):
    reported = make.report(actor("cdmo_operator"))
    triaged = make.triage(room.qa, make.report(actor("cdmo_operator")))
    cancelled = make.in_state("cancelled", room.qa)
    for early in (reported, triaged, cancelled):
        for meaning in (Meaning.APPROVED, Meaning.REJECTED):
            assert code_of(room.sign, on=early, meaning=meaning) == "invalid_transition"


@asserts(
    12,
    "The authority is that of the moment of signing",
    "11.10(g)",
    broken_by=replaced("portal.actions.signing._require_signer", lambda _actor, _now: None),
)
def authority(room):
    browser = room.browser()
    stated = room.form(browser)
    signing.withdraw_signer(
        system_actor("setup", cast.CDMO), cast.CDMO, room.head.person_id, reason="Left the site."
    )
    browser.post(room.address, stated | {"meaning": "approved"} | proof())
    assert room.count() == 0


def any_key_will_do(patch, _room):
    patch.setattr("portal.api.authentication.actor_by_key", lambda _token: actor("gateway"), raising=True)


@asserts(
    13,
    "A value is taken from a live key of its own program alone",
    "11.10(h)",
    broken_by=any_key_will_do,
)
def devices(room):
    from django.test import Client

    body = {"readings": []}
    for token in ("cov_test_nobody", cast.TOKENS["gateway"] + "x"):
        sender = Client(headers={"Authorization": f"Bearer {token}"})
        path = f"/api/v1/batches/{make.unknown_id()}/readings/"
        assert sender.post(path, body, content_type="application/json").status_code == 401


# --- records ---


@asserts(
    14,
    "A change that takes something back needs a reason of its own",
    "Annex 11 s.9",
    broken_by=replaced("deviations.actions.investigate.check_texts", lambda _given: None),
)
def reasons(room):
    reported = make.report(room.qa)
    for empty in ("", "   ", "n/a"):
        assert code_of(make.cancel, room.qa, reported, reason=empty) == "invalid"


@asserts(
    15,
    "Time is the database's; a client's time is a claim beside it",
    "11.10(e)",
    broken_by=lambda patch, _room: patch.setattr(
        "deviations.actions.report.instant", lambda: make.now() - timedelta(minutes=3)
    ),
)
def time_source(room):
    before = make.now()
    with time_machine.travel(time.time() - 86_400 * 30, tick=True):
        reported = make.report(room.qa)
    assert before <= reported.recorded_at <= make.now()
    assert reported.occurred_at < before


@asserts(
    16,
    "Nobody in the application can turn the audit trail off",
    "11.10(e)",
    broken_by=by_sql("alter table deviations_deviation disable trigger note_update"),
    by_owner=True,
)
def always_on(room):
    before = len(entries_of(cast.PROGRAM))
    with room.connect("app") as raw:
        spaces = "{" + str(cast.PROGRAM) + "}"
        raw.execute("select set_config('covalent.as_manufacturer', %s, false)", [spaces])
        raw.execute("update deviations_deviation set title = 'Another' where id = %s", [room.deviation.pk])
    entries = entries_of(cast.PROGRAM)
    assert len(entries) == before + 1
    assert entries[-1][1] == "record.changed_outside"


@asserts(
    17,
    "The value before a change stays readable",
    "11.10(e)",
    broken_by=by_sql("alter table deviations_deviation disable trigger note_update"),
    by_owner=True,
)
def original_value(room):
    closed = make.finish(room.qa, room.deviation)
    with room.connect("admin") as raw:
        bodies = raw.execute(
            "select convert_from(body, 'UTF8') from ledger.item where class = 'change' and row_id = %s",
            [closed.pk],
        ).fetchall()
    texts = [body for (body,) in bodies]
    assert any('"sponsor_review"' in each and '"closed"' in each for each in texts)


@asserts(18, "A name stays after its person has left", "11.10(c)", broken_by=names_are_forgotten)
def names_stay(room):
    room.sign()
    people.close_member(system_actor("setup", cast.CDMO), room.member_of(room.head).pk, reason="Retired.")
    assert NAME in room.browser("cdmo_qa").get(room.page).content.decode()


@asserts(
    19,
    "A copy is complete, for people and machines, and can be checked",
    "11.10(b)",
    broken_by=replaced("portal.exports.list_sealed", lambda *_args: iter(())),
)
def copies(room):
    from portal.offline.verify_export import main as verify

    room.sign()
    try:
        written = room.export(room.deviation.pk)
    except AssertionError as error:
        raise AssertionError("no copy") from error
    path = room.folder / "copy.zip"
    path.write_bytes(written)
    assert verify([str(path)]) == 0
    with zipfile.ZipFile(BytesIO(written)) as bundle:
        assert {"export.json", "entries.ndjson", "verify.py"} <= set(bundle.namelist())


@asserts(
    20,
    "A record of ten years ago is found and read within 5 s",
    "11.10(c)",
    broken_by=lambda patch, _room: patch.setattr(
        sys.modules["deviations.queries.history"], "words_of", a_slow_page()
    ),
)
def ten_years(room):
    room.sign()
    room.clock.move(timedelta(days=3653))
    began = time.monotonic()
    page = room.browser("cdmo_qa").get(room.page)
    assert page.status_code == 200
    assert time.monotonic() - began < 5
    assert NAME in page.content.decode()


@asserts(
    21,
    "A review of the audit trail is a signed record with scope and filters",
    "Annex 11 s.9",
    broken_by=replaced("portal.actions.trail.require_role", lambda *_args, **_given: None),
)
def trail_reviewed(room):
    finding = "Each change has its reason; nothing was written outside."
    given = {"audience": "shared", "first": 1, "last": 3, "finding": finding}
    assert code_of(review_trail, actor("cdmo_operator"), cast.PROGRAM, **given) == "refused"
    review = review_trail(room.head, cast.PROGRAM, kinds=["program.opened"], **given)
    assert (review.first_seq, review.last_seq, review.kinds) == (1, 3, ["program.opened"])
    room.sign(on=review, kind="trail_review", meaning=Meaning.REVIEWED)
    assert NAME in room.browser().get(f"/ledger/reviews/{review.pk}/").content.decode()


@asserts(
    22,
    "Order and segregation are the server's, not the page's",
    "11.10(f), (g)",
    broken_by=lambda patch, _room: patch.setattr(signing, "open_meanings", lambda *_args: list(Meaning)),
)
def segregation(room):
    lead = make.investigate(
        room.qa,
        make.release(room.qa, make.triage(room.qa, make.report(room.qa))),
    )
    make_signer(room.qa, cast.CDMO)
    assert code_of(room.sign, room.qa, on=lead) == "own_work"


@asserts(
    23,
    "What was shown is what is signed",
    "11.70",
    broken_by=lambda patch, _room: patch.setattr(signing, "digest_of", lambda _content: "0" * 64),
)
def shown_is_signed(room):
    assert code_of(room.sign, digest="0" * 64) == "stale_version"
    browser = room.browser()
    assert make.WORDS in browser.get(room.address).content.decode()


@asserts(
    24,
    "The page of a batch's release lists every change after entry",
    "Annex 11 8.2",
    broken_by=replaced("batches.views.disposition.changes_after_entry", lambda _actor, _batch: []),
)
def changed_after_entry(room):
    batch, operator = batches.batch(), actor("cdmo_operator")
    wrong = executed.entry(batch, title="Weight", value="12.5", unit="kg")
    given = {"value": Decimal("15.2"), "unit": "kg", "reason": "Read from the wrong scale."}
    correct_entry(operator, wrong.pk, version=wrong.version, **given)
    used = lots.use(batch, lots.lot())
    withdraw_use(room.qa, used.pk, version=1, reason="Another lot was used.")
    page = unescape(room.browser().get(f"/batches/{batch.pk}/disposition/").content.decode())
    for said in ("12.5 kg", "15.2 kg", "Operator 31", "Read from the wrong scale.", "Another lot was used."):
        assert said in page


@asserts(
    25,
    "No shared or technical account signs",
    "11.100(a)",
    broken_by=lambda patch, _room: patch.setattr(signing, "PersonKind", SimpleNamespace(HUMAN="service")),
)
def accounts(room):
    service = actor("cdmo_system")
    assert code_of(enable, service, cast.CDMO) == "not_found"
    stated = {"version": 1, "digest": "", "password": cast.PASSWORD, "code": code_at(time.time())}
    signed = {"meaning": Meaning.APPROVED} | stated
    assert code_of(signing.sign, service, "deviation", room.deviation.pk, **signed) == "key_cannot_sign"


@asserts(
    26,
    "Training is looked at in the moment of signing",
    "11.10(i)",
    broken_by=replaced("portal.actions.signing._require_signer", lambda _actor, _now: None),
)
def training(room):
    room.clock.move(timedelta(days=366))
    assert code_of(room.sign) == "training_over"


@asserts(
    27,
    "A change of the configuration is a dated entry with who, before and after",
    "11.10(k)",
    broken_by=by_sql("alter table portal_assignment disable trigger note_insert"),
    by_owner=True,
)
def configuration(room):
    before = len(entries_of(cast.CDMO))
    setup = system_actor("setup", cast.CDMO, cast.PARTNERSHIP)
    people.give_assignment(
        setup,
        cast.CDMO,
        person_id=room.head.person_id,
        target_id=cast.PARTNERSHIP,
        side=room.head.side(cast.PROGRAM),
        role="msat",
        code="MSAT 01",
    )
    with room.connect("admin") as raw:
        [(changes,)] = raw.execute(
            "select count(*) from ledger.item i join ledger.entry e using (marker_id, space_id, audience)"
            " where e.space_id = %s and e.seq > %s and i.class = 'change'"
            " and convert_from(i.body, 'UTF8') like '%%MSAT 01%%'",
            [cast.CDMO, before],
        ).fetchall()
    assert changes >= 1
