"""Which author-days an influencer window counts, and what each author's usual is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

KINDS = ("all", "high_activity", "low_sentiment", "both")
# in the order of their names, as they are sorted
KIND = pl.Enum(sorted(KINDS))

# Four weeks: long enough for a monthly poster, short enough to be news.
WINDOW_DAYS = 28
# The window and the 56 days before it, or the days of it that no event touched.
USUAL_DAYS = 84
# With fewer usual days "own excess" says nothing; two weeks hold each weekday twice.
MIN_USUAL_DAYS = 14
# A negative share of an author is pulled to the tracker's by this many scored posts:
# most authors have fewer than ten, so their own share is mostly noise.
NEGATIVE_PRIOR_POSTS = 10.0

COUNTS = ["posts_count", "negative_count", "scored_count"]
CELL = ["tracker", "city", "day"]
MEMBER = ["tracker", "window_kind", "author"]


@dataclass(frozen=True)
class Week:
    """The 28 days that end with an ISO week, named by its Monday."""

    monday: date

    @property
    def first_day(self) -> date:
        """First day of the window."""
        return self.last_day - timedelta(days=WINDOW_DAYS - 1)

    @property
    def last_day(self) -> date:
        """Sunday of the week."""
        return self.monday + timedelta(days=6)

    @property
    def first_usual_day(self) -> date:
        """First day of the 84 that an author's usual is taken from."""
        return self.last_day - timedelta(days=USUAL_DAYS - 1)


def event_cells(events: pl.DataFrame, event_id: str, week: Week) -> pl.DataFrame:
    """Return tracker, city and day of every cell inside an event.

    The events are taken as they were known on the week's last day: the newest
    row of each id up to then.
    """
    return (
        events.filter(pl.col("day") <= week.last_day)
        .sort("day")
        .group_by(event_id)
        .last()
        .filter(
            pl.col("end_on") >= week.first_usual_day,
            pl.col("start_on") <= week.last_day,
        )
        .select("tracker", "city", day=pl.date_ranges("start_on", "end_on"))
        .explode("day", empty_as_null=True, keep_nulls=True)
        .filter(pl.col("day").is_between(week.first_usual_day, week.last_day))
        .unique()
    )


def valid_days(
    days: pl.DataFrame,
    week: Week,
    covered_days: pl.DataFrame | None,
) -> pl.DataFrame:
    """Return tracker and day of the days that were ingested.

    `covered_days` holds tracker and day; a tracker without rows takes those of
    'all'. Without the table a tracker counts as covered from its first day with a
    post to the last day with a post of any tracker.
    """
    reach = pl.DataFrame(
        {"day": pl.date_range(week.first_usual_day, week.last_day, eager=True)}
    )
    trackers = days.group_by("tracker").agg(since=pl.col("day").min())
    if covered_days is not None:
        covered = covered_days.join(reach, on="day")
        own = trackers.join(covered, on="tracker").select("tracker", "day")
        shared = covered.filter(pl.col("tracker") == "all").select("day")
        lent = trackers.join(own, on="tracker", how="anti").join(shared, how="cross")
        return pl.concat([own, lent.select("tracker", "day")]).unique()
    newest = days["day"].max()
    return (
        trackers.join(reach, how="cross")
        .filter(pl.col("day") >= pl.col("since"), pl.col("day") <= newest)
        .select("tracker", "day")
    )


def cells_by_kind(
    valid: pl.DataFrame,
    peaks: pl.DataFrame,
    dips: pl.DataFrame,
    places: pl.DataFrame,
    week: Week,
) -> pl.DataFrame:
    """Return the cells of each window kind: window_kind, tracker, city, day.

    An event of the city 'all' covers every city of its tracker; an event of one
    city covers that city only. `places` lists the tracker's cities. The kind
    'all' is every covered day of the window.
    """

    def spread(cells: pl.DataFrame) -> pl.DataFrame:
        whole = cells.filter(pl.col("city") == "all").select("tracker", "day")
        return (
            pl.concat(
                [
                    cells.filter(pl.col("city") != "all").select(CELL),
                    whole.join(places, on="tracker").select(CELL),
                ]
            )
            .unique()
            .join(valid, on=["tracker", "day"], how="semi")
        )

    high, low = spread(peaks), spread(dips)
    by_kind = {
        "all": valid.filter(pl.col("day") >= week.first_day)
        .join(places, on="tracker")
        .select(CELL),
        "high_activity": high,
        "low_sentiment": low,
        "both": high.join(low, on=CELL, how="semi"),
    }
    return pl.concat(
        [
            cells.select(CELL).with_columns(window_kind=pl.lit(kind))
            for kind, cells in by_kind.items()
        ]
    )


def count_members(
    days: pl.DataFrame, cells: pl.DataFrame, valid: pl.DataFrame, week: Week
) -> pl.DataFrame:
    """Count each author's window, usual and excess.

    Parameters
    ----------
    days : polars.DataFrame
        Author-days of the 84 days: day, tracker, city, author, posts_count,
        negative_count, scored_count.
    cells : polars.DataFrame
        Of `cells_by_kind`.
    valid : polars.DataFrame
        Of `valid_days`.
    week : Week

    Returns
    -------
    polars.DataFrame
        One row per tracker, window_kind and author with posts in the window:
        posts_count, negative_count, posts_expected, posts_excess and
        negative_excess (both NULL with fewer than 14 usual days).

    Notes
    -----
    The usual of a window is its covered days, among the 84, that are not of the
    window's kind: the 56 days before for 'all', the days outside peaks for
    'high_activity'. An author's event days are those of the author's main city:
    where most of the author's posts of the window are, of equals the first by name.
    """
    is_window = pl.col("day") >= week.first_day
    trackers = pl.Enum(cells["tracker"].unique().sort())
    cities = pl.Enum(cells["city"].unique().sort())
    cells = cells.with_columns(
        pl.col("tracker").cast(trackers),
        pl.col("city").cast(cities),
        pl.col("window_kind").cast(KIND),
    )
    days = days.with_columns(
        pl.col("tracker").cast(trackers, strict=False),
        # a city without a cell is outside of all windows
        pl.col("city").cast(cities, strict=False),
    ).drop_nulls("tracker")
    inside = days.join(cells, on=CELL).with_columns(member=_member("window_kind"))
    window = (
        inside.filter(is_window)
        .group_by("member", "city")
        .agg(pl.col(COUNTS).sum(), pl.col(MEMBER).first())
        .sort("posts_count", "city", descending=[True, False])
        .group_by("member", maintain_order=True)
        .agg(pl.col(COUNTS).sum(), pl.col(MEMBER).first(), city=pl.col("city").first())
        .with_columns(author_of=_member())
    )
    # outside = everything - inside: what is outside is most of the rows, and each of
    # them is outside of several windows
    whole = days.group_by(author_of=_member()).agg(
        pl.col("tracker").first(), pl.col(COUNTS).sum().name.prefix("whole_")
    )
    event = inside.group_by("member").agg(
        pl.col("tracker", "window_kind").first(),
        pl.col(COUNTS).sum().name.prefix("event_"),
    )
    series = _series_facts(cells, valid, whole, event, is_window)
    is_assessable = pl.col("usual_days") >= MIN_USUAL_DAYS
    own_share = (
        _usual("negative_count") + NEGATIVE_PRIOR_POSTS * pl.col("tracker_share")
    ) / (_usual("scored_count") + NEGATIVE_PRIOR_POSTS)
    return (
        window.join(whole.drop("tracker"), on="author_of")
        .join(event.drop("tracker", "window_kind"), on="member")
        .join(series, on=["tracker", "city", "window_kind"], how="left")
        .sort("member")
        .with_columns(
            posts_expected=pl.when(is_assessable).then(
                _usual("posts_count") * pl.col("event_days") / pl.col("usual_days")
            ),
            negative_excess=pl.when(is_assessable).then(
                pl.col("negative_count") - pl.col("scored_count") * own_share
            ),
        )
        .select(
            pl.col("tracker", "window_kind").cast(pl.String),
            "author",
            *COUNTS,
            "posts_expected",
            posts_excess=pl.col("posts_count") - pl.col("posts_expected"),
            negative_excess="negative_excess",
        )
    )


def _member(kind: str | None = None) -> pl.Expr:
    """Pack tracker, kind and author into a number, which sorts as they do.

    Groups and joins by one number take half the time of those by three columns.
    """
    packed = pl.col("tracker").to_physical().cast(pl.UInt64) * 2**34
    if kind is not None:
        packed += pl.col(kind).to_physical().cast(pl.UInt64) * 2**32
    return packed + pl.col("author")


def _usual(name: str) -> pl.Expr:
    return pl.col(f"whole_{name}") - pl.col(f"event_{name}")


def _series_facts(
    cells: pl.DataFrame,
    valid: pl.DataFrame,
    whole: pl.DataFrame,
    event: pl.DataFrame,
    is_window: pl.Expr,
) -> pl.DataFrame:
    """Return event_days, usual_days and tracker_share by tracker, city and kind."""
    of_tracker = whole.group_by("tracker").agg(pl.col("^whole_.*$").sum())
    shares = (
        event.group_by("tracker", "window_kind")
        .agg(pl.col("^event_.*$").sum())
        .join(of_tracker, on="tracker")
        .select(
            "tracker",
            "window_kind",
            tracker_share=(_usual("negative_count") + 1) / (_usual("scored_count") + 2),
        )
    )
    covered = valid.group_by("tracker").agg(covered_days=pl.len())
    return (
        cells.group_by("tracker", "city", "window_kind")
        .agg(event_days=is_window.sum(), all_event_days=pl.len())
        .join(
            covered.with_columns(
                pl.col("tracker").cast(cells["tracker"].dtype, strict=False)
            ),
            on="tracker",
            how="left",
        )
        .join(shares, on=["tracker", "window_kind"], how="left")
        .select(
            "tracker",
            "city",
            "window_kind",
            "event_days",
            "tracker_share",
            usual_days=pl.col("covered_days") - pl.col("all_event_days"),
        )
    )


def count_window_days(cells: pl.DataFrame, week: Week) -> pl.DataFrame:
    """Return the days that count: tracker, window_kind, window_days."""
    return (
        cells.filter(pl.col("day") >= week.first_day)
        .group_by("tracker", "window_kind")
        .agg(window_days=pl.col("day").n_unique())
    )
