"""A JSON service on loopback, and the way to it for what is meant for another host."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx

from trendlab.sources.live import LiveSource
from trendlab.sources.web import WebClient, utc_now

HTML = b"<!doctype html><html><body>Our engineers are on it</body></html>"


@dataclass(frozen=True)
class Asked:
    """A request: what was sent, and to which host it was meant to go."""

    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {
            name: values[0] for name, values in parse_qs(self.body.decode()).items()
        }


@dataclass(frozen=True)
class Reply:
    """An answer; `length` is what it claims to have, where that is a lie."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass
class Service:
    """A running service: how it answers, what it was asked, what goes wrong next.

    A fault is a part of a path and what is answered there instead, once.
    """

    answer: Callable[[Asked], Reply]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    faults: list[tuple[str, Reply]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    clock: Callable[[], datetime] = utc_now

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        for at, (part, fault) in enumerate(self.faults):
            if part in asked.path:
                del self.faults[at]
                return fault
        return self.answer(asked)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def client_of(self, source: LiveSource) -> WebClient:
        return WebClient(
            source.bases(),
            rates=source.rates,
            secrets=source.access.secrets(),
            transport=Rerouted(self.url),
            clock=self.clock,
            sleep=self.slept.append,
        )


class Rerouted(httpx.BaseTransport):
    """Sends what is meant for a service's https hosts to a server on loopback."""

    def __init__(self, url: str) -> None:
        self._to = httpx.URL(url)
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.scheme == "https"
        # the Host header, which was set before, keeps the host that was meant
        request.url = request.url.copy_with(
            scheme="http", host=self._to.host, port=self._to.port
        )
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@contextmanager
def serve(answer: Callable[[Asked], Reply]) -> Iterator[Service]:
    service = Service(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True)
            reply = service.reply(
                Asked(
                    self.headers["Host"],
                    parts.path,
                    {name: values[0] for name, values in query.items()},
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers.get("Content-Length", 0))),
                )
            )
            body = reply.body
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            length = len(content) if reply.length is None else reply.length
            self.send_response(reply.status)
            self.send_header("Content-Length", str(length))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if length != len(content):
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
