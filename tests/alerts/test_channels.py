"""Channels: what people get, by web hook and by mail, and after a kill once more."""

from __future__ import annotations

import email
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from email.message import Message as Letter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiosmtpd.controller import Controller

from tests.alerts.outbox import alert, lines_of, send, table
from trendlab.alerts import notify, parse_channels
from trendlab.alerts.channels import post_by_apprise
from trendlab.errors import AlertError, SettingsError

SECRET = "t0ps3cret"


def test_channels_are_read_from_words_and_lines() -> None:
    text = "# people\nops=json://host/a=b\n  desk=mailto://u:p@h?to=x@y other=x://z\n"

    assert parse_channels(text) == {
        "ops": "json://host/a=b",
        "desk": "mailto://u:p@h?to=x@y",
        "other": "x://z",
    }
    assert parse_channels("") == {}


@pytest.mark.parametrize(
    "text",
    [
        f"json://{SECRET}@host",
        f"a={SECRET} a={SECRET}",
        f"log={SECRET}",
        f"b c={SECRET}",
    ],
)
def test_a_wrong_channel_is_refused_without_showing_what_it_holds(text: str) -> None:
    with pytest.raises(SettingsError, match="alert channel") as refused:
        parse_channels(text)

    assert SECRET not in str(refused.value)


Received = list[tuple[str, dict[str, str], dict[str, Any]]]


@pytest.fixture
def webhook() -> Iterator[tuple[int, Received, Callable[[int], None]]]:
    """A web hook on a free port, what it received, and how to make it refuse."""
    received: Received = []
    status = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, received, lambda code: status.__setitem__(0, code)
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_web_hook_gets_the_message_with_an_idempotency_key(
    tmp_path: Path, webhook: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port, received, answer_with = webhook
    given = {
        "channels": {"chanel": ["ops"]},
        "addresses": {"ops": f"json://user:{SECRET}@127.0.0.1:{port}/hook/{SECRET}"},
        "post": post_by_apprise,
    }

    with caplog.at_level(logging.DEBUG):
        answer_with(500)
        failed, _ = send(table(alert()), tmp_path, **given)
        answer_with(200)
        sent, _ = send(failed, tmp_path, **given)

    assert failed["status"].to_pylist() == ["failed"]
    assert sent["status"].to_pylist() == ["sent"]
    assert len(received) == 2
    path, headers, body = received[1]
    assert path == f"/hook/{SECRET}"
    assert headers["Idempotency-Key"] == "aa11"
    assert body["title"] == "Negative peak: chanel"
    assert body["message"] == "WHAT\nwords"
    assert SECRET not in caplog.text
    assert str(port) not in caplog.text


def test_a_closed_port_is_a_failure_without_the_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        # held without listening, so that nobody else can be there meanwhile
        with caplog.at_level(logging.DEBUG):
            sent, _ = send(
                table(alert()),
                tmp_path,
                channels={"chanel": ["ops"]},
                addresses={"ops": f"json://user:{SECRET}@127.0.0.1:{port}"},
                post=post_by_apprise,
            )

    assert sent["status"].to_pylist() == ["failed"]
    assert SECRET not in caplog.text
    assert str(port) not in caplog.text


class Letters:
    def __init__(self) -> None:
        self.received: list[Letter] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def post_office() -> Iterator[tuple[int, Letters]]:
    """A mail server on a free port, and the letters it took."""

    class OnAnyPort(Controller):
        """Takes the port that the system gives, and tells it."""

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    letters = Letters()
    controller = OnAnyPort(letters, hostname="127.0.0.1", port=0)
    controller.start()
    yield controller.port, letters
    controller.stop()


def test_a_mail_is_plain_text_and_names_its_alert(
    tmp_path: Path, post_office: tuple[int, Letters]
) -> None:
    port, letters = post_office
    address = f"mailto://127.0.0.1:{port}?from=lab@example.org&to=mara@example.org"
    sent, _ = send(
        table(alert(title="Negative peak: 草", body="a\n<b>&")),
        tmp_path,
        channels={"chanel": ["desk"]},
        addresses={"desk": address},
        post=post_by_apprise,
    )

    assert sent["status"].to_pylist() == ["sent"]
    letter = letters.received[0]
    assert letter["X-Trendlab-Alert"] == "aa11"
    assert letter["Message-ID"] == "<alert-aa11@trendlab.invalid>"
    assert letter["In-Reply-To"] is None
    assert letter["To"] == "mara@example.org"
    assert len(letter.get_all("Message-ID")) == 1
    assert letter.get_content_type() == "text/plain"
    assert letter.get_payload(decode=True).decode().split() == ["a", "<b>&"]


def test_a_notice_goes_to_a_named_channel(webhook: Any) -> None:
    port, received, answer_with = webhook
    channels = {"ops": f"json://127.0.0.1:{port}"}

    notify(channels, "ops", "trendlab", "the nightly run failed")
    answer_with(500)
    with pytest.raises(AlertError, match="channel ops") as refused:
        notify(channels, "ops", "trendlab", "again")

    assert received[0][2]["message"] == "the nightly run failed"
    assert "Idempotency-Key" not in received[0][1]
    assert str(port) not in str(refused.value)


def test_a_notice_to_no_channel_or_to_no_address_is_refused() -> None:
    with pytest.raises(AlertError, match="no channel is called 'ops'"):
        notify({}, "ops", "t", "b")
    with pytest.raises(AlertError, match="not one that apprise understands") as refused:
        notify({"ops": f"nonsense://{SECRET}"}, "ops", "t", "b")

    assert SECRET not in str(refused.value)


def test_a_follow_up_is_threaded_under_its_alert(
    tmp_path: Path, post_office: tuple[int, Letters]
) -> None:
    port, letters = post_office
    address = f"mailto://127.0.0.1:{port}?from=lab@example.org&to=mara@example.org"
    send(
        table(alert(), alert("bb22", follows_alert_id="aa11", title="Over: x")),
        tmp_path,
        channels={"chanel": ["desk"]},
        addresses={"desk": address},
        post=post_by_apprise,
    )

    first, second = letters.received
    assert second["Message-ID"] == "<alert-bb22@trendlab.invalid>"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]


def test_a_line_break_in_a_title_begins_no_header(
    tmp_path: Path, post_office: tuple[int, Letters]
) -> None:
    port, letters = post_office
    address = f"mailto://127.0.0.1:{port}?from=lab@example.org&to=mara@example.org"
    sent, _ = send(
        table(alert(title="peak\r\nBcc: eve@evil.example\r\n\r\n<b>body</b>")),
        tmp_path,
        channels={"chanel": ["desk"]},
        addresses={"desk": address},
        post=post_by_apprise,
    )

    assert sent["status"].to_pylist() == ["sent"]
    letter = letters.received[0]
    assert letter["Bcc"] is None
    assert letter["Subject"] == "peak Bcc: eve@evil.example <b>body</b>"
    assert b"<b>" not in letter.get_payload(decode=True)


KILLED_SENDER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow.parquet as pq
from trendlab.alerts import send_alerts
from trendlab.alerts.channels import post_by_apprise

stored, folder, address, dies = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]

def record(rows):
    pq.write_table(rows, stored)

def post(address, message):
    post_by_apprise(address, message)
    if dies == "dies":
        os.kill(os.getpid(), signal.SIGKILL)  # sent, and not yet recorded

send_alerts(
    pq.read_table(stored), lambda row: ["ops"], {"ops": address}, folder=folder,
    clock=lambda: datetime.now(UTC), record=record, post=post,
)
"""


def send_over_a_kill(folder: Path, address: str) -> pa.Table:
    """Send an alert, be killed before it is recorded, and send twice more."""
    stored = folder / "alerts.parquet"
    pq.write_table(table(alert()), stored)
    words = [KILLED_SENDER, str(stored), str(folder / "out"), address]
    codes = [
        subprocess.run(
            [sys.executable, "-c", *words, dies], check=False, timeout=120
        ).returncode
        for dies in ("dies", "lives", "lives")
    ]
    assert codes == [-signal.SIGKILL, 0, 0]
    return pq.read_table(stored)


def test_a_web_hook_told_before_a_kill_gets_one_repeat_marked_as_such(
    tmp_path: Path, webhook: Any
) -> None:
    port, received, _ = webhook

    sent = send_over_a_kill(tmp_path, f"json://127.0.0.1:{port}/hook")

    assert len(received) == 2
    (_, first, told), (_, second, again) = received
    assert first["Idempotency-Key"] == second["Idempotency-Key"] == "aa11"
    assert "Idempotency-Repeat" not in first
    assert second["Idempotency-Repeat"] == "possible"
    assert again["title"] == "(repeat) " + told["title"]
    assert sent["status"].to_pylist() == ["sent"]
    assert len(lines_of(tmp_path / "out")) == 1


def test_a_mail_told_before_a_kill_gets_one_repeat_with_the_same_message_id(
    tmp_path: Path, post_office: tuple[int, Letters]
) -> None:
    port, letters = post_office
    address = f"mailto://127.0.0.1:{port}?from=lab@example.org&to=mara@example.org"

    send_over_a_kill(tmp_path, address)

    first, second = letters.received
    assert (
        first["Message-ID"] == second["Message-ID"] == "<alert-aa11@trendlab.invalid>"
    )
    assert first["X-Trendlab-Repeat"] is None
    assert second["X-Trendlab-Repeat"] == "possible"
    assert second["Subject"] == "(repeat) Negative peak: chanel"
    assert "cut off" in second.get_payload(decode=True).decode()
