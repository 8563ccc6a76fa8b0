"""Merges flagged days into runs, as they were known on each day."""

from __future__ import annotations

from collections.abc import Sequence

# Days without a flag that a run may step over: one quiet day does not end an event.
MAX_GAP_DAYS = 1


def run_starts(days: Sequence[int], max_gap_days: int = MAX_GAP_DAYS) -> list[int]:
    """Find where the run of each flagged day begins.

    Parameters
    ----------
    days : sequence of int
        Day numbers of the flagged days of one series, ascending, without repeats.
    max_gap_days : int
        Unflagged days between two flagged ones that still make one run.

    Returns
    -------
    list of int
        For each flagged day, the position in `days` of the first day of its run. Only
        earlier days decide, so the answer never changes as days are added.
    """
    starts: list[int] = []
    for i, day in enumerate(days):
        if i and day - days[i - 1] <= max_gap_days + 1:
            starts.append(starts[-1])
        else:
            starts.append(i)
    return starts


def clamp_severity(points: float) -> int:
    """Round severity points down and hold them between 1 and 10."""
    return int(min(10, max(1, 1 + int(points // 1))))
