"""Posts that files of several trackers hold are counted once, and their authors too.

Two homes hold the same posts. In one they were collected for each tracker, so those of
both trackers are stored twice, with their comments and authors; in the other a single
source holds each once. What is computed from them is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.builders import row, table
from trendlab.lake import Lake
from trendlab.settings import Settings
from trendlab.steps.context import open_context
from trendlab.steps.order import run_steps

LAST_DAY = date(2026, 3, 8)
FIRST_DAY = LAST_DAY - timedelta(days=20)
TRACKERS = """
trackers:
  - {name: coats, hashtags: [coat]}
  - {name: boots, hashtags: [boot]}
"""
STEPS = (
    "match", "sentiment", "activity", "author_homes", "signals", "influencers",
    "multi_tracker", "city_sentiment",
)  # fmt: skip
COMPUTED = (
    "author_cities", "activity", "term_days", "author_days", "author_homes",
    "day_scores", "peaks", "dips", "evidence", "event_authors", "event_origins",
    "influencers", "multi_tracker_authors", "city_sentiment",
)  # fmt: skip


def moment(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def world() -> Iterator[tuple[set[str], str, dict[str, Any]]]:
    """Give tracker slugs, table and row of everything; the source is left open.

    Twelve posts a day, a third of them of both trackers, and a last day on which
    authors of both complain.
    """
    for ago in range((LAST_DAY - FIRST_DAY).days, -1, -1):
        day = LAST_DAY - timedelta(days=ago)
        for number in range(12 if ago else 60):
            tags = ({"coats"}, {"boots"}, {"coats", "boots"})[number % 3]
            own = f"{day}-{number}"
            is_angry = ago == 0 and number >= 15
            said = "I hate this, it is awful and bad" if is_angry else "a walk in town"
            yield tags, "posts", {
                "post_id": own,
                "author_id": f"a{number % 15}",
                "author_handle": f"h{number % 15}",
                "caption": f"{said} in the new shop",
                "hashtags": sorted(tag.removesuffix("s") for tag in tags),
                "mentions": [f"h{number % 4}"],
                "likes_count": number,
                "lat": 48.8534,
                "lon": 2.3488,
                "created_at": moment(day),
            }  # fmt: skip
            yield tags, "comments", {
                "comment_id": f"c-{own}",
                "post_id": own,
                "author_id": f"a{(number + 1) % 15}",
                "text": f"{said}, my dear friends of the house",
                "created_at": moment(day),
            }  # fmt: skip
    for author in range(15):
        yield {"coats", "boots"}, "authors", {
            "author_id": f"a{author}",
            "handle": f"h{author}",
            "followers_count": 100 * author,
            "observed_at": moment(LAST_DAY),
        }  # fmt: skip


def computed(home: Path, *, is_by_tracker: bool) -> Mapping[str, list[dict[str, Any]]]:
    """Store the world, run the night's steps and give their rows by table."""
    home.mkdir()
    (home / "trackers.yml").write_text(TRACKERS)
    lake = Lake(home / "lake")
    stored: dict[tuple[str, date, str], list[dict[str, Any]]] = {}
    for tags, name, columns in world():
        for tag in sorted(tags) if is_by_tracker else [""]:
            source = f"net__{tag}" if tag else "net"
            made = row(name, source=source, **columns)
            stored.setdefault((name, made["day"], source), []).append(made)
    for (name, day, source), rows in stored.items():
        lake.write(name, day, table(name, rows), source=source)
    for day in lake.days("posts"):
        covered = [{"day": day, "tracker": tracker} for tracker in ("coats", "boots")]
        lake.write("coverage", day, table("coverage", covered), source="test")
    context = open_context(Settings(home=home))
    run_steps(context, STEPS, FIRST_DAY, LAST_DAY)
    return {
        name: pa.concat_tables([lake.read(name, day) for day in lake.days(name)])
        .drop_columns("run_id")
        .to_pylist()
        for name in COMPUTED
    }


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = tmp_path_factory.mktemp("homes")
    return (
        computed(folder / "apart", is_by_tracker=True),
        computed(folder / "once", is_by_tracker=False),
    )


@pytest.mark.parametrize("name", COMPUTED)
def test_what_is_told_is_that_of_a_home_that_holds_each_post_once(
    homes: tuple[Any, Any], name: str
) -> None:
    apart, once = homes
    assert apart[name] == once[name]
    assert apart[name]


def test_all_counts_each_post_once_and_ranks_each_author_once(
    homes: tuple[Any, Any],
) -> None:
    """Against counts by hand: 20 days of 12 posts and one of 60, by 15 authors."""
    apart, _ = homes
    posts = [
        one["posts_count"]
        for one in apart["activity"]
        if (one["tracker"], one["city"]) == ("all", "all")
    ]
    assert posts == [12] * 20 + [60]
    assert sum(
        one["posts_count"] for one in apart["author_days"] if one["tracker"] == "all"
    ) == sum(posts)
    ranked = [
        one["author_id"]
        for one in apart["influencers"]
        if (one["tracker"], one["window_kind"], one["day"])
        == ("all", "all", date(2026, 3, 2))
    ]
    assert sorted(ranked) == sorted(f"a{author}" for author in range(15))
