"""Peaks of any CSV of (timestamp, value), outside the lake: CSV in, CSV out."""

from __future__ import annotations

import csv
import io
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from trendlab.errors import SettingsError, SourceError
from trendlab.signals.series import SERIES_ROWS, detect_series, tell_grain

log = logging.getLogger(__name__)

COLUMNS = ("timestamp", "value")
# A spreadsheet with decimal commas writes semicolons; copied cells have tabs.
DELIMITERS = (",", ";", "\t")
# What spreadsheets and data frames write for a value that is not known.
MISSING = frozenset({"", "nan", "na", "n/a", "null", "none"})
COMMA_HINT = "; write a point before decimals, and no comma for thousands"
# A cell is shown up to this length in a message.
SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class SeriesFile:
    """A series as read from a file.

    Parameters
    ----------
    texts : list of str
        Timestamps as they stand in the file.
    moments : list of datetime
        The same, naive; UTC where the file gives an offset.
    values : list of float
        NaN where the file has none.
    """

    texts: list[str]
    moments: list[datetime]
    values: list[float]


def write_series_peaks(series: Path, out_file: Path) -> str:
    """Score every row of a series file, write them, and give a line to print.

    The file has a row per input row, in order: timestamp as given, value, baseline,
    score, is_peak (true or false). What is not known is empty. It appears whole or
    not at all.

    Raises
    ------
    SettingsError
        If the input is not there, or the output is the input or a folder.
    SourceError
        If the file is not such a series; the message names the line.
    """
    if not series.is_file():
        raise SettingsError(f"--series wants a CSV file, got {series}")
    if out_file.is_dir():
        raise SettingsError(f"--out wants a file to write, got the folder {out_file}")
    if out_file.exists() and out_file.samefile(series):
        raise SettingsError(f"--out must not be the input {series}; name another file")
    started = time.monotonic()
    given = read_series(series)
    rows = detect_series(given.moments, given.values)
    _write(out_file, given.texts, rows)
    peaks = int(np.count_nonzero(rows["is_peak"].to_numpy()))
    log.info(
        "series rows_in=%d rows_out=%d seconds=%.1f",
        len(given.values),
        rows.num_rows,
        time.monotonic() - started,
    )
    return f"{_told(given)}, {peaks} {'peak' if peaks == 1 else 'peaks'}: {out_file}"


def read_series(path: Path) -> SeriesFile:
    """Read a CSV with the columns timestamp and value; others are passed over.

    Cells may stand between commas, semicolons or tabs: the first line says which.

    Raises
    ------
    SourceError
        A column is missing, a timestamp is wrong, repeated or out of order, a value
        is not a number ≥ 0, or the text is not UTF-8 or holds a NUL character.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path}: expected UTF-8 text, got byte {error.object[error.start]:#04x} "
            f"at offset {error.start}; save the file as CSV in UTF-8"
        ) from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SourceError(
            f"{path}, line {line}: a NUL character; the file is damaged or not a CSV"
        )
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True
    )
    try:
        return _parse(path, reader)
    except csv.Error as error:
        raise SourceError(f"{path}, line {reader.line_num}: {error}") from None


def _parse(path: Path, reader: Any) -> SeriesFile:
    """Read the rows of a `csv.reader`, which has no public type."""
    header: list[str] = next(reader, [])
    time_at, value_at = _columns(path, header)
    found = SeriesFile([], [], [])
    has_offset: bool | None = None
    for cells in reader:
        where = f"{path}, line {reader.line_num}"
        if not cells:
            continue
        if len(cells) <= max(time_at, value_at):
            raise SourceError(
                f"{where}: expected at least {max(time_at, value_at) + 1} cells, "
                f"got {len(cells)}"
            )
        # 1,200 without quotes would be read as 1
        if any(cell.strip() for cell in cells[len(header) :]):
            raise SourceError(
                f"{where}: expected {len(header)} cells as in the first line, got "
                f"{len(cells)}; write numbers without a comma for thousands"
            )
        text = cells[time_at].strip()
        moment = _moment(text, where)
        aware = moment.tzinfo is not None
        if has_offset is not None and aware != has_offset:
            raise SourceError(
                f"{where}: timestamps with and without a UTC offset are mixed "
                f"({_shown(text)}); write all of them one way"
            )
        has_offset = aware
        if aware:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        if found.moments and moment <= found.moments[-1]:
            before = found.texts[-1]
            problem = "repeats" if moment == found.moments[-1] else "lies before"
            raise SourceError(
                f"{where}: timestamp {_shown(text)} {problem} {_shown(before)}; "
                "sort the file by time and keep one row a moment"
            )
        found.texts.append(text)
        found.moments.append(moment)
        found.values.append(_value(cells[value_at].strip(), where))
    return found


def _delimiter(text: str) -> str:
    """Return what parts the names of the first line; a comma where none is told."""
    head = text.split("\n", 1)[0].strip().casefold()
    for delimiter in DELIMITERS:
        names = {name.strip(' "') for name in head.split(delimiter)}
        if names.issuperset(COLUMNS):
            return delimiter
    return DELIMITERS[0]


def _columns(path: Path, header: Sequence[str]) -> tuple[int, int]:
    """Places of timestamp and value."""
    names = [name.strip().casefold() for name in header]
    for wanted in COLUMNS:
        if names.count(wanted) != 1:
            problem = "no" if wanted not in names else "more than one"
            shown = ", ".join(_shown(name) for name in header[:10]) or "nothing"
            raise SourceError(
                f"{path}: {problem} column {wanted!r}; expected a first line "
                f"'timestamp,value', got {shown}"
            )
    return names.index("timestamp"), names.index("value")


def _moment(text: str, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(
            f"{where}: expected a timestamp such as 2026-01-31 14:05:00, "
            f"got {_shown(text)}"
        ) from None


def _value(text: str, where: str) -> float:
    if text.casefold() in MISSING:
        return math.nan
    try:
        # Python reads 1_000 and digits of other scripts; a CSV does not mean them
        if not text.isascii() or "_" in text:
            raise ValueError
        value = float(text)
    except ValueError:
        raise SourceError(
            f"{where}: expected a number or nothing as value, got {_shown(text)}"
            f"{COMMA_HINT if ',' in text else ''}"
        ) from None
    if not math.isfinite(value) or value < 0:
        raise SourceError(
            f"{where}: value must be finite and ≥ 0, got {_shown(text)}; "
            "shift the series first"
        )
    return value


def _shown(text: str) -> str:
    return repr(text[:SHOWN_CHARACTERS])


def _told(given: SeriesFile) -> str:
    """Rows, grain and gaps of a series, for people."""
    count = len(given.moments)
    if count < 2:
        return "1 row" if count == 1 else "0 rows"
    moments = np.array(given.moments, "datetime64[us]")
    grain = tell_grain(moments)
    # half a step late is still on time
    gaps = int((np.diff(moments).astype(np.int64) / 1e6 > 1.5 * grain).sum())
    missing = sum(math.isnan(value) for value in given.values)
    told = f"{count} rows, one every {_duration(grain)}, {gaps} gaps"
    return f"{told}, {missing} without a value" if missing else told


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _write(path: Path, texts: list[str], rows: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(SERIES_ROWS.names)
        for text, value, baseline, score, is_peak in zip(
            texts,
            rows["value"].to_pylist(),
            rows["baseline"].to_pylist(),
            rows["score"].to_pylist(),
            rows["is_peak"].to_pylist(),
            strict=True,
        ):
            writer.writerow(
                (
                    text,
                    "" if value is None else f"{value:.17g}",
                    "" if baseline is None else f"{baseline:.6g}",
                    # 17 digits: rounding must not lift a score to the threshold
                    f"{score:.17g}",
                    str(is_peak).lower(),
                )
            )
    partial.replace(path)
