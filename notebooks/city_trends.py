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

# City trends: what rises and falls, where, what is expected, what stood out. It reads
# the marts only, with an analyst's rights. `trendlab report --notebook city_trends`
# runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os
from datetime import date

import pandas as pd
from IPython.display import display

from trendlab.report import (
    city_ranks,
    city_trends,
    page,
    trend_panels,
    trend_wording,
)
from trendlab.report.city_trends_page import OF_MODEL, gather
from trendlab.report.marts import Marts

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
EVENT_PANELS, MOVER_PANELS, MOVERS, COMPARED_VALUES, TOLD_EVENTS = 6, 6, 16, 4, 15
# more rows a panel would fill three screens of a phone
DRAWN_CITIES = 12
KINDS = {
    "garment": "Garments",
    "fine_category": "Finer kinds of garments",
    "colour": "Colours",
    "pattern": "Patterns",
    "sleeve": "Sleeves",
    "length": "Lengths",
    "style": "Styles",
    "discovered_style": "Styles that were found",
}
shown = gather(marts, with_event=EVENT_PANELS, moving=MOVER_PANELS, movers=MOVERS)
if shown:
    model, trends, events = shown.model, shown.trends, shown.events
    last_week = model["last_week_on"]
    made_by = f"model: {model['model_name']}"
    ahead = shown.weeks_ahead
    # the columns that every table of series ends with
    OF_SERIES = {
        "share_before": "a year ago",
        "share": "now",
        "end": f"in {ahead} weeks (80 %)" if ahead else "expected",
        "change": "points a year (95 %)",
        "description": "curve",
    }


def series_table(rows, first, **more):
    """Show a row a series: what `first` names, then its shares and its curve."""
    wide = ("description", *more.pop("wide", ()))
    columns = {**first, **OF_SERIES, **more.pop("last", {})}
    return page.table(
        rows, columns, shares=("share", "share_before"), wide=wide, **more
    )


# %%
display(page.heading(f"City trends: {tracker}", 1))
if not shown:
    display(
        page.note(
            "No trends yet. They are fitted with the night of a Sunday, or at once by "
            "`trendlab weekly`, to weekly shares of looks; a series needs 8 complete "
            "weeks."
        )
    )

# %%
if shown:
    display(
        page.note(
            f"Complete weeks from {model['first_week_on']} to {last_week}, "
            f"{model['series_count']:,} series (a garment, colour or style in a city), "
            f"model {model['model_name']}. Shares are of the looks in the posts "
            "collected, not of the people of a city."
        )
    )
    if model["model_name"] == "simulated":
        display(
            page.warning(
                "These looks are simulated: drawn from a simulated world with "
                "detector-like noise, not seen in photos."
            )
        )
    if model["week_start_on"] > date.fromisoformat(last_day):
        display(
            page.warning(
                f"The page was asked for up to {last_day}, but trends are kept as of "
                f"the newest week only: what follows is as of {last_week}."
            )
        )
    rising = int((trends["direction"] == "rising").sum())
    falling = int((trends["direction"] == "falling").sum())
    display(
        page.cards(
            {
                "cities": f"{model['cities_count']:,}",
                "series": f"{len(trends):,}",
                "rising": f"{rising:,}",
                "falling": f"{falling:,}",
                "events": f"{len(events):,}",
                "series with a forecast": f"{len(shown.coming):,}",
            }
        )
    )

# %%
if shown:
    display(page.heading("What rises and falls"))
    movers = shown.movers
    if movers.empty:
        display(page.note("Nothing rises or falls beyond what chance explains."))
    else:
        movers["label"] = movers["where"] + ": " + movers["told"]
        display(
            page.figure(
                lambda width: trend_panels.movers_figure(
                    movers, width=width, source=made_by
                ),
                "Change of the share in a year, with its 95 % interval, of the "
                f"{len(movers)} surest movers: " + "; ".join(movers["label"]) + ".",
            )
        )
    display(
        page.note(
            f"The {MOVERS} series with the greatest sure change: the end of the "
            "slope's 95 % interval that lies nearest to zero. A slope is called "
            "rising or falling where the interval leaves zero out and the change is "
            "5 % of the mean share a year or more. Each series is tested by itself: "
            f"of {len(trends):,} up to {0.05 * len(trends):,.0f} would be called so "
            "by chance if nothing moved."
        )
    )
    for kind in shown.kinds:
        display(page.heading(KINDS[kind], 3))
        display(
            series_table(
                shown.movers_of(kind),
                {"value": kind.replace("_", " ")},
                last={"moves_in": "cities"},
                wide=("moves_in",),
                empty=f"{KINDS[kind]}: steady in every city.",
            )
        )
    display(
        page.note(
            f"Now: the newest {city_trends.NOW_WEEKS} complete weeks, all places "
            "together; a year ago: the same weeks 52 before. Brackets of a forecast "
            "hold eight of ten; points a year are the slope of the curve over the "
            "whole history, its season set apart, so they may differ from the two "
            "quarters. With less than three years a slope and a season are hard to "
            "tell apart. Values that are steady everywhere are not listed."
        )
    )


# %%
def show_panels(rows, empty):
    """Show small multiples and, below them, the same in words."""
    if rows.empty:
        display(page.note(empty))
        return
    panels = [shown.panel_of(row) for _, row in rows.iterrows()]
    titles = "; ".join(panel.title for panel in panels)
    display(
        page.figure(
            lambda width: trend_panels.panels_figure(
                panels, width=width, source=made_by
            ),
            f"Small multiples, a panel a series: weekly shares with their intervals, "
            f"trend curve, forecast and events of {titles}.",
        )
    )
    words = shown.in_words(rows)
    columns = {
        "where": "city",
        "told": "what",
        "description": "curve",
        "expected": "expected",
    }
    if (words["marks"] != "–").any():
        columns["marks"] = "events, by their number"
    display(page.table(words, columns, wide=("expected", "marks")))


if shown:
    display(page.heading("Series with the most salient events"))
    show_panels(shown.drawn, "No week stood out from its curve.")
    display(page.heading("Series that rise or fall most"))
    show_panels(shown.moving, "No further series rises or falls.")
    display(
        page.note(
            f"The first {EVENT_PANELS} series are those whose events lie furthest off "
            f"their curve, the other {MOVER_PANELS} the surest movers among the rest. "
            "Each panel has its own scale, from zero. Weeks that are missing have no "
            "point; the newest week is left out until it is complete."
        )
    )

# %%
if shown:
    display(page.heading("City by city"))
    monitored = trends[~trends["city"].isin(["all", "unknown"])]
    groups = dict(list(monitored.groupby(["kind", "value"])))
    chosen = city_ranks.widest_gaps(monitored, COMPARED_VALUES)
    if chosen:
        placed = trends[trends["city"] != "unknown"].set_index(["kind", "value"])
        compared = pd.concat([placed.loc[[key]] for key in chosen])
        compared = compared.dropna(subset=["share"]).reset_index()
        drawn = city_ranks.keep_ends(compared, DRAWN_CITIES)
        display(
            page.figure(
                lambda width: trend_panels.cities_figure(
                    drawn, width=width, source=made_by
                ),
                "Share in each city, now and a year before, of "
                + ", ".join(dict.fromkeys(compared["told"]))
                + ".",
            )
        )
        display(
            page.sentences(
                trend_wording.tell_who_leads(groups[key]["told"].iloc[0], groups[key])
                for key in chosen
            )
        )
        display(
            page.note(
                f"The {len(chosen)} values in which the first city differs most "
                f"surely from the last. Now: the newest {city_trends.NOW_WEEKS} "
                "complete weeks. A city is called ahead where its 95 % interval lies "
                "above that of the last city; among many cities a pair differs so by "
                "chance now and then. Who is ahead need not be who leads: that is the "
                "report `influence`."
                + (
                    f" Drawn are the first and the last {DRAWN_CITIES // 2} cities."
                    if len(drawn) < len(compared)
                    else ""
                )
            )
        )
    tables = [
        page.folded(
            f"{trend_wording.tell_series(kind, value)}: rising in "
            f"{(rows['direction'] == 'rising').sum()}, falling in "
            f"{(rows['direction'] == 'falling').sum()} of {len(rows)} cities",
            series_table(rows.sort_values("share", ascending=False), {"where": "city"}),
        )
        for (kind, value), rows in groups.items()
    ]
    display(page.folded(f"All {len(tables)} values, city by city", *tables))

# %%
if shown:
    display(page.heading("One city at a time"))
    for city, rows in monitored.sort_values("where").groupby("city", sort=False):
        own = events[events["city"] == city]
        moved = rows[rows["direction"] != "steady"].sort_values(
            "slope_per_year", ascending=False
        )
        counts = moved["direction"].value_counts()
        display(
            page.folded(
                f"{rows['where'].iloc[0]}: rising {counts.get('rising', 0)}, "
                f"falling {counts.get('falling', 0)}, events {len(own)}",
                series_table(
                    moved,
                    {"told": "what"},
                    empty="Nothing rises or falls beyond what chance explains.",
                ),
                page.sentences(
                    f"Event {event.rank}: {event.told} {event.description}."
                    for event in own.head(TOLD_EVENTS).itertuples()
                ),
            )
        )

# %%
if shown:
    display(page.heading("Events"))
    display(
        page.table(
            events.head(TOLD_EVENTS).assign(
                sure=events["is_firm"].map({True: "firm", False: "candidate"})
            ),
            {
                "rank": "number",
                "where": "city",
                "told": "what",
                "description": "what happened",
                "recurrence": "returns",
                "top_hashtags": "hashtags",
                "top_words": "words",
                "sure": "how sure",
                "saliency": "saliency",
            },
            wide=("description", "top_words", "top_hashtags"),
            empty="No week stood out from its curve.",
        )
    )
    if len(events):
        display(
            page.note(
                "Saliency: standard deviations that the weeks lie off the curve "
                "together. A candidate would not stand out if it were counted that the "
                "usual spread of its series is known from few weeks only. Words and "
                "hashtags: written by more people than in the weeks around; they need "
                "not be why the share moved, and a dash says "
                "that none stood out. Of two values that exclude each other, a rise of "
                "one is a drop of the other."
                + (
                    f" {len(events) - TOLD_EVENTS} less salient events are in "
                    "marts.trend_events."
                    if len(events) > TOLD_EVENTS
                    else ""
                )
            )
        )
    for event in events.head(TOLD_EVENTS).itertuples():
        posts = shown.evidence[shown.evidence["event_id"] == event.event_id]
        if posts.empty:
            continue
        display(
            page.folded(
                f"Posts of event {event.rank}: {event.where}, {event.told}",
                page.table(
                    posts,
                    {
                        "posted_on": "posted",
                        "label": "text",
                        "likes_count": "likes",
                        "source": "source",
                        "post_id": "post",
                    },
                    wide=("label",),
                ),
            )
        )

# %%
if shown:
    display(page.heading("How far to trust the forecasts"))
    display(
        page.sentences(
            trend_wording.tell_trust(shown.forecasts, len(trends), len(shown.coming))
        )
    )

# %%
if shown:
    display(page.heading("Data quality"))
    display(
        page.table(
            shown.count_cities(),
            {
                "where": "city",
                "weeks_count": "weeks with looks",
                "looks_a_week": "looks a week",
                "thin_share": "thin weeks",
            },
            shares=("thin_share",),
        )
    )
    reviewed = marts.ask(
        "select value, max(review_status) as review_status from marts.garment_trends "
        f"{OF_MODEL} and week_start_on = :last_week group by value",
        model_name=model["model_name"],
        last_week=last_week,
    )
    verified = int((reviewed["review_status"] == "verified").sum())
    display(
        page.note(
            f"Looks a week and thin weeks (under 100 looks) of the newest "
            f"{city_trends.NOW_WEEKS} complete weeks, of the kind with the fewest."
            + (
                f" {verified} of {len(reviewed)} garment classes were verified by "
                "reviewers; classes found too often wrong are left out."
                if len(reviewed)
                else ""
            )
        )
    )

# %%
if shown:
    display(page.heading("Styles"))
    styles = marts.ask(
        "select name, share_now, life_cycle from marts.styles "
        "where is_newest and model_name = :model_name order by rank limit 6",
        model_name=model["model_name"],
    )
    display(
        page.table(
            styles,
            {"name": "style", "share_now": "now", "life_cycle": "life cycle"},
            shares=("share_now",),
            wide=("name",),
            empty="No styles were discovered yet.",
        )
    )
    atlas = os.environ.get("TRENDLAB_STYLE_ATLAS", "")
    if atlas:
        display(page.beside("The style atlas, in the same folder", atlas))
    display(
        page.note("`trendlab report --notebook styles` writes the atlas of all styles.")
    )
marts.close()
display(
    page.Html(
        "<footer>Made by trendlab. Shares describe the posts collected, not the people "
        "of a city; a forecast is no promise.</footer>"
    )
)
