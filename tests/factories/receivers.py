"""A customer's system on this machine: takes webhooks as told, and remembers what came."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OK = (200, {})
RESET = "reset"
HANG = "hang"


@dataclass
class Came:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: object = None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def id(self):
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """`script` answers the next requests, `otherwise` all after: a status with headers, RESET or HANG."""

    otherwise: object = OK
    script: list = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    on_request: object = None
    port: int = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self):
        return [each.id for each in self.came]

    @property
    def seqs(self):
        return [each.json["seq"] for each in self.came]

    @property
    def taken(self):
        """The ids that were answered with 2xx, in order, each once."""
        taken = (each.id for each in self.came if isinstance(each.answered, tuple) and each.answered[0] < 300)
        return list(dict.fromkeys(taken))

    def answer(self, came):
        with self.lock:
            choice = self.script.pop(0) if self.script else self.otherwise
            came.answered = choice(came) if callable(choice) else choice
            self.came.append(came)
        if self.on_request is not None:
            self.on_request(came)
        return came.answered


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.receiver.answer(Came(self.path, headers, self.rfile.read(length)))
        if answer == HANG:
            self.server.receiver.let_go.wait(30)
            self.close_connection = True
        elif answer == RESET:
            # Closing without lingering sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            status, more = answer
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    receiver: Receiver

    def handle_error(self, *_):
        pass


@contextmanager
def receiving(**given):
    """A receiver that listens until the end of the block."""
    receiver = Receiver(**given)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver, receiver.port = receiver, server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        with suppress(OSError):
            server.shutdown()
            server.server_close()
