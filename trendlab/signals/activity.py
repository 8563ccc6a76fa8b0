"""Reads the activity queries and prepares the small relations they join to.

The counting itself is SQL (`sql/lake/activity.sql` and `sql/lake/author_days.sql`, both
over what `sql/lake/post_readings.sql` gives), run by DuckDB over the lake. This module
gives the text of the queries, the little tables that say which days to produce, and
what coverage means for the detectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SignalError
from trendlab.schemas import TABLES
from trendlab.signals.panels import COVERED_DAYS, EVERY_TRACKER

ONE_DAY = timedelta(days=1)
DEFAULT_ZONE = "UTC"
# A local day with all but two hours counts as whole: 8 % is less than what days differ
# by, and Europe's days lie on two UTC days for an hour or two alone.
WHOLE_PART = 22.0 / 24.0 - 1e-9
# Of a day with less than this nobody can say whether it was quiet.
MIN_KNOWN_PART = 0.5
Entry = tuple[datetime, str, str, bool]
"""A row of coverage: when it was read, source, version, and whether in part."""

# Days before the first produced day whose tracker_posts are read, so that a comment
# finds the post it stands under: later comments than this are too few to count.
COMMENT_LOOKBACK_DAYS = 28
# Likes and comments of a post are read again two days later at the latest, and those of
# that age count.
READING_DAYS = 2

PARAMS = {
    "post_readings": {"reading_days": READING_DAYS},
    "activity": {"comment_days": COMMENT_LOOKBACK_DAYS},
    "author_days": {},
}
"""Values of the queries of sql/lake, by name."""

# Columns that rows of before they were counted lack, and what stood for them.
BEFORE_COUNTED = {
    "comment_read_count": "comment_scored_count",
    "comment_negative_capped_count": "comment_negative_count",
    "comment_scored_capped_count": "comment_scored_count",
}

RUN_IDS = pa.schema(
    [
        pa.field("day", pa.date32(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)
TRACKER_ZONES = pa.schema(
    [
        pa.field("tracker", pa.string(), nullable=False),
        pa.field("time_zone", pa.string(), nullable=False),
    ]
)


def lake_query(name: str) -> str:
    """Read one query of `sql/lake`, from the checkout or from the installed package.

    Parameters
    ----------
    name : str
        For example ``activity`` or ``author_days``.

    Raises
    ------
    SignalError
        There is no such query.
    """
    package = Path(__file__).resolve().parents[1]
    places = (
        package.parent / "sql" / "lake" / f"{name}.sql",
        package / "_bundled" / "sql" / "lake" / f"{name}.sql",
    )
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise SignalError(f"expected a query {name}.sql in sql/lake, found none")


def run_id_rows(run_ids: Mapping[date, str]) -> pa.Table:
    """Give the relation `run_ids`: the days to produce, one row each."""
    days = sorted(run_ids)
    return pa.table({"day": days, "run_id": [run_ids[d] for d in days]}, schema=RUN_IDS)


def tracker_zone_rows(time_zones: Mapping[str, str]) -> pa.Table:
    """Give the relation `tracker_zones`; a tracker without a row keeps UTC days."""
    names = sorted(time_zones)
    return pa.table(
        {"tracker": names, "time_zone": [time_zones[name] for name in names]},
        schema=TRACKER_ZONES,
    )


def as_declared(rows: pa.Table, table: str) -> pa.Table:
    """Cast what a query gave to the declared schema, columns in order.

    Raises
    ------
    SignalError
        A declared column is absent.
    """
    declared = TABLES[table].arrow
    absent = [name for name in declared.names if name not in rows.column_names]
    if absent:
        raise SignalError(f"{table}: the query gave no column {', '.join(absent)}")
    return rows.select(declared.names).cast(declared)


def counted_or_before(activity: pa.Table, column: str) -> pa.ChunkedArray:
    """Give a column of activity; of rows of before it was counted, what stood for it.

    Parameters
    ----------
    activity : pyarrow.Table[activity]
    column : str
    """
    instead = BEFORE_COUNTED.get(column)
    if instead is None:
        return activity[column]
    return pc.coalesce(activity[column], activity[instead])


def covered_days(
    coverage: pa.Table, time_zones: Mapping[str, str] | None = None
) -> pa.Table:
    """Tell which days of which tracker were ingested.

    Parameters
    ----------
    coverage : pyarrow.Table[coverage]
        The UTC days to tell of, and those beside them where a tracker has a zone.
        Rows of the tracker 'all' (files that no one tracker owns) cover every tracker.
    time_zones : mapping of str to str, optional
        IANA zone of each tracker whose day is not the UTC day.

    Returns
    -------
    pyarrow.Table
        Columns of `panels.COVERED_DAYS`, sorted; one row per tracker and day with at
        least one complete or partial source. A day is partial where a source covered
        it in part. The version is the newest that the tracker's day was read with.
        The tracker '*' stands for every tracker that the table does not name. The
        tracker 'all' is covered on a day that any tracker covers; its version lists
        who covers the day, so that days with and without a tracker never compare.
        Each day is told from its own rows alone; a local day from those of the UTC
        days that it lies on. Where one of these was not ingested the day is partial,
        and missing where less than half of it was: in New York the last day lacks its
        evening until the next night.
    """
    seen = coverage.filter(pc.not_equal(coverage["status"], "none")).select(
        ["tracker", "source", "day", "status", "tracker_version", "observed_at"]
    )
    by_day: dict[date, dict[str, list[Entry]]] = {}
    zones = {
        name: zone for name, zone in (time_zones or {}).items() if zone != DEFAULT_ZONE
    }
    names: set[str] = set()
    for row in seen.to_pylist():
        entry = (
            row["observed_at"],
            row["source"],
            row["tracker_version"],
            row["status"] == "partial",
        )
        names.add(row["tracker"])
        by_day.setdefault(row["day"], {}).setdefault(row["tracker"], []).append(entry)
    out: list[dict[str, object]] = []

    def cover(tracker: str, day: date, is_partial: bool, version: str) -> None:
        out.append(
            {
                "tracker": tracker,
                "day": day,
                "is_partial": is_partial,
                "tracker_version": version,
            }
        )

    for day, own in by_day.items():
        shared = own.get("all", [])
        if shared:
            cover(EVERY_TRACKER, day, any(bool(entry[3]) for entry in shared), "")
        versions = {name: str(max(own[name])[2]) for name in own if name != "all"}
        for tracker in names - {"all"} - zones.keys():
            entries = own.get(tracker, []) + shared
            if entries:
                is_partial = any(bool(entry[3]) for entry in entries)
                cover(tracker, day, is_partial, versions.get(tracker, ""))
        who = [f"{name}={versions[name]}" for name in sorted(versions)]
        is_partial = any(bool(e[3]) for entries in own.values() for e in entries)
        cover("all", day, is_partial, ",".join(who + ["*"] * bool(shared)))
    near = {day + n * ONE_DAY for day in by_day for n in (-1, 0, 1)}
    for tracker, zone in zones.items():
        for day in near:
            mine: list[Entry] = []
            read: list[Entry] = []
            known = 0.0
            for each, part in _utc_parts(day, zone).items():
                own = by_day.get(each, {})
                mine += own.get(tracker, [])
                told = own.get(tracker, []) + own.get("all", [])
                read += told
                known += part if told else 0.0
            if known >= MIN_KNOWN_PART:
                is_partial = known < WHOLE_PART or any(entry[3] for entry in read)
                cover(tracker, day, is_partial, str(max(mine)[2]) if mine else "")
    out.sort(key=lambda row: (str(row["tracker"]), str(row["day"])))
    return pa.Table.from_pylist(out, schema=COVERED_DAYS)


def partial_days(covered: pa.Table) -> pa.Table:
    """Give the relation `partial_days`: day, tracker of days ingested in part.

    Parameters
    ----------
    covered : pyarrow.Table
        From `covered_days`.
    """
    return covered.filter(covered["is_partial"]).select(["day", "tracker"])


def _utc_parts(day: date, time_zone: str) -> dict[date, float]:
    """Return the UTC days that a local day lies on, and the part of it on each."""
    zone = ZoneInfo(time_zone)
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + ONE_DAY, time(), zone).astimezone(UTC)
    cut = datetime.combine(start.date() + ONE_DAY, time(), UTC)
    before = (min(cut, end) - start) / (end - start)
    parts = {start.date(): before, start.date() + ONE_DAY: 1.0 - before}
    return {each: part for each, part in parts.items() if part > 0.0}
