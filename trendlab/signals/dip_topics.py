"""Tests the topics of a tracker's day, and goes on with those of running dips."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.dip_counts import ItemCounts
from trendlab.signals.dip_events import DipEvents, DipRule
from trendlab.signals.panels import day_number
from trendlab.signals.topics import TermHistory, Topic


def prepare_histories(
    kind: ItemCounts,
    term_days: pa.Table,
    first_day: date,
    rule: DipRule,
    skip_terms: Collection[str],
    events: DipEvents,
) -> dict[str, TermHistory]:
    """Prepare the words of each tracker, with the days before the first produced.

    Parameters
    ----------
    kind : ItemCounts
        Posts, or comments.
    term_days : pyarrow.Table[term_days]
        Days from `first_day` − `rule.window_days` on.
    first_day : datetime.date
        First day to produce.
    rule : DipRule
    skip_terms : collection of str
        Words that cannot be topics.
    events : DipEvents
        What ran on the days before: their words stay out of the baselines.

    Returns
    -------
    dict of str to TermHistory
        By tracker; one without words is left out.
    """
    of_kind = pc.equal(term_days["item_kind"], kind.name)
    first = day_number(first_day)
    histories: dict[str, TermHistory] = {}
    for tracker in sorted(set(kind.panel.trackers)):
        terms = term_days.filter(
            pc.and_(of_kind, pc.equal(term_days["tracker"], tracker))
        )
        if terms.num_rows == 0:
            continue
        history = TermHistory(terms, window=rule.window_days, skip_terms=skip_terms)
        for day in range(first - rule.window_days, first):
            history.add(day, events.masked.get((tracker, kind.name, day), set()))
        histories[tracker] = history
    return histories


def find_topics(
    kind: ItemCounts,
    t: int,
    s: int,
    history: TermHistory,
    events: DipEvents,
    rule: DipRule,
    *,
    tracker_share: float,
    rho: float,
    valid_days: int,
) -> None:
    """Test the topics of one tracker and day, and take the day into the history.

    Parameters
    ----------
    kind : ItemCounts
        Posts, or comments.
    t, s : int
        Place of the day and of the tracker's whole series in the arrays of `kind`.
    history : TermHistory
        Of the tracker; moved to the day, which is added at the end.
    events : DipEvents
        Told what was found.
    rule : DipRule
    tracker_share, rho : float
        Expected share and overdispersion of the whole series on the day.
    valid_days : int
        Days of the whole series' baseline; without one nothing new is found.
    """
    panel = kind.panel
    day = panel.first + t
    tracker = panel.trackers[s]
    history.move_to(day)
    found: dict[str, Topic] = {}
    news: set[str] = set()
    if valid_days >= 1:
        topic = history.find(
            day,
            items=float(kind.items[s, t]),
            past_items=float(kind.items[s, max(0, t - rule.window_days) : t].sum()),
            tracker_share=tracker_share,
            rho=rho,
            rule=rule.topic,
        )
        if topic is not None:
            name = events.topic_name(tracker, kind.name, topic.words, day)
            found[name] = topic
            news.add(name)
    for name in events.running_topics(tracker, kind.name, day):
        if name in found or not events.is_held((tracker, "all", kind.name, name), day):
            continue
        topic = history.hold(
            day,
            name.split(" "),
            tracker_share=tracker_share,
            rho=rho,
            rule=rule.held_topic,
        )
        if topic is not None:
            found[name] = topic
    for name, topic in found.items():
        share = topic.negatives / max(topic.scored, 1)
        events.add(
            (tracker, "all", kind.name, name),
            day,
            {
                "is_count_up": False,
                "is_share_up": True,
                "negative_count": topic.negatives,
                "scored_count": topic.scored,
                "negative_authors_count": topic.authors,
                "negative_share": share,
                "baseline_share": topic.expected_share,
                "lift": share / topic.expected_share,
                "p_value": topic.p_value,
                "overdispersion": topic.rho,
                "pooled_days": 1,
                "is_cold_start": valid_days < rule.min_valid_days,
                "language_coverage": topic.coverage,
            },
            is_news=name in news,
        )
    history.add(day, events.masked.get((tracker, kind.name, day), set()))
