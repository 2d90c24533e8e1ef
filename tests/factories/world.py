"""Two programs at one manufacturer, each full of words that must not travel.

OURS stands in every text of the first program, CANARY in every text of the rival's, INTERNAL in what the
manufacturer has not disclosed. `build()` runs in a committing database and returns the ids by name.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from batches.actions.feeds import note_heartbeat
from batches.actions.readings import take_frame
from batches.actions.recipes import draft_recipe
from batches.gateways.chain import Sent, first_link
from batches.gateways.following import Announced
from batches.models import Excursion, Parameter, WatchCourse, WatchDocument, WatchModel, WatchNews
from batches.specs import HoldTimeSpec, MaterialSpec
from deviations.actions.mirroring import mirror_deviation
from deviations.models import MirrorConflict
from portal.action import action, reading
from portal.actions.delegating import delegate_roles
from portal.actions.inspecting import open_inspection
from portal.actions.people import make_guest
from portal.actions.proposing import propose_reset
from portal.actions.reviewing import open_review
from portal.actor import Side, system_actor
from portal.models import (
    AccessLine,
    AccessReview,
    Alert,
    ApiKey,
    Assignment,
    Delegation,
    Handover,
    Inspection,
    InspectionRequest,
    Member,
    Proposal,
)
from portal.tasks import publish
from tests.conftest import actor
from tests.factories import batches, cast, decisions, deviations, inquiries, recipes
from tests.factories import capa as capas
from tests.factories.push import Browser
from tests.factories.security_key import SecurityKey

PARTNERSHIPS = {cast.PROGRAM: cast.PARTNERSHIP, cast.RIVAL_PROGRAM: cast.RIVAL_PARTNERSHIP}
WORDS = {cast.PROGRAM: "OURS", cast.RIVAL_PROGRAM: "CANARY"}


def build() -> dict[str, dict[str, UUID]]:
    """Fill both programs and sign their chains; return {"ours": {...}, "theirs": {...}}."""
    filled = {"ours": _fill(cast.PROGRAM), "theirs": _fill(cast.RIVAL_PROGRAM)}
    _lend("sponsor_quality_head", "sponsor_qa", reason="OURS reason of the absence")
    _propose()
    for company, side, word in (
        (cast.ARVO, Side.SPONSOR, "OURS"),
        (cast.CDMO, Side.MANUFACTURER, "INTERNAL"),
    ):
        _inspect(system_actor("setup", company, cast.PROGRAM), company, side, word=word)
    for company in (cast.CDMO, cast.ARVO, cast.TESSEL):
        open_review(system_actor("setup", company), company)
    _lend("cdmo_quality_head", "cdmo_qa", reason="Reason of the absence")
    SecurityKey(cast.person_id("cdmo_qa"))
    publish()
    return filled


@action("test.inspect")
def _inspect(setup, organisation: UUID, side: Side, *, word: str):
    """An inspection of the first program by a guest of one side, with something asked and handed over."""
    guest = make_guest(organisation, email=f"guest@{side}.example", name="Guest", title="Authority")
    inspection = open_inspection(
        setup,
        organisation,
        guest.person_id,
        program_id=cast.PROGRAM,
        side=side,
        code=f"Inspector {side}",
        authority=f"{word} authority and occasion",
        valid_from=batches.now(),
        valid_until=batches.now() + timedelta(days=10),
    )
    told = {"space_id": cast.PROGRAM, "audience": str(side), "inspection": inspection}
    request = InspectionRequest.objects.create(
        **told, at=1, text=f"{word} what was asked for", asked_at=batches.now()
    )
    Handover.objects.create(
        **told,
        request=request,
        kind="explanation",
        text=f"{word} what was said",
        digest="0" * 64,
        code="Host",
        person_id=guest.person_id,
        given_at=batches.now(),
    )
    return inspection


def _propose() -> None:
    propose_reset(
        actor("cdmo_admin"),
        cast.CDMO,
        person_id=cast.person_id("cdmo_operator"),
        reason="Lost the telephone with the codes.",
    )


def _lend(key: str, delegate: str, *, reason: str) -> None:
    """A delegation to come: it is there to be found and changes nobody's rights."""
    begins = batches.now() + timedelta(days=30)
    delegate_roles(
        actor(key),
        cast.PROGRAM,
        delegate_id=cast.person_id(delegate),
        roles=["quality_head"],
        reason=reason,
        valid_from=begins,
        valid_until=begins + timedelta(days=7),
    )


def _send(program: UUID, batch, body: bytes, *, device: str) -> None:
    """Send as a site gateway does, with a frame that waits there."""
    chain, at = uuid4().hex, batches.now()
    sent = Sent(device, chain, 1, first_link(chain), at, at)
    setup = system_actor("setup", program)
    take_frame(setup, batch.pk, body=body, media_type="application/json", sent=sent)
    waits = [Announced(2, bytes(32))]
    given = {"device": device, "chain": chain, "clock": at, "waiting": 1, "lost": 0}
    note_heartbeat(setup, batch.pk, announced=waits, **given)


def _fill(program: UUID) -> dict[str, UUID]:
    word = WORDS[program]
    qa = actor("cdmo_qa")
    recipe = _recipes(program, word)
    running = batches.batch(
        program, number=f"B-{word}", of=recipe, title=f"{word} title", equipment=f"{word} BR-203"
    )
    planned = batches.batch(program, number=f"P-{word}", of=recipe, running=None)
    at = batches.now() - timedelta(minutes=20)
    rows = batches.course([36.5] * 3 + [38.2] * 12 + [36.5] * 3, start=at)
    rows += batches.course([50.0, 95.0, 50.0], code="LOAD", start=at)
    _send(program, running, batches.frame(*rows), device=f"{word} GW")
    told = {
        "title": f"{word} shared deviation",
        "description": f"{word} what happened there",
        "batch_id": running.pk,
    }
    shared = deviations.report(qa, program, suggested_class="minor", **told)
    shared = deviations.release(
        qa, deviations.triage(qa, shared, rationale=f"{word} rationale of the class given")
    )
    hidden = {"title": f"INTERNAL {word} title", "description": f"INTERNAL {word} what happened"}
    shared = deviations.summarise(qa, shared, summary=f"{word} summary of what is known")
    undisclosed = deviations.report(
        qa, program, immediate_action=f"INTERNAL {word} action", external_id=f"DV-{word}", **hidden
    )
    triaged = deviations.triage(
        qa, deviations.report(qa, program, **hidden), rationale=f"INTERNAL {word} rationale words"
    )
    reviewed = deviations.triage(
        qa, deviations.report(qa, program, **told), rationale=f"{word} rationale words"
    )
    reviewed = deviations.investigate(qa, deviations.release(qa, reviewed))
    deviations.share_draft(qa, reviewed, report=f"{word} draft of the report")
    inside = deviations.triage(qa, deviations.report(qa, program, **hidden), "minor")
    deviations.submit(qa, deviations.investigate(qa, inside), report=f"INTERNAL {word} report of it")
    with reading(system_actor("watchdog", program)) as watcher:
        excursion = Excursion.objects.visible_to(watcher).filter(limit_kind="par").first()
        internal = Excursion.objects.visible_to(watcher).filter(audience="manufacturer").first()
        parameter = Parameter.objects.visible_to(watcher).filter(code="TEMP").first()
        alerts = {
            each.side: each.pk for each in Alert.objects.visible_to(watcher).filter(kind="excursion.par")
        }
    return {
        "program_id": program,
        "space_id": program,
        "recipe_id": recipe.pk,
        "batch_id": running.pk,
        "planned_batch_id": planned.pk,
        "deviation_id": shared.pk,
        "undisclosed_id": undisclosed.pk,
        "triaged_id": triaged.pk,
        "excursion_id": excursion.pk,
        "internal_excursion_id": internal.pk,
        "parameter_id": parameter.pk,
        "alert_id": alerts["sponsor"],
        "cdmo_alert_id": alerts["manufacturer"],
        "review_id": _review(qa, program, word),
        "hold_id": _hold(running.pk, word),
        "device_id": _browser("sponsor_qa" if program == cast.PROGRAM else "rival_sponsor_qa", word),
        "partnership_id": PARTNERSHIPS[program],
        "agreement_id": _agreement(qa, PARTNERSHIPS[program], word),
        "roster_id": _roster(qa, program),
        "drill_id": _drill(qa, program),
        "clock_id": _clock(program, word),
        "calendar_id": _calendar(program, word),
        **_decisions(program, running, word),
        **_lots(running, word),
        **_monitoring(running, word),
        "slot_id": _slot(running, word),
        "factor_set_id": _surroundings(running, word),
        **_record(running, word),
        "batch_hold_id": _batch_hold(running, word),
        **_shelf(running, word),
        **_watch(running, word),
        "note_id": _notes(running, word),
        **_custody(program, recipe, word),
        "signal_id": _signal(program, running, word),
        "conflict_id": _conflict(qa, program, word),
        **_capas(program, shared, word),
        **_inquiries(reviewed, undisclosed, word),
        "assessment_id": _judging(program, shared, undisclosed, word),
        **_dockets(program, shared, running, word),
        "webhook_id": _tell(qa, program, word),
        "attachment_id": _attach(qa, shared.pk, f"{word} photo.png"),
        "internal_attachment_id": _attach(qa, undisclosed.pk, f"INTERNAL {word} photo.png"),
    }


def _recipes(program: UUID, word: str):
    """A recipe in force that says everything, and a draft that the sponsor must not know of."""
    draft_recipe(
        system_actor("setup", program),
        program,
        spec=recipes.whole(number=f"INTERNAL-{word}", title=f"INTERNAL {word} draft of a recipe"),
    )
    said = {
        "materials": (MaterialSpec("MED", f"{word} medium", step="harvest"),),
        "hold_times": (HoldTimeSpec("HT", f"{word} hold time", "growth", "harvest", 3600),),
    }
    return batches.recipe(program, number=f"MBR-{word}", **said)


def _conflict(qa, program: UUID, word: str) -> UUID:
    """A copy that says another title and a class of its own."""
    said = {"title": f"INTERNAL {word} title there", "external_class": f"INTERNAL {word}"}
    mirror_deviation(qa, program, external_id=f"DV-{word}", **said)
    with reading(qa):
        return MirrorConflict.objects.visible_to(qa).get(space_id=program).pk


def _review(by, program: UUID, word: str) -> UUID:
    from portal.actions.trail import review_trail

    given = {"audience": "shared", "first": 1, "last": 2, "finding": f"INTERNAL {word} finding of a review"}
    return review_trail(by, program, **given).pk


def _browser(key: str, word: str) -> UUID:
    from portal.actions.notices import add_device

    given = Browser(f"http://127.0.0.1/{word}").subscription(label=f"{word} browser")
    return add_device(actor(key), **given).pk


def _agreement(by, partnership: UUID, word: str) -> UUID:
    """A version in review, and a draft of the manufacturer's that the sponsor must not know of."""
    from tests.factories import agreements

    title = [("title: Quality agreement, commercial manufacture", f"title: INTERNAL {word} draft")]
    agreements.edited(by, agreements.draft(by, partnership=partnership), title)
    shared = [("title: Quality agreement, commercial manufacture", f"title: {word} agreement")]
    return agreements.in_review(by, partnership=partnership, edits=shared).pk


def _drill(by, program: UUID) -> UUID:
    from portal.actions.drilling import start_drill

    return start_drill(by, program, ladder="live_alert").pk


def _roster(by, program: UUID) -> UUID:
    from tests.factories.rosters import kept

    return kept(by, "cdmo_qa", space=program).pk


def _batch_hold(batch, word: str) -> UUID:
    from batches.actions.holds import place_batch_hold

    given = {"kind": "status", "audience": "manufacturer", "reason": f"INTERNAL {word} reason of the hold"}
    return place_batch_hold(actor("cdmo_qa"), batch.pk, **given).pk


def _shelf(batch, word: str) -> dict[str, UUID]:
    from batches.actions.shelves import shelve_alarm
    from batches.models import Limit
    from portal.action import reading

    qa = actor("cdmo_qa")
    with reading(qa):
        rows = Limit.objects.visible_to(qa).filter(parameter__recipe_version_id=batch.recipe_version_id)
        shared, internal = (
            rows.filter(audience=each).order_by("id").first().pk for each in ("shared", "manufacturer")
        )
    until = datetime.now(UTC) + timedelta(hours=8)
    shelves = [
        shelve_alarm(qa, batch.pk, limit_id=each, until=until, reason=f"{mark}{word} reason of the shelf")
        for each, mark in ((shared, ""), (internal, "INTERNAL "))
    ]
    return {"limit_id": shared, "shelf_id": shelves[1].pk}


def _notes(batch, word: str) -> UUID:
    """A question of the manufacturer's to the sponsor, and a comment and a look of its own."""
    from batches.actions.reviewing import ask_about_record, comment_on_record, look_at
    from batches.queries.reviewing import review_of

    qa = actor("cdmo_qa")
    with reading(qa):
        keys = [each.key for each in review_of(qa, batch).findings]
    look_at(qa, batch.pk, keys=keys)
    own = {"audience": "manufacturer", "text": f"INTERNAL {word} comment on the record"}
    comment_on_record(qa, batch.pk, **own)
    return ask_about_record(qa, batch.pk, text=f"{word} question about the record").pk


def _surroundings(batch, word: str) -> UUID:
    """Interventions of the batch against a media fill, and what it took."""
    from tests.factories import surroundings

    surroundings.media_fill(batch, number=f"{word} APS-1", title=f"{word} jam")
    surroundings.intervention(batch, station=f"{word} bowl", note=f"{word} note")
    return surroundings.footprint(batch, title=f"{word} power", source=f"{word} source").factor_set_id


def _slot(batch, word: str) -> UUID:
    from batches.actions.schedule import plan_campaign, plan_slot

    qa, start = actor("cdmo_qa"), batches.now()
    given = {"number": f"{word} C-1", "title": f"{word} campaign"}
    plan_campaign(qa, batch.space_id, **given, begins_at=start, ends_at=start + timedelta(days=30))
    said = {"suite": f"{word} LINE-4", "title": f"{word} fill", "campaign": f"{word} C-1"}
    ends = {"planned_start": start, "planned_end": start + timedelta(hours=6)}
    return plan_slot(qa, batch.space_id, batch_id=batch.pk, **said, **ends).pk


def _monitoring(batch, word: str) -> dict[str, UUID]:
    """A session that covers the batch; the site's own words name no client."""
    from tests.factories import monitoring

    monitoring.point("SITE-A1") if word == "OURS" else None
    session = monitoring.session()
    sample = monitoring.exposed(session, "SITE-1", at="SITE-A1")
    monitoring.confirmed(monitoring.grown(session, "SITE-2", at="SITE-A1", value=0))
    monitoring.covered(session, batch, note=f"{word} note on the session")
    return {"session_id": session.pk, "monitored_id": sample.pk}


def _lots(batch, word: str) -> dict[str, UUID]:
    from tests.factories import lots

    lot = lots.lot(f"{word} LOT", program=batch.space_id, title=f"{word} medium")
    use = lots.use(batch, lot)
    lots.product(batch, f"{word} DS")
    link = lots.link_elsewhere(lot, f"{word} FILL")
    return {"lot_id": lot.pk, "use_id": use.pk, "link_id": link.pk}


def _record(batch, word: str) -> dict[str, UUID]:
    """A step under way, entries of both sides and of the manufacturer alone, a result of a sample."""
    from tests.factories import executed, laboratory

    execution = executed.started(batch, equipment=[f"{word} BR-203"])
    entry = executed.entry(batch, title=f"{word} entry", text=f"{word} what was seen")
    executed.entry(batch, parameter="LOAD", value=95)
    executed.entry(
        batch, title=f"INTERNAL {word} note", text=f"INTERNAL {word} words", audience="manufacturer"
    )
    result = executed.result(batch, sample=f"{word} S-1")
    scan = executed.scan(batch, PNG, title=f"{word} scan")
    comment = executed.comment(scan, by="cdmo_qa", text=f"{word} comment on a page")
    sample = laboratory.sample(batch, number=f"{word} S-2", title=f"{word} sample")
    laboratory.sample(batch, number=f"INTERNAL {word} S-3", title=f"INTERNAL {word} sample", tests=["LOAD"])
    coa = laboratory.coa(batch, number=f"{word} COA", issuer=f"{word} laboratory")
    return {
        "sample_id": sample.pk,
        "coa_id": coa.pk,
        "execution_id": execution.pk,
        "entry_id": entry.pk,
        "result_id": result.pk,
        "scan_id": scan.pk,
        "comment_id": comment.pk,
    }


def _custody(program: UUID, recipe, word: str) -> dict[str, UUID]:
    """A patient lot that is stopped: what was read wrong is the manufacturer's alone."""
    from batches.actions.custody import Labels
    from batches.actions.custody_events import take_events
    from batches.models import IdentityStop
    from tests.factories import custody

    lot = batches.batch(program, number=f"PL-{word}", of=recipe, is_patient_lot=True)
    custody.identify(lot, coi=f"{word[:3]}-7F3K-0091", epc=f"urn:{word}:lot:1")
    told = {"place": f"{word} dock 2", "gives": f"{word} courier 07", "title": f"{word} receipt"}
    read = Labels("INT-9X9X-0092", "=G12349865432100")
    check = custody.handed(lot, read, **told)
    take_events(actor("cdmo_qa"), lot.pk, body=custody.document(place=f"urn:{word}:place:1"))
    with reading(system_actor("watchdog", program)) as watcher:
        stop = IdentityStop.objects.visible_to(watcher).get(batch=lot)
    return {"check_id": check.pk, "stop_id": stop.pk, "patient_lot_id": lot.pk}


def _hold(record: UUID, word: str) -> UUID:
    from portal.actions.holding import place_hold

    return place_hold(actor("cdmo_quality_head"), record, reason=f"INTERNAL {word} reason of the hold").pk


def _clock(program: UUID, word: str) -> UUID:
    from portal.actions.clocks import extend_clock
    from tests.factories.clocks import started

    found = started(program=program, side=Side.MANUFACTURER)
    later = found.due_at + timedelta(days=29)
    reason = f"{word} reason of the extension"
    return extend_clock(actor("cdmo_qa"), found.pk, due_at=later, reason=reason, version=1).pk


def _calendar(program: UUID, word: str) -> UUID:
    from portal.actions.calendars import set_calendar
    from portal.business_time import Calendar

    own = batches.now().date() + timedelta(days=2)
    return set_calendar(
        actor("cdmo_quality_head"),
        program,
        calendar=Calendar("Europe/Stockholm", country="SE", closures={own: f"{word} closure"}),
        effective_on=own,
        reason=f"{word} reason of the calendar",
    ).pk


def _decisions(program: UUID, batch, word: str) -> dict[str, UUID]:
    """A question that the sponsor asks and one that the manufacturer only drafts."""
    said = {"title": f"{word} question", "details": f"{word} details", "if_lost": f"{word} if nobody answers"}
    asker = "sponsor_qa" if program == cast.PROGRAM else "rival_sponsor_qa"
    asked = decisions.asked(actor(asker), batch, **said)
    decisions.message(actor("cdmo_qa"), asked, f"{word} question back")
    hidden = {name: f"INTERNAL {words}" for name, words in said.items()}
    draft = decisions.draft(actor("cdmo_qa"), batch, **hidden)
    return {"decision_id": asked.pk, "drafted_decision_id": draft.pk}


def _inquiries(known, undisclosed, word: str) -> dict[str, UUID]:
    """Pictures and causes of a deviation that both sides read, and of it what stays inside."""
    qa, hidden = actor("cdmo_qa"), f"INTERNAL {word} words of why"
    shared = inquiries.begin(qa, known, question=f"{word} question", audience="shared")
    shared = inquiries.node(qa, shared, text=f"{word} first why")
    attached = _attach(qa, known.pk, f"{word} evidence.png")
    inquiries.evidence(qa, shared, about=attached)
    inside = inquiries.begin(qa, undisclosed, question=hidden, audience="manufacturer")
    inquiries.node(qa, inside, text=hidden)
    cause = inquiries.cause(
        qa, known, text=f"{word} cause of it", audience="shared", excluded=[{"what": f"{word} sensor"}]
    )
    excluded = [{"what": hidden, "reason": hidden}]
    inside_cause = {"text": hidden, "evidence": hidden, "excluded": excluded}
    own = inquiries.cause(qa, known, audience="manufacturer", **inside_cause)
    return {
        "inquiry_id": shared.pk,
        "internal_inquiry_id": inside.pk,
        "cause_id": cause.pk,
        "internal_cause_id": own.pk,
    }


def _judging(program: UUID, shared, undisclosed, word: str) -> UUID:
    """What both sides judged of what they know, and what stays inside: a tie, a lower class, a risk."""
    from deviations.judging.impact import assessments_of

    qa, hidden = actor("cdmo_qa"), f"INTERNAL {word} words of judging"
    sponsor = actor("sponsor_qa" if program == cast.PROGRAM else "rival_sponsor_qa")
    found = deviations.assess(sponsor, deviations.again(shared), rationale=f"{word} words on the product")
    other = batches.batch(program, number=f"OTHER-{word}", running=None)
    found = deviations.name_batch(qa, found, other.pk, because=f"{word} why it may be touched")
    found = deviations.link(qa, found, undisclosed.pk, because=hidden)
    deviations.assess_risk(qa, found, hazard=hidden)
    deviations.reclassify(qa, found, "minor", rationale=hidden)
    with reading(qa):
        return assessments_of(qa, found).first().pk


def _capas(program: UUID, deviation, word: str) -> dict[str, UUID]:
    """A CAPA of the manufacturer's that both sides read, with what stays inside, and one still planned."""
    from deviations.actions.capa.working import share_capa

    qa, hidden = actor("cdmo_qa"), f"INTERNAL {word} words of a plan"
    given = {"title": f"{word} CAPA", "scope": f"{word} scope of it", "rationale": hidden}
    capa = capas.plan(qa, program, deviations=[deviation], **given)
    measure = capas.measure(qa, capa, title=f"{word} measure")
    capas.check(qa, capa, criteria=f"{word} criteria of it")
    capas.risk(qa, capa, hazard=hidden)
    decision = capas.decide(actor("cdmo_quality_head"), capa, because=hidden)
    capas.settle(actor("cdmo_quality_head"), decision)
    capa = capas.again(capa)
    if capa.audience != "shared":
        share_capa(qa, capa.pk, version=capa.version)
    inside = capas.plan(qa, program, title=hidden, scope=hidden, rationale=hidden)
    own = capas.measure(qa, inside, title=hidden, owner_code=hidden)
    return {
        "capa_id": capa.pk,
        "measure_id": measure.pk,
        "internal_capa_id": inside.pk,
        "internal_measure_id": own.pk,
    }


def _dockets(program: UUID, deviation, batch, word: str) -> dict[str, UUID]:
    """A query, a statement that both sides read and one inside, of events whose words name no client."""
    from deviations.actions.dockets.asking import link_query, write_to_query
    from deviations.actions.dockets.laboratory import note_check
    from tests.factories import dockets as file

    qa, sponsor = actor("cdmo_qa"), actor("sponsor_qa" if program == cast.PROGRAM else "rival_sponsor_qa")
    said = {"title": f"{word} query", "description": f"{word} what is asked for"}
    query = file.asked(sponsor, program, **said)
    link_query(qa, query.pk, other_id=deviation.pk, version=query.version)
    file.asked(qa, program, **said)
    hidden = {"title": f"INTERNAL {word} title", "description": f"INTERNAL {word} what happened"}
    inside = file.reached(qa, file.event(qa), program, **hidden)
    own = {"title": f"{word} statement", "description": f"{word} what happened there"}
    event = file.event(qa)
    statement = file.reached(qa, event, program, **own)
    file.concluded(qa, statement, text=f"{word} impact of it")
    file.shared(qa, statement)
    change = file.proposed(qa, program, title=f"{word} change", description=f"{word} what is changed")
    file.drafted(qa, program, **hidden)
    at = {"title": f"{word} complaint", "description": f"{word} what was reported", "batch_id": batch.pk}
    complaint = file.complaint(sponsor, program, **at)
    investigation = file.investigated(qa, file.oos(batch), **hidden)
    note_check(qa, investigation.pk, text=hidden["description"], version=investigation.version)
    query = write_to_query(sponsor, query.pk, text=f"{word} words to it", version=file.again(query).version)
    return {
        "change_id": change.pk,
        "complaint_id": complaint.pk,
        "lab_investigation_id": investigation.pk,
        "query_id": query.pk,
        "site_event_id": event.pk,
        "impact_statement_id": statement.pk,
        "internal_statement_id": inside.pk,
    }


def _watch(batch, word: str) -> dict[str, UUID]:
    """A watch model that was learned, what it noticed in the batch, and how far that is judged."""
    model, news = _watched(system_actor("sweep", batch.space_id), batch, word)
    return {"model_id": model.pk, "news_id": news.pk}


@action("test.watch")
def _watched(_sweep, batch, word: str):
    now = batches.now()
    here = {"space_id": batch.space_id}
    model = WatchModel.objects.create(
        **here,
        number=f"W-{word}",
        title=f"{word} title of what is watched",
        recipe_number=f"{word}-MBR",
        revision=1,
        state="drafted",
        training=[[str(batch.pk), batch.number]],
        learned={"lines": {}, "phases": [], "components": 0, "batches": 1, "needed": 20},
        digest="0" * 64,
        asked_by=cast.person_id("cdmo_qa"),
        asked_code="QA floor 07",
        asked_at=now,
        learned_at=now,
    )
    WatchDocument.objects.create(**here, model=model, body=f'"{word} document"')
    WatchCourse.objects.create(
        **here, batch=batch, model=model, reached_at=now, due_at=now + timedelta(hours=1), judged_at=now
    )
    news = WatchNews.objects.create(
        **here,
        batch=batch,
        model=model,
        sign="envelope",
        parameter=f"{word}-TEMP",
        direction="high",
        begins_at=now,
        known_at=now,
        last_at=now,
        peak=1.5,
        noticed_at=now,
    )
    return model, news


def _signal(program: UUID, batch, word: str) -> UUID:
    """An early signal of the sponsor's that waits for its answer."""
    from deviations.actions.signals import raise_signal

    by = actor("sponsor_qa" if program == cast.PROGRAM else "rival_sponsor_qa")
    said = {"title": f"{word} looks odd", "description": f"{word} what was noticed"}
    return raise_signal(by, program, batch_id=batch.pk, **said).pk


def _tell(by, program: UUID, word: str) -> UUID:
    """A webhook with something in its log."""
    from portal.actions.webhooks import add_webhook, ask_for_test
    from portal.webhooks.running import list_due
    from portal.webhooks.sending import take_turn

    found = add_webhook(by, program, url=f"http://127.0.0.1:9/INTERNAL-{word}")
    ask_for_test(by, found.pk)
    for due in list_due(10):
        take_turn(due.space_id, due.cursor_id)
    return found.pk


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50"
    "0f0003860180347d6b610000000049454e44ae426082"
)


def _attach(by, subject: UUID, name: str) -> UUID:
    from portal.actions.attachments import attach_file
    from portal.blobs import keep

    kept = keep(PNG)
    return attach_file(
        by,
        subject,
        name=name,
        media_type="image/png",
        size=len(PNG),
        sha256=kept.sha256,
        blob=kept.blob,
        file_key=kept.file_key,
    ).pk


def organisation_records(organisation: UUID) -> dict[str, UUID]:
    """Ids of what stands in an organisation's own space."""
    sides = {cast.ARVO: "sponsor", cast.CDMO: "manufacturer"}
    with reading(system_actor("watchdog", organisation, cast.PROGRAM)) as watcher:
        inspections = Inspection.objects.visible_to(watcher).filter(audience=sides.get(organisation, ""))
        return {
            "inspection": _first(inspections),
            "member": Member.objects.visible_to(watcher).order_by("pk").first().pk,
            "assignment": Assignment.objects.visible_to(watcher).order_by("pk").first().pk,
            "key": ApiKey.objects.visible_to(watcher).order_by("pk").first().pk,
            "person": _first(Member.objects.visible_to(watcher), "person_id"),
            "proposal": _first(Proposal.objects.visible_to(watcher)),
            "review": _first(AccessReview.objects.visible_to(watcher)),
            "review_line": _first(AccessLine.objects.visible_to(watcher)),
            "delegation": _first(Delegation.objects.visible_to(watcher)),
        }


def _first(rows, name: str = "pk") -> UUID:
    return rows.order_by("pk").values_list(name, flat=True).first() or uuid4()
