"""Keeps dips as they run from day to day, and grades them.

A dip's state on a day is its state the day before and what that day found; nothing is
ever looked up ahead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from trendlab.signals.baselines import SHIFT_STEPS
from trendlab.signals.panels import EPOCH, day_number, day_numbers, hash_id
from trendlab.signals.runs import MAX_GAP_DAYS, clamp_severity
from trendlab.signals.topics import TopicRule

Row = dict[str, Any]
Key = tuple[str, str, str, str]  # tracker, city, item_kind, topic

# Days read before the first produced one: baseline, pooled days, and running events.
LOOKBACK_DAYS = 84


@dataclass(frozen=True)
class DipRule:
    """Thresholds of the dip rules.

    Parameters
    ----------
    window_days, pool_days : int
        Trailing baseline; most days pooled where a day has too few scored.
    min_valid_days : int
        Fewer valid days than this is a cold start.
    p_value, topic_p_value : float
        Upper tail that a share must pass, and a topic's after the correction for the
        words tested.
    few_items : float
        A share of n items must pass p_value · (1 + few_items / n). Few counts jump past
        a level, so that a test of 30 items asks for more than it says; this way false
        alarms at 30 a day are about as many as at 400, and more of the shares that
        triple for a day are found (41 % instead of 39 % at 30 a day;
        `bench/null_world.py`).
    cold_p_value : float
        Upper tail that a share must pass in a cold start, whose overdispersion is
        mostly a guess.
    min_negatives, min_authors : int
        Floors: fewer are anecdotes.
    min_scored, topic_min_scored : int
        Fewer scored items than this are pooled, or not assessed. 20 and not 30: around
        30 scored a day every other day was pooled with those before it, which waters
        down what happened that day.
    min_lift : float
        Share / expected share.
    hold_p_value, hold_lift : float
    hold_days : int
        A dip that runs goes on while its share passes these milder thresholds: what
        began as news ends when its share comes near the usual, not on the first day
        that would be no news by itself (hysteresis, as in Canny 1986 for edges). 0.05
        is the customary level of one test, without correction; chosen having seen
        that 0.01 ends the topic of Chanel's calendar on 4 December 2021, at 38 %
        where 21 % was usual. They begin no dip, so they raise no false alarm. Longer
        than `hold_days` after its start it must be news again: what stays is the new
        usual.
    rho_prior, rho_prior_days : float
        Prior overdispersion of days, and how many days it weighs as, within a series
        and in the pool over trackers.
    share_prior_items : float
        Weight of the parent's share (the tracker's for a city, all trackers' for a
        tracker) in a series' own.
    """

    window_days: int = 56
    pool_days: int = 7
    min_valid_days: int = 28
    p_value: float = 0.0018
    few_items: float = 15.0
    topic_p_value: float = 0.001
    cold_p_value: float = 0.0002
    min_negatives: int = 5
    min_authors: int = 3
    min_scored: int = 20
    topic_min_scored: int = 30
    min_lift: float = 2.0
    hold_p_value: float = 0.05
    hold_lift: float = 1.5
    hold_days: int = SHIFT_STEPS
    rho_prior: float = 0.01
    rho_prior_days: float = 28.0
    share_prior_items: float = 50.0

    @property
    def version(self) -> str:
        """Name of the rule with a hash of its thresholds."""
        return f"dips-1-{hash_id(*astuple(self))[:8]}"

    @property
    def topic(self) -> TopicRule:
        """The thresholds that topics share."""
        return TopicRule(
            p_value=self.topic_p_value,
            min_negatives=self.min_negatives,
            min_authors=self.min_authors,
            min_scored=self.topic_min_scored,
            min_lift=self.min_lift,
        )

    @property
    def held_topic(self) -> TopicRule:
        """The thresholds that keep a running topic."""
        return replace(self.topic, p_value=self.hold_p_value, min_lift=self.hold_lift)


class DipEvents:
    """Dips as they run: takes a day's finding, gives the state as of that day."""

    def __init__(
        self,
        past_dips: pa.Table,
        first_day: date,
        rule: DipRule,
        run_ids: Mapping[date, str],
    ) -> None:
        self.rows: list[Row] = []
        self.masked: dict[tuple[str, str, int], set[str]] = {}
        self._rule = rule
        self._run_ids = run_ids
        self._state: dict[Key, Row] = {}
        self._length: dict[str, int] = {}
        earliest = first_day - timedelta(LOOKBACK_DAYS)
        numbers = day_numbers(past_dips["day"])
        inside = (numbers >= day_number(earliest)) & (numbers < day_number(first_day))
        past = past_dips.filter(pa.array(inside))
        for row in past.sort_by(
            [("day", "ascending"), ("dip_id", "ascending")]
        ).to_pylist():
            self._remember(row)

    def _remember(self, row: Row) -> None:
        key = (row["tracker"], row["city"], row["item_kind"], row["topic"])
        self._state[key] = row
        self._length[row["dip_id"]] = self._length.get(row["dip_id"], 0) + 1
        if row["topic"] != "":
            place = (row["tracker"], row["item_kind"], day_number(row["day"]))
            self.masked.setdefault(place, set()).update(row["topic"].split(" "))

    def topic_name(
        self, tracker: str, item_kind: str, words: tuple[str, ...], day: int
    ) -> str:
        """Keep the name of a running topic that shares a word; else name a new one."""
        for name in self.running_topics(tracker, item_kind, day):
            if set(words) & set(name.split(" ")):
                return name
        return " ".join(words)

    def running_topics(self, tracker: str, item_kind: str, day: int) -> list[str]:
        """Names of the topics that a day could go on with, sorted."""
        return sorted(
            key[3]
            for key in self._state
            if key[0] == tracker
            and key[2] == item_kind
            and key[3] != ""
            and self._running(key, day) is not None
        )

    def is_held(self, key: Key, day: int) -> bool:
        """Tell whether a dip's share runs, and is young enough to go on mildly."""
        row = self._running(key, day)
        return (
            row is not None
            and row["is_share_up"]
            and day - day_number(row["start_on"]) <= self._rule.hold_days
        )

    def _running(self, key: Key, day: int) -> Row | None:
        """Give the state of the dip that a day would go on with."""
        row = self._state.get(key)
        if row is None or day - day_number(row["day"]) > MAX_GAP_DAYS + 1:
            return None
        return row

    def add(self, key: Key, day: int, found: Row, *, is_news: bool = True) -> Row:
        """Add a day to the dip that runs, or begin one; return its row of the day.

        A day that goes on without being news keeps the severity: that an event is not
        over makes it no worse, and must not lift a mild one over an alert's threshold.
        """
        tracker, city, item_kind, topic = key
        day_on = EPOCH + timedelta(day)
        before = self._running(key, day)
        start_on = day_on if before is None else before["start_on"]
        dip_id = hash_id(tracker, city, topic, item_kind, start_on)
        row: Row = {**found, "apex_on": day_on}
        if before is not None:
            if before["p_value"] <= found["p_value"]:
                row = {name: before[name] for name in row}
            row["is_count_up"] = found["is_count_up"] or before["is_count_up"]
            row["is_share_up"] = found["is_share_up"] or before["is_share_up"]
        length = self._length.get(dip_id, 0) + 1
        row |= {
            "day": day_on,
            "dip_id": dip_id,
            "tracker": tracker,
            "city": city,
            "topic": topic,
            "item_kind": item_kind,
            "start_on": start_on,
            "end_on": day_on,
            "severity": (
                dip_severity(
                    row["p_value"],
                    row["lift"],
                    row["negative_count"],
                    length,
                    self._rule,
                )
                if is_news or before is None
                else before["severity"]
            ),
            "is_author_rule_assessable": row["negative_authors_count"] is not None,
            "rule_version": self._rule.version,
            "run_id": self._run_ids[day_on],
        }
        self._remember(row)
        self.rows.append(row)
        return row


def dip_severity(
    p_value: float, lift: float, negatives: int, run_days: int, rule: DipRule
) -> int:
    """Grade a dip from 1 (mild) to 10 (extreme).

    Returns
    -------
    int
        1 + ⌊log₂(log p / log of the threshold) + log₂(lift / least lift) +
        ½ log₂(negatives / least negatives) + log₂(days)⌋, held between 1 and 10:
        each of twice the certainty, twice the lift, four times the negatives and
        twice the days counts 1.
    """
    certainty = math.log(max(p_value, 1e-300)) / math.log(rule.p_value)
    points = (
        math.log2(max(certainty, 1.0))
        + math.log2(max(lift / rule.min_lift, 1.0))
        + 0.5 * math.log2(max(negatives / rule.min_negatives, 1.0))
        + math.log2(max(run_days, 1))
    )
    return clamp_severity(points)
