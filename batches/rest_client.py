"""A small client of the public REST interface for the product's own programs outside it."""

import json
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Self, TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import orjson

Json: TypeAlias = dict[str, Any]

API: Final = "/api/v1/"
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
PASSING: Final = frozenset({429, 502, 503, 504})
CONFLICT: Final = 409
BUSY: Final = "in_flight"


class RestFault(Exception):
    """The server could not be asked, or refused."""


class ServerAway(RestFault):
    """The server did not answer, or asked to wait, for longer than the caller's patience.

    `status` is what it answered, None where it did not; `wait_s` how long it asks to wait.
    """

    def __init__(self, words: str, *, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(words)
        self.status, self.wait_s = status, wait_s


class Stopped(RestFault):
    """The program was asked to end while it waited."""


class NoAccess(RestFault):
    """The file with address and keys is missing, broken, or lacks the key."""


class RequestRefused(RestFault):
    """The server answered that it will not do this; asking again would not help."""

    def __init__(self, status: int, code: str, detail: str, state: str = "") -> None:
        super().__init__(f"{detail} ({status} {code})")
        self.status, self.code, self.detail, self.state = status, code, detail, state


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is and with which key to speak to it."""

    url: str
    key: str

    @classmethod
    def find(cls, *, url: str | None, key: str | None, data: Path, name: str = "gateway") -> Self:
        """Take what is given; the rest comes from `demo.json` in the data folder. Raises: NoAccess."""
        if url and key:
            return cls(url.rstrip("/"), key)
        path = data / "demo.json"
        try:
            demo = json.loads(path.read_text(encoding="utf-8"))
            return cls((url or demo["url"]).rstrip("/"), key or demo["keys"][name]["token"])
        except FileNotFoundError:
            raise NoAccess(f"{path} does not exist; start the demo first, or give --url and --key.") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            raise NoAccess(f"{path} gives no address and key named {name!r}: {fault!r}.") from fault


def default_data() -> Path:
    """Give the product's data folder."""
    return Path(os.environ.get("COVALENT_DATA", "var"))


class RestClient:
    """Asks with a bearer key and tries again when the server is away or asks to wait.

    Safe to share between threads. `patience_s` bounds the waiting for one request; setting `stop` ends it.
    """

    def __init__(
        self, access: Access, *, patience_s: float = 60.0, stop: threading.Event | None = None
    ) -> None:
        self.patience_s = patience_s
        self.stop = stop or threading.Event()
        self._http = httpx.Client(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.key}", "Accept": "application/json"},
            timeout=httpx.Timeout(30.0, connect=5.0),
            follow_redirects=False,
            trust_env=False,  # a proxy of the machine has no business between plant and portal
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Read one resource below /api/v1/. Raises: RequestRefused, ServerAway, Stopped."""
        return self._ask(httpx.Request("GET", self._url(path, params), headers=self._http.headers))

    def rows(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Read a list, page by page. Raises: RequestRefused, ServerAway, Stopped."""
        page = self.get(path, params)
        yield from page["results"]
        while page.get("next"):
            # Only path and query are followed: a page link never takes the key to another host.
            parts = urlsplit(page["next"])
            page = self.get(parts.path + (f"?{parts.query}" if parts.query else ""))
            yield from page["results"]

    def post(self, path: str, body: object) -> Json:
        """Send a change; tries of one call carry one Idempotency-Key. Raises: like `get`."""
        return self._change("POST", path, None, body)

    def put(self, path: str, params: Mapping[str, str], body: object) -> Json:
        """Send a copy of a record; as `post`."""
        return self._change("PUT", path, params, body)

    def _change(self, method: str, path: str, params: Mapping[str, str] | None, body: object) -> Json:
        headers = httpx.Headers(self._http.headers)
        headers["Content-Type"] = "application/json"
        headers["Idempotency-Key"] = str(uuid4())
        url = self._url(path, params)
        return self._ask(httpx.Request(method, url, content=orjson.dumps(body), headers=headers))

    def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> Json:
        """Send JSON as it stands, once: whoever keeps a queue decides when to try again.

        Raises: RequestRefused, and ServerAway also for an answer that says so or a fault of the server.
        """
        head = httpx.Headers({**self._http.headers, "Content-Type": "application/json", **headers})
        try:
            answer = self._http.send(httpx.Request("POST", self._url(path, None), content=body, headers=head))
        except httpx.TransportError as fault:
            raise ServerAway(f"{type(fault).__name__}: {fault}") from fault
        problem = {} if answer.is_success else _problem(answer)
        if _will_pass(answer.status_code, problem) or answer.is_server_error:
            reason = f"{answer.status_code} {problem.get('code') or answer.reason_phrase}"
            raise ServerAway(reason, status=answer.status_code, wait_s=retry_after(answer))
        return _result(answer, problem)

    def _url(self, path: str, params: Mapping[str, str] | None) -> httpx.URL:
        whole = path if path.startswith("/") else API + path
        url = self._http.base_url.join(whole)
        return url.copy_merge_params(dict(params)) if params else url

    def _ask(self, request: httpx.Request) -> Json:
        until = time.monotonic() + self.patience_s
        delay = FIRST_DELAY_S
        while True:
            wait: float | None = None
            try:
                answer = self._http.send(request)
            except httpx.TransportError as fault:
                reason = f"{type(fault).__name__}: {fault}"
            else:
                problem = {} if answer.is_success else _problem(answer)
                if not _will_pass(answer.status_code, problem):
                    return _result(answer, problem)
                reason = f"{answer.status_code} {problem.get('code') or answer.reason_phrase}"
                wait = retry_after(answer)
            # Up to half as much again, so that waiting programs do not all come back at once.
            wait = delay * (1 + random.random() / 2) if wait is None else wait  # noqa: S311 - no secret
            delay = min(2 * delay, LONGEST_DELAY_S)
            if time.monotonic() + wait > until:
                raise ServerAway(f"{request.url.host}: {reason}, for {self.patience_s:.0f} s.")
            if self.stop.wait(wait):
                raise Stopped("Asked to end while waiting for the server.")


def retry_after(answer: httpx.Response) -> float | None:
    """Read how many seconds the server asks to wait, from either form of the header."""
    text = answer.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _will_pass(status: int, problem: Json) -> bool:
    return status in PASSING or (status == CONFLICT and problem.get("code") == BUSY)


def _problem(answer: httpx.Response) -> Json:
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _result(answer: httpx.Response, problem: Json) -> Json:
    if answer.is_success:
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, dict):
            return body
        raise RequestRefused(answer.status_code, "no_json", "The answer is not what this interface promises.")
    code = str(problem.get("code") or f"http_{answer.status_code}")
    detail = str(problem.get("detail") or problem.get("title") or answer.reason_phrase)
    raise RequestRefused(answer.status_code, code, detail, str(problem.get("state") or ""))
