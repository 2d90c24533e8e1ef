"""Every route of the product, what fills its address and body, and who is expected to be answered.

A route that is not listed here fails the build (goal G25).
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

from django.urls import get_resolver

from batches.gateways.chain import first_link
from tests.factories.push import Browser

# Pages before and around sign-in: they hold no record and show the caller nothing but themselves.
IDENTITY = ("account/", "static/")
OPEN = {"healthz", "readyz", "metrics", "set_language", "push_worker"}
# Opened by a display key alone, whoever else asks (tests/batches/views/test_wall.py).
OPEN |= {"wall_page"}
DEBUG_ONLY = {"styleguide"}

FILLS = {
    "program_id": "program_id",
    "space_id": "space_id",
    "batch_id": "batch_id",
    "deviation_id": "deviation_id",
    "signal_id": "signal_id",
    "capa_id": "capa_id",
    "conflict_id": "conflict_id",
    "measure_id": "measure_id",
    "inquiry_id": "inquiry_id",
    "cause_id": "cause_id",
    "alert_id": "alert_id",
    "excursion_id": "excursion_id",
    "recipe_id": "recipe_id",
    "attachment_id": "attachment_id",
    "review_id": "review_id",
    "hold_id": "hold_id",
    "device_id": "device_id",
    "agreement_id": "agreement_id",
    "roster_id": "roster_id",
    "drill_id": "drill_id",
    "clock_id": "clock_id",
    "calendar_id": "calendar_id",
    "decision_id": "decision_id",
    "webhook_id": "webhook_id",
    "lot_id": "lot_id",
    "use_id": "use_id",
    "execution_id": "execution_id",
    "entry_id": "entry_id",
    "result_id": "result_id",
    "scan_id": "scan_id",
    "sample_id": "sample_id",
    "coa_id": "coa_id",
    "comment_id": "comment_id",
    "link_id": "link_id",
    "batch_hold_id": "batch_hold_id",
    "shelf_id": "shelf_id",
    "model_id": "model_id",
    "news_id": "news_id",
    "note_id": "note_id",
    "session_id": "session_id",
    "slot_id": "slot_id",
    "monitored_id": "monitored_id",
    "check_id": "check_id",
    "stop_id": "stop_id",
}

# What stands where a docket is named, by the part of the address before it.
DOCKETS = {
    "queries": "query_id",
    "changes": "change_id",
    "complaints": "complaint_id",
    "laboratory-investigations": "lab_investigation_id",
    "site-events": "site_event_id",
    "impact-statements": "impact_statement_id",
}


def walk(patterns=None, prefix=""):
    """Yield (address pattern, name) of every route of the resolver."""
    for each in patterns if patterns is not None else get_resolver().url_patterns:
        if hasattr(each, "url_patterns"):
            yield from walk(each.url_patterns, prefix + str(each.pattern))
        else:
            yield prefix + str(each.pattern), each.name


def probed():
    """Yield the routes that the matrix tries."""
    for address, name in walk():
        if name not in OPEN | DEBUG_ONLY and not address.startswith(IDENTITY):
            yield address, name


ROTATION = {
    "people": [str(uuid.uuid4())], "begins_on": "2026-03-02", "handover_at": "07:00", "zone": "UTC",
}  # fmt: skip
WORDING = {
    "title": "Continue or stop?", "options": [{"code": "A", "words": "Continue"}], "recommended": "A",
    "recommendation": "It is sound.", "lost_at": "2040-01-01T00:00:00Z", "meanwhile": "It goes on.",
    "if_lost": "It goes on.",
}  # fmt: skip
LOT = {"number": "LOT-9", "material": "RM-9", "title": "Feed", "unit": "kg", "quantity": "1"}
LABELS = {"coi": "AV310-7F3K-0091", "donation": "=G12349865432100", "coi_by": "scan", "donation_by": "scan"}
HAND_OVER = LABELS | {"kind": "received", "title": "Receipt", "place": "Dock 2", "gives": "Courier 07",
                      "takes": "Suite 3"}  # fmt: skip
SAME = {"role": "qa", "kind": "deviation", "audience": "shared", "seq": "1", "level": "0", "index": "000.p/1",
        "number": "default", "code": "5.1", "step": "withdraw"}  # fmt: skip
STEPS = {
    "execution_id>/<slug:step>/": "finish",
    "result_id>/<slug:step>/": "review",
    "comment_id>/<slug:step>/": "accept",
    "slot_id>/<slug:step>/": "begin",
    "sample_id>/<slug:step>/": "take",
    "coa_id>/<slug:step>/": "agree",
    "monitored_id>/<slug:step>/": "collect",
}
OF_ORGANISATION = {
    "people": "member",
    "accounts": "person",
    "seats": "assignment",
    "keys": "key",
    "delegations": "delegation",
    "proposals": "proposal",
    "reviews": "review",
    "inspections": "inspection",
    "review-lines": "review_line",
}


def fill(address, ids, organisation):
    """Return the address with ids in it; an unknown kind of part fails loudly."""
    parts = (_filled(part, address, ids, organisation) for part in address.split("/"))
    return "/" + "/".join(parts)


def _filled(part, address, ids, organisation):
    if not part.startswith("<"):
        return part
    _, _, name = part.strip("<>").rpartition(":")
    if name in SAME:
        usual = next((step for ending, step in STEPS.items() if address.endswith(ending)), SAME[name])
        return ids.get(name, usual)
    if name in ("record_id", "person_id") and not address.startswith("sign/"):
        place = next(word for word in OF_ORGANISATION if f"/{word}/" in f"/{address}")
        return str(organisation[OF_ORGANISATION[place]])
    if name == "record_id":
        return str(ids["deviation_id"])
    if name == "deviation_id" and "preview" in address:
        return str(ids["triaged_id"])
    if name == "docket_id":
        name = next(DOCKETS[each] for each in DOCKETS if f"{each}/" in address)
    if name not in FILLS and name not in DOCKETS.values():
        raise LookupError(f"{address}: say in tests/walls/routes.py what fills {part}")
    return str(ids[FILLS.get(name, name)])


PROOFS = {
    "entries": "?start=0&end=499",
    "proof": "?seq=1",
    "consistency": "?from=1",
}

# What these want to be asked with.
WANTED = {
    "series": "?parameter=TEMP&from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z&points=100",
    "/monthly-list/": "?month=2026-01-01",
}


def queries(address, ids):
    """Query strings that name records: each list and search is tried with foreign ids in its filters."""
    if (last := address.rpartition("/")[2]) in PROOFS:
        return [PROOFS[last]]
    if address == "signing/key/":
        return ["?digest=0&meaning=approved"]
    if last == "export":
        return ["", f"?record={ids['deviation_id']}"]
    if wanted := next((each for each in WANTED if each in address), ""):
        return [WANTED[wanted]]
    if "<" in address or address.endswith(("schema/", "docs/")):
        return [""]
    return [
        "",
        f"?program={ids['program_id']}&batch={ids['batch_id']}&page_size=200",
        f"?space={ids['space_id']}&audience=manufacturer",
        f"?program={ids['program_id']}&audience=shared&after=0",
        f"?program={ids['program_id']}&audience=manufacturer&after=0",
        f"?excursion={ids['excursion_id']}&subject={ids['deviation_id']}",
        f"?subject={ids['batch_id']}",
    ]


CAPA_WORDS = {
    "title": "Title",
    "scope": "What it means for this product.",
    "rationale": "Why it is done, in the own words.",
}


def body(address, ids):
    """A body for writes: valid where the ids are one's own, full of foreign ids otherwise."""
    now = datetime.now(UTC).isoformat()
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wanted = {
        "early_signals/": {"program": str(ids["program_id"]), "batch": str(ids["batch_id"]),
                           "title": "Title", "description": "What was noticed."},
        "signals/new/": {"where": f"{ids['program_id']}:{ids['batch_id']}", "title": "Title",
                         "description": "What was noticed."},
        "api/v1/capa/": {"program": str(ids["program_id"]), **CAPA_WORDS,
                         "deviations": [str(ids["deviation_id"])]},
        "capa/new/": {"program": str(ids["program_id"]), **CAPA_WORDS, "deviation": str(ids["deviation_id"])},
        **docket_bodies(ids),
        "capa_id>/measures/": {"kind": "corrective", "title": "Title", "owner": "MSAT", "owner_code": "MSAT",
                               "due_at": "2040-01-01T00:00:00Z"},
        "capa_id>/check/": {"criteria": "None of them again.", "counts": "stated", "window_days": 30,
                            "owner": "Quality head"},
        "capa_id>/risk/": {"hazard": "It happens again.", "severity": 2, "likelihood": 2, "detectability": 2,
                           "decision_maker": "Quality head", "formality": "low",
                           "formality_why": "One unit, cause known."},
        "capa_id>/link/": {"deviation": str(ids["deviation_id"])},
        "capa_id>/carry/": {"program": str(ids["program_id"]), **CAPA_WORDS},
        "capa_id>/decide/": {"kind": "cancel", "because": "It is answered by another record of ours."},
        "capa_id>/share/": {},
        "deviation_id>/inquiries/": {"tool": "five_whys", "question": "Why?", "audience": "shared"},
        "deviation_id>/causes/": {"kind": "root", "lies_in": "equipment", "method": "five_whys",
                                  "text": "Reason of a few words.", "audience": "shared",
                                  "evidence": "Reason of more than a few words."},
        "inquiry_id>/nodes/": {"text": "Words of it."},
        "inquiry_id>/judge/": {"node": 1, "standing": "excluded", "reason": "Reason of a few words."},
        "inquiry_id>/evidence/": {"node": 1, "kind": "file", "about": str(ids["attachment_id"])},
        "inquiry_id>/share/": {},
        "cause_id>/share/": {},
        "cause_id>/withdraw/": {"reason": "Reason of a few words."},
        "measure_id>/do/": {"evidence": "Reason of a few words."},
        "measure_id>/verify/": {},
        "measure_id>/give_back/": {"reason": "Reason of a few words."},
        "measure_id>/drop/": {"reason": "Reason of a few words."},
        "conflict_id>/settle/": {"outcome": "noted", "reason": "Reason of a few words.", "version": "1"},
        "signal_id>/answer/": {"answer": "Reason of a few words.", "version": "1"},
        "deviations/digital/": {"format": "covalent-digital-deviation/1", "number": uuid.uuid4().hex[:12],
                                "title": "Title", "description": "What happened.", "occurred_at": now,
                                "detected_at": now},
        "deviations/": {"program": str(ids["program_id"]), "title": "Title", "occurred_at": now,
                        "description": "What happened.", "detected_at": now, "batch": str(ids["batch_id"])},
        "batches/": {"program": str(ids["program_id"]), "recipe_version": str(ids["recipe_id"]),
                     "number": uuid.uuid4().hex[:12], "planned_start": now},
        "send_back/": {"reason": "Reason of a few words."},
        "recipe_id>/form/": {"version": "1", "part": "head", "number": "MBR-9", "title": "Title"},
        "recipe_id>/<str:step>/": {"version": "1", "reason": "Reason of a few words."},
        "readings/": {"readings": [{"parameter": "TEMP", "at": now, "value": 36.5}]},
        "frames/": {"readings": [{"parameter": "TEMP", "at": now, "value": 36.5}]},
        "heartbeat/": {"device": "GW-9", "chain": "0" * 32, "clock": now, "waiting": 0, "lost": 0},
        "batch_id>/holds/": {"kind": "status", "reason": "Reason of a few words."},
        "batch_id>/hold/": {"kind": "status", "reason": "Reason of a few words.", "audience": "shared"},
        "watch-models/": {"program": str(ids["program_id"]), "recipe_number": "MBR-9",
                          "batches": [str(ids["batch_id"]), str(ids["planned_batch_id"])]},
        "watches/": {"program": str(ids["program_id"]), "recipe_number": "MBR-9",
                     "batches": str(ids["batch_id"])},
        "model_id>/withdraw/": {"reason": "Reason of a few words.", "version": "1"},
        "shelved-alarms/": {"limit": str(ids["limit_id"]), "until": later, "reason": "In calibration."},
        "batch_id>/shelve/": {"limit": str(ids["limit_id"]), "hours": "1", "reason": "In calibration."},
        "batch_id>/unshelve/": {"shelf": str(ids["shelf_id"]), "version": "1"},
        "lift/": {"reason": "Reason of a few words.", "version": "1", "hold": str(ids["batch_hold_id"])},
        "batch_id>/custody/": {"coi": "AV310-7F3K-0091", "donation": "=G12349865432100"},
        "hand-overs/": HAND_OVER,
        "custody/events/": {"type": "EPCISDocument"},
        "confirm/": LABELS,
        "batch_id>/custody/<slug:step>/": HAND_OVER | {"version": "1", "check": str(ids["check_id"])},
        "note_id>/answer/": {"text": "Words of an answer."},
        "note_id>/settle/": {"text": "Words of an answer."},
        "review/looks/": {"keys": [f"excursion:{ids['excursion_id']}"]},
        "review/notes/": {"kind": "question", "text": "Why was this done?"},
        "review/sections/": {"sections": ["materials"]},
        "batch_id>/review/<slug:step>/": {"text": "Why was this done?", "says": "ask", "version": "1",
                                          "note": str(ids["note_id"])},
        "disposition/<slug:step>/": {"decision": "rejected", "reason": "Reason of more than a few words.",
                                     "digest": "0" * 64, "password": "wrong", "code": "000000"},
        "record/": {"do": "entry", "title": "Title", "text": "Words.", "audience": "shared"},
        "batch_id>/steps/": {"step": "growth"},
        "steps/skip/": {"step": "growth", "reason": "Reason of a few words."},
        "batch_id>/entries/": {"title": "Title", "text": "Words."},
        "batch_id>/results/": {"parameter": "VCD", "sample": "S-9", "value": "1", "sampled_at": now},
        "execution_id>/<slug:step>/": {},
        "result_id>/<slug:step>/": {},
        "comment_id>/<slug:step>/": {},
        "sample_id>/<slug:step>/": {},
        "coa_id>/<slug:step>/": {},
        "batch_id>/samples/": {"number": uuid.uuid4().hex[:12], "title": "Title", "tests": ["VCD"],
                               "laboratory": "QC", "planned_at": now, "expected_at": later},
        "coas/": {"number": uuid.uuid4().hex[:12], "issuer": "QC", "issuer_kind": "cdmo",
                  "issued_on": "2026-01-01", "lines": [{"test": "VCD", "result": "1"}]},
        "batch_id>/laboratory/": {"do": "plan", "number": uuid.uuid4().hex[:12], "title": "Title",
                                  "tests": "VCD", "laboratory": "QC", "laboratory_kind": "cdmo"},
        "lot_id>/laboratory/": {"do": "enter", "number": uuid.uuid4().hex[:12], "issuer": "QC",
                                "issuer_kind": "supplier", "issued_on": "2026-01-01",
                                "lines": "test,result"},
        "comments/": {"page": 1, "x": "0.5", "y": "0.5", "text": "Not legible."},
        "correct/": {"text": "Other words.", "reason": "Reason of a few words."},
        "media-fills/": {"program": str(ids["program_id"]), "number": uuid.uuid4().hex[:8], "line": "L4",
                         "filled_on": "2026-01-01", "valid_until": "2040-01-01", "vials": 9,
                         "interventions": []},
        "interventions/": {"code": "C-1", "kind": "corrective", "station": "Bowl", "seconds": 20},
        "environment/": {"code": "other", "station": "Bowl", "seconds": "20"},
        "factor-sets/": {"program": str(ids["program_id"]), "number": uuid.uuid4().hex[:8],
                         "title": "Factors", "effective_from": "2026-01-01",
                         "factors": [{"key": "k", "title": "Power", "unit": "kWh", "kg_co2e": "0.1",
                                      "source": "Stated"}]},
        "footprint/": {"factor_set": str(ids["factor_set_id"]), "reason": "Reason of a few words.",
                       "lines": [{"kind": "energy", "title": "Power", "amount": "1", "unit": "kWh"}]},
        "campaigns/": {"program": str(ids["program_id"]), "number": uuid.uuid4().hex[:8], "title": "Campaign",
                       "begins_at": now, "ends_at": later},
        "slots/": {"program": str(ids["program_id"]), "suite": uuid.uuid4().hex[:8], "title": "Fill",
                   "planned_start": now, "planned_end": later},
        "slot_id>/move/": {"planned_start": now, "planned_end": later, "reason": "Reason of a few words."},
        "slot_id>/<slug:step>/": {},
        "schedule/": {"do": "plan", "where": f"{ids['program_id']}:{ids['batch_id']}", "title": "Fill",
                      "suite": uuid.uuid4().hex[:8], "planned_start": "2040-01-01T08:00",
                      "planned_end": "2040-01-01T09:00"},
        "monitoring/points/": {"code": "P-9", "title": "Place", "area": "LINE-4", "grade": "A"},
        "monitoring/sessions/": {"area": "LINE-4"},
        "session_id>/batches/": {"batch": str(ids["batch_id"])},
        "session_id>/samples/": {"point": "SITE-A1", "kind": "settle", "code": uuid.uuid4().hex[:8]},
        "session_id>/measured/": {"point": "SITE-A1", "kind": "particles_05", "value": "1"},
        "monitored_id>/<slug:step>/": {},
        "monitoring/<uuid:session_id>/": {"do": "cover", "batch_id": str(ids["batch_id"])},
        "monitoring/": {"area": "LINE-4", "occupancy": "in_operation"},
        "lots/": LOT | {"program": str(ids["program_id"]), "supplied_by": "manufacturer"},
        "products/": LOT,
        "lot_id>/links/": {"other": str(ids["lot_id"])},
        "link_id>/end/": {"reason": "Reason of a few words."},
        "materials/": {"lot": str(ids["lot_id"]), "quantity": "1"},
        "lot_id>/<slug:step>/": {"reason": "Reason of a few words.", "version": "1"},
        "agreements/": {"partnership": str(ids["partnership_id"]), "template": "commercial"},
        "agreement/draft/": {"partnership": str(ids["partnership_id"]), "begin": "commercial"},
        "clauses/<str:code>/": {"version": "2", "remove_clause": "1"},
        "agreement_id>/<str:step>/": {"version": "2", "reason": "Reason of a few words."},
        "reopen/": {"reason": "Reason of a few words."},
        "ask_end/": {"reason": "Reason of a few words.", "ends_at": "2040-01-01T00:00:00Z"},
        "conclude_impact/": {"modality": "biologic", "conclusion": "Conclusion of twenty characters.",
                             "findings": [{"topic": "product", "verdict": "none", "text": "None."}]},
        "look_around/": {"window_days": 30},
        "name_batch/": {"batch": str(ids["batch_id"]), "batch_id": str(ids["batch_id"]), "because": "Same."},
        "decide_batch/": {"candidate": str(uuid.uuid4()), "outcome": "excluded", "because": "Not it."},
        "reclassify/": {"classification": "critical", "rationale": "Rationale of twenty characters."},
        "confirm_class/": {"classification": "major", "rationale": "Rationale of twenty characters."},
        "decide_class/": {"classification": "major", "text": "Text of it."},
        "assess_risk/": {"hazard": "It happens again.", "severity": 2, "likelihood": 2, "detectability": 2,
                         "decision_maker": "Head", "formality": "low", "formality_why": "A small matter."},
        "deviation_id>/link/": {"other": str(ids["deviation_id"]), "other_id": str(ids["deviation_id"]),
                                "because": "Same."},
        "merge/": {"other": str(ids["deviation_id"]), "other_id": str(ids["deviation_id"]),
                   "because": "Same."},
        "dismiss/": {"reason": "Reason of a few words."},
        "share_draft/": {"report": "Report of at least twenty characters."},
        "submit_report/": {"report": "Report of at least twenty characters."},
        "comment/": {"text": "Which seal, by whom?"},
        "answer_comment/": {"comment": str(uuid.uuid4()), "outcome": "answered", "answer": "Seal 14."},
        "return_report/": {"reason": "Reason of a few words."},
        "object_report/": {"reason": "Reason of a few words."},
        "settle/": {"outcome": "stands", "text": "The evidence holds."},
        "drop_end/": {"reason": "Reason of a few words."},
        "agreement_id>/edit/": {"text": "format: covalent.agreement/1", "version": "2"},
        "assess_impact/": {"classification": "minor", "rationale": "Rationale of twenty characters."},
        "triage/": {"classification": "major", "rationale": "Rationale of twenty characters."},
        "phase/": {"phase": "harvest"},
        "review/": {"finding": "Nothing that does not belong there."},
        "holds/": {"program": str(ids["program_id"]), "number": "OURS", "audience": "own",
                   "reason": "Reason of a few words."},
        "webhooks/": {"program": str(ids["program_id"]), "url": "http://127.0.0.1:9/hook"},
        "replay/": {"after": 0, "chain": "shared"} if "integrations" in address else {"after": 0},
        "integrations/": {"program": str(ids["program_id"]), "url": "http://127.0.0.1:9/hook", "kinds": "*"},
        "hold_id>/release/": {"reason": "Reason of a few words.", "version": "1"},
        "close/": {"summary": "Summary of what was found and done.", "reason": "Reason of a few words."},
        "cancel/": {"reason": "Reason of a few words."},
        "v1/drills/": {"program": str(ids["program_id"]), "ladder": "live_alert", "wait_s": 30},
        "v1/rosters/": ROTATION | {"space": str(ids["program_id"]), "role": "qa"},
        "rotation/": ROTATION,
        "v1/rosters/<uuid:roster_id>/withdraw/": {"person": str(uuid.uuid4()), "begins_at": now},
        "stand_in/": {"person": str(uuid.uuid4()), "begins_at": "2040-01-01T08:00:00Z",
                      "ends_at": "2040-01-02T08:00:00Z"},
        "absence/": {"person": str(uuid.uuid4()), "begins_at": "2040-01-01T08:00:00Z",
                     "ends_at": "2040-01-02T08:00:00Z"},
        "decline/": {"reason": "Reason of a few words."},
        "reporting/": {"kinds": ["nda"], "reach": "distributed", "events": ["mix_up"],
                       "aware_at": "2026-03-01T08:00:00Z"},
        "reporting/decide/": {"rule": "field_alert", "decision": "not_reportable",
                              "because": "The lot was not distributed and stays in quarantine."},
        "drills/": {"program": str(ids["program_id"]), "ladder": "live_alert", "wait": "30"},
        "duty/": {"languages": "Latin", "telephone": "+49 30 5550", "share": "on"},
        "stretch/": {"kind": "absence", "person": str(uuid.uuid4()), "begins_at": "2040-01-01T08:00",
                     "ends_at": "2040-01-02T08:00", "version": "1"},
        "roster_id>/withdraw/": {"person": str(uuid.uuid4()), "begins_at": now, "version": "1"},
        "roster_id>/": {"days": "7", "zone": "UTC", "begins_on": "2026-03-02", "handover_at": "07:00",
                        "version": "1"},
        "<str:role>/": {"days": "7", "zone": "UTC", "begins_on": "2026-03-02", "handover_at": "07:00"},
        "end/": {"reason": "Reason of a few words."},
        "revoke/": {"reason": "Reason of a few words."},
        "reset/": {"reason": "Reason of a few words."},
        "decision_requests/": WORDING | {"subject": str(ids["batch_id"])},
        "revise/": WORDING,
        "message/": {"text": "Which samples are at hand?", "version": "2"},
        "ask/": {"version": "1"},
        "answer/": {"option": "A", "reason": "Reason of a few words.", "version": "2", "digest": "0" * 64,
                    "password": "wrong", "code": "000000"},
        "decide/": {"decision": "end", "note": "Not needed any more."},
        "finish/": {"version": "1"},
        "refuse/": {"reason": "Reason of a few words."},
        "withdraw/": {"reason": "Reason of a few words."},
        "administration/seats/": {"person": str(uuid.uuid4()), "target": str(ids["program_id"]),
                                  "role": "manufacturer:qa", "code": "QA 99"},
        "administration/keys/": {"service": str(uuid.uuid4()), "label": "Key", "scopes": "read", "days": "30",
                                 "programs": str(ids["program_id"])},
        "administration/signers/": {"person": str(uuid.uuid4()), "identity": "Passport seen.",
                                    "trained_until": "2040-01-01"},
        "sign/<str:kind>/<uuid:record_id>/": {"meaning": "approved", "version": "1", "digest": "0" * 64},
        "notices/devices/": Browser(f"http://127.0.0.1/{uuid.uuid4()}").subscription(),
        "notices/settings/": {"quiet_since": "19:00", "quiet_until": "07:00", "digest_hour": "7"},
        "pause/": {"reason": "Reason of a few words."},
        "extend/": {"reason": "Reason of a few words.", "due_at": "2040-01-01T00:00:00Z"},
        "move/": {"reason": "Reason of a few words."},
        "calendars/": {"program": str(ids["program_id"]), "effective_on": "2040-01-01", "zone": "UTC",
                       "hours": {"monday": "08:00-17:00"}, "reason": "Reason of a few words."},
        "administration/sites/": {"name": "Plant", "city": "Lund", "zone": "Europe/Stockholm"},
        "administration/program-sites/": {"site": str(uuid.uuid4()), "program": str(ids["program_id"])},
    }  # fmt: skip
    return next((found for ending, found in wanted.items() if address.endswith(ending)), {})


def docket_bodies(ids):
    """Bodies of the steps of dockets, as pages and the API take them."""
    program, text = str(ids["program_id"]), "Words of at least twenty characters."
    said, now = {"title": "Title", "description": text}, datetime.now(UTC).isoformat()
    of_site = {"kind": "utility", **said, "place": "Line 4", "occurred_at": now}
    step, why = {"text": text}, {"reason": text}
    change = {"program": program, **said, "implement_from": now}
    complaint = {"program": program, **said, "batch": str(ids["batch_id"]), "kind": "label"}
    investigation = {"program": program, **said, "result": str(ids["result_id"])}
    return {
        "queries/new/": {"program": program, "kind": "question", **said},
        "v1/queries/": {"program": program, **said, "batch": str(ids["batch_id"])},
        "site-events/new/": of_site,
        "v1/site-events/": of_site,
        "changes/new/": change,
        "v1/changes/": change,
        "complaints/new/": complaint,
        "v1/complaints/": complaint,
        "laboratory-investigations/new/": investigation,
        "v1/laboratory-investigations/": investigation,
        "docket_id>/propose/": {},
        "docket_id>/reply/": step | {"outcome": "no_objection"},
        "docket_id>/refuse/": why,
        "docket_id>/implement/": step,
        "docket_id>/investigate/": step,
        "docket_id>/decline/": why,
        "docket_id>/note/": step,
        "docket_id>/widen/": step,
        "docket_id>/plan_retest/": {
            "retest_kind": "retest",
            "retests": 2,
            "averaging": "none",
            "method": text,
        },
        "docket_id>/return_plan/": why,
        "docket_id>/retest/": {"value": "1"},
        "docket_id>/reach/": {"program": program, **said, "batches": [str(ids["batch_id"])]},
        "docket_id>/answer/": step,
        "docket_id>/ask_again/": step,
        "docket_id>/say/": step,
        "docket_id>/close/": step if "site_event_id" in ids else {},
        "docket_id>/conclude/": step,
        "docket_id>/reopen/": why,
        "docket_id>/withdraw/": why,
        "docket_id>/share/": {},
        "docket_id>/link/": {"other": str(ids["deviation_id"])},
        "monthly-lists/": {"program": program, "month": "2026-01-01", "digest": "0" * 64},
    }


def headers(address):
    """What a write says beside its body: the version it saw, and of a gateway's frame where it comes from."""
    usual = {"If-Match": '"1"'}
    if not address.endswith("/frames/"):
        return usual
    now, chain = datetime.now(UTC).isoformat(), "0" * 32
    return usual | {
        "Gateway-Device": "GW-9",
        "Gateway-Chain": chain,
        "Gateway-Sequence": "1",
        "Gateway-Previous": first_link(chain).hex(),
        "Gateway-Recorded": now,
        "Gateway-Clock": now,
    }


def as_json(body):
    return json.dumps(body)
