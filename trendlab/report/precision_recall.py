"""Precision–recall curves of a detector: a panel a class, legible in print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from trendlab.report.plots import BLUE, MUTED, RED, clean_axes, new_figure

# Panels side by side, and the height of one.
COLUMNS = 4
PANEL_INCHES = 2.3


@dataclass(frozen=True)
class Curve:
    """What one panel shows.

    Parameters
    ----------
    category : str
    objects_count : int
    ap50_voc : float
        NaN where there are no objects.
    recall, precision : (n,) float64, 0 to 1
        By falling score.
    operating_recall, operating_precision : float
        At the threshold that counts; NaN where nothing is found there.
    """

    category: str
    objects_count: int
    ap50_voc: float
    recall: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    operating_recall: float
    operating_precision: float


def draw_curves(curves: Sequence[Curve], title: str) -> Figure:
    """Draw a panel a class: its curve, and the point at which it counts."""
    rows = max(1, math.ceil(len(curves) / COLUMNS))
    figure = new_figure(COLUMNS * PANEL_INCHES, rows * PANEL_INCHES + 0.6)
    figure.suptitle(title, fontsize=11)
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True)
    for panel, curve in zip(panels.flat, curves, strict=False):
        clean_axes(panel)
        ap = "" if math.isnan(curve.ap50_voc) else f", AP {curve.ap50_voc:.2f}"
        panel.set_title(f"{curve.category} ({curve.objects_count}{ap})", fontsize=9)
        panel.set(xlim=(0, 1.02), ylim=(0, 1.02))
        if len(curve.recall):
            panel.step(
                curve.recall, curve.precision, where="post", color=BLUE, linewidth=1.4
            )
        else:
            panel.text(0.5, 0.5, "nothing found", ha="center", color=MUTED, fontsize=9)
        if not math.isnan(curve.operating_precision + curve.operating_recall):
            panel.plot(
                curve.operating_recall,
                curve.operating_precision,
                marker="D",
                markersize=6,
                color=RED,
            )
    for panel in list(panels.flat)[len(curves) :]:
        panel.set_visible(False)
    figure.supxlabel("recall (diamond: where the class counts)", fontsize=9)
    figure.supylabel("precision", fontsize=9)
    return figure
