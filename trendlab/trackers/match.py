"""Which posts belong to which tracker: `tracker_posts` of one day.

A post belongs to a tracker when

- it was collected for the tracker: its source is named `…__<tracker>`, which is
  what `trendlab ingest PATH --tracker <tracker>` does; or
- it is from one of the tracker's sources (any, where none is named) and has one
  of its hashtags, is by or mentions one of its accounts, or holds one of its
  keywords as whole words; or
- the tracker has sources and no terms, and the post is from one of them.

A post that files of several trackers hold is one post (`Facts.standing`): it belongs to
a tracker where any of its copies does, has one row a tracker, and is in every tracker
the same copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.schemas.sources import bound_tracker
from trendlab.trackers.exclusions import first_dropping
from trendlab.trackers.facts import Facts, Rows
from trendlab.trackers.model import Tracker

TABLE = TABLES["tracker_posts"]
_NO_TERM = np.iinfo(np.int64).max


def terms_of(tracker: Tracker) -> list[str]:
    """Return the terms as `matched_by` shows them, the telling ones first."""
    return [
        *(f"#{tag}" for tag in tracker.hashtags),
        *(f"by @{account}" for account in tracker.accounts),
        *(f"@{account}" for account in tracker.accounts),
        *tracker.keywords,
        "source",
    ]


def term_rows(tracker: Tracker, facts: Facts) -> Rows:
    """Return for each row the position of its first term, -1 where none matches."""
    first = np.full(facts.count, _NO_TERM, dtype=np.int64)
    offset = 0
    for terms, find in (
        (tracker.hashtags, facts.tag_hits),
        (tracker.accounts, facts.author_hits),
        (tracker.accounts, facts.mention_hits),
    ):
        if terms:
            rows, positions = find(terms)
            np.minimum.at(first, rows, positions + offset)
        offset += len(terms)
    for keyword in tracker.keywords:
        rows = facts.keyword_hits(keyword)
        first[rows] = np.minimum(first[rows], offset)
        offset += 1
    if tracker.sources:
        allowed = facts.of_sources(tracker.sources)
        if not tracker.has_terms:
            first[allowed] = offset
        first[~allowed] = _NO_TERM
    bound = _bound_rows(tracker, facts)
    first[bound] = np.minimum(first[bound], offset)
    return np.where(first == _NO_TERM, -1, first)


def _bound_rows(tracker: Tracker, facts: Facts) -> Rows:
    names = pc.unique(facts.column("source")).to_pylist()
    mine = tuple(name for name in names if bound_tracker(name) == tracker.slug)
    if not mine:
        return np.zeros(facts.count, dtype=bool)
    return facts.of_sources(mine)


def told_rows(terms: Rows, facts: Facts) -> tuple[Rows, Rows]:
    """Count each post once: give the row that stands for it what its copies match.

    Parameters
    ----------
    terms : (posts,) int64
        Of `term_rows`.
    facts : Facts

    Returns
    -------
    terms : (posts,) int64
        Position of the first term that a copy of the post has; -1 where none has
        one, and in copies that another stands for.
    tellers : (posts,) int64
        Row of the copy that has it, the first of equals.
    """
    own = np.arange(facts.count)
    if np.array_equal(facts.standing, own):
        return terms, own
    first = np.where(terms < 0, _NO_TERM, terms)
    order = np.lexsort((own, first, facts.standing))
    posts, at = np.unique(facts.standing[order], return_index=True)
    told = np.full(facts.count, -1, dtype=np.int64)
    tellers = own.copy()
    tellers[posts] = order[at]
    told[posts] = terms[order[at]]
    return told, tellers


def matches_any(posts: pa.Table, trackers: Sequence[Tracker]) -> bool:
    """Tell whether any of the posts (schema `posts`) belongs to any of the trackers."""
    facts = Facts(posts)
    return any(bool((term_rows(tracker, facts) >= 0).any()) for tracker in trackers)


def match_posts(
    posts: pa.Table,
    trackers: Sequence[Tracker],
    located: pa.Table,
    *,
    day: date,
    languages: list[str] | None = None,
    run_id: str,
) -> pa.Table:
    """Match posts to trackers and apply the exclusion rules.

    Parameters
    ----------
    posts : pa.Table
        Schema `posts`: the UTC day, and its neighbours where a tracker counts
        days in another zone.
    trackers : sequence of Tracker
    located : pa.Table
        source, post_id, city, city_source, city_confidence of the same posts.
    day : date
        Calendar day in each tracker's time zone; in UTC for tracker 'all'.
    languages : list of str or None
        ISO 639-1 code of each post; needed where a rule lists languages.
    run_id : str

    Returns
    -------
    pa.Table
        Schema `tracker_posts`, sorted by tracker, source and post.

    Notes
    -----
    A post that is stored for several trackers has one row a tracker, with the
    source of the copy that stands for it in all of them (`Facts.standing`); rules
    are held against that copy. In the tracker 'all' a post is excluded only where
    every tracker that it belongs to excludes it. A city that a tracker does not
    monitor is 'unknown' in the tracker's rows.
    """
    facts = Facts(posts, languages)
    cities = _cities(facts, located)
    found = [
        _Found(
            tracker,
            *told_rows(term_rows(tracker, facts), facts),
            first_dropping(tracker, facts),
        )
        for tracker in trackers
    ]
    parts = [_tracker_rows(facts, cities, one, day, run_id) for one in found]
    parts.append(_all_rows(facts, cities, found, day, run_id))
    matched = pa.concat_tables(parts)
    return matched.sort_by([(name, "ascending") for name in TABLE.key])


@dataclass(frozen=True)
class _Found:
    """A tracker with, for each post, its first term and its first dropping rule.

    `tellers` are the rows whose copy of the post has the term.
    """

    tracker: Tracker
    terms: Rows
    tellers: Rows
    rules: Rows

    def shown_terms(self, facts: Facts, rows: Rows) -> pa.Array:
        """Return `matched_by` of rows; a match by source names the source."""
        shown = pa.array(terms_of(self.tracker), pa.string())
        positions = self.terms[rows]
        by_source = pa.array(positions == len(shown) - 1)
        sources = facts.column("source").take(pa.array(self.tellers[rows]))
        named = pc.binary_join_element_wise("source", sources, " ")
        return pc.if_else(by_source, named, shown.take(pa.array(positions)))

    def shown_rules(self, rows: Rows) -> pa.Array:
        """Return `excluded_by` of rows, NULL where no rule drops the post."""
        labels = pa.array([rule.label for rule in self.tracker.exclusions], pa.string())
        positions = self.rules[rows]
        return labels.take(pa.array(positions, mask=positions < 0))


def _tracker_rows(
    facts: Facts, cities: pa.Table, found: _Found, day: date, run_id: str
) -> pa.Table:
    on_day = facts.within(day, day, found.tracker.time_zone)
    rows = np.flatnonzero((found.terms >= 0) & on_day)
    return _table(
        facts,
        _restrict(cities.take(pa.array(rows)), found.tracker.city_ids),
        rows,
        tracker=found.tracker.name,
        matched_by=found.shown_terms(facts, rows),
        excluded_by=found.shown_rules(rows),
        day=day,
        run_id=run_id,
    )


def _all_rows(
    facts: Facts,
    cities: pa.Table,
    found: Sequence[_Found],
    day: date,
    run_id: str,
) -> pa.Table:
    """Return the rows of tracker 'all': the first tracker that matched is named."""
    on_day = facts.within(day, day, "UTC")
    matched_by = np.full(facts.count, None, dtype=object)
    excluded_by = np.full(facts.count, None, dtype=object)
    is_new = on_day.copy()
    is_kept = np.zeros(facts.count, dtype=bool)
    for one in found:
        rows = np.flatnonzero((one.terms >= 0) & is_new)
        prefix = f"{one.tracker.name}: "
        matched_by[rows] = [
            prefix + term for term in one.shown_terms(facts, rows).to_pylist()
        ]
        excluded_by[rows] = [
            None if label is None else prefix + label
            for label in one.shown_rules(rows).to_pylist()
        ]
        is_new[rows] = False
        is_kept |= (one.terms >= 0) & (one.rules < 0)
    excluded_by[is_kept] = None
    rows = np.flatnonzero(on_day & ~is_new)
    return _table(
        facts,
        cities.take(pa.array(rows)),
        rows,
        tracker="all",
        matched_by=pa.array(matched_by[rows], pa.string()),
        excluded_by=pa.array(excluded_by[rows], pa.string()),
        day=day,
        run_id=run_id,
    )


def _table(
    facts: Facts,
    cities: pa.Table,
    rows: Rows,
    *,
    tracker: str,
    matched_by: pa.Array,
    excluded_by: pa.Array,
    day: date,
    run_id: str,
) -> pa.Table:
    count = len(rows)
    posts = facts.posts.select(["source", "post_id", "created_at", "author_id"])
    columns = {
        "day": pa.repeat(pa.scalar(day, pa.date32()), count),
        "tracker": pa.repeat(tracker, count),
        "matched_by": matched_by,
        "is_excluded": pc.is_valid(excluded_by),
        "excluded_by": excluded_by,
        "run_id": pa.repeat(run_id, count),
    }
    for part in (posts.take(pa.array(rows)), cities):
        columns.update(zip(part.column_names, part.columns, strict=True))
    return pa.table([columns[name] for name in TABLE.names], schema=TABLE.arrow)


def _cities(facts: Facts, located: pa.Table) -> pa.Table:
    """Return city, city_source, city_confidence, one row per post in order."""
    keys = pl.from_arrow(facts.posts.select(["source", "post_id"]))
    cities = pl.from_arrow(located.select([*_CITY_KEYS, *_CITY_COLUMNS]))
    assert isinstance(keys, pl.DataFrame)
    assert isinstance(cities, pl.DataFrame)
    joined = (
        keys.join(
            cities.unique(_CITY_KEYS, keep="first", maintain_order=True),
            on=_CITY_KEYS,
            how="left",
            maintain_order="left",
        )
        .select(_CITY_COLUMNS)
        .with_columns(
            pl.col("city").fill_null("unknown"),
            pl.col("city_source").fill_null("none"),
            pl.col("city_confidence").fill_null(0.0),
        )
    )
    return joined.to_arrow().cast(_CITY_SCHEMA)


_CITY_KEYS = ["source", "post_id"]
_CITY_COLUMNS = ["city", "city_source", "city_confidence"]
_CITY_SCHEMA = pa.schema([TABLE.arrow.field(name) for name in _CITY_COLUMNS])


def _restrict(cities: pa.Table, monitored: tuple[str, ...]) -> pa.Table:
    """Turn cities that a tracker does not monitor into 'unknown'."""
    if not monitored:
        return cities
    is_mine = pc.is_in(cities["city"], pa.array(monitored, pa.string()))
    other = {"city": "unknown", "city_source": "none", "city_confidence": 0.0}
    columns = [pc.if_else(is_mine, cities[name], other[name]) for name in _CITY_COLUMNS]
    return pa.table(columns, schema=_CITY_SCHEMA)
