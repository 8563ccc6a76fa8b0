"""The weekly step lists authors of several trackers, of all authors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.signals.multi_tracker import KEEP
from trendlab.steps.context import open_context
from trendlab.steps.multi_tracker import MULTI_TRACKER

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)
FIRST_WINDOW_DAY = date(2026, 2, 9)
TRACKERS = "trackers:\n  - name: coats\n    hashtags: [coat]\n"

Posts = Mapping[str, int]


def find(
    home: Path, authors: Mapping[str, Posts], day: date = SUNDAY
) -> list[dict[str, Any]]:
    """Run the step on authors and what they posted under each tracker."""
    rows = [
        row(
            "author_days", day=day, tracker=tracker, source="net", author_id=author,
            author_handle=f"h_{author}", posts_count=posts,
        )
        for author, own in authors.items()
        for tracker, posts in {**own, "all": sum(own.values())}.items()
    ]  # fmt: skip
    return find_rows(home, rows, day)


def find_rows(
    home: Path, rows: list[dict[str, Any]], day: date = SUNDAY
) -> list[dict[str, Any]]:
    """Run the step on rows of author_days of a day."""
    (home / "trackers.yml").write_text(TRACKERS)
    lake = Lake(home / "lake")
    if rows:
        lake.write("author_days", day, TABLES["author_days"].from_rows(rows))
    parts = MULTI_TRACKER.compute(
        open_context(Settings(home=home)), [MONDAY], {MONDAY: "run"}
    )
    table = parts["multi_tracker_authors"][MONDAY]
    assert table.schema.equals(TABLES["multi_tracker_authors"].arrow)
    return table.to_pylist()


def test_two_posts_in_each_of_two_trackers_are_several(tmp_path: Path) -> None:
    found = find(
        tmp_path,
        {"both": {"coats": 6, "boots": 2}, "once": {"coats": 2, "boots": 1}},
    )

    (only,) = found
    assert (only["author_id"], only["author_handle"]) == ("both", "h_both")
    assert (only["trackers"], only["trackers_count"]) == ("boots, coats", 2)
    assert (only["posts_count"], only["posts_in_main_tracker_count"]) == (8, 6)
    expected = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert only["tracker_entropy"] == pytest.approx(expected, abs=1e-8)
    assert only["tracker_lift"] is None  # of two authors nothing can be told
    assert (only["day"], only["run_id"]) == (MONDAY, "run")


def test_who_is_behind_fifty_others_in_each_tracker_is_found(tmp_path: Path) -> None:
    crowd = {
        f"{tracker}{n:02}": {tracker: 20} for tracker in ("coats", "boots", "hats")
        for n in range(60)
    }  # fmt: skip

    found = find(tmp_path, {**crowd, "quiet": dict.fromkeys(("coats", "boots"), 2)})

    assert [told["author_id"] for told in found] == ["quiet"]


def test_lift_is_one_where_trackers_are_chosen_apart(tmp_path: Path) -> None:
    # of 40 authors half carry coats, half boots, a quarter both
    authors = {
        f"a{n:02}": {
            **({"coats": 2} if n % 2 else {}),
            **({"boots": 2} if n // 2 % 2 else {}),
            **({"hats": 2} if n % 4 == 0 else {}),
        }
        for n in range(40)
    }

    found = find(tmp_path, authors)

    assert len(found) == 10
    assert [told["tracker_lift"] for told in found] == pytest.approx([1.0] * 10)


def test_lift_tells_of_trackers_that_go_together(tmp_path: Path) -> None:
    together = {f"t{n}": {"coats": 2, "boots": 2, "hats": 2} for n in range(8)}
    others = {f"o{n}": {"hats": 2} for n in range(24)}

    found = find(tmp_path, {**together, **others})

    # coats and boots 8·32/(8·8) = 4, each with hats 8·32/(8·32) = 1
    assert [told["tracker_lift"] for told in found] == pytest.approx([4 ** (1 / 3)] * 8)


def test_days_before_the_window_do_not_count(tmp_path: Path) -> None:
    authors = {"both": {"coats": 2, "boots": 2}}

    before = find(tmp_path, authors, FIRST_WINDOW_DAY - timedelta(days=1))
    assert before == []
    assert len(find(tmp_path, authors, FIRST_WINDOW_DAY)) == 1


def test_no_author_and_one_author_give_no_row(tmp_path: Path) -> None:
    assert find(tmp_path, {}) == []
    assert find(tmp_path, {"only": {"coats": 9}}) == []


def test_no_more_than_the_most_active_are_kept(tmp_path: Path) -> None:
    crowd = {f"a{n:04}": {"coats": 2, "boots": 2} for n in range(KEEP + 5)}

    found = find(tmp_path, {**crowd, "zz": {"coats": 3, "boots": 2}})

    assert len(found) == KEEP
    assert found[-1]["author_id"] == "zz"
