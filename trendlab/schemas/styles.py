"""Tables of styles: what they are found in, what they are, where they are worn."""

from __future__ import annotations

import pyarrow as pa

from trendlab.schemas.core import (
    CITY,
    DAY,
    MODEL_NAME,
    RULE_VERSION,
    RUN_ID,
    SOURCE,
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

STYLE_ID = text("style_id", "quarter and rank: 2026Q4-1 is the commonest of that fit")

LOOK_PATTERNS = Table(
    name="look_patterns",
    doc="How many looks have the same garments and colours: what styles are fitted on, "
    "without saying whose looks they are; one row per tracker, city, ISO week "
    "(Monday), model and combination.",
    columns=(
        DAY,
        TRACKER,
        CITY,
        MODEL_NAME,
        text("garments", "classes, each once, sorted and joined by |"),
        text("colours", "main colour of each garment, sorted and joined by |"),
        count("looks_count", "looks, near-copies left out"),
        RUN_ID,
    ),
    key=("day", "tracker", "city", "model_name", "garments", "colours"),
)

STYLES = Table(
    name="styles",
    doc="Styles discovered in the looks of 52 weeks, fitted with the first Sunday of a "
    "quarter; one row per fit (Monday), model and style.",
    columns=(
        DAY,
        MODEL_NAME,
        STYLE_ID,
        text("name", "its most telling colours and garments"),
        count("rank", "1 is the commonest"),
        share("share", "share of the looks fitted on"),
        Column("garments", STRINGS, "most telling garments, the most first"),
        Column("colours", STRINGS, "most telling main colours, the most first"),
        text(
            "matched_style_id",
            "the same style in the fit a quarter before; NULL: new, or no such fit",
            nullable=True,
        ),
        share(
            "likeness",
            "looks given to both of those given to either of the two",
            nullable=True,
        ),
        count("styles_count", "styles of the fit"),
        share("agreement", "looks that two fits on different looks put together alike"),
        number(
            "gain",
            "log likelihood over that of a single style, on looks not used to fit, "
            "nats a look",
        ),
        count("looks_count", "looks fitted on"),
        date("window_from", "first day of the looks fitted on"),
        date("window_to", "last day of the looks fitted on"),
        Column("attributes", STRINGS, "every attribute, as place:garment or colour:…"),
        Column("chances", pa.list_(pa.float64()), "probability of each attribute"),
        RULE_VERSION,
        RUN_ID,
    ),
    key=("day", "model_name", "style_id"),
    in_warehouse=True,
    not_in_warehouse=("attributes", "chances"),
)

STYLE_EXAMPLES = Table(
    name="style_examples",
    doc="The looks of a week that are most surely of a style; one row per week "
    "(Monday), model, style and rank.",
    columns=(
        DAY,
        MODEL_NAME,
        STYLE_ID,
        date("fitted_on", "Monday of the fit that the style is of"),
        count("rank", "1 is the surest"),
        SOURCE,
        text("post_id", "post that carries the photo"),
        count("media_index", "photo within the post"),
        count("look_index", "look within the photo"),
        share("chance", "probability that the look is of the style"),
        RUN_ID,
    ),
    key=("day", "model_name", "style_id", "rank"),
    in_warehouse=True,
)

STYLE_WEEKS = Table(
    name="style_weeks",
    doc="Share of looks by discovered style, every week under the newest fit; one row "
    "per tracker, city, ISO week (Monday), model and style.",
    columns=(
        DAY,
        TRACKER,
        CITY,
        MODEL_NAME,
        STYLE_ID,
        date("fitted_on", "Monday of the fit that the style is of"),
        count("looks_with_count", "looks that are most likely of the style"),
        count("looks_count", "looks seen, near-copies left out"),
        share("share", "looks_with_count / looks_count"),
        share("share_low", "lower end of the 95 % Wilson interval"),
        share("share_high", "upper end of the 95 % Wilson interval"),
        flag("is_thin", "fewer than 100 looks"),
        RUN_ID,
    ),
    key=("day", "tracker", "city", "model_name", "style_id"),
    in_warehouse=True,
)

DISCOVERED = (LOOK_PATTERNS, STYLES, STYLE_EXAMPLES, STYLE_WEEKS)
