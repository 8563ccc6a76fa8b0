"""Forecasts of weekly shares: members, a backtest that weighs them, a combination."""

from trendlab.signals.forecast.forecast import QUANTILES, Forecast, forecast_series

__all__ = ["QUANTILES", "Forecast", "forecast_series"]
