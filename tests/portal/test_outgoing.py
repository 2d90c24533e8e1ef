# ruff: noqa: RUF001, S104 - letters that look like others and addresses that bind everywhere are its subject
"""Calls to addresses that a customer chose: nothing that is not public is ever connected to (goal G35)."""

from __future__ import annotations

import ast
import datetime as dt
import ipaddress
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal import outgoing
from portal.outgoing import OutgoingFailed, OutgoingRefused, is_public, resolve, send

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = "93.184.215.14"
SECOND = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Sink:
    """Listens on every address of this machine, IPv4 and IPv6; counts who connects."""

    def __init__(self, answer=OK, *, tls=None, pause=0.0):
        self.connections, self.requests = 0, []
        self._answer, self._tls, self._pause = answer, tls, pause
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._speak, args=[connection], daemon=True).start()

    def _speak(self, connection):
        with suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self.requests.append(_whole(connection))
            for at in range(0, len(self._answer), 1 if self._pause else len(self._answer) or 1):
                connection.sendall(self._answer[at:] if not self._pause else self._answer[at : at + 1])
                time.sleep(self._pause)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)

    def close(self):
        self._socket.close()


def _whole(connection):
    said = connection.recv(65_536)
    length = re.search(rb"content-length: (\d+)", said, re.IGNORECASE)
    while length and len(said.partition(b"\r\n\r\n")[2]) < int(length[1]):
        said += connection.recv(65_536)
    return said


@contextmanager
def sink(*given, **more):
    found = Sink(*given, **more)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def listening():
    with sink() as found:
        yield found


@pytest.fixture
def names(monkeypatch):
    """A resolver of the test: name -> the addresses of each time it is asked."""
    known, asked = {}, []
    real = socket.getaddrinfo

    def look_up(host, port, *given, **more):
        asked.append(host)
        if host not in known:
            return real(host, port, *given, flags=socket.AI_NUMERICHOST, **more)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for each in found for entry in real(each, port, *given, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    known["asked"] = asked
    return known


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch, settings):
    hangs = threading.Event()
    monkeypatch.setattr(outgoing, "LOOKUP_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: hangs.wait(20) and [])
    begun = time.monotonic()
    with pytest.raises(OutgoingRefused, match="lookup_timed_out"):
        send("https://hooks.customer.example/in")
    assert time.monotonic() - begun < 2
    hangs.set()


# Each is this machine, a private network or the cloud's own service, in some spelling.
HOSTS = [
    *("127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0", "0.0", "127.0.0.1."),
    *("2130706433", "017700000001", "0x7f000001", "0x7F.0x0.0x0.0x1", "0177.0.0.1", "0177.0.0.01", "0x7f.1"),
    *(
        "127.0x0.0.1",
        "127.000.000.001",
        "00127.0.0.1",
        "4294967296",
        "3232235521",
        "0xA9FEA9FE",
        "0xc0a80001",
    ),
    *(
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.254",
        "192.168.0.1",
        "100.64.0.1",
        "198.18.0.1",
    ),
    *(
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "192.0.0.192",
        "2852039166",
        "0251.0376.0251.0376",
    ),
    *(
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "203.0.113.5",
        "192.88.99.1",
    ),
    *(
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[0000::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
    ),
    *("[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]"),
    *(
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fe80::1%lo]",
    ),
    *(
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
        "[::ffff:169.254.169.254]",
    ),
    *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "metadata", "valkey"),
    *(
        "127.0.0.1.nip.example",
        "loopback.example",
        "mixed.example",
        "six.example",
        "mapped.example",
        "nat64.example",
    ),
    *("metadata.google.internal", "instance-data.ec2.internal", "kubernetes.default.svc", "private.example"),
    *(
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "ｌｏｃａｌｈｏｓｔ",
        "localhost\u00ad",
        "loopbаck.example",
        "1.1.1.1@127.0.0.1",
    ),
    *(
        "user:word@127.0.0.1",
        "public.example@127.0.0.1",
        "127.0.0.1#@public.example",
        "127.0.0.1\\@public.example",
    ),
    *(
        "public.example\\.127.0.0.1",
        "127.0.0.1%2f@public.example",
        "public.example%00.127.0.0.1",
        "%31%32%37.0.0.1",
    ),
    *(
        "127.0.0.1 .public.example",
        "127.0.0.1\t",
        "127.0.0.1\r\nHost: x",
        "[127.0.0.1]",
        "[::1",
        "::1",
        "[]",
        "",
    ),
]
NAMES = {
    "127.0.0.1.nip.example": [["127.0.0.1"]],
    "loopback.example": [["127.0.0.1"]],
    "mixed.example": [[PUBLIC, "127.0.0.1"]],
    "six.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "private.example": [["10.1.2.3"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "instance-data.ec2.internal": [["169.254.169.254"]],
    "kubernetes.default.svc": [["10.96.0.1"]],
    "localhost.localdomain": [["127.0.0.1"]],
    "localhost": [["127.0.0.1", "::1"]],
    "localhost.": [["127.0.0.1"]],
}
OTHER_SCHEMES = [
    *(
        "http",
        "HTTP",
        "ftp",
        "file",
        "gopher",
        "dict",
        "ldap",
        "unix",
        "data",
        "jar",
        "ws",
        "javascript",
        "//",
        "",
    ),
]
FORMS = [
    *(f"https://{host}:{{port}}/hook" for host in HOSTS),
    *(f"https://{host}/hook" for host in HOSTS),
    *(f"{scheme}://127.0.0.1:{{port}}/hook" for scheme in OTHER_SCHEMES),
    *(
        "/hook",
        "hook",
        "//127.0.0.1:{port}/",
        "https:127.0.0.1:{port}",
        "https:/127.0.0.1:{port}",
        "https:///x",
    ),
    *(
        "https://127.0.0.1:{port}:443/",
        "https://127.0.0.1:0{port}/",
        "https://127.0.0.1:99999/",
        "https://a.example:x/",
    ),
    "https://public.example/" + "a" * 2000,
]


def test_the_table_has_the_goals_200_forms():
    assert len(set(FORMS)) >= 200


@pytest.fixture(scope="module")
def forms(listening):
    return [each.format(port=listening.port) for each in FORMS]


@pytest.fixture
def any_port(listening, settings, monkeypatch):
    """Nothing is allowed but every port, so that the address alone is what stops a call."""
    settings.WEBHOOK_ALLOW = []
    monkeypatch.setattr(outgoing, "PORTS", frozenset({443, 80, listening.port}))


@pytest.mark.parametrize("index", range(len(FORMS)), ids=lambda index: ascii(FORMS[index])[:60])
def test_no_form_of_a_non_public_address_is_connected_to(index, forms, listening, any_port, names):
    names.update({name: list(answers) for name, answers in NAMES.items()})
    before = listening.connections
    with pytest.raises(OutgoingRefused):
        send(forms[index], timeout_s=2)
    assert listening.connections == before


def test_the_sinks_are_reached_by_who_may(listening, settings):
    for host, url in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "localhost")):
        settings.WEBHOOK_ALLOW = [host]
        before = listening.connections
        assert send(f"http://{url}:{listening.port}/hook", body=b"{}").body == b"ok"
        assert listening.connections == before + 1


def test_a_name_that_leads_elsewhere_the_second_time_is_asked_once(names, settings, monkeypatch):
    settings.WEBHOOK_ALLOW = []
    names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    went = []

    def connect(address, *_):
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OutgoingFailed, match="not_reached"):
        send("https://rebinding.example/hook")
    assert went == [(PUBLIC, 443)]
    assert names["asked"] == ["rebinding.example"]


def test_and_a_name_that_was_public_yesterday_is_judged_anew(names, settings):
    settings.WEBHOOK_ALLOW = []
    names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    assert resolve("https://rebinding.example/").address == PUBLIC
    with pytest.raises(OutgoingRefused, match="not_public"):
        resolve("https://rebinding.example/")


@pytest.mark.parametrize("host", ["public.example", "Public.Example", PUBLIC, f"[{SECOND}]"])
def test_a_public_address_is_let_through_on_the_two_ports(host, names, settings):
    settings.WEBHOOK_ALLOW = []
    names["public.example"] = [[PUBLIC]]
    for port in ("", ":443", ":8443"):
        assert resolve(f"https://{host}{port}/hook?a=b").path == "/hook?a=b"
    for refused in (f"https://{host}:22/", f"https://{host}:6379/", f"http://{host}/"):
        with pytest.raises(OutgoingRefused):
            resolve(refused)


def test_only_the_host_that_was_allowed_is_allowed(listening, settings):
    settings.WEBHOOK_ALLOW = ["localhost"]
    for host in ("127.0.0.1", "[::1]", "localhost.", "localhost.example"):
        with pytest.raises(OutgoingRefused):
            resolve(f"http://{host}:{listening.port}/")


def test_a_redirect_is_an_answer_and_not_followed(listening, settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    away = f"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:{listening.port}/\r\nContent-Length: 0\r\n\r\n"
    before = listening.connections
    with sink(away.encode()) as first:
        assert send(f"http://127.0.0.1:{first.port}/").status == 307
        assert first.connections == 1
    assert listening.connections == before


def test_no_proxy_of_the_environment_is_asked(listening, settings, monkeypatch):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listening.port}")
    before = listening.connections
    with sink() as end:
        assert send(f"http://127.0.0.1:{end.port}/").status == 200
    assert listening.connections == before


def test_what_is_sent_is_what_was_given(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    with sink() as end:
        send(f"http://127.0.0.1:{end.port}/hook?x=1", body=b'{"id":1}', headers={"X-Covalent": "yes"})
        head, _, body = end.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{end.port}".encode() in head
    assert b"X-Covalent: yes" in head
    assert body == b'{"id":1}'


@pytest.mark.parametrize("header", ["a\r\nX-Other: b", "a\nb"])
def test_a_header_does_not_break_out_of_its_line(listening, settings, header):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    with pytest.raises(OutgoingFailed):
        send(f"http://127.0.0.1:{listening.port}/", headers={"X-Covalent": header})


@pytest.mark.parametrize(
    ("answer", "pause", "code"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (outgoing.ANSWER_BYTES_MAX + 1), 0.0, "answer_too_large"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 2000, 0.05, "timed_out"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, 0.05, "timed_out"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", 0.0, "bad_answer"),
        (b"", 0.0, "bad_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", 0.0, "bad_answer"),
    ],
)
def test_neither_time_nor_answer_is_without_a_limit(settings, answer, pause, code):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    begun = time.monotonic()
    with sink(answer or b"", pause=pause) as end, pytest.raises(OutgoingFailed) as failed:
        send(f"http://127.0.0.1:{end.port}/", timeout_s=1)
    assert failed.value.code == code
    assert time.monotonic() - begun < 3


def test_a_machine_that_refuses_is_told_as_such(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    # Taken, so that nobody else comes to listen there, and not listened to.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OutgoingFailed, match="not_reached"):
            send(f"http://127.0.0.1:{taken.getsockname()[1]}/", timeout_s=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([]), dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return path, server


def test_a_certificate_that_nobody_vouches_for_ends_the_call_before_a_word(settings, certificate):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    with sink(tls=certificate[1]) as end:
        with pytest.raises(OutgoingFailed, match="tls_failed"):
            send(f"https://127.0.0.1:{end.port}/")
        assert end.requests == []


def test_a_certificate_is_for_the_name_that_was_asked_for(settings, certificate, names, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    settings.WEBHOOK_ALLOW = ["127.0.0.1", "other.example"]
    names["other.example"] = [["127.0.0.1"]]
    with sink(tls=certificate[1]) as end:
        assert send(f"https://127.0.0.1:{end.port}/").body == b"ok"
        with pytest.raises(OutgoingFailed, match="tls_failed"):
            send(f"https://other.example:{end.port}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", PUBLIC, "2606:4700::1111", "2a00:1450::1", SECOND])
def test_what_is_public(address):
    assert is_public(address)


# Where a module may speak HTTP by itself, since the operator alone says to whom.
OWN_CALLS = {
    "portal/outgoing.py": "the one way out",
    "portal/witness.py": "run by a party beside the product; --url names the log",
    "portal/management/commands/witness.py": "as above",
    "batches/rest_client.py": "the simulated plant, a client of the product",
    "portal/oidc.py": "a company's provider, set up by the operator; may be internal",
    "portal/kms.py": "the key service, by the environment; may be internal",
}


def test_every_other_module_goes_through_it():
    speaking = {"httpx", "requests", "urllib3", "aiohttp", "http.client", "urllib.request", "botocore"}
    found = set()
    for app in ("portal", "deviations", "batches"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if any(name == each or name.startswith(f"{each}.") for name in names for each in speaking):
                    found.add(str(path.relative_to(ROOT)))
    assert found == set(OWN_CALLS)
