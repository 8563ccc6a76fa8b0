# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# Who carries a tracker: ranks with their intervals, by follower tier, behind peaks
# and negative peaks, in several trackers, and who deserves a second look. It reads the
# marts only, with an analyst's rights.
# `trendlab report --notebook influencers --tracker NAME` runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os

import pandas as pd
from IPython.display import display

from trendlab.report import page, rank_plots
from trendlab.report.authors import authors_behind, authors_of_several
from trendlab.report.marts import Marts
from trendlab.report.trend import name_authors

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
ask = marts.ask
TIERS = ("mega", "macro", "mid", "micro", "nano", "unknown")
WINDOWS = {
    "high_activity": "activity peaks",
    "low_sentiment": "negative peaks",
    "both": "both at once",
}
MEASURES = {
    "label": "author",
    "tier": "tier",
    "home": "home",
    "followers_count": "followers",
    "posts_count": "posts",
    "likes_per_post": "likes a post",
    "h_index": "h-index",
    "contribution_share": "of the excess",
}


names = marts.city_names()


def with_labels(rows: pd.DataFrame) -> pd.DataFrame:
    """Name authors by their handle, and their homes in words."""
    return name_authors(rows, names, unknown="–")


ranked = with_labels(
    ask(
        "select * from marts.influencers where tracker = :tracker "
        "and week_start_on = (select max(week_start_on) from marts.influencers "
        "where tracker = :tracker and week_start_on <= :last_day) order by rank"
    )
)
everyone = ranked[ranked["window_kind"] == "all"]

# %%
display(page.heading(f"Influencers: {tracker}", 1))
if everyone.empty:
    display(
        page.note(
            "No known author posted under this tracker up to "
            f"{last_day}, or the night has not ranked them yet."
        )
    )
else:
    newest = everyone.iloc[0]
    display(
        page.note(
            f"28 days, {newest['window_from']} to {newest['window_to']}. The score "
            "joins engagement for the follower tier, reach, h-index of likes, PageRank "
            "on mentions, and the part of peaks; each stands in its own column of "
            "marts.influencers. The best 50 authors of each window are kept."
        )
    )
    display(
        page.cards(
            {
                "authors kept": f"{len(everyone):,}",
                "of them brands": f"{(everyone['author_kind'] == 'brand').sum():,}",
                "in several trackers": f"{everyone['is_multi_tracker'].sum():,}",
                "worth a second look": f"{(everyone['flags'] != '').sum():,}",
            }
        )
    )
    display(
        page.figure(
            lambda width: rank_plots.influencers_figure(everyone.head(15), width=width),
            "Ranks of the fifteen strongest authors with 90 % of their bootstrap "
            "ranks: where bars overlap, the order is chance.",
        )
    )

# %%
people = everyone[everyone["author_kind"] != "brand"]
brands = everyone[everyone["author_kind"] == "brand"]
display(page.heading("People"))
display(
    page.table(
        people.head(12),
        {"rank": "rank", "rank_low": "from", "rank_high": "to", **MEASURES},
        shares=("contribution_share",),
        empty="No people are ranked.",
    )
)
if len(brands):
    display(page.heading("Brands", 3))
    display(
        page.table(
            brands.head(6),
            {"rank": "rank", **MEASURES},
            shares=("contribution_share",),
        )
    )

# %%
display(page.heading("The strongest of each follower tier"))
by_tier = pd.concat(
    [people[people["tier"] == tier].head(3) for tier in TIERS], ignore_index=True
)
display(
    page.table(
        by_tier,
        {
            "tier": "tier",
            "rank": "rank",
            "label": "author",
            "followers_count": "followers",
            "likes_per_post": "likes a post",
            "home": "home",
        },
        empty="No people are ranked.",
    )
)
display(
    page.note(
        "Nano is up to 10,000 followers, micro 100,000, mid 500,000, macro a million, "
        "mega above; unknown where the source tells no followers, and then no rate is "
        "made up."
    )
)

# %%
display(page.heading("Behind peaks and negative peaks"))
behind = with_labels(authors_behind(marts, a_window=5, most=20))
display(
    page.table(
        behind.assign(window=behind["window_kind"].map(WINDOWS)),
        {
            "week_start_on": "week",
            "window": "days of",
            "rank": "rank",
            "label": "author",
            "posts_count": "posts",
            "contribution_share": "of the excess",
            "negative_excess": "negatives above usual",
            "home": "home",
        },
        shares=("contribution_share",),
        empty="No peak in the last three months.",
    )
)
if len(behind) and behind["contribution_share"].isna().any():
    display(
        page.note(
            "A dash: fewer than 14 days outside of peaks are known, too few to tell "
            "what is usual."
        )
    )
events = ask(
    "select apex_on, 'activity peak' as what, tracker, city, severity, "
    "authors_verdict, top_author_share, top_authors, origin_verdict, origin "
    "from marts.peaks "
    "where tracker = :tracker and measure = 'posts' "
    "and apex_on between cast(:last_day as date) - 90 and :last_day "
    "union all select apex_on, 'negative peak', tracker, city, severity, "
    "authors_verdict, top_author_share, top_authors, origin_verdict, origin "
    "from marts.dips "
    "where tracker = :tracker and item_kind = 'post' "
    "and apex_on between cast(:last_day as date) - 90 and :last_day "
    "order by apex_on desc, severity desc limit 12"
)
display(page.heading("One author, a few, or many", 3))
display(
    page.table(
        events.assign(
            where=events["city"].map(
                {**names, "all": "everywhere", "unknown": "places unknown"}
            ),
            authors_verdict=events["authors_verdict"].str.replace("_", " "),
        ),
        {
            "apex_on": "worst or best day",
            "what": "event",
            "where": "where",
            "severity": "severity",
            "authors_verdict": "made by",
            "top_author_share": "strongest author",
            "top_authors": "authors",
        },
        shares=("top_author_share",),
        wide=("top_authors",),
        empty="No peak in the last three months.",
    )
)
display(
    page.note(
        "Against the authors' own 28 days before it began; of an activity peak all its "
        "days, of a negative peak the worst or those pooled with it."
    )
)
told = events[events["origin_verdict"].isin(["one_city", "shifted"])]
is_told = (events["origin_verdict"] != "not_assessable").any()
display(page.heading("Peaks from other homes than usual", 3))
display(
    page.table(
        told,
        {"apex_on": "worst or best day", "what": "event", "origin": "where from"},
        wide=("origin",),
        empty=(
            "Where it can be told, authors were at home where they usually are."
            if is_told
            else "It can be told of none: too few of the authors have a known home."
        ),
    )
)

# %%
display(page.heading("In several trackers"))
several = authors_of_several(marts, most=12)
display(
    page.table(
        with_labels(several),
        {
            "label": "author",
            "trackers": "trackers",
            "tracker_entropy": "entropy, bits",
            "tracker_lift": "lift",
            "best_rank": "best rank",
            "followers_count": "followers",
            "home": "home",
        },
        wide=("trackers",),
        empty="Nobody has two posts in each of two trackers.",
    )
)

# %%
display(page.heading("Where they are at home"))
homes = (
    people.groupby("home", as_index=False)
    .agg(authors_count=("label", "size"), posts_count=("posts_count", "sum"))
    .sort_values(["authors_count", "home"], ascending=[False, True])
)
display(
    page.table(
        homes.head(12),
        {"home": "home", "authors_count": "authors", "posts_count": "posts"},
        empty="No people are ranked.",
    )
)

# %%
display(page.heading("Worth a second look"))
flagged = everyone[everyone["flags"] != ""]
display(
    page.table(
        flagged.assign(flags=flagged["flags"].str.replace("_", " ")).head(12),
        {
            "label": "author",
            "flags": "what is out of line",
            "followers_count": "followers",
            "likes_per_post": "likes a post",
            "posts_count": "posts",
            "copied_comments_share": "copied comments",
        },
        shares=("copied_comments_share",),
        wide=("flags",),
        empty="Nobody is out of line.",
    )
)
display(
    page.note(
        "A flag asks a person to look: likes out of line with the followers, followers "
        "that jump, bursts of posts, comments that strangers wrote word for word under "
        "other posts too. It proves nothing."
    )
)
