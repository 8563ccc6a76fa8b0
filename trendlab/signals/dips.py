"""Finds negative peaks: days on which the share, or the count, of negatives is up.

Posts and comments apart, each tracker × city as a whole, and the topics of each
tracker. An event is raised on the share, or on the count where the share did not fall:
more negatives among proportionally more posts are a peak of activity, not of anger.
What runs goes on under milder thresholds, so that an event is not over while it burns.

Notes
-----
Negative means VADER compound ≤ −0.05 on English text, which misreads irony and many
complaints; a dip says that the mix of words changed, not that people are angry. With
fewer than 28 valid days the overdispersion leans on a prior pooled over trackers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.dip_authors import CountAuthors, pooled_authors
from trendlab.signals.dip_counts import ItemCounts, all_covered, read_counts
from trendlab.signals.dip_events import LOOKBACK_DAYS, DipEvents, DipRule
from trendlab.signals.dip_topics import find_topics, prepare_histories
from trendlab.signals.panels import Panel, build_panel, need_run_ids
from trendlab.signals.shares import ShareBaseline, predictive_tail, trailing_shares
from trendlab.signals.topics import TermHistory

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

logger = logging.getLogger(__name__)


def find_dips(
    activity: pa.Table,
    term_days: pa.Table,
    day_scores: pa.Table,
    past_dips: pa.Table,
    *,
    first_day: date,
    last_day: date,
    run_ids: Mapping[date, str],
    covered_days: pa.Table | None = None,
    rule: DipRule | None = None,
    skip_terms: Collection[str] = (),
    count_authors: CountAuthors | None = None,
) -> pa.Table:
    """Find the dips of a range of days.

    Parameters
    ----------
    activity : pyarrow.Table[activity]
        Days from `first_day` − 84 to `last_day`.
    term_days : pyarrow.Table[term_days]
        Days from `first_day` − 56 to `last_day`.
    day_scores : pyarrow.Table[day_scores]
        The produced days; the rows of the negatives carry the count rule.
    past_dips : pyarrow.Table[dips]
        The 84 days before `first_day`: events that may run on, and days that stay
        out of the baselines.
    first_day, last_day : datetime.date
        Days to produce, inclusive.
    run_ids : mapping of date to str
        run_id of each produced day.
    covered_days : pyarrow.Table, optional
        From `activity.covered_days`; only the tracker versions are read. Without it
        all days count as of one version.
    rule : DipRule, optional
    skip_terms : collection of str
        Words that cannot be topics: those of the sentiment lexicon, whose posts are
        negative by construction.
    count_authors : callable, optional
        Counts the authors of pooled days, each once; asked for where the daily counts
        do not tell. Without it no author is taken to have written on two days.

    Returns
    -------
    pyarrow.Table[dips]
        One row per dip and day on which it ran, with the state as of that day,
        sorted by dip_id and day.
    """
    rule = rule or DipRule()
    started = time.monotonic()
    need_run_ids(run_ids, first_day, last_day)
    covered = all_covered(activity) if covered_days is None else covered_days
    panel = build_panel(
        activity, covered, first_day - timedelta(LOOKBACK_DAYS), last_day
    )
    events = DipEvents(past_dips, first_day, rule, run_ids)
    for kind in (
        read_counts(panel, activity, day_scores, past_dips, "post"),
        read_counts(panel, activity, day_scores, past_dips, "comment"),
    ):
        histories = prepare_histories(
            kind, term_days, first_day, rule, skip_terms, events
        )
        for t in range(LOOKBACK_DAYS, panel.days):
            _test_day(kind, t, histories, events, rule, count_authors)
    dips = TABLES["dips"].from_rows(
        sorted(events.rows, key=lambda row: (row["dip_id"], row["day"]))
    )
    logger.info(
        "dips %s..%s: %d rows in, %d rows out, %.1f s",
        first_day,
        last_day,
        activity.num_rows,
        dips.num_rows,
        time.monotonic() - started,
    )
    return dips


def _test_day(
    kind: ItemCounts,
    t: int,
    histories: dict[str, TermHistory],
    events: DipEvents,
    rule: DipRule,
    count_authors: CountAuthors | None,
) -> None:
    """Test all series and topics of one day, in order of the series."""
    panel = kind.panel
    base = trailing_shares(
        kind.negatives,
        kind.scored,
        kind.authors,
        kind.usable,
        kind.flagged,
        panel.segments,
        t,
        window=rule.window_days,
        pool=rule.pool_days,
        floor=rule.min_scored,
    )
    active = (base.past_scored > 0) | (kind.scored[:, t] > 0)
    share = _expected_share(panel, base, rule)
    rho = _shrunk_rho(base, active, rule)
    p, used = predictive_tail(base, share, rho)
    seen = base.negatives / np.maximum(base.scored, 1)
    lift = seen / share
    floors = (
        (kind.negatives[:, t] > 0)
        & (base.negatives >= rule.min_negatives)
        & _enough(base.authors, rule)  # of pooled days the most that they can be
    )
    cold = base.valid_days < rule.min_valid_days
    assessable = (
        (base.scored >= rule.min_scored)
        & (base.valid_days >= 1)
        & (base.past_scored >= rule.min_scored)
    )
    is_new = (p <= _share_p_value(base, cold, rule)) & (lift >= rule.min_lift)
    goes_on = (p <= rule.hold_p_value) & (lift >= rule.hold_lift)
    may_go_on = [
        events.is_held((tracker, city, kind.name, ""), panel.first + t)
        for tracker, city in zip(panel.trackers, panel.cities, strict=True)
    ]
    share_up = floors & assessable & (is_new | (goes_on & np.array(may_go_on, bool)))
    count_up = kind.count_up[:, t] & floors & (~assessable | (seen >= share))
    candidates = np.flatnonzero(share_up | count_up)
    authors = pooled_authors(kind, t, base, candidates, count_authors)
    for s in candidates[_enough(authors[candidates], rule)].tolist():
        pooled = int(base.pooled_days[s])
        row = events.add(
            (panel.trackers[s], panel.cities[s], kind.name, ""),
            panel.first + t,
            {
                "is_count_up": bool(kind.count_up[s, t]),
                "is_share_up": bool(share_up[s]),
                "negative_count": int(base.negatives[s]),
                "scored_count": int(base.scored[s]),
                "negative_authors_count": None if authors[s] < 0 else int(authors[s]),
                "negative_share": float(seen[s]),
                "baseline_share": float(share[s]),
                "lift": float(lift[s]),
                "p_value": float(p[s]) if assessable[s] else 1.0,
                "overdispersion": float(used[s]),
                "pooled_days": pooled,
                "is_cold_start": bool(cold[s]),
                "language_coverage": kind.coverage(s, t, pooled),
            },
            is_news=bool(is_new[s] | count_up[s]),
        )
        # as the stored row will be read: a day of more negatives that runs on after a
        # day of a greater share stays out of the baseline too
        kind.flagged[s, t] = row["is_share_up"]
    for s, tracker in enumerate(panel.trackers):
        if panel.cities[s] != "all" or tracker not in histories:
            continue
        find_topics(
            kind,
            t,
            s,
            histories[tracker],
            events,
            rule,
            tracker_share=float(share[s]),
            rho=float(rho[s]),
            valid_days=int(base.valid_days[s]),
        )


def _enough(authors: Ints, rule: DipRule) -> Bools:
    """Tell whose authors reach the floor; unknown ones are not held against it."""
    return np.asarray((authors < 0) | (authors >= rule.min_authors))


def _share_p_value(base: ShareBaseline, cold: Bools, rule: DipRule) -> Floats:
    """Give the upper tail that each series' share must pass."""
    usual = rule.p_value * (1.0 + rule.few_items / np.maximum(base.scored, 1))
    return np.asarray(np.where(cold, rule.cold_p_value, usual))


def _expected_share(panel: Panel, base: ShareBaseline, rule: DipRule) -> Floats:
    """Expected share of each series, drawn towards its parent's where it is young."""
    totals = [s for s, city in enumerate(panel.cities) if city == "all"]
    pooled = float(base.past_negatives[totals].sum() + 0.5) / float(
        base.past_scored[totals].sum() + 1.0
    )
    weight = rule.share_prior_items
    parent = np.full(len(panel.trackers), pooled)
    own = (base.past_negatives + weight * parent) / (base.past_scored + weight)
    by_tracker = {panel.trackers[s]: own[s] for s in totals}
    parent = np.array(
        [
            pooled if city == "all" else by_tracker.get(tracker, pooled)
            for tracker, city in zip(panel.trackers, panel.cities, strict=True)
        ]
    )
    return np.asarray(
        (base.past_negatives + weight * parent) / (base.past_scored + weight)
    )


def _shrunk_rho(base: ShareBaseline, active: Bools, rule: DipRule) -> Floats:
    """Overdispersion of each series, drawn towards the one pooled over trackers.

    The pool is every series with enough valid days, and the stated prior with the
    weight of `rho_prior_days`. A young series' few days count as what they are: the
    pool alone took the swing of a series at three times the prior for news, which was
    half of the false alarms of cold starts.
    """
    known = ~np.isnan(base.rho) & active
    mature = known & (base.valid_days >= rule.min_valid_days)
    days = base.valid_days.astype(np.float64)
    pooled = (
        (days * np.nan_to_num(base.rho))[mature].sum()
        + rule.rho_prior_days * rule.rho_prior
    ) / (days[mature].sum() + rule.rho_prior_days)
    weight = np.where(known, days, 0.0)
    return np.asarray(
        (weight * np.nan_to_num(base.rho) + rule.rho_prior_days * pooled)
        / (weight + rule.rho_prior_days)
    )
