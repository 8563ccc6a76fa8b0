"""What all figures share: colours, sizes, axes; legible, safe for the colour-blind.

Every function that draws takes a pandas table as the marts give it and a width in
inches, and returns a matplotlib figure. Colours are those of Okabe and Ito (2008),
"Color universal design", which stay apart under the common kinds of colour blindness;
marks differ in shape as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, INK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#222222",
)
SERIES_COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
MUTED = "#8a8f98"

# what the eleven basic colour terms look like, for swatches
TERM_COLOURS = {
    "black": "#1c1c1c",
    "white": "#ffffff",
    "grey": "#8c8c8c",
    "red": "#c62828",
    "orange": "#ef6c00",
    "yellow": "#f6d32d",
    "green": "#2e7d32",
    "blue": "#1565c0",
    "purple": "#7b3fa0",
    "pink": "#f06292",
    "brown": "#6d4c41",
}
# below this a figure is drawn for a phone: fewer ticks, one column of panels
NARROW_INCHES = 6.0
# Steps between the ticks of an axis of days, as matplotlib names them.
DATE_STEPS = (
    mdates.YEARLY,
    mdates.MONTHLY,
    mdates.DAILY,
    mdates.HOURLY,
    mdates.MINUTELY,
    mdates.SECONDLY,
    mdates.MICROSECONDLY,
)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure with the report's type sizes."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def is_narrow(width: float) -> bool:
    """Tell whether a figure is drawn for a phone."""
    return width < NARROW_INCHES


def clean_axes(axes: Axes) -> None:
    """Give axes the report's spines, ticks and grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#c9ccd1")
    axes.tick_params(colors=INK, labelsize=9, length=3)
    axes.grid(axis="y", color="#eceef1", linewidth=0.8)
    axes.set_axisbelow(True)


def date_axis(axes: Axes, narrow: bool) -> None:
    """Label the days of an axis concisely, with fewer ticks on a phone."""
    most = 4 if narrow else 8
    # half years up to two years take five, before years are told: with four, 18 to 24
    # months have no interval, and matplotlib warns into the page
    most_of = dict.fromkeys(DATE_STEPS, most) | {mdates.MONTHLY: max(most, 5)}
    locator = mdates.AutoDateLocator(minticks=2, maxticks=most_of)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of a figure of places or people, the first on top."""
    axes.set_yticks(np.arange(len(names)), list(names))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#eceef1", linewidth=0.8)


def shorten(text: str, length: int) -> str:
    """Cut a text to a length, with an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
