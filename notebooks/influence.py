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

# Which city leads which: the weekly report of influence. It reads the marts only, with
# an analyst's rights. `trendlab report --notebook influence` runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os

from IPython.display import display

from trendlab.places.maps import read_outlines
from trendlab.report import influence, page
from trendlab.report.influence_map import MAX_NAMED, influence_map
from trendlab.report.marts import Marts

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    last_day=last_day,
)
ask = marts.ask
# More arcs hide each other; more rows hide what follows them. The rest is folded.
MOST_EDGES, MOST_FOLLOWERS = 30, 20


def first_rows(rows, most, what, columns, **given):
    """Show the first rows of a table, and the others behind a line that opens them."""
    display(page.table(rows.head(most), columns, **given))
    if len(rows) > most:
        rest = page.table(rows.iloc[most:], columns, **given)
        display(page.folded(f"{len(rows) - most:,} more {what}", rest))


# the newest run that had ended by the last day, of the model that compares most
runs = ask(
    "select * from marts.influence_placebos where tracker = :tracker "
    "and window_kind = 'history' and window_to <= :last_day "
    "order by week_start_on desc, status = 'tested' desc, pairs_count desc, model_name "
    "limit 1"
)
is_tested = not runs.empty and runs.loc[0, "status"] == "tested"

# %%
display(page.heading(f"Which city leads which: {tracker}", 1))
if runs.empty:
    display(
        page.note(
            f"No influence was computed up to {last_day}. It is computed with the "
            "night of a Sunday; `trendlab weekly` does it at once."
        )
    )
elif not is_tested:
    display(
        page.warning(
            f"Influence cannot be told for the week of {runs.loc[0, 'week_start_on']}: "
            f"{runs.loc[0, 'reason']}."
        )
    )

# %%
if is_tested:
    run = runs.loc[0]
    mine = {"week": run["week_start_on"], "model_name": run["model_name"]}
    of_run = (
        "where tracker = :tracker and week_start_on = :week "
        "and model_name = :model_name "
    )
    cities = ask("select city, name, lat, lon from marts.cities order by city")
    cities = cities[cities["city"].isin(run["cities"])].reset_index(drop=True)
    names = cities.set_index("city")["name"].to_dict()
    found = ask(
        f"select * from marts.influence_edges {of_run} and window_kind = 'history' "
        "order by is_same_reversed, q_value, source_city, target_city, value",
        **mine,
    )
    found["source_name"] = found["source_city"].map(names)
    found["target_name"] = found["target_city"].map(names)
    edges = found[~found["is_same_reversed"]]
    scores = ask(
        f"select * from marts.city_influence {of_run} and kind = 'all'", **mine
    )
    scores["name"] = scores["city"].map(names)
    placebos = ask(
        f"select * from marts.influence_placebos {of_run} order by window_to desc, "
        "window_kind",
        **mine,
    )
    display(
        page.note(
            f"{run['window_from']} to {run['window_to']}, model {run['model_name']}. "
            "An edge says that what is new in one city helps to predict another some "
            "weeks later, beyond that city's own past, trend and season and all other "
            "cities. It is lead–lag, never cause: a third thing may move both."
        )
    )
    if run["model_name"] == "simulated":
        display(
            page.warning(
                "These looks and their styles are simulated: drawn from a simulated "
                "world with detector-like noise, not seen in photos."
            )
        )
    display(
        page.cards(
            {
                "edges": f"{len(edges):,}",
                "by chance, with cities permuted": f"{run['permuted_count']:,}",
                "cities compared": f"{run['cities_count']:,}",
                "ordered pairs tested": f"{run['pairs_count']:,}",
                "weeks": f"{run['weeks_count']:,}",
            }
        )
    )

# %%
if is_tested:
    display(page.heading("Who leads whom"))
    outlines = read_outlines()
    display(
        page.figure(
            lambda width: influence_map(
                cities, edges.head(MOST_EDGES), outlines, width=width
            ),
            "World map with an arrow from each leading city to the city that follows.",
        )
    )
    display(
        page.note(
            "Arrows run from the leader to the follower; wider is stronger. They are "
            "no routes."
            + (
                f" Drawn are the {MOST_EDGES} surest of {len(edges):,} edges."
                if len(edges) > MOST_EDGES
                else ""
            )
        )
    )
    shown = found.assign(
        told=[influence.tell_edge(edge) for _, edge in found.iterrows()],
        q_told=[
            f"{100 * q:.1f} %" if q >= 0.001 else "< 0.1 %" for q in found["q_value"]
        ],
        is_lead=~found["is_same_reversed"],
    )
    first_rows(
        shown,
        MOST_EDGES,
        "edges, less sure",
        {
            "told": "lead–lag, not cause",
            "strength": "strength",
            "q_told": "q",
            "delta_error": "error",
            "stability": "resamples",
            "is_lead": "a lead",
        },
        shares=("delta_error", "stability"),
        wide=("told",),
        empty="Nobody was found to lead anybody. That is no proof that nobody does: "
        "the fewer looks a week, the more leads stay unseen.",
    )
    display(page.note(influence.tell_placebos(run)))
    display(
        page.note(
            "Strength: partial correlation at that lag. q: false edges expected among "
            "those at least as sure. Error: change of the squared error when the next "
            "week is predicted with the leader. Resamples: share in which the same lag "
            "and sign come out best. An edge that comes out with time reversed too is "
            "no lead and counts in no sum."
        )
    )

# %%
if is_tested:
    display(page.heading("Leaders and followers"))
    now = scores[scores["window_kind"] == "history"]
    if len(now) > MAX_NAMED and len(edges):
        now = now[(now["leads_count"] > 0) | (now["follows_count"] > 0)]
    display(
        page.figure(
            lambda width: influence.leaders_figure(now, width=width),
            "Bars of the influence that each city exerts and receives.",
        )
    )
    if len(now) < run["cities_count"]:
        display(page.note("Cities without an edge are left out."))
    moving = scores[scores["window_kind"] == "moving"]
    if moving["window_to"].nunique() > 1 and moving["exerted"].any():
        display(page.heading("Over time", 3))
        display(
            page.figure(
                lambda width: influence.moving_figure(moving, width=width),
                "Influence exerted minus received, by the end of each window.",
            )
        )
        display(
            page.note(
                "Windows of 78 weeks see less than the whole history and overlap: a "
                "step from one to the next is a hint, not a test."
            )
        )

# %%
if is_tested:
    display(page.heading("Does knowing who leads help to forecast?"))
    compared = ask(
        f"select * from marts.influence_forecasts {of_run} "
        "order by kind, value, target_city, ahead_from",
        **mine,
    )
    totals = compared[compared["is_total"]]
    whole = totals[totals["target_city"] == "all"]
    if whole.empty:
        display(
            page.note(
                "That cannot be told yet: nobody was seen to lead a quarter or more "
                "ago, after a year of weeks."
            )
        )
    else:
        display(page.note(influence.tell_forecasts(whole.iloc[0])))
        by_series = totals[totals["target_city"] != "all"]
        first_rows(
            by_series.assign(
                told=[
                    f"{influence.tell_value(row['kind'], row['value'])} in "
                    f"{row['target_name']}, after "
                    + ", ".join(names.get(c, c) for c in row["source_cities"])
                    for _, row in by_series.iterrows()
                ],
                verdict=by_series["verdict"].str.replace("_", " "),
            ),
            MOST_FOLLOWERS,
            "followers",
            {
                "told": "follower",
                "ahead_to": "weeks ahead",
                "origins_count": "forecasts from weeks",
                "mase_without": "error without",
                "mase_with": "with leaders",
                "gain": "gain",
                "gain_low": "from",
                "gain_high": "to",
                "verdict": "verdict",
            },
            wide=("told",),
            empty="All followers are of classes that reviews hide.",
        )
        display(
            page.note(
                "At every week only edges known by then were used, so a leader found "
                "lately has no row. Both forecasts know season, the city's own past "
                "and the mean of all others. Beyond a leader's lag its own week is not "
                "known yet, so nothing is compared there."
            )
        )

# %%
if is_tested:
    display(page.heading("What chance gives"))
    display(
        page.note(
            "Every window is tested twice more: with the cities permuted (each one's "
            "news replaced by another's, half the history away), and with time "
            "reversed. Where the first finds as much as the data, do not believe it."
        )
    )
    display(
        page.table(
            placebos,
            {
                "window_kind": "window",
                "window_from": "from",
                "window_to": "to",
                "pairs_count": "pairs",
                "edges_count": "edges",
                "permuted_count": "permuted",
                "reversed_count": "reversed",
                "reversed_same_count": "same direction",
                "left_out_count": "series left out",
            },
        )
    )
marts.close()
display(
    page.Html(
        "<footer>Made by trendlab. Lead and lag are not cause; shares describe the "
        "posts collected, not the people of a city.</footer>"
    )
)
