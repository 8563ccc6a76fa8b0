"""Sentiment of posts and comments, on English only: VADER, and a second opinion."""

from __future__ import annotations

import logging
import time
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.text.clean import strip_marks
from trendlab.text.language import ENGLISH, identify_words
from trendlab.text.negative import MODEL_NAME as CLASSIFIER
from trendlab.text.negative import load_model, negative_probability
from trendlab.text.vader import load_vader, score_batch

_log = logging.getLogger(__name__)

TABLE = TABLES["sentiment"]
MODEL_NAME = "vader"
MODEL_VERSION = "3.3.2"

# VADER's authors' own limits of neutral
NEGATIVE_MOST = -0.05
POSITIVE_LEAST = 0.05


def lexicon_words() -> frozenset[str]:
    """Return the words that VADER scores: they say how, not what about."""
    return load_vader().scored_words


def score_texts(
    items: pa.Table,
    *,
    day: date,
    run_id: str,
    processes: int = 1,
    negative_by: str = MODEL_NAME,
) -> pa.Table:
    """Tell the language of texts and score the English ones.

    Parameters
    ----------
    items : pyarrow.Table
        Columns source, item_kind (post or comment), item_id, post_id, text and
        language_given (nullable).
    day : datetime.date
    run_id : str
    processes : int
        At most this many, for large batches; see `score_batch`.
    negative_by : {"vader", "complaints"}
        What calls a text negative. With "complaints" a text is negative from the
        classifier's threshold on; VADER says which of the others are positive.

    Returns
    -------
    pyarrow.Table
        Schema `sentiment`, sorted by key; one row per text, scored or not.

    Notes
    -----
    Scored is what is English and has words. A text too short to tell ("Chanel 😁") is
    `und` and not scored, unless the source gives its language: it counts against
    coverage rather than as neutral. VADER reads the text as written, hashtags and
    emoji included.

    Compound agrees with human ratings at r = 0.87 on the tweets it was developed on,
    which is optimistic; on airline complaints it puts 49 % into the right of three
    classes. It does not see irony, and knows no fashion ("sick", "killer heels").
    """
    started = time.perf_counter()
    if items.num_rows == 0:
        return TABLE.empty()
    items = items.sort_by([(name, "ascending") for name in TABLE.key])
    texts = [text or "" for text in items["text"].to_pylist()]
    words = [strip_marks(text) for text in texts]
    languages, confidences = identify_words(
        words, items["language_given"].to_pylist(), is_parallel=processes > 1
    )
    is_scored = np.array(
        [
            language == ENGLISH and has_words != ""
            for language, has_words in zip(languages, words, strict=True)
        ],
        np.bool_,
    )
    rows = np.flatnonzero(is_scored)
    scores = np.full((len(texts), 4), np.nan)
    chances = np.full(len(texts), np.nan)
    if rows.size:
        scored_texts = [texts[row] for row in rows]
        scores[rows] = score_batch(scored_texts, processes=processes)
        chances[rows] = negative_probability(scored_texts, scores[rows])
    negative, neutral, positive, compound = (
        pa.array(scores[:, place], from_pandas=True) for place in range(4)
    )
    probability = pa.array(chances, from_pandas=True)
    by_classifier = negative_by == CLASSIFIER
    label = pc.if_else(
        pc.greater_equal(probability, load_model().threshold)
        if by_classifier
        else pc.less_equal(compound, NEGATIVE_MOST),
        "negative",
        pc.if_else(pc.greater_equal(compound, POSITIVE_LEAST), "positive", "neutral"),
    )
    size = items.num_rows
    columns = {
        "day": pa.repeat(pa.scalar(day, pa.date32()), size),
        "source": items["source"],
        "item_kind": items["item_kind"],
        "item_id": items["item_id"],
        "post_id": items["post_id"],
        "language": pa.array(languages, pa.string()),
        "language_confidence": pa.array(confidences, pa.float64()),
        "is_scored": pa.array(is_scored),
        "compound": compound,
        "positive": positive,
        "negative": negative,
        "neutral": neutral,
        "label": label,
        "negative_probability": probability,
        "model_name": pa.repeat(CLASSIFIER if by_classifier else MODEL_NAME, size),
        "model_version": pa.repeat(
            load_model().version if by_classifier else MODEL_VERSION, size
        ),
        "run_id": pa.repeat(run_id, size),
    }
    scored = pa.table([columns[name] for name in TABLE.names], schema=TABLE.arrow)
    _log.info(
        "sentiment %s: %d texts in, %d scored, %.2f s",
        day,
        size,
        rows.size,
        time.perf_counter() - started,
    )
    return scored
