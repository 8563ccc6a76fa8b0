"""Forecasts: how good from origins in the past, and how fast.

``python -m bench.forecast --series WIDE.csv [--external WIDE.csv]`` forecasts 52 weeks
from origins inside the file. At each origin everything, weights and intervals and the
use of the external signal too, is chosen again from the weeks before it; beside it
stand seasonal naive and statsforecast's MSTL with AutoETS. The members' table is of
the backtest at the end of the file, by which a forecast of the coming weeks is weighed.

``python -m bench.run forecast`` times random series: 2,200 of 200 weeks with the light
setting, 100 of 386 with the full one.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

# a nightly step shares its machine: one thread, as a benchmark of the method
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa
from statsforecast.models import MSTL, AutoETS

from bench import Row
from trendlab.signals.forecast import QUANTILES, Forecast, forecast_series
from trendlab.signals.forecast.history import make_history, naive_scale
from trendlab.signals.forecast.naive import repeat_last_year
from trendlab.signals.forecast.scores import coverage, direction, mase, smape
from trendlab.steps.series_forecast import match_external, read_wide

HORIZON = 52
BACKS = (52, 65, 78, 91, 104)
LIGHT_SERIES, LIGHT_WEEKS, LIGHT_SECONDS = 2_200, 200, 120.0
FULL_SERIES, FULL_WEEKS, FULL_SECONDS = 100, 386, 180.0
MIN_SERIES = 4


def matrix(rows: pa.Table) -> np.ndarray:
    columns = [column.to_numpy() for column in rows.columns[1:]]
    return np.stack(columns, axis=1)


def mstl(values: np.ndarray) -> np.ndarray:
    """Season by STL, the rest by AutoETS; series by series."""
    told = []
    for column in values.T:
        model = MSTL(season_length=52, trend_forecaster=AutoETS(model="ZZN"))
        told.append(model.forecast(y=np.ascontiguousarray(column), h=HORIZON)["mean"])
    return np.stack(told, axis=1)


def between(result: Forecast, series: int, low: float, high: float, actual) -> float:
    spread = result.quantiles["value"].to_numpy()
    spread = spread.reshape(HORIZON, series, len(QUANTILES))
    at = [QUANTILES.index(level) for level in (low, high)]
    return coverage(actual, spread[:, :, at[0]], spread[:, :, at[1]])


def score(series: pa.Table, external: pa.Table | None, setting: str) -> None:
    """Print the table of origins, then that of members."""
    values = matrix(series)
    print("| weeks back | ours | alone | seasonal naive | MSTL+ETS ", end="")
    print("| sMAPE | 80 % | 90 % | direction | naive direction | s |")
    print("|" + "---|" * 11)
    lines = []
    for back in BACKS:
        origin = len(values) - back
        if origin < 2 * HORIZON:
            continue
        known, actual = values[:origin], values[origin : origin + HORIZON]
        scale = naive_scale(make_history(known))
        started = time.perf_counter()
        result = forecast_series(
            series.slice(0, origin),
            horizon=HORIZON,
            external=None if external is None else external.slice(0, origin),
            setting=setting,
        )
        seconds = time.perf_counter() - started
        alone = forecast_series(
            series.slice(0, origin), horizon=HORIZON, setting=setting
        )
        told = matrix(result.points)
        naive = repeat_last_year(make_history(known), HORIZON)
        went = direction(known[-HORIZON:], actual)
        # last year again always says flat; the better naive is last year's direction
        before = direction(known[-2 * HORIZON : -HORIZON], known[-HORIZON:])
        lines.append(
            [
                float(np.nanmean(mase(actual, told, scale))),
                float(np.nanmean(mase(actual, matrix(alone.points), scale))),
                float(np.nanmean(mase(actual, naive, scale))),
                float(np.nanmean(mase(actual, mstl(known), scale))),
                float(np.nanmean(smape(actual, told))),
                between(result, values.shape[1], 0.1, 0.9, actual),
                between(result, values.shape[1], 0.05, 0.95, actual),
                float((direction(known[-HORIZON:], told) == went).mean()),
                float((before == went).mean()),
                seconds,
            ]
        )
        print(f"| {back} | " + " | ".join(f"{x:.3f}" for x in lines[-1]) + " |")
    means = np.mean(lines, axis=0)
    print("| mean | " + " | ".join(f"{x:.3f}" for x in means) + " |\n")
    result = forecast_series(
        series, horizon=HORIZON, external=external, setting=setting
    )
    rows = result.backtest.to_pylist()
    backs = sorted({row["back_weeks"] for row in rows})
    print("| member | weight | " + " | ".join(map(str, backs)) + " | mean |")
    print("|" + "---|" * (len(backs) + 3))
    for name in dict.fromkeys(row["member"] for row in rows):
        of = {row["back_weeks"]: row for row in rows if row["member"] == name}
        cells = " | ".join(f"{of[back]['mase']:.3f}" for back in backs)
        weight = next(iter(of.values()))["weight"]
        print(f"| {name} | {weight:.2f} | {cells} | {result.mean_mase(name):.3f} |")


def planted(weeks: int, series: int) -> pa.Table:
    """Seasonal series with noise, all of them different."""
    rng = np.random.default_rng(1)
    phase = rng.uniform(0, 2 * np.pi, series)
    wave = np.sin(2 * np.pi * np.arange(weeks)[:, None] / 52.18 + phase)
    level = rng.uniform(0.001, 0.1, series)
    values = level * (1 + 0.4 * wave) * np.exp(rng.normal(0, 0.3, (weeks, series)))
    days = [date(2018, 1, 1) + timedelta(weeks=week) for week in range(weeks)]
    names = [f"s{place}" for place in range(series)]
    columns = [pa.array(days, pa.date32()), *(pa.array(each) for each in values.T)]
    return pa.Table.from_arrays(columns, names=["date", *names])


def rows(scale: float) -> Iterator[Row]:
    """Time both settings; the alternative is MSTL with AutoETS on the same series."""
    for setting, series, weeks, target in (
        ("light", LIGHT_SERIES, LIGHT_WEEKS, LIGHT_SECONDS),
        ("full", FULL_SERIES, FULL_WEEKS, FULL_SECONDS),
    ):
        count = max(int(series * scale), MIN_SERIES)
        given = planted(weeks, count)
        started = time.perf_counter()
        forecast_series(given, horizon=HORIZON, setting=setting)
        ours = time.perf_counter() - started
        few = matrix(given)[:, : max(count // 20, MIN_SERIES)]
        mstl(few[:, :1])  # compiled on first use
        started = time.perf_counter()
        mstl(few)
        other = (time.perf_counter() - started) * count / few.shape[1]
        yield Row(
            name=f"forecast 52 weeks of {count:,} series of {weeks} weeks, {setting}",
            ours=f"{ours:.1f} s",
            alternative=f"MSTL+AutoETS, no backtest or intervals: {other:.1f} s",
            ratio=ours / other,
            peak_mb=None,
            target=f"≤ {target:.0f} s",
            is_met=ours <= target,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=Path, required=True)
    parser.add_argument("--external", type=Path)
    parser.add_argument("--setting", choices=("light", "full"), default="full")
    given = parser.parse_args()
    series = read_wide(given.series)
    external = None
    if given.external is not None:
        external = match_external(series, read_wide(given.external), given.external)
    score(series, external, given.setting)


if __name__ == "__main__":
    main()
