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

# The nightly trend report. It reads the marts only, with an analyst's rights, so
# anyone may copy it and change it: what it asks stands in trendlab.report.trend_page.
# `trendlab report` runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os

from IPython.display import display

from trendlab.places.maps import read_outlines
from trendlab.report import (
    city_map,
    crisis,
    day_plots,
    page,
    rank_plots,
    share_plots,
    trend,
)
from trendlab.report.marts import Marts
from trendlab.report.trend_page import gather

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
shown = gather(marts)
negative_by = marts.negative_by()
marts.close()
activity, people, worn = shown.activity, shown.people, shown.worn

# %%
display(page.heading(f"Fashion trends: {tracker}", 1))
display(
    page.note(
        f"{first_day} to {last_day}, days in UTC unless the tracker names a time zone. "
        "Every figure can be asked of the marts with `trendlab sql`."
    )
)
if shown.has_simulated:
    display(
        page.warning(
            "Some garments in this report are simulated: they were drawn from a "
            "simulated world with detector-like noise, not seen in photos "
            "(model_name = simulated)."
        )
    )
display(
    page.cards(trend.count_up(activity.days, activity.peak_events, activity.dip_events))
)

# %%
display(page.heading("What happened lately"))
lately = trend.tell_lately(activity.peak_events, activity.dip_events, 8)
display(
    page.sentences(lately)
    if lately
    else page.note("No peak and no negative peak in these days.")
)

# %%
display(page.heading("Activity"))
display(
    page.figure(
        lambda width: day_plots.activity_figure(
            activity.days, activity.peaks, activity.dip_events, width=width
        ),
        "Posts a day with the interval that the trailing 84 days let expect; "
        "triangles up are peaks, triangles down are negative peaks.",
    )
)
display(
    page.note(
        "The band is the 90 % interval from the trailing 84 days of the same weekday. "
        "A gap in the line is a day that was not ingested."
    )
)
display(
    page.table(
        activity.peak_events.head(12),
        {
            "apex_on": "apex",
            "tracker": "tracker",
            "where": "city",
            "value": "posts",
            "baseline": "expected",
            "ratio": "times",
            "severity": "severity",
            "top_words": "words",
            "top_authors": "authors",
            "also_in": "also in",
        },
        wide=("top_words", "top_authors", "also_in"),
        empty="No activity peak in these days.",
    )
)
display(
    page.note(
        "Posts and expected are of the apex; words and authors are of all days "
        "of the peak, against the 28 before it began."
    )
)

# %%
display(page.heading("Average or not", 3))
display(
    page.table(
        activity.usual,
        {
            "measure_name": "measure",
            "day": "day",
            "value": "value",
            "expected_low": "average from",
            "expected_high": "to",
            "average": "that is",
        },
        empty="No measure has enough days behind it to be told average or not.",
    )
)
display(
    page.note(
        "The newest day of each measure of the tracker as a whole, against the 90 % "
        "interval of its own past: about one ordinary day in ten is outside. Likes and "
        "comments are read a day after the post, so they may be a day behind. A "
        "trimmed mean leaves out a tenth of the posts at either end. Every day and "
        "city: marts.measure_days."
    )
)

# %%
display(page.heading("Sentiment and negative peaks"))
display(
    page.figure(
        lambda width: day_plots.sentiment_figure(
            activity.days, activity.dip_events, width=width
        ),
        "Share of positive and negative posts among those scored, seven-day means; "
        "shaded days are negative peaks.",
    )
)
display(
    page.note(
        f"{trend.SCORED_BY[negative_by]} Read shares against their own past, not as "
        "opinion polls."
    )
)
display(
    page.table(
        activity.dip_events.head(12),
        {
            "apex_on": "apex",
            **({"tracker": "tracker"} if tracker == "all" else {}),
            "item_kind": "in",
            "topic": "topic",
            "where": "city",
            "also_in": "also in",
            "negative_count": "negative",
            "scored_count": "scored",
            "negative_share": "share",
            "baseline_share": "expected",
            "severity": "severity",
            "top_words": "words",
        },
        shares=("negative_share", "baseline_share"),
        wide=("also_in",),
        empty="No negative peak in these days.",
    )
)
if not activity.dip_events.empty:
    newest_dip = activity.dip_events.iloc[0]
    display(page.heading(f"What was said {crisis.name_worst_days(newest_dip)}", 3))
    display(
        page.table(
            activity.said,
            {"label": "text", "strength": "compound", "observed": "likes"},
            wide=("label",),
        )
    )

# %%
display(page.heading("What places feel", 3))
display(
    page.table(
        activity.felt,
        {
            "city_name": "city",
            "scored_count": "scored",
            "sentiment_index": "index",
            "index_low": "from",
            "index_high": "to",
            "index_change": "change",
            "direction": "half a year",
        },
        empty="No city has 30 scored posts in four weeks.",
    )
)
display(
    page.note(
        "Index: (positive − negative) / scored posts of four weeks, with its 95 % "
        "interval over authors; change: against the four weeks before; half a year: "
        "whether the weekly index has a slope (p ≤ 0.05)."
    )
)

# %%
display(page.heading("Influencers"))
ranked = people.ranked
if ranked.empty:
    display(page.note("No known authors in the newest week."))
else:
    display(
        page.note(
            f"{ranked['window_from'][0]} to {ranked['window_to'][0]}. The score joins "
            "engagement shrunk to the follower tier, reach, h-index, PageRank on "
            "mentions and contribution; each stands in a column of "
            "marts.influencers. Bars are 90 % of the bootstrap ranks."
        )
    )
    display(
        page.figure(
            lambda width: rank_plots.influencers_figure(ranked, width=width),
            "Ranks of the strongest authors with their bootstrap interval.",
        )
    )
    display(
        page.table(
            ranked,
            {
                "rank": "rank",
                "label": "author",
                "tier": "tier",
                "home": "home",
                "posts_count": "posts",
                "likes_per_post": "likes per post",
                "h_index": "h-index",
                "contribution_share": "of the excess",
                "trackers_count": "trackers",
                "flags": "flags",
            },
            shares=("contribution_share",),
        )
    )
if not people.behind.empty:
    display(page.heading("Behind high activity and low sentiment", 3))
    display(
        page.table(
            people.behind,
            {
                "week_start_on": "week",
                "window_kind": "window",
                "rank": "rank",
                "label": "author",
                "posts_count": "posts",
                "contribution_share": "of the excess",
                "home": "home",
            },
            shares=("contribution_share",),
        )
    )

# %%
display(page.heading("What stood out by city"))
display(
    page.sentences(trend.tell_trend_event(row) for _, row in shown.stood_out.iterrows())
    if len(shown.stood_out)
    else page.note("No share of a city stood out from its own curve.")
)
display(
    page.note(
        "Weeks whose share leaves the city's own curve (level, slope and season) by a "
        "beta-binomial test, the most salient first; corrected for the number of "
        "weeks tested. Words: used by more authors than in the weeks around, z ≥ 3; "
        "they need not be why. marts.city_trends has the curves in words."
    )
)
if len(shown.stood_out):
    display(page.heading("Posts of these weeks", 3))
    display(
        page.table(
            shown.stood_out_posts,
            {
                "city_name": "city",
                "value": "of",
                "posted_on": "posted",
                "label": "caption",
                "likes_count": "likes",
                "post_id": "post",
            },
            wide=("label",),
            empty="The posts of these weeks are no longer kept.",
        )
    )
    display(
        page.note(
            "The most liked, of different authors. Their addresses stand in "
            "marts.trend_event_evidence, with the words of events beyond these."
        )
    )

# %%
display(page.heading("Garments by city"))
if worn is None:
    display(
        page.note("No complete week with looks yet: ingest photos, then run the night.")
    )
else:
    display(
        page.note(
            "Share of looks with the garment, by ISO week; lines are four-week means, "
            "dots are weeks. The five garments that move most. Model: "
            f"{worn.model_name}; classes nobody has reviewed are unverified."
        )
    )
    display(
        page.figure(
            lambda width: share_plots.shares_figure(
                worn.panels, worn.moving, width=width
            ),
            "Weekly shares of the five garments that move most, a panel a city.",
        )
    )
    display(
        page.table(
            worn.newest,
            {
                "value": "garment",
                "share": "share of looks",
                "share_low": "95 % from",
                "share_high": "to",
                "change_4_weeks": "change in 4 weeks",
                "looks_count": "looks",
                "review_status": "verified",
            },
            shares=("share", "share_low", "share_high", "change_4_weeks"),
        )
    )

# %%
display(page.heading("Colours"))
if worn is None:
    display(page.note("No colours yet."))
else:
    display(
        page.figure(
            lambda width: share_plots.colours_figure(worn.colours, width=width),
            "Share of looks by main colour: the newest four weeks as bars, the same "
            "four weeks a year before as ticks.",
        )
    )

# %%
display(page.heading("Cities"))
frame = trend.place_cities(shown.cities)
outlines = read_outlines()
display(
    page.note("Posts of the newest 28 days; colour: change against the 28 days before.")
)
display(
    page.figure(
        lambda width: city_map.city_map(frame, outlines, width=width),
        "Map of the monitored cities; circle area is the number of posts.",
    )
)
elsewhere = trend.share_elsewhere(shown.cities)
if elsewhere is not None:
    display(
        page.note(
            f"{100 * elsewhere:.0f} % of posts name no monitored city; they count in "
            "the totals."
        )
    )

# %%
display(page.heading("Data quality"))
display(
    page.table(
        shown.quality.sources,
        {
            "source": "source",
            "posts_count": "posts",
            "rejected_count": "rejected",
            "rejected_share": "share rejected",
            "top_reasons": "reasons",
            "like_coverage": "likes known",
            "language_coverage": "scored (English)",
            "vision_failures_count": "photos refused",
            "missing_days_count": "days missing",
            "partial_days_count": "days in part",
        },
        shares=("rejected_share", "like_coverage", "language_coverage"),
    )
)
if not shown.quality.coverage.empty:
    display(
        page.figure(
            lambda width: day_plots.coverage_figure(
                shown.quality.coverage, width=width
            ),
            "Days covered, covered in part and missing, by tracker and source.",
        )
    )
if shown.quality.precision.empty:
    display(
        page.note(
            "Nobody has reviewed garments yet: every class is unverified. "
            "`trendlab review export` writes photos to check."
        )
    )
else:
    display(page.heading("Precision by garment class, from reviews", 3))
    display(
        page.table(
            shown.quality.precision,
            {
                "category": "class",
                "review_status": "status",
                "random_reviews_count": "random reviews",
                "precision_share": "precision",
                "precision_low": "95 % from",
                "precision_high": "to",
            },
            shares=("precision_share", "precision_low", "precision_high"),
        )
    )
display(
    page.Html(
        "<footer>Made by trendlab. Lead and lag are not cause; shares describe the "
        "posts collected, not the people of a city.</footer>"
    )
)
