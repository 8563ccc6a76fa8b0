"""Alerts to send, and a caller and a channel that keep what they are given."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.alerts import Message, send_alerts
from trendlab.errors import AlertError
from trendlab.schemas import TABLES

DAY = date(2021, 12, 3)
NOW = datetime(2021, 12, 4, 2, tzinfo=UTC)


def alert(alert_id: str = "aa11", **more: Any) -> dict[str, Any]:
    return {
        "day": DAY, "alert_id": alert_id, "rule": "negative_peak",
        "tracker": "chanel", "city": "all", "event_kind": "dip", "event_id": "d1",
        "severity": 8, "title": "Negative peak: chanel", "body": "WHAT\nwords",
        "status": "pending", "channels": [], "attempts_count": 0, "raised_at": NOW,
        **more,
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> pa.Table:
    return TABLES["alerts"].from_rows(list(rows))


class Book:
    """Stores alerts as a caller would, and every state that it was given."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str, int, tuple[str, ...]]] = []

    def __call__(self, rows: pa.Table) -> None:
        assert rows.schema.equals(TABLES["alerts"].arrow)
        for row in rows.to_pylist():
            self.states.append(
                (
                    row["alert_id"],
                    row["status"],
                    row["attempts_count"],
                    tuple(row["channels"]),
                )
            )


class Mailbox:
    """A channel that keeps messages, and refuses those of some addresses."""

    def __init__(self, refuses: tuple[str, ...] = ()) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.messages: list[Message] = []
        self.refuses = refuses

    def __call__(self, address: str, message: Message) -> None:
        if address in self.refuses:
            raise AlertError("it did not take the message")
        self.sent.append((address, message.title, message.key))
        self.messages.append(message)


def send(alerts: pa.Table, folder: Path, **more: Any) -> tuple[pa.Table, Book]:
    book = more.pop("record", Book())
    given = {"channels": {}, "addresses": {}, "post": Mailbox(), **more}
    by_tracker, held = given.pop("channels"), given.pop("held", ())
    sent = send_alerts(
        alerts,
        lambda row: by_tracker.get(row["tracker"], ()),
        given.pop("addresses"),
        folder=folder,
        clock=lambda: NOW,
        record=book,
        is_held=lambda row: row["tracker"] in held,
        **given,
    )
    return sent, book


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in (folder / "alerts.jsonl").read_text("utf-8").splitlines()
    ]
