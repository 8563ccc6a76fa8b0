"""The styles that the simulated world draws, for those who do not draw it.

Kept apart from `trendlab.sources.world`: a night that only names them would else import
the whole simulator.
"""

from __future__ import annotations

STYLE_NAMES = ("minimal", "romantic", "utility", "preppy", "sporty", "boho")
