"""What the backtest found, as a table: each member and the combination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from trendlab.signals.forecast.backtest import Origin, mean_mase
from trendlab.signals.forecast.history import SEASON_WEEKS, Floats
from trendlab.signals.forecast.intervals import spread_quantiles
from trendlab.signals.forecast.scores import coverage, direction, smape

COMBINATION = "combination"
# Ends of the interval whose coverage the backtest reports.
REPORTED_INTERVAL = (0.1, 0.9)

BACKTEST = pa.schema(
    [
        ("member", pa.string()),
        ("weight", pa.float64()),
        ("back_weeks", pa.int32()),
        ("mase", pa.float64()),
        ("smape", pa.float64()),
        ("direction_share", pa.float64()),
        ("coverage_share", pa.float64()),
    ]
)


def judge_members(
    origins: Sequence[Origin], weights: Mapping[str, float], told: Sequence[Floats]
) -> pa.Table:
    """Score members and the combination at each origin."""
    rows = []
    for place, origin in enumerate(origins):
        others = [
            (o, t)
            for at, (o, t) in enumerate(zip(origins, told, strict=True))
            if at != place
        ]  # an origin's interval comes from the other origins
        points = {**origin.points, COMBINATION: told[place]}
        for name, point in points.items():
            share = None
            if name == COMBINATION and others:
                low, high = spread_quantiles(
                    point,
                    origin.history,
                    [o for o, _ in others],
                    [t for _, t in others],
                    REPORTED_INTERVAL,
                )
                share = coverage(origin.actual, low, high)
            before = origin.history.values[-SEASON_WEEKS:]
            went = direction(before, origin.actual)
            said = direction(before, point)
            known = np.isfinite(went) & np.isfinite(said)
            rows.append(
                {
                    "member": name,
                    "weight": 1.0 if name == COMBINATION else weights.get(name, 0.0),
                    "back_weeks": origin.back,
                    "mase": _number(mean_mase([origin], [point])),
                    "smape": _mean(smape(origin.actual, point)),
                    "direction_share": _number(
                        float((went == said)[known].mean()) if known.any() else np.nan
                    ),
                    "coverage_share": share,
                }
            )
    return pa.Table.from_pylist(rows, schema=BACKTEST)


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
