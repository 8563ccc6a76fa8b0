"""What the marts tell of events of shares: their words, and posts that still count."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of, world
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

SERIES = {"city": "paris", "kind": "colour", "value": "yellow"}
EVENT = {**SERIES, "event_id": "e1", "rank": 1, "share": 0.4, "looks_with_count": 4}


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    piece = {"event_id": "e1"}
    word = {**piece, "evidence_kind": "word", "authors_count": 9, "strength": 4.0}
    post = {**piece, "evidence_kind": "post", "source": "files"}
    tables = {
        **world(),
        "city_trends": rows_of("city_trends", SERIES),
        "trend_events": rows_of(
            "trend_events", EVENT, {**EVENT, "event_id": "e2", "rank": 2}
        ),
        "trend_event_evidence": rows_of(
            "trend_event_evidence",
            *({**word, "rank": n, "term": f"word{n}"} for n in range(1, 7)),
            {**word, "evidence_kind": "hashtag", "rank": 1, "term": "carnival"},
            {**post, "rank": 1, "post_id": f"{MONDAY}-1"},
            {**post, "rank": 2, "post_id": f"{MONDAY}-spam"},
        ),
    }
    load_days(warehouse.loader, MONDAY, MONDAY + timedelta(days=13), tables)
    return warehouse


def ask(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.analyst.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_an_event_names_its_five_strongest_words(loaded: Warehouse) -> None:
    assert ask(
        loaded,
        "select event_id, top_words, top_hashtags from marts.trend_events "
        "order by rank",
    ) == [
        ("e1", "word1, word2, word3, word4, word5", "#carnival"),
        ("e2", None, None),
    ]
    assert marts.run_tests(loaded.owner)


def test_words_of_an_earlier_week_are_not_told_of_the_newest(
    loaded: Warehouse,
) -> None:
    """Events keep their id from week to week; what explains them is told anew."""
    later = MONDAY + timedelta(weeks=1)
    word = {"event_id": "e1", "evidence_kind": "word", "rank": 1, "authors_count": 9}
    tables = {
        "city_trends": rows_of("city_trends", SERIES, day=later),
        "trend_events": rows_of("trend_events", EVENT, day=later),
        "trend_event_evidence": rows_of(
            "trend_event_evidence", {**word, "term": "lanterns"}, day=later
        ),
    }
    load_days(loaded.loader, later, later, tables)
    words = ask(loaded, "select top_words from marts.trend_events")
    assert words == [("lanterns",)]
    told = ask(loaded, "select term from marts.trend_event_evidence")
    assert told == [("lanterns",)]


def test_posts_that_went_with_their_author_break_no_rule(loaded: Warehouse) -> None:
    with loaded.owner.begin() as connection:
        connection.execute(
            sa.text(
                "delete from trendlab.trend_event_evidence "
                "where evidence_kind = 'post' and rank = 1"
            )
        )
    assert marts.run_tests(loaded.owner)


def test_evidence_shows_terms_and_posts_but_no_excluded_one(loaded: Warehouse) -> None:
    told = ask(
        loaded,
        "select evidence_kind, rank, label, post_id, posted_on, city_name "
        "from marts.trend_event_evidence "
        "where evidence_kind <> 'word' order by evidence_kind, rank",
    )
    assert told == [
        ("hashtag", 1, "#carnival", None, None, "Paris"),
        ("post", 1, "look 1", f"{MONDAY}-1", MONDAY, "Paris"),
    ]
