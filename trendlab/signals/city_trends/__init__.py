"""Trends by city: curves, events and forecasts of weekly shares."""

from trendlab.signals.city_trends.events import RULE_VERSION, Trends, find_trends
from trendlab.signals.city_trends.panel import Panel, build_panel

__all__ = ["RULE_VERSION", "Panel", "Trends", "build_panel", "find_trends"]
