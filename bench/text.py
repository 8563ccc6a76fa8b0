"""Text: VADER, language and terms, against the packages called in a plain loop.

On the shared tweets where they are there, else on generated text. All on one core but
the counting of terms, which is polars'.
"""

from __future__ import annotations

import csv
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from bench import REPOSITORY, Row
from trendlab.schemas import TABLES
from trendlab.text.clean import strip_marks
from trendlab.text.language import (
    ENGLISH,
    MIN_LETTERS,
    identify,
    identify_words,
    load_detector,
)
from trendlab.text.terms import count_terms
from trendlab.text.vader import COLUMNS, Vader
from trendlab.text.words import find_hashtags, tokenize

DATA = Path(os.environ.get("TRENDLAB_SHARED_DATA", REPOSITORY.parent / "shared/data"))
SCORED_TEXTS = 10_000
TOLD_TEXTS = 20_000
TERM_POSTS = 150_000
TERM_DAYS = 730
REPEATS = 3
VADER_TARGET = 2.5
LANGUAGE_TARGET = 15_000


def best_of(*functions: Callable[[], Any]) -> list[float]:
    """Give the least seconds of this process of each, taking turns."""
    seconds = [float("inf")] * len(functions)
    for _ in range(REPEATS):
        for place, function in enumerate(functions):
            started = time.process_time()
            function()
            seconds[place] = min(seconds[place], time.process_time() - started)
    return seconds


def texts(count: int) -> tuple[list[str], str]:
    """Give texts and what they are."""
    rng = random.Random(1)
    folder = DATA / "brand_tweets_2021"
    if folder.exists():
        csv.field_size_limit(10**7)
        tweets = []
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as lines:
                tweets += [row["text"] for row in csv.DictReader(lines)]
        return rng.sample(tweets, min(count, len(tweets))), "real tweets"
    analyzer = SentimentIntensityAnalyzer()
    moods, emoji = sorted(analyzer.lexicon), sorted(analyzer.emojis)
    plain = ["the", "a", "this", "coat", "dress", "is", "so", "not", "very", "with"]
    plain += ["and", "my", "new", "for", "it", "was", "in"]
    made = []
    for _ in range(count):
        words = rng.choices(plain, k=rng.randint(4, 24))
        words += rng.choices(moods, k=rng.randint(0, 3))
        words += rng.choices(emoji, k=rng.randint(0, 2))
        rng.shuffle(words)
        made.append(" ".join(words) + rng.choice(["", "!", "?", " #ootd"]))
    return made, "generated texts"


def vader_rows(scale: float) -> Iterator[Row]:
    sample, kind = texts(max(int(SCORED_TEXTS * scale), 500))
    package, scorer = SentimentIntensityAnalyzer(), Vader()
    for text in sample:
        theirs = package.polarity_scores(text)
        assert tuple(theirs[name] for name in COLUMNS) == scorer.score(text)

    def score() -> None:
        # a fresh scorer remembers no tokens
        scorer = Vader()
        for text in sample:
            scorer.score(text)

    def score_by_package() -> None:
        scorer = SentimentIntensityAnalyzer()
        for text in sample:
            scorer.polarity_scores(text)

    # loading the lexicon is no part of the rate
    load_ours, load_theirs = best_of(Vader, SentimentIntensityAnalyzer)
    ours, theirs_seconds = best_of(score, score_by_package)
    ours, theirs_seconds = ours - load_ours, theirs_seconds - load_theirs
    yield Row(
        name=f"VADER, {len(sample):,} {kind}, one core",
        ours=f"{len(sample) / ours:,.0f}/s",
        alternative=f"vaderSentiment {len(sample) / theirs_seconds:,.0f}/s",
        ratio=ours / theirs_seconds,
        peak_mb=None,
        target=f"≥ {VADER_TARGET} x faster, equal scores",
        is_met=theirs_seconds / ours >= VADER_TARGET,
    )


def language_rows(scale: float) -> Iterator[Row]:
    sample, kind = texts(max(int(TOLD_TEXTS * scale), 500))
    detector = load_detector()
    words = [strip_marks(text) for text in sample]
    distinct = list(dict.fromkeys(words))
    ours, theirs = best_of(
        lambda: identify(sample),
        lambda: [
            detector.compute_language_confidence_values(text) for text in distinct
        ],
    )
    rate = len(sample) / ours
    yield Row(
        name=f"language of {len(sample):,} {kind}, one core",
        ours=f"{rate:,.0f}/s",
        alternative=f"lingua's trigrams alone {len(sample) / theirs:,.0f}/s",
        ratio=ours / theirs,
        peak_mb=None,
        target=f"≥ {LANGUAGE_TARGET:,}/s",
        is_met=rate >= LANGUAGE_TARGET,
    )


def english_rows() -> Iterator[Row]:
    """Give the share of known English that is found; no timing."""
    for name, found in (("rated tweets", _rated()), ("post titles", _titles())):
        words = [strip_marks(text) for text in found]
        words = [text for text in words if len(text.replace(" ", "")) >= MIN_LETTERS]
        if not words:
            continue
        detector = load_detector()
        alone = sum(
            detector.compute_language_confidence_values(text)[
                0
            ].language.iso_code_639_1.name
            == "EN"
            for text in words
        )
        ours = identify_words(words)[0].count(ENGLISH)
        yield Row(
            name=f"English found among {len(words):,} {name}",
            ours=f"{ours / len(words):.1%}",
            alternative=f"lingua's trigrams alone {alone / len(words):.1%}",
            ratio=None,
            peak_mb=None,
            target="",
            is_met=None,
        )


def _rated() -> list[str]:
    path = DATA / "sentiment/vader_tweets_ground_truth.tsv"
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t", 2)[2] for line in lines if line]


def _titles() -> list[str]:
    found = []
    for path in sorted((DATA / "reddit_fashion").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found += [row["title"] for row in csv.DictReader(lines)]
    return found


def term_tables(count: int, days: int) -> tuple[dict[date, str], list[str], list[Any]]:
    """Give run_ids, captions and the four tables of `count_terms`."""
    captions, _ = texts(20_000)
    rng = np.random.default_rng(1)
    first = date(2024, 1, 1)
    day = [
        first + timedelta(days=int(n)) for n in np.sort(rng.integers(0, days, count))
    ]
    said = [captions[n] for n in rng.integers(0, len(captions), count)]
    ids = [str(n) for n in range(count)]
    moods = rng.choice(["negative", "neutral", "positive"], count)
    given: dict[str, Any] = {
        "day": day,
        "post_id": ids,
        "item_id": ids,
        "author_id": [f"a{n}" for n in rng.zipf(1.5, count) % 50_000],
        "caption": said,
        "hashtags": [find_hashtags(text) for text in said],
        "is_scored": [True] * count,
        "item_kind": ["post"] * count,
        "label": moods,
    }

    def table(name: str, **more: Any) -> pa.Table:
        columns = given | more
        return pa.table(
            [
                pa.array(columns.get(field.name, [None] * count), field.type)
                for field in TABLES[name].arrow
            ],
            names=TABLES[name].names,
        )

    source = ["tw"] * count
    matched = [
        table(
            "tracker_posts",
            source=source,
            tracker=[tracker] * count,
            is_excluded=[False] * count,
        )
        for tracker in ("all", "brand")
    ]
    tables = [
        pa.concat_tables(matched),
        table("posts", source=source),
        TABLES["comments"].empty(),
        table("sentiment", source=source),
    ]
    return dict.fromkeys(day, "run"), said, tables


def plain_count(days: Sequence[date], captions: Sequence[str]) -> Counter[Any]:
    """Count in a loop, one tracker, items only."""
    counts: Counter[Any] = Counter()
    for day, text in zip(days, captions, strict=True):
        for word in {*tokenize(text), *find_hashtags(text)}:
            counts[day, word] += 1
    return counts


def term_rows(scale: float) -> Iterator[Row]:
    count = max(int(TERM_POSTS * scale), 1_000)
    run_ids, captions, tables = term_tables(count, TERM_DAYS)
    days = tables[1]["day"].to_pylist()
    ours, theirs = best_of(
        lambda: count_terms(*tables, run_ids=run_ids, comment_days=28),
        lambda: plain_count(days, captions),
    )
    yield Row(
        name=f"terms of {count:,} posts, 2 trackers, {len(run_ids)} days",
        ours=f"{ours:.1f} s of CPU",
        alternative=f"a loop over one tracker, items only {theirs:.1f} s",
        ratio=ours / theirs,
        peak_mb=None,
        target="",
        is_met=None,
    )


def rows(scale: float) -> Iterator[Row]:
    """Give the rows of this benchmark."""
    yield from vader_rows(scale)
    yield from language_rows(scale)
    yield from english_rows()
    yield from term_rows(scale)


if __name__ == "__main__":
    from bench.run import table

    print(table(list(rows(1.0))))
