"""Raises alerts: which events are told, which are too mild, too old or told already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.alerts.follow_ups import follow_up
from trendlab.alerts.rules import (
    TOLD,
    AlertRule,
    Row,
    brief,
    check_rules,
    event_order,
    first_strong_days,
    is_cooled_down,
)
from trendlab.alerts.wording import NegativeBy, describe_dip, describe_peak
from trendlab.errors import AlertError
from trendlab.schemas import TABLES

# An alert about a day further back is no news.
MAX_AGE_DAYS = 3
# Who acknowledged is shown in marts and terminals.
MAX_NAME_LENGTH = 100

SeenDays = Mapping[str, Collection[date]]
"""Tracker → days whose posts are known, so that an event not seen then is over."""


def raise_alerts(
    dips: pa.Table,
    peaks: pa.Table,
    evidence: pa.Table,
    past_alerts: pa.Table,
    rules: Sequence[AlertRule],
    *,
    now: datetime,
    is_backfill: bool,
    seen_days: SeenDays | None = None,
    negative_by: NegativeBy = "vader",
) -> pa.Table:
    """Raise an alert for each event that a rule asks for and nobody was told of.

    Parameters
    ----------
    dips, peaks : pyarrow.Table
        Schemas `dips` and `peaks`; rows of the days that are being run.
    evidence : pyarrow.Table
        Schema `evidence`, of the same days.
    past_alerts : pyarrow.Table
        Schema `alerts`: every alert of the trackers, or at least those of the
        longest cool-down and of the events that still run.
    rules : sequence of AlertRule
        A tracker without a rule raises nothing.
    now : datetime
        The present moment, UTC.
    is_backfill : bool
        True for a rebuild: nothing is to be sent.
    seen_days : mapping of str to days or None
        Days that are being run whose posts are known. Past alerts whose event no
        longer runs, or that the days no longer show, get a follow-up; none
        without it.
    negative_by : {"vader", "complaints"}
        What called texts negative, as the alerts say.

    Returns
    -------
    pyarrow.Table
        Schema `alerts`, new alerts only, sorted by day and alert_id. `day` is the
        first day given on which the event was strong enough; of a follow-up, the
        day on which the event was known to be over.

    Notes
    -----
    One event raises one alert of a rule, however long it runs and however often it
    is run again: the id is a hash of rule and event. Of a rule's events of one
    kind on one day the strongest is told and the others are `cooled_down`, as are
    those within the cool-down, unless their severity is at least 3 higher. Days
    more than 3 days back, and all of a rebuild, are `backfilled`; these cool down
    each other and not what is to be sent.

    A dip is told on its share, or on its count when the share does not fall.
    A peak is told on posts, or on the measures that the rule names.
    """
    oldest = None if is_backfill else now.date() - timedelta(days=MAX_AGE_DAYS)
    past = past_alerts.to_pylist()
    raised = _raise(
        dips,
        peaks,
        evidence,
        past,
        rules,
        raised_at=lambda day: now,
        is_old=lambda day: oldest is None or day < oldest,
        negative_by=negative_by,
    )
    told = [row for row in past if row["status"] in TOLD and not is_backfill]
    over = _follow_ups(dips, peaks, told, past, seen_days or {}, lambda day: now)
    # an end that is no news is kept, and not sent
    for row in over:
        if oldest is None or row["day"] < oldest:
            row["status"] = "backfilled"
    return _table([*raised, *over])


def backtest_alerts(
    dips: pa.Table,
    peaks: pa.Table,
    evidence: pa.Table,
    rules: Sequence[AlertRule],
    *,
    first_day: date,
    last_day: date,
    seen_days: SeenDays | None = None,
) -> pa.Table:
    """Return the alerts that rules would have raised, had they run each night.

    Parameters
    ----------
    dips, peaks, evidence : pyarrow.Table
        Rows after `last_day` are passed over. Days before `first_day` are run too,
        so that an event that began then, and what it cooled down, is not told as new.
    rules : sequence of AlertRule
    first_day, last_day : date
        Days of the alerts to return.
    seen_days : mapping of str to days or None
        As for `raise_alerts`; follow-ups are among the alerts where it is given.

    Returns
    -------
    pyarrow.Table
        Schema `alerts`; `pending` are those that would have been sent, at
        `AlertRule.sending_moment` of `raised_at`. Raised at 02:00 UTC on the day
        after.
    """

    def known(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.less_equal(rows["day"], pa.scalar(last_day)))

    def night_of(day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(2), tzinfo=UTC)

    dips, peaks = known(dips), known(peaks)
    raised = _raise(
        dips,
        peaks,
        known(evidence),
        [],
        rules,
        raised_at=night_of,
        is_old=lambda day: False,
    )
    told = [row for row in raised if row["status"] in TOLD]
    over = _follow_ups(dips, peaks, told, raised, seen_days or {}, night_of)
    return _table([row for row in (*raised, *over) if row["day"] >= first_day])


def acknowledge_alert(
    alerts: pa.Table, prefix: str, by: str, now: datetime
) -> pa.Table:
    """Return the one alert whose id starts with `prefix`, acknowledged.

    An alert that is acknowledged already keeps its first name and time.

    Raises
    ------
    AlertError
        If no alert or several start so, or nobody is named.
    """
    if by.strip() == "":
        raise AlertError("acknowledging an alert needs a name: --by NAME")
    if not by.isprintable() or len(by) > MAX_NAME_LENGTH:
        raise AlertError(
            f"--by wants a name on one line, of at most {MAX_NAME_LENGTH} characters "
            f"that can be seen, got {by[:MAX_NAME_LENGTH]!a}"
        )
    found = [
        row
        for row in alerts.to_pylist()
        if prefix != "" and row["alert_id"].startswith(prefix.lower())
    ]
    if len(found) != 1:
        many = "no alert" if not found else f"{len(found)} alerts"
        raise AlertError(
            f"expected one alert whose id starts with {prefix!r}, got {many}; "
            '`trendlab sql "select alert_id, title from marts.alerts"` lists them'
        )
    row = found[0]
    if row["acknowledged_at"] is None:
        row |= {"acknowledged_at": now, "acknowledged_by": by.strip()}
    return _table([row])


def _table(rows: list[Row]) -> pa.Table:
    rows.sort(key=lambda row: (row["day"], row["alert_id"]))
    return TABLES["alerts"].from_rows(rows)


def _raise(
    dips: pa.Table,
    peaks: pa.Table,
    evidence: pa.Table,
    past: Sequence[Row],
    rules: Sequence[AlertRule],
    *,
    raised_at: Callable[[date], datetime],
    is_old: Callable[[date], bool],
    negative_by: NegativeBy = "vader",
) -> list[Row]:
    check_rules(rules)
    known = {row["alert_id"] for row in past}
    found = [
        (rule, event)
        for pairs in (
            first_strong_days("dip", dips, rules),
            first_strong_days("peak", peaks, rules),
        )
        for rule, event in pairs
        if event["alert_id"] not in known
    ]
    proof = _evidence_of(evidence, {event["event_id"] for _, event in found})
    history = [brief(row) for row in past if row.get("follows_alert_id") is None]
    raised = []
    for rule, event in sorted(found, key=lambda pair: event_order(pair[1])):
        status = "backfilled" if is_old(event["day"]) else "pending"
        if is_cooled_down(event, status, rule, history):
            status = "cooled_down"
        row = _alert(event, proof, status, raised_at(event["day"]), negative_by)
        history.append(brief(row))
        raised.append(row)
    return raised


def _follow_ups(
    dips: pa.Table,
    peaks: pa.Table,
    told: Sequence[Row],
    known: Sequence[Row],
    seen_days: SeenDays,
    raised_at: Callable[[date], datetime],
) -> list[Row]:
    """Say of each alert whose event is over that it is, once."""
    by_event: dict[tuple[str, str], list[Row]] = {}
    for kind, events in (("dip", dips), ("peak", peaks)):
        for row in events.sort_by("day").to_pylist():
            by_event.setdefault((kind, row[f"{kind}_id"]), []).append(row)
    followed = {row.get("follows_alert_id") for row in known}
    found = []
    for alert in told:
        if alert.get("follows_alert_id") is not None or alert["alert_id"] in followed:
            continue
        rows = by_event.get((alert["event_kind"], alert["event_id"]), [])
        row = follow_up(alert, rows, seen_days.get(alert["tracker"], ()))
        if row is not None:
            found.append({**row, "raised_at": raised_at(row["day"])})
    return found


def _evidence_of(evidence: pa.Table, event_ids: set[str]) -> dict[str, list[Row]]:
    wanted = pa.array(sorted(event_ids), pa.string())
    mine = evidence.filter(pc.is_in(evidence["event_id"], value_set=wanted))
    found: dict[str, list[Row]] = {}
    for row in mine.to_pylist():
        found.setdefault(row["event_id"], []).append(row)
    return found


def _alert(
    event: Row,
    proof: dict[str, list[Row]],
    status: str,
    raised_at: datetime,
    negative_by: NegativeBy,
) -> dict[str, Any]:
    rows = [
        row
        for row in proof.get(event["event_id"], [])
        if row["event_kind"] == event["kind"] and row["day"] <= event["day"]
    ]
    newest = max((row["day"] for row in rows), default=None)
    shown = [row for row in rows if row["day"] == newest]
    if event["kind"] == "dip":
        title, body = describe_dip(event, shown, event["alert_id"], negative_by)
    else:
        title, body = describe_peak(event, shown, event["alert_id"])
    return {
        "day": event["day"],
        "alert_id": event["alert_id"],
        "rule": event["rule"],
        "tracker": event["tracker"],
        "city": event["city"],
        "event_kind": event["kind"],
        "event_id": event["event_id"],
        "severity": event["severity"],
        "title": title,
        "body": body,
        "status": status,
        "channels": [],
        "attempts_count": 0,
        "raised_at": raised_at,
    }
