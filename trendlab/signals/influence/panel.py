"""From a long table of shares to arrays: logit, standardised, missing weeks missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.signals.influence.kernels import Bools, Floats

SERIES = pa.schema(
    [
        pa.field("city", pa.string(), nullable=False),
        pa.field("style", pa.string(), nullable=False),
        pa.field("week_start_on", pa.date32(), nullable=False),
        pa.field("share", pa.float64()),
        pa.field("looks_count", pa.float64()),
    ]
)
"""Input: one row per city, style and week. Null share or count: not observed."""

# Fewer looks than this in a city-week give a share too uncertain to carry a signal.
MIN_LOOKS = 100
# Fewer weeks leave no room for season, past, world and eight lags.
MIN_WEEKS = 30
# A style that most weeks do not show is a series of the number of looks, not of it.
MAX_ZERO_SHARE = 0.5
# How far a week may lie from its series' mean, in standard deviations. A jump beyond
# counts as this much, or two jumps some weeks apart are a lead by themselves. Of series
# drawn without jumps one in a thousand has such a week.
MAX_DEVIATIONS = 5.0
# Rounds in which mean and deviation are taken again without what was cut.
CUT_ROUNDS = 20
# Added to hits and misses before the logit (Haldane, Anscombe), so 0 and 1 are finite.
HALF_A_LOOK = 0.5


@dataclass(frozen=True)
class Cube:
    """Shares of looks as they came, spread over styles, cities and weeks.

    Parameters
    ----------
    styles, cities : tuple of str
        Sorted names.
    first_week : date64
        Monday, or whichever weekday the weeks start on.
    share : (styles, cities, weeks) float64
        0 to 1; NaN where not observed.
    looks : (styles, cities, weeks) float64
        Looks of the city-week; NaN where not observed.
    """

    styles: tuple[str, ...]
    cities: tuple[str, ...]
    first_week: np.datetime64
    share: Floats
    looks: Floats

    def until(self, weeks_count: int) -> Cube:
        """Give the first weeks alone, with the same styles and cities."""
        return replace(
            self,
            share=self.share[:, :, :weeks_count],
            looks=self.looks[:, :, :weeks_count],
        )

    def logits(self, min_looks: int) -> tuple[Floats, Bools]:
        """Give logit shares, any number where missing, and which are observed."""
        seen = (self.looks >= min_looks) & ~np.isnan(self.share)
        share = np.where(seen, self.share, 0.5)
        return logit_shares(share, np.where(seen, self.looks, 1.0)), seen


@dataclass(frozen=True)
class Panel:
    """Standardised logit shares of all styles, cities and weeks.

    Parameters
    ----------
    styles, cities : tuple of str
        Sorted names.
    first_week : date64
        Monday, or whichever weekday the weeks start on.
    values : (styles, cities, weeks) float64
        Mean 0 and standard deviation 1 over the observed weeks, jumps cut; 0 where
        missing.
    seen : (styles, cities, weeks) float64
        1 where observed, else 0.
    left_out_count : int
        Series (city × style) with too few weeks, hardly any hits, or no movement.
    """

    styles: tuple[str, ...]
    cities: tuple[str, ...]
    first_week: np.datetime64
    values: Floats
    seen: Floats
    left_out_count: int

    @property
    def weeks_count(self) -> int:
        """Weeks from the first to the last, the missing ones included."""
        return int(self.values.shape[2])

    @property
    def usable(self) -> Bools:
        """Which series take part, (styles, cities)."""
        return np.asarray(self.seen.any(axis=2))

    def reversed_in_time(self) -> Panel:
        """Give the same panel with its last week first: a placebo."""
        return Panel(
            self.styles,
            self.cities,
            self.first_week,
            np.ascontiguousarray(self.values[:, :, ::-1]),
            np.ascontiguousarray(self.seen[:, :, ::-1]),
            self.left_out_count,
        )


def logit_shares(share: Floats, looks: Floats) -> Floats:
    """Give the empirical logit, log((hits + ½) / (misses + ½)).

    References
    ----------
    Haldane 1956; Gart and Zweifel 1967, "On the bias of various estimators of the
    logit", Biometrika 54.
    """
    hits = share * looks
    return np.asarray(np.log((hits + HALF_A_LOOK) / (looks - hits + HALF_A_LOOK)))


def build_panel(series: pa.Table, *, min_looks: int = MIN_LOOKS) -> Panel:
    """Spread a `SERIES` table over styles × cities × weeks, and standardise.

    Raises
    ------
    SignalError
        As `read_cube` and `standardise`.
    """
    return standardise(read_cube(series), min_looks=min_looks)


def read_cube(series: pa.Table) -> Cube:
    """Spread a `SERIES` table, at least one row, over styles × cities × weeks.

    Raises
    ------
    SignalError
        If the weeks do not start on one weekday.
    """
    style_names, style_at = _coded(series, "style")
    city_names, city_at = _coded(series, "city")
    days = np.asarray(series["week_start_on"].to_numpy(), "datetime64[D]")
    offsets = (days - days.min()).astype(np.int64)
    if (offsets % 7).any():
        odd = days[offsets % 7 != 0][0]
        raise SignalError(
            f"weeks must start on one weekday: {odd} is not a whole number of weeks "
            f"after {days.min()}"
        )
    shape = (len(style_names), len(city_names), int(offsets.max() // 7) + 1)
    share = np.full(shape, np.nan)
    looks = np.full(shape, np.nan)
    where = (style_at, city_at, offsets // 7)
    share[where] = series["share"].to_numpy(zero_copy_only=False).astype(float)
    looks[where] = series["looks_count"].to_numpy(zero_copy_only=False).astype(float)
    return Cube(style_names, city_names, days.min(), share, looks)


def standardise(cube: Cube, *, min_looks: int = MIN_LOOKS) -> Panel:
    """Turn shares into standardised logits; leave out what cannot be tested.

    Raises
    ------
    SignalError
        If there are fewer than `MIN_WEEKS` weeks from first to last, or fewer than two
        series of any style can be used.
    """
    weeks_count = cube.share.shape[2]
    if weeks_count < MIN_WEEKS:
        last = cube.first_week + 7 * (weeks_count - 1)
        raise SignalError(
            f"influence needs at least {MIN_WEEKS} weeks, got {weeks_count} "
            f"({cube.first_week} to {last}); give a longer history"
        )
    logits, seen = cube.logits(min_looks)
    logits = cut_jumps(logits, seen)
    count = seen.sum(axis=2)
    zero_share = ((cube.share == 0) & seen).sum(axis=2) / np.maximum(count, 1)
    mean, spread = mean_and_spread(logits, seen)
    usable = (count >= MIN_WEEKS) & (zero_share <= MAX_ZERO_SHARE) & (spread > 1e-9)
    if usable.sum(axis=1).max() < 2:
        raise SignalError(
            f"influence needs two cities with {MIN_WEEKS} weeks of {min_looks} looks "
            f"or more in one style, and movement in them; no style has that"
        )
    spread = np.where(usable, spread, 1.0)
    kept = usable[:, :, None]
    centred = (logits - mean[:, :, None]) * seen
    return Panel(
        cube.styles,
        cube.cities,
        cube.first_week,
        np.where(kept, centred / spread[:, :, None], 0.0),
        (seen & kept).astype(float),
        int((~usable).sum()),
    )


def cut_jumps(logits: Floats, seen: Bools) -> Floats:
    """Move weeks beyond `MAX_DEVIATIONS` to that distance (Winsorising).

    Mean and deviation are those of the series as cut, so a jump does not hide itself.
    """
    cut = logits
    for _ in range(CUT_ROUNDS):
        mean, spread = (each[:, :, None] for each in mean_and_spread(cut, seen))
        reach = MAX_DEVIATIONS * spread
        closer = np.clip(logits, mean - reach, mean + reach)
        if np.array_equal(closer, cut):
            break
        cut = closer
    return np.where(seen, cut, logits)


def mean_and_spread(logits: Floats, seen: Bools) -> tuple[Floats, Floats]:
    """Give mean and standard deviation of the observed weeks, (styles, cities)."""
    count = np.maximum(seen.sum(axis=2), 1)
    mean = (logits * seen).sum(axis=2) / count
    centred = (logits - mean[:, :, None]) * seen
    return mean, np.sqrt((centred**2).sum(axis=2) / count)


def _coded(
    series: pa.Table, column: str
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Give the sorted names of a column and each row's place among them."""
    encoded = series[column].combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    ordered = sorted(names)
    place = {name: at for at, name in enumerate(ordered)}
    moved = np.array([place[name] for name in names], np.int64)
    return tuple(ordered), moved[encoded.indices.to_numpy()]
