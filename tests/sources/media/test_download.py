"""Downloads from a server that stalls, cuts, lies, bombs and sends us elsewhere."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from tests.sources.rough_server import (
    Reply,
    RoughServer,
    answer,
    dripping,
    rough_server,
    silent,
    without_end,
)
from trendlab.sources.media import Fetched, Limits, PhotoClient, Reach
from trendlab.sources.media.addresses import Address

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LOOPBACK = ip_network("127.0.0.0/8")
TRUSTED = ssl.create_default_context()
BYTES = b"\xff\xd8\xff" + b"photo" * 100


class Names:
    """A name server: the answers for each host, in order; the last one stays."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        given = self.answers.get(host.split(".")[0], ["127.0.0.1"])
        return [ip_address(given.pop(0) if len(given) > 1 else given[0])]


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def fetch(url: str, *, names: Names | None = None, **limits: float) -> Fetched:
    """Fetch from the loopback server, which only these tests let through."""
    base = url.partition("?")[0].rstrip("/")
    ports = {80, 443}
    if base.rpartition(":")[2].split("/")[0].isdigit():
        ports.add(int(base.rpartition(":")[2].split("/")[0]))
    client = PhotoClient(
        Reach(frozenset(ports), (LOOPBACK,)),
        Limits(**{"max_bytes": 20_000, **limits}),
        ssl_context=TRUSTED,
        resolve=Names() if names is None else names,
        clock=lambda: NOW,
    )
    with client:
        return client.get(url)


def redirect(to: str, status: int = 302) -> Reply:
    return answer(b"", status, Location=to)


def test_a_photo_is_fetched_and_nothing_is_told_of_who_asks(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    replies = (answer(BYTES, Set_Cookie="a=1"), answer(BYTES))
    with rough_server(*replies) as server:
        port = port_of(server.url)
        client = PhotoClient(
            Reach(frozenset({port}), (LOOPBACK,)),
            Limits(20_000),
            ssl_context=TRUSTED,
            resolve=Names(),
        )
        with client:
            first = client.get(f"http://photos.example:{port}/a.jpg?oh=1")
            client.get(f"http://photos.example:{port}/b.jpg")
    assert first == Fetched("bytes", content=BYTES, http_status=200)
    assert [path for path, _ in server.asked] == ["/a.jpg?oh=1", "/b.jpg"]
    for _, headers in server.asked:
        assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
        assert headers["Host"] == f"photos.example:{port}"
        assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_dead_photo_is_gone_with_its_status(status):
    with rough_server(answer(b"no", status)) as server:
        assert fetch(server.url) == Fetched(
            "gone", f"status {status}", http_status=status
        )


@pytest.mark.parametrize("status", [204, 206, 304])
def test_another_status_than_200_is_no_photo(status):
    with rough_server(answer(b"", status)) as server:
        assert fetch(server.url) == Fetched(
            "refused", f"status {status}", http_status=status
        )


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_failing_server_is_asked_again_later(status):
    with rough_server(answer(b"", status)) as server:
        assert fetch(server.url) == Fetched(
            "failed", f"status {status}", http_status=status
        )


def test_retry_after_is_told():
    with rough_server(answer(b"", 429, Retry_After="7200")) as server:
        assert fetch(server.url).try_after == NOW + timedelta(hours=2)


def test_a_body_that_is_longer_than_it_says_is_cut_where_it_said():
    # what is left is no whole photo, so the decoder refuses it
    with rough_server(answer(BYTES, length=5)) as server:
        assert fetch(server.url).content == BYTES[:5]


def test_a_body_that_is_shorter_than_it_says_may_be_whole_the_next_time():
    with rough_server(answer(BYTES, length=len(BYTES) + 1)) as server:
        assert fetch(server.url) == Fetched("failed", "broken answer")


@pytest.mark.parametrize("length", ["-1", "1e3", "ten"])
def test_a_length_that_is_none_is_a_broken_answer(length):
    with rough_server(answer(BYTES, length=length)) as server:  # type: ignore[arg-type]
        assert fetch(server.url) == Fetched("failed", "broken answer")


def test_a_body_without_end_is_left_at_the_cap():
    with rough_server(without_end(b"photo")) as server:
        assert fetch(server.url) == Fetched(
            "refused", "got a body of over 20,000 bytes"
        )


def test_a_body_over_the_cap_is_left_whatever_its_length_says():
    with rough_server(answer(b"a" * 20_001)) as server:
        assert fetch(server.url) == Fetched(
            "refused", "got a body of over 20,000 bytes"
        )
    with rough_server(answer(b"a" * 20_000)) as server:
        assert fetch(server.url).outcome == "bytes"


def test_a_gzip_bomb_is_left_at_the_cap():
    bomb = gzip.compress(b"\0" * 10_000_000)
    with rough_server(answer(bomb, Content_Encoding="gzip")) as server:
        assert fetch(server.url) == Fetched(
            "refused", "got a body that unpacks to over 20,000 bytes"
        )


def test_what_was_packed_unasked_is_unpacked_within_the_cap():
    with rough_server(answer(gzip.compress(BYTES), Content_Encoding="gzip")) as server:
        assert fetch(server.url).content == BYTES


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
def test_an_unknown_packing_is_refused(encoding):
    with rough_server(answer(BYTES, Content_Encoding=encoding)) as server:
        assert fetch(server.url).reason.startswith("got a body packed as")


def test_a_server_that_stalls_is_left():
    told: list[RoughServer] = []
    with rough_server(silent(told)) as server:
        told.append(server)
        assert fetch(server.url, silence_seconds=0.1) == Fetched("failed", "timed out")


def test_a_body_that_drips_is_left_when_its_time_is_up():
    told: list[RoughServer] = []
    with rough_server(dripping(told)) as server:
        told.append(server)
        assert fetch(server.url, total_seconds=0.3) == Fetched("failed", "timed out")


def test_headers_that_drip_are_left_when_their_time_is_up():
    told: list[RoughServer] = []

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not told[0].ended.wait(0.02):
            handler.wfile.write(b"a")

    with rough_server(drip) as server:
        told.append(server)
        assert fetch(server.url, total_seconds=0.3) == Fetched("failed", "timed out")


def test_what_is_no_http_is_a_broken_answer():
    def shout(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\0\0 220 mail.example ESMTP\r\n")

    with rough_server(shout) as server:
        assert fetch(server.url) == Fetched("failed", "broken answer")


def test_a_closed_port_and_an_unknown_host_are_tried_again_later():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        assert fetch(url) == Fetched("failed", "no connection")

    class Nobody(Names):
        def __call__(self, host: str, port: int) -> list[Address]:
            return []

    assert fetch("http://nobody.example/", names=Nobody()) == Fetched(
        "failed", "host not found"
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status):
    with rough_server(redirect("/b.jpg?x=1", status), answer(BYTES)) as server:
        assert fetch(server.url).content == BYTES
    assert [path for path, _ in server.asked] == ["/", "/b.jpg?x=1"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.0.0.1", "private"),
        ("169.254.169.254", "metadata service"),
        ("[fd00:ec2::254]", "metadata service"),
        ("[::ffff:127.0.0.1]", "IPv4-mapped"),
        ("[64:ff9b::7f00:1]", "NAT64"),
        ("[2002:7f00:1::]", "6to4"),
    ],
)
def test_a_redirect_to_an_address_that_is_not_public_is_not_followed(address, kind):
    class Numbers(Names):
        def __call__(self, host: str, port: int) -> list[Address]:
            self.asked.append(host)
            return [ip_address(host)]

    with rough_server(redirect(f"http://{address}/latest/meta-data")) as server:
        assert fetch(server.url, names=Numbers()) == Fetched(
            "refused", f"address refused: {kind}"
        )
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("file:///etc/passwd", "address is not http or https"),
        ("http://photos.example:6379/", "address with another port"),
        ("http://ana:secret@photos.example/", "address with a user or password"),
        ("http://[::1", "address cannot be read"),
        ("", "redirected to nowhere"),
    ],
)
def test_a_redirect_is_held_to_the_same_rules(to, reason):
    with rough_server(redirect(to)) as server:
        assert fetch(server.url) == Fetched("refused", reason)


def test_redirects_in_a_ring_end():
    with rough_server(redirect("/again")) as server:
        assert fetch(server.url) == Fetched("refused", "over 5 redirects")
    assert len(server.asked) == 6


def test_a_name_that_is_rebound_is_refused_at_its_next_connection():
    names = Names(rebind=["127.0.0.1", "10.0.0.1"])
    with rough_server(answer(b"", 302, Location="/b"), answer(BYTES)) as server:
        url = f"http://rebind.example:{port_of(server.url)}/a"
        got = fetch(url, names=names)
    assert got == Fetched("refused", "address refused: private")
    assert len(server.asked) == 1


def test_what_is_dialled_is_the_address_that_was_checked():
    # a second look-up would give another address; there is none
    names = Names(once=["127.0.0.1", "10.0.0.1"])
    with rough_server(answer(BYTES)) as server:
        url = f"http://once.example:{port_of(server.url)}/a"
        assert fetch(url, names=names).content == BYTES
    assert names.asked == ["once.example"]


def test_the_second_address_of_a_host_is_dialled_when_the_first_is_silent():
    class Two(Names):
        def __call__(self, host: str, port: int) -> list[Address]:
            return [ip_address("127.0.0.9"), ip_address("127.0.0.1")]

    with rough_server(answer(BYTES)) as server:
        url = f"http://two.example:{port_of(server.url)}/a"
        assert fetch(url, names=Two()).content == BYTES


def test_no_log_holds_an_address(caplog):
    with (
        caplog.at_level(logging.DEBUG),
        rough_server(redirect("/b?token=hunter2"), answer(BYTES)) as server,
    ):
        fetch(f"{server.url}/a?token=hunter2")
        fetch(f"{server.url}/a?token=hunter2")
    assert "hunter2" not in caplog.text


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of photos.example that it has signed itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "photos.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("photos.example")]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "photos.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class TlsServer:
    """Answers over TLS with the replies given, and notes the names it was called."""

    def __init__(self, certificate: Path, *replies: bytes) -> None:
        self.called: list[str | None] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.sni_callback = lambda _, name, __: self.called.append(name)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._replies = list(replies)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for reply in self._replies:
            plain, _ = self._listening.accept()
            try:
                with self._context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(4096)
                    secure.sendall(reply)
            except (ssl.SSLError, ConnectionError):
                plain.close()

    def close(self) -> None:
        self._listening.close()
        self._thread.join()


def fetch_over_tls(server: TlsServer, host: str, certificate: Path) -> Fetched:
    client = PhotoClient(
        Reach(frozenset({server.port, 80}), (LOOPBACK,)),
        Limits(20_000),
        resolve=Names(),
        ssl_context=ssl.create_default_context(cafile=str(certificate)),
    )
    with client:
        return client.get(f"https://{host}:{server.port}/a.jpg")


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[list[TlsServer]]:
    made: list[TlsServer] = []
    yield made
    for server in made:
        server.close()


def test_tls_is_for_the_name_though_the_number_is_dialled(certificate, tls_server):
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nphoto"
    server = TlsServer(certificate, reply)
    tls_server.append(server)
    assert fetch_over_tls(server, "photos.example", certificate).content == b"photo"
    assert server.called == ["photos.example"]


def test_a_certificate_of_another_name_is_not_accepted(certificate, tls_server):
    server = TlsServer(certificate, b"")
    tls_server.append(server)
    assert fetch_over_tls(server, "other.example", certificate) == Fetched(
        "failed", "no connection"
    )


def test_no_redirect_leads_from_https_to_http(certificate, tls_server):
    reply = (
        b"HTTP/1.1 302 Found\r\nLocation: http://photos.example/a.jpg\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    server = TlsServer(certificate, reply)
    tls_server.append(server)
    assert fetch_over_tls(server, "photos.example", certificate) == Fetched(
        "refused", "redirected from https to http"
    )
