"""Tables of signals: activity, days held against their past, what places feel."""

from __future__ import annotations

from trendlab.schemas.core import (
    CITY,
    DAY,
    ITEM_KINDS,
    LOOK_KINDS,
    MEASURES,
    MODEL_NAME,
    NETWORK,
    RULE_VERSION,
    RUN_ID,
    TRACKER,
    Table,
    count,
    flag,
    number,
    share,
    text,
)
from trendlab.schemas.events import DIPS, EVENT_AUTHORS, EVIDENCE, PEAKS
from trendlab.schemas.influencers import INFLUENCER_TABLES

ACTIVITY = Table(
    name="activity",
    doc="Activity of a day, excluded posts left out; one row per tracker, city and "
    "day that has posts. The city 'all' holds every city, 'unknown' included.",
    columns=(
        DAY,
        TRACKER,
        CITY,
        count("posts_count", "posts"),
        count("authors_count", "different known authors", nullable=True),
        count("reposts_count", "posts that repeat another"),
        count("likes_count", "sum of known likes", nullable=True),
        count("comments_count", "sum of known comment counts", nullable=True),
        share("like_coverage", "share of posts with known likes"),
        number("likes_per_post", "median of known likes", nullable=True, minimum=0),
        number("likes_per_post_trimmed", "10 % trimmed mean", nullable=True, minimum=0),
        number(
            "comments_per_post",
            "median of known comment counts",
            nullable=True,
            minimum=0,
        ),
        number(
            "comments_per_post_trimmed",
            "10 % trimmed mean of known comment counts",
            nullable=True,
            minimum=0,
        ),
        number("activity_raw", "posts + likes", minimum=0),
        number("activity", "posts + sum of log1p(likes)", minimum=0),
        count("scored_count", "posts scored for sentiment"),
        count("negative_count", "posts scored negative"),
        count("positive_count", "posts scored positive"),
        count("negative_capped_count", "negatives, at most 3 an author"),
        count("scored_capped_count", "scored posts, at most 3 an author"),
        count("negative_authors_count", "authors of negatives", nullable=True),
        number(
            "sentiment_index",
            "(positive − negative) / scored",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
        count(
            "comment_read_count",
            "comments that were read, in any language; NULL in rows of before they "
            "were counted",
            nullable=True,
        ),
        count("comment_scored_count", "comments scored for sentiment"),
        count("comment_negative_count", "comments scored negative"),
        count("comment_positive_count", "comments scored positive"),
        count(
            "comment_negative_capped_count",
            "negative comments, at most 3 an author; NULL in rows of before they were "
            "counted",
            nullable=True,
        ),
        count(
            "comment_scored_capped_count",
            "scored comments, at most 3 an author; NULL likewise",
            nullable=True,
        ),
        count(
            "comment_negative_authors_count",
            "authors of negative comments",
            nullable=True,
        ),
        flag("is_provisional", "true while likes are younger than 24 hours"),
        flag("is_partial", "true where a source covered the day in part"),
        RUN_ID,
    ),
    key=("tracker", "city", "day"),
    in_warehouse=True,
)

TERM_DAYS = Table(
    name="term_days",
    doc="Words and hashtags of a day; one row per tracker, kind of item and term "
    "used by at least 2 items.",
    columns=(
        DAY,
        TRACKER,
        text("item_kind", "where the term stood", allowed=ITEM_KINDS),
        text("term_kind", "word or hashtag", allowed=("word", "hashtag")),
        text("term", "casefolded, without #"),
        count("items_count", "posts or comments that use it"),
        count("authors_count", "different known authors"),
        count("scored_count", "of these, scored for sentiment"),
        count("negative_count", "of these, negative"),
        count("negative_authors_count", "authors of the negatives"),
        count(
            "unknown_count",
            "items whose author is not known; NULL in rows of before they were counted",
            nullable=True,
        ),
        count("unknown_negative_count", "of these, negative", nullable=True),
        RUN_ID,
    ),
    key=("tracker", "item_kind", "term_kind", "term", "day"),
)

AUTHOR_DAYS = Table(
    name="author_days",
    doc="What an author did in a day; one row per tracker and known author.",
    columns=(
        DAY,
        TRACKER,
        NETWORK,
        text("author_id", "author's id at the source"),
        text("author_handle", "newest handle seen", nullable=True),
        text("city", "main city of the day's posts"),
        count("posts_count", "posts"),
        count("likes_known_count", "posts with known likes"),
        count("likes_count", "sum of known likes", nullable=True),
        count("comments_count", "sum of known comments", nullable=True),
        count("negative_count", "posts scored negative"),
        count("scored_count", "posts scored"),
        RUN_ID,
    ),
    key=("tracker", "source", "author_id", "day"),
)

DAY_SCORES = Table(
    name="day_scores",
    doc="How unusual a day is against its own past; one row per tracker, city, "
    "measure and day.",
    columns=(
        DAY,
        TRACKER,
        CITY,
        text(
            "measure",
            "what is scored; totals, but for likes_per_post and comments_per_post "
            "(median), and those with _trimmed (10 % trimmed mean); of negatives and "
            "comment_negatives an author counts at most 3 a day",
            allowed=MEASURES,
        ),
        number("value", "value of the measure", nullable=True),
        number("baseline", "expected value from the trailing days", nullable=True),
        number("expected_low", "lower end of the 90 % interval", nullable=True),
        number("expected_high", "upper end of the 90 % interval", nullable=True),
        number("z", "robust z on the log1p scale", nullable=True),
        share("p_value", "upper-tail p", nullable=True),
        count("valid_days", "days in the baseline"),
        flag("is_candidate", "z ≥ 2.8 or the cold-start tail"),
        flag(
            "is_peak",
            "all conditions of the peak rule hold; never of likes and "
            "likes_per_post_trimmed, which one viral post moves, nor of comments, "
            "total or per post",
        ),
        flag("is_cold_start", "fewer than 28 valid days"),
        text(
            "average",
            "against the 90 % interval of the baseline",
            nullable=True,
            allowed=("below", "average", "above"),
        ),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("tracker", "city", "measure", "day"),
    in_warehouse=True,
)

CITY_SENTIMENT = Table(
    name="city_sentiment",
    doc="What a place feels in the four weeks that end with the week, and how that "
    "changes; one row per week (Monday), tracker and city (and 'all').",
    columns=(
        DAY,
        TRACKER,
        CITY,
        count("scored_count", "posts scored in the four weeks"),
        count("positive_count", "of these, positive"),
        count("negative_count", "of these, negative"),
        count("authors_count", "their authors; an unknown author counts once a post"),
        number(
            "sentiment_index",
            "(positive − negative) / scored; NULL with fewer than 30 scored",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
        number(
            "index_low",
            "lower end of the 95 % interval, bootstrap over authors",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
        number(
            "index_high",
            "upper end of that interval",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
        count("scored_before_count", "posts scored in the four weeks before those"),
        number(
            "index_before",
            "index of those weeks; NULL with fewer than 30 scored",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
        number(
            "mix_part",
            "part of the tracker's change of index that comes from the city's changed "
            "weight (Kitagawa); of 'all' the sum over cities; NULL where either "
            "window of the tracker has fewer than 30 scored",
            nullable=True,
        ),
        number(
            "within_part",
            "part of that change that comes from the city's own change of index",
            nullable=True,
        ),
        number(
            "weekly_slope",
            "Theil-Sen slope of the weekly index over 26 weeks, index points a week; "
            "weeks with fewer than 30 scored are missing",
            nullable=True,
        ),
        number("slope_low", "lower end of its 95 % interval", nullable=True),
        number("slope_high", "upper end of its 95 % interval", nullable=True),
        number(
            "tau",
            "Kendall's tau of week and index",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
        share(
            "p_value",
            "Mann-Kendall test corrected for memory of the week before",
            nullable=True,
        ),
        count("weeks_count", "weeks that the slope was taken over"),
        text(
            "direction",
            "rising or falling where p ≤ 0.05, flat, or not_assessable with fewer "
            "than 10 weeks",
            allowed=("rising", "falling", "flat", "not_assessable"),
        ),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("tracker", "city", "day"),
    in_warehouse=True,
)

CITY_WEEKS = Table(
    name="city_weeks",
    doc="Share of looks with a value of a kind; one row per tracker, city, ISO week "
    "(Monday), kind and value.",
    columns=(
        DAY,
        TRACKER,
        CITY,
        count("iso_year", "ISO year"),
        count("iso_week", "ISO week, 1 to 53", maximum=53),
        text("kind", "what is counted", allowed=LOOK_KINDS),
        text("value", "for example skirt, or red"),
        count("looks_with_count", "looks that have it"),
        count("looks_count", "looks seen, near-copies left out"),
        share("share", "looks_with_count / looks_count"),
        share("share_low", "lower end of the 95 % Wilson interval"),
        share("share_high", "upper end of the 95 % Wilson interval"),
        share("share_shrunk", "empirical-Bayes share, for thin cities"),
        flag("is_thin", "fewer than 100 looks"),
        flag("is_complete", "all seven days of the week are covered"),
        MODEL_NAME,
        RUN_ID,
    ),
    key=("day", "tracker", "city", "kind", "value", "model_name"),
    in_warehouse=True,
)

SIGNALS = (
    ACTIVITY,
    TERM_DAYS,
    AUTHOR_DAYS,
    DAY_SCORES,
    PEAKS,
    DIPS,
    EVIDENCE,
    EVENT_AUTHORS,
    CITY_SENTIMENT,
    *INFLUENCER_TABLES,
    CITY_WEEKS,
)
