"""Tables of events: peaks and dips, and what explains them."""

from __future__ import annotations

from trendlab.schemas.core import (
    CITY,
    DAY,
    ITEM_KINDS,
    MEASURES,
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

PEAKS = Table(
    name="peaks",
    doc="Activity peaks as known on a day; one row per peak and day on which it ran. "
    "The newest row of a peak_id is its present state.",
    columns=(
        DAY,
        text("peak_id", "hash of tracker, city, measure and start_on"),
        TRACKER,
        CITY,
        text("measure", "posts, likes_per_post or activity", allowed=MEASURES),
        date("start_on", "first day"),
        date("apex_on", "day with the greatest z so far"),
        date("end_on", "last day so far"),
        number("value", "value at the apex"),
        number("baseline", "expected value at the apex"),
        number("ratio", "value / baseline at the apex"),
        number("z", "z at the apex"),
        number("excess", "sum of value − baseline over the run"),
        count("severity", "1 (mild) to 10 (extreme)", maximum=10),
        flag("is_cold_start", "fewer than 28 valid days behind it"),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("peak_id", "day"),
    in_warehouse=True,
)

DIPS = Table(
    name="dips",
    doc="Negative peaks as known on a day: the count of negatives is up, or their "
    "share; one row per dip and day on which it ran. The newest row of a dip_id is "
    "its present state.",
    columns=(
        DAY,
        text("dip_id", "hash of tracker, city, topic, item_kind and start_on"),
        TRACKER,
        CITY,
        text("topic", "words of the topic, or '' for the whole tracker"),
        text("item_kind", "posts or comments", allowed=ITEM_KINDS),
        date("start_on", "first day"),
        date("apex_on", "day with the smallest p so far"),
        date("end_on", "last day so far"),
        flag("is_count_up", "the count of negatives is up"),
        flag("is_share_up", "the share of negatives is up"),
        count("negative_count", "negatives at the apex"),
        count("scored_count", "scored at the apex"),
        count(
            "negative_authors_count",
            "authors of the negatives at the apex, each once over pooled days",
            nullable=True,
        ),
        share("negative_share", "negatives / scored at the apex"),
        share("baseline_share", "expected share from the trailing 56 days"),
        number("lift", "share / expected share"),
        share("p_value", "beta-binomial upper tail at the apex"),
        number("overdispersion", "estimated rho of the beta-binomial", minimum=0),
        count("severity", "1 (mild) to 10 (extreme)", maximum=10),
        count(
            "pooled_days",
            "days pooled to reach 20 scored, the apex the last of them; 1 is none",
        ),
        flag("is_cold_start", "fewer than 28 valid days behind it"),
        flag("is_author_rule_assessable", "false where authors are unknown"),
        share(
            "language_coverage",
            "share of the items that were scored, of all pooled days",
        ),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("dip_id", "day"),
    in_warehouse=True,
)

EVIDENCE = Table(
    name="evidence",
    doc="What is over-represented on a day in a dip (on its worst: on all days that "
    "were pooled for it), or in a peak from its start to that day, against the 28 days "
    "before; one row per event, day, kind and rank.",
    columns=(
        DAY,
        text("event_kind", "peak or dip", allowed=("peak", "dip")),
        text("event_id", "peak_id or dip_id"),
        text(
            "evidence_kind",
            "what the row names",
            allowed=("post", "comment", "author", "hashtag", "word", "city", "garment"),
        ),
        count("rank", "1 is the strongest"),
        text("item", "id or term"),
        text(
            "label",
            "what to show a person; a text beyond 200 characters is cut and ends in an "
            "ellipsis",
            nullable=True,
        ),
        text("url", "address of the post", nullable=True),
        number(
            "observed",
            "items of an author or city, garments of a class, authors of a term (each "
            "once a day), on the days counted; likes of a post or comment",
            nullable=True,
        ),
        number(
            "expected",
            "in the unit of observed: as many as usual on as many days (author, city) "
            "or among as many items (term, garment); NULL of a post or comment, and of "
            "a topic's city",
            nullable=True,
        ),
        number(
            "strength",
            "share of the excess, or of a topic's items (author, city), log-odds z "
            "(term, garment), or compound (post, comment)",
            nullable=True,
        ),
        RUN_ID,
    ),
    key=("event_kind", "event_id", "day", "evidence_kind", "rank"),
    in_warehouse=True,
)

EVENT_AUTHORS = Table(
    name="event_authors",
    doc="How few authors made a peak from its start to a day, or a dip of posts on a "
    "day or the days that were pooled for it; one row per event and day.",
    columns=(
        DAY,
        text("event_kind", "peak or dip", allowed=("peak", "dip")),
        text("event_id", "peak_id or dip_id"),
        count("authors_count", "known authors with an item in the event"),
        share("known_share", "part of the event's items whose author is known"),
        share(
            "top_share",
            "the strongest author's part of all positive excess over authors' own "
            "usual; NULL where not assessable",
            nullable=True,
        ),
        share(
            "hhi",
            "sum of the squared parts: 1 is one author, 0.1 is like ten equal ones; "
            "NULL where not assessable",
            nullable=True,
        ),
        text(
            "verdict",
            "single: one author has half of the excess; few: as if fewer than ten "
            "had made it; broad: more; none: nobody above the usual; not_assessable: "
            "fewer than half of the authors are known, or fewer than five posts are "
            "above the usual",
            allowed=("single", "few", "broad", "none", "not_assessable"),
        ),
        RUN_ID,
    ),
    key=("event_kind", "event_id", "day"),
    in_warehouse=True,
)
