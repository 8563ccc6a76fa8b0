"""What the page of city trends shows: rows of the marts, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

import pandas as pd

from trendlab.report import city_trends, trend_wording
from trendlab.report.city_trends import SERIES
from trendlab.report.marts import Marts
from trendlab.report.trend_panels import NO_FORECAST, Panel

Forecasts: TypeAlias = "dict[tuple[Any, ...], pd.DataFrame]"
"""City, kind and value → rows of marts.trend_forecasts."""

OF_MODEL = "where tracker = :tracker and model_name = :model_name"
QUARTER = timedelta(weeks=city_trends.NOW_WEEKS - 1)
YEAR = timedelta(weeks=52)
# Kinds in the order shown → the mart of their weekly shares.
KINDS = {
    "garment": "garment_trends",
    "fine_category": "fine_category_trends",
    "colour": "colour_trends",
    "pattern": "pattern_trends",
    "sleeve": "sleeve_trends",
    "length": "length_trends",
    "style": "style_trends",
    "discovered_style": "style_weeks",
}


@dataclass(frozen=True)
class Page:
    """Trends, events and forecasts of a tracker, as the model with most looks saw them.

    Parameters
    ----------
    model : Series
        model_name, week_start_on, first_week_on, last_week_on, series_count,
        cities_count.
    names : dict of str to str
        City → name to show.
    trends : DataFrame
        Rows of marts.city_trends with where and told (city and value in words), share,
        share_low, share_high (newest quarter), share_before (a year earlier), latest
        (newest month), change, expected and end (in words).
    events, evidence, forecasts : DataFrame
        Rows of marts.trend_events (with where and told), of the posts of
        marts.trend_event_evidence, and of marts.trend_forecasts.
    shares : DataFrame
        Weekly shares: whole histories of what is drawn, two quarters of the rest.
    drawn, moving, movers : DataFrame
        Rows of marts.city_trends: series with events, those that move most among the
        rest, and those that move most of all.
    coming : dict
        SERIES → rows of `forecasts`.
    """

    model: pd.Series
    names: dict[str, str]
    trends: pd.DataFrame
    events: pd.DataFrame
    evidence: pd.DataFrame
    forecasts: pd.DataFrame
    shares: pd.DataFrame
    drawn: pd.DataFrame
    moving: pd.DataFrame
    movers: pd.DataFrame
    coming: Forecasts

    @property
    def kinds(self) -> list[str]:
        """Kinds that have trends, in the order shown."""
        return [kind for kind in KINDS if kind in set(self.trends["kind"])]

    @property
    def weeks_ahead(self) -> int:
        """Weeks that are forecast; 0 without forecasts."""
        return int(self.forecasts["weeks_ahead"].max()) if len(self.forecasts) else 0

    @property
    def newest_quarter(self) -> pd.DataFrame:
        """Weekly shares of the newest quarter."""
        since = self.model["last_week_on"] - QUARTER
        newest: pd.DataFrame = self.shares[self.shares["week_start_on"] >= since]
        return newest

    def panel_of(self, row: pd.Series) -> Panel:
        """Put together what the panel of a series shows."""
        weeks = city_trends.weeks_of(self.shares, row)
        at = weeks.assign(week_on=pd.to_datetime(weeks["week_start_on"]))
        marked = (
            self._events_of(row).explode("weeks").rename(columns={"rank": "number"})
        )
        marked["week_on"] = pd.to_datetime(marked["weeks"])
        marked = marked.drop(columns="share").merge(
            at[["week_on", "share"]], on="week_on"
        )
        return Panel(
            title=f"{row['where']}: {row['told']}",
            weeks=weeks,
            curve=city_trends.curve_of(row, pd.DatetimeIndex(at["week_on"])),
            forecast=self.coming.get(tuple(row[SERIES]), NO_FORECAST),
            events=marked[["week_on", "share", "number", "direction"]],
        )

    def in_words(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add to series what is expected of them, and their events by number."""
        expected = self.trends.set_index(SERIES)["expected"]
        return rows.assign(
            expected=[expected[key] for key in rows[SERIES].itertuples(index=False)],
            marks=[
                "; ".join(
                    f"{event.rank} {event.description}"
                    for event in self._events_of(row).itertuples()
                )
                or "–"
                for _, row in rows.iterrows()
            ],
        )

    def movers_of(self, kind: str) -> pd.DataFrame:
        """Return the values of a kind that move somewhere, with their whole shares."""
        total = self.trends[
            (self.trends["city"] == "all") & (self.trends["kind"] == kind)
        ]
        return city_trends.movers_of(self.trends, kind, self.names).merge(
            total[["value", "share", "share_before", "end"]], on="value", how="left"
        )

    def count_cities(self) -> pd.DataFrame:
        """Say of each city how much its shares rest on; see `city_trends`."""
        counted = city_trends.count_cities(self.trends, self.newest_quarter)
        return counted.assign(
            where=counted["city"].map(self.names).fillna(counted["city"])
        )

    def _events_of(self, row: pd.Series) -> pd.DataFrame:
        own: pd.DataFrame = self.events[
            (self.events[SERIES] == row[SERIES]).all(axis=1)
        ]
        return own


def gather(marts: Marts, *, with_event: int, moving: int, movers: int) -> Page | None:
    """Ask the marts for what the page shows; None where there are no trends yet.

    Parameters
    ----------
    marts : Marts
    with_event, moving, movers : int
        Most series that are drawn for their events and among the rest for their
        change, and most that are listed for their change.
    """
    # the model that saw the most looks; the mart holds the newest week only
    models = marts.ask(
        "select model_name, week_start_on, max(last_week_on) as last_week_on, "
        "min(first_week_on) as first_week_on, count(*) as series_count, "
        "count(distinct city) filter (where city_name is not null) as cities_count "
        "from marts.city_trends where tracker = :tracker "
        "group by model_name, week_start_on "
        "order by max(looks_count) desc, model_name limit 1"
    )
    if models.empty:
        return None
    model = models.iloc[0]
    mine = {"model_name": model["model_name"]}
    names = marts.city_names(all="all places", unknown="unknown place")

    def rows_of(mart: str, order: str) -> pd.DataFrame:
        return marts.ask(
            f"select * from marts.{mart} {OF_MODEL} order by {order}", **mine
        )

    trends = rows_of("city_trends", "kind, value, city")
    events = rows_of("trend_events", "rank")
    for rows in (trends, events):
        rows["where"] = rows["city"].map(names).fillna(rows["city"])
        rows["told"] = [
            trend_wording.tell_series(str(kind), str(value))
            for kind, value in zip(rows["kind"], rows["value"], strict=True)
        ]
    drawn, rest = city_trends.choose_series(
        trends, events, with_event=with_event, moving=moving
    )
    forecasts = rows_of("trend_forecasts", "weeks_ahead")
    coming: Forecasts = dict(list(forecasts.groupby(SERIES)))
    shares = _weekly_shares(marts, model, trends, pd.concat([drawn, rest]))
    return Page(
        model=model,
        names=names,
        trends=_with_words(trends, shares, coming, model["last_week_on"]),
        events=events,
        evidence=marts.ask(
            f"select * from marts.trend_event_evidence {OF_MODEL} "
            "and evidence_kind = 'post' order by event_rank, rank",
            **mine,
        ),
        forecasts=forecasts,
        shares=shares,
        drawn=drawn,
        moving=rest,
        movers=city_trends.choose_series(trends, events, with_event=0, moving=movers)[
            1
        ],
        coming=coming,
    )


def _weekly_shares(
    marts: Marts, model: pd.Series, trends: pd.DataFrame, drawn: pd.DataFrame
) -> pd.DataFrame:
    """Ask for whole histories of the cities drawn, and two quarters of the rest."""
    last_week: date = model["last_week_on"]
    return pd.concat(
        [
            marts.ask(
                "select city, week_start_on, value, looks_with_count, looks_count, "
                f"share, share_low, share_high, is_thin from marts.{mart} "
                f"{OF_MODEL} and is_complete and week_start_on <= :last_week and "
                "(week_start_on >= :now_from or week_start_on between :before_from "
                "and :before_to or city = any(:drawn_cities))",
                model_name=model["model_name"],
                last_week=last_week,
                now_from=last_week - QUARTER,
                before_from=last_week - YEAR - QUARTER,
                before_to=last_week - YEAR,
                drawn_cities=sorted(set(drawn.loc[drawn["kind"] == kind, "city"])),
            ).assign(kind=kind)
            for kind, mart in KINDS.items()
            if kind in set(trends["kind"])
        ],
        ignore_index=True,
    )


def _with_words(
    trends: pd.DataFrame,
    shares: pd.DataFrame,
    coming: Forecasts,
    last_week: date,
) -> pd.DataFrame:
    """Add to trends their shares now and before, and what is expected, in words."""

    def pooled(last: date, span: timedelta) -> pd.DataFrame:
        return city_trends.pool_shares(shares, trends, last - span, last)

    now = pooled(last_week, QUARTER)
    latest = pooled(last_week, timedelta(weeks=city_trends.LATEST_WEEKS - 1))
    told = trends.assign(
        share=now["share"],
        share_low=now["share_low"],
        share_high=now["share_high"],
        share_before=pooled(last_week - YEAR, QUARTER)["share"],
        latest=latest["share"],
        change=[trend_wording.tell_change(row) for _, row in trends.iterrows()],
    )
    of_series = [
        coming.get(tuple(key), NO_FORECAST)
        for key in told[SERIES].itertuples(index=False)
    ]
    return told.assign(
        expected=[
            trend_wording.tell_forecast(share, rows)
            for share, rows in zip(told["latest"], of_series, strict=True)
        ],
        end=[trend_wording.tell_end(rows) for rows in of_series],
    )
