"""Moves the trailing baselines of many series on by a step.

`baselines` says what a baseline is. All series move together, because the peaks of a
step, which stay out of later baselines, are decided over all of them.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trendlab.errors import SignalError
from trendlab.signals.baselines import Baseline, young_moments
from trendlab.signals.trailing_kernels import (
    empty_windows,
    move_windows,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Fewer series than this a thread are done before a second thread has woken up.
SERIES_PER_THREAD = 1024


class TrailingBaselines:
    """The windows of many series, moved on step by step.

    Parameters
    ----------
    values : (series, steps) float64
        Values ≥ 0; anything finite where not usable.
    usable : (series, steps) bool
        Steps that may enter a baseline: covered in full, not missing.
    segments : (series, steps) int64
        Version of the series' query; only steps of the same version compare.
    window, period : int
        Length of the window and of the season, in steps.
    young_steps : int
        The moments of the cold start are given where fewer valid steps than this lie
        in the window.
    threads : int, optional
        Threads that share the series; the machine's cores when not given. Their
        number changes no result.

    Raises
    ------
    SignalError
        A value that may enter a baseline is negative or not finite.
    """

    def __init__(
        self,
        values: Floats,
        usable: Bools,
        segments: Ints,
        *,
        window: int = 84,
        period: int = 7,
        young_steps: int = 28,
        threads: int | None = None,
    ) -> None:
        if not (np.isfinite(values) & (values >= 0.0))[usable].all():
            raise SignalError(
                "baseline: usable values must be finite and ≥ 0, got others; mark the "
                "steps that are missing as not usable"
            )
        series = values.shape[0]
        self._values = values
        # a step's column lies together, as all series move on at once
        self._logs = np.log1p(np.where(usable, values, 0.0).T, order="C")
        self._logs += 0.0  # no −0, whose bits sort wrong
        self._usable = np.ascontiguousarray(usable.T)
        self._segments = np.ascontiguousarray(segments.T)
        self._flagged = np.zeros(self._usable.shape, bool)
        self._window, self._period = window, period
        self._young_steps = young_steps
        self._step: int | None = None
        self._windows = empty_windows(series, window, period)
        wanted = threads if threads is not None else os.cpu_count() or 1
        shares = max(1, min(wanted, series // SERIES_PER_THREAD))
        self._cuts = [series * share // shares for share in range(shares + 1)]
        self._pool = ThreadPoolExecutor(shares) if shares > 1 else None

    def at(self, step: int, flagged: Bools) -> Baseline:
        """Give every series' baseline at one step from the steps before it.

        Parameters
        ----------
        step : int
            The step to predict, 0-based; columns at and after it are not read, except
            for its segment. The step after the last one asked for is fast, any
            other one fills the windows anew.
        flagged : (series, steps) bool
            Peaks found so far; they stay out of the baseline, unless a run of
            `SHIFT_STEPS` of them shows a new level, from which the baseline restarts.
            Between two neighbouring steps only the newest column may change.

        Returns
        -------
        Baseline
        """
        first = max(0, step - self._window)
        is_fresh = self._step is None or step != self._step + 1
        changed = slice(first if is_fresh else max(step - 1, 0), step)
        self._flagged[changed] = flagged[:, changed].T
        self._step = step
        series = len(self._values)
        starts = np.empty(series, np.int64)
        baseline = Baseline(
            centre=np.empty(series),
            scale=np.empty(series),
            valid=np.empty(series, np.int64),
            mean=np.empty(series),
            spread=np.empty(series),
        )
        arrays = (self._logs, self._usable, self._flagged, self._segments)

        def move(share: tuple[int, int]) -> None:
            move_windows(
                *arrays,
                step,
                self._window,
                self._period,
                is_fresh,
                *share,
                self._windows,
                starts,
                baseline.centre,
                baseline.scale,
                baseline.valid,
            )

        shares = list(pairwise(self._cuts))
        if self._pool is None:
            move(shares[0])
        else:
            list(self._pool.map(move, shares))
        young_moments(
            self._values,
            *arrays[1:],
            step,
            self._window,
            starts,
            baseline.valid,
            self._young_steps,
            baseline.mean,
            baseline.spread,
        )
        return baseline
