"""What a leading signal adds: the forecast moved by where the signal has gone.

How far a forecast of the series alone fell short, at past origins, is regressed on
how far the external signal stood above the year before at that time. One pair of
slopes serves all series: a series alone holds too few independent years to tell.
"""

from __future__ import annotations

import numpy as np

from trendlab.signals.forecast.harmonic import forecast_shape
from trendlab.signals.forecast.history import (
    SEASON_WEEKS,
    Floats,
    History,
    naive_scale,
)
from trendlab.signals.forecast.members import SHAPES

# Spans of the signal held against the same weeks of the year before.
SPANS_WEEKS = (26, 13)
# Weeks needed for the longer span of the year before, with two to spare.
FIRST_ORIGIN = SEASON_WEEKS + SPANS_WEEKS[0] + 2
# Weeks between origins: closer ones tell the same again.
ORIGIN_STEP = 4
# Errors are taken over quarters, since those of single weeks are noise.
BLOCK_WEEKS = 13
# A lead takes half a year to arrive in full.
ARRIVAL_WEEKS = 26.0
# Members of the family whose median is the forecast without the signal.
BASE = ("log_26_firm", "log_52_flat", "root_39_calm", "root_13_firm")
# Share of the usual level added before logarithms, for the error and the signal.
ERROR_OFFSET = 0.05
SIGNAL_OFFSET = 0.02
# Changes of the signal beyond this (in logarithm) are noise of rare styles.
MAX_CHANGE = 1.0
# Holds slopes back, in the variance of the signal's changes.
SLOPE_PENALTY = 0.01
# Rounds of reweighting that turn least squares into least absolute deviations.
ROUNDS = 5
# Errors smaller than this count alike, so that weights stay finite.
MIN_ERROR = 0.05
# Most that a series counts for being quiet, in levels per seasonal naive error.
MAX_COUNT = 5.0
# Most that the signal may move a forecast, in logarithm: a factor of 1.65.
MAX_MOVE = 0.5


def lead_factor(history: History, horizon: int) -> Floats | None:
    """Tell by how much the external signal moves a forecast.

    Returns
    -------
    (horizon, series) float64 or None
        Factors; None without a signal or with too short a history to learn from.
    """
    if history.external is None:
        return None
    slopes = _fit_slopes(history, history.external)
    if slopes is None:
        return None
    arrival = np.minimum(1.0, np.arange(1, horizon + 1) / ARRIVAL_WEEKS)
    move = np.outer(arrival, _changes(history.external) @ slopes)
    return np.asarray(np.exp(np.clip(move, -MAX_MOVE, MAX_MOVE)), dtype=np.float64)


def _fit_slopes(history: History, external: Floats) -> Floats | None:
    """Least absolute regression of past errors on past changes, pooled."""
    causes, errors, counts = [], [], []
    scale = np.nan_to_num(naive_scale(history), nan=np.inf)
    for origin in range(history.weeks - BLOCK_WEEKS, FIRST_ORIGIN - 1, -ORIGIN_STEP):
        known = history.until(origin)
        ahead = min(SEASON_WEEKS, history.weeks - origin)
        base = np.median([forecast_shape(known, ahead, SHAPES[n]) for n in BASE], 0)
        level = known.values[-SEASON_WEEKS:].mean(axis=0)
        used = level > 0
        changes = _changes(external[:origin])
        for start in range(0, ahead - BLOCK_WEEKS + 1, BLOCK_WEEKS):
            block = slice(start, start + BLOCK_WEEKS)
            came = history.values[origin:][block].mean(axis=0)
            little = ERROR_OFFSET * level
            said = base[block].mean(axis=0)
            arrival = min(1.0, (start + BLOCK_WEEKS / 2) / ARRIVAL_WEEKS)
            causes.append(changes[used] * arrival)
            errors.append(np.log((came + little)[used] / (said + little)[used]))
            counts.append(np.minimum(level / scale, MAX_COUNT)[used])
    if not causes or sum(map(len, errors)) <= len(SPANS_WEEKS):
        return None
    cause, error = np.concatenate(causes), np.concatenate(errors)
    count = np.concatenate(counts)
    penalty = SLOPE_PENALTY * np.eye(len(SPANS_WEEKS))
    weight, slopes = count, np.zeros(len(SPANS_WEEKS))
    for _ in range(ROUNDS):
        weighted = cause.T * (weight / len(error))
        slopes = np.linalg.solve(weighted @ cause + penalty, weighted @ error)
        left = np.maximum(np.abs(error - cause @ slopes), MIN_ERROR)
        weight = count * np.median(left) / left
    return np.asarray(slopes, dtype=np.float64)


def _changes(external: Floats) -> Floats:
    """How far the last weeks of each signal stand above the year before, in log."""
    little = SIGNAL_OFFSET * external.mean(axis=0)
    changes = []
    for span in SPANS_WEEKS:
        now = external[-span:].mean(axis=0) + little
        before = external[-span - SEASON_WEEKS : -SEASON_WEEKS].mean(axis=0) + little
        is_told = (now > 0) & (before > 0)
        ratio = np.where(is_told, now, 1.0) / np.where(is_told, before, 1.0)
        changes.append(np.log(ratio))
    change = np.clip(np.stack(changes, axis=1), -MAX_CHANGE, MAX_CHANGE)
    return np.asarray(change, dtype=np.float64)
