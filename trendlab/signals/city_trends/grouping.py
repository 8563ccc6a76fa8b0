"""Which odd weeks are one event: neighbours, and the same weeks of other years.

Weeks at most three apart are one burst. Bursts of different years are one event where
they lie 52 ± 3 weeks apart; which burst goes with which is found by dynamic
programming over the bursts in order of time, as two sequences are aligned, because the
number of ways to pair them explodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Weeks apart that still make one burst.
NEAR_WEEKS = 3
# A yearly event may move by so much: Easter, the first cold days.
YEAR_WEEKS, YEAR_SLACK_WEEKS = 52, 3


@dataclass(frozen=True)
class Burst:
    """Odd weeks that lie together.

    Parameters
    ----------
    weeks : tuple of int
        Positions, rising.
    apex : int
        The one that stands out most.
    """

    weeks: tuple[int, ...]
    apex: int


def find_bursts(weeks: Sequence[int], weights: Sequence[float]) -> list[Burst]:
    """Split rising weeks wherever more than `NEAR_WEEKS` lie between two.

    Parameters
    ----------
    weeks : sequence of int
        Positions of odd weeks of one series and direction, rising.
    weights : sequence of float
        How far each stands out.
    """
    bursts: list[Burst] = []
    start = 0
    for end in range(1, len(weeks) + 1):
        if end < len(weeks) and weeks[end] - weeks[end - 1] <= NEAR_WEEKS:
            continue
        apex = max(range(start, end), key=lambda at: (weights[at], -weeks[at]))
        bursts.append(Burst(tuple(weeks[start:end]), weeks[apex]))
        start = end
    return bursts


def pair_years(bursts: Sequence[Burst]) -> list[tuple[int, int]]:
    """Pair bursts with those a year later, in order, as many as can be.

    Parameters
    ----------
    bursts : sequence of Burst
        In order of time.

    Returns
    -------
    list of (int, int)
        Positions of an earlier and a later burst whose apexes lie 52 ± 3 weeks apart.
        Each burst has at most one before and one after it. Of all ways to pair them
        without crossing, the one with the most pairs, then with the least distance
        from 52 weeks in all.

    Notes
    -----
    `best[i][j]` is the best pairing of the first i bursts, as earlier ones, with the
    first j, as later ones: that of a shorter prefix, or that of both prefixes one
    shorter and the pair (i, j). Needleman and Wunsch (1970). O(bursts²).
    """
    count = len(bursts)
    best = [[(0, 0)] * (count + 1) for _ in range(count + 1)]
    for i in range(1, count + 1):
        for j in range(1, count + 1):
            options = [best[i - 1][j], best[i][j - 1]]
            off = _off_a_year(bursts[i - 1], bursts[j - 1])
            if off is not None:
                pairs, near = best[i - 1][j - 1]
                options.append((pairs + 1, near - off))
            best[i][j] = max(options)
    found = []
    i = j = count
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]


def group_weeks(weeks: Sequence[int], weights: Sequence[float]) -> list[list[Burst]]:
    """Group the odd weeks of one series and direction into events.

    Returns
    -------
    list of list of Burst
        An event each, bursts in order of time: one, or one a year.
    """
    bursts = find_bursts(weeks, weights)
    earlier_of = {later: earlier for earlier, later in pair_years(bursts)}
    events: dict[int, list[Burst]] = {}
    first_of: dict[int, int] = {}
    for at, burst in enumerate(bursts):
        first_of[at] = first_of[earlier_of[at]] if at in earlier_of else at
        events.setdefault(first_of[at], []).append(burst)
    return list(events.values())


def _off_a_year(earlier: Burst, later: Burst) -> int | None:
    """Give how far apexes are from a year apart; None where they are no pair."""
    off = abs(later.apex - earlier.apex - YEAR_WEEKS)
    return off if off <= YEAR_SLACK_WEEKS else None
