"""Which events become alerts, and which are too mild, too old or already told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.alerts.wording import describe_dip, describe_peak
from trendlab.errors import AlertError
from trendlab.schemas import TABLES

Row = dict[str, Any]
EventKind = Literal["dip", "peak"]

# An alert about a day further back is no news.
MAX_AGE_DAYS = 3
# A stronger event breaks the silence of a cool-down: three steps of severity are
# eight times the certainty, or the lift.
ESCALATION = 3
# Likes are still growing when the night runs, so peaks are told on posts alone.
PEAK_MEASURE = "posts"

RULES: dict[str, str] = {"dip": "negative_peak", "peak": "activity_peak"}
# Alerts that somebody got, or will get, start a cool-down.
_TOLD = ("pending", "sent", "failed")


@dataclass(frozen=True)
class AlertRule:
    """When a tracker's events become alerts, and where they go.

    Parameters
    ----------
    tracker : str
    on : tuple of {"dip", "peak"}
    min_severity : int
        Least severity, 1 to 10.
    cool_down_days : int
        Days after an alert in which the tracker's events of the same kind are
        recorded but not sent; 0 sends all.
    channels : tuple of str
        Names of addresses, besides the log and the files.
    """

    tracker: str
    on: tuple[EventKind, ...] = ("dip",)
    min_severity: int = 3
    cool_down_days: int = 3
    channels: tuple[str, ...] = ()


def raise_alerts(
    dips: pa.Table,
    peaks: pa.Table,
    evidence: pa.Table,
    past_alerts: pa.Table,
    rules: Sequence[AlertRule],
    *,
    now: datetime,
    is_backfill: bool,
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

    Returns
    -------
    pyarrow.Table
        Schema `alerts`, new alerts only, sorted by day and alert_id. `day` is the
        first day given on which the event was strong enough.

    Notes
    -----
    One event raises one alert, however long it runs and however often it is run
    again: the id is a hash of rule and event. Of a tracker's events of one kind
    on one day the strongest is told and the others are `cooled_down`, as are
    those within the cool-down, unless their severity is at least 3 higher. Days
    more than 3 days back, and all of a rebuild, are `backfilled`; these cool down
    each other and not what is to be sent.

    A dip is told on its share, or on its count when the share does not fall.
    A peak is told on posts only: likes are provisional when the night runs.
    """
    oldest = None if is_backfill else now.date() - timedelta(days=MAX_AGE_DAYS)
    return _raise(
        dips,
        peaks,
        evidence,
        past_alerts.to_pylist(),
        rules,
        raised_at=lambda day: now,
        is_old=lambda day: oldest is None or day < oldest,
    )


def backtest_alerts(
    dips: pa.Table,
    peaks: pa.Table,
    evidence: pa.Table,
    rules: Sequence[AlertRule],
    *,
    first_day: date,
    last_day: date,
) -> pa.Table:
    """Return the alerts that rules would have raised, had they run each night.

    Parameters
    ----------
    dips, peaks, evidence : pyarrow.Table
        Rows of other days are passed over.
    rules : sequence of AlertRule
    first_day, last_day : date

    Returns
    -------
    pyarrow.Table
        Schema `alerts`; `pending` are those that would have been sent. Raised at
        02:00 UTC on the day after.
    """

    def within(rows: pa.Table) -> pa.Table:
        inside = [first_day <= day <= last_day for day in rows["day"].to_pylist()]
        return rows.filter(pa.array(inside, pa.bool_()))

    return _raise(
        within(dips),
        within(peaks),
        within(evidence),
        [],
        rules,
        raised_at=lambda day: datetime.combine(
            day + timedelta(days=1), time(2), tzinfo=UTC
        ),
        is_old=lambda day: False,
    )


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
    return TABLES["alerts"].from_rows([row])


def _raise(
    dips: pa.Table,
    peaks: pa.Table,
    evidence: pa.Table,
    past: Sequence[Row],
    rules: Sequence[AlertRule],
    *,
    raised_at: Any,
    is_old: Any,
) -> pa.Table:
    by_tracker = {rule.tracker: rule for rule in rules}
    if len(by_tracker) != len(rules):
        raise AlertError("expected one alert rule for each tracker, got two for one")
    known = {row["alert_id"] for row in past}
    found = [
        event
        for kind, table in (("dip", dips), ("peak", peaks))
        for event in _first_strong_days(kind, table, by_tracker)
        if event["alert_id"] not in known
    ]
    proof = _evidence_of(evidence, {event["event_id"] for event in found})
    history = [_brief(row) for row in past]
    raised = []
    for event in sorted(found, key=_order):
        status = "backfilled" if is_old(event["day"]) else "pending"
        rule = by_tracker[event["tracker"]]
        if _is_cooled_down(event, status, rule, history):
            status = "cooled_down"
        row = _alert(event, proof, status, raised_at(event["day"]))
        history.append(_brief(row))
        raised.append(row)
    raised.sort(key=lambda row: (row["day"], row["alert_id"]))
    return TABLES["alerts"].from_rows(raised)


def _first_strong_days(
    kind: str, events: pa.Table, rules: dict[str, AlertRule]
) -> Iterable[Row]:
    """Yield each event that its rule asks for, as of its first strong day."""
    seen: set[str] = set()
    rows = events.sort_by([("day", "ascending"), (f"{kind}_id", "ascending")])
    for row in rows.to_pylist():
        event_id = row[f"{kind}_id"]
        rule = rules.get(row["tracker"])
        if rule is None or kind not in rule.on or event_id in seen:
            continue
        is_asked = _tells_of_dip(row) if kind == "dip" else _tells_of_peak(row)
        if not is_asked or row["severity"] < rule.min_severity:
            continue
        seen.add(event_id)
        alert_id = hashlib.blake2b(
            "\x1f".join((RULES[kind], kind, event_id)).encode(), digest_size=8
        ).hexdigest()
        yield {**row, "kind": kind, "event_id": event_id, "alert_id": alert_id}


def _tells_of_dip(dip: Row) -> bool:
    share_fell = dip["negative_share"] < dip["baseline_share"]
    return bool(dip["is_share_up"] or (dip["is_count_up"] and not share_fell))


def _tells_of_peak(peak: Row) -> bool:
    return bool(peak["measure"] == PEAK_MEASURE)


def _order(event: Row) -> tuple[Any, ...]:
    """Days in order; of a day the strongest first, then the widest."""
    return (
        event["day"],
        event["kind"],
        event["tracker"],
        -event["severity"],
        event["city"] != "all",
        event.get("item_kind", "") == "comment",
        event.get("topic", ""),
        event["event_id"],
    )


def _brief(alert: Row) -> Row:
    names = ("day", "tracker", "event_kind", "severity", "status")
    return {name: alert[name] for name in names}


def _is_cooled_down(
    event: Row, status: str, rule: AlertRule, history: Sequence[Row]
) -> bool:
    if rule.cool_down_days == 0:
        return False
    counted = (*_TOLD, "backfilled") if status == "backfilled" else _TOLD
    told = [
        alert["severity"]
        for alert in history
        if alert["tracker"] == event["tracker"]
        and alert["event_kind"] == event["kind"]
        and alert["status"] in counted
        and 0 <= (event["day"] - alert["day"]).days <= rule.cool_down_days
    ]
    return bool(told) and event["severity"] < max(told) + ESCALATION


def _evidence_of(evidence: pa.Table, event_ids: set[str]) -> dict[str, list[Row]]:
    wanted = pa.array(sorted(event_ids), pa.string())
    mine = evidence.filter(pc.is_in(evidence["event_id"], value_set=wanted))
    found: dict[str, list[Row]] = {}
    for row in mine.to_pylist():
        found.setdefault(row["event_id"], []).append(row)
    return found


def _alert(
    event: Row, proof: dict[str, list[Row]], status: str, raised_at: datetime
) -> Row:
    rows = [
        row
        for row in proof.get(event["event_id"], [])
        if row["event_kind"] == event["kind"] and row["day"] <= event["day"]
    ]
    newest = max((row["day"] for row in rows), default=None)
    shown = [row for row in rows if row["day"] == newest]
    describe = describe_dip if event["kind"] == "dip" else describe_peak
    title, body = describe(event, shown, event["alert_id"])
    return {
        "day": event["day"],
        "alert_id": event["alert_id"],
        "rule": RULES[event["kind"]],
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
