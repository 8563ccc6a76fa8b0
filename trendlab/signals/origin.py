"""Whether the authors of an event are at home elsewhere than usual: a G-test."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import polars as pl

from trendlab.signals.contributions import share_of_excess
from trendlab.signals.counted_days import days_before, days_of_items
from trendlab.signals.drivers import AUTHOR, author_counts, past_of_authors
from trendlab.signals.event_items import EventDay, to_frame
from trendlab.signals.home_comparison import (
    OTHER,
    Comparison,
    compare_homes,
    pool_homes,
)
from trendlab.signals.origin_wording import tell_origin

Row = dict[str, Any]
Verdict = Literal["one_city", "shifted", "as_usual", "not_assessable"]

RULE = "origin-2"
# Homes are those of the Sunday before: what is posted during an event would else tell
# where those who post it are at home. Homes of before the 28 days of the past too would
# be known of fewer, and call as few null days unusual (docs/results.md).
HOMES_LAG = timedelta(days=7)
UNKNOWN = "unknown"
# One event in twenty whose authors are at home as usual is called otherwise.
ALPHA = 0.05
# From half of the excess on, one city is the answer.
ONE_CITY_SHARE = 0.5
# Below this ratio to the usual day, as for a peak, there is no excess to divide: likes
# or the share of negatives are up, and not the count of posts.
MIN_RATIO = 1.5


def origins_of(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> list[Row]:
    """Compare where the authors of an event's posts are at home with the days before.

    Parameters
    ----------
    event : dict
        A row of `peaks` or `dips`.
    event_kind : str
        peak or dip; of a dip negative posts are compared.
    items : polars.DataFrame
        The event's posts, from `EventDay.items`.
    day : EventDay

    Returns
    -------
    list of dict
        Columns of `event_origins`, one row per home, the greatest part of the event
        first; unknown homes last. Empty where the event has no posts.

    Notes
    -----
    The past is that of the tracker over the 28 days before the event began; of a city's
    event, of the author-days whose main city it is. The posts are those of the one day,
    of a peak too: the dispersion is that of single days. (Of a dip that was pooled, of
    the pooled days, for each has too few.) A topic's past is not counted by author: its
    posts are compared with the tracker's negative posts. For a topic, and where the
    count of posts is not up, parts are of the event's posts and not of an excess.
    """
    if items.height == 0:
        return []
    is_topic = event.get("topic", "") != ""
    days_count = days_before(event, day)
    authors, days = _gather(event, event_kind, items, day)
    homes = (
        authors.group_by("home")
        .agg(pl.col("observed").sum(), pl.col("before").sum())
        # shares are added up in this order, so that equal rows give equal bits
        .sort("home")
        .with_columns(
            expected=pl.col("before") * days_of_items(event, day) / days_count,
            observed_share=_part(pl.col("observed")),
            usual_share=_part(pl.col("before")),
        )
    )
    is_up = homes["observed"].sum() >= MIN_RATIO * homes["expected"].sum()
    has_excess = is_up and not is_topic
    excess = share_of_excess(pl.col("observed") - pl.col("expected"))
    homes = homes.with_columns(
        excess_share=excess if has_excess else pl.lit(None, pl.Float64),
        event_share=excess if has_excess else pl.col("observed_share"),
    ).sort(["event_share", "usual_share", "home"], descending=[True, True, False])
    known_share = float(homes["observed"].sum()) / items.height
    found = compare_homes(authors, days)
    verdict, home = judge(homes, found)
    of_event = {
        "known_share": known_share,
        "g_statistic": None if found is None else found.statistic,
        "degrees_of_freedom": None if found is None else found.degrees,
        "dispersion": None if found is None else found.dispersion,
        "p_value": None if found is None else found.p_value,
        "verdict": verdict,
        "description": tell_origin(
            verdict,
            event_kind,
            home,
            known_share,
            day.inputs.city_names,
            has_excess=has_excess,
        ),
        "rule_version": RULE,
    }
    rows = [
        {
            "home_city": row["home"],
            "observed": int(row["observed"]),
            "expected": None if is_topic else row["expected"],
            "excess_share": row["excess_share"],
            "usual_share": row["usual_share"],
            **of_event,
        }
        for row in homes.to_dicts()
    ]
    unknown_count = items.height - int(homes["observed"].sum())
    if unknown_count or not rows:
        rows.append({"home_city": UNKNOWN, "observed": unknown_count, **of_event})
    return rows


def _part(column: pl.Expr) -> pl.Expr:
    """Return each value as a part of their sum; 0 where that is 0."""
    return pl.when(column.sum() > 0).then(column / column.sum()).otherwise(0.0)


def _gather(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return counts of authors whose home is known, by author and by day before.

    The first: home, observed, before; one row per author. The second: home, day,
    before. Small homes are pooled in both.
    """
    tracker, city = event["tracker"], event["city"]
    start = day.start_of(event)
    # joined once for all: the events of a day share posts, and authors where they
    # began together
    placed = day.once(
        ("past homes", tracker, start),
        lambda: author_counts(event, day).join(_homes(day), on=AUTHOR),
    )
    if city != "all":
        placed = placed.filter(pl.col("city") == city)
    past = day.once(
        ("past homes", tracker, start, city, event_kind),
        lambda: past_of_authors(placed, event_kind, "home"),
    )
    at_home = day.once(
        ("homes of items", tracker),
        lambda: (
            day.all_items(tracker, "post")
            .select(AUTHOR)
            .join(_homes(day), on=AUTHOR, how="left", maintain_order="left")
            .select("home")
        ),
    )
    now = (
        items.select(*AUTHOR, home=at_home["home"].gather(items["row"]))
        .filter(pl.col("home").is_not_null())
        .group_by(*AUTHOR, "home")
        .agg(observed=pl.len().cast(pl.Float64))
    )
    authors = (
        now.join(past, on=[*AUTHOR, "home"], how="full", coalesce=True)
        .with_columns(pl.col("observed", "before").fill_null(0).cast(pl.Float64))
        .sort(AUTHOR)
    )
    column = "posts_count" if event_kind == "peak" else "negative_count"
    by_day = to_frame(
        day.past(event, "home_days"),
        ["city", "home_city", "posted_on", column],
    )
    if event["city"] != "all":
        by_day = by_day.filter(pl.col("city") == event["city"])
    kept = pool_homes(authors)

    def pooled(home: str) -> pl.Expr:
        is_kept = pl.col(home).is_in(kept)
        return pl.when(is_kept).then(home).otherwise(pl.lit(OTHER)).alias("home")

    return (
        authors.select(pooled("home"), "observed", "before"),
        by_day.group_by(pooled("home_city"), day="posted_on").agg(
            before=pl.col(column).sum()
        ),
    )


def _homes(day: EventDay) -> pl.DataFrame:
    """Give the authors whose home is known on the day: source, author_id, home."""
    columns = ["day", *AUTHOR, "home_city", "home_source"]
    return day.once(
        ("homes",),
        lambda: (
            to_frame(day.inputs.author_homes, columns)
            .filter(pl.col("day") == day.day, pl.col("home_source") != UNKNOWN)
            .select(
                *AUTHOR,
                home=pl.when(pl.col("home_city") == UNKNOWN)
                .then(pl.lit(OTHER))
                .otherwise("home_city"),
            )
        ),
    )


def judge(homes: pl.DataFrame, found: Comparison | None) -> tuple[Verdict, Row | None]:
    """Return the verdict, and the city with the greatest part beyond its usual one.

    Parameters
    ----------
    homes : polars.DataFrame
        home, event_share (part of the excess, or of the event's posts), usual_share;
        one row per home.
    found : Comparison or None
    """
    if found is None:
        return "not_assessable", None
    if found.p_value > ALPHA:
        return "as_usual", None
    beyond = pl.col("event_share") - pl.col("usual_share")
    cities = (
        homes.filter(pl.col("home") != OTHER, beyond > 0)
        .sort([beyond, "home"], descending=[True, False])
        .to_dicts()
    )
    if not cities:
        return "shifted", None
    is_one = cities[0]["event_share"] >= ONE_CITY_SHARE
    return ("one_city" if is_one else "shifted"), cities[0]
