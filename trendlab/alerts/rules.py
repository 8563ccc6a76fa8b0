"""Alert rules: which events of a tracker are told, when and where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from trendlab.errors import AlertError

Row = dict[str, Any]
EventKind = Literal["dip", "peak"]

# A stronger event breaks the silence of a cool-down: three steps of severity are
# eight times the certainty, or the lift.
ESCALATION = 3
# Likes are still growing when the night runs, so peaks are told on posts unless a
# rule names another measure.
PEAK_MEASURES = ("posts",)
# Stands for the tracker as a whole among the topics of a rule.
WHOLE = "whole"

RULES: dict[str, str] = {"dip": "negative_peak", "peak": "activity_peak"}
# Alerts that somebody got, or will get, start a cool-down.
TOLD = ("pending", "sent", "failed")


class Quiet(Protocol):
    """Hours of the day in which nothing is sent."""

    def covers(self, moment: time) -> bool:
        """Tell whether a local time of day lies within."""


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
        Days after an alert in which the rule's other events of the same kind are
        recorded but not sent; 0 sends all.
    channels : tuple of str
        Names of addresses, besides the log and the files.
    name : str
        Part of the alert's id; "" takes the kind's own name.
    measures : tuple of str
        `posts` or `comments` of dips, measures of peaks; when empty, both kinds of
        dips and peaks of posts.
    cities : tuple of str
        Ids, `unknown`, or `all` for the tracker's total; any when empty.
    topics : tuple of str
        Words of which a dip's topic must hold one; `whole` is the tracker without a
        topic. Any when empty.
    min_ratio : float or None
        Least lift of a dip, or ratio of a peak.
    quiet : Quiet or None
        Local hours in which nothing is sent.
    time_zone : str
        IANA zone of `quiet`.
    """

    tracker: str
    on: tuple[EventKind, ...] = ("dip",)
    min_severity: int = 3
    cool_down_days: int = 3
    channels: tuple[str, ...] = ()
    name: str = ""
    measures: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    min_ratio: float | None = None
    quiet: Quiet | None = None
    time_zone: str = "UTC"

    def label(self, kind: EventKind) -> str:
        """Return the name that alerts of a kind carry."""
        return self.name if self.name != "" else RULES[kind]

    def asks_for(self, kind: EventKind, event: Row) -> bool:
        """Tell whether an event, as known on its day, is one of the rule's."""
        return (
            event["tracker"] == self.tracker
            and kind in self.on
            and event["severity"] >= self.min_severity
            and (not self.cities or event["city"] in self.cities)
            and (self._asks_for_dip(event) if kind == "dip" else self._of_peak(event))
        )

    def _asks_for_dip(self, dip: Row) -> bool:
        share_fell = dip["negative_share"] < dip["baseline_share"]
        is_up = dip["is_share_up"] or (dip["is_count_up"] and not share_fell)
        words = dip["topic"].split(" ") if dip["topic"] != "" else [WHOLE]
        return bool(
            is_up
            and (not self.measures or f"{dip['item_kind']}s" in self.measures)
            and (not self.topics or set(words) & set(self.topics))
            and (self.min_ratio is None or dip["lift"] >= self.min_ratio)
        )

    def _of_peak(self, peak: Row) -> bool:
        return bool(
            peak["measure"] in (self.measures or PEAK_MEASURES)
            and (self.min_ratio is None or peak["ratio"] >= self.min_ratio)
        )

    def is_quiet(self, moment: datetime) -> bool:
        """Tell whether a moment lies in the quiet hours."""
        if self.quiet is None:
            return False
        return self.quiet.covers(moment.astimezone(ZoneInfo(self.time_zone)).time())

    def sending_moment(self, moment: datetime) -> datetime:
        """Return the moment, or the first full minute after its quiet hours."""
        if not self.is_quiet(moment):
            return moment
        minute = timedelta(minutes=1)
        later = moment.replace(second=0, microsecond=0) + minute
        for _ in range(24 * 60):
            if not self.is_quiet(later):
                return later
            later += minute
        # quiet round the clock: nothing is ever sent, so the moment means nothing
        return moment


def check_rules(rules: Sequence[AlertRule]) -> None:
    """Check that no tracker has two rules of one name.

    Raises
    ------
    AlertError
        Names the tracker.
    """
    seen = set()
    for rule in rules:
        for kind in rule.on:
            key = (rule.tracker, rule.label(kind))
            if key in seen:
                raise AlertError(
                    f"expected one alert rule of each name for a tracker, got two "
                    f"{key[1]!r} for {key[0]!r}"
                )
            seen.add(key)


def alert_id_of(*parts: str) -> str:
    """Hash what an alert is about; the same on every rerun."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def first_strong_days(
    kind: EventKind, events: pa.Table, rules: Sequence[AlertRule]
) -> Iterator[tuple[AlertRule, Row]]:
    """Yield each event that a rule asks for, as of its first strong day."""
    seen: set[str] = set()
    by_tracker: dict[str, list[AlertRule]] = {}
    for rule in rules:
        by_tracker.setdefault(rule.tracker, []).append(rule)
    rows = events.sort_by([("day", "ascending"), (f"{kind}_id", "ascending")])
    for row in rows.to_pylist():
        event_id = row[f"{kind}_id"]
        for rule in by_tracker.get(row["tracker"], ()):
            alert_id = alert_id_of(rule.label(kind), kind, event_id)
            if alert_id in seen or not rule.asks_for(kind, row):
                continue
            seen.add(alert_id)
            told = {"kind": kind, "event_id": event_id, "alert_id": alert_id}
            yield rule, {**row, **told, "rule": rule.label(kind)}


def event_order(event: Row) -> tuple[Any, ...]:
    """Days in order; of a day the strongest first, then the widest."""
    return (
        event["day"],
        event["kind"],
        event["tracker"],
        event["rule"],
        -event["severity"],
        event["city"] != "all",
        event.get("item_kind", "") == "comment",
        event.get("topic", ""),
        event["event_id"],
    )


def brief(alert: Row) -> Row:
    """Keep what a cool-down looks at."""
    names = ("day", "tracker", "rule", "event_kind", "severity", "status")
    return {name: alert[name] for name in names}


def is_cooled_down(
    event: Row, status: str, rule: AlertRule, history: Sequence[Row]
) -> bool:
    """Tell whether the rule told of another event shortly before."""
    if rule.cool_down_days == 0:
        return False
    counted = (*TOLD, "backfilled") if status == "backfilled" else TOLD
    told = [
        alert["severity"]
        for alert in history
        if alert["tracker"] == event["tracker"]
        and alert["event_kind"] == event["kind"]
        and alert["rule"] == event["rule"]
        and alert["status"] in counted
        and 0 <= (event["day"] - alert["day"]).days <= rule.cool_down_days
    ]
    return bool(told) and event["severity"] < max(told) + ESCALATION
