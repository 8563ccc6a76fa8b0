"""False events in worlds without any, and how long the curves of 2,200 series take.

Run: ``python -m bench.city_trends``
"""

from __future__ import annotations

import time

import numpy as np

from trendlab.signals.city_trends.odd_weeks import find_odd_weeks
from trendlab.signals.city_trends.panel import A_MONDAY, Panel

# worlds, cities, values, weeks, overdispersion
NULLS = (
    (100, 20, 1, 26, 0.001),
    (100, 20, 1, 26, 0.004),
    (30, 40, 5, 26, 0.004),
    (60, 10, 1, 120, 0.001),
    (20, 50, 6, 106, 0.004),
)
MEAN_LOOKS = 1000


def null_panel(
    rng: np.random.Generator, cities: int, values: int, weeks: int, rho: float
) -> Panel:
    """Draw beta-binomial counts around shares that stay where they are."""
    series = cities * values
    looks = rng.integers(MEAN_LOOKS // 2, 2 * MEAN_LOOKS, (series, weeks))
    share = np.repeat(rng.uniform(0.01, 0.5, series)[:, None], weeks, axis=1)
    strength = 1 / rho - 1
    drawn = rng.beta(share * strength, (1 - share) * strength)
    return Panel(
        tuple((str(at // values), str(at % values)) for at in range(series)),
        np.arange(series) % values,
        A_MONDAY,
        looks.astype(float),
        rng.binomial(looks, drawn).astype(float),
        0,
    )


def main() -> None:
    print("| world | worlds | with a mark | marks | with a firm one ", end="")
    print("| firm marks | of series-weeks |")
    print("|---|---|---|---|---|---|---|")
    for worlds, cities, values, weeks, rho in NULLS:
        rng = np.random.default_rng(1)
        marks, firm = [], []
        for _ in range(worlds):
            odd = find_odd_weeks(null_panel(rng, cities, values, weeks, rho))
            marks.append(int(odd.is_rise.sum() + odd.is_drop.sum()))
            firm.append(int(odd.is_firm_rise.sum() + odd.is_firm_drop.sum()))
        print(
            f"| {cities * values} series of {weeks} weeks, rho {rho} | {worlds} "
            f"| {sum(mark > 0 for mark in marks)} | {sum(marks)} "
            f"| {sum(mark > 0 for mark in firm)} | {sum(firm)} "
            f"| {worlds * cities * values * weeks:,} |",
            flush=True,
        )
    panel = null_panel(np.random.default_rng(2), 44, 50, 106, 0.001)
    started = time.monotonic()
    find_odd_weeks(panel)
    print(f"\n2,200 series of 106 weeks: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
