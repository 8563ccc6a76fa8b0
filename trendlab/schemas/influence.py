"""Tables of city-to-city influence: who leads whom, and what chance gives."""

from __future__ import annotations

from trendlab.schemas.core import (
    DAY,
    MODEL_NAME,
    RULE_VERSION,
    RUN_ID,
    SERIES_KIND,
    STRINGS,
    TRACKER,
    Column,
    Table,
    count,
    date,
    flag,
    number,
    share,
    text,
)

WINDOW_KINDS = ("history", "moving")

WINDOW = (
    text(
        "window_kind",
        "history: the newest weeks, at most three years; moving: 78 weeks, one "
        "window a quarter of a year",
        allowed=WINDOW_KINDS,
    ),
    date("window_from", "first day of the weeks tested, a Monday"),
    date("window_to", "last day of the weeks tested, a Sunday"),
)

INFLUENCE_EDGES = Table(
    name="influence_edges",
    doc="Who leads whom in what, as of the end of a week: lead–lag, never cause; one "
    "row per week (Monday), tracker, model, window, value and ordered pair of cities.",
    columns=(
        DAY,
        TRACKER,
        *WINDOW,
        SERIES_KIND,
        text("value", "for example skirt, or red"),
        text("source_city", "id of the city that moves first"),
        text("target_city", "id of the city that follows"),
        count("lag_weeks", "weeks between, 1 to 8", maximum=8),
        number(
            "strength",
            "partial correlation at that lag; negative: the target moves the other way",
            minimum=-1,
            maximum=1,
        ),
        share(
            "q_value",
            "share of false edges expected among those at least as sure "
            "(Benjamini–Hochberg over all pairs and values of the window)",
        ),
        number(
            "delta_error",
            "relative change of the squared one-week-ahead error with the source; "
            "−0.1 is a tenth less",
            minimum=-1,
            maximum=0,
        ),
        share(
            "stability",
            "share of 200 resamples in which the same lag and sign come out best",
        ),
        flag(
            "is_same_reversed",
            "true where the same edge comes out with time reversed: it is no lead",
        ),
        MODEL_NAME,
        RULE_VERSION,
        RUN_ID,
    ),
    key=(
        "day",
        "tracker",
        "model_name",
        "window_kind",
        "window_to",
        "kind",
        "value",
        "source_city",
        "target_city",
    ),
    in_warehouse=True,
)

INFLUENCE_PLACEBOS = Table(
    name="influence_placebos",
    doc="What was tested for influence, and how many edges chance gives there; one "
    "row per week (Monday), tracker, model and window.",
    columns=(
        DAY,
        TRACKER,
        *WINDOW,
        text(
            "status",
            "tested, or not_assessable where the window has too little to test",
            allowed=("tested", "not_assessable"),
        ),
        text("reason", "why it is not assessable", nullable=True),
        count("weeks_count", "weeks of the window with looks"),
        Column("cities", STRINGS, "ids of the cities compared, sorted"),
        count("series_count", "series (city × value) in the window"),
        count(
            "left_out_count",
            "series not tested: of cities with too few weeks of 100 looks, with too "
            "few weeks of their own, hardly any hits, or no movement",
        ),
        count("pairs_count", "ordered pairs of cities tested, over all values"),
        count("edges_count", "edges found"),
        count("reversed_count", "placebo: edges found with time reversed"),
        count(
            "reversed_same_count",
            "of these, in the direction of an edge of the window: no lead",
        ),
        count(
            "permuted_count",
            "placebo: edges found with cities permuted (each one's news another's, "
            "half the history away); what chance gives",
        ),
        MODEL_NAME,
        RULE_VERSION,
        RUN_ID,
    ),
    key=("day", "tracker", "model_name", "window_kind", "window_to"),
    in_warehouse=True,
)

VERDICTS = ("better", "worse", "undecided", "too_few_origins")

INFLUENCE_FORECASTS = Table(
    name="influence_forecasts",
    doc="Does knowing who leads help to forecast? Errors of forecasts of followers "
    "without and with their leaders, each made from the weeks before it alone, over "
    "the history; one row per week (Monday), tracker, model, value, target city and "
    "weeks ahead.",
    columns=(
        DAY,
        TRACKER,
        text("kind", "as in influence_edges, or all"),
        text("value", "for example skirt, or red; all: the mean over forecasts"),
        text(
            "target_city", "id of the city that follows; all: the mean over forecasts"
        ),
        count("ahead_from", "first week ahead of the row, 1 to 8", maximum=8),
        count("ahead_to", "last week ahead, at most the lag of a leader", maximum=8),
        flag("is_total", "true where these are all weeks ahead that a leader reaches"),
        Column("source_cities", STRINGS, "ids of the leaders used, sorted"),
        count("series_count", "series (city × value) in the row"),
        count(
            "origins_count",
            "weeks from which a forecast was made: those at which a leader was known",
        ),
        share("mae_without", "mean absolute error of the share without leaders"),
        share("mae_with", "the same with leaders"),
        number(
            "mase_without",
            "error without leaders over the mean change of the share from week to week",
            minimum=0,
        ),
        number("mase_with", "the same with leaders", minimum=0),
        number("gain", "mase_without less mase_with: above 0 where leaders help"),
        number("gain_low", "95 % interval of the gain, from", nullable=True),
        number("gain_high", "and to; NULL with fewer than 26 origins", nullable=True),
        share("p_value", "chance of a gain so far from 0 if it were 0", nullable=True),
        share(
            "q_value",
            "p_value after Benjamini–Hochberg over the series; NULL unless is_total",
            nullable=True,
        ),
        text(
            "verdict",
            "better or worse where q_value is at most 0.05; NULL unless is_total",
            allowed=VERDICTS,
            nullable=True,
        ),
        MODEL_NAME,
        RULE_VERSION,
        RUN_ID,
    ),
    key=(
        "day",
        "tracker",
        "model_name",
        "kind",
        "value",
        "target_city",
        "ahead_from",
        "ahead_to",
    ),
    in_warehouse=True,
)

INFLUENCE = (INFLUENCE_EDGES, INFLUENCE_PLACEBOS, INFLUENCE_FORECASTS)
