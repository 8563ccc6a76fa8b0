"""What the trend report is told from: rows of the marts about a tracker and a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from trendlab.report import trend
from trendlab.report.authors import authors_behind
from trendlab.report.crisis import cut_text
from trendlab.report.events import group_events
from trendlab.report.marts import Marts

# Rows of a table that is read at a glance.
SHOWN_AUTHORS = 12
SHOWN_EVENTS = 8
SHOWN_SAYINGS = 6
# Cities and garments of the small multiples.
SHOWN_CITIES = 6
SHOWN_GARMENTS = 5
FOUR_WEEKS = timedelta(weeks=4)
# The four weeks a year before the newest four begin so many weeks before the newest.
YEAR_BEFORE = timedelta(weeks=55)


@dataclass(frozen=True)
class Activity:
    """Posts, sentiment and what broke out of the usual.

    Parameters
    ----------
    days : DataFrame
        Rows of marts.activity_daily of the tracker, all cities together.
    peaks : DataFrame
        Rows of marts.peaks of the tracker alone and all cities.
    peak_events, dip_events : DataFrame
        Events of the tracker and its parts, each once, places named, newest first.
    said : DataFrame
        Posts or comments that explain the newest negative peak; none without one.
    felt : DataFrame
        Sentiment of the cities in the newest four weeks.
    usual : DataFrame
        Each measure, named, on the newest day on which it was told average or not.
    """

    days: pd.DataFrame
    peaks: pd.DataFrame
    peak_events: pd.DataFrame
    dip_events: pd.DataFrame
    said: pd.DataFrame
    felt: pd.DataFrame
    usual: pd.DataFrame


@dataclass(frozen=True)
class People:
    """Authors, named: the strongest of the newest week, and those behind events."""

    ranked: pd.DataFrame
    behind: pd.DataFrame


@dataclass(frozen=True)
class Worn:
    """What is worn, as the model that saw the most looks tells it.

    Parameters
    ----------
    model_name : str
    panels : DataFrame
        Weekly shares of garments in the busiest cities, which are named.
    moving : list of str
        Garments that move most there.
    newest : DataFrame
        Shares of the newest week everywhere, the largest first.
    colours : DataFrame
        value, share_now of the newest four weeks, share_before of a year before.
    """

    model_name: str
    panels: pd.DataFrame
    moving: list[str]
    newest: pd.DataFrame
    colours: pd.DataFrame


@dataclass(frozen=True)
class Quality:
    """What stands behind the figures: sources, covered days, reviews."""

    sources: pd.DataFrame
    coverage: pd.DataFrame
    precision: pd.DataFrame


@dataclass(frozen=True)
class TrendPage:
    """What the trend report shows.

    Parameters
    ----------
    activity : Activity
    people : People
    stood_out : DataFrame
        Rows of marts.trend_events of cities, the most salient first.
    stood_out_posts : DataFrame
        Posts of the first three of them.
    worn : Worn or None
        None before the first complete week with looks.
    cities : DataFrame
        Rows of marts.city_activity.
    quality : Quality
    has_simulated : bool
        Whether looks of a simulation are among those shown.
    """

    activity: Activity
    people: People
    stood_out: pd.DataFrame
    stood_out_posts: pd.DataFrame
    worn: Worn | None
    cities: pd.DataFrame
    quality: Quality
    has_simulated: bool


def gather(marts: Marts) -> TrendPage:
    """Ask the marts for all that the report shows.

    Parameters
    ----------
    marts : Marts
        Binds tracker, first_day and last_day (ISO dates).
    """
    names = marts.city_names(all="everywhere", unknown="unknown city")
    # the model that saw the most looks comes first, and is the one shown
    models = list(
        marts.ask(
            "select model_name from marts.garment_trends where tracker = :tracker "
            "and city = 'all' and week_start_on between :first_day and :last_day "
            "group by model_name order by sum(looks_count) desc"
        )["model_name"]
    )
    stood_out = marts.ask(
        "select * from marts.trend_events where tracker = :tracker "
        "and city not in ('all', 'unknown') and last_week_on between :first_day "
        f"and :last_day order by rank limit {SHOWN_EVENTS}"
    )
    posts = marts.ask(
        "select city_name, value, posted_on, label, likes_count, post_id "
        "from marts.trend_event_evidence "
        "where tracker = :tracker and evidence_kind = 'post' and rank <= 2 "
        "and event_id = any(:event_ids) order by event_rank, rank",
        event_ids=list(stood_out["event_id"][:3]),
    )
    return TrendPage(
        activity=_activity(marts, names),
        people=_people(marts, names),
        stood_out=stood_out,
        stood_out_posts=posts.assign(label=posts["label"].fillna("").map(cut_text)),
        worn=_worn(marts, models, names),
        cities=marts.ask("select * from marts.city_activity where tracker = :tracker"),
        quality=_quality(marts),
        has_simulated="simulated" in models,
    )


def _activity(marts: Marts, names: dict[str, str]) -> Activity:
    in_time = "end_on >= :first_day and start_on <= :last_day order by apex_on desc"
    peaks = marts.ask(
        "select * from marts.peaks where (:tracker in (tracker, 'all')) "
        f"and measure = 'posts' and {in_time}"
    )
    is_own = peaks["tracker"] == marts.scope["tracker"]
    dips = marts.ask(
        f"select * from marts.dips where (:tracker in (tracker, 'all')) and {in_time}"
    )
    # one event shows in totals, cities, topics and comments: each is told once
    dip_events = trend.name_places(group_events(dips), names)
    return Activity(
        days=marts.ask(
            "select * from marts.activity_daily where tracker = :tracker "
            "and city = 'all' and day between :first_day and :last_day order by day"
        ),
        peaks=peaks[(peaks["city"] == "all") & is_own],
        peak_events=trend.name_places(group_events(peaks), names),
        dip_events=dip_events,
        said=marts.ask(
            "select rank, label, observed, strength from marts.dip_evidence "
            "where dip_id = :dip_id and evidence_kind in ('post', 'comment') "
            f"order by rank limit {SHOWN_SAYINGS}",
            dip_id=None if dip_events.empty else dip_events.iloc[0]["dip_id"],
        ),
        felt=marts.ask(
            "select city_name, scored_count, sentiment_index, index_low, index_high, "
            "index_change, direction from marts.city_sentiment "
            "where tracker = :tracker and city not in ('all', 'unknown') "
            "and last_on = (select max(last_on) from marts.city_sentiment "
            "where tracker = :tracker and last_on <= :last_day) "
            "and not is_suppressed order by sentiment_index"
        ),
        usual=trend.name_measures(
            marts.ask(
                "select distinct on (measure) measure, day, value, expected_low, "
                "expected_high, average from marts.measure_days "
                "where tracker = :tracker and city = 'all' and average is not null "
                "and day between :first_day and :last_day order by measure, day desc"
            )
        ),
    )


def _people(marts: Marts, names: dict[str, str]) -> People:
    ranked = marts.ask(
        "select * from marts.influencers where tracker = :tracker and is_newest "
        f"and window_kind = 'all' order by rank limit {SHOWN_AUTHORS}"
    )
    behind = authors_behind(marts, a_window=3, most=SHOWN_AUTHORS)
    behind = trend.name_authors(behind, names)
    return People(
        ranked=trend.name_authors(ranked, names),
        behind=behind.assign(
            window_kind=behind["window_kind"].str.replace("_", " "),
        ),
    )


def _worn(marts: Marts, models: list[str], names: dict[str, str]) -> Worn | None:
    newest_week = marts.ask(
        "select max(week_start_on) as week from marts.garment_trends "
        "where tracker = :tracker and is_complete and week_start_on <= :last_day"
    )["week"][0]
    if newest_week is None or not models:
        return None
    garments = marts.ask(
        "select city, week_start_on, value, share, share_low, share_high, "
        "looks_count, is_thin, review_status, change_4_weeks "
        "from marts.garment_trends where tracker = :tracker and is_complete "
        "and model_name = :model_name "
        "and week_start_on between :first_day and :last_day",
        model_name=models[0],
    )
    cities = trend.busiest_cities(garments, SHOWN_CITIES)
    panels = garments[garments["city"].isin(cities)].sort_values("city")
    newest = garments[
        (garments["week_start_on"] == newest_week) & (garments["city"] == "all")
    ]
    return Worn(
        model_name=models[0],
        panels=panels.assign(
            city=panels["city"].map(lambda city: names.get(city, city))
        ),
        moving=trend.moving_values(garments, cities, SHOWN_GARMENTS),
        newest=newest.sort_values("share", ascending=False),
        colours=_colours(marts, models[0], newest_week),
    )


def _colours(marts: Marts, model_name: str, newest_week: date) -> pd.DataFrame:
    first_day = date.fromisoformat(marts.scope["first_day"])
    before_from = max(newest_week - YEAR_BEFORE, first_day)
    return marts.ask(
        "with weeks as (select value, week_start_on, looks_with_count, looks_count "
        "from marts.colour_trends where tracker = :tracker and city = 'all' "
        "and model_name = :model_name and is_complete) "
        "select value, "
        "sum(looks_with_count) filter (where week_start_on > :now_from)::float "
        "/ nullif(sum(looks_count) filter (where week_start_on > :now_from), 0) "
        "as share_now, "
        "sum(looks_with_count) filter (where week_start_on >= :before_from "
        "and week_start_on < :before_to)::float "
        "/ nullif(sum(looks_count) filter (where week_start_on >= :before_from "
        "and week_start_on < :before_to), 0) as share_before "
        "from weeks group by value",
        model_name=model_name,
        now_from=newest_week - FOUR_WEEKS,
        before_from=before_from,
        before_to=before_from + FOUR_WEEKS,
    )


def _quality(marts: Marts) -> Quality:
    coverage = marts.ask(
        "select tracker, source, day, status, tracker || ' · ' || source as label "
        "from marts.coverage_days where day between :first_day and :last_day "
        "order by tracker, source, day"
    )
    return Quality(
        sources=marts.ask("select * from marts.data_quality order by source"),
        coverage=coverage,
        precision=marts.ask(
            "select * from marts.class_precision where is_newest_version "
            "order by category"
        ),
    )
