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
from datetime import date, timedelta

import pandas as pd
from IPython.display import display

from trendlab.report import city_trends, page, trend_panels, trend_wording
from trendlab.report.city_trends import SERIES
from trendlab.report.marts import Marts

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
ask = marts.ask
EVENT_PANELS, MOVER_PANELS, MOVERS, COMPARED_VALUES, TOLD_EVENTS = 6, 6, 16, 4, 15
KINDS = {
    "garment": "Garments",
    "fine_category": "Finer kinds of garments",
    "colour": "Colours",
    "pattern": "Patterns",
    "style": "Styles",
}


# the model that saw the most looks; the mart holds the newest week only
newest = ask(
    "select model_name, week_start_on, max(last_week_on) as last_week_on, "
    "min(first_week_on) as first_week_on, count(*) as series_count, "
    "count(distinct city) filter (where city_name is not null) as cities_count "
    "from marts.city_trends where tracker = :tracker "
    "group by model_name, week_start_on "
    "order by max(looks_count) desc, model_name limit 1"
)
found = not newest.empty

# %%
display(page.heading(f"City trends: {tracker}", 1))
if not found:
    display(
        page.note(
            "No trends yet. They are fitted with the night of a Sunday, or at once by "
            "`trendlab weekly`, to weekly shares of looks; a series needs 8 complete "
            "weeks."
        )
    )

# %%
if found:
    model = newest.loc[0]
    mine = {"model_name": model["model_name"]}
    made_by = f"model: {model['model_name']}"
    names = marts.city_names(all="all places", unknown="unknown place")
    of_model = "where tracker = :tracker and model_name = :model_name"
    trends = ask(
        f"select * from marts.city_trends {of_model} order by kind, value, city", **mine
    )
    events = ask(f"select * from marts.trend_events {of_model} order by rank", **mine)
    forecasts = ask(f"select * from marts.trend_forecasts {of_model}", **mine)
    evidence = ask(
        f"select * from marts.trend_event_evidence {of_model} "
        "and evidence_kind = 'post' order by event_rank, rank",
        **mine,
    )
    for rows in (trends, events):
        rows["where"] = rows["city"].map(names).fillna(rows["city"])
        rows["told"] = [
            trend_wording.tell_series(row.kind, row.value) for row in rows.itertuples()
        ]
    drawn, moving = city_trends.choose_series(
        trends, events, with_event=EVENT_PANELS, moving=MOVER_PANELS
    )
    _, movers = city_trends.choose_series(trends, events, with_event=0, moving=MOVERS)

    kinds = [kind for kind in KINDS if kind in set(trends["kind"])]
    last_week = model["last_week_on"]
    quarter = timedelta(weeks=city_trends.NOW_WEEKS - 1)
    year = timedelta(weeks=52)
    # whole histories of what is drawn, two quarters of the rest
    shares = pd.concat(
        [
            ask(
                "select city, week_start_on, value, looks_with_count, looks_count, "
                f"share, share_low, share_high, is_thin from marts.{kind}_trends "
                f"{of_model} and is_complete and week_start_on <= :last_week and "
                "(week_start_on >= :now_from or week_start_on between :before_from "
                "and :before_to or city = any(:drawn_cities))",
                **mine,
                last_week=last_week,
                now_from=last_week - quarter,
                before_from=last_week - year - quarter,
                before_to=last_week - year,
                drawn_cities=sorted(
                    {
                        row.city
                        for row in pd.concat([drawn, moving]).itertuples()
                        if row.kind == kind
                    }
                ),
            ).assign(kind=kind)
            for kind in kinds
        ],
        ignore_index=True,
    )
    now = city_trends.pool_shares(shares, trends, last_week - quarter, last_week)
    before = city_trends.pool_shares(
        shares, trends, last_week - year - quarter, last_week - year
    )
    latest = city_trends.pool_shares(
        shares,
        trends,
        last_week - timedelta(weeks=city_trends.LATEST_WEEKS - 1),
        last_week,
    )
    coming = dict(list(forecasts.groupby(SERIES)))
    trends = trends.assign(
        share=now["share"],
        share_low=now["share_low"],
        share_high=now["share_high"],
        share_before=before["share"],
        latest=latest["share"],
        change=[trend_wording.tell_change(row) for _, row in trends.iterrows()],
    )
    trends["expected"] = [
        trend_wording.tell_forecast(
            row["latest"], coming.get(tuple(row[SERIES]), forecasts.iloc[:0])
        )
        for _, row in trends.iterrows()
    ]
    trends["end"] = [
        trend_wording.tell_end(coming.get(tuple(key), forecasts.iloc[:0]))
        for key in trends[SERIES].itertuples(index=False)
    ]
    ahead = forecasts["weeks_ahead"].max() if len(forecasts) else 0
    end_heading = f"in {ahead} weeks (80 %)" if ahead else "expected"
    expected = trends.set_index(SERIES)["expected"]
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
                "series with a forecast": f"{len(coming):,}",
            }
        )
    )

# %%
if found:
    display(page.heading("What rises and falls"))
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
    for kind in kinds:
        moved = city_trends.movers_of(trends, kind, names)
        total = trends[(trends["city"] == "all") & (trends["kind"] == kind)]
        moved = moved.merge(
            total[["value", "share", "share_before", "end"]],
            on="value",
            how="left",
        )
        display(page.heading(KINDS[kind], 3))
        display(
            page.table(
                moved,
                {
                    "value": kind.replace("_", " "),
                    "share_before": "a year ago",
                    "share": "now",
                    "end": end_heading,
                    "change": "points a year (95 %)",
                    "moves_in": "cities",
                    "description": "curve",
                },
                shares=("share", "share_before"),
                wide=("moves_in", "description"),
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
def panel_of(row):
    """Put together what the panel of a series shows."""
    weeks = city_trends.weeks_of(shares, row)
    own = events[(events[SERIES] == row[SERIES]).all(axis=1)]
    marked = own.explode("weeks").rename(columns={"rank": "number"})
    marked["week_on"] = pd.to_datetime(marked["weeks"])
    at = weeks.assign(week_on=pd.to_datetime(weeks["week_start_on"]))
    marked = marked.drop(columns="share").merge(at[["week_on", "share"]], on="week_on")
    return trend_panels.Panel(
        title=f"{row['where']}: {row['told']}",
        weeks=weeks,
        curve=city_trends.curve_of(row, pd.DatetimeIndex(at["week_on"])),
        forecast=coming.get(tuple(row[SERIES]), trend_panels.NO_FORECAST),
        events=marked[["week_on", "share", "number", "direction"]],
    )


def show_panels(rows, empty):
    """Show small multiples and, below them, the same in words."""
    if rows.empty:
        display(page.note(empty))
        return
    panels = [panel_of(row) for _, row in rows.iterrows()]
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
    words = rows.assign(
        expected=[expected[key] for key in rows[SERIES].itertuples(index=False)],
        marks=[
            "; ".join(
                f"{event.rank} {event.description}"
                for event in events[
                    (events[SERIES] == row[SERIES]).all(axis=1)
                ].itertuples()
            )
            or "–"
            for _, row in rows.iterrows()
        ],
    )
    columns = {
        "where": "city",
        "told": "what",
        "description": "curve",
        "expected": "expected",
    }
    if (words["marks"] != "–").any():
        columns["marks"] = "events, by their number"
    display(page.table(words, columns, wide=("expected", "marks")))


if found:
    display(page.heading("Series with the most salient events"))
    show_panels(drawn, "No week stood out from its curve.")
    display(page.heading("Series that rise or fall most"))
    show_panels(moving, "No further series rises or falls.")
    display(
        page.note(
            f"The first {EVENT_PANELS} series are those whose events lie furthest off "
            f"their curve, the other {MOVER_PANELS} the surest movers among the rest. "
            "Each panel has its own scale, from zero. Weeks that are missing have no "
            "point; the newest week is left out until it is complete."
        )
    )

# %%
if found:
    display(page.heading("City by city"))
    monitored = trends[~trends["city"].isin(["all", "unknown"])]
    groups = dict(list(monitored.groupby(["kind", "value"])))
    chosen = city_trends.widest_gaps(monitored, COMPARED_VALUES)
    if chosen:
        placed = trends[trends["city"] != "unknown"].set_index(["kind", "value"])
        compared = pd.concat([placed.loc[[key]] for key in chosen])
        compared = compared.dropna(subset=["share"])
        display(
            page.figure(
                lambda width: trend_panels.cities_figure(
                    compared, width=width, source=made_by
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
            )
        )
    tables = [
        page.folded(
            f"{trend_wording.tell_series(kind, value)}: rising in "
            f"{(rows['direction'] == 'rising').sum()}, falling in "
            f"{(rows['direction'] == 'falling').sum()} of {len(rows)} cities",
            page.table(
                rows.sort_values("share", ascending=False),
                {
                    "where": "city",
                    "share_before": "a year ago",
                    "share": "now",
                    "end": end_heading,
                    "change": "points a year (95 %)",
                    "description": "curve",
                },
                shares=("share", "share_before"),
                wide=("description",),
            ),
        )
        for (kind, value), rows in groups.items()
    ]
    display(page.folded(f"All {len(tables)} values, city by city", *tables))

# %%
if found:
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
                page.table(
                    moved,
                    {
                        "told": "what",
                        "share_before": "a year ago",
                        "share": "now",
                        "end": end_heading,
                        "change": "points a year (95 %)",
                        "description": "curve",
                    },
                    shares=("share", "share_before"),
                    wide=("description",),
                    empty="Nothing rises or falls beyond what chance explains.",
                ),
                page.sentences(
                    f"Event {event.rank}: {event.told} {event.description}."
                    for event in own.head(TOLD_EVENTS).itertuples()
                ),
            )
        )

# %%
if found:
    display(page.heading("Events"))
    display(
        page.table(
            events.head(TOLD_EVENTS),
            {
                "rank": "number",
                "where": "city",
                "told": "what",
                "description": "what happened",
                "recurrence": "returns",
                "top_hashtags": "hashtags",
                "top_words": "words",
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
                "together. Words and hashtags: written by more people than in the "
                "weeks around; they need not be why the share moved, and a dash says "
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
        posts = evidence[evidence["event_id"] == event.event_id]
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
if found:
    display(page.heading("How far to trust the forecasts"))
    if forecasts.empty:
        display(
            page.note(
                "No series has a forecast: it takes two years of weeks, at most a "
                "tenth of them missing, and 5 looks a week or more."
            )
        )
    else:
        judged = forecasts[forecasts["is_backtested"]]
        lines = [
            f"{len(coming):,} of {len(trends):,} series have a forecast of {ahead} "
            "weeks. It takes two years of weeks, at most a tenth of them missing, and "
            "5 looks a week or more.",
        ]
        if judged.empty:
            lines.append(
                "Not backtested: the history is too short (117 weeks are needed) to "
                "hold past forecasts against a quarter that came. The 80 % interval "
                "is an assumption whose coverage is not measured."
            )
        else:
            mase = judged["backtest_mase"].iloc[0]
            lines.append(
                f"Backtested: past forecasts erred {mase:.2f} times as much as "
                "repeating last year's week (MASE; below 1 is better)."
            )
        lines.append(
            "An event that was never seen before is in no forecast; one that comes "
            "every year is, in part."
        )
        display(page.sentences(lines))

# %%
if found:
    display(page.heading("Data quality"))
    quality = city_trends.count_cities(
        trends, shares[shares["week_start_on"] >= last_week - quarter]
    )
    quality["where"] = quality["city"].map(names).fillna(quality["city"])
    display(
        page.table(
            quality,
            {
                "where": "city",
                "weeks_count": "weeks with looks",
                "looks_a_week": "looks a week",
                "thin_share": "thin weeks",
            },
            shares=("thin_share",),
        )
    )
    reviewed = ask(
        "select value, max(review_status) as review_status from marts.garment_trends "
        f"{of_model} and week_start_on = :last_week group by value",
        **mine,
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
if found:
    display(page.heading("Styles"))
    styles = ask(
        "select name, share_now, life_cycle from marts.styles "
        "where is_newest and model_name = :model_name order by rank limit 6",
        **mine,
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
