"""Whether the authors of an event are at home elsewhere than usual: a G-test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy.stats import chi2, chi2_contingency

from trendlab.signals.contributions import share_of_excess
from trendlab.signals.drivers import days_before, past_of_authors
from trendlab.signals.event_items import EventDay, to_frame
from trendlab.signals.origin_wording import tell_origin

Row = dict[str, Any]
Verdict = Literal["one_city", "shifted", "as_usual", "not_assessable"]

RULE = "origin-1"
# Homes are those of the week before: what is posted during an event would else tell
# where those who post it are at home.
HOMES_LAG = timedelta(days=7)
# Homes outside the monitored cities, and those with too few posts for a cell.
OTHER = "other"
UNKNOWN = "unknown"
# Below five expected posts in a cell the chi-squared tail is no longer near.
MIN_EXPECTED = 5.0
# One event in twenty whose authors are at home as usual is called otherwise.
ALPHA = 0.05
# From half of the excess on, one city is the answer.
ONE_CITY_SHARE = 0.5
# Below this ratio to the usual day, as for a peak, there is no excess to divide: likes
# or the share of negatives are up, and not the count of posts.
MIN_RATIO = 1.5


@dataclass(frozen=True)
class Comparison:
    """A G-test of two rows of counts whose posts are clustered by author.

    Parameters
    ----------
    statistic : float
        G, not yet divided by the design effect.
    degrees : int
    design_effect : float
        How many times as much as independent posts the shares vary.
    p_value : float
        Upper tail of chi-squared at statistic / design_effect.
    """

    statistic: float
    degrees: int
    design_effect: float
    p_value: float


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
        The event's posts of the day, from `EventDay.items`.
    day : EventDay

    Returns
    -------
    list of dict
        Columns of `event_origins`, one row per home, the greatest part of the event
        first; unknown homes last. Empty where the event has no posts.

    Notes
    -----
    The past is that of the tracker over the 28 days before; of a city's event, of the
    author-days whose main city it is. A topic's past is not counted by author: its
    posts are compared with the tracker's negative posts. For a topic, and where the
    count of posts is not up, parts are of the event's posts and not of an excess.
    """
    if items.height == 0:
        return []
    is_topic = event.get("topic", "") != ""
    days_count = days_before(event, day)
    authors = _pool_homes(_authors_with_homes(event, event_kind, items, day))
    homes = (
        authors.group_by("home")
        .agg(pl.col("observed").sum(), pl.col("before").sum())
        # shares are added up in this order, so that equal rows give equal bits
        .sort("home")
        .with_columns(
            expected=pl.col("before") / days_count,
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
    found = compare_homes(authors)
    verdict, home = judge(homes, found)
    of_event = {
        "known_share": known_share,
        "g_statistic": None if found is None else found.statistic,
        "degrees_of_freedom": None if found is None else found.degrees,
        "design_effect": None if found is None else found.design_effect,
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


def _authors_with_homes(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> pl.DataFrame:
    """Return home, observed and before of each author whose home is known."""
    person = ["source", "author_id"]
    homes = day.once(
        ("homes",),
        lambda: (
            to_frame(
                day.inputs.author_homes, ["day", *person, "home_city", "home_source"]
            )
            .filter(pl.col("day") == day.day, pl.col("home_source") != UNKNOWN)
            .select(
                *person,
                home=pl.when(pl.col("home_city") == UNKNOWN)
                .then(pl.lit(OTHER))
                .otherwise("home_city"),
            )
        ),
    )
    past = day.once(
        ("past homes", event["tracker"], event["city"], event_kind),
        lambda: past_of_authors(event, event_kind, day, city=event["city"]).join(
            homes, on=person
        ),
    )
    now = (
        items.filter(pl.col("author_id").is_not_null())
        .group_by(person)
        .agg(observed=pl.len().cast(pl.Float64))
        .join(homes, on=person)
    )
    return (
        now.join(past, on=[*person, "home"], how="full", coalesce=True)
        .with_columns(
            pl.col("observed").fill_null(0.0),
            pl.col("before").fill_null(0.0).cast(pl.Float64),
        )
        .sort(person)
        .select("home", "observed", "before")
    )


def _pool_homes(authors: pl.DataFrame) -> pl.DataFrame:
    """Pool homes with fewer than `MIN_EXPECTED` posts expected on either side.

    Where the pool itself is too small, the smallest home left joins it.
    """
    homes = (
        authors.group_by("home")
        .agg(pl.col("observed").sum(), pl.col("before").sum())
        .with_columns(both=pl.col("observed") + pl.col("before"))
        .sort("both", "home")
    )
    everything = homes["both"].sum()
    if not everything:
        return authors.with_columns(home=pl.lit(OTHER))
    # expected of a home on the smaller side, if shares are the same on both
    part = min(homes["observed"].sum(), homes["before"].sum()) / everything
    pooled = {OTHER}
    pool = 0.0
    for row in homes.to_dicts():
        if row["home"] == OTHER:
            pool += part * row["both"]
    for row in homes.to_dicts():
        if row["home"] == OTHER:
            continue
        is_small = part * row["both"] < MIN_EXPECTED
        if is_small or 0 < pool < MIN_EXPECTED:
            pooled.add(row["home"])
            pool += part * row["both"]
    return authors.with_columns(
        home=pl.when(pl.col("home").is_in(sorted(pooled)))
        .then(pl.lit(OTHER))
        .otherwise("home")
    )


def compare_homes(authors: pl.DataFrame) -> Comparison | None:
    """Test whether shares of homes are the same in an event and before it.

    Parameters
    ----------
    authors : polars.DataFrame
        home, observed (posts in the event), before (posts in the days before); one
        row per author, float64 counts. Homes have been pooled.

    Returns
    -------
    Comparison or None
        None with fewer than two homes that have `MIN_EXPECTED` expected posts.

    Notes
    -----
    The likelihood-ratio (G) test of a 2 × homes table takes posts for independent;
    an author's are not, for an author has one home. So G is divided by the mean
    design effect of the shares' differences with authors as clusters, the
    first-order correction of Rao and Scott [1]_. With w = observed / n − before / m of
    an author and p the pooled share of a home, the difference of its shares varies by
    Σ w² (1[home] − p)² over authors, against what that sum would be if every post
    were an author's only one; both are added up over homes, weighed by 1 / p. One
    author's hundred posts are so no origin; an author who posts daily, before and in
    the event, is no surprise.
    It says nothing of why authors of a city post.

    References
    ----------
    .. [1] J. N. K. Rao and A. J. Scott, "On chi-squared tests for multiway
       contingency tables with cell proportions estimated from survey data", Annals
       of Statistics 12 (1984), 46-60.
    """
    n, m = float(authors["observed"].sum()), float(authors["before"].sum())
    if n == 0 or m == 0:
        return None
    of_event = authors["observed"].to_numpy()
    of_past = authors["before"].to_numpy()
    # added up in the order of the rows, so that equal rows give equal bits
    at = np.unique(authors["home"].to_numpy(), return_inverse=True)[1]
    table = np.array([np.bincount(at, of_event), np.bincount(at, of_past)])
    square = np.bincount(at, (of_event / n - of_past / m) ** 2)
    pooled = table.sum(axis=0) / (n + m)
    if len(pooled) < 2 or min(n, m) * pooled.min() < MIN_EXPECTED:
        return None
    # that of a home if posts were independent: 1 / n for each of its share of them
    single = table[0] / n**2 + table[1] / m**2
    varies, by_chance = (
        np.sum(((1 - pooled) ** 2 * own + pooled**2 * (own.sum() - own)) / pooled)
        for own in (square, single)
    )
    design_effect = float(varies / by_chance)
    degrees = len(pooled) - 1
    statistic = float(
        chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    )
    # rounding may leave a hair below 0 where the shares are the same
    statistic = max(statistic, 0.0)
    p_value = 1.0
    if design_effect > 0:
        p_value = float(chi2.sf(statistic / design_effect, degrees))
    return Comparison(statistic, degrees, design_effect, p_value)


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
