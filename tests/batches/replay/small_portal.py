"""A real HTTP server with just enough of the interface for programs that speak to it from outside."""

import json
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from batches.frames import parse_frame
from portal.errors import DomainError

KEY = "cov_test_key"
HOUR_US = 3_600_000_000


def us(moment):
    return round(moment.timestamp() * 1_000_000)


@dataclass
class Portal:
    """What the server knows, and what was asked of it."""

    programs: list[dict] = field(default_factory=list)
    batches: dict[str, dict] = field(default_factory=dict)
    stored: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)
    troubles: deque = field(default_factory=deque)  # (status, headers, body) answered before anything else
    frame_troubles: deque = field(default_factory=deque)  # the same for frames of readings alone
    closed: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, dict]] = field(default_factory=list)
    frame_sizes: list[int] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0
    delay_s: float = 0.0
    page_size: int = 50
    detail_only: bool = False
    now: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def add(self, batch_id, number, units, *, started, program="p1", kinds=None, limits=None, **state):
        self.batches[batch_id] = {
            "id": batch_id,
            "number": number,
            "program": program,
            "recipe_version": "r1",
            "state": state.get("state", "in_process"),
            "phase": "PRODUCTION",
            "started_at": started.isoformat() if started else None,
            "parameters": [
                {
                    "code": code,
                    "unit": unit,
                    "data_kind": (kinds or {}).get(code, ("online", 10))[0],
                    "expected_interval_s": (kinds or {}).get(code, ("online", 10))[1],
                    "limits": (limits or {}).get(code, []),
                }
                for code, unit in units.items()
            ],
        }
        self.stored[batch_id] = {}
        return batch_id

    def values(self, batch_id, parameter):
        """Give what is stored of a parameter as (datetime, value), in order of time."""
        rows = sorted((at, value) for (code, at), value in self.stored[batch_id].items() if code == parameter)
        return [(datetime.fromtimestamp(at / 1e6, UTC), value) for at, value in rows]

    def count(self, batch_id):
        return dict(Counter(code for code, _ in self.stored[batch_id]))

    # --- what the endpoints do

    def list_batches(self, query):
        rows = [dict(row) for row in self.batches.values()]
        for name in ("program", "state"):
            if name in query:
                rows = [row for row in rows if row[name] == query[name][0]]
        if self.detail_only:
            rows = [{key: value for key, value in row.items() if key != "parameters"} for row in rows]
        return self._page(rows, query, "/api/v1/batches/")

    def _page(self, rows, query, path):
        start = int(query.get("cursor", ["0"])[0])
        rest = {key: value[0] for key, value in query.items() if key != "cursor"}
        following = start + self.page_size
        link = None
        if following < len(rows):
            extra = "".join(f"&{key}={value}" for key, value in rest.items())
            link = f"http://elsewhere.invalid{path}?cursor={following}{extra}"
        return 200, {"results": rows[start:following], "next": link, "previous": None}

    def take(self, batch_id, media_type, body):
        batch = self.batches[batch_id]
        now = self.now or datetime.now(UTC)
        started = datetime.fromisoformat(batch["started_at"])
        units = {row["code"]: row["unit"] for row in batch["parameters"]}
        if batch_id in self.closed:
            return 409, {"code": "invalid_transition", "detail": "The batch is complete.", "status": 409}
        frame = parse_frame(
            body,
            media_type,
            units=units,
            earliest_us=us(started) - HOUR_US,
            latest_us=us(now) + HOUR_US // 12,
        )
        duplicates = frame.duplicates
        with self.lock:
            store = self.stored[batch_id]
            rows = zip(frame.parameters, frame.at_us.tolist(), frame.values.tolist(), strict=True)
            for code, at_us, value in rows:
                if (code, at_us) in store:
                    duplicates += 1
                else:
                    store[code, at_us] = value
            self.frame_sizes.append(len(frame.parameters) + frame.duplicates + len(frame.refused))
        accepted = len(frame.parameters) + frame.duplicates - duplicates
        return 200, {"accepted": accepted, "duplicates": duplicates, "refused": frame.refused}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    portal: Portal

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def answer(self, body):
        portal = self.portal
        with portal.lock:
            portal.requests.append((self.command, self.path, dict(self.headers)))
            portal.busy += 1
            portal.most_busy = max(portal.most_busy, portal.busy)
            troubles = portal.frame_troubles if self.command == "POST" else portal.troubles
            troubles = troubles or portal.troubles
            trouble = troubles.popleft() if troubles else None
        try:
            time.sleep(portal.delay_s)
            status, headers, document = trouble or (200, {}, None)
            if trouble is None:
                status, document = self.route(body)
        finally:
            with portal.lock:
                portal.busy -= 1
        payload = document if isinstance(document, bytes) else json.dumps(document or {}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(payload))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def route(self, body):
        parts, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"code": "not_authenticated", "detail": "No such key.", "status": 401}
        steps = parts.path.removeprefix("/api/v1/").strip("/").split("/")
        answer = 404, {"code": "not_found", "detail": "Not found.", "status": 404}
        match steps:
            case ["programs"]:
                answer = self.portal._page(self.portal.programs, query, "/api/v1/programs/")
            case ["batches"]:
                answer = self.portal.list_batches(query)
            case ["batches", batch_id] if batch_id in self.portal.batches:
                answer = 200, self.portal.batches[batch_id]
            case ["batches", batch_id, "readings"] if batch_id in self.portal.batches:
                try:
                    answer = self.portal.take(batch_id, self.headers["Content-Type"], body)
                except DomainError as refused:
                    answer = refused.status, {"code": refused.problem_code, "detail": refused.detail}
        return answer

    def log_message(self, *args):
        """Stay silent; the tests read `requests`."""


def serve(port=0):
    """Start a portal on loopback; give it and the way to stop it."""
    portal = Portal()
    server = ThreadingHTTPServer(("127.0.0.1", port), type("BoundHandler", (Handler,), {"portal": portal}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    portal.url = f"http://127.0.0.1:{server.server_port}"

    def stop():
        server.shutdown()
        server.server_close()
        thread.join(5)

    return portal, stop
