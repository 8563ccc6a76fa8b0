"""Steps that compute signals week by week: influencers, and shares of looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

from trendlab.lake import Span
from trendlab.signals.activity import covered_days, lake_query
from trendlab.signals.influencer_tables import (
    COMMENT_COLUMNS,
    MATCH_COLUMNS,
    POST_COLUMNS,
    read_tables,
)
from trendlab.signals.influencers import rank_influencers
from trendlab.signals.trends import share_city_weeks, week_rows
from trendlab.steps.pseudonyms import stored_trackers
from trendlab.steps.spans import BASELINE, ONE_DAY, spans_of, split_by_day
from trendlab.steps.step import BySource, Context, Input, Parts, Step
from trendlab.steps.tag import tagger_key, told_values

ONE_WEEK = timedelta(days=7)
WEEK_END = timedelta(days=6)
INFLUENCER_WINDOW = timedelta(days=27)
PROFILE_REACH = timedelta(days=180)
# Column that says which week a group of copies is of.
WEEK_OF_COPIES = pa.field("day", pa.date32())


def _influencer_inputs(context: Context, monday: date) -> list[Input]:
    sunday = monday + WEEK_END
    first = sunday - INFLUENCER_WINDOW
    return [
        Input("author_days", sunday - BASELINE, sunday),
        Input("tracker_posts", first, sunday),
        Input("posts", first - ONE_DAY, sunday + ONE_DAY),
        Input("authors", sunday - PROFILE_REACH, sunday + ONE_WEEK),
        Input("peaks", sunday - BASELINE, sunday),
        Input("dips", sunday - BASELINE, sunday),
        Input("author_homes", monday, monday),
        Input("comments", first, sunday),
        Input("coverage", sunday - BASELINE, sunday),
    ]


def _influencers(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    lake = context.lake
    ranked: dict[date, pa.Table | BySource] = {}
    # windows overlap: weeks that follow each other read their days once
    for span in spans_of(weeks, apart=ONE_WEEK):
        first = {item.table: item for item in _influencer_inputs(context, span[0])}
        last = {item.table: item for item in _influencer_inputs(context, span[-1])}
        wanted = {
            name: lake.read_range(
                name,
                item.first_day,
                last[name].last_day,
                columns=_columns(name),
            )
            for name, item in first.items()
        }
        covered = covered_days(wanted.pop("coverage"))
        rows = rank_influencers(
            read_tables(**wanted, covered_days=covered),
            weeks=span,
            run_ids=run_ids,
            brands=_brands(context),
        )
        ranked.update(split_by_day(rows))
    return {"influencers": ranked}


def _brands(context: Context) -> list[str]:
    """Return the handles and ids that trackers list as brands, as the lake has them."""
    listed = {brand for tracker in stored_trackers(context) for brand in tracker.brands}
    return sorted(listed)


def _brands_key(context: Context) -> str:
    return "\n".join(
        sorted({brand for tracker in context.trackers for brand in tracker.brands})
    )


def _columns(table: str) -> list[str] | None:
    if table == "posts":
        return [*POST_COLUMNS, "author_followers_count"]
    if table == "tracker_posts":
        return list(MATCH_COLUMNS)
    if table == "comments":
        return list(COMMENT_COLUMNS)
    if table == "author_homes":
        return ["day", "source", "author_id", "home_city"]
    return None


INFLUENCERS = Step(
    name="influencers",
    modules=("trendlab.signals.influencers",),
    outputs=("influencers",),
    inputs=_influencer_inputs,
    compute=_influencers,
    settings_key=_brands_key,
    is_weekly=True,
    is_pooled=True,
    chunk_days=18,
)


def _trend_inputs(context: Context, monday: date) -> list[Input]:
    sunday = monday + WEEK_END
    near = (monday - ONE_DAY, sunday + ONE_DAY)
    return [
        Input("looks", *near),
        Input("garments", *near),
        Input("garment_tags", *near),
        Input("tracker_posts", monday, sunday),
        Input("coverage", monday, sunday),
    ]


def _vocabulary(context: Context) -> dict[tuple[str, str], Sequence[str]]:
    """Return what models can tell: a value that nobody wore is 0, not absent.

    It is read from models and settings, never from posts, so a week has the same rows
    whatever came after it.
    """
    from trendlab.sources.drawn_styles import STYLE_NAMES
    from trendlab.vision.colours import BASIC_TERMS
    from trendlab.vision.models import load_card

    card = load_card(context.settings.detector)
    tagged = {
        attribute: sorted(values)
        for attribute, values in told_values(context.settings).items()
    }
    told = {"garment": card.classes, "colour": BASIC_TERMS, **tagged}
    drawn = {"garment": card.classes, "colour": BASIC_TERMS, "style": STYLE_NAMES}
    return {
        (model, kind): values
        for model, kinds in ((card.name, told), ("simulated", drawn))
        for kind, values in kinds.items()
    }


def _copies(context: Context, mondays: Sequence[date]) -> pa.Table:
    """Return the photos of each week that have copies in it, by group.

    Each week is grouped by itself, whichever weeks are computed together, so that
    day by day and in bulk the same photos count.
    """
    from trendlab.vision.copies import GROUPS, group_copies

    parts = [GROUPS.append(WEEK_OF_COPIES).empty_table()]
    for monday in mondays:
        near = (monday - ONE_DAY, monday + WEEK_END + ONE_DAY)
        groups = group_copies(
            context.lake.query(
                lake_query("hashed_looks"), {"looks": Span("looks", *near)}
            )
        )
        week = pa.array([monday] * groups.num_rows, pa.date32())
        parts.append(groups.append_column(WEEK_OF_COPIES, week))
    return pa.concat_tables(parts)


def _trends(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    lake = context.lake
    # weeks are stored by their Monday; those computed together may lie apart
    shares: dict[date, pa.Table] = {}
    for span in spans_of(weeks, apart=ONE_WEEK):
        first, last = span[0], span[-1] + WEEK_END
        near = (first - ONE_DAY, last + ONE_DAY)
        wanted = {monday: run_ids[monday] for monday in span}
        counts = lake.query(
            lake_query("city_weeks"),
            {
                "weeks": week_rows(wanted),
                "tracker_posts": Span("tracker_posts", first, last),
                "looks": Span("looks", *near),
                "garments": Span("garments", *near),
                "garment_tags": Span("garment_tags", *near),
                "copies": _copies(context, span),
            },
        )
        rows = share_city_weeks(
            counts,
            context.cities,
            covered_days(lake.read_range("coverage", first, last)),
            run_ids=wanted,
            vocabulary=_vocabulary(context),
        )
        shares.update(split_by_day(rows))
    return {"city_weeks": shares}


TRENDS = Step(
    name="trends",
    modules=(
        "trendlab.signals.trends",
        "trendlab.vision.copies",
        "sql/lake/city_weeks.sql",
        "sql/lake/hashed_looks.sql",
    ),
    settings_key=tagger_key,
    outputs=("city_weeks",),
    inputs=_trend_inputs,
    compute=_trends,
    is_weekly=True,
    is_pooled=True,
    chunk_days=13,
)
