"""Goal G25 in full: every route, verb and asker with somebody else's ids in each place that takes one."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection, transaction

from portal.action import reading
from portal.actor import system_actor
from tests.factories import cast
from tests.walls import routes
from tests.walls.probing import FORBIDDEN, client_of, say, text

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READS = ("GET", "HEAD")
# What the manufacturer has not disclosed lies in one's own program and is as foreign as a rival's.
HIDDEN = {
    "deviation_id": "undisclosed_id",
    "triaged_id": "undisclosed_id",
    "excursion_id": "internal_excursion_id",
    "capa_id": "internal_capa_id",
    "inquiry_id": "internal_inquiry_id",
    "cause_id": "internal_cause_id",
    "measure_id": "internal_measure_id",
    "attachment_id": "internal_attachment_id",
    "decision_id": "drafted_decision_id",
}
OTHER_SIDE = {"sponsor": "manufacturer", "manufacturer": "sponsor"}
OUR_SIDE = {"cdmo_system": "manufacturer", "gateway": "manufacturer", "cdmo_shift_lead": "manufacturer"}
# Whose chains must not grow by what one of them writes.
RIVALS = (cast.RIVAL_PROGRAM, cast.RIVAL_PARTNERSHIP, cast.TESSEL)
OURS = (cast.PROGRAM, cast.PARTNERSHIP, cast.ARVO)
FOREIGN_SPACES = {
    **dict.fromkeys(("sponsor_qa", "sponsor_viewer", "sponsor_quality_head", "inspector", "sponsor_system"),
                    (*RIVALS, cast.CDMO)),
    **dict.fromkeys(("rival_sponsor_qa", "rival_system"), (*OURS, cast.CDMO)),
    **dict.fromkeys(("cdmo_system", "gateway", "cdmo_shift_lead"), (*RIVALS, cast.ARVO)),
    "cdmo_admin": (cast.ARVO, cast.TESSEL),
    "stranger": (*OURS, *RIVALS, cast.CDMO),
}  # fmt: skip
KEY = "walls-of-everybody-01"
SAID_EVERY = 5000


@dataclass(frozen=True)
class Probe:
    """One question: who asks it, of which route, and whose ids stand in it."""

    key: str
    route: str
    method: str
    path: str
    whose: str
    body: Mapping = field(default_factory=dict)
    headers: Mapping = field(default_factory=dict)

    @property
    def is_for_what_is_not_theirs(self):
        return "<" in self.route and self.whose != "own"


class Matrix:
    """All probes of a world, and the judgement on each answer."""

    def __init__(self, ids):
        self.ids, self.met, self.etags = ids, Counter(), {}

    def probes(self, key, addresses=None):
        """Yield everything that one asker asks, of all routes or of some."""
        for address in addresses or [address for address, _ in routes.probed()]:
            own, strange = self.ids["ours"], self.ids["theirs"]
            if key.startswith("rival"):
                own, strange = strange, own
            organisation = self._organisation(key)
            paths = {routes.fill(address, own, organisation): "own"}
            for whose, ids in (("hidden", _hidden(own, key)), ("foreign", strange)):
                paths.setdefault(routes.fill(address, ids, organisation), whose)
            for path, whose in list(paths.items())[-2:]:
                for number, query in enumerate(self._queries(address, own, strange)):
                    for headers in ({}, self._headers(path)):
                        given = (own, strange, _hidden(own, key))[number % 3]
                        body = routes.body(address, given) | (_further(given) if headers else {})
                        for method in METHODS:
                            yield Probe(key, address, method, path + query, whose, body, headers)

    def _organisation(self, key):
        return self.ids["organisations"][cast.ARVO if key.startswith("rival") else cast.TESSEL]

    def _queries(self, address, own, strange):
        if "<" in address:
            mixed = routes.queries(address, own)[-1]
            named = f"program={strange['program_id']}"
            return [
                "",
                mixed or f"?{named}",
                f"?{named}&page_size=200&ordering=-title",
                f"?q={named}&format=json",
            ]
        return [
            *routes.queries(address, strange),
            "?q=shared&page_size=200",
            "?search=title&ordering=-title,program__title,space_id",
            f"?ids={own['batch_id']},{strange['batch_id']}&sort=-number&page=2",
        ]

    def _headers(self, path):
        return {"HX-Request": "true", "Idempotency-Key": KEY, "If-Match": '"1"', "Accept-Language": "xx",
                "If-None-Match": self.etags.get(path, '"1"'), "X-Program": str(cast.PROGRAM)}  # fmt: skip

    def learn_etags(self, keys):
        """What owners are told a version is; whoever must not see the record is not told that it stands."""
        for key in keys:
            client = client_of(key)
            for address, _ in routes.probed():
                for whose in ("ours", "theirs") if "<" in address else ():
                    path = routes.fill(address, self.ids[whose], self.ids["organisations"][cast.CDMO])
                    if etag := client.get(path).headers.get("ETag"):
                        self.etags[path] = etag

    def ask(self, client, probe):
        """Ask, judge and take back whatever came of it; returns what is wrong with the answer."""
        block = transaction.atomic()
        block._from_testcase = True  # lets durable actions nest, as in Django's own TestCase
        with block:
            before = self._heads(probe) if probe.method not in (*READS, "OPTIONS") else None
            response = _send(client, probe)
            found = list(self._judged(probe, response, text(response)))
            if before is not None and self._heads(probe) != before:
                found.append("a chain of somebody else has grown")
            transaction.set_rollback(True)
        self.met[response.status_code] += 1
        return found

    def _judged(self, probe, response, told):
        yield from (word for word in FORBIDDEN[probe.key] if word in told)
        if response.status_code >= 500:
            yield f"answers {response.status_code}"
        if probe.is_for_what_is_not_theirs and probe.method in READS and response.status_code in (200, 304):
            yield f"answers {response.status_code} on what is not theirs"

    def _heads(self, probe):
        spaces = FOREIGN_SPACES[probe.key]
        with reading(system_actor("relay", *spaces)), connection.cursor() as cursor:
            cursor.execute("select space_id, audience, head from ledger.chain order by 1, 2")
            return cursor.fetchall()

    def run(self, key, probes):
        """Ask them all; returns what was wrong, by probe."""
        client, began, wrong = client_of(key), time.monotonic(), []
        for number, probe in enumerate(probes, 1):
            if found := self.ask(client, probe):
                wrong.append((probe.key, probe.method, probe.path, probe.whose, found))
            if number % SAID_EVERY == 0:
                say(f"{key}: {number} probes, {len(wrong)} leaks, {time.monotonic() - began:.0f} s")
        seconds = time.monotonic() - began
        say(f"{key}: {self.met.total()} probes, {len(wrong)} leaks, {seconds:.0f} s, {dict(self.met)}")
        return wrong


def _hidden(own, key):
    """One's own program with the ids of what the manufacturer keeps to itself, and another side's chains."""
    side = OTHER_SIDE[OUR_SIDE.get(key, "sponsor")]
    if side == "sponsor":
        # To the manufacturer's own people nothing of theirs is hidden but the other side's chain.
        return own | {"audience": side}
    return own | {name: own[other] for name, other in HIDDEN.items()} | {"audience": side}


def _further(ids):
    """Fields that no body may set, with ids and values that would move a record."""
    return {"id": str(ids["deviation_id"]), "space": str(ids["space_id"]), "space_id": str(ids["space_id"]),
            "audience": "shared", "state": "closed", "subject": str(ids["deviation_id"]),
            "subject_id": str(ids["batch_id"]), "person": str(cast.fixed("nobody")), "side": "both",
            "organisation_id": str(cast.CDMO), "is_staff": "true"}  # fmt: skip


def _send(client, probe):
    if probe.method in ("POST", "PUT", "PATCH", "DELETE") and probe.route.startswith("api/"):
        headers = {"If-Match": '"1"', **probe.headers}
        return client.generic(probe.method, probe.path, json.dumps(probe.body),
                              content_type="application/json", headers=headers)  # fmt: skip
    if probe.method == "POST":
        given = {name: str(value) for name, value in probe.body.items()}
        return client.post(probe.path, given, headers=probe.headers)
    return client.generic(probe.method, probe.path, headers=probe.headers)
