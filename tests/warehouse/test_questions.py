"""The first questions of docs/marts.md are answered, each with rows."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.warehouse.rows import MONDAY, rows_of, world
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days
from trendlab.warehouse.query import Answer, ask
from trendlab.warehouse.scripts import read_scripts

QUESTIONS = read_scripts("questions")
PAGE = Path(__file__).parents[2] / "docs" / "marts.md"


def answer(warehouse: Warehouse, question: str) -> Answer:
    return ask(warehouse.analyst, QUESTIONS[question])


def asked_world() -> dict[str, pa.Table]:
    """The small world, with a row of each weekly result that a question asks for."""
    dip = {"event_kind": "dip", "event_id": "dip1", "day": MONDAY + timedelta(days=6)}
    shares = {
        "tracker": "all",
        "looks_count": 40,
        "is_complete": True,
        "share_high": 1.0,
        "kind": "garment",
    }
    trend = {"tracker": "all", "kind": "garment", "mean_share": 0.2}
    tables = world()
    more = {
        "evidence": rows_of(
            "evidence",
            {**dip, "evidence_kind": "post", "rank": 1, "label": "never again"},
            {**dip, "evidence_kind": "hashtag", "rank": 9, "item": "refund"},
        ),
        "influencers": rows_of(
            "influencers",
            {"rank": 1, "window_kind": "all"},
            {"rank": 1, "window_kind": "both"},
            {"rank": 6, "window_kind": "all", "author_id": "late"},
        ),
        "city_weeks": rows_of(
            "city_weeks",
            *[
                {**shares, "value": value, "share": share}
                for value, share in (("a", 0.1), ("b", 0.4), ("c", 0.3), ("d", 0.2))
            ],
        ),
        "city_trends": rows_of(
            "city_trends",
            {**trend, "value": "skirt", "direction": "rising", "slope_per_year": 0.1},
            {**trend, "value": "boots", "direction": "steady", "slope_per_year": 0.0},
        ),
        "city_sentiment": rows_of(
            "city_sentiment",
            {"scored_count": 50, "sentiment_index": 0.2},
            {"scored_count": 3, "city": "rome"},
        ),
        "influence_placebos": rows_of("influence_placebos", {"edges_count": 2}),
        "influence_edges": rows_of(
            "influence_edges",
            {"source_city": "paris", "target_city": "rome", "value": "skirt"},
            {"source_city": "rome", "target_city": "oslo", "is_same_reversed": True},
        ),
    }
    for name, rows in more.items():
        tables[name] = pa.concat_tables(
            [tables[name], rows] if name in tables else [rows]
        )
    return tables


@pytest.fixture
def asked(warehouse: Warehouse) -> Warehouse:
    tables = asked_world()
    load_days(warehouse.loader, MONDAY, tables["posts"]["day"][-1].as_py(), tables)
    return warehouse


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered_with_rows(asked: Warehouse, question: str) -> None:
    assert answer(asked, question).rows


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_warehouse_without_rows_answers_with_none(
    warehouse: Warehouse, question: str
) -> None:
    found = answer(warehouse, question)
    sources = [row[0] for row in found.rows]
    assert sources == (["all"] if question == "10_can_it_be_trusted" else [])


def test_what_a_question_leaves_out_is_left_out(asked: Warehouse) -> None:
    assert [row[4] for row in answer(asked, "04_what_they_wrote").rows] == [
        "never again"
    ]
    assert len(answer(asked, "05_influencers").rows) == 1
    assert [row[2] for row in answer(asked, "06_worn_now").rows] == ["b", "c", "d"]
    assert [row[2] for row in answer(asked, "07_rising").rows] == ["skirt"]
    assert [row[1] for row in answer(asked, "08_how_places_feel").rows] == ["paris"]
    assert [row[4] for row in answer(asked, "09_who_leads").rows] == ["rome"]


def test_there_are_ten_and_the_page_shows_each_as_it_is_asked() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"\*\*(.*?\?)\*\*\n\n```sql\n(.*?)\n```", page, re.DOTALL)
    assert [f"-- {asked}\n{sql}\n" for asked, sql in shown] == list(QUESTIONS.values())
    assert len(shown) == 10
