"""Trackers: saved queries, their exclusion rules, and which posts belong to them.

The file is read by `load_trackers`, posts are matched by `match_posts`, and
`preview_exclusions` shows what the rules would drop. The format is described in
`docs/trackers.md`.
"""

from __future__ import annotations

from trendlab.trackers.alert_settings import (
    AlertRuleSettings,
    AlertSettings,
    QuietHours,
)
from trendlab.trackers.exclusions import RulePreview, preview_exclusions
from trendlab.trackers.file import load_trackers
from trendlab.trackers.match import match_posts, matches_any
from trendlab.trackers.model import (
    AddedCity,
    Exclusion,
    MappingSpec,
    Tracker,
)

__all__ = [
    "AddedCity",
    "AlertRuleSettings",
    "AlertSettings",
    "Exclusion",
    "MappingSpec",
    "QuietHours",
    "RulePreview",
    "Tracker",
    "load_trackers",
    "match_posts",
    "matches_any",
    "preview_exclusions",
]
