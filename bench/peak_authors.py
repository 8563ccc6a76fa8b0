"""Who stands behind a found peak: the product's lists, and what the posts say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from trendlab.signals.event_items import BASELINE_DAYS
from trendlab.signals.influencers import KEEP
from trendlab.sources.world.truth import PlantedPeak
from trendlab.steps.context import Context

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """Where a driver stands in a found peak; ranks are `KEEP` + 1 where not ranked.

    `excess` is the posts in the peak above the author's usual, `place` how many
    authors have more, and one; `named_rank` that of `peak_drivers`.
    """

    author_id: str
    rank: int
    rank_low: int
    rank_high: int
    excess: float
    place: int
    named_rank: int

    def line(self, event: Row) -> str:
        """Say it in a line, for who looks at a lost driver."""
        return (
            f"{event['tracker']} in {event['city']} {event['start_on']} to "
            f"{event['end_on']}: {self.author_id} has rank {self.rank} "
            f"({self.rank_low} to {self.rank_high}), {self.excess:+.1f} posts "
            f"(place {self.place}), named as {self.named_rank}"
        )


@dataclass(frozen=True)
class PeakTables:
    """Newest rows of peaks of posts, their authors as evidence, and matched posts."""

    peaks: pl.DataFrame
    authors: pl.DataFrame
    posts: pl.DataFrame

    @classmethod
    def of(cls, context: Context) -> PeakTables:
        """Read the tables of a world."""
        peaks = (
            _read(context, "peaks")
            .filter(pl.col("measure") == "posts")
            .sort("day")
            .group_by("peak_id")
            .last()
        )
        authors = _read(context, "evidence").filter(
            pl.col("event_kind") == "peak", pl.col("evidence_kind") == "author"
        )
        posts = _read(context, "tracker_posts").filter(
            ~pl.col("is_excluded"), pl.col("author_id").is_not_null()
        )
        return cls(peaks, authors, posts)

    def found(self, planted: PlantedPeak) -> Row | None:
        """Return the event that a planted peak was found as.

        Of several that of the planted city, then the one with most planted days.
        """
        first = pl.max_horizontal("start_on", pl.lit(planted.start_on))
        last = pl.min_horizontal("end_on", pl.lit(planted.end_on))
        rows = (
            self.peaks.filter(
                pl.col("tracker") == planted.tracker,
                pl.col("city").is_in(["all", *planted.cities]),
            )
            .with_columns(
                shared=(last - first).dt.total_days(),
                is_own=pl.col("city").is_in(planted.cities or ("all",)),
            )
            .filter(pl.col("shared") >= 0)
            .sort("is_own", "shared", "peak_id", descending=[True, True, False])
        )
        return rows.row(0, named=True) if rows.height else None

    def standings(
        self, event: Row, ranked: Mapping[str, Row], authors: Sequence[str]
    ) -> list[Standing]:
        """Tell where authors stand in an event.

        Parameters
        ----------
        event : mapping
            Of `found`.
        ranked : mapping of str to mapping
            Rows of `influencers` of one window, by author_id.
        authors : sequence of str
        """
        absent = {"rank": KEEP + 1, "rank_low": KEEP + 1, "rank_high": KEEP + 1}
        named, excess = self._named(event), self._excess(event)
        standings = []
        for author in authors:
            row, own = ranked.get(author, absent), excess.get(author, 0.0)
            standings.append(
                Standing(
                    author_id=author,
                    rank=row["rank"],
                    rank_low=row["rank_low"],
                    rank_high=row["rank_high"],
                    excess=own,
                    place=1 + sum(other > own for other in excess.values()),
                    named_rank=named.get(author, KEEP + 1),
                )
            )
        return standings

    def _named(self, event: Row) -> dict[str, int]:
        """Return the ranks of the authors in `peak_drivers`, by author_id."""
        rows = self.authors.filter(
            pl.col("event_id") == event["peak_id"], pl.col("day") == event["end_on"]
        )
        return {
            item.split(":", 1)[1]: rank
            for item, rank in rows.select("item", "rank").iter_rows()
        }

    def _excess(self, event: Row) -> dict[str, float]:
        """Return each author's posts in the event above the author's own usual.

        Posts from the event's city on all its days, against those of the tracker from
        everywhere in the 28 days before, as `peak_drivers` has it: counted here from
        the posts.
        """
        first, last = event["start_on"], event["end_on"]
        mine = self.posts.filter(pl.col("tracker") == event["tracker"])
        inside = mine.filter(pl.col("day").is_between(first, last))
        if event["city"] != "all":
            inside = inside.filter(pl.col("city") == event["city"])
        since = first - timedelta(days=BASELINE_DAYS)
        before = mine.filter(pl.col("day").is_between(since, first, closed="left"))
        usual = pl.col("past").fill_null(0) * ((last - first).days + 1) / BASELINE_DAYS
        rows = (
            inside.group_by("author_id")
            .agg(observed=pl.len().cast(pl.Float64))
            .join(
                before.group_by("author_id").agg(past=pl.len()),
                on="author_id",
                how="left",
            )
            .select("author_id", excess=pl.col("observed") - usual)
        )
        return dict(rows.iter_rows())


def _read(context: Context, table: str) -> pl.DataFrame:
    days = context.lake.days(table)
    return pl.DataFrame(context.lake.read_range(table, days[0], days[-1]))
