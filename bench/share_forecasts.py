"""How good forecasts of weekly shares are: from origins in the past, what came after.

``python -m bench.share_forecasts`` simulates a world of three years, counts its weekly
shares by the steps of the night, and forecasts a quarter from origins inside it, each
time with the code of the step `trend_forecasts` and nothing later than the origin.
``--home HOME`` does so with the weekly shares of a home at hand, which is only read.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

# a nightly step shares its machine: one thread, as a benchmark of the method
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.settings import Settings
from trendlab.signals.city_trends import Panel, build_panel
from trendlab.signals.forecast.history import make_history, naive_scale
from trendlab.signals.forecast.naive import keep_last_level, repeat_last_year
from trendlab.signals.forecast.scores import coverage, mase
from trendlab.signals.forecast.shares import HORIZON_WEEKS
from trendlab.steps.context import open_context
from trendlab.steps.order import run_steps
from trendlab.steps.share_series import SERIES, read_share_series
from trendlab.steps.simulate import simulate_world
from trendlab.steps.trend_forecasts import forecasts_of

LAST_DAY = date(2026, 3, 1)
WEEKS = 156
# The first leaves too little to backtest, as in the demo; the last ends with the world.
BACKS = (45, 39, 32, 26, 19, 12)
# Trackers share posts: the one that has them all stands for all.
TRACKER = "all"
STEPS = ("match", "trends")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """What came against what was forecast from one origin, means over series.

    Parameters
    ----------
    weeks_count : int
        Weeks of the history before the origin.
    series_count : int
    is_backtested : bool
        Whether weights and intervals were chosen by past forecasts.
    mase, naive_mase, level_mase : float
        Of the median, of last year's weeks again, of the last quarter's median.
    covered : float
        Share of weeks inside the 80 % interval.
    below : float
        Share of weeks below it; 0.1 is meant.
    """

    weeks_count: int
    series_count: int
    is_backtested: bool
    mase: float
    naive_mase: float
    level_mase: float
    covered: float
    below: float

    def line(self) -> str:
        """Give the row of the table."""
        return (
            f"| {self.weeks_count} | {'yes' if self.is_backtested else 'no'} "
            f"| {self.series_count} | {self.mase:.3f} | {self.naive_mase:.3f} "
            f"| {self.level_mase:.3f} | {100 * self.covered:.0f} % "
            f"| {100 * self.below:.0f} % |"
        )


def score_origin(shares: pa.Table, back: int) -> Score | None:
    """Forecast from an origin and hold it against the weeks that came.

    Parameters
    ----------
    shares : pyarrow.Table
        Complete weeks of city_weeks, of one tracker and model.
    back : int
        Weeks after the origin, at least as many as are forecast.

    Returns
    -------
    Score or None
        Of weeks that were seen; None where no series can be forecast from there.
    """
    panel = build_panel(shares, SERIES)
    origin = panel.weeks_count - back
    monday = panel.week_at(origin - 1)
    known = shares.filter(pc.less_equal(shares["day"], pa.scalar(monday, pa.date32())))
    rows, _ = forecasts_of(known, monday)
    if not rows:
        return None
    place = {key: at for at, key in enumerate(panel.keys)}
    chosen = list(dict.fromkeys(tuple(row[name] for name in SERIES) for row in rows))
    at = [place[key] for key in chosen]
    told = {
        name: spread(rows, name, len(chosen))
        for name in ("share_q10", "share_q50", "share_q90")
    }
    share = seen_share(panel)[at].T
    first = (rows[0]["week_on"] - panel.first_week).days // 7
    actual = share[first : first + HORIZON_WEEKS]
    history = make_history(share[:first])
    scale = naive_scale(history)
    below = actual < told["share_q10"]
    return Score(
        weeks_count=first,
        series_count=len(chosen),
        is_backtested=bool(rows[0]["is_backtested"]),
        mase=mean(mase(actual, told["share_q50"], scale)),
        naive_mase=mean(mase(actual, repeat_last_year(history, HORIZON_WEEKS), scale)),
        level_mase=mean(mase(actual, keep_last_level(history, HORIZON_WEEKS), scale)),
        covered=coverage(actual, told["share_q10"], told["share_q90"]),
        below=float(below[np.isfinite(actual)].mean()),
    )


def spread(rows: list[dict[str, float]], name: str, series_count: int) -> Floats:
    """Give a column of the rows, which go series by series, as (weeks, series)."""
    column = np.array([row[name] for row in rows])
    return column.reshape(series_count, HORIZON_WEEKS).T


def seen_share(panel: Panel) -> Floats:
    """Give the shares of a panel, NaN where a week is missing."""
    return np.where(panel.seen, panel.share, np.nan)


def mean(values: Floats) -> float:
    """Mean over the series whose scale is known."""
    return float(values[np.isfinite(values)].mean())


def read_shares(home: Path) -> pa.Table:
    """Return the complete weeks of the tracker with all posts and its busiest model."""
    if not (home / "lake").is_dir():
        raise SystemExit(f"--home wants a data folder, {home} holds no lake")
    context = open_context(Settings(home=home), need_trackers=False)
    days = context.lake.days("city_weeks")
    if not days:
        raise SystemExit(f"{home} has no weekly shares: run `trendlab nightly` there")
    rows = read_share_series(context, days[0], days[-1])
    rows = rows.filter(pc.and_(rows["is_complete"], pc.equal(rows["tracker"], TRACKER)))
    counts = rows.group_by("model_name").aggregate([("looks_count", "sum")])
    busiest = counts.sort_by([("looks_count_sum", "descending")])["model_name"][0]
    return rows.filter(pc.equal(rows["model_name"], busiest))


def simulate(home: Path, weeks: int, seed: int) -> None:
    """Make a world and count its weekly shares, by the steps of the night."""
    settings = Settings(home=home)
    context = open_context(settings, need_trackers=False)
    simulate_world(
        context.lake,
        home,
        weeks=weeks,
        seed=seed,
        last_day=LAST_DAY,
        cities=context.cities,
    )
    context = open_context(settings)
    with context.lake.lock():
        run_steps(context, STEPS, LAST_DAY - timedelta(days=7 * weeks - 1), LAST_DAY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="home whose shares are read")
    parser.add_argument("--weeks", type=int, default=WEEKS, help="length of the world")
    parser.add_argument("--seed", type=int, default=1, help="seed of the world")
    given = parser.parse_args()
    if given.home is not None:
        shares = read_shares(given.home)
    else:
        with tempfile.TemporaryDirectory(prefix="trendlab-bench-") as folder:
            simulate(Path(folder) / "home", given.weeks, given.seed)
            shares = read_shares(Path(folder) / "home")
    print("| weeks before | backtested | series | MASE | last year again ", end="")
    print("| last level | inside 80 % | below it |")
    print("|" + "---|" * 8)
    for back in BACKS:
        found = score_origin(shares, back)
        if found is None:
            print(f"no series can be forecast from {back} weeks back", flush=True)
        else:
            print(found.line(), flush=True)


if __name__ == "__main__":
    main()
