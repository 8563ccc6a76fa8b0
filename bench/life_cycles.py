"""How often styles that stand are said to move, and styles that grow are seen to.

Run: ``python -m bench.life_cycles``. The rule is that of sql/marts/styles.sql, written
again for arrays; tests/warehouse/test_style_marts.py holds the SQL.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STYLES, WEEKS, YEAR, QUARTER = 4_000, 106, 52, 13
LOOKS, LEVEL, SEASON, WANDERING = 700, 0.18, 0.3, 0.12
LEAST_RATIO, MOST_MEMORY = 1.15, 0.9
MEMORIES = (0.0, 0.5, 0.8, 0.9)
# of the first level, a year
GROWTHS = (0.0, 0.35, 0.7)


def draw_levels(rng: np.random.Generator, memory: float) -> Floats:
    """Draw (styles, weeks) shares with a season that wander around a level."""
    news = rng.normal(0, 1, (STYLES, WEEKS))
    path = news.copy()
    for week in range(1, WEEKS):
        path[:, week] = memory * path[:, week - 1]
        path[:, week] += np.sqrt(1 - memory**2) * news[:, week]
    season = SEASON * np.sin(2 * np.pi * np.arange(WEEKS) / 52.18)
    return np.asarray(LEVEL * np.exp(WANDERING * path + season))


def say_moves(
    share: Floats, least_z: float, *, counts_memory: bool
) -> tuple[float, float]:
    """Give the shares of styles that are said to rise and to fade."""
    now, then = share[:, -QUARTER:], share[:, -QUARTER - YEAR : -YEAR]
    ratio = now.mean(axis=1) / then.mean(axis=1)
    variance = (now.var(axis=1, ddof=1) + then.var(axis=1, ddof=1)) / QUARTER
    if counts_memory:
        change = share[:, YEAR:] - share[:, :-YEAR]
        pairs = change.shape[1] - 1
        later, before = (
            part - part.mean(axis=1, keepdims=True)
            for part in (change[:, 1:], change[:, :-1])
        )
        spread = np.sqrt((later**2).sum(axis=1) * (before**2).sum(axis=1))
        correlation = (later * before).sum(axis=1) / spread
        memory = np.clip((correlation + 1 / pairs) / (1 - 3 / pairs), 0.0, MOST_MEMORY)
        variance = variance * (1 + memory) / (1 - memory)
    z = (now.mean(axis=1) - then.mean(axis=1)) / np.sqrt(variance)
    rising = (z >= least_z) & (ratio >= LEAST_RATIO)
    fading = (z <= -least_z) & (ratio <= 1 / LEAST_RATIO)
    return float(rising.mean()), float(fading.mean())


def main() -> None:
    rng = np.random.default_rng(0)
    print("| memory | neither | by 35 % | by 70 % |")
    print("|---|---|---|---|")
    for memory in MEMORIES:
        level = draw_levels(rng, memory)
        cells = []
        for growth in GROWTHS:
            grown = level * (1 + growth * np.arange(WEEKS) / YEAR)
            share = rng.binomial(LOOKS, np.minimum(grown, 1.0)) / LOOKS
            ours = say_moves(share, 2.5, counts_memory=True)
            plain = say_moves(share, 3.0, counts_memory=False)
            both = [moves[0] if growth else sum(moves) for moves in (ours, plain)]
            cells.append(f"{both[0]:.1%} ({both[1]:.1%})")
        print(f"| {memory} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
