"""How likely a text is negative: VADER's features and the words of complaints.

VADER adds up the feeling of single words, and a complaint has few of those: "still
waiting for my refund" scores 0. A logistic regression on VADER's four scores and on
one- and two-word terms sees it. It is a second opinion beside the score, not a
replacement: VADER's compound stays as it is.

References
----------
Deerwester et al. (1990), "Indexing by latent semantic analysis": terms that stand in
the same texts share their weight, so that few labelled texts reach many terms.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.text.slang import read_slang
from trendlab.text.vader import score_batch

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MODEL_NAME = "complaints"
# in the order of `dense_features`
DENSE_FEATURES = (
    "neg",
    "pos",
    "neu",
    "compound",
    "compound_below_0",
    "compound_above_0",
    "has_question",
    "has_exclamation",
    "is_addressed",
    "length",
    "has_link",
    "has_capitals",
    "has_negation",
)
# Characters of a long tweet; longer texts count more than 1.
LENGTH_UNIT = 280
# Texts that are turned into terms together; bounds memory at some tens of megabytes.
CHUNK_TEXTS = 20_000

_LINK = r"https?://\S+"
_HANDLE = r"@\w+"
_CAPITALS = r"\b[A-Z]{3,}\b"
_NEGATION = (
    r"\b(not|no|never|n't|cant|can't|dont|don't|wont|won't|isn't|didn't|still|why)\b"
)


@dataclass(frozen=True)
class NegativeModel:
    """Weights and what is known of them.

    Parameters
    ----------
    words : pyarrow.Array
        Distinct words of the terms; a word's place is its number.
    terms : (t,) int64
        Rising; a word's number + 1 times the number of words + 1, plus the number + 1
        of the second word or 0.
    weights, rarities : (t,) float64
        What a term adds to the log-odds at tf-idf 1, and its idf.
    dense : (13,) float64
        Weights of `DENSE_FEATURES`.
    intercept : float
    card : dict
        Version, threshold, training data, metrics.
    """

    words: pa.Array
    terms: Integers
    weights: Floats
    rarities: Floats
    dense: Floats
    intercept: float
    card: dict[str, Any]

    @property
    def version(self) -> str:
        """Version of the weights."""
        return str(self.card["version"])

    @property
    def threshold(self) -> float:
        """Probability from which a text is called negative."""
        return float(self.card["threshold"])


@lru_cache(maxsize=1)
def load_model() -> NegativeModel:
    """Read the shipped weights and their card."""
    folder = files("trendlab.text") / "weights"
    card = json.loads((folder / "complaints.json").read_text(encoding="utf-8"))
    with (folder / "complaints.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        words = stored["words"].tobytes().decode("utf-8").split("\n")
        return NegativeModel(
            words=pa.array(words, pa.string()),
            terms=stored["terms"].astype(np.int64),
            weights=stored["weights"].astype(np.float64),
            rarities=stored["rarities"].astype(np.float64),
            dense=stored["dense"].astype(np.float64),
            intercept=float(stored["intercept"]),
            card=card,
        )


def negative_probability(
    texts: Sequence[str], scores: Floats, model: NegativeModel | None = None
) -> Floats:
    """Tell how likely each English text is negative.

    Fashion's praise ("killer heels") is put into words that VADER knows first, and
    the texts that hold any are scored again.

    Parameters
    ----------
    texts : sequence of str
    scores : (n, 4) float64
        VADER's neg, neu, pos and compound of the same texts.
    model : NegativeModel or None
        The shipped one when None.

    Returns
    -------
    (n,) float64
        Between 0 and 1. Calibrated on tweets about fashion brands, of which 28 %
        were negative; elsewhere the order of texts carries over better than the value.
    """
    model = load_model() if model is None else model
    texts, scores = plain_praise(texts, scores)
    odds = np.empty(len(texts))
    for start in range(0, len(texts), CHUNK_TEXTS):
        chunk = texts[start : start + CHUNK_TEXTS]
        part = slice(start, start + len(chunk))
        column = pa.array(chunk, pa.string())
        odds[part] = (
            model.intercept
            + dense_features(column, scores[part]) @ model.dense
            + _term_odds(column, model)
        )
    return 1.0 / (1.0 + np.exp(-odds))


def plain_praise(texts: Sequence[str], scores: Floats) -> tuple[Sequence[str], Floats]:
    """Return texts with fashion's praise in plain words, and their scores."""
    plain = [read_slang(text) for text in texts]
    changed = [row for row, text in enumerate(texts) if plain[row] != text]
    if not changed:
        return texts, scores
    scores = scores.copy()
    scores[changed] = score_batch([plain[row] for row in changed])
    return plain, scores


def dense_features(texts: pa.Array, scores: Floats) -> Floats:
    """Return VADER's scores and the marks of a text: (n, 13), see `DENSE_FEATURES`."""
    negative, neutral, positive, compound = scores.T

    def has(pattern: str, given: pa.Array = texts) -> Floats:
        found = pc.match_substring_regex(given, pattern)
        return np.asarray(found.cast(pa.float64()))

    return np.column_stack(
        [
            negative,
            positive,
            neutral,
            compound,
            np.maximum(-compound, 0.0),
            np.maximum(compound, 0.0),
            has(r"\?"),
            has("!"),
            has("^@"),
            np.asarray(pc.utf8_length(texts).cast(pa.float64())) / LENGTH_UNIT,
            has("http"),
            has(_CAPITALS),
            has(_NEGATION, pc.utf8_lower(texts)),
        ]
    )


def split_words(texts: pa.Array) -> pa.ListArray:
    """Split texts into words and single signs; links and handles are left out.

    Digits are all written 0, so that amounts and dates are not words of their own.
    """
    plain = pc.replace_substring_regex(pc.utf8_lower(texts), _LINK, " ")
    plain = pc.replace_substring_regex(plain, _HANDLE, " ")
    plain = pc.replace_substring_regex(plain, r"[0-9]+", " 0 ")
    plain = pc.replace_substring_regex(plain, r"([^a-z0'\s])", r" \1 ")
    return pc.utf8_split_whitespace(pc.utf8_trim_whitespace(plain))


def number_terms(
    split: pa.ListArray, words: pa.Array
) -> tuple[Integers, Integers, Integers]:
    """Number the one- and two-word terms of split texts.

    Parameters
    ----------
    split : pyarrow.ListArray
    words : pyarrow.Array
        Known words; terms with any other word are left out.

    Returns
    -------
    tuple of (m,) int64
        Text, term (see `NegativeModel.terms`) and how often it stands there; each
        pair once, in rising order.
    """
    lengths = np.asarray(pc.list_value_length(split))
    owners = np.repeat(np.arange(len(lengths)), lengths)
    places = pc.index_in(split.flatten(), words).fill_null(-1)
    numbers = np.asarray(places).astype(np.int64) + 1
    base = len(words) + 1
    is_pair = (numbers[:-1] > 0) & (numbers[1:] > 0) & (owners[:-1] == owners[1:])
    pairs = numbers[:-1][is_pair] * base + numbers[1:][is_pair]
    is_known = numbers > 0
    all_owners = np.concatenate([owners[is_known], owners[:-1][is_pair]])
    all_terms = np.concatenate([numbers[is_known] * base, pairs])
    order = np.lexsort((all_terms, all_owners))
    all_owners, all_terms = all_owners[order], all_terms[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (np.diff(all_owners) != 0) | (np.diff(all_terms) != 0)
    starts = np.flatnonzero(is_new)
    counts = np.diff(np.append(starts, len(order)))
    return all_owners[starts], all_terms[starts], counts


def _term_odds(texts: pa.Array, model: NegativeModel) -> Floats:
    owners, terms, counts = number_terms(split_words(texts), model.words)
    places = np.searchsorted(model.terms, terms)
    places[places == len(model.terms)] = 0
    is_known = model.terms[places] == terms
    owners, places, counts = owners[is_known], places[is_known], counts[is_known]
    values = (1.0 + np.log(counts)) * model.rarities[places]
    size = len(texts)
    norms = np.sqrt(np.bincount(owners, values**2, minlength=size))
    sums = np.bincount(owners, values * model.weights[places], minlength=size)
    return np.asarray(sums / np.where(norms > 0, norms, 1.0))
