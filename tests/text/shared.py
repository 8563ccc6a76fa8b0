"""Texts of the shared data, where they are there."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

DEFAULT = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("TRENDLAB_SHARED_DATA", DEFAULT))

# captions and tweets with embedded files are longer than csv's default
csv.field_size_limit(10**7)


def _folder(name: str) -> Path:
    folder = FOLDER / name
    if not folder.exists():
        pytest.skip(f"no shared data at {folder}; point TRENDLAB_SHARED_DATA at it")
    return folder


def brand_tweets() -> list[str]:
    texts = []
    for path in sorted(_folder("brand_tweets_2021").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            texts += [row["text"] for row in csv.DictReader(lines)]
    return texts


def rated_tweets() -> list[tuple[float, str]]:
    path = _folder("sentiment") / "vader_tweets_ground_truth.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t", 2) for line in lines if line]
    return [(float(rating), text) for _, rating, text in rows]


def post_titles() -> list[str]:
    texts = []
    for path in sorted(_folder("reddit_fashion").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            texts += [row["title"] for row in csv.DictReader(lines)]
    return texts


def captions() -> list[str]:
    texts = []
    for path in sorted(_folder("instagram_2017").glob("profiles/*.json")):
        posts = json.loads(path.read_text(encoding="utf-8"))["posts"]
        texts += [post.get("description") or "" for post in posts]
    return texts
