"""Sending: intent first, each channel once, no address in sight."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.outbox import NOW, Book, Mailbox, alert, lines_of, send, table
from trendlab.alerts import Message
from trendlab.alerts.sending import MAX_ATTEMPTS
from trendlab.schemas import TABLES


def test_by_default_an_alert_goes_to_the_log_and_to_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sent, _ = send(table(alert(title="Negative peak: 草 <b>")), tmp_path)

    row = sent.to_pylist()[0]
    assert (row["status"], row["channels"]) == ("sent", ["log", "file"])
    assert (row["sent_at"], row["attempts_count"]) == (NOW, 1)
    assert lines_of(tmp_path)[0]["title"] == "Negative peak: 草 <b>"
    readable = (tmp_path / "2021-12-03_aa11.txt").read_text("utf-8")
    assert readable == "Negative peak: 草 <b>\n\nWHAT\nwords\n"
    assert "alert aa11: dip of chanel, city all, day 2021-12-03, severity 8" in (
        caplog.text
    )
    assert "words" not in caplog.text  # captions stay out of the log


def test_no_alerts_send_nothing_and_write_nothing(tmp_path: Path) -> None:
    sent, book = send(table(), tmp_path / "alerts")

    assert sent.equals(TABLES["alerts"].empty())
    assert book.states == []
    assert not (tmp_path / "alerts").exists()


def test_the_attempt_is_recorded_before_anything_is_sent(tmp_path: Path) -> None:
    book = Book()

    def post(address: str, message: Message) -> None:
        assert book.states == [("aa11", "pending", 1, ())]

    send(
        table(alert()),
        tmp_path,
        channels={"chanel": ["ops"]},
        addresses={"ops": "x://"},
        post=post,
        record=book,
    )

    assert book.states[1:] == [
        ("aa11", "pending", 1, ("log", "file", "ops")),
        ("aa11", "sent", 1, ("log", "file", "ops")),
    ]


def test_a_retry_goes_to_the_channel_that_failed_only(tmp_path: Path) -> None:
    given = {
        "channels": {"chanel": ["ops", "desk"]},
        "addresses": {"ops": "x://ops", "desk": "x://desk"},
    }
    broken = Mailbox(refuses=("x://ops",))
    mended = Mailbox()

    first, _ = send(table(alert()), tmp_path, post=broken, **given)
    second, _ = send(first, tmp_path, post=mended, **given)

    assert [a for a, _, _ in broken.sent] == ["x://desk"]
    assert first["status"].to_pylist() == ["failed"]
    assert [a for a, _, _ in mended.sent] == ["x://ops"]
    row = second.to_pylist()[0]
    assert (row["status"], row["attempts_count"]) == ("sent", 2)
    assert row["channels"] == ["log", "file", "desk", "ops"]
    assert len(lines_of(tmp_path)) == 1


def test_after_a_kill_the_files_hold_the_alert_once_and_the_key_is_the_same(
    tmp_path: Path,
) -> None:
    class KilledError(Exception):
        pass

    boxes = [Mailbox(), Mailbox()]
    given = {"channels": {"chanel": ["ops"]}, "addresses": {"ops": "x://"}}

    def killed_after_sending(address: str, message: Message) -> None:
        boxes[0](address, message)
        raise KilledError

    with pytest.raises(KilledError):
        send(table(alert()), tmp_path, post=killed_after_sending, **given)
    with (tmp_path / "alerts.jsonl").open("a") as lines:
        lines.write('{"day": "2021')  # a line that a kill cut
    sent, _ = send(table(alert(attempts_count=1)), tmp_path, post=boxes[1], **given)

    assert boxes[0].sent[0][2] == boxes[1].sent[0][2] == "aa11"
    assert [box.messages[0].is_repeat for box in boxes] == [False, True]
    assert [line["alert_id"] for line in lines_of(tmp_path)] == ["aa11"]
    assert sent["status"].to_pylist() == ["sent"]


@pytest.mark.parametrize(
    ("row", "is_sent"),
    [
        (alert(status="sent"), False),
        (alert(status="cooled_down"), False),
        (alert(status="backfilled"), False),
        (alert(status="failed", attempts_count=MAX_ATTEMPTS - 1), True),
        (alert(status="failed", attempts_count=MAX_ATTEMPTS), False),
    ],
)
def test_only_what_is_due_is_sent(
    tmp_path: Path, row: dict[str, Any], is_sent: bool
) -> None:
    sent, _ = send(table(row), tmp_path)

    assert sent.num_rows == int(is_sent)


def test_backfilled_alerts_are_sent_when_asked(tmp_path: Path) -> None:
    sent, _ = send(table(alert(status="backfilled")), tmp_path, send_backfilled=True)

    assert sent["status"].to_pylist() == ["sent"]


def test_alerts_of_a_tracker_in_its_quiet_hours_wait(tmp_path: Path) -> None:
    sent, _ = send(
        table(alert(), alert("bb22", tracker="zara")), tmp_path, held={"chanel"}
    )

    assert sent["alert_id"].to_pylist() == ["bb22"]


def test_a_channel_without_an_address_fails_and_says_where_to_name_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sent, _ = send(table(alert()), tmp_path, channels={"chanel": ["ops"]})

    row = sent.to_pylist()[0]
    assert (row["status"], row["channels"]) == ("failed", ["log", "file"])
    assert "TRENDLAB_ALERT_URLS" in caplog.text


def test_a_folder_that_cannot_be_written_is_a_failure_not_a_crash(
    tmp_path: Path,
) -> None:
    (tmp_path / "alerts").write_text("a file where the folder should be")

    sent, _ = send(table(alert()), tmp_path / "alerts")

    assert sent["status"].to_pylist() == ["failed"]
