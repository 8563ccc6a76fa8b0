"""Tables of city trends: what each share does over the years, and when it stood out."""

from __future__ import annotations

from trendlab.schemas.core import (
    CITY,
    DAY,
    MODEL_NAME,
    RULE_VERSION,
    RUN_ID,
    SERIES_KIND,
    STRINGS,
    TRACKER,
    Column,
    Table,
    count,
    date,
    flag,
    number,
    share,
    text,
)

SERIES = (
    CITY,
    SERIES_KIND,
    text("value", "for example skirt, or red"),
)
EVENT_ID = text("event_id", "hash of tracker, model, series, direction and first week")
KEY = ("day", "tracker", "model_name", "city", "kind", "value")

CITY_TRENDS = Table(
    name="city_trends",
    doc="Curve of a weekly share as of the end of a week: level, slope and season; one "
    "row per week (Monday), tracker, model, city, kind and value.",
    columns=(
        DAY,
        TRACKER,
        *SERIES,
        date("first_week_on", "Monday of the first week with looks"),
        date("last_week_on", "Monday of the last one"),
        count("weeks_count", "weeks with looks"),
        count("looks_count", "looks of all weeks"),
        share("mean_share", "looks with it / looks, over all weeks"),
        number("level", "share of the curve in the last week, its season left out"),
        number("slope_per_year", "change of the share in a year"),
        number("slope_low", "lower end of its 95 % interval"),
        number("slope_high", "upper end of its 95 % interval"),
        text(
            "direction",
            "rising or falling where the interval leaves 0 out and the change is at "
            "least a twentieth of the mean share; else steady",
            allowed=("rising", "falling", "steady"),
        ),
        text(
            "season_kind",
            "whether a time of the year stands out upwards or downwards; NULL without "
            "a yearly term",
            nullable=True,
            allowed=("peak", "trough"),
        ),
        count("season_month", "month of that time", nullable=True, maximum=12),
        number(
            "season_swing",
            "share between the highest and the lowest time of the year",
            nullable=True,
            minimum=0,
        ),
        number("season_amplitude", "factor of the yearly term", nullable=True),
        number("season_sharpness", "0 is a sine, 4 a narrow peak", nullable=True),
        number("season_phase", "radians, of the last week", nullable=True),
        number(
            "residual_ratio",
            "what the yearly term leaves / what the straight line leaves; below 0.8 "
            "the term is kept",
            nullable=True,
            minimum=0,
        ),
        number("overdispersion", "rho of the beta-binomial", minimum=0),
        text("description", "the curve in words"),
        MODEL_NAME,
        RULE_VERSION,
        RUN_ID,
    ),
    key=KEY,
    in_warehouse=True,
)

TREND_EVENTS = Table(
    name="trend_events",
    doc="Weeks in which a share stood out from its curve, grouped into events, as of "
    "the end of a week; one row per week (Monday) and event.",
    columns=(
        DAY,
        TRACKER,
        EVENT_ID,
        count("rank", "1 is the most salient of the tracker and model"),
        *SERIES,
        text("direction", "rise or drop", allowed=("rise", "drop")),
        date("first_week_on", "Monday of its first week"),
        date("apex_week_on", "Monday of its most unusual week"),
        date("last_week_on", "Monday of its last week"),
        Column("weeks", STRINGS, "Mondays of its weeks, ISO dates"),
        count("looks_with_count", "looks with the value in the apex week"),
        count("looks_count", "looks in the apex week"),
        share("share", "looks_with_count / looks_count"),
        share("expected_share", "share of the curve in the apex week"),
        number("excess_looks", "looks above (or below) the curve, all its weeks"),
        share("p_value", "one-sided beta-binomial tail of the apex week"),
        flag(
            "is_firm",
            "whether a week of it is a discovery also when the overdispersion is "
            "counted as the estimate that it is; NULL in rows of an earlier rule",
            nullable=True,
        ),
        number("saliency", "sum of z over its weeks / root of their number"),
        text(
            "recurrence",
            "yearly, once, or not_assessable with fewer than 104 weeks",
            allowed=("yearly", "once", "not_assessable"),
        ),
        text("description", "the event in words"),
        MODEL_NAME,
        RULE_VERSION,
        RUN_ID,
    ),
    key=("day", "event_id"),
    in_warehouse=True,
)

TREND_EVENT_EVIDENCE = Table(
    name="trend_event_evidence",
    doc="What people wrote in the weeks of an event of a share more than around them, "
    "and posts that show it, as of the end of a week; one row per week (Monday), "
    "event, kind of evidence and rank.",
    columns=(
        DAY,
        TRACKER,
        EVENT_ID,
        text(
            "evidence_kind", "what the row names", allowed=("word", "hashtag", "post")
        ),
        count("rank", "1 is the strongest, of posts the most liked"),
        text(
            "term", "the word, or the hashtag without #; NULL of a post", nullable=True
        ),
        text("source", "where the post came from; NULL of a term", nullable=True),
        text("post_id", "the source's id of the post; NULL of a term", nullable=True),
        count(
            "authors_count",
            "authors who used the term, each once a week of the event; NULL of a post",
            nullable=True,
        ),
        number(
            "expected_authors",
            "as many if it were used as in the weeks around the event; NULL of a post",
            nullable=True,
            minimum=0,
        ),
        number("strength", "z of the term's log-odds; NULL of a post", nullable=True),
        text(
            "compared_with",
            "posts of the weeks around the event that the term was held against: "
            "those with the value, or all with a look; NULL of a post",
            nullable=True,
            allowed=("same_value", "all_looks"),
        ),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("day", "event_id", "evidence_kind", "rank"),
    in_warehouse=True,
)

TREND_FORECASTS = Table(
    name="trend_forecasts",
    doc="Shares that are expected in the weeks to come, as of the end of a week; one "
    "row per week (Monday), tracker, model, city, kind, value and coming week.",
    columns=(
        DAY,
        TRACKER,
        *SERIES,
        date("week_on", "Monday of the coming week"),
        count("weeks_ahead", "1 is the first week after the history"),
        share("share_q10", "one time in ten the share is lower"),
        share("share_q50", "as often higher as lower"),
        share("share_q90", "one time in ten the share is higher"),
        count("weeks_count", "weeks with looks in the history"),
        flag(
            "is_backtested",
            "whether past forecasts were held against what came; where not, the "
            "interval is an assumption",
        ),
        number(
            "backtest_mase",
            "error of past forecasts of the tracker's series / that of repeating last "
            "year's week inside the history; NULL where not backtested",
            nullable=True,
            minimum=0,
        ),
        MODEL_NAME,
        RULE_VERSION,
        RUN_ID,
    ),
    key=(*KEY, "week_on"),
    in_warehouse=True,
)

CITY_TREND_TABLES = (
    CITY_TRENDS,
    TREND_EVENTS,
    TREND_EVENT_EVIDENCE,
    TREND_FORECASTS,
)
