"""Linear classifiers over a detector's features: fitted, told from, and scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trendlab.vision.detector import Floats

Numbers = npt.NDArray[np.int64]

# Classes weigh by count ** -0.5: between the majority guesser (0) and equal classes
# (−1), which calls a third of all shoes something rarer.
BALANCE = 0.5

# Inverse strength of the penalty, for standardised features, with about a thousand
# garments; by five-fold cross-validation over CCP's training photos.
PENALTY_C = 0.001


def fit_linear(
    inputs: Floats, truth: Numbers, labels: Sequence[int], *, penalty_c: float
) -> tuple[Floats, Floats]:
    """Fit a logistic regression and fold its standardisation into the weights.

    Parameters
    ----------
    inputs : (n, d) float32
    truth : (n,) int64
        Every one of `labels` at least once.
    labels : sequence of int
        Two or more, in the order of the outputs.
    penalty_c : float
        Inverse strength of the L2 penalty.

    Returns
    -------
    weight : (labels, d) float32
    bias : (labels,) float32
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = inputs.mean(0), inputs.std(0) + 1e-6
    counts = np.bincount(truth)
    model = LogisticRegression(C=penalty_c, max_iter=500)
    model.fit(
        (inputs - mean) / scale,
        truth,
        sample_weight=(counts.max() / counts[truth]) ** BALANCE,
    )
    rows, starts = model.coef_, model.intercept_
    if len(labels) == 2:
        # scikit-learn keeps one row for two classes: that of the second
        rows = np.stack([-rows[0] / 2, rows[0] / 2])
        starts = np.array([-starts[0] / 2, starts[0] / 2])
    order = [list(model.classes_).index(label) for label in labels]
    weight = (rows / scale)[order]
    bias = (starts - (rows * (mean / scale)).sum(1))[order]
    return weight.astype(np.float32), bias.astype(np.float32)


def macro_recall(truth: Numbers, told: Numbers) -> float:
    """Return the mean over true classes of the share that is told right."""
    recalls = [
        float((told[truth == label] == label).mean())
        for label in np.unique(truth).tolist()
    ]
    return float(np.mean(recalls))
