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
# anyone may copy it and change it. `trendlab report` runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os
from datetime import date, timedelta

from IPython.display import display

from trendlab.places.maps import read_outlines
from trendlab.report import city_map, day_plots, page, rank_plots, share_plots, trend
from trendlab.report.events import group_events
from trendlab.report.marts import Marts

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
ask = marts.ask

days = ask(
    "select * from marts.activity_daily where tracker = :tracker and city = 'all' "
    "and day between :first_day and :last_day order by day"
)
peaks = ask(
    "select * from marts.peaks where (:tracker in (tracker, 'all')) "
    "and measure = 'posts' "
    "and end_on >= :first_day and start_on <= :last_day order by apex_on desc"
)
dips = ask(
    "select * from marts.dips where (:tracker in (tracker, 'all')) "
    "and end_on >= :first_day and start_on <= :last_day order by apex_on desc"
)
names = marts.city_names(all="everywhere", unknown="unknown city")
# one event shows in totals, cities, topics and comments: each is told once
peak_events = trend.name_places(group_events(peaks), names)
dip_events = trend.name_places(group_events(dips), names)
newest_week = ask(
    "select max(week_start_on) as week from marts.garment_trends "
    "where tracker = :tracker and is_complete and week_start_on <= :last_day"
)["week"][0]
# the model that saw the most looks comes first, and is the one shown
model_names = list(
    ask(
        "select model_name from marts.garment_trends where tracker = :tracker "
        "and city = 'all' and week_start_on between :first_day and :last_day "
        "group by model_name order by sum(looks_count) desc"
    )["model_name"]
)

# %%
display(page.heading(f"Fashion trends: {tracker}", 1))
display(
    page.note(
        f"{first_day} to {last_day}, days in UTC unless the tracker names a time zone. "
        "Every figure can be asked of the marts with `trendlab sql`."
    )
)
if "simulated" in model_names:
    display(
        page.warning(
            "Some garments in this report are simulated: they were drawn from a "
            "simulated world with detector-like noise, not seen in photos "
            "(model_name = simulated)."
        )
    )
display(page.cards(trend.count_up(days, peak_events, dip_events)))

# %%
display(page.heading("What happened lately"))
lately = trend.tell_lately(peak_events, dip_events, 8)
display(
    page.sentences(lately)
    if lately
    else page.note("No peak and no negative peak in these days.")
)

# %%
display(page.heading("Activity"))
citywide_peaks = peaks[(peaks["city"] == "all") & (peaks["tracker"] == tracker)]
total_dips = dip_events
display(
    page.figure(
        lambda width: day_plots.activity_figure(
            days, citywide_peaks, total_dips, width=width
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
        peak_events.head(12),
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

# %%
display(page.heading("Sentiment and negative peaks"))
display(
    page.figure(
        lambda width: day_plots.sentiment_figure(days, total_dips, width=width),
        "Share of positive and negative posts among those scored, seven-day means; "
        "shaded days are negative peaks.",
    )
)
display(
    page.note(
        "VADER scores on English posts only. It is weak on complaints: 49 % of airline "
        "complaints are put in the right of three classes. Read shares against their "
        "own past, not as opinion polls."
    )
)
display(
    page.table(
        dip_events.head(12),
        {
            "apex_on": "apex",
            "tracker": "tracker",
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
        wide=("topic", "also_in"),
        empty="No negative peak in these days.",
    )
)
if not dip_events.empty:
    newest_dip = dip_events.iloc[0]
    said = ask(
        "select rank, label, observed, strength from marts.dip_evidence "
        "where dip_id = :dip_id and evidence_kind in ('post', 'comment') "
        "order by rank limit 6",
        dip_id=newest_dip["dip_id"],
    )
    display(page.heading(f"What was said on {newest_dip['apex_on']}", 3))
    display(
        page.table(
            said,
            {"label": "text", "strength": "compound", "observed": "likes"},
            wide=("label",),
        )
    )

# %%
display(page.heading("What places feel", 3))
felt = ask(
    "select city_name, scored_count, sentiment_index, index_low, index_high, "
    "index_change, direction from marts.city_sentiment where tracker = :tracker "
    "and city not in ('all', 'unknown') and last_on = (select max(last_on) from "
    "marts.city_sentiment where tracker = :tracker and last_on <= :last_day) "
    "and not is_suppressed order by sentiment_index"
)
display(
    page.table(
        felt,
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
ranked = ask(
    "select * from marts.influencers where tracker = :tracker and is_newest "
    "and window_kind = 'all' order by rank limit 12"
)
if ranked.empty:
    display(page.note("No known authors in the newest week."))
else:
    ranked = trend.name_authors(ranked, names)
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
behind = ask(
    "select * from marts.influencers where tracker = :tracker "
    "and window_kind in ('high_activity', 'low_sentiment') and rank <= 3 "
    "and week_start_on >= cast(:last_day as date) - 90 "
    "order by week_start_on desc, window_kind, rank limit 12"
)
if not behind.empty:
    behind = trend.name_authors(behind, names)
    behind["window_kind"] = behind["window_kind"].str.replace("_", " ")
    display(page.heading("Behind high activity and low sentiment", 3))
    display(
        page.table(
            behind,
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
stood_out = ask(
    "select * from marts.trend_events where tracker = :tracker "
    "and city not in ('all', 'unknown') "
    "and last_week_on between :first_day and :last_day order by rank limit 8"
)
display(
    page.sentences(trend.tell_trend_event(row) for _, row in stood_out.iterrows())
    if len(stood_out)
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
if len(stood_out):
    shown = ask(
        "select city_name, value, posted_on, left(label, 200) as label, "
        "likes_count, post_id "
        "from marts.trend_event_evidence where tracker = :tracker "
        "and evidence_kind = 'post' and rank <= 2 and event_id = any(:event_ids) "
        "order by event_rank, rank",
        event_ids=list(stood_out["event_id"][:3]),
    )
    display(page.heading("Posts of these weeks", 3))
    display(
        page.table(
            shown,
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
if newest_week is None:
    display(
        page.note("No complete week with looks yet: ingest photos, then run the night.")
    )
else:
    model_name = model_names[0]
    garments = ask(
        "select city, week_start_on, value, share, share_low, share_high, "
        "looks_count, is_thin, review_status, change_4_weeks "
        "from marts.garment_trends where tracker = :tracker and is_complete "
        "and model_name = :model_name "
        "and week_start_on between :first_day and :last_day",
        model_name=model_name,
    )
    top_cities = trend.busiest_cities(garments, 6)
    moving = trend.moving_values(garments, top_cities, 5)
    shown = garments[garments["city"].isin(top_cities)].sort_values("city")
    shown["city"] = shown["city"].map(lambda city: names.get(city, city))
    display(
        page.note(
            f"Share of looks with the garment, by ISO week; lines are four-week means, "
            f"dots are weeks. The five garments that move most. Model: {model_name}; "
            f"classes nobody has reviewed are unverified."
        )
    )
    display(
        page.figure(
            lambda width: share_plots.shares_figure(shown, moving, width=width),
            "Weekly shares of the five garments that move most, a panel a city.",
        )
    )
    now = garments[
        (garments["week_start_on"] == newest_week) & (garments["city"] == "all")
    ].sort_values("share", ascending=False)
    display(
        page.table(
            now,
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
if newest_week is None:
    display(page.note("No colours yet."))
else:
    before_from = max(newest_week - timedelta(weeks=55), date.fromisoformat(first_day))
    colours = ask(
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
        now_from=newest_week - timedelta(weeks=4),
        before_from=before_from,
        before_to=before_from + timedelta(weeks=4),
    )
    display(
        page.figure(
            lambda width: share_plots.colours_figure(colours, width=width),
            "Share of looks by main colour: the newest four weeks as bars, the same "
            "four weeks a year before as ticks.",
        )
    )

# %%
display(page.heading("Cities"))
cities = ask("select * from marts.city_activity where tracker = :tracker")
frame = trend.place_cities(cities)
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
elsewhere = trend.share_elsewhere(cities)
if elsewhere is not None:
    display(
        page.note(
            f"{100 * elsewhere:.0f} % of posts name no monitored city; they count in "
            "the totals."
        )
    )

# %%
display(page.heading("Data quality"))
quality = ask("select * from marts.data_quality order by source")
display(
    page.table(
        quality,
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
coverage = ask(
    "select tracker, source, day, status from marts.coverage_days "
    "where day between :first_day and :last_day order by tracker, source, day"
)
if not coverage.empty:
    coverage["label"] = coverage["tracker"] + " · " + coverage["source"]
    display(
        page.figure(
            lambda width: day_plots.coverage_figure(coverage, width=width),
            "Days covered, covered in part and missing, by tracker and source.",
        )
    )
precision = ask(
    "select * from marts.class_precision where is_newest_version order by category"
)
if precision.empty:
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
            precision,
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
marts.close()
display(
    page.Html(
        "<footer>Made by trendlab. Lead and lag are not cause; shares describe the "
        "posts collected, not the people of a city.</footer>"
    )
)
