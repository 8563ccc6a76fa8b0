"""Forecasts: planted truths come back, odd series do no harm, nothing looks ahead."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from trendlab.errors import SignalError
from trendlab.signals.forecast import QUANTILES, forecast_series
from trendlab.signals.forecast.backtest import run_origins
from trendlab.signals.forecast.history import make_history
from trendlab.signals.forecast.members import choose_members

START = date(2018, 1, 1)


def table(values: np.ndarray, names: list[str] | None = None) -> pa.Table:
    weeks = [START + timedelta(weeks=week) for week in range(len(values))]
    names = names or [f"s{place}" for place in range(values.shape[1])]
    columns = [pa.array(weeks, pa.date32())]
    columns += [pa.array(column, from_pandas=True) for column in values.T]
    return pa.Table.from_arrays(columns, names=["date", *names])


def points(result) -> np.ndarray:
    return np.stack([c.to_numpy() for c in result.points.columns[1:]], axis=1)


def seasonal(weeks: int, series: int, *, growth: float = 0.0, noise: float = 0.05):
    """Series with a yearly wave of their own phase; levels 0.01 to 0.1."""
    rng = np.random.default_rng(7)
    at = np.arange(weeks)[:, None]
    phase = rng.uniform(0, 2 * np.pi, series)
    level = np.geomspace(0.01, 0.1, series)
    wave = 1 + 0.5 * np.sin(2 * np.pi * at / (365.2425 / 7) + phase)
    truth = level * wave * np.exp(growth * at / 52)
    return truth, truth * np.exp(rng.normal(0, noise, truth.shape))


@pytest.mark.parametrize("setting", ["light", "full"])
def test_a_planted_season_comes_back(setting):
    truth, seen = seasonal(260, 8)
    result = forecast_series(table(seen[:208]), horizon=52, setting=setting)
    assert np.abs(points(result) / truth[208:] - 1).mean() < 0.05
    assert result.mean_mase() < 0.8 * result.mean_mase("last_year")


def test_planted_growth_goes_on_for_a_while():
    truth, seen = seasonal(312, 8, growth=0.3)
    told = points(forecast_series(table(seen[:260]), horizon=52, setting="light"))
    last_year = seen[208:260]
    apart, naive = np.abs(told - truth[260:]), np.abs(last_year - truth[260:])
    assert apart.mean() < 0.5 * naive.mean()


def test_a_constant_series_stays_to_the_last_digit():
    _, seen = seasonal(208, 4)
    seen[:, 1] = 0.03
    result = forecast_series(table(seen), horizon=10, setting="light")
    assert (points(result)[:, 1] == 0.03).all()
    assert any("constant" in note and "s1" in note for note in result.notes)


def test_a_series_of_zeros_stays_zero_and_harms_no_other():
    _, seen = seasonal(208, 4)
    seen[:, 2] = 0.0
    with_zeros = points(forecast_series(table(seen), horizon=52, setting="full"))
    assert (with_zeros[:, 2] == 0).all()
    assert np.isfinite(with_zeros).all()
    assert np.isfinite(points(forecast_series(table(seen * 0), horizon=5))).all()


def test_a_series_of_mostly_zeros_is_never_negative():
    rng = np.random.default_rng(3)
    seen = rng.poisson(0.1, (208, 5)).astype(float)
    result = forecast_series(table(seen), horizon=52, setting="full")
    assert points(result).min() >= 0
    assert result.quantiles["value"].to_numpy().min() >= 0


def test_holes_are_bridged():
    truth, seen = seasonal(260, 6)
    holed = seen[:208].copy()
    holed[30:36, 0] = np.nan
    holed[:60, 1] = np.nan
    holed[-3:, 2] = np.nan
    told = points(forecast_series(table(holed), horizon=52, setting="light"))
    assert np.abs(told / truth[208:] - 1).mean() < 0.07


def test_a_series_that_was_never_known_is_zero_and_said_so():
    _, seen = seasonal(208, 3)
    seen[:, 0] = np.nan
    result = forecast_series(table(seen), horizon=4, setting="light")
    assert (points(result)[:, 0] == 0).all()
    nothing = forecast_series(table(seen * np.nan), horizon=4, setting="light")
    assert (points(nothing) == 0).all()
    assert any("never known" in note for note in result.notes)


@pytest.mark.parametrize("weeks", [1, 8, 40, 52, 60, 104, 110, 120, 135, 160])
def test_a_short_history_falls_back(weeks):
    truth, seen = seasonal(weeks, 3)
    result = forecast_series(table(seen), horizon=60)
    told = points(result)
    assert told.shape == (60, 3)
    assert (told > 0).all()
    assert (told < 3 * truth.max(axis=0)).all()
    has_backtest = result.backtest.num_rows > 0
    assert has_backtest == (weeks >= 104 + 13)
    assert any("too few" in note for note in result.notes) != has_backtest


def test_equal_inputs_give_equal_forecasts():
    _, seen = seasonal(208, 5)
    first = forecast_series(table(seen), horizon=52, external=table(seen))
    again = forecast_series(table(seen), horizon=52, external=table(seen))
    assert first.points.equals(again.points)
    assert first.quantiles.equals(again.quantiles)
    assert first.backtest.equals(again.backtest)


def test_quantiles_rise_and_hold_the_point():
    _, seen = seasonal(208, 5, noise=0.3)
    result = forecast_series(table(seen), horizon=60)
    spread = result.quantiles["value"].to_numpy().reshape(60, 5, len(QUANTILES))
    assert (np.diff(spread, axis=2) >= 0).all()
    middle = QUANTILES.index(0.5)
    np.testing.assert_array_equal(spread[:, :, middle], points(result))


def test_quantiles_cover_what_comes():
    _, seen = seasonal(260, 40, noise=0.3)
    result = forecast_series(table(seen[:208]), horizon=52, setting="light")
    spread = result.quantiles["value"].to_numpy().reshape(52, 40, len(QUANTILES))
    low, high = spread[:, :, QUANTILES.index(0.1)], spread[:, :, QUANTILES.index(0.9)]
    inside = ((seen[208:] >= low) & (seen[208:] <= high)).mean()
    assert 0.7 < inside < 0.9


def test_the_backtest_never_sees_the_weeks_it_forecasts():
    _, seen = seasonal(260, 4)
    changed = seen.copy()
    changed[208:] *= 3
    before, after = make_history(seen), make_history(changed)
    members = choose_members(260, "full")
    for one, other in zip(
        run_origins(before, 52, members, "full"),
        run_origins(after, 52, members, "full"),
        strict=True,
    ):
        known_weeks = 260 - one.back
        assert one.history.weeks == known_weeks
        for name, point in one.points.items():
            if known_weeks <= 208:
                np.testing.assert_array_equal(point, other.points[name])


def test_an_external_signal_that_leads_helps():
    rng = np.random.default_rng(5)
    weeks, series, lead = 312, 60, 20
    # levels that wander over months; the signal shows them 20 weeks earlier
    steps = rng.normal(0, 0.03, (weeks + lead, series))
    wander = np.exp(np.cumsum(steps, axis=0) - np.cumsum(steps, axis=0)[130])
    signal = 0.02 * wander[lead:]
    seen = 0.05 * wander[:-lead] * np.exp(rng.normal(0, 0.1, (weeks, series)))
    given, to_come = table(seen[:260]), seen[260:]
    alone = forecast_series(given, horizon=52, setting="light")
    led = forecast_series(
        given, horizon=52, setting="light", external=table(signal[:260])
    )
    assert led.mean_mase() < alone.mean_mase()
    error = np.abs(points(led) - to_come).mean()
    assert error < np.abs(points(alone) - to_come).mean()


def test_an_external_signal_that_tells_nothing_does_little_harm():
    rng = np.random.default_rng(6)
    _, seen = seasonal(208, 30, noise=0.2)
    noise = rng.uniform(0.01, 0.02, seen.shape)
    alone = points(forecast_series(table(seen), horizon=52, setting="light"))
    result = forecast_series(
        table(seen), horizon=52, setting="light", external=table(noise)
    )
    assert np.abs(np.log(points(result) / alone)).mean() < 0.02


def test_the_output_has_the_columns_given_and_the_coming_weeks():
    _, seen = seasonal(130, 2)
    given = table(seen, ["red", "blue"])
    result = forecast_series(given, horizon=3)
    assert result.points.column_names == ["date", "red", "blue"]
    assert result.points["date"].to_pylist() == [
        START + timedelta(weeks=130 + step) for step in range(3)
    ]
    assert result.quantiles.column_names == ["date", "series", "quantile", "value"]
    assert result.quantiles.num_rows == 3 * 2 * len(QUANTILES)


def test_wrong_arguments_are_refused():
    _, seen = seasonal(130, 2)
    with pytest.raises(SignalError, match="horizon"):
        forecast_series(table(seen), horizon=0)
    with pytest.raises(SignalError, match="no series"):
        forecast_series(table(seen).select(["date"]), horizon=1)
    with pytest.raises(SignalError, match="no series"):
        forecast_series(table(seen).slice(0, 0), horizon=1)
    with pytest.raises(SignalError, match="lacks"):
        forecast_series(
            table(seen), horizon=1, external=table(seen).select(["date", "s0"])
        )
    with pytest.raises(SignalError, match="weeks are others"):
        forecast_series(table(seen), horizon=1, external=table(seen).slice(1))
