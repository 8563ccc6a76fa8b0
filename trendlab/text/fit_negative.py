"""Fit and measure the classifier of negative texts on texts that people labelled.

    python -m trendlab.text.fit_negative fit --labels train.csv --texts a.csv b.csv
    python -m trendlab.text.fit_negative evaluate --labels test.csv

Label files are CSV with the columns `text` and `label` (negative, neutral, positive);
files of `--texts` have a column `text` and need no labels. They tell which terms go
together, so that few labelled texts reach many terms.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from trendlab.text.negative import (
    DENSE_FEATURES,
    MODEL_NAME,
    NegativeModel,
    dense_features,
    negative_probability,
    number_terms,
    plain_praise,
    split_words,
)
from trendlab.text.vader import load_vader, score_batch

Floats = npt.NDArray[np.float64]

SHIPPED = Path(__file__).parent / "weights"
# Terms of fewer texts say little and would spell out single texts.
MIN_TEXTS_OF_A_TERM = 10
MAX_TERMS = 20_000
# Chosen by five-fold cross-validation on the training labels among 50, 100, 150
# dimensions, scales 5, 10, 20 and C 0.03, 0.1.
DIMENSIONS = 100
SCALE = 10.0
STRENGTH = 0.1
FOLDS = 5
SEED = 0
# VADER's authors' limit, for the comparison
VADER_NEGATIVE = -0.05
# Wrong labels that a message lists.
SHOWN_LABELS = 5
THRESHOLDS = np.round(np.arange(0.2, 0.61, 0.01), 2)


@dataclass(frozen=True)
class Found:
    """How well negatives are told: precision, recall, F1 and their counts."""

    precision: float
    recall: float
    f1: float
    found_count: int
    negative_count: int


def read_labels(path: Path) -> pd.DataFrame:
    """Read labelled texts.

    Raises
    ------
    SystemExit
        If a column is missing or a label is none of the three.
    """
    labelled = pd.read_csv(path)
    if not {"text", "label"} <= set(labelled.columns):
        sys.exit(
            f"{path}: expected the columns text and label, got "
            f"{', '.join(map(str, labelled.columns))}"
        )
    given = {str(label) for label in labelled["label"]}
    wrong = given - {"negative", "neutral", "positive"}
    if wrong:
        sys.exit(
            f"{path}: expected negative, neutral or positive under label, got "
            f"{', '.join(sorted(wrong)[:SHOWN_LABELS])}"
        )
    return labelled[["text", "label"]].astype(str)


def measure(
    is_negative: npt.NDArray[np.bool_], is_found: npt.NDArray[np.bool_]
) -> Found:
    """Compare what was found negative with what is."""
    hits = int((is_negative & is_found).sum())
    precision = hits / max(int(is_found.sum()), 1)
    recall = hits / max(int(is_negative.sum()), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return Found(precision, recall, f1, int(is_found.sum()), int(is_negative.sum()))


def fit(
    labelled: pd.DataFrame, texts: Sequence[str], *, dimensions: int = DIMENSIONS
) -> NegativeModel:
    """Fit the classifier.

    Parameters
    ----------
    labelled : DataFrame
        Columns text and label.
    texts : sequence of str
        Unlabelled texts of the same kind.
    dimensions : int
        Groups of terms that share their weight.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    words, terms = _vocabulary(texts)
    many = _counts(texts, words, terms)
    rarities = (
        np.log(
            (1 + many.shape[0]) / (1 + np.bincount(many.indices, minlength=len(terms)))
        )
        + 1
    )
    own_texts, own_scores = plain_praise(
        labelled["text"].tolist(), score_batch(labelled["text"].tolist())
    )
    own = _weighed(_counts(own_texts, words, terms), rarities)
    svd = TruncatedSVD(dimensions, random_state=SEED).fit(_weighed(many, rarities))
    dense = dense_features(pa.array(own_texts, pa.string()), own_scores)
    features = np.column_stack([dense, own @ svd.components_.T * SCALE])
    is_negative = (labelled["label"] == "negative").to_numpy()
    model = LogisticRegression(C=STRENGTH, max_iter=5000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    guesses = cross_val_predict(
        model, features, is_negative, cv=folds, method="predict_proba"
    )[:, 1]
    threshold = max(
        THRESHOLDS, key=lambda limit: measure(is_negative, guesses >= limit).f1
    )
    inside = measure(is_negative, guesses >= threshold)
    model.fit(features, is_negative)
    weights = model.coef_[0]
    split = len(DENSE_FEATURES)
    return NegativeModel(
        words=words,
        terms=terms,
        weights=weights[split:] @ svd.components_ * SCALE,
        rarities=rarities,
        dense=weights[:split],
        intercept=float(model.intercept_[0]),
        card={
            "name": MODEL_NAME,
            "threshold": float(threshold),
            "threshold_rule": "largest F1 of negatives in five-fold cross-validation",
            "cross_validation": {
                "precision": round(inside.precision, 3),
                "recall": round(inside.recall, 3),
                "f1": round(inside.f1, 3),
            },
            "labelled_count": len(labelled),
            "negative_count": int(is_negative.sum()),
            "unlabelled_count": len(texts),
        },
    )


def _vocabulary(texts: Sequence[str]) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Return the words and the terms that enough texts hold."""
    split = split_words(pa.array(texts, pa.string()))
    counted = pc.value_counts(split.flatten())
    often = counted.filter(
        pc.greater_equal(counted.field("counts"), MIN_TEXTS_OF_A_TERM)
    ).field("values")
    words = often.take(pc.sort_indices(often))
    _, terms, _ = number_terms(split, words)
    found, in_texts = np.unique(terms, return_counts=True)
    kept = found[in_texts >= MIN_TEXTS_OF_A_TERM]
    in_texts = in_texts[in_texts >= MIN_TEXTS_OF_A_TERM]
    most = np.argsort(-in_texts, kind="stable")[:MAX_TERMS]
    return words, np.sort(kept[most])


def _counts(
    texts: Sequence[str], words: pa.Array, terms: npt.NDArray[np.int64]
) -> sparse.csr_matrix:
    owners, found, counts = number_terms(
        split_words(pa.array(texts, pa.string())), words
    )
    places = np.searchsorted(terms, found)
    places[places == len(terms)] = 0
    known = terms[places] == found
    return sparse.csr_matrix(
        (counts[known].astype(float), (owners[known], places[known])),
        shape=(len(texts), len(terms)),
    )


def _weighed(counts: sparse.csr_matrix, rarities: Floats) -> sparse.csr_matrix:
    """Turn counts into tf-idf of length 1."""
    values = counts.copy()
    values.data = (1.0 + np.log(values.data)) * rarities[values.indices]
    norms = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
    return sparse.diags(1.0 / np.where(norms > 0, norms, 1.0)) @ values


def save(model: NegativeModel, folder: Path, notes: dict[str, Any]) -> None:
    """Write weights and card."""
    folder.mkdir(parents=True, exist_ok=True)
    words = "\n".join(model.words.to_pylist()).encode()
    np.savez_compressed(
        folder / f"{MODEL_NAME}.npz",
        words=np.frombuffer(words, np.uint8),
        terms=model.terms.astype(np.int32),
        weights=model.weights.astype(np.float16),
        rarities=model.rarities.astype(np.float16),
        dense=model.dense.astype(np.float32),
        intercept=np.float32(model.intercept),
    )
    card = {**model.card, **notes}
    (folder / f"{MODEL_NAME}.json").write_text(json.dumps(card, indent=1) + "\n")


def evaluate(labelled: pd.DataFrame) -> str:
    """Compare the shipped classifier and VADER on labelled texts.

    Returns
    -------
    str
        A table: precision, recall and F1 of negatives, with 95 % intervals of F1 by
        bootstrap over texts, and of the difference.
    """
    from trendlab.text.negative import load_model

    model = load_model()
    texts = labelled["text"].tolist()
    scores = score_batch(texts)
    is_negative = (labelled["label"] == "negative").to_numpy()
    guesses = {
        "VADER": scores[:, 3] <= VADER_NEGATIVE,
        MODEL_NAME: negative_probability(texts, scores, model) >= model.threshold,
    }
    generator = np.random.default_rng(SEED)
    draws = generator.integers(0, len(texts), (2000, len(texts)))
    spread = {
        name: np.array([measure(is_negative[d], found[d]).f1 for d in draws])
        for name, found in guesses.items()
    }
    lines = [f"{len(texts)} texts, {is_negative.sum()} negative"]
    for name, found in guesses.items():
        told = measure(is_negative, found)
        low, high = np.quantile(spread[name], [0.025, 0.975])
        lines.append(
            f"{name}: precision {told.precision:.2f}, recall {told.recall:.2f}, "
            f"F1 {told.f1:.2f} ({low:.2f} to {high:.2f})"
        )
    low, high = np.quantile(spread[MODEL_NAME] - spread["VADER"], [0.025, 0.975])
    lines.append(f"F1 of {MODEL_NAME} less VADER's: {low:+.2f} to {high:+.2f}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `fit` or `evaluate` from the command line."""
    parser = argparse.ArgumentParser(prog="python -m trendlab.text.fit_negative")
    verbs = parser.add_subparsers(dest="verb", required=True)
    fitting = verbs.add_parser("fit", help="fit on labelled texts")
    fitting.add_argument("--labels", type=Path, required=True)
    fitting.add_argument("--texts", type=Path, nargs="+", required=True)
    fitting.add_argument("--without", type=Path, help="labels kept apart for the test")
    fitting.add_argument("--version", required=True)
    fitting.add_argument(
        "--data", required=True, help="what the texts are, for the card"
    )
    fitting.add_argument("--out", type=Path, default=SHIPPED)
    judging = verbs.add_parser("evaluate", help="compare with VADER on labelled texts")
    judging.add_argument("--labels", type=Path, required=True)
    given = parser.parse_args(arguments)
    if given.verb == "evaluate":
        sys.stdout.write(evaluate(read_labels(given.labels)))
        return 0
    load_vader()
    texts = pd.concat(
        [
            pd.read_csv(path, usecols=["text"], on_bad_lines="skip")
            for path in given.texts
        ]
    )["text"]
    texts = texts.dropna().astype(str).drop_duplicates()
    if given.without is not None:
        texts = texts[~texts.isin(read_labels(given.without)["text"])]
    model = fit(read_labels(given.labels), texts.tolist())
    save(model, given.out, {"version": given.version, "training_data": given.data})
    sys.stdout.write(json.dumps(model.card, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
