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

# A style atlas: the styles discovered in looks, where they are worn, how they fare. It
# reads the marts only, with an analyst's rights. `trendlab report --notebook styles`
# runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os

from IPython.display import display

from trendlab.report import page, share_plots
from trendlab.report.marts import Marts

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
ask = marts.ask
SHOWN_STYLES, SHOWN_CITIES = 12, 6


# the newest fit of the model that saw the most looks
fit = ask(
    "select model_name, fitted_on, styles_count, agreement, looks_count, window_from, "
    "window_to from marts.styles where is_newest and rank = 1 "
    "order by looks_count desc, model_name limit 1"
)

# %%
display(page.heading(f"Styles: {tracker}", 1))
if fit.empty:
    display(
        page.note(
            "No styles yet. They are looked for with the first Sunday of a quarter, in "
            "the looks of the 52 weeks before; at least 2,000 looks are needed, and "
            "groups that come out alike twice."
        )
    )

# %%
if not fit.empty:
    model = fit.loc[0]
    mine = {"model_name": model["model_name"]}
    styles = ask(
        "select * from marts.styles where is_newest and model_name = :model_name "
        "order by rank",
        **mine,
    )
    display(
        page.note(
            f"Groups of garments and colours that go together, found in "
            f"{model['looks_count']:,} looks of {model['window_from']} to "
            f"{model['window_to']}, model {model['model_name']}. Nobody told what to "
            f"look for; the names are the most telling colours and garments. Two fits "
            f"on different looks put {100 * model['agreement']:.0f} % of looks "
            "together alike."
        )
    )
    if model["model_name"] == "simulated":
        display(
            page.warning(
                "These looks are simulated: drawn from a simulated world with "
                "detector-like noise, not seen in photos."
            )
        )
    styles["telling"] = [
        f"{', '.join(row.garments)}; {', '.join(row.colours)}"
        for row in styles.itertuples()
    ]
    styles["continues"] = styles["matched_style_id"].fillna("new")
    display(page.heading("Atlas"))
    display(
        page.table(
            styles.head(SHOWN_STYLES),
            {
                "rank": "rank",
                "name": "style",
                "share_now": "now",
                "life_cycle": "life cycle",
                "ratio_year": "times a year ago",
                "telling": "told by",
                "continues": "continues",
            },
            shares=("share_now",),
            wide=("name", "telling"),
        )
    )
    display(
        page.note(
            "Now: mean share of the newest 13 weeks, all cities. Life cycle: those "
            "weeks against the same ones a year before. Continues: the same style in "
            "the fit of the quarter before. A look counts for the style that it is "
            "most likely of; similar styles are drawn towards each other by that."
        )
    )

# %%
if not fit.empty:
    weeks = ask(
        "select city, week_start_on, name as value, share, share_low, share_high, "
        "looks_count from marts.style_weeks where tracker = :tracker "
        "and model_name = :model_name and rank <= 6 "
        "and week_start_on between :first_day and :last_day",
        **mine,
    )
    cities = ask("select city, name from marts.cities")
    names = cities.set_index("city")["name"].to_dict()
    largest = (
        weeks[weeks["city"].isin(names)]
        .groupby("city")["looks_count"]
        .sum()
        .sort_values(ascending=False)
        .head(SHOWN_CITIES)
        .index
    )
    shown = weeks[weeks["city"].isin(largest)].sort_values("city")
    shown = shown.assign(city=shown["city"].map(names))
    display(page.heading("By city and week"))
    display(
        page.figure(
            lambda width: share_plots.shares_figure(
                shown, list(styles["name"].head(6)), width=width
            ),
            "Weekly shares of the six commonest styles, a panel a city.",
        )
    )
    display(page.note("Lines are four-week means, dots are weeks."))

# %%
if not fit.empty:
    signatures = ask(
        "select * from marts.city_styles where tracker = :tracker "
        "and model_name = :model_name and is_signature order by z desc limit 15",
        **mine,
    )
    signatures["where"] = signatures["city"].map(names)
    display(page.heading("Signatures of cities"))
    display(
        page.table(
            signatures,
            {
                "where": "city",
                "name": "style",
                "share": "there",
                "share_elsewhere": "elsewhere",
                "z": "z",
            },
            shares=("share", "share_elsewhere"),
            wide=("name",),
            empty="No style is worn clearly more in one city than elsewhere.",
        )
    )
    display(
        page.note("Log-odds against all other places over the newest 26 weeks, z ≥ 3.")
    )
    examples = ask(
        "select * from marts.style_examples where is_newest "
        "and model_name = :model_name and week_start_on = (select max(week_start_on) "
        "from marts.style_examples where is_newest and model_name = :model_name "
        "and week_start_on <= :last_day) order by style_id, rank",
        **mine,
    )
    examples["where"] = examples["city"].map(names).fillna("–")
    display(page.heading("Worn in the newest week"))
    display(
        page.table(
            examples,
            {
                "name": "style",
                "posted_on": "posted",
                "where": "city",
                "caption": "caption",
                "post_id": "post",
                "chance": "chance",
            },
            shares=("chance",),
            wide=("name", "caption"),
        )
    )
marts.close()
display(
    page.Html(
        "<footer>Made by trendlab. Shares describe the posts collected, not the people "
        "of a city.</footer>"
    )
)
