"""The portal as a gateway meets it, small: it holds chain and digests, and can be made to fail."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from batches.gateways.chain import Sent, first_link


class FarSide:
    """Frames by number, readings by parameter and time; `failing` says how the next requests go wrong."""

    def __init__(self):
        self.frames = []
        self.readings = {}
        self.announced = {}
        self.told = {}
        self.beats = []
        self.failing = []
        self.link = None
        self.broken = 0
        self.refuse = None

    def take(self, headers, body):
        key = headers["Idempotency-Key"]
        if key in self.told:
            return self.told[key]
        sent = Sent(
            headers["Gateway-Device"],
            headers["Gateway-Chain"],
            int(headers["Gateway-Sequence"]),
            bytes.fromhex(headers["Gateway-Previous"]),
            datetime.fromisoformat(headers["Gateway-Recorded"]),
            datetime.fromisoformat(headers["Gateway-Clock"]),
            headers["Gateway-Mark"],
        )
        if (self.link or first_link(sent.chain)) != sent.previous:
            self.broken += 1
        self.link = sent.link(body)
        self.frames.append((sent.sequence, self.announced.get(sent.sequence) == self.link.hex(), sent))
        rows = json.loads(body)["readings"]
        refused = [
            {"row": place, "code": "unknown_parameter", "detail": "No such."}
            for place, row in enumerate(rows)
            if row["parameter"] == "NONE"
        ]
        fresh = [row for row in rows if row["parameter"] != "NONE"]
        before = len(self.readings)
        for row in fresh:
            self.readings.setdefault((row["parameter"], row["at"]), row["value"])
        accepted = len(self.readings) - before
        self.told[key] = {"accepted": accepted, "duplicates": len(fresh) - accepted, "refused": refused}
        return self.told[key]

    def hear(self, body):
        said = json.loads(body)
        self.beats.append(said)
        for each in said["announced"]:
            self.announced.setdefault(each["sequence"], each["link"])
        skew = datetime.fromisoformat(said["clock"]) - datetime.now(UTC)
        return {
            "mark": f"{len(self.beats)}." + "0" * 32,
            "skew_ms": int(skew.total_seconds() * 1000),
            "clock": "x",
        }


def serve(port=0):
    """Return (far side, its address, how to stop it)."""
    far = FarSide()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            how = far.failing.pop(0) if far.failing else None
            if how == "cut":
                self.close_connection = True
                return
            if isinstance(how, int):
                self._say(how, {"code": "failing", "detail": "Failing."}, {"Retry-After": "0"})
                return
            if far.refuse and self.path.endswith("frames/"):
                self._say(*far.refuse)
                return
            answer = far.take(self.headers, body) if self.path.endswith("frames/") else far.hear(body)
            if how == "answer lost":
                self.close_connection = True
                return
            self._say(200, answer)

        def _say(self, status, answer, headers=None):
            said = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()

    return far, f"http://127.0.0.1:{server.server_port}", stop
