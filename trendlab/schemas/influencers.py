"""Tables of authors: who carries a tracker, posts in several, is at home where."""

from __future__ import annotations

from trendlab.schemas.core import (
    DAY,
    NETWORK,
    RULE_VERSION,
    RUN_ID,
    TRACKER,
    Table,
    count,
    date,
    flag,
    number,
    share,
    text,
)

INFLUENCERS = Table(
    name="influencers",
    doc="Authors ranked within a window of 28 days that ends with the week; one row "
    "per week (Monday), tracker, window and author.",
    columns=(
        DAY,
        TRACKER,
        text(
            "window_kind",
            "which days of the 28 count",
            allowed=("all", "high_activity", "low_sentiment", "both"),
        ),
        date("window_from", "first day looked at"),
        date("window_to", "last day looked at"),
        count("window_days", "days that count"),
        NETWORK,
        text("author_id", "author's id at the source"),
        text("author_handle", "handle", nullable=True),
        text("author_kind", "person, brand or unknown"),
        text(
            "home_city",
            "mode of the located posts of 180 days, else the profile's; 'unknown' "
            "also where that lies outside the monitored cities",
        ),
        count("posts_count", "posts in the window"),
        count("followers_count", "newest reading", nullable=True),
        text(
            "tier",
            "follower tier",
            allowed=("nano", "micro", "mid", "macro", "mega", "unknown"),
        ),
        number("likes_per_post", "median likes", nullable=True, minimum=0),
        number(
            "engagement_shrunk",
            "log1p likes per post, shrunk to the tier",
            nullable=True,
        ),
        count("h_index", "h posts with ≥ h likes"),
        number(
            "pagerank",
            "on the mention graph, personalised to the tracker",
            nullable=True,
            minimum=0,
        ),
        share(
            "contribution_share",
            "share of the window's excess posts; of low_sentiment and both, of its "
            "excess negatives",
            nullable=True,
        ),
        number(
            "negative_excess",
            "negatives above the author's own expected",
            nullable=True,
        ),
        number("score", "stated combination of the components"),
        count("rank", "1 is the strongest"),
        count("rank_low", "5 % of the bootstrap ranks"),
        count("rank_high", "95 % of the bootstrap ranks"),
        count("trackers_count", "trackers with ≥ 2 posts in the window"),
        flag("is_multi_tracker", "≥ 2 trackers with ≥ 2 posts each"),
        text("flags", "authenticity flags, comma-separated, '' for none"),
        share(
            "copied_comments_share",
            "part of the comments that others left under the author's posts of the 28 "
            "days whose words at least 3 people wrote under at least 3 posts; NULL "
            "without comments",
            nullable=True,
        ),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("day", "tracker", "window_kind", "source", "author_id"),
    in_warehouse=True,
)

MULTI_TRACKER_AUTHORS = Table(
    name="multi_tracker_authors",
    doc="Authors with ≥ 2 posts in each of ≥ 2 trackers within the 28 days that end "
    "with the week, of all known authors; the 1,000 with most trackers and posts. One "
    "row per week (Monday), source and author.",
    columns=(
        DAY,
        NETWORK,
        text("author_id", "author's id at the source"),
        text("author_handle", "newest handle seen", nullable=True),
        count("posts_count", "posts of the 28 days, in tracker 'all'"),
        count("trackers_count", "trackers with ≥ 2 posts in the 28 days"),
        text("trackers", "those trackers, comma-separated"),
        number(
            "tracker_entropy",
            "entropy of the posts over those trackers, bits",
            minimum=0,
        ),
        number(
            "tracker_lift",
            "authors of two of those trackers over what independence gives, "
            "geometric mean of the pairs; NULL with fewer than 30 authors in all",
            nullable=True,
            minimum=0,
        ),
        count("posts_in_main_tracker_count", "posts in the tracker with most of them"),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("day", "source", "author_id"),
    in_warehouse=True,
)

AUTHOR_CITIES = Table(
    name="author_cities",
    doc="Where an author's posts of a day are from, excluded posts left out: what "
    "homes are told from. Posts that tell no place are left out; one row per known "
    "author and city.",
    columns=(
        DAY,
        NETWORK,
        text("author_id", "author's id at the source"),
        text("city", "id of a monitored city; 'unknown' for a place outside them"),
        count("located_count", "posts whose coordinates or place name tell the city"),
        count("profile_count", "posts for which only the author's profile tells it"),
        RUN_ID,
    ),
    key=("source", "author_id", "city", "day"),
)

AUTHOR_HOMES = Table(
    name="author_homes",
    doc="Where authors are at home, from the 180 days that end with the week's Sunday; "
    "an author of whom nothing is told has no row. One row per week (Monday), source "
    "and author.",
    columns=(
        DAY,
        NETWORK,
        text("author_id", "author's id at the source"),
        text(
            "home_city",
            "id of a monitored city; 'unknown' outside them, or where nothing is told",
        ),
        text(
            "home_source",
            "posts: at least 5 located ones, half of them from there; profile: what "
            "the newest profile with a post says; unknown: posts from here and there",
            allowed=("posts", "profile", "unknown"),
        ),
        count("located_count", "posts of the 180 days that are located"),
        share(
            "home_share",
            "part of the located posts that is from the commonest city; NULL without "
            "located posts",
            nullable=True,
        ),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("source", "author_id", "day"),
)

EVENT_ORIGINS = Table(
    name="event_origins",
    doc="Where the authors of a day of a peak, or of a dip of posts (on its worst: of "
    "all days that were pooled for it), are at home, against the 28 days before the "
    "event began; one row per event, day and home.",
    columns=(
        DAY,
        text("event_kind", "peak or dip", allowed=("peak", "dip")),
        text("event_id", "peak_id or dip_id"),
        text(
            "home_city",
            "id of a monitored city; 'other' holds homes outside these and those with "
            "too few posts for a test, 'unknown' authors whose home is not known",
        ),
        count("observed", "posts of the event's day (of a dip negative ones)"),
        number(
            "expected",
            "such posts on a usual day; NULL for a topic, whose past is not counted "
            "by author",
            nullable=True,
            minimum=0,
        ),
        share(
            "excess_share",
            "part of all that is above the usual among known homes; NULL for unknown "
            "homes, for a topic, and where posts are not up by half",
            nullable=True,
        ),
        share(
            "usual_share",
            "part of the usual posts among known homes; NULL for unknown homes",
            nullable=True,
        ),
        share("known_share", "part of the event's posts whose author's home is known"),
        number(
            "g_statistic",
            "G of the homes on the day against those before; NULL where not "
            "assessable, as for the three below",
            nullable=True,
            minimum=0,
        ),
        count("degrees_of_freedom", "homes compared less one", nullable=True),
        number(
            "dispersion",
            "how many times as much as by chance the shares vary, because an author "
            "has several posts and a city busy days; G is divided by it",
            nullable=True,
            minimum=1,
        ),
        share("p_value", "chance of homes this far from the usual", nullable=True),
        text(
            "verdict",
            "one_city: half or more of the excess from one home, more than usual "
            "(p ≤ 0.05); shifted: other homes than usual, none with half; as_usual; "
            "not_assessable: fewer than two homes with 5 expected posts",
            allowed=("one_city", "shifted", "as_usual", "not_assessable"),
        ),
        text("description", "the verdict in words"),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("event_kind", "event_id", "day", "home_city"),
    in_warehouse=True,
)

INFLUENCER_TABLES = (
    INFLUENCERS,
    MULTI_TRACKER_AUTHORS,
    AUTHOR_CITIES,
    AUTHOR_HOMES,
    EVENT_ORIGINS,
)
