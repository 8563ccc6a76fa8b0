"""Compiled loops that move the windows of trailing baselines on by a step.

From one step to the next a window loses one value and gains one, both of one slot
where the window is a whole number of seasons. The values of each slot are therefore
kept sorted, and only the residuals of slots whose values or median changed are made
anew; the median of all residuals is reached from where it was. Exact: every number is
computed by the same operations as from an empty window, none is a running sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from trendlab.signals.baselines import MAD_TO_SIGMA, SHIFT_STEPS, window_start

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# A slot with fewer values than this takes the median of the whole window: a median of
# one or two values would make the slot's own noise its baseline.
MIN_SLOT_VALUES = 3
# Doubles ≥ 0 sort as the whole numbers that their bits spell, and a processor finds the
# least of many whole numbers several at a time, of doubles one by one.
INFINITE = np.int64(np.float64(np.inf).view(np.int64))

_jit = numba.njit(cache=True, nogil=True)


class Windows(NamedTuple):
    """What the windows of all series hold between two steps.

    Parameters
    ----------
    slots : (series, period, depth) float64
        log1p of the values in the window, sorted within a slot; inf fills the end.
    filled : (series, period) int64
        Values of each slot.
    slot_bits : (series, period · depth) int64
        `slots`, as bits.
    residuals, residual_bits : (series, period · depth) float64, int64
        Distances of the values from the median of their slot, and their bits.
    medians : (series, period) float64
        Median of each slot.
    guesses : (series,) int64
        Bits of the upper middle residual of the step before.
    middles, middle_bits : (series, 2) float64, int64
        Room to turn bits into numbers.
    held : (series,) int64
        Segment that the values in the window are of.
    flags : (series,) int64
        Flagged steps within the window.
    is_shifted : (series,) bool
        The window begins with a new level.
    """

    slots: Floats
    filled: Ints
    slot_bits: Ints
    residuals: Floats
    residual_bits: Ints
    medians: Floats
    guesses: Ints
    middles: Floats
    middle_bits: Ints
    held: Ints
    flags: Ints
    is_shifted: Bools


def empty_windows(series: int, window: int, period: int) -> Windows:
    """Make room for the windows, to be filled by a fresh step."""
    depth = -(-window // period)
    slots = np.empty((series, period, depth))
    residuals = np.empty((series, period * depth))
    middles = np.empty((series, 2))
    return Windows(
        slots=slots,
        filled=np.empty((series, period), np.int64),
        slot_bits=slots.reshape(series, period * depth).view(np.int64),
        residuals=residuals,
        residual_bits=residuals.view(np.int64),
        medians=np.empty((series, period)),
        guesses=np.empty(series, np.int64),
        middles=middles,
        middle_bits=middles.view(np.int64),
        held=np.empty(series, np.int64),
        flags=np.empty(series, np.int64),
        is_shifted=np.empty(series, bool),
    )


@_jit  # type: ignore[untyped-decorator]
def _look_around(values: Ints, limit: np.int64) -> tuple[int, int, np.int64, np.int64]:
    """Values below and equal to a limit, and its nearest neighbours, in one pass."""
    below = 0
    equal = 0
    lower = np.int64(-1)
    upper = INFINITE
    for i in range(values.shape[0]):
        value = values[i]
        below += value < limit
        equal += value == limit
        lower = max(lower, value if value < limit else np.int64(-1))
        upper = min(upper, value if value > limit else INFINITE)
    return below, equal, lower, upper


@_jit  # type: ignore[untyped-decorator]
def _middle_from(
    values: Ints, count: int, guess: np.int64
) -> tuple[np.int64, np.int64]:
    """Lower and upper middle of the `count` finite values, walking from a guess.

    All are bits of doubles ≥ 0; what is more than `count` is infinite.
    """
    middle = count // 2
    upper = guess
    while True:
        below, equal, lower, higher = _look_around(values, upper)
        if middle < below:
            upper = lower
        elif middle >= below + equal:
            upper = higher
        else:
            break
    if count % 2 == 1 or middle - 1 >= below:
        return upper, upper
    return lower, upper


@_jit  # type: ignore[untyped-decorator]
def _enter(slot: Floats, count: int, value: float) -> None:
    """Put a value into the first `count` sorted ones."""
    place = count
    while place > 0 and slot[place - 1] > value:
        slot[place] = slot[place - 1]
        place -= 1
    slot[place] = value


@_jit  # type: ignore[untyped-decorator]
def _leave(slot: Floats, count: int, value: float) -> None:
    """Take a value out of the first `count` sorted ones; inf fills the end."""
    place = 0
    while slot[place] != value:
        place += 1
    for i in range(place, count - 1):
        slot[i] = slot[i + 1]
    slot[count - 1] = np.inf


@_jit  # type: ignore[untyped-decorator]
def move_windows(
    logs: Floats,
    usable: Bools,
    flagged: Bools,
    segments: Ints,
    step: int,
    window: int,
    period: int,
    is_fresh: bool,
    lowest: int,
    highest: int,
    windows: Windows,
    starts: Ints,
    centre: Floats,
    scale: Floats,
    valid: Ints,
) -> None:
    """Move series `lowest` to before `highest` on to a step.

    Parameters
    ----------
    logs, usable, flagged, segments : (steps, series) float64, bool, bool, int64
        As of `trailing.TrailingBaselines`, a step's column lying together.
    step, window, period : int
    is_fresh : bool
        Fill the windows anew; else they stand at the step before.
    lowest, highest : int
    windows : Windows
        Changed.
    starts : (series,) int64
        Filled with the first step that counts.
    centre, scale, valid : (series,) float64, float64, int64
        Filled with the baseline.
    """
    slots, filled, slot_bits, residuals, residual_bits = windows[:5]
    medians, guesses, middles, middle_bits, held, flags, is_shifted = windows[5:]
    first = max(0, step - window)
    today = step % period
    depth = slots.shape[2]
    has_changed = np.empty(period, np.bool_)
    for s in range(lowest, highest):
        has_changed[:] = False
        here = segments[step, s]
        old = step - 1 - window
        if is_fresh:
            flags[s] = 0
            for i in range(first, step):
                flags[s] += flagged[i, s]
        else:
            flags[s] += flagged[step - 1, s]
            if old >= 0:
                flags[s] -= flagged[old, s]
        start = first
        if flags[s] >= SHIFT_STEPS:
            start = window_start(flagged[:, s], first, step)
        starts[s] = start
        has_shift = start > first
        # a level shift lets other steps in than those before did
        must_fill = is_fresh or has_shift or is_shifted[s]
        is_shifted[s] = has_shift
        if not must_fill:
            if (
                old >= 0
                and usable[old, s]
                and segments[old, s] == held[s]
                and not flagged[old, s]
            ):
                p = old % period
                _leave(slots[s, p], filled[s, p], logs[old, s])
                filled[s, p] -= 1
                has_changed[p] = True
            new = step - 1
            if usable[new, s] and segments[new, s] == held[s] and not flagged[new, s]:
                p = new % period
                _enter(slots[s, p], filled[s, p], logs[new, s])
                filled[s, p] += 1
                has_changed[p] = True
            if here != held[s]:
                # a day that was not covered has a version of its own and no past: the
                # window waits, for the next day will want it again
                for i in range(first, step):
                    if usable[i, s] and segments[i, s] == here and not flagged[i, s]:
                        must_fill = True
                        break
        centre[s] = np.nan
        scale[s] = np.nan
        valid[s] = 0
        if must_fill:
            held[s] = here
            slots[s] = np.inf
            filled[s] = 0
            residuals[s] = np.inf
            guesses[s] = 0
            has_changed[:] = True
            for i in range(start, step):
                if not usable[i, s] or segments[i, s] != here:
                    continue
                if flagged[i, s] and not has_shift:
                    continue
                p = i % period
                _enter(slots[s, p], filled[s, p], logs[i, s])
                filled[s, p] += 1
        for p in range(period):
            if has_changed[p]:
                count = filled[s, p]
                middle = count // 2
                if count % 2 == 1:
                    medians[s, p] = slots[s, p, middle]
                elif count > 0:
                    medians[s, p] = 0.5 * (
                        slots[s, p, middle - 1] + slots[s, p, middle]
                    )
        total = 0
        is_thin = filled[s, today] < MIN_SLOT_VALUES
        for p in range(period):
            total += filled[s, p]
            is_thin |= 0 < filled[s, p] < MIN_SLOT_VALUES
        overall = 0.0
        if is_thin and total > 0:
            middle_bits[s, 0], middle_bits[s, 1] = _middle_from(slot_bits[s], total, 0)
            overall = 0.5 * (middles[s, 0] + middles[s, 1])
        for p in range(period):
            centred = medians[s, p]
            if filled[s, p] < MIN_SLOT_VALUES:
                centred = overall
                has_changed[p] = True
            if has_changed[p]:
                for j in range(depth):  # inf stays inf
                    residuals[s, p * depth + j] = abs(slots[s, p, j] - centred)
            if p == today:
                centre[s] = centred
        if here != held[s] or total == 0:
            centre[s] = np.nan
            continue
        valid[s] = total
        middle_bits[s, 0], middle_bits[s, 1] = _middle_from(
            residual_bits[s], total, guesses[s]
        )
        guesses[s] = middle_bits[s, 1]
        scale[s] = MAD_TO_SIGMA * (0.5 * (middles[s, 0] + middles[s, 1]))
