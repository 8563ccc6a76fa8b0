"""Posts go out to be read, verdicts come back, and what cannot be used is told."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.builders import table
from trendlab.errors import MissingPartition, SettingsError, UnknownFormat
from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import Settings
from trendlab.steps.review_texts import export_texts, import_texts
from trendlab.steps.step import Context

DAY = date(2026, 1, 5)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    lake = Lake(tmp_path / "lake")
    ids = [f"p{number}" for number in range(6)]
    lake.write(
        "posts",
        DAY,
        table(
            "posts",
            [{"post_id": one, "caption": f"=text of {one}", "day": DAY} for one in ids],
        ),
        source="test",
    )
    lake.write(
        "sentiment",
        DAY,
        table(
            "sentiment",
            [
                {
                    "day": DAY,
                    "source": "test",
                    "item_kind": "post",
                    "item_id": one,
                    "is_scored": one != "p5",
                    "label": None if one == "p5" else "negative",
                    "model_name": "vader",
                    "model_version": "1",
                }
                for one in ids
            ],
        ),
    )
    return Context(
        settings=Settings(home=tmp_path),
        lake=lake,
        trackers=[],
        cities=seed_cities(),
        clock=lambda: NOW,
    )


def fill(file: Path, verdicts: dict[str, str]) -> None:
    with file.open(newline="", encoding="utf-8-sig") as opened:
        rows = list(csv.DictReader(opened))
    for row in rows:
        row["verdict"] = verdicts.get(row["item_id"], "")
    with file.open("w", newline="", encoding="utf-8-sig") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_an_unknown_tracker_is_answered_with_the_known_ones(context, tmp_path):
    rows = [{"tracker": "coats", "post_id": "p1", "source": "test", "day": DAY}]
    context.lake.write("tracker_posts", DAY, table("tracker_posts", rows))
    with pytest.raises(SettingsError, match="expected one of all, coats, got 'king'"):
        export_texts(context, tmp_path / "x.csv", size=4, seed=1, tracker="king")
    export_texts(context, tmp_path / "x.csv", size=4, seed=1, tracker="coats")


def test_scored_posts_are_listed_without_the_label_and_inert(context, tmp_path):
    listed = tmp_path / "read.csv"
    export_texts(context, listed, size=4, seed=1)
    with listed.open(newline="", encoding="utf-8-sig") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 4
    assert "p5" not in {row["item_id"] for row in rows}
    assert all(row["text"].startswith("'=text") for row in rows)
    assert all(float(row["inclusion_probability"]) == 0.8 for row in rows)
    assert "negative" not in listed.read_text()


def test_verdicts_come_back_and_replace_the_same_readers_older_ones(context, tmp_path):
    listed = tmp_path / "read.csv"
    export_texts(context, listed, size=10, seed=1)
    fill(listed, {"p0": "Negative", "p1": "positive", "p2": "dunno"})
    lines = import_texts(context, listed, "ana")
    assert lines[0].startswith("2 verdicts read, 1 rows refused, 2 not yet reviewed, 0")
    assert "got 'dunno'" in lines[1]
    fill(listed, {"p0": "neutral"})
    import_texts(context, listed, "ana")
    stored = {
        row["item_id"]: (row["predicted_label"], row["verdict"], row["reviewer"])
        for row in context.lake.read("text_reviews", DAY).to_pylist()
    }
    assert stored == {
        "p0": ("negative", "neutral", "ana"),
        "p1": ("negative", "positive", "ana"),
    }


def test_a_post_that_is_not_scored_any_more_is_counted(context, tmp_path):
    listed = tmp_path / "read.csv"
    export_texts(context, listed, size=10, seed=1)
    listed.write_text(listed.read_text().replace(",p0,", ",gone,"))
    fill(listed, {"gone": "negative"})
    assert "1 on posts that are not scored" in import_texts(context, listed, "ana")[0]


def test_another_file_is_refused(context, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(UnknownFormat, match="has no column"):
        import_texts(context, other, "ana")
    other.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UnknownFormat, match="cannot be read"):
        import_texts(context, other, "ana")


def test_nothing_scored_says_what_to_run(context, tmp_path):
    with pytest.raises(MissingPartition, match="trendlab sentiment"):
        export_texts(
            context, tmp_path / "x.csv", size=1, seed=1, first_day=date(2027, 1, 1)
        )
