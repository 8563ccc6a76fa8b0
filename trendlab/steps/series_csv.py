"""Reads CSV files of weekly series, a row a week, for verbs that take any data."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from trendlab.errors import SettingsError, SignalError

# Weeks may be numbered instead of dated; a number with more digits is no week.
MAX_NUMBER_DIGITS = 3
# Where counted weeks begin; any Monday would do.
WEEK_ZERO = date(2001, 1, 1)
# All that can be numbered, 19 years. Each series has a cell for every week between the
# first and the last, so one mistyped year would fill the memory with empty weeks.
MAX_SPAN_WEEKS = 10**MAX_NUMBER_DIGITS
# What spreadsheets write for "not observed".
BLANKS = {"", "na", "nan", "null", "none"}


def check_files(series: Path, written: Mapping[str, Path | None]) -> None:
    """Refuse files that cannot be read or written before any work is done.

    Parameters
    ----------
    series : Path
        What `--series` names.
    written : mapping of str to Path or None
        Option → file to write; None where it was not given.

    Raises
    ------
    SettingsError
        If the series are no file, a file to write is a folder or the series
        themselves, or two are one.
    """
    if not series.is_file():
        raise SettingsError(f"--series wants a CSV file, got {series}")
    taken = {series.resolve(): "--series"}
    for option, path in written.items():
        if path is None:
            continue
        if path.is_dir():
            raise SettingsError(f"{option} wants a file to write, got folder {path}")
        other = taken.setdefault(path.resolve(), option)
        if other != option:
            raise SettingsError(
                f"{option} and {other} are both {path}; name another file to write"
            )


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield where each row stands, and its cells in the order of `columns`.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 whose first line names the columns; others are passed over.
    columns : sequence of str

    Yields
    ------
    where : str
        File and line, to begin an error with.
    cells : list of str
        Without blanks around them.

    Raises
    ------
    SignalError
        If it is no CSV in UTF-8, a column is missing, a row is short or too long, or
        there is none.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    is_empty = True
    try:
        check_columns(path, reader.fieldnames or (), columns)
        for row in reader:
            where = f"{path} line {reader.line_num}"
            if any(row[name] is None for name in columns):
                raise SignalError(f"{where}: fewer values than columns")
            # 1,200 without quotes would be read as 1; DictReader keeps the rest here
            if any(cell.strip() for cell in row.get(None) or ()):
                raise SignalError(
                    f"{where}: more values than columns; write numbers without a "
                    "comma for thousands"
                )
            is_empty = False
            yield where, [row[name].strip() for name in columns]
    except csv.Error as error:
        raise SignalError(f"{path} line {reader.line_num}: {error}") from None
    if is_empty:
        raise SignalError(f"{path}: no rows below the header")


def read_city_weeks(
    path: Path, columns: Sequence[str]
) -> Iterator[tuple[str, tuple[str, str, date], list[str]]]:
    """Yield the rows of series by city and week, each of them given once.

    Parameters
    ----------
    path : Path
        As for `read_rows`.
    columns : sequence of str
        City, what is counted there, week, and the columns of values.

    Yields
    ------
    where : str
        File and line, to begin an error with.
    key : (str, str, date)
        City, what is counted, week.
    cells : list of str
        Of the columns of values.

    Raises
    ------
    SignalError
        Also after the last row, if the weeks are no one history (`check_weeks`).
    """
    city_name, value_name, week_name, *_ = columns
    lines: dict[tuple[str, str, date], str] = {}
    weeks: dict[str, date] = {}
    for where, (city, value, week_cell, *cells) in read_rows(path, columns):
        if not city or not value:
            raise SignalError(
                f"{where}: {city_name} and {value_name} must not be empty"
            )
        week = weeks.get(week_cell)
        if week is None:
            week = weeks[week_cell] = read_week_cell(week_cell, where)
        before = lines.setdefault((city, value, week), where)
        if before != where:
            raise SignalError(
                f"{where}: {city}, {value}, {week_cell} was given before, in "
                f"{before}; keep one row per {city_name}, {value_name} and {week_name}"
            )
        yield where, (city, value, week), cells
    check_weeks(path, weeks)


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, a byte order mark left out.

    Raises
    ------
    SignalError
        If it cannot be read, is not UTF-8, or holds a NUL byte.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SignalError(f"{path}: cannot be read ({error.strerror})") from error
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise SignalError(f"{path}, line {line}: a NUL byte; is this a CSV file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SignalError(
            f"{path}, line {line}: not UTF-8 (byte {raw[error.start]:#04x}); save the "
            "file as CSV in UTF-8"
        ) from None


def check_columns(path: Path, given: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file whose first line does not name every column that is needed.

    Raises
    ------
    SignalError
        With what was expected and what came, and where it is not plain from these,
        what is missing.
    """
    missing = [name for name in wanted if name not in given]
    if missing:
        told = f"; missing: {', '.join(missing)}" if len(missing) < len(wanted) else ""
        raise SignalError(
            f"{path}: expected a first line with the columns {', '.join(wanted)}, got "
            f"{', '.join(given) or 'an empty one'}{told}"
        )


def check_weeks(path: Path, cells: Iterable[str]) -> None:
    """Refuse weeks that are partly numbers, or lie too far apart to be one history.

    Parameters
    ----------
    path : Path
    cells : iterable of str
        Every week of the file, as written.

    Raises
    ------
    SignalError
    """
    weeks = sorted({(read_week_cell(cell, str(path)), cell) for cell in cells})
    if {_is_counted(cell) for _, cell in weeks} == {True, False}:
        raise SignalError(f"{path}: weeks are partly dates and partly numbers")
    (first, first_cell), (last, last_cell) = weeks[0], weeks[-1]
    span = (last - first).days // 7 + 1
    if span > MAX_SPAN_WEEKS:
        raise SignalError(
            f"{path}: {span:,} weeks from {first_cell} to {last_cell}, at most "
            f"{MAX_SPAN_WEEKS:,} can be taken; is a year mistyped?"
        )


def read_week_cell(text: str, where: str) -> date:
    """Read a week: a date, an ISO week or a number; `where` names the line."""
    if _is_counted(text):
        return WEEK_ZERO + timedelta(weeks=int(text))
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise SignalError(
            f"{where}: week must be a date such as 2026-01-05, an ISO week such as "
            f"2026-W02 or a week number, got {text!r}"
        ) from None


def read_number(text: str, column: str, where: str) -> float | None:
    """Read a finite number; None for a blank, an error naming the cell otherwise."""
    if text.casefold() in BLANKS:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise SignalError(f"{where}: {column} must be a number, got {text!r}")
    return value


def _is_counted(week: str) -> bool:
    return week.lstrip("-").isdigit() and len(week) <= MAX_NUMBER_DIGITS
