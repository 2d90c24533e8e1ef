"""The one way out: every HTTP call whose address a customer chose goes through `send` (goal G35).

The address is resolved once, every answer of the resolver must be public, and the connection goes to exactly
what was checked, so that a name cannot lead elsewhere in between. Nothing is followed, no proxy of the
environment is asked, and neither time nor answer is without a limit. Hosts in `COVALENT_WEBHOOK_ALLOW` may be
anywhere, on any port and without TLS: that is the operator's word. What the operator alone configures (mail,
key service, a witness's log) does not come this way.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT_S: Final = 10.0
LOOKUP_S: Final = 5.0
KNOCK_S: Final = 3.0
ANSWER_BYTES_MAX: Final = 65_536
URL_CHARACTERS_MAX: Final = 2000
PORTS: Final = frozenset({443, 8443})
SCHEMES: Final[Mapping[str, int]] = {"https": 443, "http": 80}
# A name of at least two labels, the last of which is no number: `127.1` and `0x7f.1` are addresses to some.
NAME: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!0x)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE,
)
# What is printable ASCII without the letters that parsers read in different ways.
PLAIN: Final = re.compile(r"[!-~]+")
MISREAD: Final = re.compile(r"[\\\s<>\"^`{|}]")
# Where only global unicast is; inside it, ways by which an IPv4 address or a test hides.
UNICAST: Final = ip_network("2000::/3")
HIDING: Final = tuple(
    ip_network(each)
    for each in (
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "192.88.99.0/24",
        "192.0.0.0/24",
    )
)

Address = IPv4Address | IPv6Address


class OutgoingRefused(ValueError):
    """We do not call this address; nothing left. `code` says why, and the person may be told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutgoingFailed(OSError):
    """The other end could not be reached or did not answer properly; `code` holds none of its words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: what was asked for, and the one address that was checked."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    url: str,
    *,
    method: str = "POST",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Call an address once and return its answer, all within the timeout.

    Raises: OutgoingRefused before anything is sent, OutgoingFailed.
    """
    connection, late = _Pinned(resolve(url), timeout_s), threading.Event()
    watch = threading.Timer(timeout_s, connection.hang_up, [late])
    watch.start()
    try:
        sent = {"Connection": "close", **(headers or {})}
        connection.request(method, connection.path, body=body, headers=sent)
        response = connection.getresponse()
        content = response.read(ANSWER_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OutgoingFailed(_fault(error, is_late=late.is_set())) from error
    finally:
        watch.cancel()
        connection.close()
    if late.is_set():
        raise OutgoingFailed("timed_out")
    if len(content) > ANSWER_BYTES_MAX:
        raise OutgoingFailed("answer_too_large")
    return Answer(response.status, dict(response.headers.items()), content)


def knock(url: str, *, timeout_s: float = KNOCK_S) -> str:
    """Say what stands in the way of calling an address now, empty when it is there; nothing is sent to it.

    A code of `OutgoingRefused` or `OutgoingFailed`: the connection, with TLS where a call has it, is tried.
    """
    try:
        connection, late = _Pinned(resolve(url), timeout_s), threading.Event()
    except OutgoingRefused as refused:
        return refused.code
    watch = threading.Timer(timeout_s, connection.hang_up, [late])
    watch.start()
    try:
        connection.connect()
    except (OSError, ValueError) as error:
        return _fault(error, is_late=late.is_set())
    finally:
        watch.cancel()
        connection.close()
    return "timed_out" if late.is_set() else ""


def resolve(url: str) -> Target:
    """Check an address and return where exactly a call would go. Raises: OutgoingRefused."""
    scheme, host, port, path = _parts(url)
    is_allowed = host in settings.WEBHOOK_ALLOW
    if scheme != "https" and not is_allowed:
        raise OutgoingRefused("not_https")
    if port not in PORTS and not is_allowed:
        raise OutgoingRefused("port_not_allowed")
    addresses = _look_up(host, port)
    if not addresses or not (is_allowed or all(is_public(each) for each in addresses)):
        raise OutgoingRefused("not_public")
    return Target(scheme, host, port, path, addresses[0])


def _look_up(host: str, port: int) -> list[str]:
    """Ask the resolver, which knows no limit of its own: in a thread that is left behind when it hangs."""
    found: list[str] = []
    faults: list[Exception] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            faults.append(error)
        else:
            found.extend(str(each[4][0]) for each in answers)

    asking = threading.Thread(target=ask, name="look-up", daemon=True)
    asking.start()
    asking.join(LOOKUP_S)
    if asking.is_alive():
        raise OutgoingRefused("lookup_timed_out")
    if faults:
        raise OutgoingRefused("no_such_host") from faults[0]
    return found


def is_public(text: str) -> bool:
    """Say whether an address is one of the open internet, and hides no other address in itself."""
    try:
        address: Address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and (address.scope_id or address not in UNICAST):
        return False
    hides = any(address.version == each.version and address in each for each in HIDING)
    return address.is_global and not address.is_multicast and not hides


def _parts(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of an address that can be read in one way only."""
    if len(url) > URL_CHARACTERS_MAX or not PLAIN.fullmatch(url) or MISREAD.search(url):
        raise OutgoingRefused("not_an_address")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise OutgoingRefused("not_an_address") from error
    if parts.scheme not in SCHEMES:
        raise OutgoingRefused("not_https")
    if "@" in parts.netloc or parts.fragment:
        raise OutgoingRefused("not_an_address")
    if not (NAME.fullmatch(host) or _is_address(host, parts.netloc) or host in settings.WEBHOOK_ALLOW):
        raise OutgoingRefused("not_a_host")
    query = f"?{parts.query}" if parts.query else ""
    return parts.scheme, host, port or SCHEMES[parts.scheme], f"{parts.path or '/'}{query}"


def _is_address(host: str, netloc: str) -> bool:
    """Say whether a host is an address in its one canonical form, of version 6 in brackets."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return str(address) == host and (address.version == 4 or netloc.startswith(f"[{host}]"))  # noqa: PLR2004 - IPv4


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, under the name that was asked for."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self.default_port = SCHEMES[target.scheme]
        self.path = target.path
        self._target, self._seconds = target, timeout_s
        # http.client lets go of its socket while the answer is still being read from it.
        self._wire: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the address, and in TLS require the name's certificate."""
        target = self._target
        self.sock = self._wire = socket.create_connection((target.address, target.port), self._seconds)
        if target.scheme == "https":
            context = ssl.create_default_context()
            # In two steps, so that a handshake can be hung up on.
            tls = context.wrap_socket(self.sock, server_hostname=target.host, do_handshake_on_connect=False)
            self.sock = self._wire = tls
            tls.do_handshake()

    def hang_up(self, late: threading.Event) -> None:
        """Wake whoever reads what comes byte by byte; the socket is closed by who opened it."""
        late.set()
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)


def _fault(error: Exception, *, is_late: bool) -> str:
    if is_late or isinstance(error, TimeoutError):
        return "timed_out"
    if isinstance(error, ssl.SSLError):
        return "tls_failed"
    return "bad_answer" if isinstance(error, http.client.HTTPException) else "not_reached"
