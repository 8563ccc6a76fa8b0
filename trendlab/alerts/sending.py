"""Takes alerts to the log, to files and to channels; never one twice, if it can."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.alerts.channels import Message, Post, post_by_apprise
from trendlab.errors import AlertError
from trendlab.schemas import TABLES

log = logging.getLogger(__name__)

Row = dict[str, Any]

# Five nights: a channel that is down for longer is not coming back by itself.
MAX_ATTEMPTS = 5
JSON_LINES = "alerts.jsonl"


def send_alerts(
    alerts: pa.Table,
    channels: Callable[[Row], Sequence[str]],
    addresses: Mapping[str, str],
    *,
    folder: Path,
    clock: Callable[[], datetime],
    record: Callable[[pa.Table], None],
    send_backfilled: bool = False,
    is_held: Callable[[Row], bool] = lambda alert: False,
    post: Post = post_by_apprise,
) -> pa.Table:
    """Send the alerts that are due: to the log, to files and to channels.

    Parameters
    ----------
    alerts : pyarrow.Table
        Schema `alerts`. Due are `pending` and `failed` ones with fewer than 5
        attempts, and `backfilled` ones where asked.
    channels : callable
        Row of `alerts` → names of channels, besides the log and the files.
    addresses : mapping of str to str
        Channel name → apprise address.
    folder : Path
        Where `alerts.jsonl` and one readable file an alert go.
    clock : callable
        Gives the present moment, UTC.
    record : callable
        Stores a table of alerts by alert_id. Called before each attempt, after
        each channel that took the message, and at its end.
    send_backfilled : bool
    is_held : callable
        Row of `alerts` → True in the quiet hours of its rule: it stays as it is.
    post : callable
        Takes a message to an address.

    Returns
    -------
    pyarrow.Table
        Schema `alerts`: the rows of the alerts that were tried, as they are now.

    Notes
    -----
    The attempt is recorded before anything is sent. After a kill in between, the
    files are not written twice; a channel may be told once more, marked as a
    repeat and with the same idempotency key. A retry goes to the channels that
    failed only.
    """
    due = [
        row
        for row in alerts.sort_by(
            [("day", "ascending"), ("alert_id", "ascending")]
        ).to_pylist()
        if _is_due(row, send_backfilled) and not is_held(row)
    ]
    tried = []
    written = _read_ids(folder / JSON_LINES) if due else set()
    for row in due:
        names = [*dict.fromkeys(["log", "file", *channels(row)])]
        # an attempt that was begun and never recorded was cut off
        was_cut_off = row["status"] == "pending" and row["attempts_count"] > 0
        row |= {"attempts_count": row["attempts_count"] + 1, "status": "pending"}
        record(TABLES["alerts"].from_rows([row]))
        failures = []
        for name in names:
            if name in row["channels"]:
                continue
            try:
                _deliver(row, name, addresses, folder, written, post, was_cut_off)
            except AlertError as error:
                failures.append(name)
                log.warning("alert %s: channel %s: %s", row["alert_id"], name, error)
                continue
            row["channels"] = [*row["channels"], name]
            if name in addresses:
                record(TABLES["alerts"].from_rows([row]))
        row["status"] = "failed" if failures else "sent"
        if not failures:
            row["sent_at"] = clock()
        record(TABLES["alerts"].from_rows([row]))
        tried.append(row)
    sent = sum(row["status"] == "sent" for row in tried)
    if tried:
        log.info("alerts: %d sent, %d failed", sent, len(tried) - sent)
    return TABLES["alerts"].from_rows(tried)


def _is_due(alert: Row, send_backfilled: bool) -> bool:
    if alert["status"] == "backfilled":
        return send_backfilled
    is_open = alert["status"] in ("pending", "failed")
    return is_open and alert["attempts_count"] < MAX_ATTEMPTS


def _deliver(
    alert: Row,
    name: str,
    addresses: Mapping[str, str],
    folder: Path,
    written: set[str],
    post: Post,
    is_repeat: bool,
) -> None:
    if name == "log":
        # no title or body: topics and captions are what strangers wrote
        log.warning(
            "alert %s: %s of %s, city %s, day %s, severity %d",
            alert["alert_id"],
            alert["event_kind"],
            alert["tracker"],
            alert["city"],
            alert["day"],
            alert["severity"],
        )
        return
    if name == "file":
        _write_files(alert, folder, written)
        return
    if name not in addresses:
        raise AlertError(
            "it has no address; name it in TRENDLAB_ALERT_URLS or its file"
        )
    message = Message(
        title=alert["title"],
        body=alert["body"],
        key=alert["alert_id"],
        follows=alert["follows_alert_id"] or "",
        is_repeat=is_repeat,
    )
    post(addresses[name], message)


def _write_files(alert: Row, folder: Path, written: set[str]) -> None:
    """Write an alert's readable file, and its line unless it is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{alert['day']}_{alert['alert_id']}.txt"
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(f"{alert['title']}\n\n{alert['body']}\n", "utf-8")
        unfinished.replace(path)
        if alert["alert_id"] in written:
            return
        shown = ("alert_id", "rule", "tracker", "city", "event_kind", "event_id",
                 "severity", "title", "body")  # fmt: skip
        line = {"day": alert["day"].isoformat()} | {name: alert[name] for name in shown}
        with (folder / JSON_LINES).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
    except OSError as error:
        raise AlertError(f"cannot write to {folder}: {error.strerror}") from error
    written.add(alert["alert_id"])


def _read_ids(path: Path) -> set[str]:
    """Return the alerts that the file holds; a line that a kill cut is removed."""
    if not path.exists():
        return set()
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as lines:
            lines.truncate(len(whole))
    return {json.loads(line)["alert_id"] for line in whole.splitlines() if line}
