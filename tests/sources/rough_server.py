"""A server on loopback that does what services and their stand-ins do wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class RoughServer:
    """What it was asked, and what it will answer, in order; the last one stays."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def rough_server(*replies: Reply) -> Iterator[RoughServer]:
    told = RoughServer(replies=list(replies))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.asked.append((self.path, dict(self.headers)))
            self.close_connection = True
            # the client may have enough
            with suppress(BrokenPipeError, ConnectionResetError):
                told.next_reply()(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answer(
    body: bytes,
    status: int = 200,
    *,
    length: int | None = None,
    kind: str = "application/json",
    **headers: str,
) -> Reply:
    """Send a body; `length` is what it claims, `a_b="x"` becomes `A-B: x`."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        # said, so that no client keeps a connection that is closed the next moment
        handler.send_header("Connection", "close")
        handler.send_header("Content-Type", kind)
        handler.send_header(
            "Content-Length", str(len(body) if length is None else length)
        )
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def without_end(block: bytes, *, start: bytes = b"", **headers: str) -> Reply:
    """Send the same block until nobody listens."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(start)
        while True:
            handler.wfile.write(block * (1 + 4_000 // len(block)))

    return reply


def silent(server: list[RoughServer]) -> Reply:
    """Send half an answer and wait until the test ends."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"a":')
        handler.wfile.flush()
        server[0].ended.wait(30)

    return reply


def dripping(server: list[RoughServer]) -> Reply:
    """Send a byte every 20 ms: never silent, never done."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not server[0].ended.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return reply
