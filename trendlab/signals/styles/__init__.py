"""Styles of looks: discovered, matched from quarter to quarter, named."""

from __future__ import annotations

from trendlab.signals.styles.discover import (
    Styles,
    assign_styles,
    find_styles,
    match_styles,
)
from trendlab.signals.styles.looks import LOOKS, Attributes

__all__ = [
    "LOOKS",
    "Attributes",
    "Styles",
    "assign_styles",
    "find_styles",
    "match_styles",
]
