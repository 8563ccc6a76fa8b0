"""Turns parsed records into tables that fit the lake, or into quarantine rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import check_rows
from trendlab.schemas import TABLES, Table
from trendlab.sources.base import (
    MAX_DETAIL_CHARACTERS,
    MAX_PAYLOAD_CHARACTERS,
    Accepted,
    Refused,
    Row,
    show,
)

# Where a table's partition day comes from.
_DAY_FROM = {
    "posts": "created_at",
    "media": "created_at",
    "comments": "created_at",
    "authors": "observed_at",
}
_COUNTS = ("likes_count", "comments_count", "shares_count", "views_count")
_EMPTY_LISTS = ("hashtags", "mentions")


@dataclass(frozen=True)
class Checked:
    """Records that passed the lake's door, as tables, and those that did not.

    Parameters
    ----------
    tables : dict of str to pyarrow.Table
    accepted_count : int
    refused : list of (int, Refused)
        With the position of the record among those given.
    """

    tables: dict[str, pa.Table]
    accepted_count: int
    refused: list[tuple[int, Refused]]


def moment_of(table: str, row: Row, own: Row) -> Any:
    """Return what gives a row its partition day; anything, as it is not checked yet.

    Parameters
    ----------
    table : str
    row : dict
    own : dict
        First row of the same record: photos lie under the day of their post.
    """
    return (own if table == "media" else row).get(_DAY_FROM[table])


def check_records(records: Sequence[Accepted], source: str) -> Checked:
    """Build tables from records and hold every row against its schema.

    A record of which any row is refused is refused as a whole.

    Parameters
    ----------
    records : sequence of Accepted
    source : str

    Returns
    -------
    Checked
        Tables by name, `engagement` among them where posts have counts.
    """
    rows: dict[str, list[Row]] = {}
    owners: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        own = record.rows[0][1]
        for table, row in record.rows:
            moment = moment_of(table, row, own)
            day = moment.date() if isinstance(moment, datetime) else None
            filled = {**row, "day": day, "source": source}
            rows.setdefault(table, []).append(filled)
            owners.setdefault(table, []).append(index)
    refused: dict[int, tuple[str, str, str]] = {}
    built = {}
    for table, given in rows.items():
        whole, wrong = _build(TABLES[table], given)
        for at, (reason, detail) in wrong.items():
            refused.setdefault(owners[table][at], (table, reason, detail))
        kept = [at for at in range(len(given)) if at not in wrong]
        if wrong:
            whole = whole.take(pa.array(kept, pa.int64()))
        _, rejected = check_rows(TABLES[table], whole)
        for fault in rejected:
            owner = owners[table][kept[fault.row_index]]
            refused.setdefault(owner, (table, fault.reason, fault.detail))
        built[table] = (whole, [owners[table][at] for at in kept])
    tables = {}
    for table, (whole, kept_owners) in built.items():
        if refused:
            mask = pa.array([owner not in refused for owner in kept_owners])
            whole = whole.filter(mask)
        tables[table] = whole
    if "posts" in tables:
        tables["engagement"] = _engagement(tables["posts"])
    return Checked(
        tables,
        len(records) - len(refused),
        [
            (
                index,
                Refused(
                    reason,
                    "",
                    detail,
                    records[index].number,
                    records[index].record,
                    table,
                ),
            )
            for index, (table, reason, detail) in sorted(refused.items())
        ],
    )


def _build(
    table: Table, rows: list[Row]
) -> tuple[pa.Table, dict[int, tuple[str, str]]]:
    """Build a table; rows with a value that Arrow cannot hold are named."""
    wrong: dict[int, tuple[str, str]] = {}
    arrays = []
    for column in table.columns:
        default: Any = [] if column.name in _EMPTY_LISTS else None
        values = [row.get(column.name, default) for row in rows]
        try:
            arrays.append(pa.array(values, column.type))
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            arrays.append(_build_one_by_one(column.name, column.type, values, wrong))
    return pa.Table.from_arrays(arrays, schema=table.arrow), wrong


def _build_one_by_one(
    name: str, kind: pa.DataType, values: list[Any], wrong: dict[int, tuple[str, str]]
) -> pa.Array:
    kept = []
    for at, value in enumerate(values):
        try:
            pa.array([value], kind)
            kept.append(value)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            shown = show(value, MAX_DETAIL_CHARACTERS)
            wrong.setdefault(at, (f"{name} is not {kind}", f"{name}={shown}"))
            kept.append(None)
    return pa.array(kept, kind)


def _engagement(posts: pa.Table) -> pa.Table:
    """Return a reading of each post that has any count, by day of observation."""
    known = pc.is_valid(posts[_COUNTS[0]])
    for name in _COUNTS[1:]:
        known = pc.or_(known, pc.is_valid(posts[name]))
    read = posts.filter(known)
    columns = {name: read[name] for name in TABLES["engagement"].names}
    columns["day"] = read["observed_at"].cast(pa.timestamp("us")).cast(pa.date32())
    return pa.table(columns, schema=TABLES["engagement"].arrow)


def quarantine_rows(
    refused: Sequence[tuple[str, Refused]],
    *,
    source: str,
    ingest_id: str,
    day: date,
    observed_at: datetime,
) -> pa.Table:
    """Return refused records, with where they came from, as rows of `quarantine`.

    Parameters
    ----------
    refused : sequence of (str, Refused)
        With the file, or the address without its query.
    """
    rows = []
    for origin, record in refused:
        detail = record.detail
        if record.field and record.field not in detail:
            detail = f"{record.field}={detail}"
        rows.append(
            {
                "day": day,
                "source": source,
                "ingest_id": ingest_id,
                "table_name": record.table,
                "path": show(origin, MAX_DETAIL_CHARACTERS * 10),
                "row_number": record.number,
                "reason": show(record.reason, MAX_DETAIL_CHARACTERS),
                "detail": show(detail, MAX_DETAIL_CHARACTERS) if detail else None,
                "payload": show(record.record, MAX_PAYLOAD_CHARACTERS),
                "observed_at": observed_at,
            }
        )
    return TABLES["quarantine"].from_rows(rows)
